//! `/api-keys`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, Nothing, Params};
use crate::server::state::AppState;
use crate::service::api_keys::{self, NewApiKey};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// `GET /api-keys`
pub async fn list_api_keys(State(state): State<AppState>, Caller(actor): Caller, _: Params<Nothing>) -> Answer<Json<Value>> {
    let keys = api_keys::list(&state.services, &actor.reader()?).await?;
    Ok(Json(json!({ "total": keys.len(), "apiKeys": keys })))
}

/// `POST /api-keys`
pub async fn create_api_key(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewApiKey>) -> Answer {
    let (key, plain) = api_keys::create(&state.services, &actor, body).await?;
    let mut response = (StatusCode::CREATED, Json(json!({ "apiKey": key, "plainKey": plain.expose() }))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `DELETE /api-keys/{id}`
pub async fn delete_api_key(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "deleted": true, "id": api_keys::delete(&state.services, &actor.writer()?, &id).await? })))
}
