//! `verified`: what a person agreed to waits until the application has said that it was the right person.
//!
//! Nothing is redeemed before: a provider's code stays unused, a form unsaved, both sealed. The browser gets a code of ours and
//! takes it to the application, which sees in its own cookie who that is. So a link that somebody else was made to follow ends
//! there: the application names the other one, and everything that waited is destroyed.

use super::attempt::{Grant, complete, fail};
use super::page::form_draft;
use super::redeem::redeem;
use super::session::view;
use crate::domain::connect_session::{Completion, SessionStatus, SessionView};
use crate::domain::connection::Account;
use crate::domain::id::WorkspaceId;
use crate::domain::{Code, Error, Timestamp};
use crate::service::connections::{enter, find_integration};
use crate::service::{About, Result, Services, Writer, form, text};
use crate::store;
use crate::store::connect_confirmations::StoredConfirmation;
use crate::store::connect_sessions::StoredSession;
use crate::vault::{Place, Secret, token};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How long an application may take, in seconds. Some providers' codes live shorter: then the exchange says so.
pub const CONFIRM_WITHIN: i64 = 10 * 60;

const PLACE: Place<'static> = Place { table: "connect_confirmations", column: "secret", row: "" };

/// What waits.
#[derive(Serialize, Deserialize)]
pub(super) enum Pending {
    /// A provider's consent.
    Grant(Grant),
    /// A form that was filled in and found to work.
    Form {
        /// Method.
        method: String,
        /// As submitted.
        values: BTreeMap<String, String>,
        /// Whose it is.
        account: Option<Account>,
    },
}

/// The code for the application. A function of what only that browser has and of the moment, so that a lost answer or a reload
/// loses nothing, and that the database, which has its hash, does not tell it.
pub(super) fn code_of(nonce: &Secret, until: Timestamp) -> Secret {
    Secret::new(token::hash(&format!("confirmation {} {}", until.0, nonce.expose())))
}

/// Seals what was agreed to and lets the session wait.
pub(super) async fn hold(services: &Services, session: &StoredSession, pending: &Pending, nonce: &Secret) -> Result<()> {
    let until = services.now().plus_seconds(CONFIRM_WITHIN);
    let key_owner = services.key_owner(session.owner.workspace());
    let plain = zeroize::Zeroizing::new(store::to_json(pending));
    let mut tx = services.store.begin_write().await?;
    services.ensure_key(&mut tx, key_owner).await?;
    if !store::connect_sessions::await_confirmation(&mut tx, &session.id, until).await? {
        return Err(Error::new(Code::SessionExpired, "This session is over"));
    }
    let place = Place { row: session.id.as_str(), ..PLACE };
    let confirmation = StoredConfirmation {
        session_id: session.id.as_str().to_owned(),
        code_hash: token::hash(code_of(nonce, until).expose()),
        secret: services.vault.seal(key_owner, place, plain.as_bytes(), services.entropy.as_ref())?,
        expires_at: until.0,
    };
    store::connect_confirmations::insert(&mut tx, &confirmation).await?;
    let data = serde_json::json!({ "sessionId": session.id });
    services.record(&mut tx, "connect.session.awaiting_confirmation", &format!("session:{}", session.id), about(session), data).await?;
    tx.commit().await?;
    services.signals.notify(&session.id);
    Ok(())
}

fn about(session: &StoredSession) -> About<'_> {
    About { connection: None, workspace: session.owner.workspace().map(WorkspaceId::as_str) }
}

/// Body of `POST /connect/session/{id}/complete`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirmation {
    /// Who came back, as the application's own sign-in tells: its id for them, or ours.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub end_user_id: Option<String>,
    /// The `code` that their browser brought along: with it, it is the browser that connected, too.
    #[schema(value_type = Option<String>, write_only)]
    pub code: Option<Secret>,
}

/// The application says who came back. The right one, with the right code if it passes one on: what waits is redeemed. Anything else
/// ends the session.
pub async fn confirm(services: &Services, writer: &Writer, id: &str, input: Confirmation) -> Result<SessionView> {
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    let session = store::connect_sessions::find(&mut tx, id).await?.filter(|session| writer.reach().includes(session.owner.workspace()));
    let session = session.ok_or_else(|| Error::new(Code::NotFound, format!("There is no connect session {id:?}")))?;
    let end_user = text("endUserId", input.end_user_id.as_deref().unwrap_or_default(), 255)?;
    may_be_confirmed(&session, now)?;
    let (Some(workspace), Some(expected)) = (session.owner.workspace(), session.owner.end_user()) else { return Err(Error::internal()) };
    let named = store::end_users::find_in(&mut tx, workspace, &end_user).await?;
    let taken = store::connect_confirmations::take(&mut tx, &session.id, now).await?;
    let taken = taken.ok_or_else(|| Error::new(Code::SessionExpired, "This session has been confirmed already"))?;
    let refusal = if named.is_none_or(|named| named.id != *expected) {
        Some(("wrong_end_user", "Somebody else came back than the end user that this was started for"))
    } else if input.code.as_ref().is_some_and(|code| token::hash(code.expose()) != taken.code_hash) {
        Some(("wrong_code", "The code is not the one that the connecting browser was given"))
    } else {
        None
    };
    if let Some((code, message)) = refusal {
        store::connect_sessions::cancel(&mut tx, &session.id, code, message, now).await?;
        let data = serde_json::json!({ "sessionId": session.id, "code": code, "message": message });
        services.record(&mut tx, "connect.session.failed", writer.name(), about(&session), data).await?;
        tx.commit().await?;
        services.signals.notify(&session.id);
        return Err(Error::new(Code::ScopeDenied, message)
            .with("reason", code)
            .suggest("Nothing was connected. Start again with a new connect token for the person who is signed in"));
    }
    services.record(&mut tx, "connect.session.confirmed", writer.name(), about(&session), serde_json::json!({ "sessionId": session.id })).await?;
    tx.commit().await?;
    // In a task that outlives this request: what was taken out exists nowhere else.
    let task = services.clone();
    let id = session.id.clone();
    let handle = services.tasks.spawn(async move {
        let outcome = release(&task, &session, &taken).await;
        if let Err(error) = &outcome {
            tracing::warn!(session = %session.id, %error, "a confirmed session could not be completed");
            let _ = fail(&task, &session, error.code.as_str(), &error.message).await;
        }
        outcome
    });
    handle.await.map_err(|_| Error::internal())??;
    let mut conn = services.store.conn().await?;
    let stored = store::connect_sessions::find(&mut conn, id.as_str()).await?.ok_or_else(Error::internal)?;
    view(services, &mut conn, stored).await
}

fn may_be_confirmed(session: &StoredSession, now: Timestamp) -> Result<()> {
    if session.completion == Completion::Auto {
        return Err(Error::new(Code::Validation, "This session was made with completion auto and completes by itself")
            .suggest("To confirm who connects, make the token with completion verified"));
    }
    match session.status_at(now) {
        SessionStatus::AwaitingConfirmation => Ok(()),
        SessionStatus::Pending | SessionStatus::Connecting | SessionStatus::Failed => {
            Err(Error::new(Code::PreconditionFailed, "Nothing waits for confirmation: the person has not connected yet")
                .suggest("Call this when they come back to your successRedirectUri, or when the session is awaiting_confirmation"))
        }
        SessionStatus::Completed => Err(Error::new(Code::SessionExpired, "This session has been confirmed already")),
        SessionStatus::Expired => Err(Error::new(Code::SessionExpired, "This session was not confirmed in time, and what waited is destroyed")
            .suggest("Start again with a new connect token")),
        SessionStatus::Cancelled => Err(Error::new(Code::SessionExpired, "This session was cancelled").suggest("Start again with a new connect token")),
    }
}

async fn release(services: &Services, session: &StoredSession, taken: &StoredConfirmation) -> Result<()> {
    let key_owner = services.key_owner(session.owner.workspace());
    let plain = {
        let mut conn = services.store.conn().await?;
        services.unseal(&mut conn, key_owner, Place { row: session.id.as_str(), ..PLACE }, &taken.secret).await?
    };
    match serde_json::from_slice(&plain).map_err(|_| Error::internal())? {
        Pending::Grant(grant) => redeem(services, session, grant).await,
        Pending::Form { method, values, account } => {
            let definition = find_integration(services, Some(&session.integration_name))?;
            let method = definition.method(&method).cloned().ok_or_else(Error::internal)?;
            let mut checked = form::check(&method, &values, str::to_owned)?;
            // The token of the first login is not kept while this waits: it may have ended.
            let entry = enter(services, &definition, &method, &mut checked, str::to_owned).await?;
            complete(services, session, form_draft(session, definition, &method, checked, entry, account)).await
        }
    }
}
