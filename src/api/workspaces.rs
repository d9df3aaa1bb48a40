//! `/workspaces`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params, flag};
use super::openapi::PageParams;
use super::path::At;
use crate::domain::id::WorkspaceId;
use crate::domain::workspace::Workspace;
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::workspaces::{self, NewWorkspace};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{workspace}`
#[derive(Serialize, ToSchema)]
pub struct WorkspaceAnswer {
    workspace: Workspace,
}

/// `{workspaces, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceList {
    /// Newest first.
    workspaces: Vec<Workspace>,
    /// How many there are.
    total: i64,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// List workspaces
///
/// Newest first; a limited key sees its own.
#[utoipa::path(
    get, path = "/workspaces", tag = "Workspaces", params(PageParams),
    responses((status = 200, description = "A page of workspaces.", body = WorkspaceList)),
)]
pub async fn list_workspaces(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<Nothing>) -> Answer<Json<WorkspaceList>> {
    let Listed { items, total, next_cursor, .. } = workspaces::list(&state.services, &actor.reader()?, &list.page).await?;
    Ok(Json(WorkspaceList { workspaces: items, total, next_cursor }))
}

/// Create a workspace
///
/// Connections, end users and OAuth apps of different workspaces are kept apart. Organisation keys only.
#[utoipa::path(
    post, path = "/workspaces", tag = "Workspaces", request_body = NewWorkspace,
    responses((status = 201, description = "The workspace.", body = WorkspaceAnswer)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "SLUG_EXISTS"]))),
)]
pub async fn create_workspace(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewWorkspace>) -> Answer {
    let workspace = workspaces::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(WorkspaceAnswer { workspace })).into_response())
}

/// Get a workspace
///
/// By id or slug.
#[utoipa::path(
    get, path = "/workspaces/{id}", tag = "Workspaces", params(("id" = String, Path, description = "The workspace's id or slug.")),
    responses((status = 200, description = "The workspace.", body = WorkspaceAnswer)),
)]
pub async fn get_workspace(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<WorkspaceAnswer>> {
    Ok(Json(WorkspaceAnswer { workspace: workspaces::get(&state.services, &actor.reader()?, &id).await? }))
}

/// Change a workspace
///
/// What is absent stays; null clears logo, accent and language.
#[utoipa::path(
    patch, path = "/workspaces/{id}", tag = "Workspaces", params(("id" = String, Path, description = "The workspace's id or slug.")),
    request_body = NewWorkspace,
    responses((status = 200, description = "The workspace as it is now.", body = WorkspaceAnswer)),
    extensions(("x-error-codes" = json!(["SLUG_EXISTS"]))),
)]
pub async fn update_workspace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(patch): Body<NewWorkspace>,
) -> Answer<Json<WorkspaceAnswer>> {
    Ok(Json(WorkspaceAnswer { workspace: workspaces::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// Query of a delete.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeleteParams {
    /// Delete its connections first, each as its own delete would.
    #[param(value_type = Option<bool>, default = false)]
    force: Option<String>,
}

/// Delete a workspace
///
/// One that has connections is 409, unless `force=true` removes them first. Organisation keys only.
#[utoipa::path(
    delete, path = "/workspaces/{id}", tag = "Workspaces",
    params(("id" = String, Path, description = "The workspace's id or slug."), DeleteParams),
    responses((status = 200, description = "It is gone.", body = Deleted<WorkspaceId>)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "NOT_EMPTY", "CONNECTION_NOT_FOUND"]))),
)]
pub async fn delete_workspace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Params(params): Params<DeleteParams>,
) -> Answer<Json<Deleted<WorkspaceId>>> {
    let force = flag("force", params.force.as_deref())?;
    Ok(Json(Deleted::new(workspaces::delete(&state.services, &actor.writer()?, &id, force).await?)))
}
