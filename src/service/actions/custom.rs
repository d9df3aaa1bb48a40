//! `custom_api_call`: any request to the integration's API, and to nobody else.

use super::{Ready, as_text, declared, finish, wrong};
use crate::catalog::is_reserved_header;
use crate::domain::Error;
use crate::oauth::http::Request;
use crate::oauth::place;
use crate::service::Result;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

/// Puts the request together. The input has been checked against the schema.
pub(super) fn build(ready: &Ready<'_>, input: &Map<String, Value>) -> Result<Request> {
    let base = place::base_url(ready.definition, &ready.values);
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let mut url = match (text("path"), text("url")) {
        (Some(path), None) => under(&base.map_err(|error| ready.cannot(error))?.ok_or_else(Error::internal)?, path)?,
        // A whole URL can do without the account that a base URL may need.
        (None, Some(url)) => whole(ready, base.ok().flatten().as_deref(), url)?,
        _ => return Err(wrong("input.path", "give either path or url")),
    };
    for (name, value) in input.get("query").and_then(Value::as_object).into_iter().flatten() {
        if ready.method.placement.query.contains_key(name) {
            return Err(wrong(format!("input.query.{name}"), format!("{name} holds the credential: it is set by itself")));
        }
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter_map(as_text) {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    let mut own = own_headers(ready, input)?;
    let content_type = own.iter().find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())).map(|(_, value)| value.to_ascii_lowercase());
    let body = match (input.get("body"), content_type.as_deref()) {
        (None | Some(Value::Null), _) => Vec::new(),
        (Some(Value::String(text)), Some(media)) if !media.contains("json") => text.as_bytes().to_vec(),
        (Some(body), Some(media)) if media.starts_with("application/x-www-form-urlencoded") => declared::form(body).into_bytes(),
        (Some(body), given) => {
            if given.is_none() {
                own.push((CONTENT_TYPE.as_str(), "application/json".to_owned()));
            }
            serde_json::to_vec(body).map_err(|_| Error::internal())?
        }
    };
    let headers = place::headers(ready.definition, &ready.method.placement, &own, &ready.values).map_err(|error| ready.cannot(error))?;
    let method = text("method").and_then(|method| method.parse().ok()).ok_or_else(|| Error::required("input.method"))?;
    let mut request = Request { method, url, headers, body };
    finish(ready, &mut request)?;
    Ok(request)
}

/// The caller's headers, without those that are not theirs to set.
fn own_headers<'a>(ready: &Ready<'_>, input: &'a Map<String, Value>) -> Result<Vec<(&'a str, String)>> {
    let mut own = Vec::new();
    for (name, value) in input.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("input.headers.{name}");
        let placed = ready.method.placement.headers.keys().any(|placed| placed.eq_ignore_ascii_case(name));
        if is_reserved_header(name) || placed {
            return Err(wrong(path, format!("the header {name} is ours to set")));
        }
        let value = value.as_str().unwrap_or_default();
        if HeaderName::try_from(name.as_str()).is_err() || value.chars().any(char::is_control) || HeaderValue::try_from(value).is_err() {
            return Err(wrong(path, "a header's name holds letters, digits and dashes, and its value no line breaks"));
        }
        own.push((name.as_str(), value.to_owned()));
    }
    Ok(own)
}

/// A path under the base URL: it can lead nowhere else.
fn under(base: &str, path: &str) -> Result<Url> {
    const FIELD: &str = "input.path";
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(wrong(FIELD, "a path starts with one slash"));
    }
    check_path(FIELD, path)?;
    let base = Url::parse(base).map_err(|_| wrong(FIELD, "the connection's base URL is not a URL"))?;
    let joined = Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))).map_err(|_| wrong(FIELD, "this is not a path"))?;
    if joined.origin() == base.origin() && joined.username() == base.username() && joined.password() == base.password() {
        Ok(joined)
    } else {
        Err(wrong(FIELD, "a path cannot lead to another host"))
    }
}

/// A whole URL on one of the integration's hosts.
fn whole(ready: &Ready<'_>, base: Option<&str>, given: &str) -> Result<Url> {
    const FIELD: &str = "input.url";
    let (_, rest) = given.split_once("://").ok_or_else(|| wrong(FIELD, "a URL starts with https://"))?;
    check_path(FIELD, rest)?;
    let url = Url::parse(given).map_err(|_| wrong(FIELD, "this is not a URL"))?;
    let base = base.map(Url::parse).transpose().map_err(|_| wrong(FIELD, "the connection's base URL is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() || rest.split('/').next().is_some_and(|authority| authority.contains('@')) {
        return Err(wrong(FIELD, "a URL must not hold a user name"));
    }
    let listed = url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(|host| place::is_listed(ready.definition, host));
    if listed || base.as_ref().is_some_and(|base| url.origin() == base.origin()) {
        return Ok(url);
    }
    let mut hosts: Vec<String> = base.as_ref().and_then(Url::host_str).map(str::to_owned).into_iter().collect();
    hosts.extend(ready.definition.api.iter().flat_map(|api| api.allowed_hosts.clone()));
    Err(wrong(FIELD, format!("calls go only to {} with https", hosts.join(", "))))
}

/// Nothing in a path that a server, a proxy or a URL parser may read as another path.
fn check_path(field: &str, path: &str) -> Result<()> {
    if path.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '#')) {
        return Err(wrong(field, "spaces, line breaks, backslashes and # do not belong there"));
    }
    let path = path.split('?').next().unwrap_or_default().to_ascii_lowercase();
    if path.contains("%2f") || path.contains("%5c") || path.contains("%00") || path.contains("%0d") || path.contains("%0a") {
        return Err(wrong(field, "encoded slashes, backslashes and line breaks do not belong in a path"));
    }
    let dots = |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "." | "..");
    if path.split(['/', ';']).any(dots) {
        return Err(wrong(field, "a path must not contain . or .. as a segment"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const BASE: &str = "https://api.example.com/v1";

    #[test]
    fn tricks_with_paths_are_refused() {
        for bad in [
            "",
            "v1/me",
            "//evil.example/",
            "/../secret",
            "/a/../../b",
            "/%2e%2e/secret",
            "/.%2E/x",
            "/a/..;/b",
            "/a%2fb",
            "/a%2F..%2Fb",
            "/a%5cb",
            "/\\evil.example",
            "\\\\evil.example",
            "/a#b",
            "/a b",
            "/a\r\nHost: evil.example",
            "/a%0d%0aX: y",
            "/a\u{0}",
            "@evil.example/",
            ".evil.example/",
            ":8443/",
            "https://evil.example/",
        ] {
            assert!(under(BASE, bad).is_err(), "{bad:?}");
        }
        for (good, url) in [
            ("/me", "https://api.example.com/v1/me"),
            ("/a?b=c/../d", "https://api.example.com/v1/a?b=c/../d"),
            ("/@evil.example", "https://api.example.com/v1/@evil.example"),
            ("/a:8443", "https://api.example.com/v1/a:8443"),
            ("/a//b", "https://api.example.com/v1/a//b"),
            ("/...", "https://api.example.com/v1/..."),
        ] {
            assert_eq!(under(BASE, good).unwrap().as_str(), url);
        }
    }

    proptest! {
        #[test]
        fn a_path_never_leaves_its_base(path in "[/\\\\.@:?#%a-z0-9;\\r\\n\\t ]{0,24}") {
            if let Ok(url) = under(BASE, &path) {
                prop_assert_eq!(url.host_str(), Some("api.example.com"));
                prop_assert_eq!(url.port_or_known_default(), Some(443));
                prop_assert!(url.path().starts_with("/v1/"), "{}", url);
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }

        #[test]
        fn nor_does_anything_else(path in "\\PC{0,24}") {
            if let Ok(url) = under(BASE, &path) {
                prop_assert_eq!(url.host_str(), Some("api.example.com"));
                prop_assert!(url.path().starts_with("/v1/"), "{}", url);
            }
        }
    }
}
