//! Endpoints from an issuer: OpenID Connect Discovery, then RFC 8414.

use super::http::{Http, HttpError, Request};
use crate::domain::Timestamp;
use http::{HeaderMap, Method};
use serde::Deserialize;
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
    /// RFC 9207: a missing `iss` is an error.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// How the client may authenticate.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Why an issuer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error("the issuer does not answer: {0}")]
    Http(#[from] HttpError),
    /// Not a URL.
    #[error("the issuer is not a URL")]
    BadIssuer,
    /// No metadata there.
    #[error("there is no discovery document under the issuer (status {0})")]
    NotFound(u16),
    /// Not what the specifications say.
    #[error("the discovery document is not valid: {0}")]
    Malformed(String),
    /// It speaks for somebody else (RFC 8414 §3.3).
    #[error("the discovery document names another issuer")]
    OtherIssuer,
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
        let metadata = Arc::new(fetch(http, issuer).await?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer.to_owned(), (now, Arc::clone(&metadata)));
        Ok(metadata)
    }
}

async fn fetch(http: &Http, issuer: &str) -> Result<Metadata, DiscoveryError> {
    let base = Url::parse(issuer).map_err(|_| DiscoveryError::BadIssuer)?;
    let openid = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let path = base.path().trim_end_matches('/');
    let rfc8414 = format!("{}/.well-known/oauth-authorization-server{path}", base.origin().ascii_serialization());
    let mut status = 0;
    for url in [openid, rfc8414] {
        let url = Url::parse(&url).map_err(|_| DiscoveryError::BadIssuer)?;
        let answer = http.send(Request { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() }).await?;
        if !answer.status.is_success() {
            status = answer.status.as_u16();
            continue;
        }
        let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|error| DiscoveryError::Malformed(error.to_string()))?;
        if metadata.issuer != issuer {
            return Err(DiscoveryError::OtherIssuer);
        }
        return Ok(metadata);
    }
    Err(DiscoveryError::NotFound(status))
}
