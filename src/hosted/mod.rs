//! Pages for end users: `/connect`, the portal, the provider's callback; and `/login` and `/setup`, which share their looks.
//!
//! Plain HTML rendered by Leptos on the server, without hydration and without a line of inline script: they work on any phone and
//! with JavaScript off, and answer a bad form with the form itself, filled in, and a status that says so. `views.rs` draws them,
//! `texts/` holds their words. `reference/` is for developers: the API's reference.

pub mod browser;
mod callback;
mod connect;
mod forms;
#[cfg(debug_assertions)]
mod gallery;
mod login;
mod portal;
mod question;
pub mod reference;
pub mod texts;
pub mod views;

use crate::server::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// Pages and forms that act on cookies.
pub fn router() -> Router<AppState> {
    #[cfg(debug_assertions)]
    let router = Router::new().route("/dev/hosted", get(gallery::page));
    #[cfg(not(debug_assertions))]
    let router = Router::new();
    router
        .route("/connect", get(connect::arrive))
        .route("/connect/accent/{file}", get(connect::accent))
        .route("/connect/logo/{workspace}/{file}", get(connect::logo))
        .route("/connect/portal", get(portal::page))
        .route("/connect/portal/start", post(portal::start))
        .route("/connect/portal/test", post(portal::test))
        .route("/connect/portal/disconnect", post(portal::disconnect))
        .route("/connect/{id}", get(connect::page).post(connect::submit))
        .route("/connect/portal/started", post(portal::started))
        .route("/connect/portal/not-started", post(portal::not_started))
        .route("/connect/{id}/started", post(connect::started))
        .route("/connect/{id}/not-started", post(connect::not_started))
        .route("/connect/{id}/choose", post(connect::choose))
        .route("/connect/{id}/cancel", post(connect::cancel))
        .route("/connect/{id}/different", post(connect::different))
        .route("/login", get(login::page).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/setup", get(login::setup_page).post(login::setup))
}

/// Where providers send browsers back to.
pub fn callback_router() -> Router<AppState> {
    Router::new().route("/oauth/callback/{app}", get(callback::returned).post(callback::posted))
}
