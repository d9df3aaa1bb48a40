//! `/connect/portal`: an end user with an `eut_` token. The token goes into a sealed cookie and out of the address at once.

use super::browser::Visitor;
use super::connect::language_of;
use super::forms::Form;
use super::views::{self, Said};
use crate::domain::{Code, Error};
use crate::server::cookies;
use crate::server::state::AppState;
use crate::service::connect::{Start, start_for_end_user};
use crate::service::end_users::{self, PortalVisit};
use crate::service::portal;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::collections::BTreeMap;

const COOKIE: &str = "kp";

/// Query of an arrival.
#[derive(Deserialize)]
pub struct Token {
    token: Option<String>,
}

/// `GET /connect/portal`
pub async fn page(State(state): State<AppState>, headers: HeaderMap, Query(query): Query<Token>) -> Response {
    let services = &state.services;
    let language = language_of(&headers);
    if let Some(token) = &query.token {
        return match end_users::portal(services, &crate::vault::token::hash(token)).await {
            Ok(visit) => {
                let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(crate::service::origin::origin_of);
                let opener = referer.filter(|origin| origin != services.public_url.origin()).unwrap_or_default();
                let content = format!("{} {opener}", crate::vault::token::hash(token));
                let sealed = services.vault.seal_cookie(COOKIE, content.as_bytes(), services.entropy.as_ref());
                let mut response = Redirect::to("/connect/portal").into_response();
                let life = visit.expires_at.seconds_since(services.now()).max(1);
                response.headers_mut().append(header::SET_COOKIE, cookies::set(&services.public_url, COOKIE, &sealed, Some(life)));
                response
            }
            Err(error) => views::problem(&error, language),
        };
    }
    match visit(&state, &headers).await {
        Ok((visit, _)) => show(&state, &visit, language, None).await,
        Err(error) => views::problem(&error, language),
    }
}

/// The page: one service where the token names one, else all of theirs.
async fn show(state: &AppState, visit: &PortalVisit, language: &'static str, said: Option<Said>) -> Response {
    if let Some(definition) = visit.integration_name.as_deref().and_then(|name| state.services.catalog.get(name)) {
        return views::portal_one(visit, &definition, language, said);
    }
    match portal::items(&state.services, visit).await {
        Ok(items) => views::portal_all(visit, &items, language, said),
        Err(error) => views::problem(&error, language),
    }
}

/// `POST /connect/portal/test`
pub async fn test(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language_of(&headers);
    let visit = match visit(&state, &headers).await {
        Ok((visit, _)) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    let said = match Box::pin(portal::test(&state.services, &visit, form.get("connection").unwrap_or_default())).await {
        Ok(report) if report.ok == Some(false) => Said::Problem(Error::new(Code::CredentialsRejected, report.message)),
        Ok(report) => Said::News(report.message),
        Err(error) => Said::Problem(error),
    };
    show(&state, &visit, language, Some(said)).await
}

/// `POST /connect/portal/disconnect`
pub async fn disconnect(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language_of(&headers);
    let visit = match visit(&state, &headers).await {
        Ok((visit, _)) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    match Box::pin(portal::disconnect(&state.services, &visit, form.get("connection").unwrap_or_default())).await {
        Ok(_) => Redirect::to("/connect/portal").into_response(),
        Err(error) => show(&state, &visit, language, Some(Said::Problem(error))).await,
    }
}

async fn visit(state: &AppState, headers: &HeaderMap) -> Result<(PortalVisit, Option<String>), Error> {
    let missing = || Error::new(Code::MissingToken, "Open this page with the link you were given");
    let sealed = cookies::read(headers, &state.services.public_url, COOKIE).ok_or_else(missing)?;
    let plain = state.services.vault.open_cookie(COOKIE, &sealed).map_err(|_| missing())?;
    let text = std::str::from_utf8(&plain).map_err(|_| missing())?;
    let (hash, opener) = text.split_once(' ').ok_or_else(missing)?;
    let opener = Some(opener.to_owned()).filter(|opener| !opener.is_empty());
    Ok((end_users::portal(&state.services, hash).await?, opener))
}

/// `POST /connect/portal/start`
pub async fn start(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let services = &state.services;
    let language = language_of(&headers);
    let (visit, opener) = match visit(&state, &headers).await {
        Ok(visit) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    let integration = visit.integration_name.clone().or_else(|| form.get("integration").map(str::to_owned)).unwrap_or_default();
    let mut visitor = Visitor::new(services);
    visitor.opener_origin = opener;
    let nothing = BTreeMap::new();
    let begin = Start { browser: &visitor.browser, opener_origin: visitor.opener_origin.as_deref(), values: &nothing };
    match Box::pin(start_for_end_user(services, &visit, &integration, form.get("connection"), begin)).await {
        Ok((session, expires_at, url)) => {
            let target = url.map_or_else(|| format!("/connect/{session}"), Into::into);
            let mut response = Redirect::to(&target).into_response();
            for cookie in visitor.cookies(services, &headers, &session, expires_at) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => show(&state, &visit, language, Some(Said::Problem(error))).await,
    }
}
