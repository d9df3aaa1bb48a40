//! Which of several accounts: asked after the code exchange and before who-am-I, which may need to know.
//!
//! Meanwhile the tokens are sealed with the list that came with them, for as long as a person takes to choose and no longer than the
//! session lives. Only the browser that came back from the provider sees the question, and what it answers is looked up in that list.
//! To the application the session is still connecting.

use super::attempt::fail;
use super::redeem::{Chosen, Consent, Means, finish};
use crate::catalog::{Choose, Definition, Listed};
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::id::SessionId;
use crate::domain::{Code, Error};
use crate::oauth::accounts;
use crate::service::connections::find_integration;
use crate::service::{Result, Services};
use crate::store::connect_choices::StoredChoice;
use crate::store::connect_sessions::StoredSession;
use crate::store::{self, Conn};
use crate::vault::{Place, Secret, token};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a person may take to choose, in seconds; less where the session ends before.
pub const CHOOSE_WITHIN: i64 = 15 * 60;

const PLACE: Place<'static> = Place { table: "connect_choices", column: "secret", row: "" };

/// What is sealed while the person chooses.
#[derive(Serialize, Deserialize)]
struct Waiting {
    consent: Consent,
    accounts: Vec<Offered>,
    before: Option<String>,
}

/// An account on offer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offered {
    /// What the form sends.
    pub value: String,
    /// What a person calls it.
    pub label: String,
    /// What tells it from others of that label.
    pub detail: Option<String>,
    props: BTreeMap<String, String>,
}

impl From<Listed> for Offered {
    fn from(Listed { value, label, detail, props }: Listed) -> Self {
        Self { value, label, detail, props }
    }
}

impl From<Offered> for Listed {
    fn from(Offered { value, label, detail, props }: Offered) -> Self {
        Self { value, label, detail, props }
    }
}

/// What the page asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// In the definition's words, which are English.
    pub text: String,
    /// What there is to choose from.
    pub accounts: Vec<Offered>,
    /// What was chosen for this connection before, if it is on offer.
    pub chosen_before: Option<String>,
    /// Whether what was chosen before is gone.
    pub is_gone: bool,
}

/// What follows from a list.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Take(Listed),
    Ask(Vec<Listed>),
    /// The application named one that is not there.
    NotListed(String),
    Nothing,
}

/// What is known of the choice before the list is.
#[derive(Debug, Default)]
struct Known {
    /// Said by the application: this one or none.
    wanted: Option<String>,
    /// Chosen when this was connected last.
    before: Option<String>,
    /// Whether that is kept without asking.
    keeps: bool,
}

fn decide(mut accounts: Vec<Listed>, known: &Known) -> Decision {
    let position = |value: &Option<String>| value.as_ref().and_then(|value| accounts.iter().position(|listed| listed.value == *value));
    if accounts.is_empty() {
        return Decision::Nothing;
    }
    if let Some(wanted) = &known.wanted {
        return match position(&known.wanted) {
            Some(at) => Decision::Take(accounts.swap_remove(at)),
            None => Decision::NotListed(wanted.clone()),
        };
    }
    match position(&known.before) {
        Some(at) if known.keeps => Decision::Take(accounts.swap_remove(at)),
        // What was chosen is gone: the only one left is another one, and nobody has said that it will do.
        None if known.keeps && known.before.is_some() => Decision::Ask(accounts),
        _ if accounts.len() == 1 => Decision::Take(accounts.swap_remove(0)),
        _ => Decision::Ask(accounts),
    }
}

/// Lists the accounts, and makes a connection of the one that can only be meant, or asks.
pub(super) async fn choose_or_ask(services: &Services, session: &StoredSession, means: &Means, choose: &Choose, consent: Consent) -> Result<()> {
    let service = &means.definition.display_name;
    let listed = accounts::list(&services.http, &means.definition, means.method()?, choose, &means.values(&consent)).await;
    let listed = listed.map_err(|why| Error::new(Code::Provider, format!("{service} did not say which accounts there are: {}. Try again", why.0)))?;
    let known = Known { wanted: consent.props.get(&choose.prop).cloned(), ..before(services, session, &means.definition, choose).await? };
    match decide(listed, &known) {
        Decision::Take(account) => finish(services, session, means, consent, Some(Chosen { choose, account })).await,
        Decision::Ask(accounts) => {
            ask(services, session, Waiting { consent, accounts: accounts.into_iter().map(Into::into).collect(), before: known.before }).await
        }
        Decision::NotListed(wanted) => {
            let message = format!("{service} does not list {wanted:?} among what this access covers. Sign in there as somebody who has it");
            fail(services, session, "account_not_listed", &message).await
        }
        Decision::Nothing => {
            let message = format!("{service} lists nothing that this access covers. Sign in there with another account, or ask for access");
            fail(services, session, "no_accounts", &message).await
        }
    }
}

/// What was chosen for the connection that is about to get new tokens.
async fn before(services: &Services, session: &StoredSession, definition: &Definition, choose: &Choose) -> Result<Known> {
    let mut conn = services.store.conn().await?;
    let connection = match (&session.connection_id, &session.auth_method_key) {
        (Some(id), _) if session.is_reconnect => store::connections::find(&mut conn, id.as_str()).await?,
        // On their own page a person connects another account, not the one they have.
        (_, Some(method)) if !session.created_by.starts_with("end_user:") => {
            store::connections::find_same(&mut conn, &definition.name, method, &session.external_id, &session.owner).await?
        }
        _ => None,
    };
    let before = connection.and_then(|connection| connection.props.get(&choose.prop).cloned());
    Ok(Known { wanted: None, keeps: session.is_reconnect && !session.is_reopened, before })
}

/// Seals what there is, and lets the session wait for the browser that came back.
async fn ask(services: &Services, session: &StoredSession, waiting: Waiting) -> Result<()> {
    let browser = session.browser.clone().ok_or_else(Error::internal)?;
    let until = services.now().plus_seconds(CHOOSE_WITHIN);
    // Where the application has confirmed meanwhile, what was left of the session was its time to do so.
    let end = if session.completion == Completion::Verified { session.expires_at.max(until) } else { session.expires_at };
    let key_owner = services.key_owner(session.owner.workspace());
    let plain = zeroize::Zeroizing::new(store::to_json(&waiting));
    let mut tx = services.store.begin_write().await?;
    services.ensure_key(&mut tx, key_owner).await?;
    if !store::connect_sessions::await_choice(&mut tx, &session.id, end).await? {
        return Err(Error::new(Code::SessionExpired, "This session is over"));
    }
    let place = Place { row: session.id.as_str(), ..PLACE };
    let choice = StoredChoice {
        session_id: session.id.as_str().to_owned(),
        browser,
        secret: services.vault.seal(key_owner, place, plain.as_bytes(), services.entropy.as_ref())?,
        expires_at: until.min(end).0,
    };
    store::connect_choices::insert(&mut tx, &choice).await?;
    tx.commit().await?;
    services.signals.notify(&session.id);
    Ok(())
}

async fn open(services: &Services, conn: &mut Conn, session: &StoredSession, choice: &StoredChoice) -> Result<Waiting> {
    let key_owner = services.key_owner(session.owner.workspace());
    let plain = services.unseal(conn, key_owner, Place { row: session.id.as_str(), ..PLACE }, &choice.secret).await?;
    serde_json::from_slice(&plain).map_err(|_| Error::internal())
}

/// What `browser` is asked, if anything.
pub(super) async fn question(services: &Services, conn: &mut Conn, session: &StoredSession, browser: &str) -> Result<Option<Question>> {
    let Some(stored) = store::connect_choices::find(conn, &session.id, browser, services.now()).await? else { return Ok(None) };
    let definition = find_integration(services, Some(&session.integration_name))?;
    // The definition may have changed since: then there is nothing to ask any more.
    let Some(choose) = definition.oauth_method().and_then(|(method, _)| method.choose.as_ref()) else { return Ok(None) };
    let Waiting { accounts, before, .. } = open(services, conn, session, &stored).await?;
    let is_gone = before.as_ref().is_some_and(|before| accounts.iter().all(|offered| offered.value != *before));
    Ok(Some(Question { text: choose.question.clone(), chosen_before: before.filter(|_| !is_gone), accounts, is_gone }))
}

/// The person chose: a connection is made of what waited, once. Anything that was not on offer is refused, and the question stays.
pub async fn choose(services: &Services, id: &SessionId, nonce: &Secret, value: Option<&str>) -> Result<()> {
    let over = || Error::new(Code::SessionExpired, "This question is over");
    let now = services.now();
    let browser = token::hash(nonce.expose());
    let (session, stored, mut waiting) = {
        let mut conn = services.store.conn().await?;
        let session = store::connect_sessions::find(&mut conn, id.as_str()).await?.filter(|session| session.status_at(now) == SessionStatus::Connecting);
        let session = session.ok_or_else(over)?;
        let stored = store::connect_choices::find(&mut conn, id, &browser, now).await?.ok_or_else(over)?;
        let waiting = open(services, &mut conn, &session, &stored).await?;
        (session, stored, waiting)
    };
    let position = waiting.accounts.iter().position(|offered| Some(offered.value.as_str()) == value);
    let position = position.ok_or_else(|| Error::field("account", "Choose one of the accounts that are listed"))?;
    let account = waiting.accounts.swap_remove(position);
    if !store::connect_choices::take(&mut *services.store.conn().await?, &stored).await? {
        return Err(over());
    }
    // In a task that outlives this request: what was taken out exists nowhere else.
    let task = services.clone();
    let handle = services.tasks.spawn(async move {
        if let Err(error) = use_chosen(&task, &session, waiting.consent, account.into()).await
            && error.code != Code::SessionExpired
        {
            tracing::warn!(session = %session.id, %error, "a chosen account could not be connected");
            let _ = fail(&task, &session, error.code.as_str(), &error.message).await;
        }
    });
    handle.await.map_err(|_| Error::internal())
}

async fn use_chosen(services: &Services, session: &StoredSession, consent: Consent, account: Listed) -> Result<()> {
    let means = Means::of(services, session, &consent.props).await?;
    let choose = means.method()?.choose.as_ref().ok_or_else(Error::internal)?;
    finish(services, session, &means, consent, Some(Chosen { choose, account })).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(values: &[&str]) -> Vec<Listed> {
        values.iter().map(|value| Listed { value: (*value).to_owned(), label: (*value).to_owned(), detail: None, props: BTreeMap::new() }).collect()
    }

    fn known(wanted: Option<&str>, before: Option<&str>, keeps: bool) -> Known {
        Known { wanted: wanted.map(str::to_owned), before: before.map(str::to_owned), keeps }
    }

    #[test]
    fn what_can_only_be_meant_is_not_asked_about() {
        let take = |value: &str| Decision::Take(listed(&[value]).remove(0));
        let ask = || Decision::Ask(listed(&["a", "b"]));
        for (values, known, decision) in [
            (&[][..], known(None, None, false), Decision::Nothing),
            (&[][..], known(Some("a"), Some("a"), true), Decision::Nothing),
            (&["a"][..], known(None, None, false), take("a")),
            (&["a", "b"][..], known(None, None, false), ask()),
            // A reconnect keeps what was chosen, and asks where it is gone, however few are left.
            (&["a", "b"][..], known(None, Some("b"), true), take("b")),
            (&["a", "b"][..], known(None, Some("c"), true), ask()),
            (&["a"][..], known(None, Some("c"), true), Decision::Ask(listed(&["a"]))),
            (&["a", "b"][..], known(None, None, true), ask()),
            // Whoever wanted a different account is asked, and so is whoever happens to replace one.
            (&["a", "b"][..], known(None, Some("b"), false), ask()),
            (&["a"][..], known(None, Some("c"), false), take("a")),
            // The application knows which.
            (&["a", "b"][..], known(Some("b"), Some("a"), true), take("b")),
            (&["a"][..], known(Some("b"), None, false), Decision::NotListed("b".to_owned())),
        ] {
            assert_eq!(decide(listed(values), &known), decision, "{values:?} {known:?}");
        }
    }
}
