//! `/workspaces/{id}/integrations`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, Nothing, Params};
use super::path::At;
use crate::domain::id::WorkspaceIntegrationId;
use crate::domain::workspace_integration::WorkspaceIntegration;
use crate::server::state::AppState;
use crate::service::workspace_integrations::{self, IntegrationInput};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// `{integration}`
#[derive(Serialize, ToSchema)]
pub struct WorkspaceIntegrationAnswer {
    integration: WorkspaceIntegration,
}

/// `{integrations, total}`
#[derive(Serialize, ToSchema)]
pub struct WorkspaceIntegrationList {
    /// In their order.
    integrations: Vec<WorkspaceIntegration>,
    /// How many.
    total: usize,
}

/// List a workspace's integrations
///
/// Integrations as the workspace has set them up, all of them, in their order.
#[utoipa::path(
    get, path = "/workspaces/{id}/integrations", tag = "Workspace integrations", params(("id" = String, Path, description = "The workspace's id or slug.")),
    responses((status = 200, description = "The integrations.", body = WorkspaceIntegrationList)),
)]
pub async fn list_workspace_integrations(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(workspace): At<String>,
    _: Params<Nothing>,
) -> Answer<Json<WorkspaceIntegrationList>> {
    let integrations = workspace_integrations::list(&state.services, &actor.reader()?, &workspace).await?;
    Ok(Json(WorkspaceIntegrationList { total: integrations.len(), integrations }))
}

/// Set an integration up in a workspace
///
/// Says what it is called there, whose connection is used, and whose OAuth app. Strategy `fixed` needs `connectionId`.
#[utoipa::path(
    post, path = "/workspaces/{id}/integrations", tag = "Workspace integrations", params(("id" = String, Path, description = "The workspace's id or slug.")),
    request_body = IntegrationInput,
    responses((status = 201, description = "The integration as set up.", body = WorkspaceIntegrationAnswer)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "DUPLICATE"]))),
)]
pub async fn create_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(workspace): At<String>,
    Body(body): Body<IntegrationInput>,
) -> Answer {
    let integration = workspace_integrations::create(&state.services, &actor.writer()?, &workspace, body).await?;
    Ok((StatusCode::CREATED, Json(WorkspaceIntegrationAnswer { integration })).into_response())
}

/// Change a workspace's integration
///
/// What is absent stays; null clears.
#[utoipa::path(
    patch, path = "/workspaces/{id}/integrations/{wi_id}", tag = "Workspace integrations",
    params(
        ("id" = String, Path, description = "The workspace's id or slug."),
        ("wi_id" = WorkspaceIntegrationId, Path, description = "The workspace integration's id."),
    ),
    request_body = IntegrationInput,
    responses((status = 200, description = "The integration as it is now.", body = WorkspaceIntegrationAnswer)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "DUPLICATE"]))),
)]
pub async fn update_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At((workspace, id)): At<(String, String)>,
    Body(body): Body<IntegrationInput>,
) -> Answer<Json<WorkspaceIntegrationAnswer>> {
    let integration = workspace_integrations::update(&state.services, &actor.writer()?, &workspace, &id, body).await?;
    Ok(Json(WorkspaceIntegrationAnswer { integration }))
}

/// Remove a workspace's integration
///
/// Connections stay.
#[utoipa::path(
    delete, path = "/workspaces/{id}/integrations/{wi_id}", tag = "Workspace integrations",
    params(
        ("id" = String, Path, description = "The workspace's id or slug."),
        ("wi_id" = WorkspaceIntegrationId, Path, description = "The workspace integration's id."),
    ),
    responses((status = 200, description = "It is gone.", body = Deleted<WorkspaceIntegrationId>)),
)]
pub async fn delete_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At((workspace, id)): At<(String, String)>,
    _: Params<Nothing>,
) -> Answer<Json<Deleted<WorkspaceIntegrationId>>> {
    Ok(Json(Deleted::new(workspace_integrations::delete(&state.services, &actor.writer()?, &workspace, &id).await?)))
}
