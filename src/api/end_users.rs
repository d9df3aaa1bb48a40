//! `/end-users`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params};
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::end_users::{self, EndUserPatch, Invitation, NewEndUser, NewPortalToken};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

/// Query of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndUserParams {
    workspace_id: Option<String>,
}

/// `GET /end-users`
pub async fn list_end_users(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<EndUserParams>) -> Answer<Json<Value>> {
    let Listed { items, total, next_cursor, .. } = end_users::list(&state.services, &actor.reader()?, list.filter.workspace_id.as_deref(), &list.page).await?;
    Ok(Json(json!({ "endUsers": items, "total": total, "nextCursor": next_cursor })))
}

/// `POST /end-users`
pub async fn create_end_user(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewEndUser>) -> Answer {
    let user = end_users::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "endUser": user }))).into_response())
}

/// `GET /end-users/{id}`
pub async fn get_end_user(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    let (user, connections) = end_users::get(&state.services, &actor.reader()?, &id).await?;
    Ok(Json(json!({ "endUser": user, "connections": connections })))
}

/// `PATCH /end-users/{id}`
pub async fn update_end_user(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Body(patch): Body<EndUserPatch>,
) -> Answer<Json<Value>> {
    let user = end_users::update(&state.services, &actor.writer()?, &id, patch).await?;
    Ok(Json(json!({ "endUser": user })))
}

/// `DELETE /end-users/{id}`
pub async fn delete_end_user(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    let (id, deleted) = end_users::delete(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(json!({ "deleted": true, "id": id, "connectionsDeleted": deleted })))
}

/// `POST /end-users/{id}/invite`
pub async fn invite_end_user(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Body(body): Body<Invitation>) -> Answer {
    let (issued, sent) = end_users::invite(&state.services, &actor.writer()?, &id, body).await?;
    let body = json!({ "token": issued.token.expose(), "connectUrl": issued.connect_url.expose(), "expiresAt": issued.expires_at, "emailSent": sent });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /end-users/{id}/connect-token`
pub async fn create_end_user_token(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Body(body): Body<NewPortalToken>) -> Answer {
    let issued = end_users::issue_token(&state.services, &actor.writer()?, &id, body).await?;
    let body = json!({ "token": issued.token.expose(), "connectUrl": issued.connect_url.expose(), "expiresAt": issued.expires_at });
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
