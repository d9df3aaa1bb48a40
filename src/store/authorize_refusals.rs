//! Authorize clicks of the dashboard that came to nothing, and why.

use super::{Conn, Result};
use crate::domain::Timestamp;

/// Keeps why the click named by `client_ref` was refused. The first reason stands.
pub async fn insert(conn: &mut Conn, client_ref: &str, actor: &str, message: &str, expires_at: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO authorize_refusals (client_ref, actor, message, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (client_ref) DO NOTHING")
        .bind(client_ref.to_owned())
        .bind(actor.to_owned())
        .bind(message.to_owned())
        .bind(expires_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Why a click of `actor` was refused, if it was.
pub async fn find(conn: &mut Conn, client_ref: &str, actor: &str) -> Result<Option<String>> {
    let found = sqlx::query_scalar("SELECT message FROM authorize_refusals WHERE client_ref = $1 AND actor = $2");
    Ok(found.bind(client_ref.to_owned()).bind(actor.to_owned()).fetch_optional(conn).await?)
}

/// Removes those nobody asks for any more.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    let done = sqlx::query("DELETE FROM authorize_refusals WHERE expires_at <= $1").bind(now.0).execute(conn).await?;
    Ok(done.rows_affected())
}
