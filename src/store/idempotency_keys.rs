//! Idempotency keys: who runs a request, and what it was answered.

use super::{Conn, Result};
use crate::domain::Timestamp;

/// A request about to be run.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Of the row: the caller and their key.
    pub id: String,
    /// The caller.
    pub actor: String,
    /// What equal requests have in common.
    pub request: String,
    /// Who runs it.
    pub claim: String,
    /// When the runner is taken for dead.
    pub lease_until: Timestamp,
    /// When the row is of no use any more.
    pub expires_at: Timestamp,
}

/// A request that somebody has claimed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    /// What equal requests have in common.
    pub request: String,
    /// Sealed; none while it is running.
    pub answer: Option<String>,
}

/// Claims a request: one that nobody has, one whose time is over, or an equal one whose runner is taken for dead. Tells whether it was
/// had. One statement, so that of any number of callers on any number of nodes one gets it.
pub async fn claim(conn: &mut Conn, claim: &Claim, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO idempotency_keys (id, actor, request, claim, lease_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET request = excluded.request, claim = excluded.claim, lease_until = excluded.lease_until, answer = NULL, \
         expires_at = excluded.expires_at \
         WHERE idempotency_keys.expires_at <= $7 \
         OR (idempotency_keys.answer IS NULL AND idempotency_keys.lease_until <= $7 AND idempotency_keys.request = excluded.request)",
    )
    .bind(claim.id.clone())
    .bind(claim.actor.clone())
    .bind(claim.request.clone())
    .bind(claim.claim.clone())
    .bind(claim.lease_until.0)
    .bind(claim.expires_at.0)
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What became of a claimed request.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<Claimed>> {
    Ok(sqlx::query_as("SELECT request, answer FROM idempotency_keys WHERE id = $1").bind(id.to_owned()).fetch_optional(conn).await?)
}

/// Says that the runner lives.
pub async fn renew(conn: &mut Conn, id: &str, claim: &str, lease_until: Timestamp) -> Result<()> {
    sqlx::query("UPDATE idempotency_keys SET lease_until = $3 WHERE id = $1 AND claim = $2 AND answer IS NULL")
        .bind(id.to_owned())
        .bind(claim.to_owned())
        .bind(lease_until.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps the answer; tells whether the claim still held.
pub async fn finish(conn: &mut Conn, id: &str, claim: &str, answer: &str) -> Result<bool> {
    let done = sqlx::query("UPDATE idempotency_keys SET answer = $3 WHERE id = $1 AND claim = $2 AND answer IS NULL")
        .bind(id.to_owned())
        .bind(claim.to_owned())
        .bind(answer.to_owned())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the claim up.
pub async fn release(conn: &mut Conn, id: &str, claim: &str) -> Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE id = $1 AND claim = $2 AND answer IS NULL")
        .bind(id.to_owned())
        .bind(claim.to_owned())
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes all of one caller.
pub async fn delete_of(conn: &mut Conn, actor: &str) -> Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE actor = $1").bind(actor.to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes those whose time is over.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(now.0).execute(conn).await?.rows_affected())
}
