//! Telling a provider that a grant is over, when its connection has been deleted: at once, and if the provider is down, later
//! again. What it takes is sealed in `revocations` in the transaction that deletes the connection, so that nothing is lost on the way.

use super::{About, Result, Services, oauth_apps};
use crate::domain::id::{ConnectionId, WorkspaceId};
use crate::domain::{Error, Timestamp};
use crate::oauth::exchange::{Revocation, end_grant};
use crate::store::connections::StoredConnection;
use crate::store::revocations::StoredRevocation;
use crate::store::{self, Conn};
use crate::vault::{Credential, OAuthTokens, Place, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// How long whoever deleted the connection has for the first try, before the job takes it for lost.
const FIRST_TRY_SECONDS: i64 = 120;
/// How long the deletion waits for the provider.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after the first failure; it doubles up to
const FIRST_PAUSE_MS: i64 = 30_000;
/// six hours,
const LONGEST_PAUSE_MS: i64 = 6 * 3_600_000;
/// until this many seconds after the deletion.
const GIVE_UP_SECONDS: i64 = 7 * 86_400;
/// At most so many at once by the job.
const BATCH: i64 = 10;

/// What a delete did at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevocationReport {
    /// Whether the provider was asked.
    pub attempted: bool,
    /// `revoked`, `unsupported`, `failed: …` (it is tried again by itself), `shared` (another connection stands on the same grant), `not_applicable`.
    pub result: String,
}

impl RevocationReport {
    fn without_asking(result: &str) -> Self {
        Self { attempted: false, result: result.to_owned() }
    }
}

/// What is to be done about the grant of a connection that is being deleted.
pub(super) enum Ending {
    /// Nothing, and why.
    Nothing(RevocationReport),
    /// The provider is to be told.
    Tell(StoredRevocation),
}

/// Decides, and stores what is needed. In the transaction that deletes the connection.
pub(super) async fn prepare(services: &Services, conn: &mut Conn, connection: &StoredConnection) -> Result<Ending> {
    let tokens = match services.open_credential(conn, connection).await {
        Ok(credential) => credential.tokens,
        // What cannot be opened can still be deleted.
        Err(_) => None,
    };
    prepare_with(services, conn, connection, tokens).await
}

async fn prepare_with(services: &Services, conn: &mut Conn, connection: &StoredConnection, tokens: Option<OAuthTokens>) -> Result<Ending> {
    let app = oauth_apps::of_connection(conn, connection).await?;
    let (Some(tokens), Some(app)) = (tokens, app) else {
        return Ok(Ending::Nothing(RevocationReport::without_asking("not_applicable")));
    };
    let definition = services.catalog.get(&connection.integration_name);
    let can_be_told = definition.as_ref().and_then(|definition| definition.oauth_method()).is_some_and(|(_, oauth2)| {
        // An issuer's metadata may name an endpoint.
        oauth2.revoke_url.is_some() || oauth2.revoke.is_some() || oauth2.issuer.is_some()
    });
    if !can_be_told {
        return Ok(Ending::Nothing(RevocationReport::without_asking("unsupported")));
    }
    if store::connections::shares_grant(conn, connection).await? {
        return Ok(Ending::Nothing(RevocationReport::without_asking("shared")));
    }
    // The organisation's key: it outlives the workspace, whose deletion may be what this is about.
    let id = format!("rev_{:032x}", services.new_id_bits());
    services.ensure_key(conn, services.org.as_str()).await?;
    let values = connection.props.iter().map(|(name, value)| (name.clone(), Secret::new(value.as_str()))).collect();
    let plain = Credential { values, tokens: Some(tokens) }.to_bytes();
    let secret = services.vault.seal(services.org.as_str(), place(&id), &plain, services.entropy.as_ref())?;
    let now = services.now();
    let revocation = StoredRevocation {
        id,
        connection_id: connection.id.clone(),
        workspace_id: connection.owner.workspace().cloned(),
        oauth_app_id: app.id,
        secret,
        attempts: 0,
        created_at: now,
    };
    store::revocations::insert(conn, &revocation, now.plus_seconds(FIRST_TRY_SECONDS)).await?;
    Ok(Ending::Tell(revocation))
}

/// Tells the provider, after that transaction, in a task that outlives the asking request.
pub(super) async fn finish(services: &Services, ending: Ending) -> RevocationReport {
    match ending {
        Ending::Nothing(report) => report,
        Ending::Tell(revocation) => {
            let task = services.clone();
            let handle = services.tasks.spawn(async move { attempt(&task, revocation).await });
            let failed = |why: &str| RevocationReport { attempted: true, result: format!("failed: {why}") };
            match tokio::time::timeout(PATIENCE, handle).await {
                Ok(report) => report.unwrap_or_else(|_| failed("interrupted")),
                // It goes on, and what it brings is noted.
                Err(_) => failed("no answer yet"),
            }
        }
    }
}

/// A connection was deleted while it was refreshed: nobody will use the new tokens.
pub(super) async fn of_orphan(services: &Services, connection: &StoredConnection, credential: Credential) {
    let stored = async {
        let mut tx = services.store.begin_write().await?;
        let ending = prepare_with(services, &mut tx, connection, credential.tokens).await?;
        tx.commit().await?;
        Ok::<_, Error>(ending)
    };
    match stored.await {
        Ok(ending) => {
            finish(services, ending).await;
        }
        Err(error) => tracing::error!(connection = %connection.id, %error, "the tokens of a deleted connection could not be kept for revocation"),
    }
}

/// Tells providers some of what is due to be told.
pub async fn revoke_due(services: &Services) -> Result<usize> {
    let now = services.now();
    let due = {
        let mut conn = services.store.conn().await?;
        store::revocations::claim(&mut conn, now, now.plus_seconds(FIRST_TRY_SECONDS), BATCH).await?
    };
    let told = due.len();
    futures::future::join_all(due.into_iter().map(|revocation| attempt(services, revocation))).await;
    Ok(told)
}

fn place(id: &str) -> Place<'_> {
    Place { table: "revocations", column: "secret", row: id }
}

/// One try, and what follows from it.
async fn attempt(services: &Services, revocation: StoredRevocation) -> RevocationReport {
    let (report, again) = match tell(services, &revocation).await {
        // It did not come as far as asking.
        Err(error) => (RevocationReport::without_asking(&format!("failed: {}", error.code.as_str())), Some(0)),
        Ok(Revocation::Unsupported) => (RevocationReport::without_asking("unsupported"), None),
        Ok(Revocation::Confirmed) => (RevocationReport { attempted: true, result: "revoked".to_owned() }, None),
        Ok(Revocation::Refused(why)) => (RevocationReport { attempted: true, result: format!("failed: {why}") }, None),
        Ok(Revocation::Failed { why, retry_after }) => {
            (RevocationReport { attempted: true, result: format!("failed: {why}") }, Some(retry_after.unwrap_or_default()))
        }
    };
    if let Err(error) = settle(services, &revocation, &report, again).await {
        tracing::warn!(connection = %revocation.connection_id, %error, "what became of a revocation could not be written; it is told again");
    }
    report
}

/// Asks the provider.
async fn tell(services: &Services, revocation: &StoredRevocation) -> Result<Revocation> {
    let (app, credential) = {
        let mut conn = services.store.conn().await?;
        let app = store::oauth_apps::find(&mut conn, revocation.oauth_app_id.as_str()).await?;
        let plain = services.unseal(&mut conn, services.org.as_str(), place(&revocation.id), &revocation.secret).await?;
        (app, Credential::from_bytes(&plain).ok_or_else(Error::internal)?)
    };
    let Some(app) = app else { return Ok(Revocation::Refused("the OAuth app has been deleted".to_owned())) };
    let Some(tokens) = credential.tokens else { return Ok(Revocation::Refused("there is no token".to_owned())) };
    let props: BTreeMap<String, String> = credential.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    let provider = oauth_apps::provider(services, &app, &props).await?;
    Ok(end_grant(&services.http, &provider, &tokens.access_token, tokens.refresh_token.as_ref()).await)
}

/// Forgets what is done, and puts off what is not: `again` after so many seconds, or later.
async fn settle(services: &Services, revocation: &StoredRevocation, report: &RevocationReport, again: Option<u64>) -> Result<()> {
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    let given_up = now.seconds_since(revocation.created_at) > GIVE_UP_SECONDS;
    match again {
        Some(retry_after) if !given_up => {
            let next_at = next_try(services, now, revocation.attempts, retry_after);
            store::revocations::postpone(&mut tx, &revocation.id, revocation.attempts + 1, next_at).await?;
        }
        _ => store::revocations::delete(&mut tx, &revocation.id).await?,
    }
    // The first try is in the answer to the deletion; of what comes later the log tells.
    let ended = again.is_none() || given_up;
    if revocation.attempts > 0 && ended {
        let kind = if again.is_none() && report.result == "revoked" { "connection.revoked" } else { "connection.revocation_failed" };
        let about =
            About { connection: Some(ConnectionId::as_str(&revocation.connection_id)), workspace: revocation.workspace_id.as_ref().map(WorkspaceId::as_str) };
        let data = serde_json::json!({ "result": report.result, "attempts": revocation.attempts + 1 });
        services.record(&mut tx, kind, "system", about, data).await?;
    }
    services.commit(tx).await?;
    Ok(())
}

fn next_try(services: &Services, now: Timestamp, attempts: i64, retry_after: u64) -> Timestamp {
    let doubled = FIRST_PAUSE_MS.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST_PAUSE_MS);
    let asked = i64::try_from(retry_after).unwrap_or_default().saturating_mul(1000);
    Timestamp(now.0.saturating_add(asked.max(doubled / 2 + services.random_below(doubled / 2 + 1))))
}
