//! `/oauth-apps`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params};
use crate::server::state::AppState;
use crate::service::oauth_app_check;
use crate::service::oauth_apps::{self, AppPatch, NewApp};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

/// Query of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppParams {
    integration_name: Option<String>,
}

/// `GET /oauth-apps`
pub async fn list_oauth_apps(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<AppParams>) -> Answer<Json<Value>> {
    let apps = oauth_apps::list(&state.services, &actor.reader()?, list.filter.integration_name.as_deref()).await?;
    let total = apps.len();
    let page = &list.page;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut shown: Vec<_> = apps
        .into_iter()
        .filter(|app| page.before.as_deref().is_none_or(|before| app.id.as_str() < before))
        .skip(usize::try_from(page.offset).unwrap_or(0))
        .take(limit + 1)
        .collect();
    let more = shown.len() > limit;
    shown.truncate(limit);
    let next_cursor = shown.last().filter(|_| more).map(|app| app.id.clone());
    Ok(Json(json!({ "oauthApps": shown, "total": total, "nextCursor": next_cursor })))
}

/// `POST /oauth-apps`
pub async fn create_oauth_app(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewApp>) -> Answer {
    let app = oauth_apps::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "oauthApp": app }))).into_response())
}

/// `GET /oauth-apps/{id}`
pub async fn get_oauth_app(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "oauthApp": oauth_apps::get(&state.services, &actor.reader()?, &id).await? })))
}

/// `PATCH /oauth-apps/{id}`
pub async fn update_oauth_app(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Body(patch): Body<AppPatch>,
) -> Answer<Json<Value>> {
    Ok(Json(json!({ "oauthApp": oauth_apps::update(&state.services, &actor.writer()?, &id, patch).await? })))
}

/// `DELETE /oauth-apps/{id}`
pub async fn delete_oauth_app(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "deleted": true, "id": oauth_apps::delete(&state.services, &actor.writer()?, &id).await? })))
}

/// `POST /oauth-apps/{id}/check`
pub async fn check_oauth_app(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Body(_): Body<Nothing>) -> Answer<Json<Value>> {
    // Visibility is judged before rights: what a key cannot see is not there.
    oauth_apps::get(&state.services, &actor.reader()?, &id).await?;
    Ok(Json(json!({ "check": oauth_app_check::check(&state.services, &actor.writer()?, &id).await? })))
}
