//! `/oauth-apps`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params};
use super::openapi::PageParams;
use super::path::At;
use crate::domain::id::OAuthAppId;
use crate::domain::oauth_app::{AppCheck, OAuthApp};
use crate::server::state::AppState;
use crate::service::oauth_app_check;
use crate::service::oauth_apps::{self, AppPatch, NewApp};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{oauthApp}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OAuthAppAnswer {
    oauth_app: OAuthApp,
}

/// `{oauthApps, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OAuthAppList {
    /// Newest first.
    oauth_apps: Vec<OAuthApp>,
    /// How many there are.
    total: usize,
    /// Where the next page starts; null on the last.
    next_cursor: Option<OAuthAppId>,
}

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppParams {
    /// Only of this integration.
    integration_name: Option<String>,
}

/// List OAuth apps
///
/// The operator's (platform), one per integration, and those of workspaces (custom). Never their secrets.
#[utoipa::path(
    get, path = "/oauth-apps", tag = "OAuth apps", params(AppParams, PageParams),
    responses((status = 200, description = "A page of OAuth apps.", body = OAuthAppList)),
)]
pub async fn list_oauth_apps(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<AppParams>) -> Answer<Json<OAuthAppList>> {
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
    Ok(Json(OAuthAppList { oauth_apps: shown, total, next_cursor }))
}

/// Create an OAuth app
///
/// A client registration at a provider: with `workspaceId` that workspace's own, without the platform's (organisation keys only).
/// Register the answer's `callbackUrl` at the provider.
#[utoipa::path(
    post, path = "/oauth-apps", tag = "OAuth apps", request_body = NewApp,
    responses((status = 201, description = "The OAuth app, without its secret.", body = OAuthAppAnswer)),
    extensions(("x-error-codes" = json!(["NOT_OAUTH2", "FORBIDDEN", "NOT_FOUND", "INTEGRATION_NOT_FOUND", "DUPLICATE"]))),
)]
pub async fn create_oauth_app(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewApp>) -> Answer {
    let oauth_app = oauth_apps::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(OAuthAppAnswer { oauth_app })).into_response())
}

/// Get an OAuth app
///
/// Without its secret.
#[utoipa::path(
    get, path = "/oauth-apps/{id}", tag = "OAuth apps", params(("id" = OAuthAppId, Path, description = "The OAuth app's id.")),
    responses((status = 200, description = "The OAuth app.", body = OAuthAppAnswer)),
)]
pub async fn get_oauth_app(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<OAuthAppAnswer>> {
    Ok(Json(OAuthAppAnswer { oauth_app: oauth_apps::get(&state.services, &actor.reader()?, &id).await? }))
}

/// Change an OAuth app
///
/// What is absent stays. Apps from the environment are changed there: 403.
#[utoipa::path(
    patch, path = "/oauth-apps/{id}", tag = "OAuth apps", params(("id" = OAuthAppId, Path, description = "The OAuth app's id.")),
    request_body = AppPatch,
    responses((status = 200, description = "The OAuth app as it is now.", body = OAuthAppAnswer)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "INTEGRATION_NOT_FOUND"]))),
)]
pub async fn update_oauth_app(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(patch): Body<AppPatch>,
) -> Answer<Json<OAuthAppAnswer>> {
    Ok(Json(OAuthAppAnswer { oauth_app: oauth_apps::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// Delete an OAuth app
///
/// Connections made with it stay, and can no longer be refreshed.
#[utoipa::path(
    delete, path = "/oauth-apps/{id}", tag = "OAuth apps", params(("id" = OAuthAppId, Path, description = "The OAuth app's id.")),
    responses((status = 200, description = "It is gone.", body = Deleted<OAuthAppId>)),
    extensions(("x-error-codes" = json!(["FORBIDDEN"]))),
)]
pub async fn delete_oauth_app(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    _: Params<Nothing>,
) -> Answer<Json<Deleted<OAuthAppId>>> {
    Ok(Json(Deleted::new(oauth_apps::delete(&state.services, &actor.writer()?, &id).await?)))
}

/// `{check}`
#[derive(Serialize, ToSchema)]
pub struct CheckAnswer {
    check: AppCheck,
}

/// Check an OAuth app
///
/// Asks the provider, with a code that cannot be right, what it thinks of client and redirect URI: tells a redirect mismatch from
/// a wrong client.
#[utoipa::path(
    post, path = "/oauth-apps/{id}/check", tag = "OAuth apps", params(("id" = OAuthAppId, Path, description = "The OAuth app's id.")),
    request_body = Nothing,
    responses((status = 200, description = "What was found out.", body = CheckAnswer)),
    extensions(("x-error-codes" = json!(["NO_OAUTH_APP", "FORBIDDEN", "INTEGRATION_NOT_FOUND", "EGRESS_BLOCKED", "PROVIDER_ERROR"]))),
)]
pub async fn check_oauth_app(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(_): Body<Nothing>) -> Answer<Json<CheckAnswer>> {
    // Visibility is judged before rights: what a key cannot see is not there.
    oauth_apps::get(&state.services, &actor.reader()?, &id).await?;
    Ok(Json(CheckAnswer { check: oauth_app_check::check(&state.services, &actor.writer()?, &id).await? }))
}
