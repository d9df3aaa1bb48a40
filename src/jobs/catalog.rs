//! Keeps this node's catalogue in step with the custom integrations, which any node may change.

use crate::service::{Services, custom_integrations};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks, each of which reads one number.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs until told to stop.
pub async fn follow(services: Services, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        step(&services).await;
    }
}

/// One look. What fails is tried again with the next.
pub async fn step(services: &Services) {
    if let Err(error) = custom_integrations::reload(services).await {
        tracing::warn!(%error, "custom integrations could not be read; it is tried again");
    }
}
