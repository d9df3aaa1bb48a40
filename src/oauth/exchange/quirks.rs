//! What real providers send and want to be sent, a case a quirk, judged by the definitions that are shipped.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::catalog::{Catalog, Values};
use crate::oauth::authorize::AuthorizeParams;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixtures {
    basic: String,
    answer: Vec<AnswerCase>,
    request: Vec<RequestCase>,
    authorize: Vec<AuthorizeCase>,
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
    scopes: Option<Vec<String>>,
    /// `dead`, `app`, `down`, `broken` or `refused`.
    failure: Option<String>,
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

fn fixtures() -> Fixtures {
    toml::from_str(include_str!("quirks.toml")).unwrap()
}

fn provider(integration: &str) -> Provider {
    let catalog = Catalog::load(None).unwrap();
    let definition = Arc::clone(catalog.get(integration).unwrap_or_else(|| panic!("{integration}")));
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
        let read =
            token::parse(case.status, case.body.as_bytes(), provider.oauth2().unwrap()).map_err(|refusal| classify(case.status, refusal, &HeaderMap::new()));
        let at = &case.quirk;
        match (read, case.failure) {
            (Ok(tokens), None) => {
                assert_eq!(Some(tokens.access_token.expose()), case.token.as_deref(), "{at}");
                assert_eq!(tokens.refresh_token.as_ref().map(Secret::expose), case.refresh.as_deref(), "{at}");
                assert_eq!(tokens.expires_in, case.expires_in, "{at}");
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
        let request = build(&provider, url, vec![("grant_type", "x".to_owned())], extra).unwrap();
        let (at, body) = (&case.quirk, String::from_utf8(request.body).unwrap());
        assert_eq!(request.headers[ACCEPT], "application/json", "{at}");
        assert_eq!(request.headers.contains_key(AUTHORIZATION), case.basic, "{at}");
        assert_eq!(body.contains("app-secret"), !case.basic, "{at}: one way of saying who one is, never two");
        assert_eq!(request.headers[CONTENT_TYPE] == "application/json", case.json, "{at}");
        let whole = format!("{} {body}", request.url);
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
