//! Sign-ins to the dashboard.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::UserId;

/// A sign-in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Login {
    /// Hash of the cookie's secret.
    pub token_hash: String,
    /// Who.
    pub user_id: String,
    /// When it began (Unix ms).
    pub created_at: i64,
    /// When it was last used (Unix ms).
    pub last_seen_at: i64,
    /// When it ends for good (Unix ms).
    pub expires_at: i64,
}

/// Adds a sign-in.
pub async fn insert(conn: &mut Conn, token_hash: &str, user: &UserId, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO logins (token_hash, user_id, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)")
        .bind(token_hash.to_owned())
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A sign-in and whose it is: what every request of the dashboard asks for, in one statement.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Who {
    /// Who.
    pub user_id: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: String,
    /// When it was last used (Unix ms).
    pub last_seen_at: i64,
    /// When it ends for good (Unix ms).
    pub expires_at: i64,
}

/// Whose sign-in this token is.
pub async fn who(conn: &mut Conn, token_hash: &str) -> Result<Option<Who>> {
    let query = "SELECT l.user_id, u.email, u.role, l.last_seen_at, l.expires_at FROM logins l JOIN users u ON u.id = l.user_id WHERE l.token_hash = $1";
    Ok(sqlx::query_as(query).bind(token_hash.to_owned()).fetch_optional(conn).await?)
}

/// Notes that it was used.
pub async fn touch(conn: &mut Conn, token_hash: &str, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE logins SET last_seen_at = $2 WHERE token_hash = $1").bind(token_hash.to_owned()).bind(now.0).execute(conn).await?;
    Ok(())
}

/// Ends it.
pub async fn delete(conn: &mut Conn, token_hash: &str) -> Result<()> {
    sqlx::query("DELETE FROM logins WHERE token_hash = $1").bind(token_hash.to_owned()).execute(conn).await?;
    Ok(())
}

/// A person's sign-ins, newest first.
pub async fn of_user(conn: &mut Conn, user: &UserId) -> Result<Vec<Login>> {
    let query =
        sqlx::query_as("SELECT token_hash, user_id, created_at, last_seen_at, expires_at FROM logins WHERE user_id = $1 ORDER BY created_at DESC, token_hash");
    Ok(query.bind(user.as_str().to_owned()).fetch_all(conn).await?)
}

/// Ends all of a person's sign-ins but the one with this hash; tells how many.
pub async fn delete_others(conn: &mut Conn, user: &UserId, keep: &str) -> Result<u64> {
    let done = sqlx::query("DELETE FROM logins WHERE user_id = $1 AND token_hash <> $2").bind(user.as_str().to_owned()).bind(keep.to_owned());
    Ok(done.execute(conn).await?.rows_affected())
}

/// Removes those whose time is over.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM logins WHERE expires_at < $1").bind(now.0).execute(conn).await?.rows_affected())
}
