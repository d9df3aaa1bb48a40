//! A service that believes only what is signed, and repeats what it was sent: `/jwt/…`, `/oauth1/…`, `/aws/…` by the request itself,
//! `/api/…` by a token that `/token` gave for an assertion. `/…/moved?url=` redirects.

use super::signed::{self, Seen};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Definitions of the service. `{notary}` is its address.
pub const DEFINITIONS: [(&str, &str); 2] =
    [("demo-signed", include_str!("integrations/demo-signed.toml")), ("demo-account", include_str!("integrations/demo-account.toml"))];

#[derive(Default)]
struct Facts {
    /// What nobody may use twice.
    nonces: BTreeSet<String>,
    tokens: BTreeSet<String>,
    grants: Vec<Value>,
    signatures: Vec<String>,
}

/// The server.
#[derive(Clone)]
pub struct Notary {
    pub url: String,
    facts: Arc<Mutex<Facts>>,
}

impl Notary {
    pub async fn start() -> Self {
        let facts = Arc::<Mutex<Facts>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&facts));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, facts }
    }

    /// The definitions with this server's address.
    pub fn integrations(&self) -> Vec<(String, String)> {
        DEFINITIONS.iter().map(|(name, text)| ((*name).to_owned(), text.replace("{notary}", &self.url))).collect()
    }

    /// The claims of all assertions that were taken.
    pub fn grants(&self) -> Vec<Value> {
        self.facts.lock().unwrap().grants.clone()
    }

    /// What was sent in `Authorization`, since the last call.
    pub fn signatures(&self) -> Vec<String> {
        std::mem::take(&mut self.facts.lock().unwrap().signatures)
    }

    /// All tokens end, whatever was said of their life.
    pub fn end_tokens(&self) {
        self.facts.lock().unwrap().tokens.clear();
    }
}

async fn answer(State(facts): State<Arc<Mutex<Facts>>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut facts = facts.lock().unwrap();
    let seen = Seen { method: method.as_str(), uri: &uri, headers: &headers, body: &body };
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    facts.signatures.push(authorization.clone());
    let refused = |why: &str| (StatusCode::UNAUTHORIZED, axum::Json(json!({ "message": why, "got": authorization }))).into_response();
    if uri.path() == "/token" {
        return token(&mut facts, &body);
    }
    let bearer = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let nonce = match uri.path().split('/').nth(1).unwrap_or_default() {
        "jwt" => match signed::jwt(bearer) {
            Some((header, claims)) if claims["aud"] == "notary" && header["kid"] == "kid-1" && claims["jti"].as_str().is_some_and(|jti| jti.len() == 32) => {
                None
            }
            _ => return refused("no such JWT"),
        },
        "hs256" => match authorization.strip_prefix("Ghost ").and_then(signed::jwt) {
            Some((header, _)) if header["kid"] == "abc" => None,
            _ => return refused("no such JWT"),
        },
        "oauth1" => match signed::oauth1(&seen, "consumer secret &", "token/secret+") {
            Some(sent) if sent["oauth_token"] == "tok" && sent["realm"] == "R_1" && sent["oauth_version"] == "1.0" => sent.get("oauth_nonce").cloned(),
            _ => return refused("signature_invalid"),
        },
        "aws" => match signed::sigv4(&seen, "aws/secret+key", false) {
            Some(scope) if scope.ends_with("/eu-1/demo/aws4_request") => None,
            _ => return refused("SignatureDoesNotMatch"),
        },
        "api" if facts.tokens.contains(bearer) => None,
        _ => return refused("who are you?"),
    };
    if let Some(nonce) = nonce
        && !facts.nonces.insert(nonce)
    {
        return refused("nonce_used");
    }
    let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    if uri.path().ends_with("/moved") {
        return (StatusCode::FOUND, [(header::LOCATION, query.into_iter().find(|(name, _)| name == "url").unwrap().1)]).into_response();
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    axum::Json(json!({ "id": "u1", "name": "Ada", "path": uri.path(), "query": query, "body": body, "authorization": authorization })).into_response()
}

/// RFC 7523: the grant of §2.1, or the client authentication of §2.2.
fn token(facts: &mut Facts, body: &[u8]) -> Response {
    let form: std::collections::BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let assertion = match field("grant_type") {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => field("assertion"),
        "client_credentials" if field("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" => field("client_assertion"),
        _ => return (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "unsupported_grant_type" }))).into_response(),
    };
    let claims = signed::jwt(assertion).map(|(_, claims)| claims).filter(|claims| claims["iss"] != "nobody@p-1.example");
    let Some(claims) = claims else {
        // As some do, it repeats what it was sent.
        let answer = json!({ "error": "invalid_grant", "error_description": format!("Invalid JWT Signature: {assertion}") });
        return (StatusCode::BAD_REQUEST, axum::Json(answer)).into_response();
    };
    facts.grants.push(claims);
    let token = format!("token-{}", facts.grants.len());
    facts.tokens.insert(token.clone());
    axum::Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 })).into_response()
}
