//! What waits for the application's word: at most one thing a session, taken out once.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::SessionId;

/// A pending redemption as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredConfirmation {
    /// Which session it belongs to.
    pub session_id: String,
    /// SHA-256 of the code that the browser brings to the application.
    pub code_hash: String,
    /// Sealed: a provider's code, or a filled-in form.
    pub secret: String,
    /// Unix ms.
    pub expires_at: i64,
}

/// Puts it there; whatever waited before is gone.
pub async fn insert(conn: &mut Conn, c: &StoredConfirmation) -> Result<()> {
    sqlx::query("DELETE FROM connect_confirmations WHERE session_id = $1").bind(c.session_id.clone()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO connect_confirmations (session_id, code_hash, secret, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(c.session_id.clone())
        .bind(c.code_hash.clone())
        .bind(c.secret.clone())
        .bind(c.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes it out: of any number of equal requests exactly one gets it, and none after its time.
pub async fn take(conn: &mut Conn, session: &SessionId, now: Timestamp) -> Result<Option<StoredConfirmation>> {
    Ok(sqlx::query_as("DELETE FROM connect_confirmations WHERE session_id = $1 AND expires_at > $2 RETURNING session_id, code_hash, secret, expires_at")
        .bind(session.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(conn)
        .await?)
}

/// Destroys what waits for a session that has ended.
pub async fn delete(conn: &mut Conn, session: &SessionId) -> Result<()> {
    sqlx::query("DELETE FROM connect_confirmations WHERE session_id = $1").bind(session.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// Destroys what was not redeemed in time.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM connect_confirmations WHERE expires_at <= $1").bind(now.0).execute(conn).await?.rows_affected())
}
