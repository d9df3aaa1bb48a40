//! Which of several accounts: tokens that wait, sealed, until the person has chosen. At most one question a session, answered once.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::SessionId;

/// A question as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredChoice {
    /// Which session it belongs to.
    pub session_id: String,
    /// Hash of the nonce of the browser that came back from the provider: nobody else is asked.
    pub browser: String,
    /// Sealed: the tokens, and the accounts that may be chosen.
    pub secret: String,
    /// Unix ms.
    pub expires_at: i64,
}

/// Puts it there; whatever was asked before is gone.
pub async fn insert(conn: &mut Conn, c: &StoredChoice) -> Result<()> {
    sqlx::query("DELETE FROM connect_choices WHERE session_id = $1").bind(c.session_id.clone()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO connect_choices (session_id, browser, secret, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(c.session_id.clone())
        .bind(c.browser.clone())
        .bind(c.secret.clone())
        .bind(c.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// What `browser` is asked, if anything, and its time is not over.
pub async fn find(conn: &mut Conn, session: &SessionId, browser: &str, now: Timestamp) -> Result<Option<StoredChoice>> {
    Ok(sqlx::query_as("SELECT session_id, browser, secret, expires_at FROM connect_choices WHERE session_id = $1 AND browser = $2 AND expires_at > $3")
        .bind(session.as_str().to_owned())
        .bind(browser.to_owned())
        .bind(now.0)
        .fetch_optional(conn)
        .await?)
}

/// Takes out the very question that was looked at: of any number of equal answers exactly one gets it.
pub async fn take(conn: &mut Conn, c: &StoredChoice) -> Result<bool> {
    let done = sqlx::query("DELETE FROM connect_choices WHERE session_id = $1 AND browser = $2 AND secret = $3")
        .bind(c.session_id.clone())
        .bind(c.browser.clone())
        .bind(c.secret.clone())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Destroys what waits for a session that has ended or begins anew.
pub async fn delete(conn: &mut Conn, session: &SessionId) -> Result<()> {
    sqlx::query("DELETE FROM connect_choices WHERE session_id = $1").bind(session.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// Destroys what nobody chose in time.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM connect_choices WHERE expires_at <= $1").bind(now.0).execute(conn).await?.rows_affected())
}
