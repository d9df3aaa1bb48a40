//! Keeps this node in step with changes of keys, and on the list of those that a change waits for.

use crate::service::Services;
use crate::service::key_rotation::Follower;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks, each of which reads a few short rows.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs until told to stop.
pub async fn follow(services: Services, mut follower: Follower, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = follower.step(&services).await {
            tracing::warn!(%error, "keys could not be looked at; it is tried again");
        }
    }
    follower.leave(&services).await;
}
