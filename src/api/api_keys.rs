//! `/api-keys`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, Nothing, Params};
use super::path::At;
use crate::domain::api_key::ApiKey;
use crate::domain::id::ApiKeyId;
use crate::server::state::AppState;
use crate::service::api_keys::{self, NewApiKey};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// `{apiKeys, total}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyList {
    /// Those that the asking key may manage.
    api_keys: Vec<ApiKey>,
    /// How many.
    total: usize,
}

/// `{apiKey, plainKey}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKey {
    /// The key without its secret.
    api_key: ApiKey,
    /// The key itself, `wvz_…`: shown this once.
    plain_key: String,
}

/// List API keys
///
/// The keys that the asking key may manage: those whose rights are a subset of its own. Never the keys themselves.
#[utoipa::path(get, path = "/api-keys", tag = "API keys", responses((status = 200, description = "The keys.", body = ApiKeyList)))]
pub async fn list_api_keys(State(state): State<AppState>, Caller(actor): Caller, _: Params<Nothing>) -> Answer<Json<ApiKeyList>> {
    let api_keys = api_keys::list(&state.services, &actor.reader()?).await?;
    Ok(Json(ApiKeyList { total: api_keys.len(), api_keys }))
}

/// Create an API key
///
/// The key is shown once. Its rights must be a subset of the maker's: another workspace is 404, a wider reach 403.
#[utoipa::path(
    post, path = "/api-keys", tag = "API keys", request_body = NewApiKey,
    responses((status = 201, description = "The key, shown this once.", body = CreatedApiKey)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "NOT_FOUND"]))),
)]
pub async fn create_api_key(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewApiKey>) -> Answer {
    let (api_key, plain) = api_keys::create(&state.services, &actor, body).await?;
    let mut response = (StatusCode::CREATED, Json(CreatedApiKey { api_key, plain_key: plain.expose().to_owned() })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Delete an API key
///
/// It stops at once, on every node.
#[utoipa::path(
    delete, path = "/api-keys/{id}", tag = "API keys", params(("id" = ApiKeyId, Path, description = "The key's id.")),
    responses((status = 200, description = "It is gone.", body = Deleted<ApiKeyId>)),
)]
pub async fn delete_api_key(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<Deleted<ApiKeyId>>> {
    Ok(Json(Deleted::new(api_keys::delete(&state.services, &actor.writer()?, &id).await?)))
}
