//! `/connect`: arriving, looking, submitting, cancelling.

use super::browser::Visitor;
use super::forms::Form;
use super::texts::negotiate;
use super::views::{self, FormState};
use crate::domain::connect_session::SessionStatus;
use crate::domain::id::SessionId;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::service::connect::{self, PageView, Start, SubmitOutcome};
use crate::service::origin::origin_of;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
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
    let arrival = match connect::arrive(services, query.token.as_deref().unwrap_or_default()).await {
        Ok(arrival) => arrival,
        Err(error) => return views::problem(&error, language),
    };
    let mut response = Redirect::to(&format!("/connect/{}", arrival.session_id)).into_response();
    if Visitor::known(services, &headers, &arrival.session_id).is_none() {
        let mut visitor = Visitor::new(services);
        let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(origin_of);
        visitor.opener_origin = referer.filter(|origin| origin != services.public_url.origin());
        for cookie in visitor.cookies(services, &headers, &arrival.session_id, arrival.expires_at) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
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
    let view = connect::page(&state.services, &id, &visitor.browser).await.map_err(|error| views::problem(&error, language))?;
    Ok((view, visitor))
}

/// `GET /connect/{cs_…}`
pub async fn page(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    match load(&state, &headers, &id).await {
        Ok((view, _)) => views::connect(&view, language_of(&headers), &FormState::default(), StatusCode::OK),
        Err(problem) => problem,
    }
}

/// `POST /connect/{cs_…}`: the button.
pub async fn submit(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>, body: Bytes) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    let form = Form::parse(&body);
    let values = form.props();
    let start = Start { browser: &visitor.browser, opener_origin: visitor.opener_origin.as_deref(), values: &values };
    // Boxed: with every transport and parser below it, this future is large.
    let outcome = Box::pin(connect::submit(&state.services, &view.session.id, form.get("method"), start)).await;
    match outcome {
        Ok(SubmitOutcome::Redirect(url)) => Redirect::to(url.as_str()).into_response(),
        Ok(SubmitOutcome::Completed) => Redirect::to(&format!("/connect/{}", view.session.id)).into_response(),
        Err(error) if matches!(error.code, Code::Validation | Code::CredentialsRejected | Code::Provider | Code::NoOAuthApp) => {
            let form = FormState { method: form.get("method").map(str::to_owned), values, error: Some(error) };
            views::connect(&view, language_of(&headers), &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        // Over, or open elsewhere: the page says which.
        Err(error) if matches!(error.code, Code::SessionExpired | Code::SessionAlreadyOpen) => {
            Redirect::to(&format!("/connect/{}", view.session.id)).into_response()
        }
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
    Redirect::to(&format!("/connect/{}", view.session.id)).into_response()
}

/// `POST /connect/{cs_…}/different`
pub async fn different(State(state): State<AppState>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let (view, visitor) = match load(&state, &headers, &id).await {
        Ok(loaded) => loaded,
        Err(problem) => return problem,
    };
    match connect::reopen(&state.services, &view.session.id, &visitor.browser).await {
        Ok(()) => Redirect::to(&format!("/connect/{}", view.session.id)).into_response(),
        Err(error) => views::problem(&error, language_of(&headers)),
    }
}

/// `GET /connect/accent/{rrggbb}.css`: a workspace's colour. The policy allows no inline style.
pub async fn accent(Path(file): Path<String>) -> Response {
    let hex = file.strip_suffix(".css").filter(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(rgb) = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else { return StatusCode::NOT_FOUND.into_response() };
    let css = format!(":root{{--accent:#{rgb:06x};--on-accent:{}}}", if is_light(rgb) { "#111" } else { "#fff" });
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")], css).into_response()
}

/// Whether dark text reads better on it: relative luminance by WCAG 2.2, against the point where both contrasts are equal.
fn is_light(rgb: u32) -> bool {
    let channel = |shift: u32| {
        let value = f64::from((rgb >> shift) & 0xff) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0) > 0.179
}
