//! Endpoints from an issuer: OpenID Connect Discovery and RFC 8414.

use super::http::{Answer, Http, HttpError, Request};
use super::token::clean;
use crate::domain::Timestamp;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// What an authorization server says of itself, as far as we use it.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// Must equal what was asked for, byte by byte.
    pub issuer: String,
    /// Authorization endpoint.
    pub authorization_endpoint: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// OpenID Connect userinfo endpoint.
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// RFC 7009 revocation endpoint.
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    /// RFC 7591 registration endpoint.
    #[serde(default, deserialize_with = "lenient")]
    pub registration_endpoint: Option<String>,
    /// RFC 9207: a missing `iss` is an error.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// How the client may authenticate.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 7636; absent: it does not say that it knows PKCE.
    #[serde(default, deserialize_with = "lenient")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// What may be asked for.
    #[serde(default, deserialize_with = "lenient")]
    pub scopes_supported: Option<Vec<String>>,
    /// `code` must be among them.
    #[serde(default, deserialize_with = "lenient")]
    pub response_types_supported: Option<Vec<String>>,
    /// Absent: `authorization_code` and `implicit`.
    #[serde(default, deserialize_with = "lenient")]
    pub grant_types_supported: Option<Vec<String>>,
    /// For people.
    #[serde(default, deserialize_with = "lenient")]
    pub service_documentation: Option<String>,
}

/// What we can do without is nothing where it is not of the form it should be.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

/// Why an issuer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error("the issuer does not answer: {0}")]
    Http(#[from] HttpError),
    /// Not a URL, or with a query or fragment, which no issuer has.
    #[error("the issuer is not a URL")]
    BadIssuer,
    /// No metadata there.
    #[error("there is no discovery document under the issuer (status {0})")]
    NotFound(u16),
    /// Not what the specifications say.
    #[error("the discovery document is not valid: {0}")]
    Malformed(String),
    /// It speaks for somebody else (RFC 8414 §3.3): for whom.
    #[error("the discovery document names another issuer, {0:?}")]
    OtherIssuer(String),
}

impl DiscoveryError {
    /// Of several addresses that were tried, which one's trouble says most.
    fn weight(&self) -> u8 {
        match self {
            Self::BadIssuer | Self::NotFound(_) => 0,
            Self::Http(_) => 1,
            Self::Malformed(_) => 2,
            Self::OtherIssuer(_) => 3,
        }
    }

    /// Whether asking the same server for another document is of no use.
    fn is_of_the_server(&self) -> bool {
        matches!(self, Self::BadIssuer | Self::Http(HttpError::Blocked(_) | HttpError::Transport(_) | HttpError::TimedOut))
    }
}

/// How long metadata is believed.
const KEEP_SECONDS: i64 = 600;

/// Metadata, and when it was read.
type Known = (Timestamp, Arc<Metadata>);

/// Reads and remembers metadata. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl Discovery {
    /// The metadata of `issuer`.
    pub async fn metadata(&self, http: &Http, issuer: &str, now: Timestamp) -> Result<Arc<Metadata>, DiscoveryError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        if let Some((at, metadata)) = known
            && now.seconds_since(at) < KEEP_SECONDS
        {
            return Ok(metadata);
        }
        Ok(self.look(http, issuer, now).await?.0)
    }

    /// The metadata of `issuer` as it is now, and where it was found.
    pub async fn look(&self, http: &Http, issuer: &str, now: Timestamp) -> Result<(Arc<Metadata>, Url), DiscoveryError> {
        let (metadata, found_at) = fetch(http, issuer).await?;
        let metadata = Arc::new(metadata);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer.to_owned(), (now, Arc::clone(&metadata)));
        Ok((metadata, found_at))
    }
}

/// Where the document may be: OpenID Connect appends its path to the issuer's, RFC 8414 §3.1 puts its own before that, and some servers do
/// the latter with the former's name (RFC 8414 §5).
fn places(issuer: &str) -> Result<Vec<Url>, DiscoveryError> {
    let base = Url::parse(issuer).map_err(|_| DiscoveryError::BadIssuer)?;
    if base.query().is_some() || base.fragment().is_some() || base.cannot_be_a_base() {
        return Err(DiscoveryError::BadIssuer);
    }
    let (origin, path) = (base.origin().ascii_serialization(), base.path().trim_end_matches('/'));
    let mut places =
        vec![format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')), format!("{origin}/.well-known/oauth-authorization-server{path}")];
    if !path.is_empty() {
        places.push(format!("{origin}/.well-known/openid-configuration{path}"));
    }
    places.iter().map(|place| Url::parse(place).map_err(|_| DiscoveryError::BadIssuer)).collect()
}

async fn fetch(http: &Http, issuer: &str) -> Result<(Metadata, Url), DiscoveryError> {
    let mut trouble = None::<DiscoveryError>;
    for place in places(issuer)? {
        match read(http, &place, issuer).await {
            Ok(metadata) => return Ok((metadata, place)),
            Err(error) if error.is_of_the_server() => return Err(error),
            // Pages for people answer to anything, so what is at one address says nothing about the next.
            Err(error) => {
                if trouble.as_ref().is_none_or(|before| error.weight() > before.weight()) {
                    trouble = Some(error);
                }
            }
        }
    }
    Err(trouble.unwrap_or(DiscoveryError::BadIssuer))
}

async fn read(http: &Http, place: &Url, issuer: &str) -> Result<Metadata, DiscoveryError> {
    let answer = get(http, place).await?;
    if answer.status != StatusCode::OK {
        return Err(DiscoveryError::NotFound(answer.status.as_u16()));
    }
    let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|error| DiscoveryError::Malformed(error.to_string()))?;
    if metadata.issuer == issuer { Ok(metadata) } else { Err(DiscoveryError::OtherIssuer(clean(&metadata.issuer, 300))) }
}

/// A document of discovery. Redirects are not followed: where they lead is not what was asked for.
pub(super) async fn get(http: &Http, url: &Url) -> Result<Answer, HttpError> {
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    http.send(Request { method: Method::GET, url: url.clone(), headers, body: Vec::new() }).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn where_documents_are_looked_for() {
        let at = |issuer: &str| places(issuer).unwrap().iter().map(|url| url.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(
            at("https://id.example/realms/a"),
            [
                "https://id.example/realms/a/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/realms/a",
                "https://id.example/.well-known/openid-configuration/realms/a",
            ]
        );
        assert_eq!(at("https://id.example/"), at("https://id.example"));
        assert_eq!(at("https://id.example").len(), 2);
        for bad in ["https://id.example/?tenant=1", "https://id.example/#x", "mailto:a@example.com", "id.example"] {
            assert!(places(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_we_can_do_without_may_be_anything() {
        let text = r#"{"issuer":"i","authorization_endpoint":"a","token_endpoint":"t","scopes_supported":"openid","code_challenge_methods_supported":null}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        assert_eq!((metadata.scopes_supported, metadata.code_challenge_methods_supported), (None, None));
    }
}
