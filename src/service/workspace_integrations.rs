//! Integrations as workspaces set them up: alias, whose connection is used, whose OAuth app.

use super::{About, Reader, Result, Services, Writer, connections, metadata, nullable, oauth_apps, optional_text, workspaces};
use crate::domain::id::WorkspaceIntegrationId;
use crate::domain::workspace::Workspace;
use crate::domain::workspace_integration::{ConnectionStrategy, OAuthAppMode, WorkspaceIntegration};
use crate::domain::{Code, Error};
use crate::store::{self, Conn};
use serde::Deserialize;
use utoipa::ToSchema;

/// Body of `POST` and `PATCH /workspaces/{id}/integrations`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationInput {
    /// Which service; only when it is made.
    pub integration_name: Option<String>,
    /// Default: the integration's name.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z][a-z0-9_-]{0,62}$")]
    pub alias: Option<String>,
    /// `fixed`, `per_user` (default), `per_user_with_fallback`.
    #[schema(value_type = Option<ConnectionStrategy>)]
    pub connection_strategy: Option<String>,
    /// Method; null means any.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub auth_method_key: Option<Option<String>>,
    /// `weavz_managed` (the platform's app, default) or `custom`.
    #[schema(value_type = Option<OAuthAppMode>)]
    pub oauth_app_mode: Option<String>,
    /// Which app.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<crate::domain::id::OAuthAppId>)]
    pub oauth_app_id: Option<Option<String>>,
    /// Of strategy `fixed`, or the fallback.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<crate::domain::id::ConnectionId>)]
    pub connection_id: Option<Option<String>>,
    /// Shown to end users.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<Option<String>>,
    /// Null means all.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    pub enabled_actions: Option<Option<Vec<String>>>,
    /// The customer's own settings.
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// Small first.
    pub sort_order: Option<i64>,
    /// Accepted and ignored, for the published clients.
    #[schema(deprecated)]
    pub partial_ids: Option<serde_json::Value>,
}

/// Sets an integration up in a workspace.
pub async fn create(services: &Services, writer: &Writer, workspace: &str, input: IntegrationInput) -> Result<WorkspaceIntegration> {
    let workspace = workspaces::get(services, writer, workspace).await?;
    let definition = connections::find_integration(services, input.integration_name.as_deref())?;
    let now = services.now();
    let mut wi = WorkspaceIntegration {
        id: WorkspaceIntegrationId::from_bits(services.new_id_bits()),
        workspace_id: workspace.id.clone(),
        integration_name: definition.name.clone(),
        alias: definition.name.clone(),
        connection_strategy: ConnectionStrategy::PerUser,
        auth_method_key: None,
        oauth_app_mode: OAuthAppMode::Managed,
        oauth_app_id: None,
        connection_id: None,
        display_name: None,
        enabled_actions: None,
        settings: serde_json::Map::new(),
        sort_order: 0,
        connection_status: None,
        connection_display_name: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = services.store.begin_write().await?;
    apply(services, writer, &mut tx, &workspace, &mut wi, IntegrationInput { integration_name: None, ..input }).await?;
    store::workspace_integrations::insert(&mut tx, &wi).await.map_err(|error| alias_exists(error, &wi.alias))?;
    record(services, &mut tx, "workspace_integration.created", writer, &wi).await?;
    tx.commit().await?;
    shown(services, &mut *services.store.conn().await?, wi).await
}

/// Changes one.
pub async fn update(services: &Services, writer: &Writer, workspace: &str, id: &str, input: IntegrationInput) -> Result<WorkspaceIntegration> {
    let workspace = workspaces::get(services, writer, workspace).await?;
    let mut tx = services.store.begin_write().await?;
    let mut wi = in_workspace(&mut tx, &workspace, id).await?;
    apply(services, writer, &mut tx, &workspace, &mut wi, input).await?;
    wi.updated_at = services.now();
    store::workspace_integrations::update(&mut tx, &wi).await.map_err(|error| alias_exists(error, &wi.alias))?;
    record(services, &mut tx, "workspace_integration.updated", writer, &wi).await?;
    tx.commit().await?;
    shown(services, &mut *services.store.conn().await?, wi).await
}

async fn apply(
    services: &Services,
    writer: &Writer,
    conn: &mut Conn,
    workspace: &Workspace,
    wi: &mut WorkspaceIntegration,
    input: IntegrationInput,
) -> Result<()> {
    if input.integration_name.as_ref().is_some_and(|name| *name != wi.integration_name) {
        return Err(Error::field("integrationName", "the integration cannot be changed; set up another"));
    }
    let definition = connections::find_integration(services, Some(&wi.integration_name))?;
    if let Some(alias) = input.alias {
        wi.alias = check_alias(alias)?;
    }
    if let Some(strategy) = &input.connection_strategy {
        wi.connection_strategy = ConnectionStrategy::parse(strategy)
            .ok_or_else(|| Error::field("connectionStrategy", "connectionStrategy must be fixed, per_user or per_user_with_fallback"))?;
    }
    if let Some(key) = input.auth_method_key {
        if key.as_deref().is_some_and(|key| definition.method(key).is_none()) {
            return Err(Error::field("authMethodKey", format!("{} has no such method", definition.display_name)));
        }
        wi.auth_method_key = key;
    }
    if let Some(mode) = &input.oauth_app_mode {
        wi.oauth_app_mode = OAuthAppMode::parse(mode).ok_or_else(|| Error::field("oauthAppMode", "oauthAppMode must be weavz_managed or custom"))?;
    }
    if let Some(id) = input.oauth_app_id {
        wi.oauth_app_id = match id {
            Some(id) => {
                let app = oauth_apps::visible(services, writer, conn, &id).await?;
                let fits = app.integration_name == wi.integration_name && (app.workspace_id.is_none() || app.workspace_id.as_ref() == Some(&workspace.id));
                if !fits {
                    return Err(Error::field("oauthAppId", "this OAuth app belongs to another integration or workspace"));
                }
                Some(app.id)
            }
            None => None,
        };
    }
    if let Some(id) = input.connection_id {
        wi.connection_id = match id {
            Some(id) => {
                let connection = connections::visible(conn, writer, &id).await?;
                let same_service = connection.integration_name == wi.integration_name;
                let within_reach = connection.owner.workspace().is_none_or(|owner| *owner == workspace.id);
                if !same_service || !within_reach {
                    return Err(Error::field("connectionId", "this connection belongs to another integration or workspace"));
                }
                Some(connection.id)
            }
            None => None,
        };
    }
    if wi.connection_strategy == ConnectionStrategy::Fixed && wi.connection_id.is_none() {
        return Err(Error::required("connectionId"));
    }
    if let Some(name) = input.display_name {
        wi.display_name = optional_text("displayName", name.as_deref(), 200)?;
    }
    if let Some(actions) = input.enabled_actions {
        wi.enabled_actions = actions;
    }
    if input.settings.is_some() {
        wi.settings = metadata("settings", input.settings)?;
    }
    if let Some(order) = input.sort_order {
        wi.sort_order = order;
    }
    Ok(())
}

fn check_alias(alias: String) -> Result<String> {
    let starts_well = alias.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if starts_well && rest && alias.len() <= 63 {
        Ok(alias)
    } else {
        Err(Error::field("alias", "alias must start with a-z and hold at most 63 of a-z, 0-9, - and _"))
    }
}

fn alias_exists(error: store::StoreError, alias: &str) -> Error {
    match error {
        store::StoreError::Duplicate => {
            Error::new(Code::Duplicate, format!("The workspace has an integration with alias {alias:?} already")).suggest("Choose another alias")
        }
        other => other.into(),
    }
}

async fn record(services: &Services, conn: &mut Conn, kind: &str, writer: &Writer, wi: &WorkspaceIntegration) -> Result<()> {
    let about = About { connection: None, workspace: Some(wi.workspace_id.as_str()) };
    services.record(conn, kind, writer.name(), about, serde_json::json!({ "workspaceIntegrationId": wi.id, "alias": wi.alias })).await
}

/// One of a workspace.
pub(super) async fn in_workspace(conn: &mut Conn, workspace: &Workspace, id: &str) -> Result<WorkspaceIntegration> {
    let found = store::workspace_integrations::find(conn, &workspace.id, id).await?;
    found.ok_or_else(|| Error::new(Code::NotFound, format!("There is no integration {id:?} in workspace {}", workspace.slug)))
}

/// With what is known of the named connection.
async fn shown(services: &Services, conn: &mut Conn, mut wi: WorkspaceIntegration) -> Result<WorkspaceIntegration> {
    if let Some(id) = &wi.connection_id
        && let Some(connection) = store::connections::find(conn, id.as_str()).await?
    {
        let view = connection.view(services.now());
        wi.connection_status = Some(view.status);
        wi.connection_display_name = Some(view.display_name);
    }
    Ok(wi)
}

/// All of a workspace, in their order.
pub async fn list(services: &Services, reader: &Reader, workspace: &str) -> Result<Vec<WorkspaceIntegration>> {
    let workspace = workspaces::get(services, reader, workspace).await?;
    let mut conn = services.store.conn().await?;
    let mut all = Vec::new();
    for wi in store::workspace_integrations::list(&mut conn, &workspace.id).await? {
        all.push(shown(services, &mut conn, wi).await?);
    }
    Ok(all)
}

/// Removes one. Connections stay.
pub async fn delete(services: &Services, writer: &Writer, workspace: &str, id: &str) -> Result<WorkspaceIntegrationId> {
    let workspace = workspaces::get(services, writer, workspace).await?;
    let mut tx = services.store.begin_write().await?;
    let wi = in_workspace(&mut tx, &workspace, id).await?;
    store::workspace_integrations::delete(&mut tx, &wi.id).await?;
    record(services, &mut tx, "workspace_integration.deleted", writer, &wi).await?;
    tx.commit().await?;
    Ok(wi.id)
}
