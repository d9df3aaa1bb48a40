//! Protected resources that name their authorization servers (RFC 9728), as MCP servers do.

use super::discovery::{get, lenient};
use super::http::{Http, HttpError, Request};
use super::token::clean;
use http::header::{ACCEPT, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// What a resource says of itself, as far as we use it.
#[derive(Debug, Clone, Deserialize)]
pub struct ResourceMetadata {
    /// Must be what was asked for.
    pub resource: String,
    /// Issuers.
    #[serde(default, deserialize_with = "lenient")]
    pub authorization_servers: Option<Vec<String>>,
    /// What may be asked for.
    #[serde(default, deserialize_with = "lenient")]
    pub scopes_supported: Option<Vec<String>>,
    /// What people call it.
    #[serde(default, deserialize_with = "lenient")]
    pub resource_name: Option<String>,
    /// For people.
    #[serde(default, deserialize_with = "lenient")]
    pub resource_documentation: Option<String>,
    /// Scopes of the challenge it answered with (RFC 6750 §3): what it takes to get in.
    #[serde(skip)]
    pub challenge_scopes: Vec<String>,
}

/// Why a resource cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// No answer.
    #[error("it does not answer: {0}")]
    Http(#[from] HttpError),
    /// Its challenge leads to no metadata.
    #[error("it says that its metadata are at {at}, where they are not: {why}")]
    Malformed {
        /// Where they should be.
        at: String,
        /// What is there.
        why: String,
    },
    /// The metadata are another resource's (RFC 9728 §3.3).
    #[error("its metadata are those of another resource, {0:?}")]
    OtherResource(String),
}

/// How long a resource has for its challenge.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks `url` without a token, and looks where its metadata should be. Nothing where it does not say that it is a protected resource.
pub async fn find(http: &Http, url: &Url) -> Result<Option<ResourceMetadata>, ResourceError> {
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"))]);
    // What it streams to everybody is not waited for.
    let answer = http.fetch_beginning(Request { method: Method::GET, url: url.clone(), headers, body: Vec::new() }, PATIENCE, 0).await?;
    let challenges: Vec<&str> = answer.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).collect();
    let said = |name: &str| challenges.iter().find_map(|challenge| parameter(challenge, name));
    let challenge_scopes = said("scope").map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    if let Some(at) = said("resource_metadata").filter(|_| answer.status == StatusCode::UNAUTHORIZED) {
        let malformed = |why: String| ResourceError::Malformed { at: clean(&at, 300), why };
        let place = Url::parse(&at).map_err(|_| malformed("that is not a URL".to_owned()))?;
        let metadata = match read(http, &place).await? {
            Ok(metadata) => metadata,
            Err(why) => return Err(malformed(why)),
        };
        return if is_same(&metadata.resource, url) {
            Ok(Some(ResourceMetadata { challenge_scopes, ..metadata }))
        } else {
            Err(ResourceError::OtherResource(clean(&metadata.resource, 300)))
        };
    }
    let origin = url.origin().ascii_serialization();
    let path = url.path().trim_end_matches('/');
    let root = Url::parse(&origin).ok();
    for (place, whose) in [(path, Some(url)), ("", root.as_ref())] {
        let place = Url::parse(&format!("{origin}/.well-known/oauth-protected-resource{place}"));
        let (Ok(place), Some(whose)) = (place, whose) else { continue };
        // A page for people, or nothing: no metadata.
        let Ok(metadata) = read(http, &place).await? else { continue };
        return if is_same(&metadata.resource, whose) || is_same(&metadata.resource, url) {
            Ok(Some(ResourceMetadata { challenge_scopes, ..metadata }))
        } else {
            Err(ResourceError::OtherResource(clean(&metadata.resource, 300)))
        };
    }
    Ok(None)
}

/// The document at `place`, or in a few words what is there instead.
async fn read(http: &Http, place: &Url) -> Result<Result<ResourceMetadata, String>, HttpError> {
    let answer = match get(http, place).await {
        Err(HttpError::Redirect) => return Ok(Err("a redirect, which is not followed".to_owned())),
        other => other?,
    };
    if answer.status != StatusCode::OK {
        return Ok(Err(format!("status {}", answer.status.as_u16())));
    }
    Ok(serde_json::from_slice(&answer.body).map_err(|error| error.to_string()))
}

/// Whether `named` is `url`. A path of nothing and one of `/` are the same; a fragment is never allowed (RFC 8707 §2).
fn is_same(named: &str, url: &Url) -> bool {
    Url::parse(named).is_ok_and(|named| named.fragment().is_none() && named == *url)
}

/// A parameter of a challenge (RFC 9110 §11.2): a token or a quoted string.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let lower = challenge.to_ascii_lowercase();
    for (at, _) in lower.match_indices(name) {
        let starts = challenge[..at].chars().next_back().is_none_or(|before| before == ' ' || before == ',' || before == '\t');
        let Some(value) = challenge[at + name.len()..].trim_start().strip_prefix('=').filter(|_| starts) else { continue };
        let value = value.trim_start();
        return Some(match value.strip_prefix('"') {
            Some(quoted) => {
                let mut text = String::new();
                let mut chars = quoted.chars();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => text.extend(chars.next()),
                        c => text.push(c),
                    }
                }
                text
            }
            None => value.split([',', ' ', '\t']).next().unwrap_or_default().to_owned(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn challenges_are_read() {
        let of = |challenge: &str| parameter(challenge, "resource_metadata");
        assert_eq!(of(r#"Bearer resource_metadata="https://r.example/m", scope="a b""#).unwrap(), "https://r.example/m");
        assert_eq!(of(r#"Bearer realm="x", Resource_Metadata = "https://r.example/m\"q""#).unwrap(), "https://r.example/m\"q");
        assert_eq!(of("Bearer resource_metadata=https://r.example/m, error=invalid_token").unwrap(), "https://r.example/m");
        assert_eq!(of(r#"Bearer no_resource_metadata="x""#), None);
        assert_eq!(parameter(r#"Bearer scope="a b""#, "scope").unwrap(), "a b");
        assert_eq!(of("Basic"), None);
    }

    #[test]
    fn a_resource_is_itself_only() {
        let url = Url::parse("https://r.example").unwrap();
        for (named, same) in [
            ("https://r.example", true),
            ("https://r.example/", true),
            ("https://r.example/mcp", false),
            ("https://R.example", true),
            ("https://r.example#x", false),
            ("http://r.example", false),
            ("https://evil.example", false),
            ("r.example", false),
        ] {
            assert_eq!(is_same(named, &url), same, "{named}");
        }
    }
}
