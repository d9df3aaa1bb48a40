//! What Keyloom does by itself: cleaning up, telling of what ended, sealing the event log, sending messages to webhooks. Each job is
//! idempotent, so that several nodes may run it.

pub mod catalog;
pub mod clock;
pub mod keys;
pub mod refresh;
pub mod webhooks;

use crate::service::connect::KEEP_SECONDS;
use crate::service::{Services, event_log, expiry, webhooks as hooks};
use crate::store;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// When a server that has not said so is not there any more for certain.
const NODE_FORGOTTEN_SECONDS: i64 = 3600;

/// Between two rounds.
const PAUSE: Duration = Duration::from_mins(1);

/// Runs until told to stop.
pub async fn run(services: Services, stop: CancellationToken) {
    loop {
        if let Err(error) = clock::agree(&services).await {
            tracing::warn!(%error, "the database's time could not be learnt; it is tried again");
        }
        if let Err(error) = sweep(&services).await {
            tracing::warn!(%error, "cleaning up failed; it is tried again");
        }
        if let Err(error) = expiry::tell(&services).await {
            tracing::warn!(%error, "what ended could not be told; it is tried again");
        }
        if let Err(error) = event_log::seal(&services).await {
            tracing::warn!(%error, "sealing the event log failed; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Removes what nobody can ask for any more.
pub async fn sweep(services: &Services) -> store::Result<()> {
    let now = services.now();
    let mut conn = services.store.conn().await?;
    let attempts = store::connect_attempts::purge(&mut conn, now).await?;
    let confirmations = store::connect_confirmations::purge(&mut conn, now).await?;
    let choices = store::connect_choices::purge(&mut conn, now).await?;
    let sessions = store::connect_sessions::purge(&mut conn, now.plus_seconds(-KEEP_SECONDS)).await?;
    let tokens = store::end_users::purge_tokens(&mut conn, now).await?;
    let logins = store::logins::purge(&mut conn, now).await?;
    let invitations = store::member_invitations::purge(&mut conn, now).await?;
    let refusals = store::authorize_refusals::purge(&mut conn, now).await?;
    let reports = store::bulk_reports::purge(&mut conn, now).await?;
    let answers = store::idempotency_keys::purge(&mut conn, now).await?;
    let nodes = store::nodes::purge(&mut conn, now.plus_seconds(-NODE_FORGOTTEN_SECONDS)).await?;
    let deliveries = store::webhook_deliveries::purge(&mut conn, now.plus_seconds(-hooks::KEEP_SECONDS)).await?;
    let secrets = store::webhooks::forget_previous(&mut conn, now).await?;
    services.throttle.forget_idle();
    tracing::debug!(
        attempts,
        confirmations,
        choices,
        sessions,
        tokens,
        logins,
        invitations,
        refusals,
        reports,
        answers,
        nodes,
        deliveries,
        secrets,
        "cleaned up"
    );
    Ok(())
}
