//! One refresh of a connection at a time, on all nodes together.
//!
//! The row says who is at it: a lease, which the holder keeps moving on. Whether a holder on this machine lives is told by its file
//! (`nodes`), so that a killed one is followed at once. A living one's lease does not end by the clock, which may be set meanwhile: only if
//! it has not been moved on for as long. Of a holder elsewhere the lease alone tells.
//!
//! On SQLite that is the lock. On PostgreSQL an advisory lock comes first, which the server frees as soon as the holder dies, wherever it
//! is; then the lease counts for nothing. But the locks of all end with the server too, and a holder that lives through that may have the
//! new tokens in its hands: who has come back to the server only just now therefore heeds the lease for as long as a lease lasts.
//!
//! No transaction is open while the provider is asked. Should a lock get lost all the same, the version check at the end keeps the later
//! writer from overwriting the earlier one.

use super::nodes::State;
use super::{Seen, read};
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error};
use crate::service::{Result, Services};
use crate::store::refreshes::Lease;
use crate::store::{self, Backend};
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How long a holder is believed to be alive, if it does not say so again.
const LEASE_SECONDS: i64 = 15;
const LEASE: Duration = Duration::from_secs(15);
/// How often it says that it is.
const RENEWAL: Duration = Duration::from_secs(4);
/// Between two looks at a lock that somebody else has; somewhat more by chance.
const PAUSE_MS: i64 = 40;
/// How long a caller waits: two questions to a provider that does not answer, and a little.
const PATIENCE: Duration = Duration::from_secs(40);

/// A held lock. It is given back by [`Lock::release`].
pub(super) struct Lock {
    id: ConnectionId,
    /// Of the lease.
    owner: String,
    /// PostgreSQL's.
    key: Option<i64>,
}

/// Waits for the lock. Without one: what the caller saw has changed meanwhile, so that there is nothing left to do.
pub(super) async fn acquire(services: &Services, id: &ConnectionId, seen: Seen) -> Result<Option<Lock>> {
    let started = Instant::now();
    let mut watched = Watched::default();
    // Looked at between tries only: one that is broken off could leave a lock that nobody gives back.
    while started.elapsed() < PATIENCE {
        if let Some(lock) = try_take(services, id, &mut watched).await? {
            return Ok(Some(lock));
        }
        let pause = PAUSE_MS + services.random_below(PAUSE_MS);
        tokio::time::sleep(Duration::from_millis(u64::try_from(pause).unwrap_or(50))).await;
        if read(services, id).await?.version != seen.version {
            return Ok(None);
        }
    }
    Err(Error::new(Code::RefreshFailed, "Another server is renewing this connection's token, and has not come to an end").suggest("Try again in a minute"))
}

/// A lock that somebody else has, and since when it has been seen just so.
#[derive(Default)]
struct Watched(Option<(Lease, Instant)>);

impl Watched {
    /// For how long the holder has not moved it on.
    fn still(&mut self, lease: &Lease) -> Duration {
        match &self.0 {
            Some((seen, since)) if seen == lease => since.elapsed(),
            _ => {
                self.0 = Some((lease.clone(), Instant::now()));
                Duration::ZERO
            }
        }
    }
}

async fn try_take(services: &Services, id: &ConnectionId, watched: &mut Watched) -> Result<Option<Lock>> {
    if services.store.backend() == Backend::Sqlite {
        let owner = take_lease(services, id, watched, true).await?;
        return Ok(owner.map(|owner| Lock { id: id.clone(), owner, key: None }));
    }
    let key = key_of(id);
    if !services.store.try_lock(key).await? {
        return Ok(None);
    }
    let heeded = services.store.lock_session_age() < LEASE;
    let taken = take_lease(services, id, watched, heeded).await;
    if !matches!(taken, Ok(Some(_))) {
        services.store.unlock(key).await;
    }
    Ok(taken?.map(|owner| Lock { id: id.clone(), owner, key: Some(key) }))
}

/// Writes into the row that this node is at it; as who. If others' leases are heeded, not while somebody else is.
async fn take_lease(services: &Services, id: &ConnectionId, watched: &mut Watched, heeded: bool) -> Result<Option<String>> {
    let now = services.now();
    let owner = format!("{}/{:032x}", services.nodes.own(services.new_id_bits()), services.new_id_bits());
    let mut conn = services.store.conn().await?;
    let held = store::refreshes::lease(&mut conn, id).await?;
    if heeded && held.as_ref().is_some_and(|lease| !is_over(services, lease, watched)) {
        return Ok(None);
    }
    let taken = store::refreshes::take_lease(&mut conn, id, held.as_ref(), &owner, now.plus_seconds(LEASE_SECONDS)).await?;
    Ok(taken.then_some(owner))
}

fn is_over(services: &Services, lease: &Lease, watched: &mut Watched) -> bool {
    let node = lease.owner.split_once('/').map_or("", |(node, _)| node);
    match services.nodes.state(node) {
        State::Dead => true,
        // It may have failed to give it back.
        State::Alive => watched.still(lease) >= LEASE,
        // On PostgreSQL it could not move it on while the server was away; leases are heeded for long enough to do so now.
        State::Unknown => services.store.backend() == Backend::Sqlite && lease.until <= services.now(),
    }
}

impl Lock {
    /// Keeps it for as long as this is polled.
    pub async fn keep_alive(&self, services: &Services) -> Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let renewed = async {
                let mut conn = services.store.conn().await?;
                store::refreshes::extend_lease(&mut conn, &self.id, &self.owner, services.now().plus_seconds(LEASE_SECONDS)).await
            };
            if let Err(error) = renewed.await {
                tracing::warn!(connection = %self.id, %error, "the refresh lock could not be kept; it is tried again");
            }
        }
    }

    /// Gives it back.
    pub async fn release(self, services: &Services) {
        let freed = async { store::refreshes::free_lease(&mut *services.store.conn().await?, &self.id, &self.owner).await };
        if let Err(error) = freed.await {
            tracing::warn!(connection = %self.id, %error, "a refresh lock could not be given back; it ends by itself");
        }
        if let Some(key) = self.key {
            services.store.unlock(key).await;
        }
    }
}

/// Advisory locks are numbers.
fn key_of(id: &ConnectionId) -> i64 {
    let hash = Sha256::digest(format!("keyloom refresh {}", id.as_str()));
    let (first, _) = hash.split_at(8);
    i64::from_be_bytes(<[u8; 8]>::try_from(first).unwrap_or_default())
}
