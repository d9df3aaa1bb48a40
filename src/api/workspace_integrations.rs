//! `/workspaces/{id}/integrations`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, Nothing, Params};
use crate::server::state::AppState;
use crate::service::workspace_integrations::{self, IntegrationInput};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// `GET /workspaces/{id}/integrations`
pub async fn list_workspace_integrations(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(workspace): Path<String>,
    _: Params<Nothing>,
) -> Answer<Json<Value>> {
    let all = workspace_integrations::list(&state.services, &actor.reader()?, &workspace).await?;
    Ok(Json(json!({ "total": all.len(), "integrations": all })))
}

/// `POST /workspaces/{id}/integrations`
pub async fn create_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(workspace): Path<String>,
    Body(body): Body<IntegrationInput>,
) -> Answer {
    let made = workspace_integrations::create(&state.services, &actor.writer()?, &workspace, body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "integration": made }))).into_response())
}

/// `PATCH /workspaces/{id}/integrations/{wi_id}`
pub async fn update_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((workspace, id)): Path<(String, String)>,
    Body(body): Body<IntegrationInput>,
) -> Answer<Json<Value>> {
    let changed = workspace_integrations::update(&state.services, &actor.writer()?, &workspace, &id, body).await?;
    Ok(Json(json!({ "integration": changed })))
}

/// `DELETE /workspaces/{id}/integrations/{wi_id}`
pub async fn delete_workspace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((workspace, id)): Path<(String, String)>,
    _: Params<Nothing>,
) -> Answer<Json<Value>> {
    let id = workspace_integrations::delete(&state.services, &actor.writer()?, &workspace, &id).await?;
    Ok(Json(json!({ "deleted": true, "id": id })))
}
