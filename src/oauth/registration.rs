//! Clients that register themselves (RFC 7591).

use super::http::{Http, HttpError, Request};
use super::token::clean;
use crate::domain::oauth_app::TokenAuthMethod;
use crate::vault::Secret;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// What is registered.
#[derive(Debug, Clone, Copy)]
pub struct NewClient<'a> {
    /// Shown to people who are asked for consent.
    pub name: &'a str,
    /// About us; https only, as servers want it.
    pub home: Option<&'a str>,
    /// Where people come back to.
    pub redirect_uri: &'a str,
    /// How it will authenticate.
    pub auth_method: TokenAuthMethod,
    /// Whether it will renew tokens.
    pub renews: bool,
}

/// What was registered.
#[derive(Debug)]
pub struct Registered {
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// RFC 6749 `client_secret`; none for public clients.
    pub client_secret: Option<Secret>,
    /// How it authenticates, which is for the server to say.
    pub auth_method: TokenAuthMethod,
    /// When the secret ends, in seconds since 1970.
    pub secret_expires_at: Option<i64>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// No answer.
    #[error("its registration endpoint does not answer: {0}")]
    Http(#[from] HttpError),
    /// It does not register everybody: it wants a token of its own.
    #[error("it registers only those who have a token for it (status {0})")]
    Closed(u16),
    /// It does not take what was asked for.
    #[error("it refused the registration ({code}){}", description.as_ref().map_or_else(String::new, |text| format!(", and said: “{text}”")))]
    Refused {
        /// `invalid_client_metadata`, `invalid_redirect_uri`, or the status.
        code: String,
        /// Its words.
        description: Option<String>,
    },
    /// It answered with something that is no registration.
    #[error("its answer is not a registration: {0}")]
    Malformed(String),
}

/// The answer as it is sent (RFC 7591 §3.2.1).
#[derive(Deserialize)]
struct Sent {
    client_id: String,
    client_secret: Option<Secret>,
    client_secret_expires_at: Option<i64>,
    token_endpoint_auth_method: Option<String>,
    redirect_uris: Option<Vec<String>>,
}

/// Registers a client.
pub async fn register(http: &Http, endpoint: &Url, client: NewClient<'_>) -> Result<Registered, RegistrationError> {
    let mut grants = vec!["authorization_code"];
    if client.renews {
        grants.push("refresh_token");
    }
    let mut body = json!({
        "client_name": client.name,
        "redirect_uris": [client.redirect_uri],
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": client.auth_method.as_str(),
    });
    if let Some(home) = client.home {
        body["client_uri"] = Value::String(home.to_owned());
    }
    let json_type = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(ACCEPT, json_type.clone()), (CONTENT_TYPE, json_type)]);
    let answer = http.send(Request { method: Method::POST, url: endpoint.clone(), headers, body: body.to_string().into_bytes() }).await?;
    read(answer.status.as_u16(), &answer.body, &client)
}

fn read(status: u16, body: &[u8], asked: &NewClient<'_>) -> Result<Registered, RegistrationError> {
    match status {
        200 | 201 => {}
        401 | 403 => return Err(RegistrationError::Closed(status)),
        _ => {
            let said: Value = serde_json::from_slice(body).unwrap_or_default();
            let word = |name: &str, length| said.get(name).and_then(Value::as_str).map(|text| clean(text, length)).filter(|text| !text.is_empty());
            return Err(RegistrationError::Refused {
                code: word("error", 60).unwrap_or_else(|| format!("status {status}")),
                description: word("error_description", 200),
            });
        }
    }
    let malformed = |why: &str| RegistrationError::Malformed(why.to_owned());
    // What serde says may quote values, and one of them is a secret.
    let sent: Sent = serde_json::from_slice(body).map_err(|_| malformed("it lacks a client_id, or a member is not of its type"))?;
    if sent.client_id.is_empty() || sent.client_id.len() > 500 || sent.client_id.chars().any(char::is_control) {
        return Err(malformed("the client_id is empty or too long"));
    }
    if sent.redirect_uris.is_some_and(|uris| !uris.iter().any(|uri| uri == asked.redirect_uri)) {
        return Err(malformed("the redirect URI is not among those it registered"));
    }
    let auth_method = match sent.token_endpoint_auth_method.as_deref() {
        None => asked.auth_method,
        Some(text) => TokenAuthMethod::parse(text)
            .ok_or_else(|| RegistrationError::Malformed(format!("it wants the client to authenticate with {:?}, which is not supported", clean(text, 60))))?,
    };
    let client_secret = sent.client_secret.filter(|secret| !secret.is_empty() && auth_method != TokenAuthMethod::None);
    if client_secret.is_none() && auth_method != TokenAuthMethod::None {
        return Err(malformed("there is no client_secret in it"));
    }
    Ok(Registered {
        client_id: sent.client_id,
        // 0: never (RFC 7591 §3.2.1).
        secret_expires_at: sent.client_secret_expires_at.filter(|at| *at > 0 && client_secret.is_some()),
        client_secret,
        auth_method,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const ASKED: NewClient<'static> =
        NewClient { name: "Keyloom", home: None, redirect_uri: "https://k.example/cb", auth_method: TokenAuthMethod::None, renews: true };

    fn ok(body: &str) -> Registered {
        read(201, body.as_bytes(), &ASKED).unwrap()
    }

    fn why(status: u16, body: &str) -> String {
        read(status, body.as_bytes(), &ASKED).unwrap_err().to_string()
    }

    #[test]
    fn what_servers_make_of_it() {
        let public = ok(r#"{"client_id":"c","client_secret":"s","client_secret_expires_at":9}"#);
        assert!(public.client_secret.is_none() && public.secret_expires_at.is_none(), "a public client has no use for a secret");
        let other = ok(r#"{"client_id":"c","client_secret":"s","client_secret_expires_at":9,"token_endpoint_auth_method":"client_secret_post"}"#);
        assert_eq!((other.auth_method, other.secret_expires_at), (TokenAuthMethod::Post, Some(9)));
        assert_eq!(other.client_secret.unwrap().expose(), "s");
        assert_eq!(ok(r#"{"client_id":"c","client_secret":"s","client_secret_expires_at":0}"#).secret_expires_at, None);
    }

    #[test]
    fn what_is_no_registration() {
        assert!(why(401, "").contains("token"));
        assert!(why(400, r#"{"error":"invalid_redirect_uri","error_description":"no"}"#).contains("invalid_redirect_uri), and said: “no”"));
        assert!(why(500, "<html>").contains("status 500"));
        assert!(why(201, r#"{"client_id":7,"client_secret":"MARKER"}"#).contains("lacks a client_id"));
        assert!(why(201, r#"{"client_id":"c","redirect_uris":["https://other.example"]}"#).contains("redirect URI"));
        assert!(why(201, r#"{"client_id":"c","token_endpoint_auth_method":"private_key_jwt"}"#).contains("private_key_jwt"));
        assert!(why(201, r#"{"client_id":"c","token_endpoint_auth_method":"client_secret_basic"}"#).contains("client_secret"));
    }
}
