//! Token requests: code exchange and refresh; and what a failure means. `revoke.rs` ends grants.

mod revoke;

pub use revoke::{Revocation, end_grant};

use super::authorize::{Provider, ProviderError};
use super::http::{Answer, Http, HttpError, Request};
use super::token::{self, Refusal, Tokens};
use crate::catalog::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, ClientAuth, OAuth2, Swap, Template, TemplateError, TokenBody, TokenErrors};
use crate::vault::Secret;
use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::collections::BTreeMap;

/// Why there are no tokens, by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or a broken one. Try again soon.
    Transport(String),
    /// The provider asks for patience. Try again after so many seconds.
    Throttled(u64),
    /// The provider is unwell. Try again later.
    ProviderDown(u16),
    /// Our OAuth app is wrong: every connection made with it suffers.
    AppMisconfigured(Refusal),
    /// The grant is gone: only the account's owner can mend it.
    GrantDead(Refusal),
    /// What somebody entered is not accepted (any more): only they can correct it.
    LoginRefused(Refusal),
    /// The provider says no for another reason.
    Refused(Refusal),
    /// The request could not be made.
    Unsendable(String),
}

impl Failure {
    /// For machines.
    pub fn code(&self) -> &str {
        match self {
            Self::Transport(_) => "provider_unreachable",
            Self::Throttled(_) => "provider_throttled",
            Self::ProviderDown(_) => "provider_unavailable",
            Self::AppMisconfigured(refusal) | Self::Refused(refusal) => &refusal.code,
            Self::GrantDead(refusal) => {
                if refusal.code == "invalid_grant" {
                    "invalid_grant"
                } else {
                    "revoked"
                }
            }
            Self::LoginRefused(_) => "login_refused",
            Self::Unsendable(_) => "app_incomplete",
        }
    }

    /// For people: what happened and what to do.
    pub fn sentence(&self, service: &str) -> String {
        let said = |refusal: &Refusal| refusal.description.as_ref().map_or_else(String::new, |text| format!(" It said: “{text}”."));
        match self {
            Self::Transport(what) => format!("{service} could not be reached ({what}). It is tried again by itself."),
            Self::Throttled(seconds) => format!("{service} asks to wait {seconds} seconds. It is tried again by itself."),
            Self::ProviderDown(status) => format!("{service} has a problem of its own (status {status}). It is tried again by itself."),
            Self::AppMisconfigured(refusal) => {
                format!("{service} does not accept our OAuth app ({}).{} Check its client id, client secret and callback URL.", refusal.code, said(refusal))
            }
            Self::GrantDead(refusal) => format!("{service} has ended this access ({}).{} Connect the account again.", refusal.code, said(refusal)),
            Self::LoginRefused(refusal) => format!("{service} does not accept this login ({}).{}", refusal.code, said(refusal)),
            Self::Refused(refusal) => format!("{service} refused ({}).{}", refusal.code, said(refusal)),
            Self::Unsendable(what) => format!("The request to {service} could not be made: {what}."),
        }
    }

    /// Whether it is the app alone that is refused, so that every connection made with it would be. Less than `AppMisconfigured`:
    /// `unauthorized_client` may be about one token that another app was given.
    pub fn is_about_the_app(&self) -> bool {
        let codes = ["invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id"];
        matches!(self, Self::AppMisconfigured(refusal) if codes.contains(&refusal.code.as_str()))
    }

    /// Whether time alone may mend it.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::Throttled(_) | Self::ProviderDown(_))
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Discovery(super::discovery::DiscoveryError::Http(http)) => http.into(),
            other => Self::Unsendable(other.to_string()),
        }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Blocked(blocked) => Self::Unsendable(format!("the address is blocked, {blocked}")),
            other => Self::Transport(other.to_string()),
        }
    }
}

/// Swaps an authorization code for tokens (RFC 6749 §4.1.3). Never repeated: a replay revokes the grant.
pub async fn exchange_code(http: &Http, provider: &Provider, code: &str, redirect_uri: &str, verifier: Option<&Secret>) -> Result<Tokens, Failure> {
    let mut params: Vec<(&str, String)> =
        vec![("grant_type", "authorization_code".to_owned()), ("code", code.to_owned()), ("redirect_uri", redirect_uri.to_owned())];
    if let Some(verifier) = verifier {
        params.push(("code_verifier", verifier.expose().to_owned()));
    }
    let url = provider.token_url()?;
    let oauth2 = provider.oauth2()?;
    let tokens = send(http, provider, url, params, &oauth2.token_params).await?;
    let Some(longer) = &oauth2.long_lived else { return Ok(renewable(oauth2, tokens)) };
    let longer = swap(http, provider, longer, &tokens.access_token).await?;
    // Whose it is and what was granted, only the first answer says.
    let tokens = Tokens { scopes: longer.scopes.or(tokens.scopes), id_token: tokens.id_token, raw: tokens.raw, ..longer };
    Ok(renewable(oauth2, tokens))
}

/// A token that is renewed with itself is its own refresh token: so it is kept, locked, journalled and renewed as those are.
fn renewable(oauth2: &OAuth2, mut tokens: Tokens) -> Tokens {
    if oauth2.renew.is_some() {
        tokens.refresh_token = Some(tokens.access_token.clone());
    }
    tokens
}

async fn swap(http: &Http, provider: &Provider, swap: &Swap, token: &Secret) -> Result<Tokens, Failure> {
    read(provider, http.send(swapping(provider, swap, token)?).await?)
}

fn swapping(provider: &Provider, swap: &Swap, token: &Secret) -> Result<Request, Failure> {
    let unsendable = |error: TemplateError| Failure::Unsendable(error.to_string());
    let mut values = provider.values.clone();
    values.insert(ACCESS_TOKEN.to_owned(), token.expose().to_owned());
    values.insert(CLIENT_ID.to_owned(), provider.client_id.clone());
    if let Some(secret) = &provider.client_secret {
        values.insert(CLIENT_SECRET.to_owned(), secret.expose().to_owned());
    }
    let url = swap.url.render_url(&values).map_err(unsendable)?;
    let url = url::Url::parse(&url).map_err(|_| Failure::Unsendable("the address for renewed tokens is not a URL".to_owned()))?;
    let mut params = Vec::new();
    for (name, template) in &swap.params {
        params.push((name.as_str(), template.render_text(&values).map_err(unsendable)?));
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    with_params(url, if swap.method == "POST" { TokenBody::Form } else { TokenBody::Query }, &params, headers)
}

/// Renews an access token (RFC 6749 §6).
pub async fn refresh(http: &Http, provider: &Provider, refresh_token: &Secret) -> Result<Tokens, Failure> {
    let oauth2 = provider.oauth2()?;
    if let Some(renew) = &oauth2.renew {
        return swap(http, provider, renew, refresh_token).await.map(|tokens| renewable(oauth2, tokens));
    }
    let params = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh_token.expose().to_owned())];
    let url = provider.refresh_url()?;
    let extra = &provider.oauth2()?.refresh_params;
    send(http, provider, url, params, extra).await
}

async fn send(http: &Http, provider: &Provider, url: url::Url, params: Vec<(&str, String)>, extra: &BTreeMap<String, Template>) -> Result<Tokens, Failure> {
    let request = build(provider, url, params, extra)?;
    read(provider, http.send(request).await?)
}

fn read(provider: &Provider, answer: Answer) -> Result<Tokens, Failure> {
    let status = answer.status.as_u16();
    if status == 429 {
        return Err(Failure::Throttled(retry_after(&answer.headers).unwrap_or(30)));
    }
    let oauth2 = provider.oauth2()?;
    token::parse(status, &answer.body, oauth2).map_err(|refusal| classify(status, refusal, &answer.headers, &oauth2.errors))
}

/// What the definition says of its codes, RFC 6749 §5.2, and what to make of everything else.
fn classify(status: u16, refusal: Refusal, headers: &HeaderMap, theirs: &TokenErrors) -> Failure {
    if theirs.dead.contains(&refusal.code) {
        return Failure::GrantDead(refusal);
    }
    if theirs.app.contains(&refusal.code) {
        return Failure::AppMisconfigured(refusal);
    }
    match refusal.code.as_str() {
        "invalid_grant" | "bad_refresh_token" | "invalid_refresh_token" | "refresh_token_not_found" | "token_revoked" | "access_denied" => {
            Failure::GrantDead(refusal)
        }
        // Zoho's name for it, which comes with 200; that of sessions which an administrator ended; Meta's number.
        "invalid_code" | "app_session_terminated" | "190" => Failure::GrantDead(refusal),
        "invalid_client" | "unauthorized_client" | "incorrect_client_credentials" | "bad_client_secret" | "invalid_client_id" | "redirect_uri_mismatch" => {
            Failure::AppMisconfigured(refusal)
        }
        "temporarily_unavailable" | "server_error" | "slow_down" => Failure::ProviderDown(status),
        _ if status == 503 => retry_after(headers).map_or(Failure::ProviderDown(status), Failure::Throttled),
        _ if status >= 500 || matches!(status, 408 | 425) => Failure::ProviderDown(status),
        "malformed_answer" | "no_usable_answer" if status != 401 => Failure::Transport(format!("the answer with status {status} is not a token response")),
        _ if status == 401 => Failure::AppMisconfigured(refusal),
        _ => Failure::Refused(refusal),
    }
}

/// Seconds of `Retry-After`, at most an hour. A date is taken as what it is after the answer's own, so that clocks need not agree.
pub fn retry_after(headers: &HeaderMap) -> Option<u64> {
    const LONGEST: u64 = 3600;
    let text = |name: http::HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    let seconds = asked.parse::<u64>().ok().or_else(|| {
        let date = |text: &str| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).ok();
        u64::try_from((date(asked)? - date(text(DATE)?)?).whole_seconds()).ok()
    });
    Some(seconds.unwrap_or(60).clamp(1, LONGEST))
}

fn build(provider: &Provider, url: url::Url, mut params: Vec<(&str, String)>, extra: &BTreeMap<String, Template>) -> Result<Request, Failure> {
    let oauth2 = provider.oauth2()?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    match (provider.client_auth(), &provider.client_secret) {
        (ClientAuth::Body, secret) => {
            params.push(("client_id", provider.client_id.clone()));
            if let Some(secret) = secret {
                params.push(("client_secret", secret.expose().to_owned()));
            }
        }
        // A public client has nothing to prove: it only says who it is (RFC 6749 §3.2.1).
        (ClientAuth::Basic | ClientAuth::BasicRaw, None) => params.push(("client_id", provider.client_id.clone())),
        (kind, Some(secret)) => {
            headers.insert(AUTHORIZATION, basic(kind, &provider.client_id, secret.expose())?);
        }
    }
    let mut params: Vec<(&str, String)> = params.into_iter().filter_map(|(name, value)| Some((oauth2.token_name(name)?, value))).collect();
    for (name, template) in extra {
        params.push((name.as_str(), template.render(&provider.values).map_err(|error| Failure::Unsendable(error.to_string()))?));
    }
    with_params(url, oauth2.token_body, &params, headers)
}

/// A request with these parameters: a GET has them in its address, a POST in its body.
pub(super) fn with_params(mut url: url::Url, encoding: TokenBody, params: &[(&str, String)], mut headers: HeaderMap) -> Result<Request, Failure> {
    if encoding == TokenBody::Query {
        url.query_pairs_mut().extend_pairs(params);
        return Ok(Request { method: http::Method::GET, url, headers, body: Vec::new() });
    }
    let body = encoded(encoding, params, &mut headers)?;
    Ok(Request { method: http::Method::POST, url, headers, body })
}

/// The parameters as a body, whose type is told in the headers.
fn encoded(encoding: TokenBody, params: &[(&str, String)], headers: &mut HeaderMap) -> Result<Vec<u8>, Failure> {
    if encoding == TokenBody::Json {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let object: serde_json::Map<_, _> = params.iter().map(|(name, value)| ((*name).to_owned(), serde_json::Value::String(value.clone()))).collect();
        return Ok(serde_json::Value::Object(object).to_string().into_bytes());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    serde_urlencoded::to_string(params).map(String::into_bytes).map_err(|error| Failure::Unsendable(error.to_string()))
}

/// The header by which a client says who it is.
pub(super) fn basic(kind: ClientAuth, id: &str, secret: &str) -> Result<HeaderValue, Failure> {
    let part = |text: &str| if kind == ClientAuth::Basic { form_encode(text) } else { text.to_owned() };
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", part(id), part(secret)));
    let unsendable = |_| Failure::Unsendable("the client id or secret has characters that no header may hold".to_owned());
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).map_err(unsendable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// RFC 6749 §2.3.1 wants id and secret form-encoded before they go into Basic.
fn form_encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod quirks;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let wait = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            retry_after(&headers)
        };
        let (noon, later) = ("Tue, 24 Nov 2026 12:00:00 GMT", "Tue, 24 Nov 2026 12:02:30 GMT");
        assert_eq!(retry_after(&HeaderMap::new()), None);
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait("0", None), Some(1));
        assert_eq!(wait("999999", None), Some(3600));
        assert_eq!(wait(later, Some(noon)), Some(150));
        assert_eq!(wait(noon, Some(later)), Some(60), "in the past: a minute");
        assert_eq!(wait("soon", Some(noon)), Some(60));
    }
}
