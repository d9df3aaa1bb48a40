//! One time for all nodes: the database's. What a node whose clock is wrong wrote about the end of a token would mislead the others:
//! they would give it out when it has ended, or renew it again and again.

use crate::service::{Result, Services};

/// Below this it is not worth it: everything that hangs on time allows for two seconds.
const DRIFT_MS: i64 = 1000;

/// Moves this node's clock to the database's where they differ.
pub async fn agree(services: &Services) -> Result<()> {
    let asked = services.now();
    let theirs = services.store.time_ms().await?;
    let now = services.now();
    // They said it half-way.
    let drift = now.0 - (now.0 - asked.0) / 2 - theirs;
    if drift.abs() > DRIFT_MS {
        services.clock.advance_ms(-drift);
        tracing::warn!(seconds = drift / 1000, "this machine's clock is wrong; the database's time is used instead. Set both by NTP");
    }
    Ok(())
}
