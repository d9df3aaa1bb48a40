//! What real providers send and want to be sent, a case a quirk, judged by the definitions that are shipped.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::revoke::{describe, judge};
use super::*;
use crate::catalog::{Catalog, REFRESH_TOKEN, Values};
use crate::domain::Timestamp;
use crate::oauth::authorize::AuthorizeParams;
use serde::Deserialize;
use std::sync::{Arc, LazyLock};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixtures {
    basic: String,
    answer: Vec<AnswerCase>,
    request: Vec<RequestCase>,
    authorize: Vec<AuthorizeCase>,
    revoke: Vec<RevokeCase>,
    swap: Vec<SwapCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerCase {
    quirk: String,
    integration: String,
    #[serde(default = "ok")]
    status: u16,
    body: String,
    token: Option<String>,
    refresh: Option<String>,
    expires_in: Option<i64>,
    /// Where a moment is named and no lifetime.
    ends_at: Option<String>,
    scopes: Option<Vec<String>>,
    /// `dead`, `app`, `down`, `broken` or `refused`.
    failure: Option<String>,
    /// What it is called.
    code: Option<String>,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestCase {
    quirk: String,
    integration: String,
    #[serde(default)]
    refresh: bool,
    basic: bool,
    json: bool,
    holds: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizeCase {
    quirk: String,
    integration: String,
    holds: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeCase {
    quirk: String,
    integration: String,
    /// Method and URL.
    request: String,
    /// The `Authorization` header; what is in `Basic` is shown as text.
    authorization: Option<String>,
    #[serde(default)]
    body: String,
    /// What an answer comes to: status, body, `confirmed`, `failed` or `refused`.
    answers: Vec<(u16, String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwapCase {
    quirk: String,
    integration: String,
    /// The request for a longer one after consent.
    first: String,
    /// The request for the next one.
    next: String,
}

fn fixtures() -> Fixtures {
    toml::from_str(include_str!("quirks.toml")).unwrap()
}

fn provider(integration: &str) -> Provider {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(None).unwrap());
    let definition = Arc::clone(CATALOG.get(integration).unwrap_or_else(|| panic!("{integration}")));
    let (method, oauth2) = definition.oauth_method().unwrap();
    let mut values = Values::new();
    for field in method.fields.iter().chain(&oauth2.app_fields) {
        let suffix = field.host_suffixes.first().cloned().unwrap_or_default();
        values.insert(field.key.clone(), field.default.clone().unwrap_or_else(|| format!("acme{suffix}")));
    }
    values.insert("accountsServer".to_owned(), "https://accounts.zoho.eu".to_owned());
    let method_key = method.key.clone();
    Provider {
        definition,
        method_key,
        client_id: "app-id".to_owned(),
        client_secret: Some(Secret::new("app-secret")),
        app_scopes: None,
        values,
        metadata: None,
        token_auth: None,
    }
}

#[test]
fn every_answer_is_read_for_what_it_is() {
    for case in fixtures().answer {
        let provider = provider(&case.integration);
        let read = token::parse(case.status, case.body.as_bytes(), provider.oauth2().unwrap()).map_err(|refusal| {
            assert!(case.code.as_ref().is_none_or(|code| *code == refusal.code), "{}: {refusal:?}", case.quirk);
            classify(case.status, refusal, &HeaderMap::new(), &provider.oauth2().unwrap().errors)
        });
        let at = &case.quirk;
        match (read, case.failure) {
            (Ok(tokens), None) => {
                assert_eq!(Some(tokens.access_token.expose()), case.token.as_deref(), "{at}");
                assert_eq!(tokens.refresh_token.as_ref().map(Secret::expose), case.refresh.as_deref(), "{at}");
                assert_eq!(tokens.expires_in, case.expires_in, "{at}");
                assert_eq!(tokens.ends_at.map(Timestamp::rfc3339), case.ends_at, "{at}");
                assert_eq!(tokens.scopes, case.scopes, "{at}");
            }
            (Err(failure), Some(expected)) => {
                let kind = match failure {
                    Failure::GrantDead(_) => "dead",
                    Failure::AppMisconfigured(_) => "app",
                    Failure::ProviderDown(_) | Failure::Throttled(_) => "down",
                    Failure::Transport(_) => "broken",
                    Failure::LoginRefused(_) | Failure::Refused(_) | Failure::Unsendable(_) => "refused",
                };
                assert_eq!(kind, expected, "{at}");
            }
            (read, expected) => panic!("{at}: {read:?} for {expected:?}"),
        }
    }
}

#[test]
fn every_request_is_what_the_provider_wants() {
    for case in fixtures().request {
        let provider = provider(&case.integration);
        let oauth2 = provider.oauth2().unwrap();
        let (url, extra) =
            if case.refresh { (provider.refresh_url().unwrap(), &oauth2.refresh_params) } else { (provider.token_url().unwrap(), &oauth2.token_params) };
        let specific = if case.refresh { ("refresh_token", "rt") } else { ("code", "the-code") };
        let params = [("grant_type", "x"), specific, ("redirect_uri", "https://k.example/cb")].map(|(name, value)| (name, value.to_owned()));
        let request = build(&provider, url, params.to_vec(), extra).unwrap();
        let (at, body) = (&case.quirk, String::from_utf8(request.body).unwrap());
        assert_eq!(request.headers[ACCEPT], "application/json", "{at}");
        assert_eq!(request.headers.contains_key(AUTHORIZATION), case.basic, "{at}");
        let whole = format!("{} {} {body}", request.method, request.url);
        assert_eq!(whole.contains("app-secret"), !case.basic, "{at}: one way of saying who one is, never two");
        assert_eq!(request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json"), case.json, "{at}");
        for held in &case.holds {
            assert!(whole.contains(held), "{at}: no {held} in {whole}");
        }
        for lacking in &case.lacks {
            assert!(!whole.contains(lacking), "{at}: {lacking} in {whole}");
        }
    }
}

#[test]
fn every_way_to_consent_asks_for_what_is_needed() {
    for case in fixtures().authorize {
        let provider = provider(&case.integration);
        let scopes = provider.scopes(None);
        let params = AuthorizeParams { state: "s", redirect_uri: "https://k.example/cb", code_challenge: "c", nonce: "n", scopes: &scopes };
        let url = provider.authorize_url(&params).unwrap().to_string();
        for held in &case.holds {
            assert!(url.contains(held), "{}: no {held} in {url}", case.quirk);
        }
        for lacking in &case.lacks {
            assert!(!url.contains(lacking), "{}: {lacking} in {url}", case.quirk);
        }
    }
}

#[test]
fn every_token_that_renews_itself_does_so_as_its_provider_wants() {
    for case in fixtures().swap {
        let provider = provider(&case.integration);
        let oauth2 = provider.oauth2().unwrap();
        for (swap, expected) in [(&oauth2.long_lived, &case.first), (&oauth2.renew, &case.next)] {
            let request = swapping(&provider, swap.as_ref().unwrap(), &Secret::new("at/1")).unwrap();
            assert_eq!(format!("{} {}", request.method, request.url), *expected, "{}", case.quirk);
        }
    }
}

#[test]
fn every_grant_ends_in_the_way_of_its_provider() {
    for case in fixtures().revoke {
        let (provider, at) = (provider(&case.integration), &case.quirk);
        let own = provider.oauth2().unwrap().revoke.as_ref().unwrap();
        let (access, refresh) = (Secret::new("at/1"), Secret::new("rt/1"));
        let request = describe(&provider, own, &access, Some(&refresh)).unwrap();
        assert_eq!(format!("{} {}", request.method, request.url), case.request, "{at}");
        let authorization = request.headers.get(AUTHORIZATION).map(|value| {
            assert!(value.is_sensitive(), "{at}");
            let value = value.to_str().unwrap();
            let basic = value.strip_prefix("Basic ").map(|pair| base64::engine::general_purpose::STANDARD.decode(pair).unwrap());
            basic.map_or_else(|| value.to_owned(), |pair| format!("Basic {}", String::from_utf8(pair).unwrap()))
        });
        assert_eq!(authorization, case.authorization, "{at}");
        assert_eq!(String::from_utf8(request.body).unwrap(), case.body, "{at}");
        if own.needs(REFRESH_TOKEN) {
            assert!(describe(&provider, own, &access, None).is_err(), "{at}");
        }
        for (status, body, expected) in case.answers {
            let answer = Answer { status: http::StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.clone().into_bytes() };
            let outcome = match judge(&provider, own, &answer, false) {
                Revocation::Confirmed => "confirmed",
                Revocation::Failed { .. } => "failed",
                Revocation::Refused(_) => "refused",
                Revocation::Unsupported => "unsupported",
            };
            assert_eq!(outcome, expected, "{at}: {status} {body}");
        }
    }
}

/// Where a refresh token can make another access token, the end of this one is not the end of the grant.
#[test]
fn a_dead_access_token_is_not_a_dead_grant() {
    let provider = provider("facebook");
    let own = provider.oauth2().unwrap().revoke.as_ref().unwrap();
    let answer = Answer { status: http::StatusCode::UNAUTHORIZED, headers: HeaderMap::new(), body: Vec::new() };
    assert_eq!(judge(&provider, own, &answer, false), Revocation::Confirmed);
    assert!(matches!(judge(&provider, own, &answer, true), Revocation::Refused(_)));
}

/// Basic: form-encoded as the RFC says, or raw where the provider does not decode (quirk 35).
#[test]
fn basic_with_and_without_encoding() {
    let mut provider = provider(&fixtures().basic);
    provider.client_secret = Some(Secret::new("se+cr/et=%:"));
    let header = |kind: ClientAuth| {
        let mut provider = provider.clone();
        let mut definition = (*provider.definition).clone();
        definition.auth.iter_mut().filter_map(|method| method.oauth2.as_mut()).for_each(|oauth2| oauth2.client_auth = kind);
        provider.definition = Arc::new(definition);
        let request = build(&provider, provider.token_url().unwrap(), Vec::new(), &BTreeMap::new()).unwrap();
        let encoded = request.headers[AUTHORIZATION].to_str().unwrap().trim_start_matches("Basic ").to_owned();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap()
    };
    assert_eq!(header(ClientAuth::Basic), "app-id:se%2Bcr%2Fet%3D%25%3A");
    assert_eq!(header(ClientAuth::BasicRaw), "app-id:se+cr/et=%:");
}
