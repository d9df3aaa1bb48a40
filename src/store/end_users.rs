//! End users and their portal tokens.

use super::sql::{Page, Sql};
use super::{Conn, Result, json, to_json};
use crate::domain::Timestamp;
use crate::domain::end_user::EndUser;
use crate::domain::id::{EndUserId, WorkspaceId};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    workspace_id: String,
    external_id: String,
    display_name: Option<String>,
    email: Option<String>,
    metadata: String,
    connection_count: i64,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str = "SELECT id, workspace_id, external_id, display_name, email, metadata, \
     (SELECT COUNT(*) FROM connections c WHERE c.end_user_id = end_users.id) AS connection_count, created_at, updated_at FROM end_users";

impl TryFrom<Row> for EndUser {
    type Error = super::StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            metadata: json(&row.metadata, "end_users", &row.id)?,
            id: EndUserId::known(row.id),
            workspace_id: WorkspaceId::known(row.workspace_id),
            external_id: row.external_id,
            display_name: row.display_name,
            email: row.email,
            connection_count: row.connection_count,
            kind: "external".to_owned(),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// Adds an end user; `Duplicate` where the workspace has that external id already. A transaction can go on after that and find them.
pub async fn insert(conn: &mut Conn, user: &EndUser) -> Result<()> {
    let done = sqlx::query(
        "INSERT INTO end_users (id, workspace_id, external_id, display_name, email, metadata, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT DO NOTHING",
    )
    .bind(user.id.as_str().to_owned())
    .bind(user.workspace_id.as_str().to_owned())
    .bind(user.external_id.clone())
    .bind(user.display_name.clone())
    .bind(user.email.clone())
    .bind(to_json(&user.metadata))
    .bind(user.created_at.0)
    .bind(user.updated_at.0)
    .execute(conn)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(super::StoreError::Duplicate) }
}

/// Writes what may change.
pub async fn update(conn: &mut Conn, user: &EndUser) -> Result<()> {
    sqlx::query("UPDATE end_users SET display_name = $2, email = $3, metadata = $4, updated_at = $5 WHERE id = $1")
        .bind(user.id.as_str().to_owned())
        .bind(user.display_name.clone())
        .bind(user.email.clone())
        .bind(to_json(&user.metadata))
        .bind(user.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<EndUser>> {
    let mut sql = Sql::new(SELECT);
    sql.and("id = ").bind(id.to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(EndUser::try_from).transpose()
}

/// By the customer's id, or by ours, within a workspace.
pub async fn find_in(conn: &mut Conn, workspace: &WorkspaceId, external_or_own_id: &str) -> Result<Option<EndUser>> {
    let mut sql = Sql::new(SELECT);
    sql.and("workspace_id = ").bind(workspace.as_str().to_owned());
    sql.and("(external_id = ").bind(external_or_own_id.to_owned()).push(" OR id = ").bind(external_or_own_id.to_owned()).push(")");
    // A customer may call one of their users like one of our ids: their own naming wins.
    sql.push(" ORDER BY CASE WHEN external_id = ").bind(external_or_own_id.to_owned()).push(" THEN 0 ELSE 1 END LIMIT 1");
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(EndUser::try_from).transpose()
}

/// A page of them, newest first, and how many there are.
pub async fn list(conn: &mut Conn, workspaces: Option<&[String]>, page: &Page) -> Result<(Vec<EndUser>, i64)> {
    let mut count = Sql::new("SELECT COUNT(*) FROM end_users");
    let mut sql = Sql::new(SELECT);
    if let Some(ids) = workspaces {
        count.and_in("workspace_id", ids);
        sql.and_in("workspace_id", ids);
    }
    if let Some(before) = &page.before {
        sql.and("id < ").bind(before.clone());
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    let users = sql.fetch_all::<Row>(conn).await?.into_iter().map(EndUser::try_from).collect::<Result<_>>()?;
    Ok((users, count.fetch_count(conn).await?))
}

/// The first few whose external id begins with `first`, in order.
pub async fn starting_with(conn: &mut Conn, workspaces: Option<&[String]>, first: &str, limit: i64) -> Result<Vec<EndUser>> {
    let mut sql = Sql::new(SELECT);
    if let Some(ids) = workspaces {
        sql.and_in("workspace_id", ids);
    }
    // In byte order, everything that starts with `first` lies between it and it followed by the greatest character.
    sql.and("external_id COLLATE \"binary\" >= ").bind(first.to_owned());
    sql.and("external_id COLLATE \"binary\" <= ").bind(format!("{first}{}", char::MAX));
    sql.push(" ORDER BY external_id COLLATE \"binary\", id LIMIT ").bind(limit);
    sql.fetch_all::<Row>(conn).await?.into_iter().map(EndUser::try_from).collect()
}

/// Removes an end user; their connections must be gone, their tokens go with them.
pub async fn delete(conn: &mut Conn, id: &EndUserId) -> Result<()> {
    sqlx::query("DELETE FROM end_users WHERE id = $1").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// A portal token.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PortalToken {
    /// Whose.
    pub end_user_id: String,
    /// Limited to one integration.
    pub integration_name: Option<String>,
    /// Limited to one workspace integration.
    pub workspace_integration_id: Option<String>,
    /// 1: it came by invitation.
    pub invited: i64,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms.
    pub expires_at: i64,
}

/// Adds a portal token.
pub async fn insert_token(conn: &mut Conn, token_hash: &str, token: &PortalToken) -> Result<()> {
    sqlx::query("INSERT INTO end_user_tokens (token_hash, end_user_id, integration_name, created_at, expires_at, workspace_integration_id, invited) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(token_hash.to_owned())
        .bind(token.end_user_id.clone())
        .bind(token.integration_name.clone())
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.workspace_integration_id.clone())
        .bind(token.invited)
        .execute(conn)
        .await?;
    Ok(())
}

/// The portal token with this hash.
pub async fn find_token(conn: &mut Conn, token_hash: &str) -> Result<Option<PortalToken>> {
    Ok(sqlx::query_as(
        "SELECT end_user_id, integration_name, workspace_integration_id, invited, created_at, expires_at FROM end_user_tokens WHERE token_hash = $1",
    )
    .bind(token_hash.to_owned())
    .fetch_optional(conn)
    .await?)
}

/// Ends a portal token.
pub async fn revoke_token(conn: &mut Conn, token_hash: &str) -> Result<()> {
    sqlx::query("DELETE FROM end_user_tokens WHERE token_hash = $1").bind(token_hash.to_owned()).execute(conn).await?;
    Ok(())
}

/// Ends all portal tokens of an end user.
pub async fn revoke_tokens(conn: &mut Conn, id: &EndUserId) -> Result<()> {
    sqlx::query("DELETE FROM end_user_tokens WHERE end_user_id = $1").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes portal tokens whose time is over.
pub async fn purge_tokens(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM end_user_tokens WHERE expires_at < $1").bind(now.0).execute(conn).await?.rows_affected())
}
