//! Trips to a provider: one state, one verifier, used once.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::SessionId;

/// A trip as it is stored.
#[derive(Debug, Clone)]
pub struct StoredAttempt {
    /// SHA-256 of the `state`.
    pub state_hash: String,
    /// Which session it belongs to.
    pub session_id: SessionId,
    /// Hash of the nonce of the browser that started it.
    pub browser: String,
    /// Last segment of the callback path it must come back to.
    pub app_path: String,
    /// The exact redirect URI.
    pub redirect_uri: String,
    /// The `iss` it must come back with.
    pub issuer: Option<String>,
    /// Sealed: verifier, nonce, props.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    state_hash: String,
    session_id: String,
    browser: String,
    app_path: String,
    redirect_uri: String,
    issuer: Option<String>,
    secret: String,
    created_at: i64,
    expires_at: i64,
}

impl From<Row> for StoredAttempt {
    fn from(row: Row) -> Self {
        Self {
            state_hash: row.state_hash,
            session_id: SessionId::known(row.session_id),
            browser: row.browser,
            app_path: row.app_path,
            redirect_uri: row.redirect_uri,
            issuer: row.issuer,
            secret: row.secret,
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        }
    }
}

/// Adds a trip; earlier ones of the same session are superseded and removed.
pub async fn insert(conn: &mut Conn, a: &StoredAttempt) -> Result<()> {
    sqlx::query("DELETE FROM connect_attempts WHERE session_id = $1").bind(a.session_id.as_str().to_owned()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO connect_attempts (state_hash, session_id, browser, app_path, redirect_uri, issuer, secret, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(a.state_hash.clone())
        .bind(a.session_id.as_str().to_owned())
        .bind(a.browser.clone())
        .bind(a.app_path.clone())
        .bind(a.redirect_uri.clone())
        .bind(a.issuer.clone())
        .bind(a.secret.clone())
        .bind(a.created_at.0)
        .bind(a.expires_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Looks at a trip without consuming it.
pub async fn find(conn: &mut Conn, state_hash: &str) -> Result<Option<StoredAttempt>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT state_hash, session_id, browser, app_path, redirect_uri, issuer, secret, created_at, expires_at FROM connect_attempts WHERE state_hash = $1",
    )
    .bind(state_hash.to_owned())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// Consumes a trip started by `browser`: of any number of equal callbacks exactly one gets it, and a callback in another
/// browser neither gets it nor spoils it.
pub async fn consume(conn: &mut Conn, state_hash: &str, browser: &str) -> Result<Option<StoredAttempt>> {
    let row: Option<Row> = sqlx::query_as(
        "DELETE FROM connect_attempts WHERE state_hash = $1 AND browser = $2 \
         RETURNING state_hash, session_id, browser, app_path, redirect_uri, issuer, secret, created_at, expires_at",
    )
    .bind(state_hash.to_owned())
    .bind(browser.to_owned())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// Removes trips whose time is over.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM connect_attempts WHERE expires_at < $1").bind(now.0).execute(conn).await?.rows_affected())
}
