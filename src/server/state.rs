//! What handlers share.

use crate::api::RateLimits;
use crate::config::Config;
use crate::service::Services;
use axum::extract::FromRef;
use leptos::prelude::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;

/// Shared by all handlers. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// Use cases and what they need.
    pub services: Services,
    /// Rate limits.
    pub limits: RateLimits,
    /// Leptos' options.
    pub leptos: LeptosOptions,
    /// Settings.
    pub config: Arc<Config>,
    /// Metrics, where this process has a recorder.
    pub metrics: Option<PrometheusHandle>,
}
