//! Whether a provider knows an OAuth app and its redirect URI, found out without a person.
//!
//! Two endpoints are asked: the consent page, without following it anywhere, and the token endpoint, with a code that was never issued.
//! No "accepted" is believed of a provider that would say the same of something wrong: each is compared with the answer to a wrong
//! secret or a foreign redirect URI.

use super::authorize::{AuthorizeParams, Provider};
use super::exchange::{self, Failure};
use super::http::{Answer, Http, Request, TIMEOUT};
use crate::vault::Secret;
use base64::Engine as _;
use http::header::{ACCEPT, HeaderMap, HeaderValue, LOCATION};
use url::Url;

/// What the provider thinks of one part of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It takes it, and would refuse another.
    Accepted,
    /// It refuses it; its word for that.
    Refused(String),
    /// It does not say; why not.
    Unknown(String),
}

/// What was found out about an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Client id and secret.
    pub client: Finding,
    /// The redirect URI.
    pub redirect_uri: Finding,
    /// The provider's word for refusing the scopes, if it does.
    pub refused_scopes: Option<String>,
}

/// A redirect URI that nobody can have registered (RFC 2606).
const FOREIGN: &str = "https://redirect-check.invalid/callback";

/// Codes and phrases, in lower case and with single spaces for everything but letters and digits.
const REDIRECT_WORDS: [&str; 13] = [
    "redirect uri mismatch",
    "invalid redirect uri",
    "bad redirect uri",
    "unregistered redirect uri",
    "redirect uri did not match",
    "redirect uri does not match",
    "redirect uri is invalid",
    "redirect uri is not valid",
    "redirect uri is not registered",
    "redirect uri is not allowed",
    "invalid redirect url",
    "redirect url mismatch",
    "invalid callback url",
];
const CLIENT_WORDS: [&str; 12] = [
    "invalid client",
    "unauthorized client",
    "unknown client",
    "deleted client",
    "disabled client",
    "client is invalid",
    "client not found",
    "no such client",
    "bad client secret",
    "incorrect client credentials",
    "client was not found",
    "application not found",
];

/// What an answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Client(String),
    Redirect(String),
    /// Something else than those.
    Other,
    /// No usable answer.
    Nothing(String),
}

/// Where a consent page led.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Page {
    /// On, as far as can be seen: to a page, a sign-in.
    Opens,
    /// Back to the redirect URI, which a server only does once it has accepted that; with an error, if it said one.
    Returns(Option<String>),
    /// Nowhere.
    Refuses(u16, Said),
    /// No usable answer.
    Silent(String),
}

/// Asks. `probe` is 43 random characters of base64url: it stands for state, challenge, code and whatever must be wrong.
pub async fn check(http: &Http, provider: &Provider, redirect_uri: &str, probe: &str) -> Findings {
    let token = ask_for_token(http, provider, redirect_uri, probe).await;
    let page = open_page(http, provider, redirect_uri, probe).await;
    let client = match (&token, &page) {
        (Said::Client(word), _) | (_, Page::Refuses(_, Said::Client(word))) => Finding::Refused(word.clone()),
        (_, Page::Returns(Some(error))) if CLIENT_WORDS.contains(&plain(error).as_str()) => Finding::Refused(error.clone()),
        (Said::Nothing(why), _) => Finding::Unknown(why.clone()),
        (Said::Other | Said::Redirect(_), _) => match ask_for_token(http, &with_wrong_credentials(provider, probe), redirect_uri, probe).await {
            Said::Client(_) => Finding::Accepted,
            Said::Nothing(why) => Finding::Unknown(why),
            Said::Other | Said::Redirect(_) => Finding::Unknown("it says the same to a wrong secret".to_owned()),
        },
    };
    let refused_scopes = match &page {
        Page::Returns(Some(error)) if plain(error) == "invalid scope" => Some(error.clone()),
        _ => None,
    };
    let redirect_uri = match (&token, &page) {
        (Said::Redirect(word), _) | (_, Page::Refuses(_, Said::Redirect(word))) => Finding::Refused(word.clone()),
        (_, Page::Returns(_)) => Finding::Accepted,
        (_, Page::Refuses(_, Said::Client(_))) => Finding::Unknown("it refuses the client before it looks at the redirect URI".to_owned()),
        (_, Page::Refuses(status, _)) => Finding::Unknown(format!("its page answers with status {status} and does not say why")),
        (_, Page::Silent(why)) => Finding::Unknown(why.clone()),
        (_, Page::Opens) => match open_page(http, provider, FOREIGN, probe).await {
            Page::Refuses(..) => Finding::Accepted,
            Page::Silent(why) => Finding::Unknown(why),
            Page::Opens => Finding::Unknown("it looks at the redirect URI only after sign-in".to_owned()),
            Page::Returns(_) => Finding::Unknown("it redirects to addresses that are not registered".to_owned()),
        },
    };
    Findings { client, redirect_uri, refused_scopes }
}

/// Whether the consent page does not know the client: as far as it says, without a person.
pub async fn is_unknown_client(http: &Http, provider: &Provider, redirect_uri: &str, probe: &str) -> bool {
    match open_page(http, provider, redirect_uri, probe).await {
        Page::Refuses(_, Said::Client(_)) => true,
        Page::Returns(Some(error)) => plain(&error) == "invalid client",
        _ => false,
    }
}

/// The same app with a secret that is wrong; a public client, which has none, with an id that is.
fn with_wrong_credentials(provider: &Provider, probe: &str) -> Provider {
    let mut wrong = provider.clone();
    match &mut wrong.client_secret {
        Some(secret) => *secret = Secret::new(probe),
        None => probe.clone_into(&mut wrong.client_id),
    }
    wrong
}

async fn ask_for_token(http: &Http, provider: &Provider, redirect_uri: &str, probe: &str) -> Said {
    match exchange::exchange_code(http, provider, probe, redirect_uri, Some(&Secret::new(probe))).await {
        Ok(_) => Said::Nothing("it gives tokens for a code that it never issued".to_owned()),
        // Only the code: descriptions of `invalid_grant` often list redirect URI and client among what may be wrong.
        Err(Failure::AppMisconfigured(refusal) | Failure::GrantDead(refusal) | Failure::LoginRefused(refusal) | Failure::Refused(refusal))
            if speaks_of(&refusal.code, &REDIRECT_WORDS) =>
        {
            Said::Redirect(refusal.code)
        }
        Err(Failure::AppMisconfigured(refusal)) => Said::Client(refusal.code),
        Err(Failure::GrantDead(refusal) | Failure::LoginRefused(refusal) | Failure::Refused(refusal)) => {
            if speaks_of(&refusal.code, &CLIENT_WORDS) {
                Said::Client(refusal.code)
            } else {
                Said::Other
            }
        }
        Err(Failure::Transport(why) | Failure::Unsendable(why)) => Said::Nothing(why),
        Err(Failure::Throttled(seconds)) => Said::Nothing(format!("it asks to wait {seconds} seconds")),
        Err(Failure::ProviderDown(status)) => Said::Nothing(format!("it has a problem of its own (status {status})")),
    }
}

async fn open_page(http: &Http, provider: &Provider, redirect_uri: &str, probe: &str) -> Page {
    let scopes = provider.scopes(None);
    let params = AuthorizeParams { state: probe, redirect_uri, code_challenge: probe, nonce: probe, scopes: &scopes };
    let url = match provider.authorize_url(&params) {
        Ok(url) => url,
        Err(error) => return Page::Silent(error.to_string()),
    };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html"))]);
    match http.fetch(Request { method: http::Method::GET, url: url.clone(), headers, body: Vec::new() }, TIMEOUT).await {
        Ok(answer) => read_page(&answer, &url, redirect_uri),
        Err(error) => Page::Silent(error.to_string()),
    }
}

fn read_page(answer: &Answer, asked: &Url, redirect_uri: &str) -> Page {
    let status = answer.status.as_u16();
    match status {
        200..=299 => Page::Opens,
        300..=399 => {
            let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| asked.join(to).ok());
            let Some(to) = to else { return Page::Silent(format!("its page answers with status {status} and leads nowhere")) };
            if Url::parse(redirect_uri).is_ok_and(|ours| ours.origin() == to.origin() && ours.path() == to.path()) {
                return Page::Returns(to.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| super::token::clean(&error, 60)));
            }
            match said(&spoken(&to)) {
                Said::Other => Page::Opens,
                about => Page::Refuses(status, about),
            }
        }
        408 | 425 | 429 | 500.. => Page::Silent(format!("its page answers with status {status}")),
        _ => Page::Refuses(status, said(&String::from_utf8_lossy(&answer.body))),
    }
}

/// What an address says, its base64 values decoded: some providers put the error's name there.
fn spoken(url: &Url) -> String {
    let mut text = url.path().to_owned();
    for (name, value) in url.query_pairs() {
        text.extend([" ", &name, " ", &value, " "]);
        let coded = value.trim_end_matches('=').replace('+', "-").replace('/', "_");
        if let Ok(bytes) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(coded) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

fn said(text: &str) -> Said {
    let text = plain(text);
    let found = |words: &[&str]| words.iter().find(|word| text.contains(**word)).map(|word| (*word).to_owned());
    match (found(&REDIRECT_WORDS), found(&CLIENT_WORDS)) {
        (Some(word), _) => Said::Redirect(word),
        (None, Some(word)) => Said::Client(word),
        (None, None) => Said::Other,
    }
}

fn speaks_of(text: &str, words: &[&str]) -> bool {
    let text = plain(text);
    words.iter().any(|word| text.contains(word))
}

fn plain(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    spaced.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::StatusCode;

    const OURS: &str = "https://k.example/oauth/callback/x";

    fn page(status: u16, location: Option<&str>, body: &str) -> Page {
        let headers = location.map(|to| (LOCATION, HeaderValue::from_str(to).unwrap())).into_iter().collect();
        let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.as_bytes().to_vec() };
        read_page(&answer, &Url::parse("https://p.example/authorize?client_id=c").unwrap(), OURS)
    }

    #[test]
    fn where_a_page_leads_is_read() {
        assert_eq!(page(302, Some("/login?continue=x&redirect_uri=https%3A%2F%2Fk.example"), ""), Page::Opens);
        assert_eq!(page(200, None, "<script>const errors = ['invalid_client']</script>"), Page::Opens, "scripts name every error there is");
        assert_eq!(page(303, Some("https://k.example/oauth/callback/x?error=invalid_scope&state=s"), ""), Page::Returns(Some("invalid_scope".to_owned())));
        assert_eq!(page(303, Some("https://k.example/oauth/callback/x?code=c"), ""), Page::Returns(None));
        let redirect = |word: &str| Said::Redirect(word.to_owned());
        assert_eq!(page(302, Some("/error?error=redirect_uri_mismatch"), ""), Page::Refuses(302, redirect("redirect uri mismatch")));
        let coded = base64::engine::general_purpose::STANDARD.encode(b"\n\x15redirect_uri_mismatch\x12more");
        assert_eq!(page(302, Some(&format!("/error?authError={coded}")), ""), Page::Refuses(302, redirect("redirect uri mismatch")));
        assert_eq!(page(400, None, "<pre>invalid_redirect_uri</pre>"), Page::Refuses(400, redirect("invalid redirect uri")));
        assert_eq!(page(400, None, "The OAuth client was not found."), Page::Refuses(400, Said::Client("client was not found".to_owned())));
        assert_eq!(page(403, None, "Are you a robot?"), Page::Refuses(403, Said::Other));
        assert!(matches!(page(503, None, "invalid_client"), Page::Silent(_)));
        assert!(matches!(page(302, None, ""), Page::Silent(_)));
    }
}
