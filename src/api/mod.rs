//! REST under `/api/v1`: one file per noun, thin: extract, call the service, answer.
//!
//! Names follow `<verb>_<resource>`. Every answer of this tree is JSON, also for unknown paths and methods; errors are made in
//! `error.rs`, bodies and queries are read in `extract.rs`. What each handler says of itself (`utoipa::path`) becomes the
//! document in `openapi.rs`; its examples are in `examples.rs`.

mod actions;
mod answers;
mod api_keys;
mod auth;
mod connect;
mod connections;
mod end_users;
pub mod error;
mod events;
mod examples;
mod extract;
mod idempotency;
mod integrations;
mod oauth_apps;
pub mod openapi;
mod path;
mod rate_limit;
mod webhooks;
mod workspace_integrations;
mod workspaces;

pub use rate_limit::RateLimits;

use crate::domain::{Code, Error};
use crate::server::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use error::ApiError;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

/// What handlers return.
type Answer<T = Response> = Result<T, ApiError>;

/// Every route with its documentation: a handler gets in only by `routes!`, which takes its path from what it says of itself.
fn routes() -> OpenApiRouter<AppState> {
    // Not an operation of the API: the question a browser asks first.
    let poll = routes!(connect::poll_session).map(|methods| methods.options(connect::poll_preflight));
    OpenApiRouter::with_openapi(openapi::preamble())
        .routes(routes!(connections::list_connections, connections::create_connection))
        .routes(routes!(connections::resolve_connection))
        .routes(routes!(connections::resolve_connections))
        .routes(routes!(connections::get_connection, connections::update_connection, connections::delete_connection))
        .routes(routes!(connections::read_credentials))
        .routes(routes!(connections::refresh_connection))
        .routes(routes!(connections::test_connection))
        .routes(routes!(connections::list_connection_events))
        .routes(routes!(actions::execute_action))
        .routes(routes!(connect::create_connect_token))
        .routes(poll)
        .routes(routes!(connect::get_session))
        .routes(routes!(connect::complete_session))
        .routes(routes!(end_users::list_end_users, end_users::create_end_user))
        .routes(routes!(end_users::get_end_user, end_users::update_end_user, end_users::delete_end_user))
        .routes(routes!(end_users::create_end_user_token))
        .routes(routes!(end_users::invite_end_user))
        .routes(routes!(integrations::list_integrations))
        .routes(routes!(integrations::get_oauth_status))
        .routes(routes!(integrations::discover_integration))
        .routes(routes!(integrations::create_integration_from_url))
        .routes(routes!(integrations::create_integration, integrations::replace_integration, integrations::delete_integration))
        .routes(routes!(oauth_apps::list_oauth_apps, oauth_apps::create_oauth_app))
        .routes(routes!(oauth_apps::get_oauth_app, oauth_apps::update_oauth_app, oauth_apps::delete_oauth_app))
        .routes(routes!(oauth_apps::check_oauth_app))
        .routes(routes!(workspaces::list_workspaces, workspaces::create_workspace))
        .routes(routes!(workspaces::get_workspace, workspaces::update_workspace, workspaces::delete_workspace))
        .routes(routes!(workspace_integrations::list_workspace_integrations, workspace_integrations::create_workspace_integration))
        .routes(routes!(workspace_integrations::update_workspace_integration, workspace_integrations::delete_workspace_integration))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::delete_api_key))
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(webhooks::get_webhook, webhooks::update_webhook, webhooks::delete_webhook))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::list_webhook_deliveries))
        .routes(routes!(webhooks::replay_webhook_delivery))
        .routes(routes!(events::list_events))
        .routes(routes!(openapi::get_openapi))
}

/// Everything under `/api/v1`.
pub fn router(state: &AppState) -> Router<AppState> {
    Router::from(routes())
        .route_layer(from_fn_with_state(state.clone(), idempotency::once))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(from_fn_with_state(state.clone(), rate_limit::limit))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
}

async fn not_found() -> Response {
    ApiError(Error::new(Code::NotFound, "There is nothing at this path").suggest("The paths are listed in /api/v1/openapi.json")).into_response()
}

async fn method_not_allowed() -> Response {
    ApiError(Error::new(Code::MethodNotAllowed, "This path does not take this method")).into_response()
}
