//! Integrations as workspaces have set them up.

use super::sql::Sql;
use super::{Conn, Result, StoreError, json, to_json};
use crate::domain::Timestamp;
use crate::domain::id::{ConnectionId, OAuthAppId, WorkspaceId, WorkspaceIntegrationId};
use crate::domain::workspace_integration::{ConnectionStrategy, OAuthAppMode, WorkspaceIntegration};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    workspace_id: String,
    integration_name: String,
    alias: String,
    connection_strategy: String,
    auth_method_key: Option<String>,
    oauth_app_mode: String,
    oauth_app_id: Option<String>,
    connection_id: Option<String>,
    display_name: Option<String>,
    enabled_actions: Option<String>,
    settings: String,
    sort_order: i64,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str = "SELECT id, workspace_id, integration_name, alias, connection_strategy, auth_method_key, oauth_app_mode, oauth_app_id, connection_id, \
     display_name, enabled_actions, settings, sort_order, created_at, updated_at FROM workspace_integrations";

impl TryFrom<Row> for WorkspaceIntegration {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        const TABLE: &str = "workspace_integrations";
        let inconsistent = |what| StoreError::Inconsistent { table: TABLE, row: row.id.clone(), what };
        Ok(Self {
            connection_strategy: ConnectionStrategy::parse(&row.connection_strategy).ok_or_else(|| inconsistent("unknown strategy"))?,
            oauth_app_mode: OAuthAppMode::parse(&row.oauth_app_mode).ok_or_else(|| inconsistent("unknown app mode"))?,
            enabled_actions: row.enabled_actions.as_deref().map(|actions| json(actions, TABLE, &row.id)).transpose()?,
            settings: json(&row.settings, TABLE, &row.id)?,
            id: WorkspaceIntegrationId::known(row.id),
            workspace_id: WorkspaceId::known(row.workspace_id),
            integration_name: row.integration_name,
            alias: row.alias,
            auth_method_key: row.auth_method_key,
            oauth_app_id: row.oauth_app_id.map(OAuthAppId::known),
            connection_id: row.connection_id.map(ConnectionId::known),
            display_name: row.display_name,
            sort_order: row.sort_order,
            connection_status: None,
            connection_display_name: None,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// Adds one; `Duplicate` where the workspace has that alias.
pub async fn insert(conn: &mut Conn, wi: &WorkspaceIntegration) -> Result<()> {
    sqlx::query(
        "INSERT INTO workspace_integrations (id, workspace_id, integration_name, alias, connection_strategy, auth_method_key, oauth_app_mode, oauth_app_id, \
         connection_id, display_name, enabled_actions, settings, sort_order, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(wi.id.as_str().to_owned())
    .bind(wi.workspace_id.as_str().to_owned())
    .bind(wi.integration_name.clone())
    .bind(wi.alias.clone())
    .bind(wi.connection_strategy.as_str())
    .bind(wi.auth_method_key.clone())
    .bind(wi.oauth_app_mode.as_str())
    .bind(wi.oauth_app_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(wi.connection_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(wi.display_name.clone())
    .bind(wi.enabled_actions.as_ref().map(to_json))
    .bind(to_json(&wi.settings))
    .bind(wi.sort_order)
    .bind(wi.created_at.0)
    .bind(wi.updated_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what may change.
pub async fn update(conn: &mut Conn, wi: &WorkspaceIntegration) -> Result<()> {
    sqlx::query(
        "UPDATE workspace_integrations SET alias = $2, connection_strategy = $3, auth_method_key = $4, oauth_app_mode = $5, oauth_app_id = $6, \
         connection_id = $7, display_name = $8, enabled_actions = $9, settings = $10, sort_order = $11, updated_at = $12 WHERE id = $1",
    )
    .bind(wi.id.as_str().to_owned())
    .bind(wi.alias.clone())
    .bind(wi.connection_strategy.as_str())
    .bind(wi.auth_method_key.clone())
    .bind(wi.oauth_app_mode.as_str())
    .bind(wi.oauth_app_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(wi.connection_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(wi.display_name.clone())
    .bind(wi.enabled_actions.as_ref().map(to_json))
    .bind(to_json(&wi.settings))
    .bind(wi.sort_order)
    .bind(wi.updated_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// By id, within a workspace.
pub async fn find(conn: &mut Conn, workspace: &WorkspaceId, id: &str) -> Result<Option<WorkspaceIntegration>> {
    let mut sql = Sql::new(SELECT);
    sql.and("id = ").bind(id.to_owned());
    sql.and("workspace_id = ").bind(workspace.as_str().to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(WorkspaceIntegration::try_from).transpose()
}

/// All of a workspace, in their order.
pub async fn list(conn: &mut Conn, workspace: &WorkspaceId) -> Result<Vec<WorkspaceIntegration>> {
    let mut sql = Sql::new(SELECT);
    sql.and("workspace_id = ").bind(workspace.as_str().to_owned());
    sql.push(" ORDER BY sort_order, alias");
    sql.fetch_all::<Row>(conn).await?.into_iter().map(WorkspaceIntegration::try_from).collect()
}

/// Removes one.
pub async fn delete(conn: &mut Conn, id: &WorkspaceIntegrationId) -> Result<()> {
    sqlx::query("DELETE FROM workspace_integrations WHERE id = $1").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes all of an integration, in every workspace.
pub async fn delete_of(conn: &mut Conn, integration: &str) -> Result<()> {
    sqlx::query("DELETE FROM workspace_integrations WHERE integration_name = $1").bind(integration.to_owned()).execute(conn).await?;
    Ok(())
}
