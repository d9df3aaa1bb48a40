//! Health for load balancers, metrics for Prometheus.

use super::state::AppState;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use subtle::ConstantTimeEq as _;

/// `GET /health`, as the published clients expect it.
pub async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "healthy" }))
}

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok"
}

/// The process can serve: the database answers.
pub async fn readyz(State(state): State<AppState>) -> Response {
    match state.services.store.ping().await {
        Ok(()) => match state.services.hold.why() {
            None => "ready".into_response(),
            Some(held) => format!("ready. {}. {}", held.sentence(), held.remedy()).into_response(),
        },
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// For loopback peers that no proxy speaks for, or with the bearer.
pub async fn metrics(State(state): State<AppState>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let known = state.config.metrics_token.as_ref().is_some_and(|token| token.expose().as_bytes().ct_eq(bearer.as_bytes()).into());
    let local = peer.ip().is_loopback() && !headers.contains_key("x-forwarded-for") && !headers.contains_key("forwarded");
    match (&state.metrics, known || local) {
        (Some(metrics), true) => metrics.render().into_response(),
        (None, true) => StatusCode::NOT_FOUND.into_response(),
        (_, false) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
