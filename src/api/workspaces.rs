//! `/workspaces`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params, flag};
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::workspaces::{self, NewWorkspace};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /workspaces`
pub async fn list_workspaces(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<Nothing>) -> Answer<Json<Value>> {
    let Listed { items, total, next_cursor, .. } = workspaces::list(&state.services, &actor.reader()?, &list.page).await?;
    Ok(Json(json!({ "workspaces": items, "total": total, "nextCursor": next_cursor })))
}

/// `POST /workspaces`
pub async fn create_workspace(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewWorkspace>) -> Answer {
    let workspace = workspaces::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "workspace": workspace }))).into_response())
}

/// `GET /workspaces/{id}`
pub async fn get_workspace(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "workspace": workspaces::get(&state.services, &actor.reader()?, &id).await? })))
}

/// `PATCH /workspaces/{id}`
pub async fn update_workspace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Body(patch): Body<NewWorkspace>,
) -> Answer<Json<Value>> {
    Ok(Json(json!({ "workspace": workspaces::update(&state.services, &actor.writer()?, &id, patch).await? })))
}

/// Query of a delete.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteParams {
    force: Option<String>,
}

/// `DELETE /workspaces/{id}`
pub async fn delete_workspace(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Params(params): Params<DeleteParams>,
) -> Answer<Json<Value>> {
    let force = flag("force", params.force.as_deref())?;
    Ok(Json(json!({ "deleted": true, "id": workspaces::delete(&state.services, &actor.writer()?, &id, force).await? })))
}
