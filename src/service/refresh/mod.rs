//! Keeping access tokens alive. One rule above all: a new token is written before it is used or returned.
//!
//! In this process one refresh per connection runs at a time, in a task of its own that the asking request does not take with
//! it when it goes away, and that shutdown waits for. Between processes a lock sees to the same (`lock`). Inside it the connection is read
//! again, the provider is asked, and what it gave is written (`keep`) if nobody wrote in between; should the database be away, it goes
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

pub use hold::{Held, Hold};
pub use journal::Journal;
pub use nodes::Nodes;
pub use schedule::scheduled;

use super::bring_your_own::clients;
use super::{Result, Services, oauth_apps};
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error};
use crate::oauth::authorize::Provider;
use crate::oauth::exchange::{self, Failure};
use crate::oauth::token::Tokens;
use crate::store;
use crate::store::connections::StoredConnection;
use crate::store::oauth_apps::StoredApp;
use crate::vault::{Credential, OAuthTokens, Place, Secret};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
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
    if connection.error.as_ref().is_some_and(|error| error.is_final) && connection.kind.is_oauth() {
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
    let Ready { mut app, mut provider, credential, tokens } = match ready(services, &connection).await {
        Ok(ready) => ready,
        Err(error) if error.code == Code::Internal => return Err(error),
        Err(error) => return failure::unready(services, &connection, error).await,
    };
    let service = provider.definition.display_name.clone();
    if let Some(problem) = &app.problem {
        return failure::blocked(services, &connection, problem).await;
    }
    let Some(refresh_token) = &tokens.refresh_token else {
        return Err(Error::new(Code::RefreshFailed, format!("{service} gave no refresh token")));
    };
    let started = services.now();
    #[cfg(debug_assertions)]
    fail_point::at("before_call").await;
    let mut answer = ask(services, &connection, &provider, refresh_token).await;
    if let Err(failure) = &answer
        && let Some(renewed) = clients::after_refusal(services, &app, failure).await?
    {
        // Few servers let the new client use what the old one was given; this one says itself what it does.
        provider = match oauth_apps::provider(services, &renewed, &connection.props).await {
            Ok(provider) => provider,
            Err(error) => return failure::unready(services, &connection, error).await,
        };
        app = renewed;
        answer = ask(services, &connection, &provider, refresh_token).await;
    }
    match answer {
        Ok(fresh) => {
            #[cfg(debug_assertions)]
            fail_point::at("after_answer").await;
            let kept = keep::keep(services, connection, &app, credential, &tokens, fresh, started).await;
            #[cfg(debug_assertions)]
            fail_point::at("after_commit").await;
            clients::accepted(services, &app).await;
            kept
        }
        Err(failure) => failure::fail(services, &connection, &app, &service, &failure).await,
    }
}

/// What a refresh works with.
struct Ready {
    app: StoredApp,
    provider: Provider,
    credential: Credential,
    tokens: OAuthTokens,
}

async fn ready(services: &Services, connection: &StoredConnection) -> Result<Ready> {
    let (app, credential) = {
        let mut conn = services.store.conn().await?;
        let app = oauth_apps::of_connection(&mut conn, connection).await?;
        (app, services.open_credential(&mut conn, connection).await?)
    };
    let service = services.catalog.get(&connection.integration_name).map_or(connection.integration_name.clone(), |d| d.display_name.clone());
    let tokens = credential.tokens.clone();
    let (Some(app), Some(tokens)) = (app, tokens) else {
        return Err(Error::new(Code::RefreshFailed, format!("The OAuth app that this {service} connection was made with has been deleted"))
            .suggest("Register the app again and reconnect"));
    };
    // A secret that is kept elsewhere and cannot be read now is no reason of the caller's.
    let unusable = |error: Error| if error.code == Code::NoOAuthApp { Error { code: Code::RefreshFailed, ..error } } else { error };
    let provider = oauth_apps::provider(services, &app, &connection.props).await.map_err(unusable)?;
    Ok(Ready { app, provider, credential, tokens })
}

/// Asks the provider, and makes sure of a refusal before it is believed.
async fn ask(services: &Services, connection: &StoredConnection, provider: &Provider, refresh_token: &Secret) -> Result<Tokens, Failure> {
    let mut answer = exchange::refresh(&services.http, provider, refresh_token).await;
    if matches!(answer, Err(Failure::Transport(_))) {
        // Providers with a grace window answer a repetition with the same tokens; at the others nothing is lost by asking.
        answer = exchange::refresh(&services.http, provider, refresh_token).await;
    }
    if matches!(answer, Err(Failure::GrantDead(_)))
        && let Some(previous) = previous_token(services, connection, provider).await.filter(|previous| previous != refresh_token)
    {
        // The provider may never have heard that it gave us the present one; it says so itself that it still takes the one before.
        if let Ok(tokens) = exchange::refresh(&services.http, provider, &previous).await {
            return Ok(tokens);
        }
    }
    answer
}

/// The refresh token before the present one, where the integration's definition says that it still may be used.
async fn previous_token(services: &Services, connection: &StoredConnection, provider: &Provider) -> Option<Secret> {
    let grace = provider.oauth2().ok()?.refresh_grace_seconds?;
    let rotated_at = connection.last_refreshed_at?;
    if services.now().seconds_since(rotated_at) > grace {
        return None;
    }
    // Somebody may have written meanwhile who does not take the lock: a reconnect.
    let current = read(services, &connection.id).await.ok()?;
    if current.version != connection.version {
        return None;
    }
    let place = Place { table: "connections", column: "previous_secret", row: connection.id.as_str() };
    let mut conn = services.store.conn().await.ok()?;
    let plain = services.unseal(&mut conn, services.key_owner(connection.owner.workspace()), place, current.previous_secret.as_deref()?).await.ok()?;
    Credential::from_bytes(&plain)?.tokens?.refresh_token
}
