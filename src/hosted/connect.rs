//! `/connect`: arriving, saying that one started it, looking, submitting, choosing one of several accounts, cancelling.

use super::browser::{Visitor, came_from};
use super::forms::Form;
use super::question;
use super::texts::negotiate;
use super::views::{self, FormState};
use crate::domain::connect_session::SessionStatus;
use crate::domain::id::SessionId;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::service::connect::{self, PageView, Standing, Start, SubmitOutcome};
use crate::service::form::Wrong;
use crate::service::logos;
use crate::service::origin::origin_of;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

/// Query of an arrival.
#[derive(Deserialize)]
pub struct Token {
    token: Option<String>,
}

/// `GET /connect?token=…`: makes the browser known and takes the token out of the address. Changes nothing else.
pub async fn arrive(State(state): State<AppState>, headers: HeaderMap, Query(query): Query<Token>) -> Response {
    let services = &state.services;
    let language = language_of(&headers);
    let came_from = came_from(services, &headers);
    let arrival = match connect::arrive(services, query.token.as_deref().unwrap_or_default(), &came_from).await {
        Ok(arrival) => arrival,
        Err(error) => return views::problem(&error, language),
    };
    let id = &arrival.session_id;
    let known = Visitor::known(services, &headers, id);
    if known.as_ref().is_some_and(|visitor| visitor.standing == Standing::Open) {
        return to_page(id);
    }
    let mut visitor = known.unwrap_or_else(|| Visitor::new(services));
    visitor.standing = arrival.standing;
    visitor.opener_origin = came_from.page.as_deref().and_then(origin_of).or(visitor.opener_origin);
    let mut response = to_page(id);
    remember(&mut response, visitor.cookies(services, &headers, id, arrival.expires_at));
    response
}

fn to_page(session: &SessionId) -> Response {
    Redirect::to(&format!("/connect/{session}")).into_response()
}

pub(super) fn remember(response: &mut Response, cookies: impl IntoIterator<Item = HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

pub(super) fn language_of(headers: &HeaderMap) -> &'static str {
    negotiate(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

fn stranger(language: &str) -> Response {
    views::problem(&Error::new(Code::InvalidToken, "This link is not valid in this browser"), language)
}

async fn load(state: &AppState, headers: &HeaderMap, id: &str) -> Result<(PageView, Visitor), Response> {
    let id = SessionId::known(id);
    let language = language_of(headers);
    let visitor = Visitor::known(&state.services, headers, &id).ok_or_else(|| stranger(language))?;
    let view = connect::page(&state.services, &id, &visitor.nonce).await.map_err(|error| views::problem(&error, language))?;
    Ok((view, visitor))
}

/// `GET /connect/{cs_…}`
pub async fn page(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    match load(&state, &headers, &id).await {
        Ok((view, visitor)) if is_asked(&view, &visitor) => question::connect(&view, visitor.standing, language_of(&headers)),
        Ok((view, _)) => views::connect(&view, language_of(&headers), &FormState::default(), StatusCode::OK),
        Err(problem) => problem,
    }
}

/// Whether the person has to say first that they started it. What is over or elsewhere is only looked at.
fn is_asked(view: &PageView, visitor: &Visitor) -> bool {
    visitor.standing != Standing::Open && view.is_ours && view.status.may_attempt()
}

/// `POST /connect/{cs_…}/started`: they say that they did.
pub async fn started(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let (view, mut visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    let mut response = to_page(&view.session.id);
    if visitor.standing == Standing::Asked {
        visitor.standing = Standing::Open;
        remember(&mut response, visitor.cookies(&state.services, &headers, &view.session.id, view.session.expires_at));
    }
    response
}

/// `POST /connect/{cs_…}/not-started`: they say that they did not.
pub async fn not_started(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    if is_asked(&view, &visitor)
        && let Err(error) = connect::disown(&state.services, &view.session.id, &visitor.browser).await
    {
        return views::problem(&error, language_of(&headers));
    }
    to_page(&view.session.id)
}

/// `POST /connect/{cs_…}`: the button.
pub async fn submit(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>, body: Bytes) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    if is_asked(&view, &visitor) {
        return to_page(&view.session.id);
    }
    let form = Form::parse(&body);
    let values = form.props();
    let start = Start { browser: &visitor.browser, nonce: &visitor.nonce, opener_origin: visitor.opener_origin.as_deref(), values: &values };
    // Boxed: with every transport and parser below it, this future is large.
    let outcome = Box::pin(connect::submit(&state.services, &view.session.id, form.get("method"), start)).await;
    match outcome {
        Ok(SubmitOutcome::Redirect(url)) => Redirect::to(url.as_str()).into_response(),
        Ok(SubmitOutcome::Stored) => to_page(&view.session.id),
        Ok(SubmitOutcome::Wrong(wrong)) => {
            let form = FormState { method: form.get("method").map(str::to_owned), values, wrong, error: None };
            views::connect(&view, language_of(&headers), &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) if matches!(error.code, Code::Validation | Code::CredentialsRejected | Code::Provider | Code::EgressBlocked | Code::NoOAuthApp) => {
            let form = FormState { method: form.get("method").map(str::to_owned), values, wrong: refused(&error), error: Some(error) };
            views::connect(&view, language_of(&headers), &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        // Over, or open elsewhere: the page says which.
        Err(error) if matches!(error.code, Code::SessionExpired | Code::SessionAlreadyOpen) => to_page(&view.session.id),
        Err(error) => views::problem(&error, language_of(&headers)),
    }
}

/// The fields that hold what the service did not accept.
fn refused(error: &Error) -> Vec<(String, Wrong)> {
    let fields = if error.code == Code::CredentialsRejected { error.fields.as_slice() } else { &[] };
    fields.iter().map(|field| (field.path.clone(), Wrong::Refused)).collect()
}

/// `POST /connect/{cs_…}/choose`: which of several accounts.
pub async fn choose(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>, body: Bytes) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    let form = Form::parse(&body);
    match Box::pin(connect::choose(&state.services, &view.session.id, &visitor.nonce, form.get("account"))).await {
        Err(error) if error.code == Code::Validation => {
            let form = FormState { error: Some(error), ..FormState::default() };
            views::connect(&view, language_of(&headers), &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        // Over, chosen already, or never asked of this browser: the page says how it stands.
        Ok(()) => to_page(&view.session.id),
        Err(error) if error.code == Code::SessionExpired => to_page(&view.session.id),
        Err(error) => views::problem(&error, language_of(&headers)),
    }
}

/// `POST /connect/{cs_…}/cancel`
pub async fn cancel(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    if view.status != SessionStatus::Completed
        && let Err(error) = connect::cancel(&state.services, &view.session.id, &visitor.browser).await
    {
        return views::problem(&error, language_of(&headers));
    }
    to_page(&view.session.id)
}

/// `POST /connect/{cs_…}/different`
pub async fn different(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    match connect::reopen(&state.services, &view.session.id, &visitor.browser).await {
        Ok(()) => to_page(&view.session.id),
        Err(error) => views::problem(&error, language_of(&headers)),
    }
}

/// `GET /connect/logo/{workspace}/{file}`: a workspace's logo. Its name says what is in it: it can be kept.
pub async fn logo(State(state): State<AppState>, Path((workspace, file)): Path<(String, String)>) -> Response {
    match logos::find(&state.services, &workspace, &file).await {
        Ok((media, bytes)) => ([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /connect/accent/{rrggbb}.css`: a workspace's colour. The policy allows no inline style.
pub async fn accent(Path(file): Path<String>) -> Response {
    let hex = file.strip_suffix(".css").filter(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(rgb) = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else { return StatusCode::NOT_FOUND.into_response() };
    let css = format!(":root{{--accent:#{rgb:06x};--on-accent:{}}}", if is_light(rgb) { "#000" } else { "#fff" });
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")], css).into_response()
}

/// Whether black reads better on it: relative luminance by WCAG 2.2, against the point where both contrasts are equal. The better of
/// the two is at least 4.58 on any colour.
fn is_light(rgb: u32) -> bool {
    let channel = |shift: u32| {
        let value = f64::from((rgb >> shift) & 0xff) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0) > 0.179
}
