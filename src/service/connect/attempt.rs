//! The way to a provider and back.
//!
//! [`finish_attempt`] checks in one order, and every refusal has a name: state → browser → app path → `iss` → then `error` →
//! exchange. The exchange runs in a task of its own: the browser may leave, the code is used only once.

use super::completion::{Pending, hold};
use super::tokens::open_props;
use crate::catalog::{Pkce, Values};
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::connection::{Account, ConnectionType};
use crate::domain::id::{ConnectionId, SessionId, WorkspaceId};
use crate::domain::{Code, Error};
use crate::oauth::authorize::{AuthorizeParams, Provider};
use crate::oauth::exchange::{self, Failure};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::oauth::token::{Tokens, clean};
use crate::service::bring_your_own::clients;
use crate::service::connections::{Draft, Replace, save_in};
use crate::service::{About, Result, Services, form, oauth_apps};
use crate::store;
use crate::store::connect_attempts::StoredAttempt;
use crate::store::connect_sessions::StoredSession;
use crate::vault::{Credential, OAuthTokens, Place, Secret, token};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// What a browser needs to begin.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// Hash of the browser's nonce.
    pub browser: &'a str,
    /// The nonce itself: what only this browser has.
    pub nonce: &'a Secret,
    /// Origin of the page that opened ours.
    pub opener_origin: Option<&'a str>,
    /// Submitted fields, for methods that ask before consent.
    pub values: &'a BTreeMap<String, String>,
}

/// What is sealed with an attempt.
#[derive(Serialize, Deserialize)]
struct AttemptSecret {
    verifier: Option<String>,
    nonce: String,
    props: BTreeMap<String, String>,
    wanted: Vec<String>,
}

/// Binds the session to the browser, makes an attempt and returns where to send the browser.
pub async fn begin_attempt(services: &Services, session: &StoredSession, start: Start<'_>) -> Result<Url> {
    let now = services.now();
    let not_possible = || Error::new(Code::NoOAuthApp, "This session has no OAuth app to connect with");
    let app_id = session.oauth_app_id.as_ref().ok_or_else(not_possible)?;
    let (mut app, mut values) = {
        let mut conn = services.store.conn().await?;
        let app = store::oauth_apps::find(&mut conn, app_id.as_str()).await?.ok_or_else(not_possible)?;
        (app, open_props(services, &mut conn, session).await?)
    };
    let definition = crate::service::connections::find_integration(services, Some(&session.integration_name))?;
    let (method, oauth2) = definition.oauth_method().ok_or_else(not_possible)?;
    // Prefilled fields are locked: what the browser sends for them does not count.
    for (name, value) in start.values {
        values.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let checked = form::check(method, &values, str::to_owned)?;
    let mut provider = oauth_apps::provider(services, &app, &checked.props).await?;
    if let Some(renewed) = clients::before_consent(services, &app, &provider).await? {
        app = renewed;
        provider = oauth_apps::provider(services, &app, &checked.props).await?;
    }

    let mut tx = services.store.begin_write().await?;
    if !store::connect_sessions::bind_browser(&mut tx, &session.id, start.browser, start.opener_origin).await? {
        return Err(Error::new(Code::SessionAlreadyOpen, "This link is already open in another browser"));
    }
    if !store::connect_sessions::start_attempt(&mut tx, &session.id, now).await? {
        return Err(Error::new(Code::SessionExpired, "This session is over"));
    }
    let state = token::random(services.entropy.as_ref());
    let nonce = token::random(services.entropy.as_ref());
    let verifier = PkceCodeVerifier::new(token::random(services.entropy.as_ref()).expose().to_owned());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let redirect_uri = oauth_apps::callback_url(services, &app);
    let wanted = provider.scopes(session.scopes.as_deref());
    let params =
        AuthorizeParams { state: state.expose(), redirect_uri: &redirect_uri, code_challenge: challenge.as_str(), nonce: nonce.expose(), scopes: &wanted };
    let url = provider.authorize_url(&params).map_err(|error| oauth_apps::provider_error(&definition.display_name, error))?;
    let secret = AttemptSecret {
        verifier: (oauth2.pkce == Pkce::S256).then(|| verifier.secret().to_owned()),
        nonce: nonce.expose().to_owned(),
        props: checked.props,
        wanted,
    };
    let state_hash = token::hash(state.expose());
    let key_owner = services.key_owner(session.owner.workspace());
    services.ensure_key(&mut tx, key_owner).await?;
    let plain = zeroize::Zeroizing::new(store::to_json(&secret));
    let attempt = StoredAttempt {
        secret: services.vault.seal(key_owner, Place { row: &state_hash, ..PLACE }, plain.as_bytes(), services.entropy.as_ref())?,
        state_hash,
        session_id: session.id.clone(),
        browser: start.browser.to_owned(),
        app_path: oauth_apps::app_path(&app).to_owned(),
        redirect_uri,
        issuer: provider.expected_issuer().map(|(issuer, required)| format!("{}{issuer}", if required { REQUIRED } else { OPTIONAL })),
        created_at: now,
        expires_at: session.expires_at.min(now.plus_seconds(ATTEMPT_LIFE)),
    };
    store::connect_attempts::insert(&mut tx, &attempt).await?;
    tx.commit().await?;
    services.signals.notify(&session.id);
    Ok(url)
}

const PLACE: Place<'static> = Place { table: "connect_attempts", column: "secret", row: "" };
/// Longest time a person may take at the provider, in seconds.
const ATTEMPT_LIFE: i64 = 30 * 60;
/// Marks of the stored issuer: whether a missing `iss` is an error.
const REQUIRED: &str = "!";
const OPTIONAL: &str = "?";

/// Said where a client that registered itself had ended, and the consent with it.
const ANEW: &str = "The service no longer knew our registration. It has been made anew: authorize once more";

/// What a provider sent the browser back with.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// Last segment of the path it arrived on.
    pub app_path: String,
    /// RFC 6749.
    pub state: Option<String>,
    /// RFC 6749.
    pub code: Option<Secret>,
    /// RFC 6749.
    pub error: Option<String>,
    /// RFC 6749.
    pub error_description: Option<String>,
    /// RFC 9207.
    pub iss: Option<String>,
    /// All parameters, for captures.
    pub params: BTreeMap<String, String>,
}

/// Where the browser goes next.
#[derive(Debug, Clone)]
pub struct Returned {
    /// The session it belongs to.
    pub session_id: SessionId,
}

/// Why a callback was refused before it could be matched to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No `state`.
    NoState,
    /// Unknown, used or too old.
    UnknownState,
    /// Started in another browser.
    OtherBrowser,
}

/// Takes a callback. `nonce_of` gives the nonce that this browser has for a session, if any.
pub async fn finish_attempt(
    services: &Services,
    callback: Callback,
    nonce_of: impl Fn(&SessionId) -> Option<Secret>,
) -> Result<std::result::Result<Returned, Refused>> {
    // 1. The state is one that we made and that has not been used.
    let Some(state) = callback.state.as_deref().filter(|state| !state.is_empty()) else { return Ok(Err(Refused::NoState)) };
    let state_hash = token::hash(state);
    let found = store::connect_attempts::find(&mut *services.store.conn().await?, &state_hash).await?;
    let Some(found) = found else { return Ok(Err(Refused::UnknownState)) };
    // 2. It was made for this browser; consuming it is one statement, so of many equal callbacks one goes on.
    let Some(nonce) = nonce_of(&found.session_id) else { return Ok(Err(Refused::OtherBrowser)) };
    let browser = token::hash(nonce.expose());
    let (attempt, session) = {
        let mut conn = services.store.conn().await?;
        let attempt = store::connect_attempts::consume(&mut conn, &state_hash, &browser).await?;
        let session = store::connect_sessions::find(&mut conn, found.session_id.as_str()).await?;
        (attempt, session)
    };
    let Some(attempt) = attempt else {
        return Ok(Err(if browser == found.browser { Refused::UnknownState } else { Refused::OtherBrowser }));
    };
    let Some(session) = session else { return Ok(Err(Refused::UnknownState)) };
    let returned = Returned { session_id: session.id.clone() };
    let now = services.now();
    if attempt.expires_at <= now || session.status_at(now) != SessionStatus::Connecting {
        return Ok(Ok(returned));
    }
    // 3. It came back on the path of the app that asked (mix-up, CORF).
    if attempt.app_path != callback.app_path {
        fail(services, &session, "wrong_callback", "The answer came back to the callback address of another app").await?;
        return Ok(Ok(returned));
    }
    // 4. `iss`, also on errors (RFC 9207 §2.4). Nothing else of a mixed-up answer is believed or shown.
    if !issuer_fits(attempt.issuer.as_deref(), callback.iss.as_deref()) {
        fail(services, &session, "issuer_mismatch", "The answer came from another authorization server than the one that was asked").await?;
        return Ok(Ok(returned));
    }
    // 5. Only now what the answer says.
    if let Some(error) = &callback.error {
        let (code, mut message) = authorization_error(services, &session, error, callback.error_description.as_deref());
        if matches!(error.as_str(), "invalid_client" | "unauthorized_client")
            && let Some(app) = &session.oauth_app_id
            && let Some(app) = { store::oauth_apps::find(&mut *services.store.conn().await?, app.as_str()).await? }
            && clients::anew(services, &app, &format!("the authorization endpoint refuses the client ({error})")).await?.is_some()
        {
            ANEW.clone_into(&mut message);
        }
        fail(services, &session, &code, &message).await?;
        return Ok(Ok(returned));
    }
    let Some(code) = callback.code.clone().filter(|code| !code.is_empty()) else {
        fail(services, &session, "no_code", "The provider sent neither an authorization code nor an error").await?;
        return Ok(Ok(returned));
    };
    // 6. The exchange, or the wait for the application's word, in a task that outlives this request.
    let task = services.clone();
    let handle = services.tasks.spawn(async move {
        let outcome = match grant(&task, &session, &attempt, &callback, &code).await {
            Ok(grant) if session.completion == Completion::Verified => hold(&task, &session, &Pending::Grant(grant), &nonce).await,
            Ok(grant) => redeem(&task, &session, grant).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.code != Code::SessionExpired => {
                tracing::warn!(session = %session.id, %error, "connect attempt failed");
                let _ = fail(&task, &session, error.code.as_str(), &error.message).await;
            }
            // Somebody else ended the session in between: how, it says already.
            Ok(()) | Err(_) => {}
        }
    });
    let _ = handle.await;
    Ok(Ok(returned))
}

fn issuer_fits(expected: Option<&str>, given: Option<&str>) -> bool {
    match (expected, given) {
        (None, _) => true,
        (Some(expected), Some(given)) => expected.get(1..) == Some(given),
        (Some(expected), None) => expected.starts_with(OPTIONAL),
    }
}

fn authorization_error(services: &Services, session: &StoredSession, error: &str, description: Option<&str>) -> (String, String) {
    let service = services.catalog.get(&session.integration_name).map_or_else(|| session.integration_name.clone(), |d| d.display_name.clone());
    let code = clean(error, 60);
    let message = match error {
        "access_denied" | "user_denied" | "user_cancelled_login" | "user_cancelled_authorize" => format!("Access to {service} was not granted"),
        "temporarily_unavailable" | "server_error" => format!("{service} has a problem of its own. Try again in a while"),
        "invalid_scope" => format!("{service} does not offer the scopes that were asked for. Check the scopes of the OAuth app"),
        "unauthorized_client" | "invalid_client" | "redirect_uri_mismatch" | "unsupported_response_type" => {
            format!("{service} does not accept our OAuth app. Check its client id, callback URL and settings")
        }
        _ => format!("{service} refused"),
    };
    let said = description.map(|text| clean(text, 200)).filter(|text| !text.is_empty() && error != "access_denied");
    (code, said.map_or(message.clone(), |said| format!("{message} (it said: “{said}”)")))
}

/// Notes a failed attempt; the session can be tried again while it lives.
pub(super) async fn fail(services: &Services, session: &StoredSession, code: &str, message: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    if store::connect_sessions::fail(&mut tx, &session.id, code, message, services.now()).await? {
        let about = About { connection: None, workspace: session.owner.workspace().map(WorkspaceId::as_str) };
        let data = serde_json::json!({ "sessionId": session.id, "code": code, "message": message });
        services.record(&mut tx, "connect.session.failed", &format!("session:{}", session.id), about, data).await?;
    }
    services.commit(tx).await?;
    services.signals.notify(&session.id);
    Ok(())
}

/// A provider's consent: everything that it takes to redeem it, once.
#[derive(Serialize, Deserialize)]
pub(super) struct Grant {
    code: zeroize::Zeroizing<String>,
    redirect_uri: String,
    secret: AttemptSecret,
}

/// Opens what was sealed with the attempt and adds what the answer brought.
async fn grant(services: &Services, session: &StoredSession, attempt: &StoredAttempt, callback: &Callback, code: &Secret) -> Result<Grant> {
    let definition = crate::service::connections::find_integration(services, Some(&session.integration_name))?;
    let key_owner = services.key_owner(session.owner.workspace());
    let plain = {
        let mut conn = services.store.conn().await?;
        services.unseal(&mut conn, key_owner, Place { row: &attempt.state_hash, ..PLACE }, &attempt.secret).await?
    };
    let mut secret: AttemptSecret = serde_json::from_slice(&plain).map_err(|_| Error::internal())?;
    let (_, oauth2) = definition.oauth_method().ok_or_else(Error::internal)?;
    secret.props.extend(capture(&definition.display_name, &oauth2.callback_capture, |name| callback.params.get(name).cloned())?);
    Ok(Grant { code: zeroize::Zeroizing::new(code.expose().to_owned()), redirect_uri: attempt.redirect_uri.clone(), secret })
}

/// Exchanges the code for tokens and stores the connection.
pub(super) async fn redeem(services: &Services, session: &StoredSession, grant: Grant) -> Result<()> {
    let Grant { code, redirect_uri, mut secret } = grant;
    let definition = crate::service::connections::find_integration(services, Some(&session.integration_name))?;
    let service = definition.display_name.clone();
    let app_id = session.oauth_app_id.clone().ok_or_else(Error::internal)?;
    let app = store::oauth_apps::find(&mut *services.store.conn().await?, app_id.as_str()).await?;
    let app = app.ok_or_else(|| Error::new(Code::NoOAuthApp, "The OAuth app was deleted meanwhile"))?;
    let (method, oauth2) = definition.oauth_method().ok_or_else(Error::internal)?;
    let provider = oauth_apps::provider(services, &app, &secret.props).await?;
    let verifier = secret.verifier.take().map(Secret::new);
    let tokens = match exchange::exchange_code(&services.http, &provider, &code, &redirect_uri, verifier.as_ref()).await {
        Ok(tokens) => tokens,
        Err(failure) => {
            // The code is the old client's: the new one cannot use it.
            let renewed = clients::after_refusal(services, &app, &failure).await?;
            return Err(renewed.map_or_else(|| exchange_error(&service, &failure), |_| Error::new(Code::TokenExchangeFailed, ANEW)));
        }
    };
    check_id_token(&provider, &tokens, &secret.nonce, services.now().0 / 1000)?;
    let captured = capture(&service, &oauth2.token_capture, |pointer| match tokens.raw.pointer(pointer)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    })?;
    secret.props.extend(captured);
    let account = account_of(services, &provider, method, &secret.props, &tokens).await;

    let now = services.now();
    let kind = if app.workspace_id.is_none() { ConnectionType::PlatformOAuth2 } else { ConnectionType::OAuth2 };
    let draft = Draft {
        method_key: method.key.clone(),
        definition: definition.clone(),
        external_id: session.external_id.clone(),
        display_name: session.display_name.clone(),
        kind,
        owner: session.owner.clone(),
        oauth_app_id: Some(app.id.clone()),
        granted_scopes: tokens.scopes.clone().unwrap_or_else(|| secret.wanted.clone()),
        wanted_scopes: secret.wanted,
        expires_at: tokens.expires_in.map(|seconds| now.plus_seconds(seconds)),
        credential: Credential {
            values: BTreeMap::new(),
            tokens: Some(OAuthTokens { access_token: tokens.access_token, refresh_token: tokens.refresh_token, token_type: tokens.token_type }),
        },
        props: secret.props,
        account,
        metadata: serde_json::Map::new(),
    };
    complete(services, session, draft).await?;
    clients::accepted(services, &app).await;
    Ok(())
}

/// Stores the connection and completes the session in one transaction. Used by forms too.
pub(super) async fn complete(services: &Services, session: &StoredSession, mut draft: Draft) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    if session.created_by.starts_with("end_user:") && !session.is_reconnect {
        draft.external_id = free_for_account(&mut tx, &draft).await?;
    }
    let id = ConnectionId::from_bits(services.new_id_bits());
    let replace = match &session.connection_id {
        Some(existing) if session.is_reconnect => Replace::This(existing.clone()),
        _ => Replace::Same,
    };
    let actor = format!("session:{}", session.id);
    let saved = save_in(services, &mut tx, id, draft, replace, &actor).await?;
    if !store::connect_sessions::complete(&mut tx, &session.id, &saved.connection.id, saved.account_changed, services.now()).await? {
        // Completed or cancelled by somebody else in between: roll back, one session makes one connection.
        return Err(Error::new(Code::SessionExpired, "This session is over"));
    }
    let data = serde_json::json!({ "sessionId": session.id, "accountChanged": saved.account_changed });
    services.record(&mut tx, "connect.session.completed", &actor, About::from(&saved.connection), data).await?;
    services.commit(tx).await?;
    services.signals.notify(&session.id);
    Ok(())
}

/// On their own page a person connects under their own id; a second account at the same service gets `…-2`, and so on. The
/// same account again replaces its credentials.
async fn free_for_account(conn: &mut store::Conn, draft: &Draft) -> Result<String> {
    let mut external_id = draft.external_id.clone();
    for number in 2..1000 {
        let existing = store::connections::find_same(conn, &draft.definition.name, &draft.method_key, &external_id, &draft.owner).await?;
        let other_account = existing.is_some_and(|found| matches!((&found.account, &draft.account), (Some(old), Some(new)) if old.id != new.id));
        if !other_account {
            return Ok(external_id);
        }
        external_id = format!("{}-{number}", draft.external_id);
    }
    Err(Error::new(Code::Duplicate, "There are too many accounts of this service"))
}

fn exchange_error(service: &str, failure: &Failure) -> Error {
    let code = match failure {
        Failure::AppMisconfigured(_) | Failure::Unsendable(_) | Failure::Refused(_) | Failure::GrantDead(_) | Failure::LoginRefused(_) => {
            Code::TokenExchangeFailed
        }
        Failure::Transport(_) | Failure::Throttled(_) | Failure::ProviderDown(_) => Code::Provider,
    };
    let message = match failure {
        Failure::Transport(what) => format!("{service} could not be reached ({what}). Try again"),
        Failure::Throttled(_) | Failure::ProviderDown(_) => format!("{service} has a problem of its own. Try again in a while"),
        Failure::GrantDead(refusal) => format!("{service} did not accept the authorization code ({}). Try again", refusal.code),
        other => other.sentence(service),
    };
    Error::new(code, message)
}

fn capture(service: &str, captures: &[crate::catalog::Capture], find: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for capture in captures {
        let value = find(&capture.from);
        let fits = |value: &String| regex_lite::Regex::new(&format!("^(?:{})$", capture.pattern)).is_ok_and(|regex| regex.is_match(value));
        match value {
            Some(value) if fits(&value) => {
                found.insert(capture.name.clone(), value);
            }
            None if !capture.required => {}
            // What a browser brings becomes part of URLs: anything unexpected ends it here.
            _ => return Err(Error::new(Code::TokenExchangeFailed, format!("{service} sent an unexpected value for {}", capture.name))),
        }
    }
    Ok(found)
}

/// OpenID Connect Core §3.1.3.7, as far as it applies to a token that came straight from the token endpoint over TLS: issuer,
/// audience, expiry, nonce. The signature adds nothing on that path.
fn check_id_token(provider: &Provider, tokens: &Tokens, nonce: &str, now_seconds: i64) -> Result<()> {
    use base64::Engine as _;
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
        aud: serde_json::Value,
        exp: i64,
        nonce: Option<String>,
    }
    let (Some(id_token), Some(metadata)) = (&tokens.id_token, &provider.metadata) else { return Ok(()) };
    let wrong = |what: &str| Error::new(Code::TokenExchangeFailed, format!("{} sent an identity token with a wrong {what}", provider.definition.display_name));
    let payload = id_token.expose().split('.').nth(1).and_then(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Claims = payload.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| wrong("form"))?;
    let audience_fits = match &claims.aud {
        serde_json::Value::String(audience) => *audience == provider.client_id,
        serde_json::Value::Array(audiences) => audiences.iter().any(|audience| audience.as_str() == Some(&provider.client_id)),
        _ => false,
    };
    if claims.iss != metadata.issuer {
        return Err(wrong("issuer"));
    }
    if !audience_fits {
        return Err(wrong("audience"));
    }
    if claims.exp + 600 < now_seconds {
        return Err(wrong("expiry"));
    }
    if claims.nonce.as_deref().is_some_and(|given| given != nonce) {
        return Err(wrong("nonce"));
    }
    Ok(())
}

async fn account_of(
    services: &Services,
    provider: &Provider,
    method: &crate::catalog::Method,
    props: &BTreeMap<String, String>,
    tokens: &Tokens,
) -> Option<Account> {
    let mut values: Values = provider.values.clone();
    values.extend(props.clone());
    values.insert(crate::catalog::ACCESS_TOKEN.to_owned(), tokens.access_token.expose().to_owned());
    match who_am_i(&services.http, &provider.definition, method, &values).await {
        Verdict::Works(account) => account,
        Verdict::Rejected(status) => {
            tracing::warn!(integration = %provider.definition.name, status, "the who-am-I call was refused right after consent");
            None
        }
        Verdict::Unknown(why) => {
            tracing::warn!(integration = %provider.definition.name, why, "the who-am-I call gave no usable answer");
            None
        }
        Verdict::NoCheck => None,
    }
}
