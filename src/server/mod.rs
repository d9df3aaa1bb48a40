//! Wiring: what answers which path, behind which layers. The policies themselves are one file each.

pub mod assets;
pub mod authorize;
pub mod changes;
pub mod cookies;
pub mod entropy;
pub mod forms;
pub mod health;
pub mod security;
pub mod serve;
pub mod state;
pub mod trace;

use crate::app::{App, shell};
use crate::{api, hosted};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use state::AppState;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let mut routes = generate_route_list(App);
    // The gallery of components is for those who build Keyloom.
    routes.retain(|route| cfg!(debug_assertions) || route.path() != "/dev/components");
    let options = state.leptos.clone();
    // Whatever acts on cookies: pages, server functions, hosted pages.
    let cookie_borne = Router::new()
        .route("/dashboard/authorize", post(authorize::start))
        .route("/dashboard/authorize/{client_ref}", get(authorize::status))
        .route("/dashboard/connect-link", post(forms::connect_link))
        .route("/dashboard/workspaces/{id}/logo", post(forms::workspace_logo))
        .route(security::CHANGES, get(changes::changed))
        .merge(hosted::router())
        .leptos_routes(&state, routes, move || shell(options.clone()))
        .layer(from_fn(security::page_headers))
        .layer(from_fn_with_state(state.clone(), security::require_login))
        .layer(from_fn(security::require_provenance))
        .layer(CsrfLayer::new())
        .layer(DefaultBodyLimit::max(256 * 1024));
    Router::new()
        .nest("/api/v1", api::router(&state))
        // Not under the CSRF layer: with response_mode=form_post the provider's page posts here.
        .merge(hosted::callback_router())
        .merge(hosted::reference::router())
        .merge(cookie_borne)
        .route("/health", get(health::health))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(assets::serve)
        .layer(from_fn_with_state(state.clone(), security::redirect_foreign_host))
        .layer(from_fn_with_state(state.clone(), security::common_headers))
        .layer(CatchPanicLayer::custom(trace::panicked))
        .layer(from_fn_with_state(state.clone(), trace::trace))
        .with_state(state)
}
