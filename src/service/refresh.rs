//! Keeping access tokens alive. One rule above all: a new token is written before it is used or returned.
//!
//! In this process one refresh per connection runs at a time, in a task of its own that the asking request does not take with
//! it when it goes away, and that shutdown waits for. The write is versioned: whoever wrote in between wins, and we re-read.

use super::{About, Result, Services, oauth_apps};
use crate::config::RefreshMode;
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error, Timestamp};
use crate::oauth::exchange::{self, Failure};
use crate::oauth::token::Tokens;
use crate::store::connections::{StoredConnection, StoredError};
use crate::store::{self};
use crate::vault::{Credential, OAuthTokens};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
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

/// A connection with its credential, refreshed first if it is time.
pub async fn fresh(services: &Services, id: &ConnectionId, when: When) -> Result<(StoredConnection, Credential)> {
    let connection = read(services, id).await?;
    if should_refresh(services, &connection, when) {
        let outcome = join(services, id, connection.version).await;
        if let Err(error) = outcome {
            let still_good = connection.expires_at.is_none_or(|at| at > services.now());
            if when == When::Now || !still_good || error.code == Code::ConnectionExpired {
                return Err(error);
            }
        }
    }
    let connection = read(services, id).await?;
    if connection.error.as_ref().is_some_and(|error| error.is_final) && connection.kind.is_oauth() {
        return Err(dead(&connection));
    }
    let credential = services.open_credential(&mut *services.store.conn().await?, &connection).await?;
    Ok((connection, credential))
}

async fn read(services: &Services, id: &ConnectionId) -> Result<StoredConnection> {
    let mut conn = services.store.conn().await?;
    let found = store::connections::find(&mut conn, id.as_str()).await?;
    found.ok_or_else(|| Error::new(Code::ConnectionNotFound, format!("There is no connection {:?}", id.as_str())))
}

fn should_refresh(services: &Services, connection: &StoredConnection, when: When) -> bool {
    let possible = connection.renewable && services.refresh_mode == RefreshMode::On && !connection.error.as_ref().is_some_and(|error| error.is_final);
    possible && (when == When::Now || is_due(connection, services.now()))
}

/// Within five minutes of the end, or the last tenth of a short life; but at least two seconds, since providers count whole ones.
fn is_due(connection: &StoredConnection, now: Timestamp) -> bool {
    let Some(expires_at) = connection.expires_at else { return false };
    let born = connection.last_refreshed_at.unwrap_or(connection.created_at);
    let life_ms = expires_at.0.saturating_sub(born.0).max(0);
    let margin_ms = (life_ms / 10).max(2000).min(life_ms / 2).min(5 * 60 * 1000);
    expires_at.0.saturating_sub(margin_ms) <= now.0
}

/// Joins the refresh that is under way, or starts one for a caller who saw `seen` as the credential's version.
async fn join(services: &Services, id: &ConnectionId, seen: i64) -> Outcome {
    let shared = {
        let mut running = services.refreshes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = running.get(id) {
            shared.clone()
        } else {
            let task_services = services.clone();
            let task_id = id.clone();
            let handle = services.tasks.spawn(async move {
                let outcome = refresh(&task_services, &task_id, seen).await;
                task_services.refreshes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&task_id);
                outcome
            });
            let shared = async move { handle.await.unwrap_or_else(|_| Err(Error::internal())) }.boxed().shared();
            running.insert(id.clone(), shared.clone());
            shared
        }
    };
    shared.await
}

async fn refresh(services: &Services, id: &ConnectionId, seen: i64) -> Outcome {
    let connection = read(services, id).await?;
    if connection.version != seen {
        // A refresh ended between that caller's look and this task: its work is done.
        return Ok(());
    }
    let (app, credential) = {
        let mut conn = services.store.conn().await?;
        let app = oauth_apps::of_connection(&mut conn, &connection).await?;
        (app, services.open_credential(&mut conn, &connection).await?)
    };
    let service = services.catalog.get(&connection.integration_name).map_or(connection.integration_name.clone(), |d| d.display_name.clone());
    let tokens = credential.tokens.clone();
    let (Some(app), Some(tokens)) = (app, tokens) else {
        return Err(Error::new(Code::RefreshFailed, format!("The OAuth app that this {service} connection was made with has been deleted"))
            .suggest("Register the app again and reconnect"));
    };
    let Some(refresh_token) = &tokens.refresh_token else {
        return Err(Error::new(Code::RefreshFailed, format!("{service} gave no refresh token")));
    };
    let provider = oauth_apps::provider(services, &app, &connection.props).await?;
    let started = services.now();
    let mut answer = exchange::refresh(&services.http, &provider, refresh_token).await;
    if matches!(answer, Err(Failure::Transport(_))) {
        // Providers with a grace window answer a repetition with the same tokens; at the others nothing is lost by asking.
        answer = exchange::refresh(&services.http, &provider, refresh_token).await;
    }
    match answer {
        Ok(fresh) => keep(services, connection, credential, &tokens, fresh, started).await,
        Err(failure) => fail(services, &connection, &service, &failure).await,
    }
}

/// Writes the new tokens, however often it takes within half a minute: only this task knows them.
async fn keep(
    services: &Services,
    mut connection: StoredConnection,
    mut credential: Credential,
    old: &OAuthTokens,
    fresh: Tokens,
    started: Timestamp,
) -> Outcome {
    let now = services.now();
    let rotated = fresh.refresh_token.as_ref().is_some_and(|token| Some(token) != old.refresh_token.as_ref());
    credential.tokens = Some(OAuthTokens {
        access_token: fresh.access_token,
        refresh_token: fresh.refresh_token.or_else(|| old.refresh_token.clone()),
        token_type: fresh.token_type,
    });
    let place = crate::vault::Place { table: "connections", column: "secret", row: connection.id.as_str() };
    let previous = services.vault.open(services.key_owner(connection.owner.workspace()), place, &connection.secret)?;
    let previous = Credential::from_bytes(&previous).ok_or_else(Error::internal)?;
    connection.previous_secret = Some(services.seal_credential(&connection.owner, connection.id.as_str(), "previous_secret", &previous)?);
    connection.secret = services.seal_credential(&connection.owner, connection.id.as_str(), "secret", &credential)?;
    connection.version += 1;
    connection.expires_at = fresh.expires_in.map(|seconds| now.plus_seconds(seconds));
    connection.granted_scopes = fresh.scopes.unwrap_or_else(|| connection.granted_scopes.clone());
    connection.last_refreshed_at = Some(now);
    connection.updated_at = now;
    let data = serde_json::json!({ "durationMs": now.0 - started.0, "rotated": rotated });
    let mut pause = std::time::Duration::from_millis(100);
    for attempt in 1..=10 {
        match write(services, &connection, &data).await {
            // Not written means reconnected or deleted meanwhile: that is newer than what we have.
            Ok(_) => return Ok(()),
            Err(error) if attempt < 10 => {
                tracing::warn!(connection = %connection.id, %error, attempt, "refreshed tokens could not be written yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(std::time::Duration::from_secs(5));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::internal())
}

async fn write(services: &Services, connection: &StoredConnection, data: &serde_json::Value) -> Result<bool> {
    let mut tx = services.store.begin_write().await?;
    let written = store::connections::replace_credential(&mut tx, connection).await?;
    if written {
        services.record(&mut tx, "connection.refreshed", "system", About::from(connection), data.clone()).await?;
        if let Some(error) = &connection.error {
            let data = serde_json::json!({ "code": error.code });
            services.record(&mut tx, "connection.recovered", "system", About::from(connection), data).await?;
        }
        services.commit(tx).await?;
    }
    Ok(written)
}

/// Notes the failure, and says it to the caller.
async fn fail(services: &Services, connection: &StoredConnection, service: &str, failure: &Failure) -> Outcome {
    let now = services.now();
    let message = failure.sentence(service);
    let mut tx = services.store.begin_write().await?;
    let current = store::connections::find(&mut tx, connection.id.as_str()).await?;
    if current.as_ref().is_none_or(|current| current.version != connection.version) {
        // Somebody else refreshed or reconnected it: what we tried with is history.
        return Ok(());
    }
    let is_final = matches!(failure, Failure::GrantDead(_));
    let error = StoredError { code: failure.code().to_owned(), message: message.clone(), at: now, is_final };
    store::connections::set_error(&mut tx, &connection.id, Some(&error), now).await?;
    let data = serde_json::json!({ "code": error.code, "message": message, "final": is_final });
    let is_known = current.and_then(|current| current.error).is_some_and(|before| before.code == error.code && before.is_final == is_final);
    if is_known {
        // Each failure is on record; webhooks are told once of what stays the same.
        services.note(&mut tx, "connection.error", "system", About::from(connection), data).await?;
    } else {
        services.record(&mut tx, "connection.error", "system", About::from(connection), data).await?;
    }
    services.commit(tx).await?;
    let answer =
        if is_final { Error::new(Code::ConnectionExpired, message).suggest("Connect the account again") } else { Error::new(Code::RefreshFailed, message) };
    Err(match failure {
        Failure::Throttled(seconds) => Error { retry_after: Some(*seconds), ..answer },
        _ => answer,
    }
    .with("providerCode", failure.code()))
}

fn dead(connection: &StoredConnection) -> Error {
    let message = connection.error.as_ref().map_or_else(|| "This connection has ended".to_owned(), |error| error.message.clone());
    Error::new(Code::ConnectionExpired, message).suggest("Connect the account again")
}
