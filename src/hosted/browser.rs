//! Knowing a browser again: one sealed cookie per session, `kc-{tail of the session's id}`, at most eight of them. Nothing is
//! stored until the browser acts.

use crate::domain::Timestamp;
use crate::domain::id::SessionId;
use crate::server::cookies;
use crate::service::Services;
use crate::service::connect::{CameFrom, Standing};
use crate::service::origin::page_origin;
use crate::vault::{Secret, token};
use axum::http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

/// What the cookie holds, sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    session: String,
    nonce: String,
    expires_at: i64,
    opener_origin: Option<String>,
    #[serde(default)]
    standing: Standing,
}

/// A browser.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// What only this browser has.
    pub nonce: Secret,
    /// Hash of the nonce: what sessions are bound to.
    pub browser: String,
    /// Origin of the page that opened ours.
    pub opener_origin: Option<String>,
    /// What it may do on the page.
    pub standing: Standing,
}

const PREFIX: &str = "kc-";
const MOST: usize = 8;

fn cookie_name(session: &SessionId) -> String {
    let id = session.as_str();
    format!("{PREFIX}{}", id.get(id.len().saturating_sub(12)..).unwrap_or(id))
}

impl Visitor {
    /// One that has not been here before, and begins on a page of ours.
    pub fn new(services: &Services) -> Self {
        let nonce = token::random(services.entropy.as_ref());
        Self { browser: token::hash(nonce.expose()), nonce, opener_origin: None, standing: Standing::Open }
    }

    /// The one that has the cookie of `session`.
    pub fn known(services: &Services, headers: &HeaderMap, session: &SessionId) -> Option<Self> {
        let name = cookie_name(session);
        let sealed = cookies::read(headers, &services.public_url, &name)?;
        let plain = services.vault.open_cookie(&name, &sealed).ok()?;
        let content: Content = serde_json::from_slice(&plain).ok()?;
        let fits = content.session == session.as_str() && Timestamp(content.expires_at) > services.now();
        fits.then(|| Self {
            browser: token::hash(&content.nonce),
            nonce: Secret::new(content.nonce),
            opener_origin: content.opener_origin,
            standing: content.standing,
        })
    }

    /// `Set-Cookie` values that make this browser known to `session`, and remove the oldest of too many.
    pub fn cookies(&self, services: &Services, headers: &HeaderMap, session: &SessionId, until: Timestamp) -> Vec<HeaderValue> {
        let name = cookie_name(session);
        // A day longer than the session, so that its end page can still be looked at.
        let until = until.plus_seconds(86_400);
        let content = Content {
            session: session.as_str().to_owned(),
            nonce: self.nonce.expose().to_owned(),
            expires_at: until.0,
            opener_origin: self.opener_origin.clone(),
            standing: self.standing,
        };
        let plain = serde_json::to_vec(&content).unwrap_or_default();
        let sealed = services.vault.seal_cookie(&name, &plain, services.entropy.as_ref());
        let mut values = vec![cookies::set(&services.public_url, &name, &sealed, Some(until.seconds_since(services.now())))];
        let others: Vec<_> = cookies::names_starting(headers, &services.public_url, PREFIX).into_iter().filter(|other| *other != name).collect();
        let surplus = (others.len() + 1).saturating_sub(MOST);
        values.extend(others.iter().take(surplus).map(|other| cookies::remove(&services.public_url, other)));
        values
    }
}

/// Where the browser says that it comes from.
pub fn came_from(services: &Services, headers: &HeaderMap) -> CameFrom {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let page = text(header::REFERER.as_str()).and_then(page_origin).filter(|origin| origin != services.public_url.origin());
    CameFrom { page, from_outside: text("sec-fetch-site") == Some("none") }
}
