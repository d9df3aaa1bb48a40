//! Keeping access tokens alive. One rule above all: a new token is written before it is used or returned.
//!
//! In this process one refresh per connection runs at a time, in a task of its own that the asking request does not take with
//! it when it goes away, and that shutdown waits for. Between processes a lock sees to the same (`lock`). Inside it the connection is read
//! again, the provider is asked (`source`: with a refresh token, or with what a person entered), and what it gave is written (`keep`) if
//! nobody wrote in between; should the database be away, it goes
//! sealed into a file first (`journal`). What a failure means and when to try again is in `failure`; what is renewed by itself, and when,
//! in `schedule`.

#[cfg(debug_assertions)]
mod fail_point;
mod failure;
pub mod hold;
pub mod journal;
mod keep;
mod lock;
mod nodes;
pub mod schedule;
mod source;

pub use hold::{Held, Hold};
pub use journal::Journal;
pub use nodes::Nodes;
pub use schedule::scheduled;

use super::{Result, Services};
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error};
use crate::store;
use crate::store::connections::StoredConnection;
use crate::vault::Credential;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use source::{Ready, Trouble, ready};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

/// When to refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Only if the token ends soon.
    NearExpiry,
    /// In any case.
    Now,
}

type Outcome = std::result::Result<(), Error>;

/// Refreshes under way, by connection. Cheap to clone.
#[derive(Clone, Default)]
pub struct Refreshes(Arc<Mutex<HashMap<ConnectionId, Shared<BoxFuture<'static, Outcome>>>>>);

/// What a caller saw who found that a refresh is needed. If it is no longer so, somebody else has been at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    version: i64,
    failures: i64,
}

impl From<&StoredConnection> for Seen {
    fn from(connection: &StoredConnection) -> Self {
        Self { version: connection.version, failures: connection.refresh.failures }
    }
}

/// A connection with its credential, refreshed first if it is time.
pub async fn fresh(services: &Services, id: &ConnectionId, when: When) -> Result<(StoredConnection, Credential)> {
    freshen(services, read(services, id).await?, when).await
}

/// As [`fresh`], for a connection that has just been read.
pub async fn freshen(services: &Services, mut connection: StoredConnection, when: When) -> Result<(StoredConnection, Credential)> {
    let outcome = match schedule::verdict(services, &connection, when) {
        schedule::Verdict::Leave => Ok(()),
        schedule::Verdict::Refresh => {
            let outcome = join(services, &connection).await;
            connection = read(services, &connection.id).await?;
            outcome
        }
        schedule::Verdict::BackOff => Err(failure::told(services, &connection)),
        schedule::Verdict::Held(held) => Err(held.error()),
    };
    if let Err(error) = outcome {
        let still_good = connection.expires_at.is_none_or(|at| at > services.now());
        if when == When::Now || !still_good || error.code == Code::ConnectionExpired {
            return Err(error);
        }
    }
    let has_tokens = connection.kind.is_oauth() || connection.renewable;
    if has_tokens && connection.error.as_ref().is_some_and(|error| error.is_final) {
        return Err(failure::told(services, &connection));
    }
    let credential = services.open_credential(&mut *services.store.conn().await?, &connection).await?;
    Ok((connection, credential))
}

/// Another credential than that of `seen`, whose token the service has refused before its time: what somebody else has renewed meanwhile,
/// or a new one. Nothing where it cannot be renewed.
pub async fn renew(services: &Services, seen: &StoredConnection) -> Result<Option<(StoredConnection, Credential)>> {
    if schedule::verdict(services, seen, When::Now) != schedule::Verdict::Refresh {
        return Ok(None);
    }
    join(services, seen).await?;
    let connection = read(services, &seen.id).await?;
    let credential = services.open_credential(&mut *services.store.conn().await?, &connection).await?;
    Ok(Some((connection, credential)))
}

async fn read(services: &Services, id: &ConnectionId) -> Result<StoredConnection> {
    let mut conn = services.store.conn().await?;
    let found = store::connections::find(&mut conn, id.as_str()).await?;
    found.ok_or_else(|| Error::new(Code::ConnectionNotFound, format!("There is no connection {:?}", id.as_str())))
}

/// Joins the refresh that is under way, or starts one for a caller who saw this.
async fn join(services: &Services, connection: &StoredConnection) -> Outcome {
    let (id, seen) = (&connection.id, Seen::from(connection));
    let shared = {
        let mut running = services.refreshes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = running.get(id) {
            shared.clone()
        } else {
            let task_services = services.clone();
            let task_id = id.clone();
            let handle = services.tasks.spawn(async move {
                // Whatever happens in there, the connection can be refreshed again afterwards.
                let outcome = AssertUnwindSafe(locked(&task_services, &task_id, seen)).catch_unwind().await;
                task_services.refreshes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&task_id);
                outcome.unwrap_or_else(|_| Err(Error::internal()))
            });
            let shared = async move { handle.await.unwrap_or_else(|_| Err(Error::internal())) }.boxed().shared();
            running.insert(id.clone(), shared.clone());
            shared
        }
    };
    shared.await
}

/// Refreshes while no other process does.
async fn locked(services: &Services, id: &ConnectionId, seen: Seen) -> Outcome {
    let Some(lock) = lock::acquire(services, id, seen).await? else {
        // Another node was at it, and what this caller saw has passed.
        return Ok(());
    };
    let outcome = {
        let work = AssertUnwindSafe(refresh(services, id, seen)).catch_unwind();
        tokio::select! {
            outcome = work => outcome,
            never = lock.keep_alive(services) => match never {},
        }
    };
    lock.release(services).await;
    outcome.unwrap_or_else(|_| Err(Error::internal()))
}

async fn refresh(services: &Services, id: &ConnectionId, seen: Seen) -> Outcome {
    // Tokens that could not be written last time come first: what the database holds has been used.
    journal::replay_one(services, id).await?;
    let connection = read(services, id).await?;
    if connection.version != seen.version {
        // A refresh ended between that caller's look and this task: its work is done.
        return Ok(());
    }
    if connection.refresh.failures != seen.failures {
        // Another node has just been told no.
        return Err(failure::told(services, &connection));
    }
    let Ready { credential, mut source } = match ready(services, &connection).await {
        Ok(ready) => ready,
        Err(error) if error.code == Code::Internal => return Err(error),
        Err(error) => return failure::unready(services, &connection, error).await,
    };
    if let Some(problem) = source.app().and_then(|app| app.problem.as_ref()) {
        return failure::blocked(services, &connection, problem).await;
    }
    let started = services.now();
    #[cfg(debug_assertions)]
    fail_point::at("before_call").await;
    match source.ask(services, &connection).await {
        Ok(fresh) => {
            #[cfg(debug_assertions)]
            fail_point::at("after_answer").await;
            let kept = keep::keep(services, connection, &source, credential, fresh, started).await;
            #[cfg(debug_assertions)]
            fail_point::at("after_commit").await;
            source.accepted(services).await;
            kept
        }
        Err(Trouble::Provider(failure)) => failure::fail(services, &connection, source.app(), source.service(), &failure).await,
        Err(Trouble::Unready(error)) => failure::unready(services, &connection, error).await,
        Err(Trouble::Ours(error)) => Err(error),
    }
}
