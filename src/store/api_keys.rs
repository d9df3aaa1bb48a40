//! API keys.

use super::sql::Sql;
use super::{Conn, Result, StoreError, json, to_json};
use crate::domain::Timestamp;
use crate::domain::api_key::ApiKey;
use crate::domain::id::{ApiKeyId, OrgId, WorkspaceId};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    key_prefix: String,
    permissions: String,
    last_used_at: Option<i64>,
    expires_at: Option<i64>,
    created_at: i64,
}

const SELECT: &str = "SELECT id, name, key_prefix, permissions, last_used_at, expires_at, created_at FROM api_keys";

impl Row {
    fn domain(self, org: &OrgId) -> Result<ApiKey> {
        Ok(ApiKey {
            permissions: json(&self.permissions, "api_keys", &self.id)?,
            id: ApiKeyId::known(self.id),
            org_id: org.clone(),
            name: self.name,
            key_prefix: self.key_prefix,
            last_used_at: self.last_used_at.map(Timestamp),
            expires_at: self.expires_at.map(Timestamp),
            created_at: Timestamp(self.created_at),
        })
    }
}

/// Adds a key. `only_workspace` is the one it is limited to, where that is one.
pub async fn insert(conn: &mut Conn, key: &ApiKey, key_hash: &str, only_workspace: Option<&WorkspaceId>) -> Result<()> {
    sqlx::query(
        "INSERT INTO api_keys (id, name, key_prefix, key_hash, permissions, expires_at, created_at, only_workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(key.id.as_str().to_owned())
    .bind(key.name.clone())
    .bind(key.key_prefix.clone())
    .bind(key_hash.to_owned())
    .bind(to_json(&key.permissions))
    .bind(key.expires_at.map(|at| at.0))
    .bind(key.created_at.0)
    .bind(only_workspace.map(|id| id.as_str().to_owned()))
    .execute(conn)
    .await?;
    Ok(())
}

/// What is looked at of a key that somebody calls with.
#[derive(Debug, Clone, PartialEq)]
pub struct PresentedKey {
    /// `key_…`
    pub id: ApiKeyId,
    /// Exactly as given when it was made.
    pub permissions: serde_json::Value,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
}

/// Id, permissions, last use, end.
pub(super) type PresentedRow = (String, String, Option<i64>, Option<i64>);

impl TryFrom<PresentedRow> for PresentedKey {
    type Error = StoreError;

    fn try_from((id, permissions, last_used_at, expires_at): PresentedRow) -> Result<Self> {
        Ok(Self {
            permissions: json(&permissions, "api_keys", &id)?,
            id: ApiKeyId::known(id),
            last_used_at: last_used_at.map(Timestamp),
            expires_at: expires_at.map(Timestamp),
        })
    }
}

/// The key with this hash.
pub async fn find_by_hash(conn: &mut Conn, key_hash: &str) -> Result<Option<PresentedKey>> {
    let row: Option<PresentedRow> = sqlx::query_as("SELECT id, permissions, last_used_at, expires_at FROM api_keys WHERE key_hash = $1")
        .bind(key_hash.to_owned())
        .fetch_optional(conn)
        .await?;
    row.map(PresentedKey::try_from).transpose()
}

/// All of them, newest first.
pub async fn list(conn: &mut Conn, org: &OrgId) -> Result<Vec<ApiKey>> {
    let mut sql = Sql::new(SELECT);
    sql.push(" ORDER BY id DESC");
    sql.fetch_all::<Row>(conn).await?.into_iter().map(|row| row.domain(org)).collect()
}

/// Notes that it was used, once a minute.
pub async fn touch(conn: &mut Conn, id: &ApiKeyId, minute: Timestamp) -> Result<()> {
    sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
        .bind(id.as_str().to_owned())
        .bind(minute.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends it; tells whether there was one.
pub async fn delete(conn: &mut Conn, id: &str) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM api_keys WHERE id = $1").bind(id.to_owned()).execute(conn).await?.rows_affected() == 1)
}
