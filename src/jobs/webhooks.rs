//! Sends messages to webhooks: at once when one is written on this node, within a second when on another, and again when it is time.

use crate::service::{Services, webhook_sender};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two looks without a hint.
const PAUSE: Duration = Duration::from_secs(1);
/// After a hint: several messages written at nearly the same moment are looked for once.
const BREATH: Duration = Duration::from_millis(10);
/// Most messages under way on this node.
const MOST: usize = 32;
/// Most of them to one webhook: a receiver that answers slowly does not hold up the others.
const MOST_OF_ONE: usize = 4;

/// Runs until told to stop, then waits for what is under way.
pub async fn run(services: Services, stop: CancellationToken) {
    let mut sending = Sending::default();
    while !stop.is_cancelled() {
        if let Err(error) = sending.start_due(&services).await {
            tracing::warn!(%error, "messages to webhooks could not be looked for; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sending.one_done() => {}
            () = services.outbox.woken() => tokio::time::sleep(BREATH).await,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    while !sending.tasks.is_empty() {
        sending.one_done().await;
    }
}

/// What is under way.
#[derive(Default)]
struct Sending {
    tasks: JoinSet<String>,
    /// By webhook, how many.
    of: HashMap<String, usize>,
}

impl Sending {
    /// Starts sending what is due, as far as there is room.
    async fn start_due(&mut self, services: &Services) -> crate::service::Result<()> {
        while self.tasks.len() < MOST {
            let busy: Vec<String> = self.of.iter().filter(|(_, count)| **count >= MOST_OF_ONE).map(|(webhook, _)| webhook.clone()).collect();
            let room = i64::try_from(MOST - self.tasks.len()).unwrap_or(1);
            let due = webhook_sender::due(services, &busy, room).await?;
            let mut started = false;
            for (id, webhook) in due {
                let count = self.of.entry(webhook.clone()).or_default();
                if *count >= MOST_OF_ONE {
                    continue;
                }
                *count += 1;
                // Claimed here, one after the other: what is due at the next look is not what was just started.
                match webhook_sender::start(services, &id).await {
                    Ok(Some(claimed)) => {
                        started = true;
                        let services = services.clone();
                        self.tasks.spawn(async move {
                            if let Err(error) = webhook_sender::deliver(&services, claimed).await {
                                tracing::warn!(delivery = id, %error, "what became of a message is not known; it is sent again");
                            }
                            webhook
                        });
                    }
                    // Another node has it.
                    Ok(None) => self.release(&webhook),
                    Err(error) => {
                        self.release(&webhook);
                        return Err(error);
                    }
                }
            }
            if !started {
                break;
            }
        }
        Ok(())
    }

    /// Waits until one has been sent; for ever if there is none.
    async fn one_done(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(webhook)) => self.release(&webhook),
            // It panicked, which is logged; whose it was is not known any more.
            Some(Err(_)) => self.of.clear(),
            None => std::future::pending().await,
        }
    }

    fn release(&mut self, webhook: &str) {
        if let Some(count) = self.of.get_mut(webhook) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(webhook);
            }
        }
    }
}
