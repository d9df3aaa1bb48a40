//! Renews tokens before they are needed, brings home what is in the journal, and tells providers of grants that ended. Each goes its own
//! way, so that a provider that hangs holds up nothing but itself.

use crate::service::{Result, Services, oauth_app_check, refresh, revocation};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks, and somewhat more by chance.
const PAUSE_MS: i64 = 2000;

/// Runs until told to stop.
pub async fn run(services: Services, stop: CancellationToken) {
    let (services, stop) = (&services, &stop);
    tokio::join!(
        again_and_again(services, stop, "due tokens", || async { refresh::schedule::refresh_due(services, stop).await.map(|_| ()) }.boxed()),
        again_and_again(services, stop, "the journal", || async { refresh::journal::replay(services).await.map(|_| ()) }.boxed()),
        again_and_again(services, stop, "grants that ended", || async { revocation::revoke_due(services).await.map(|_| ()) }.boxed()),
        again_and_again(services, stop, "OAuth apps with a problem", || oauth_app_check::recheck(services).boxed()),
    );
}

async fn again_and_again<'a>(services: &Services, stop: &CancellationToken, what: &str, look: impl Fn() -> BoxFuture<'a, Result<()>>) {
    while !stop.is_cancelled() {
        if let Err(error) = look().await {
            tracing::warn!(what, %error, "a round of a job failed; it is tried again");
        }
        let pause = PAUSE_MS + services.random_below(PAUSE_MS / 2);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())) => {}
        }
    }
}
