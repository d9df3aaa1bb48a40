//! `/oauth/callback/{app}`: where providers send browsers back to.

use super::browser::Visitor;
use super::connect::language_of;
use super::forms::Form;
use super::views;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::service::connect::{Callback, Refused, finish_attempt};
use crate::vault::Secret;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::collections::BTreeMap;

/// Longest parameter that a provider may send.
const LONGEST: usize = 8 * 1024;
/// Marks the form that re-posts itself.
const REPOSTED: &str = "keyloom_reposted";

/// `GET`: `response_mode=query`.
pub async fn returned(State(state): State<AppState>, headers: HeaderMap, Path(app): Path<String>, RawQuery(query): RawQuery) -> Response {
    let pairs = serde_urlencoded::from_str(query.as_deref().unwrap_or_default());
    finish(state, headers, app, pairs.ok()).await
}

/// `POST`: `response_mode=form_post`. The browser sends no Lax cookie with the provider's cross-site form, so the first answer is a
/// page that posts the same once more, from here.
pub async fn posted(State(state): State<AppState>, headers: HeaderMap, Path(app): Path<String>, body: Bytes) -> Response {
    if body.len() > 64 * 1024 {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let pairs: Option<Vec<(String, String)>> = serde_urlencoded::from_bytes(&body).ok();
    if Form::parse(&body).get(REPOSTED).is_none() {
        return views::repost(&format!("/oauth/callback/{app}"), &pairs.unwrap_or_default(), REPOSTED, language_of(&headers));
    }
    finish(state, headers, app, pairs).await
}

async fn finish(state: AppState, headers: HeaderMap, app: String, pairs: Option<Vec<(String, String)>>) -> Response {
    let language = language_of(&headers);
    let Some(callback) = pairs.and_then(|pairs| read(app, pairs)) else {
        return views::problem(&Error::new(Code::Validation, "The provider's answer is malformed"), language);
    };
    let services = state.services;
    let outcome = Box::pin(finish_attempt(&services, callback, |session| Visitor::known(&services, &headers, session).map(|visitor| visitor.nonce))).await;
    match outcome {
        Ok(Ok(returned)) => Redirect::to(&format!("/connect/{}", returned.session_id)).into_response(),
        Ok(Err(refused)) => views::refused(refused == Refused::OtherBrowser, language),
        Err(error) => views::problem(&error, language),
    }
}

/// Parameters, each at most once and not too long.
fn read(app_path: String, pairs: Vec<(String, String)>) -> Option<Callback> {
    let mut params = BTreeMap::new();
    for (name, value) in pairs {
        if value.len() > LONGEST || value.contains('\0') || params.insert(name, value).is_some() {
            return None;
        }
    }
    let take = |name: &str| params.get(name).cloned();
    Some(Callback {
        app_path,
        state: take("state"),
        code: take("code").map(Secret::new),
        error: take("error"),
        error_description: take("error_description"),
        iss: take("iss"),
        params,
    })
}
