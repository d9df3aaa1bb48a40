//! One refresh of a connection at a time, on all nodes together.
//!
//! On PostgreSQL it is an advisory lock, which the server frees when the holder dies. On SQLite the row says who holds it; whether that
//! process lives is told by its file (`nodes`), so that a killed one is followed at once. Where there is no file, the row also says until
//! when the holder is believed, which the holder keeps moving on. A living holder's lock does not end by the clock, which may be set
//! meanwhile: only if it has not been moved on for as long. No transaction is open while the provider is asked. Should a lock get lost all
//! the same, the version check at the end keeps the later writer from overwriting the earlier one.

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

/// How long a holder on SQLite is believed to be alive, if it does not say so again.
const LEASE_SECONDS: i64 = 15;
const LEASE: Duration = Duration::from_secs(15);
/// How often it says that it is.
const RENEWAL: Duration = Duration::from_secs(4);
/// Between two looks at a lock that somebody else has; somewhat more by chance.
const PAUSE_MS: i64 = 40;
/// How long a caller waits: two questions to a provider that does not answer, and a little.
const PATIENCE: Duration = Duration::from_secs(40);

/// A held lock. It is given back by [`Lock::release`].
pub(super) enum Lock {
    Session { key: i64 },
    Lease { id: ConnectionId, owner: String },
}

/// Waits for the lock. Without one: what the caller saw has changed meanwhile, so that there is nothing left to do.
pub(super) async fn acquire(services: &Services, id: &ConnectionId, seen: Seen) -> Result<Option<Lock>> {
    let waiting = async {
        let mut watched = Watched::default();
        loop {
            if let Some(lock) = try_take(services, id, &mut watched).await? {
                return Ok(Some(lock));
            }
            let pause = PAUSE_MS + services.random_below(PAUSE_MS);
            tokio::time::sleep(Duration::from_millis(u64::try_from(pause).unwrap_or(50))).await;
            if read(services, id).await?.version != seen.version {
                return Ok(None);
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| {
        Err(Error::new(Code::RefreshFailed, "Another server is renewing this connection's token, and has not come to an end").suggest("Try again in a minute"))
    })
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
    match services.store.backend() {
        Backend::Postgres => {
            let key = key_of(id);
            Ok(services.store.try_lock(key).await?.then_some(Lock::Session { key }))
        }
        Backend::Sqlite => {
            let now = services.now();
            let owner = format!("{}/{:032x}", services.nodes.own(services.new_id_bits()), services.new_id_bits());
            let mut conn = services.store.conn().await?;
            let held = store::refreshes::lease(&mut conn, id).await?;
            if held.as_ref().is_some_and(|lease| !is_over(services, lease, watched)) {
                return Ok(None);
            }
            let taken = store::refreshes::take_lease(&mut conn, id, held.as_ref(), &owner, now.plus_seconds(LEASE_SECONDS)).await?;
            Ok(taken.then(|| Lock::Lease { id: id.clone(), owner }))
        }
    }
}

fn is_over(services: &Services, lease: &Lease, watched: &mut Watched) -> bool {
    let node = lease.owner.split_once('/').map_or("", |(node, _)| node);
    match services.nodes.state(node) {
        State::Dead => true,
        // It may have failed to give it back.
        State::Alive => watched.still(lease) >= LEASE,
        State::Unknown => lease.until <= services.now(),
    }
}

impl Lock {
    /// Keeps it for as long as this is polled.
    pub async fn keep_alive(&self, services: &Services) -> Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            if let Self::Lease { id, owner } = self {
                let renewed = async {
                    let mut conn = services.store.conn().await?;
                    store::refreshes::extend_lease(&mut conn, id, owner, services.now().plus_seconds(LEASE_SECONDS)).await
                };
                if let Err(error) = renewed.await {
                    tracing::warn!(connection = %id, %error, "the refresh lock could not be kept; it is tried again");
                }
            }
        }
    }

    /// Gives it back.
    pub async fn release(self, services: &Services) {
        match self {
            Self::Session { key } => services.store.unlock(key).await,
            Self::Lease { id, owner } => {
                let freed = async { store::refreshes::free_lease(&mut *services.store.conn().await?, &id, &owner).await };
                if let Err(error) = freed.await {
                    tracing::warn!(connection = %id, %error, "a refresh lock could not be given back; it ends by itself");
                }
            }
        }
    }
}

/// Advisory locks are numbers.
fn key_of(id: &ConnectionId) -> i64 {
    let hash = Sha256::digest(format!("keyloom refresh {}", id.as_str()));
    let (first, _) = hash.split_at(8);
    i64::from_be_bytes(<[u8; 8]>::try_from(first).unwrap_or_default())
}
