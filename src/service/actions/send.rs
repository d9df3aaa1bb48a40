//! Sends an action's request. Redirects are followed by hand, and nothing that belongs to one origin goes to another.

use super::Ready;
use crate::domain::{Code, Error};
use crate::oauth::http::{Answer, HttpError, Request};
use crate::service::{Result, Services};
use http::header::{ACCEPT, LOCATION};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

/// Largest answer that is read.
pub(super) const LARGEST: usize = 5 * 1024 * 1024;
/// Most redirects that are followed.
const MOST_HOPS: usize = 3;

/// The answer, after redirects. Only GET and HEAD follow them; to others a redirect is an answer.
pub(super) async fn send(services: &Services, ready: &mut Ready<'_>, mut request: Request) -> Result<Answer> {
    let service = ready.definition.display_name.as_str();
    let method = request.method.clone();
    let follows = matches!(method, Method::GET | Method::HEAD);
    let mut left = false;
    for _ in 0..=MOST_HOPS {
        let (url, headers) = (request.url.clone(), request.headers.clone());
        // A signature is good for one request: each hop within the origin gets its own, and whoever is elsewhere none.
        if !left {
            ready.sign(services, &mut request)?;
        }
        let answer = services.http.fetch_up_to(LARGEST, request, super::TIMEOUT).await.map_err(|error| no_answer(service, error))?;
        let next = if follows { location(&url, &answer) } else { None };
        let Some(mut next) = next else { return Ok(answer) };
        if !may_follow(&url, &next) {
            return Err(Error::new(Code::EgressBlocked, format!("{service} redirects to an address without https")));
        }
        next.set_fragment(None);
        // Once away the credential stays away, even if it comes back to where it started: who sent it there is not who had it.
        left = left || next.origin() != url.origin();
        request = if left { stripped(ready, method.clone(), next)? } else { same(ready, method.clone(), next, headers)? };
    }
    Err(Error::new(Code::Provider, format!("{service} redirects more than {MOST_HOPS} times")))
}

fn location(from: &Url, answer: &Answer) -> Option<Url> {
    let follows = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = follows.then(|| answer.headers.get(LOCATION)?.to_str().ok())?;
    target.and_then(|target| from.join(target).ok())
}

/// What began with https does not go on without it.
fn may_follow(from: &Url, to: &Url) -> bool {
    from.scheme() != "https" || to.scheme() == "https"
}

/// Within an origin headers go along, and the credential's query parameters where the new address has none of that name.
fn same(ready: &Ready<'_>, method: Method, mut url: Url, headers: HeaderMap) -> Result<Request> {
    let named = |name: &str| url.query_pairs().any(|(key, _)| key == name);
    let lacking: Vec<_> = ready.method.placement.query.iter().filter(|(name, _)| !named(name)).collect();
    for (name, template) in lacking {
        let value = template.render(&ready.values).map_err(|error| ready.cannot(error.into()))?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    Ok(Request { method, url, headers, body: Vec::new() })
}

/// To another origin goes nothing but the address, and that without secrets.
fn stripped(ready: &Ready<'_>, method: Method, mut url: Url) -> Result<Request> {
    let credential = |name: &str| ready.method.placement.query.contains_key(name);
    let kept: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| !credential(name)).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    if url.query_pairs().count() > kept.len() {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    if ready.secrets.are_in(url.as_str()) || url.query_pairs().any(|(_, value)| ready.secrets.are_in(&value)) {
        return Err(Error::new(Code::EgressBlocked, format!("{} redirects to another address with the credential in it", ready.definition.display_name)));
    }
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
    Ok(Request { method, url, headers, body: Vec::new() })
}

fn no_answer(service: &str, error: HttpError) -> Error {
    match error {
        HttpError::Blocked(blocked) => Error::new(Code::EgressBlocked, format!("{service} cannot be called from here: {blocked}"))
            .suggest("The operator decides where calls may go: KEYLOOM_EGRESS_MODE and KEYLOOM_EGRESS_ALLOW"),
        HttpError::TooLarge => Error::new(Code::ActionFailed, format!("{service} answered with more than {} MiB", LARGEST / (1024 * 1024)))
            .suggest("Ask for less: a page, a filter, fewer fields"),
        other => Error::new(Code::Provider, format!("{service} gave no usable answer: {other}")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_began_with_https_goes_on_with_it() {
        for (from, to, follows) in [
            ("https://a.example/x", "https://a.example/y", true),
            ("https://a.example/x", "https://b.example/y", true),
            ("https://a.example/x", "http://a.example/x", false),
            ("https://a.example/x", "http://localhost:9400/", false),
            ("https://a.example/x", "ftp://a.example/x", false),
            ("https://a.example/x", "file:///etc/passwd", false),
            // To a host that the operator named for http (a test's, an intranet's); the policy decides where else.
            ("http://localhost:9400/", "http://localhost:9401/", true),
            ("http://localhost:9400/", "https://a.example/", true),
        ] {
            assert_eq!(may_follow(&Url::parse(from).unwrap(), &Url::parse(to).unwrap()), follows, "{from} → {to}");
        }
    }
}
