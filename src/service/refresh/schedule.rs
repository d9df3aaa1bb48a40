//! When a token is renewed: on use, shortly before it ends; and by itself, before anybody needs it and before the refresh token goes idle.
//!
//! The job takes what is due in small batches, in turn between workspaces, a bounded number at a time for each provider's host. Any
//! number of nodes may do it: one claims a connection by moving its time on, and another one takes over if that time comes again.

use super::{Held, Outcome, When, join, read, ready};
use crate::catalog::Method;
use crate::domain::Timestamp;
use crate::domain::id::ConnectionId;
use crate::service::{Result, Services};
use crate::store;
use crate::store::connections::StoredConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Tokens that live shorter are renewed when they are used, and otherwise only so that the refresh token does not go idle.
const SHORT_LIFE_MS: i64 = 15 * 60 * 1000;
/// How many days a refresh token of short-lived tokens may lie idle where the definition does not say.
const IDLE_DAYS: i64 = 10;
const DAY_MS: i64 = 86_400_000;
/// At most so many refreshes at a time on one node,
const MOST: usize = 48;
/// of one integration so many,
const MOST_OF_ONE: usize = 16;
/// and at one host so many.
const MOST_AT_HOST: usize = 8;
/// While some are under way, others are looked for so often.
const LOOK: Duration = Duration::from_secs(2);
/// How long a claim is good for: longer than a refresh takes.
const CLAIM_SECONDS: i64 = 120;

/// What to do about a token that somebody wants to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good, or cannot be renewed.
    Leave,
    /// It is to be renewed.
    Refresh,
    /// It is to be renewed, but that failed just now.
    BackOff,
    /// It is to be renewed, but refresh tokens are not used now.
    Held(Held),
}

/// Judges from what is stored.
pub(super) fn verdict(services: &Services, connection: &StoredConnection, when: When) -> Verdict {
    let now = services.now();
    let is_final = connection.error.as_ref().is_some_and(|error| error.is_final);
    let wanted = when == When::Now || is_due(connection, &rules(services, connection), now);
    if !connection.renewable || is_final || !wanted {
        return Verdict::Leave;
    }
    if let Some(held) = services.hold.why() {
        return Verdict::Held(held);
    }
    // Whoever asks for it in so many words may try at once, unless it is the provider who said to wait.
    let throttled = connection.error.as_ref().is_some_and(|error| error.code == "provider_throttled");
    if connection.refresh.not_before.is_some_and(|at| at > now) && (when == When::NearExpiry || throttled) { Verdict::BackOff } else { Verdict::Refresh }
}

/// What a connection's method says of when its token is renewed.
#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    margin_seconds: Option<i64>,
    idle_days: Option<i64>,
}

impl Rules {
    fn of(method: &Method) -> Self {
        match (&method.oauth2, &method.login) {
            (Some(oauth2), _) => Self { margin_seconds: oauth2.refresh_margin_seconds, idle_days: oauth2.refresh_idle_days },
            (None, Some(login)) => Self { margin_seconds: login.refresh_margin_seconds, idle_days: None },
            (None, None) => Self::default(),
        }
    }
}

fn rules(services: &Services, connection: &StoredConnection) -> Rules {
    let definition = services.catalog.get(&connection.integration_name);
    definition.as_ref().and_then(|definition| definition.method(&connection.auth_method_key)).map(Rules::of).unwrap_or_default()
}

/// Within five minutes of the end, or the last tenth of a short life; but at least two seconds, since providers count whole ones.
fn margin_ms(life_ms: i64, rules: &Rules) -> i64 {
    match rules.margin_seconds {
        Some(seconds) => seconds.saturating_mul(1000).min(life_ms / 2),
        None => (life_ms / 10).max(2000).min(life_ms / 2).min(5 * 60 * 1000),
    }
}

/// How long the present token lives from when it was given to when it ends.
fn life_ms(connection: &StoredConnection) -> Option<i64> {
    let born = connection.last_refreshed_at.unwrap_or(connection.created_at);
    connection.expires_at.map(|at| at.0.saturating_sub(born.0).max(0))
}

fn is_due(connection: &StoredConnection, rules: &Rules, now: Timestamp) -> bool {
    let (Some(expires_at), Some(life_ms)) = (connection.expires_at, life_ms(connection)) else { return false };
    expires_at.0.saturating_sub(margin_ms(life_ms, rules)) <= now.0
}

/// A connection with a new credential, told when the job renews it.
pub fn scheduled(services: &Services, mut connection: StoredConnection) -> StoredConnection {
    connection.refresh = store::connections::Schedule { due_at: due_at(services, &connection), failures: 0, not_before: None };
    connection
}

/// Before the token's end by twice the margin of those who use it, and somewhat more by chance; before the refresh token goes idle in any
/// case. A short life is left to those who use it: renewing every minute what nobody needs helps nobody.
fn due_at(services: &Services, connection: &StoredConnection) -> Option<Timestamp> {
    if !connection.renewable {
        return None;
    }
    let rules = rules(services, connection);
    let now = services.now();
    let life_ms = life_ms(connection);
    let before_end = connection.expires_at.zip(life_ms).filter(|(_, life_ms)| *life_ms >= SHORT_LIFE_MS).map(|(expires_at, life_ms)| {
        let margin = margin_ms(life_ms, &rules);
        let refused_earlier = rules.margin_seconds.is_some();
        let early = if refused_earlier { margin - services.random_below(margin / 2 + 1) } else { 2 * margin + services.random_below(margin + 1) };
        expires_at.0.saturating_sub(early)
    });
    // What a person entered does not go idle.
    let idle_days = rules.idle_days.or_else(|| connection.expires_at.filter(|_| connection.kind.is_oauth()).map(|_| IDLE_DAYS));
    let before_idle = idle_days.map(|days| {
        let idle_ms = days.saturating_mul(DAY_MS);
        now.0.saturating_add(idle_ms / 10 * 7 + services.random_below(idle_ms / 10))
    });
    before_end.into_iter().chain(before_idle).min().map(Timestamp)
}

/// Refreshes of the job under way, by host. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hosts(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

impl Hosts {
    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts nobody is at are forgotten: there may be one for each customer of a provider.
        hosts.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(MOST_AT_HOST))))
    }
}

/// Renews everything that is due, until nothing is or it is told to stop. Tells how many connections it took on.
pub async fn refresh_due(services: &Services, stop: &CancellationToken) -> Result<usize> {
    let mut round = Round::default();
    let mut taken = 0;
    loop {
        let started = if stop.is_cancelled() || services.hold.why().is_some() { 0 } else { round.start(services).await? };
        taken += started;
        if round.running.is_empty() {
            return Ok(taken);
        }
        tokio::select! {
            () = round.one_done() => {}
            // What hangs must not keep what has become due meanwhile.
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What the job has under way.
#[derive(Default)]
struct Round {
    /// Each ends with its integration. The refresh itself is a task of its own, which shutdown waits for.
    running: JoinSet<String>,
    of: HashMap<String, usize>,
    hosts: Hosts,
}

impl Round {
    /// Claims and starts as many as there is room for.
    async fn start(&mut self, services: &Services) -> Result<usize> {
        let busy: Vec<String> = self.of.iter().filter(|(_, count)| **count >= MOST_OF_ONE).map(|(name, _)| name.clone()).collect();
        let room = MOST.saturating_sub(self.running.len()).min(MOST_OF_ONE);
        if room == 0 {
            return Ok(0);
        }
        let now = services.now();
        let claimed = {
            let mut conn = services.store.conn().await?;
            let limit = i64::try_from(room).unwrap_or(1);
            store::refreshes::claim(&mut conn, &busy, now, now.plus_seconds(CLAIM_SECONDS), limit).await?
        };
        let started = claimed.len();
        for (id, integration) in claimed {
            *self.of.entry(integration.clone()).or_default() += 1;
            let (services, hosts) = (services.clone(), self.hosts.clone());
            self.running.spawn(async move {
                if let Err(error) = refresh_one(&services, &hosts, &id).await {
                    tracing::debug!(connection = %id, %error, "refresh in the background");
                }
                integration
            });
        }
        Ok(started)
    }

    async fn one_done(&mut self) {
        match self.running.join_next().await {
            Some(Ok(integration)) => {
                if let Some(count) = self.of.get_mut(&integration) {
                    *count = count.saturating_sub(1);
                }
            }
            // It panicked, which is logged; whose it was is not known any more.
            Some(Err(_)) => self.of.clear(),
            None => {}
        }
    }
}

async fn refresh_one(services: &Services, hosts: &Hosts, id: &ConnectionId) -> Outcome {
    let connection = read(services, id).await?;
    let is_final = connection.error.as_ref().is_some_and(|error| error.is_final);
    if !connection.renewable || is_final || connection.refresh.not_before.is_some_and(|at| at > services.now()) {
        return Ok(());
    }
    // Where it cannot be told, the refresh itself finds out why, and notes it.
    let url = ready(services, &connection).await.ok().and_then(|ready| ready.source.url());
    let host = url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let semaphore = hosts.of(&host);
    let _permit = semaphore.acquire().await;
    join(services, &connection).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins() {
        assert_eq!(margin_ms(3_600_000, &Rules::default()), 300_000);
        assert_eq!(margin_ms(600_000, &Rules::default()), 60_000);
        assert_eq!(margin_ms(60_000, &Rules::default()), 6_000);
        assert_eq!(margin_ms(3_000, &Rules::default()), 1_500);
    }
}
