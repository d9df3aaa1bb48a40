//! Tokens of deleted connections that their provider has not been told of yet; sealed.

use super::sql::Sql;
use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::{ConnectionId, OAuthAppId, WorkspaceId};

/// A grant that is to end.
#[derive(Debug, Clone)]
pub struct StoredRevocation {
    /// `rev_…`, ours alone.
    pub id: String,
    /// The connection that was deleted.
    pub connection_id: ConnectionId,
    /// Whose it was.
    pub workspace_id: Option<WorkspaceId>,
    /// App it was made with.
    pub oauth_app_id: OAuthAppId,
    /// Sealed.
    pub secret: String,
    /// How often it has been tried.
    pub attempts: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    connection_id: String,
    workspace_id: Option<String>,
    oauth_app_id: String,
    secret: String,
    attempts: i64,
    created_at: i64,
}

impl From<Row> for StoredRevocation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            connection_id: ConnectionId::known(row.connection_id),
            workspace_id: row.workspace_id.map(WorkspaceId::known),
            oauth_app_id: OAuthAppId::known(row.oauth_app_id),
            secret: row.secret,
            attempts: row.attempts,
            created_at: Timestamp(row.created_at),
        }
    }
}

/// Adds one. It is whoever adds it who tries first; the job does from `next_at` on.
pub async fn insert(conn: &mut Conn, revocation: &StoredRevocation, next_at: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO revocations (id, connection_id, workspace_id, oauth_app_id, secret, attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(revocation.id.clone())
    .bind(revocation.connection_id.as_str().to_owned())
    .bind(revocation.workspace_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(revocation.oauth_app_id.as_str().to_owned())
    .bind(revocation.secret.clone())
    .bind(revocation.attempts)
    .bind(next_at.0)
    .bind(revocation.created_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Claims up to `limit` that are due, by making them due again at `until`.
pub async fn claim(conn: &mut Conn, now: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<StoredRevocation>> {
    let mut sql = Sql::new("UPDATE revocations SET next_at = ");
    sql.bind(until.0).push(" WHERE id IN (SELECT id FROM revocations WHERE next_at <= ").bind(now.0);
    sql.push(" ORDER BY next_at LIMIT ").bind(limit).push(") AND next_at <= ").bind(now.0);
    sql.push(" RETURNING id, connection_id, workspace_id, oauth_app_id, secret, attempts, created_at");
    Ok(sql.fetch_all::<Row>(conn).await?.into_iter().map(StoredRevocation::from).collect())
}

/// Notes a try that failed, and when the next one is.
pub async fn postpone(conn: &mut Conn, id: &str, attempts: i64, next_at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE revocations SET attempts = $2, next_at = $3 WHERE id = $1").bind(id.to_owned()).bind(attempts).bind(next_at.0).execute(conn).await?;
    Ok(())
}

/// It is done, or given up.
pub async fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM revocations WHERE id = $1").bind(id.to_owned()).execute(conn).await?;
    Ok(())
}
