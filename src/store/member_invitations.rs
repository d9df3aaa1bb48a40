//! One-time links for colleagues who may sign in to the dashboard.

use super::{Conn, Result, StoreError};
use crate::domain::Timestamp;
use crate::domain::user::Role;

/// An invitation that has not been taken up.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Hash of its token.
    pub token_hash: String,
    /// Whom it is for, lower case.
    pub email: String,
    /// What they will be allowed.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    token_hash: String,
    email: String,
    role: String,
    created_at: i64,
    expires_at: i64,
}

impl TryFrom<Row> for Invitation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let role =
            Role::parse(&row.role).ok_or_else(|| StoreError::Inconsistent { table: "member_invitations", row: row.email.clone(), what: "unknown role" })?;
        Ok(Self { token_hash: row.token_hash, email: row.email, role, created_at: Timestamp(row.created_at), expires_at: Timestamp(row.expires_at) })
    }
}

/// Adds an invitation, in place of an earlier one to the same address.
pub async fn put(conn: &mut Conn, invitation: &Invitation) -> Result<()> {
    sqlx::query(
        "INSERT INTO member_invitations (token_hash, email, role, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (email) DO UPDATE SET token_hash = excluded.token_hash, role = excluded.role, created_at = excluded.created_at, \
         expires_at = excluded.expires_at",
    )
    .bind(invitation.token_hash.clone())
    .bind(invitation.email.clone())
    .bind(invitation.role.as_str())
    .bind(invitation.created_at.0)
    .bind(invitation.expires_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// All of them, by address.
pub async fn list(conn: &mut Conn, now: Timestamp) -> Result<Vec<Invitation>> {
    let query = sqlx::query_as("SELECT token_hash, email, role, created_at, expires_at FROM member_invitations WHERE expires_at > $1 ORDER BY email");
    let rows: Vec<Row> = query.bind(now.0).fetch_all(conn).await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// The one with this token, if its time is not over.
pub async fn find(conn: &mut Conn, token_hash: &str, now: Timestamp) -> Result<Option<Invitation>> {
    let query = sqlx::query_as("SELECT token_hash, email, role, created_at, expires_at FROM member_invitations WHERE token_hash = $1 AND expires_at > $2");
    let row: Option<Row> = query.bind(token_hash.to_owned()).bind(now.0).fetch_optional(conn).await?;
    row.map(Invitation::try_from).transpose()
}

/// Uses an invitation up; tells whether it was there. Of two callers one wins.
pub async fn take(conn: &mut Conn, token_hash: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM member_invitations WHERE token_hash = $1").bind(token_hash.to_owned()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Withdraws the invitation to an address.
pub async fn withdraw(conn: &mut Conn, email: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM member_invitations WHERE email = $1").bind(email.to_owned()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes those whose time is over.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM member_invitations WHERE expires_at <= $1").bind(now.0).execute(conn).await?.rows_affected())
}
