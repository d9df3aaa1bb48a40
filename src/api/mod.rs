//! REST under `/api/v1`: one file per noun, thin: extract, call the service, answer.
//!
//! Names follow `<verb>_<resource>`. Every answer of this tree is JSON, also for unknown paths and methods; errors are made in
//! `error.rs`, bodies and queries are read in `extract.rs`.

mod api_keys;
mod auth;
mod connect;
mod connections;
mod end_users;
pub mod error;
mod extract;
mod idempotency;
mod integrations;
mod oauth_apps;
mod rate_limit;
mod workspace_integrations;
mod workspaces;

pub use rate_limit::RateLimits;

use crate::domain::{Code, Error};
use crate::server::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use error::ApiError;

/// What handlers return.
type Answer<T = Response> = Result<T, ApiError>;

/// Everything under `/api/v1`.
pub fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/connections", get(connections::list_connections).post(connections::create_connection))
        .route("/connections/resolve", post(connections::resolve_connection))
        .route("/connections/resolve-batch", post(connections::resolve_connections))
        .route("/connections/{id}", get(connections::get_connection).patch(connections::update_connection).delete(connections::delete_connection))
        .route("/connections/{id}/credentials", post(connections::read_credentials))
        .route("/connections/{id}/refresh", post(connections::refresh_connection))
        .route("/connections/{id}/test", post(connections::test_connection))
        .route("/connections/{id}/events", get(connections::list_connection_events))
        .route("/connect/token", post(connect::create_connect_token))
        .route("/connect/session/poll", post(connect::poll_session).options(connect::poll_preflight))
        .route("/connect/session/{id}", get(connect::get_session))
        .route("/end-users", get(end_users::list_end_users).post(end_users::create_end_user))
        .route("/end-users/{id}", get(end_users::get_end_user).patch(end_users::update_end_user).delete(end_users::delete_end_user))
        .route("/end-users/{id}/connect-token", post(end_users::create_end_user_token))
        .route("/end-users/{id}/invite", post(end_users::invite_end_user))
        .route("/integrations", get(integrations::list_integrations))
        .route("/integrations/oauth-status", get(integrations::get_oauth_status))
        .route("/integrations/{name}", post(integrations::create_integration).put(integrations::replace_integration).delete(integrations::delete_integration))
        .route("/oauth-apps", get(oauth_apps::list_oauth_apps).post(oauth_apps::create_oauth_app))
        .route("/oauth-apps/{id}", get(oauth_apps::get_oauth_app).patch(oauth_apps::update_oauth_app).delete(oauth_apps::delete_oauth_app))
        .route("/oauth-apps/{id}/check", post(oauth_apps::check_oauth_app))
        .route("/workspaces", get(workspaces::list_workspaces).post(workspaces::create_workspace))
        .route("/workspaces/{id}", get(workspaces::get_workspace).patch(workspaces::update_workspace).delete(workspaces::delete_workspace))
        .route(
            "/workspaces/{id}/integrations",
            get(workspace_integrations::list_workspace_integrations).post(workspace_integrations::create_workspace_integration),
        )
        .route(
            "/workspaces/{id}/integrations/{wi_id}",
            patch(workspace_integrations::update_workspace_integration).delete(workspace_integrations::delete_workspace_integration),
        )
        .route("/api-keys", get(api_keys::list_api_keys).post(api_keys::create_api_key))
        .route("/api-keys/{id}", axum::routing::delete(api_keys::delete_api_key))
        .route_layer(from_fn_with_state(state.clone(), idempotency::once))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(from_fn_with_state(state.clone(), rate_limit::limit))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
}

async fn not_found() -> Response {
    ApiError(Error::new(Code::NotFound, "There is nothing at this path").suggest("The paths are listed in the API documentation")).into_response()
}

async fn method_not_allowed() -> Response {
    ApiError(Error::new(Code::MethodNotAllowed, "This path does not take this method")).into_response()
}
