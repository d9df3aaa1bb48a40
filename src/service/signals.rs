//! Wakes those who wait for a session. Only a hint: waiters re-read the database, and do so once a second anyway, since the
//! change may have happened on another node.

use crate::domain::id::SessionId;
use std::time::Duration;
use tokio::sync::broadcast;

/// Hints about sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signals(broadcast::Sender<SessionId>);

impl Default for Signals {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

/// Waits for hints about one session.
pub struct Waiter {
    receiver: broadcast::Receiver<SessionId>,
    id: SessionId,
}

impl Signals {
    /// Something happened to `id`.
    pub fn notify(&self, id: &SessionId) {
        let _ = self.0.send(id.clone());
    }

    /// Subscribe before reading, so that nothing between reading and waiting is missed.
    pub fn waiter(&self, id: &SessionId) -> Waiter {
        Waiter { receiver: self.0.subscribe(), id: id.clone() }
    }
}

impl Waiter {
    /// Returns when there may be news: on a hint, or after a second.
    pub async fn changed(&mut self) {
        let hint = async {
            loop {
                match self.receiver.recv().await {
                    Ok(id) if id == self.id => return,
                    Ok(_) => {}
                    // Too many to keep up with, or shutting down: look again.
                    Err(_) => return tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), hint).await;
    }
}
