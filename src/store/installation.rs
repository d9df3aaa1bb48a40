//! Facts about the installation itself.

use super::{Conn, Result};
use std::collections::HashMap;

/// The organisation's id.
pub const ORG_ID: &str = "org_id";
/// Sealed by the master key; tells a wrong one.
pub const CANARY: &str = "canary";
/// Hash of the one-time set-up link's token.
pub const SETUP_TOKEN: &str = "setup_token";

/// The change of keys that is under way.
pub const ROTATION: &str = "rotation";
/// The last rotation whose data keys are there to seal with; what servers look at to notice them.
pub const KEYS_VERSION: &str = "keys_version";
/// Since when (Unix milliseconds) this is a restored database whose refresh tokens nobody has let be used yet.
pub const RESTORED_AT: &str = "restored_at";

/// The value of `name`.
pub async fn find(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT value FROM installation WHERE name = $1").bind(name.to_owned()).fetch_optional(conn).await?;
    Ok(row.map(|(value,)| value))
}

/// All of them.
pub async fn all(conn: &mut Conn) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM installation").fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Sets `name` unless another node has set it already; returns what holds.
pub async fn set_once(conn: &mut Conn, name: &str, value: &str) -> Result<String> {
    sqlx::query("INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name.to_owned())
        .bind(value.to_owned())
        .execute(&mut *conn)
        .await?;
    Ok(find(conn, name).await?.unwrap_or_else(|| value.to_owned()))
}

/// Sets `name`, replacing what was there.
pub async fn set(conn: &mut Conn, name: &str, value: &str) -> Result<()> {
    sqlx::query("INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name.to_owned())
        .bind(value.to_owned())
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes `name`.
pub async fn remove(conn: &mut Conn, name: &str) -> Result<()> {
    sqlx::query("DELETE FROM installation WHERE name = $1").bind(name.to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes `name` if it has `value`; tells whether it did. One statement, so that of two callers one wins.
pub async fn take(conn: &mut Conn, name: &str, value: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM installation WHERE name = $1 AND value = $2").bind(name.to_owned()).bind(value.to_owned()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
