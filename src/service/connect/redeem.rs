//! Redeeming a consent: the tokens, which account they are about, the connection.
//!
//! Where a consent covers several accounts and the API has to be told which of them is meant, `choice.rs` stands between the two
//! halves: [`redeem`] makes a [`Consent`] of the code, [`finish`] a connection of the consent.

use super::attempt::{ANEW, Grant, complete};
use super::choice;
use crate::catalog::{Capture, Choose, Definition, Method, Values, captured, text_at};
use crate::domain::connection::{Account, ConnectionType};
use crate::domain::{Code, Error, Timestamp};
use crate::oauth::authorize::Provider;
use crate::oauth::exchange::{self, Failure};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::oauth::token::Tokens;
use crate::service::bring_your_own::clients;
use crate::service::connections::{Draft, find_integration};
use crate::service::{Result, Services, oauth_apps};
use crate::store;
use crate::store::connect_sessions::StoredSession;
use crate::store::oauth_apps::StoredApp;
use crate::vault::{Credential, OAuthTokens, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a provider gave, to make a connection of. Only ever serialised to be sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Consent {
    access_token: Zeroizing<String>,
    refresh_token: Option<Zeroizing<String>>,
    token_type: String,
    granted: Vec<String>,
    wanted: Vec<String>,
    expires_at: Option<i64>,
    /// The connection's values so far.
    pub props: BTreeMap<String, String>,
}

/// What a consent is used with.
pub(super) struct Means {
    pub definition: Arc<Definition>,
    pub provider: Provider,
    app: StoredApp,
}

impl Means {
    /// Those of a session, for a connection with these values.
    pub async fn of(services: &Services, session: &StoredSession, props: &BTreeMap<String, String>) -> Result<Self> {
        let definition = find_integration(services, Some(&session.integration_name))?;
        let app_id = session.oauth_app_id.clone().ok_or_else(Error::internal)?;
        let app = store::oauth_apps::find(&mut *services.store.conn().await?, app_id.as_str()).await?;
        let app = app.ok_or_else(|| Error::new(Code::NoOAuthApp, "The OAuth app was deleted meanwhile"))?;
        let provider = oauth_apps::provider(services, &app, props).await?;
        Ok(Self { definition, provider, app })
    }

    /// The method that is used.
    pub fn method(&self) -> Result<&Method> {
        self.definition.oauth_method().map(|(method, _)| method).ok_or_else(Error::internal)
    }

    /// Values for the templates of requests made with a consent. Never log them.
    pub fn values(&self, consent: &Consent) -> Values {
        let mut values = self.provider.values.clone();
        values.extend(consent.props.clone());
        values.insert(crate::catalog::ACCESS_TOKEN.to_owned(), consent.access_token.as_str().to_owned());
        values
    }
}

/// Exchanges the code for tokens, and makes a connection of them, or the question which account it is about.
pub(super) async fn redeem(services: &Services, session: &StoredSession, grant: Grant) -> Result<()> {
    let Grant { code, redirect_uri, mut secret } = grant;
    let means = Means::of(services, session, &secret.props).await?;
    let service = means.definition.display_name.as_str();
    let (method, oauth2) = means.definition.oauth_method().ok_or_else(Error::internal)?;
    let verifier = secret.verifier.take().map(Secret::new);
    let tokens = match exchange::exchange_code(&services.http, &means.provider, &code, &redirect_uri, verifier.as_ref()).await {
        Ok(tokens) => tokens,
        Err(failure) => {
            // The code is the old client's: the new one cannot use it.
            let renewed = clients::after_refusal(services, &means.app, &failure).await?;
            return Err(renewed.map_or_else(|| exchange_error(service, &failure), |_| Error::new(Code::TokenExchangeFailed, ANEW)));
        }
    };
    check_id_token(&means.provider, &tokens, &secret.nonce, services.now().0 / 1000)?;
    secret.props.extend(capture(service, &oauth2.token_capture, |pointer| text_at(&tokens.raw, pointer))?);
    let keep = |token: &Secret| Zeroizing::new(token.expose().to_owned());
    let consent = Consent {
        access_token: keep(&tokens.access_token),
        refresh_token: tokens.refresh_token.as_ref().map(keep),
        granted: tokens.scopes.clone().unwrap_or_else(|| secret.wanted.clone()),
        wanted: secret.wanted,
        expires_at: tokens.expires_at(services.now()).map(|at| at.0),
        token_type: tokens.token_type,
        props: secret.props,
    };
    match &method.choose {
        Some(choose) => choice::choose_or_ask(services, session, &means, choose, consent).await,
        None => finish(services, session, &means, consent, None).await,
    }
}

/// The account that was chosen.
pub(super) struct Chosen<'a> {
    pub choose: &'a Choose,
    pub account: crate::catalog::Listed,
}

/// Makes a connection of a consent.
pub(super) async fn finish(services: &Services, session: &StoredSession, means: &Means, mut consent: Consent, chosen: Option<Chosen<'_>>) -> Result<()> {
    let method = means.method()?;
    let mut shown = None;
    if let Some(Chosen { choose, account }) = chosen {
        consent.props.retain(|name, _| !choose.props().any(|prop| prop == name));
        consent.props.extend(account.props);
        consent.props.insert(choose.prop.clone(), account.value.clone());
        shown = Some((account.value, account.label));
    }
    let mut account = account_of(services, means, method, &consent).await;
    if let Some((value, label)) = shown {
        account = match account {
            Some(account) => Some(Account { tenant: Some(label), ..account }),
            // Nobody says whose it is: then it is known by what was chosen.
            None if method.identity.is_none() => Some(Account { id: value, label, email: None, avatar_url: None, tenant: None }),
            None => None,
        };
    }
    let kind = if means.app.workspace_id.is_none() { ConnectionType::PlatformOAuth2 } else { ConnectionType::OAuth2 };
    let secret = |token: Zeroizing<String>| Secret::new(token.as_str());
    let draft = Draft {
        method_key: method.key.clone(),
        definition: Arc::clone(&means.definition),
        external_id: session.external_id.clone(),
        display_name: session.display_name.clone(),
        kind,
        owner: session.owner.clone(),
        oauth_app_id: Some(means.app.id.clone()),
        granted_scopes: consent.granted,
        wanted_scopes: consent.wanted,
        expires_at: consent.expires_at.map(Timestamp),
        credential: Credential {
            values: BTreeMap::new(),
            tokens: Some(OAuthTokens {
                access_token: secret(consent.access_token),
                refresh_token: consent.refresh_token.map(secret),
                token_type: consent.token_type,
            }),
        },
        props: consent.props,
        account,
        metadata: serde_json::Map::new(),
    };
    complete(services, session, draft).await?;
    clients::accepted(services, &means.app).await;
    Ok(())
}

async fn account_of(services: &Services, means: &Means, method: &Method, consent: &Consent) -> Option<Account> {
    let definition = &means.definition;
    match who_am_i(&services.http, definition, method, &means.values(consent), &services.moment()).await {
        Verdict::Works(account) => account,
        Verdict::Rejected(status) => {
            tracing::warn!(integration = %definition.name, status, "the who-am-I call was refused right after consent");
            None
        }
        Verdict::Unknown(why) => {
            tracing::warn!(integration = %definition.name, why, "the who-am-I call gave no usable answer");
            None
        }
        Verdict::NoCheck => None,
    }
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

pub(super) fn capture(service: &str, captures: &[Capture], find: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>> {
    captured(captures, find).map_err(|name| Error::new(Code::TokenExchangeFailed, format!("{service} sent an unexpected value for {name}")))
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
