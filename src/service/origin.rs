//! Origins and redirect URIs: what a customer may name, and what may be signalled or redirected to.

use crate::domain::workspace::Workspace;
use crate::domain::{Code, Error};
use url::Url;

/// The origin of `text`, which must be nothing but an origin: `https://app.example.com`.
pub fn origin(path: &str, text: &str) -> Result<String, Error> {
    let wrong = || Error::field(path, format!("{text:?} is not an origin such as https://app.example.com"));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if !bare || !is_web(&url) {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

/// https, or http on this machine.
fn is_web(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let loopback = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]";
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// Checks a redirect URI. The workspace's list is exact; an empty one allows any https URI and http on loopback.
pub fn redirect_uri(path: &str, text: &str, workspace: Option<&Workspace>) -> Result<String, Error> {
    let url = Url::parse(text).map_err(|_| Error::field(path, format!("{path} is not an absolute URL")))?;
    let tricky = text.trim() != text || text.chars().any(|c| c.is_control() || c == '\\') || text.len() > 2000;
    if tricky || !is_web(&url) || url.host_str().is_none() {
        return Err(Error::field(path, format!("{path} must be an https URL (http only on loopback)")));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Error::field(path, format!("{path} must not contain a user name or a fragment")));
    }
    if let Some(workspace) = workspace.filter(|workspace| !workspace.redirect_uris.is_empty())
        && !workspace.redirect_uris.iter().any(|allowed| allowed == text)
    {
        return Err(Error::new(Code::RedirectUriNotAllowed, format!("{path} is not on the redirect list of workspace {}", workspace.slug))
            .suggest("Add it, exactly as it is, to the workspace's redirectUris"));
    }
    Ok(text.to_owned())
}

/// The origin of a URL, for matching.
pub fn origin_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    is_web(&url).then(|| url.origin().ascii_serialization())
}

/// The origin of a page on the web, whichever it is: to tell where a browser came from.
pub fn page_origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_with_redirects_are_refused() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "/relative",
            "http://example.com/",
            "https://user@example.com/",
            "https://example.com/#f",
            "https:\\\\evil.example",
            "https://example.com/\r\nx",
            " https://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "",
            "https://",
        ] {
            assert!(redirect_uri("successRedirectUri", bad, None).is_err(), "{bad:?}");
        }
        for good in ["https://example.com/done?x=1", "http://localhost:8080/done", "http://app.localhost:1/"] {
            assert!(redirect_uri("successRedirectUri", good, None).is_ok(), "{good:?}");
        }
    }
}
