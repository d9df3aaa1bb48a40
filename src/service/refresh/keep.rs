//! Writing what a provider gave: it exists nowhere else.

use super::source::Source;
use super::{Outcome, journal};
use crate::domain::{Error, Timestamp};
use crate::oauth::token::Tokens;
use crate::service::{About, Result, Services, revocation};
use crate::store::connections::StoredConnection;
use crate::store::{self};
use crate::vault::{Credential, OAuthTokens, Place};
use std::time::Duration;

/// How long the database may take before the tokens are put into the journal as well.
const FIRST_TRY: Duration = Duration::from_secs(2);
/// How often it is tried, in about half a minute. After that it is for the job.
const TRIES: u32 = 10;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is in the database.
    Done,
    /// Somebody else wrote a newer credential.
    Superseded,
    /// The connection has been deleted.
    Gone,
}

/// Writes the new tokens, however often it takes.
pub(super) async fn keep(
    services: &Services,
    before: StoredConnection,
    source: &Source,
    mut credential: Credential,
    fresh: Tokens,
    started: Timestamp,
) -> Outcome {
    let now = services.now();
    let expires_at = fresh.expires_at(now);
    let old = credential.tokens.take().and_then(|old| old.refresh_token);
    let rotated = fresh.refresh_token.as_ref().is_some_and(|token| Some(token) != old.as_ref());
    let mut props = before.props.clone();
    props.extend(source.props(&fresh));
    let tokens = OAuthTokens { access_token: fresh.access_token, refresh_token: fresh.refresh_token.or(old), token_type: fresh.token_type };
    credential.tokens = Some(tokens);
    let place = Place { table: "connections", column: "secret", row: before.id.as_str() };
    let previous = services.vault.open(services.key_owner(before.owner.workspace()), place, &before.secret)?;
    let previous = Credential::from_bytes(&previous).ok_or_else(Error::internal)?;
    let connection = super::scheduled(
        services,
        StoredConnection {
            previous_secret: Some(services.seal_credential(&before.owner, before.id.as_str(), "previous_secret", &previous)?),
            secret: services.seal_credential(&before.owner, before.id.as_str(), "secret", &credential)?,
            version: before.version + 1,
            props,
            expires_at,
            granted_scopes: fresh.scopes.unwrap_or_else(|| before.granted_scopes.clone()),
            last_refreshed_at: Some(now),
            updated_at: now,
            ..before
        },
    );
    let facts = serde_json::json!({ "durationMs": now.0 - started.0, "rotated": rotated });
    match save(services, &connection, &facts).await? {
        Written::Done => {
            if let Some(app) = source.app().filter(|app| app.problem.is_some()) {
                store::oauth_apps::clear_problem(&mut *services.store.conn().await?, &app.id).await?;
            }
            Ok(())
        }
        // A reconnect is newer than what we have.
        Written::Superseded => Ok(()),
        Written::Gone => {
            revocation::of_orphan(services, &connection, credential).await;
            Ok(())
        }
    }
}

/// Tries until the database takes it. From the second try on the tokens are in the journal too, should this process not outlive the
/// database's absence.
async fn save(services: &Services, connection: &StoredConnection, facts: &serde_json::Value) -> Result<Written> {
    let mut pause = Duration::from_millis(100);
    let mut journalled = false;
    for attempt in 1..=TRIES {
        let outcome = if journalled {
            write(services, connection, facts).await
        } else {
            tokio::time::timeout(FIRST_TRY, write(services, connection, facts)).await.unwrap_or_else(|_| Err(Error::internal()))
        };
        match outcome {
            Ok(written) => {
                if journalled {
                    journal::remove(services, connection).await;
                }
                return Ok(written);
            }
            Err(error) => {
                tracing::warn!(connection = %connection.id, %error, attempt, "refreshed tokens could not be written yet");
                if !journalled {
                    journalled = journal::write(services, connection, facts).await;
                }
            }
        }
        if attempt < TRIES {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
    tracing::error!(connection = %connection.id, journalled, "refreshed tokens could not be written; the job goes on trying");
    Err(Error::internal())
}

/// Writes it once, if the credential it came from is still the stored one.
pub(super) async fn write(services: &Services, connection: &StoredConnection, facts: &serde_json::Value) -> Result<Written> {
    let mut tx = services.store.begin_write().await?;
    if store::connections::replace_credential(&mut tx, connection).await? {
        services.record(&mut tx, "connection.refreshed", "system", About::from(connection), facts.clone()).await?;
        if let Some(error) = &connection.error {
            let data = serde_json::json!({ "code": error.code });
            services.record(&mut tx, "connection.recovered", "system", About::from(connection), data).await?;
        }
        services.commit(tx).await?;
        return Ok(Written::Done);
    }
    Ok(match store::connections::find(&mut tx, connection.id.as_str()).await? {
        None => Written::Gone,
        // An earlier try got through, and only the answer did not.
        Some(current) if current.secret == connection.secret => Written::Done,
        Some(_) => Written::Superseded,
    })
}
