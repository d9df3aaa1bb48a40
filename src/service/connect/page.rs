//! What the hosted page needs: looking, submitting, cancelling, starting again.

use super::DEFAULT_LIFE;
use super::attempt::{Start, begin_attempt, complete};
use super::choice::{self, Question};
use super::completion::{Pending, code_of, hold};
use super::tokens::{NewSession, draft, open_props, with_workspace_integration, workspace_of};
use crate::catalog::{Definition, Method};
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::connection::Account;
use crate::domain::id::{SessionId, WorkspaceId};
use crate::domain::integration::AuthOption;
use crate::domain::{Code, Error, Timestamp};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::service::connections::{Draft, Entry, enter, find_integration, template_values};
use crate::service::end_users::PortalVisit;
use crate::service::form::{self, Wrong};
use crate::service::logos::{self, Theme};
use crate::service::{About, Actor, Result, Services, Writer, origin, portal};
use crate::store;
use crate::store::connect_sessions::StoredSession;
use crate::vault::{Secret, token};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Everything the page shows.
#[derive(Debug, Clone)]
pub struct PageView {
    /// The session.
    pub session: StoredSession,
    /// Where it is now.
    pub status: SessionStatus,
    /// Whether this is the browser that acted first, or nobody has.
    pub is_ours: bool,
    /// Who asks.
    pub asker: String,
    /// Accent colour of the one who asks.
    pub accent: Option<String>,
    /// Path of the logo of the one who asks.
    pub logo: Option<String>,
    /// For whom.
    pub end_user: Option<String>,
    /// Which service.
    pub definition: Arc<Definition>,
    /// The ways on offer.
    pub methods: Vec<AuthOption>,
    /// Names of prefilled, locked fields, with what may be shown of them.
    pub locked: BTreeMap<String, Option<String>>,
    /// What the service will be asked to allow.
    pub scopes: Vec<String>,
    /// Whose account it turned out to be.
    pub account: Option<Account>,
    /// Where the result may be signalled to.
    pub origins: Vec<String>,
    /// What this browser takes to the application that has to confirm.
    pub code: Option<Secret>,
    /// Which of several accounts, asked of this browser.
    pub question: Option<Question>,
}

impl PageView {
    /// How it looks.
    pub fn theme(&self) -> Theme<'_> {
        Theme { accent: self.accent.as_deref(), logo: self.logo.as_deref() }
    }
}

/// The page of a session, for a browser with `nonce`.
pub async fn page(services: &Services, id: &SessionId, nonce: &Secret) -> Result<PageView> {
    let browser = token::hash(nonce.expose());
    let mut conn = services.store.conn().await?;
    let mut session = store::connect_sessions::find(&mut conn, id.as_str()).await?.ok_or_else(|| Error::new(Code::NotFound, "This link is not valid"))?;
    let definition = find_integration(services, Some(&session.integration_name))?;
    let workspace = workspace_of(services, &mut conn, &session).await?;
    // The token's language, else the workspace's, else the browser's, which the page knows.
    session.language = session.language.or_else(|| workspace.as_ref()?.language.clone());
    let end_user = match session.owner.end_user() {
        Some(id) => store::end_users::find(&mut conn, id.as_str()).await?.map(|user| user.display_name.or(user.email).unwrap_or(user.external_id)),
        None => None,
    };
    let prefilled = open_props(services, &mut conn, &session).await?;
    let methods: Vec<&Method> = match &session.auth_method_key {
        Some(key) => definition.method(key).into_iter().collect(),
        None => definition.auth.iter().collect(),
    };
    let is_secret = |name: &str| methods.iter().flat_map(|method| &method.fields).any(|field| field.key == name && field.view().secret);
    let locked = prefilled.into_iter().map(|(name, value)| (name.clone(), (!is_secret(&name)).then_some(value))).collect();
    let account = match (&session.connection_id, session.status) {
        (Some(id), SessionStatus::Completed) => store::connections::find(&mut conn, id.as_str()).await?.and_then(|connection| connection.account),
        _ => None,
    };
    let app_scopes = match &session.oauth_app_id {
        Some(id) => store::oauth_apps::find(&mut conn, id.as_str()).await?.and_then(|app| app.scopes),
        None => None,
    };
    let scopes = match definition.oauth_method() {
        Some((_, oauth2)) if session.oauth_app_id.is_some() => session.scopes.clone().or(app_scopes).unwrap_or_else(|| oauth2.scopes.clone()),
        _ => Vec::new(),
    };
    let status = session.status_at(services.now());
    let question = if status == SessionStatus::Connecting { choice::question(services, &mut conn, &session, &browser).await? } else { None };
    let may_confirm = status == SessionStatus::AwaitingConfirmation && session.browser.as_deref() == Some(&browser);
    Ok(PageView {
        status,
        question,
        code: may_confirm.then(|| code_of(nonce, session.expires_at)),
        is_ours: session.browser.as_deref().is_none_or(|bound| bound == browser.as_str()),
        asker: workspace.as_ref().map_or_else(|| "Keyloom".to_owned(), |workspace| workspace.name.clone()),
        accent: workspace.as_ref().and_then(|workspace| workspace.accent.clone()),
        logo: workspace.as_ref().and_then(|workspace| logos::own_path(services, workspace)),
        end_user,
        methods: methods.iter().map(|method| method.view(true)).collect(),
        locked,
        scopes,
        account,
        origins: signal_origins(&session, workspace.as_ref().map(|workspace| workspace.allowed_origins.as_slice())),
        definition,
        session,
    })
}

/// The token's origins, else the workspace's, else that of the redirect URI, else (`auto`) that of the page that opened ours.
fn signal_origins(session: &StoredSession, workspace: Option<&[String]>) -> Vec<String> {
    if !session.allowed_origins.is_empty() {
        return session.allowed_origins.clone();
    }
    if let Some(origins) = workspace.filter(|origins| !origins.is_empty()) {
        return origins.to_vec();
    }
    let redirect = session.success_redirect.as_deref().or(session.error_redirect.as_deref()).and_then(origin::origin_of);
    // A code is for pages that the application has named, not for whichever opened ours.
    let opener = || session.opener_origin.clone().filter(|_| session.completion == Completion::Auto);
    redirect.or_else(opener).into_iter().collect()
}

/// What a submitted form led to.
#[derive(Debug, Clone)]
pub enum SubmitOutcome {
    /// Go to the provider.
    Redirect(Url),
    /// A connection was made, or waits for the application to confirm.
    Stored,
    /// Nothing happened: these fields are wrong.
    Wrong(Vec<(String, Wrong)>),
}

/// The end user pressed the button: on to the provider, or their form is checked and stored.
pub async fn submit(services: &Services, id: &SessionId, method_key: Option<&str>, start: Start<'_>) -> Result<SubmitOutcome> {
    let session = store::connect_sessions::find(&mut *services.store.conn().await?, id.as_str()).await?;
    let session = session.ok_or_else(|| Error::new(Code::NotFound, "This link is not valid"))?;
    let now = services.now();
    let status = session.status_at(now);
    if session.browser.as_deref().is_some_and(|bound| bound != start.browser) {
        return Err(Error::new(Code::SessionAlreadyOpen, "This link is already open in another browser"));
    }
    if !status.may_attempt() {
        return Err(Error::new(Code::SessionExpired, "This session is over"));
    }
    let definition = find_integration(services, Some(&session.integration_name))?;
    let key = session.auth_method_key.as_deref().or(method_key);
    let method = key.and_then(|key| definition.method(key)).cloned().ok_or_else(|| Error::field("method", "Choose how to connect"))?;
    let mut values = open_props(services, &mut *services.store.conn().await?, &session).await?;
    for (name, value) in start.values {
        values.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let mut checked = match form::judge(&method, &values) {
        Ok(checked) => checked,
        Err(wrong) => return Ok(SubmitOutcome::Wrong(wrong)),
    };
    if method.oauth2.is_some() {
        return begin_attempt(services, &session, start).await.map(SubmitOutcome::Redirect);
    }
    if !store::connect_sessions::bind_browser(&mut *services.store.conn().await?, &session.id, start.browser, start.opener_origin).await? {
        return Err(Error::new(Code::SessionAlreadyOpen, "This link is already open in another browser"));
    }
    // Before it is stored: a person is there who can correct a wrong key.
    let entry = enter(services, &definition, &method, &mut checked, str::to_owned).await?;
    let account = match who_am_i(&services.http, &definition, &method, &template_values(&checked.props, &checked.credential), &services.moment()).await {
        Verdict::Works(account) => account,
        Verdict::Rejected(_) => {
            return Err(Error::new(
                Code::CredentialsRejected,
                format!("{} does not accept this. Check that it is complete and still valid", definition.display_name),
            ));
        }
        Verdict::Unknown(_) | Verdict::NoCheck => None,
    };
    if session.completion == Completion::Verified {
        hold(services, &session, &Pending::Form { method: method.key, values, account }, start.nonce).await?;
    } else {
        complete(services, &session, form_draft(&session, definition, &method, checked, entry, account)).await?;
    }
    Ok(SubmitOutcome::Stored)
}

/// What a checked form makes.
pub(super) fn form_draft(
    session: &StoredSession,
    definition: Arc<Definition>,
    method: &Method,
    checked: form::Checked,
    entry: Entry,
    account: Option<Account>,
) -> Draft {
    Draft {
        definition,
        method_key: method.key.clone(),
        external_id: session.external_id.clone(),
        display_name: session.display_name.clone(),
        kind: method.kind.connection_type(),
        owner: session.owner.clone(),
        oauth_app_id: None,
        credential: checked.credential,
        props: checked.props,
        wanted_scopes: Vec::new(),
        granted_scopes: entry.granted_scopes,
        expires_at: entry.expires_at,
        account,
        metadata: serde_json::Map::new(),
    }
}

/// The end user said no.
pub async fn cancel(services: &Services, id: &SessionId, browser: &str) -> Result<()> {
    end(services, id, browser, "cancelled", "The person connecting cancelled").await
}

/// The one who followed the link did not start this: it is closed, and the log says why.
pub async fn disown(services: &Services, id: &SessionId, browser: &str) -> Result<()> {
    end(services, id, browser, NOT_STARTED, "The person who opened the link said that they had not started this").await
}

/// Code of a session that the one who followed its link did not start.
pub const NOT_STARTED: &str = "not_started";

async fn end(services: &Services, id: &SessionId, browser: &str, code: &str, message: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    if !store::connect_sessions::bind_browser(&mut tx, id, browser, None).await? {
        return Err(Error::new(Code::SessionAlreadyOpen, "This link is already open in another browser"));
    }
    if store::connect_sessions::cancel(&mut tx, id, code, message, services.now()).await? {
        store::connect_confirmations::delete(&mut tx, id).await?;
        store::connect_choices::delete(&mut tx, id).await?;
        let session = store::connect_sessions::find(&mut tx, id.as_str()).await?;
        let workspace = session.as_ref().and_then(|session| session.owner.workspace()).map(WorkspaceId::as_str);
        let data = serde_json::json!({ "sessionId": id, "code": code });
        services.record(&mut tx, "connect.session.failed", &format!("session:{id}"), About { connection: None, workspace }, data).await?;
    }
    services.commit(tx).await?;
    services.signals.notify(id);
    Ok(())
}

/// "Use a different account": the same browser may connect again, over the connection it just made.
pub async fn reopen(services: &Services, id: &SessionId, browser: &str) -> Result<()> {
    if store::connect_sessions::reopen(&mut *services.store.conn().await?, id, browser, services.now()).await? {
        services.signals.notify(id);
        Ok(())
    } else {
        Err(Error::new(Code::SessionExpired, "This session is over"))
    }
}

/// A session started in the dashboard, bound to the admin's browser, and where to send its popup. A refusal is kept for the page
/// that opened the popup: it asks by `client_ref`.
pub async fn start_for_admin(services: &Services, actor: &Actor, input: NewSession, client_ref: Option<String>, start: Start<'_>) -> Result<(SessionId, Url)> {
    let writer = actor.writer()?;
    // Our own page: no list of a workspace has it, and none needs to.
    let back = Some(services.public_url.join("/connections"));
    let started = async {
        let (session, _) = prepare(services, &writer, input, client_ref.clone(), back, writer.name(), &start).await?;
        let url = begin_attempt(services, &session, start).await?;
        Ok((session.id, url))
    };
    let started: Result<_> = started.await;
    if let (Err(error), Some(client_ref)) = (&started, &client_ref) {
        let why = match &error.suggestion {
            Some(suggestion) => format!("{}. {suggestion}", error.message),
            None => error.message.clone(),
        };
        let until = services.now().plus_seconds(DEFAULT_LIFE);
        store::authorize_refusals::insert(&mut *services.store.conn().await?, client_ref, writer.name(), &why, until).await?;
    }
    started
}

/// A session for an end user with a portal token, bound to their browser. Where it needs no form, also where to go.
pub async fn start_for_end_user(
    services: &Services,
    visit: &PortalVisit,
    integration: &str,
    reconnect: Option<&str>,
    start: Start<'_>,
) -> Result<(SessionId, Timestamp, Option<Url>)> {
    let connection_id = match reconnect {
        Some(id) => Some(portal::own_connection(services, visit, id).await?.id.into()),
        None => None,
    };
    let input = NewSession {
        integration_name: Some(integration.to_owned()),
        external_id: Some(visit.user.external_id.clone()),
        workspace_id: Some(visit.workspace.id.as_str().to_owned()),
        end_user_id: Some(visit.user.id.as_str().to_owned()),
        workspace_integration_id: visit.workspace_integration_id.clone(),
        connection_id,
        ..NewSession::default()
    };
    // The portal acts for the customer, within the one end user that its token names.
    let writer = Actor::System.writer()?;
    let input = with_workspace_integration(services, &writer, input).await?;
    let (session, method) = prepare(services, &writer, input, None, None, &visit.actor().name(), &start).await?;
    let direct = method.is_some_and(|method| method.oauth2.is_some() && method.fields.is_empty());
    let url = if direct { Some(begin_attempt(services, &session, start).await?) } else { None };
    Ok((session.id, session.expires_at, url))
}

async fn prepare(
    services: &Services,
    writer: &Writer,
    input: NewSession,
    client_ref: Option<String>,
    success_redirect: Option<String>,
    created_by: &str,
    start: &Start<'_>,
) -> Result<(StoredSession, Option<Method>)> {
    let now = services.now();
    let mut session = draft(services, writer, &input, now, now.plus_seconds(DEFAULT_LIFE)).await?;
    session.browser = Some(start.browser.to_owned());
    session.opener_origin = start.opener_origin.map(str::to_owned);
    session.client_ref = client_ref;
    session.success_redirect = success_redirect;
    created_by.clone_into(&mut session.created_by);
    store::connect_sessions::insert(&mut *services.store.conn().await?, &session).await?;
    let definition = find_integration(services, Some(&session.integration_name))?;
    let method = session.auth_method_key.as_deref().and_then(|key| definition.method(key)).cloned();
    Ok((session, method))
}
