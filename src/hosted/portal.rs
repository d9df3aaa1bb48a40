//! `/connect/portal`: an end user with an `eut_` token. The token goes into a sealed cookie and out of the address at once.

use super::browser::{Visitor, came_from};
use super::connect::{language_of, remember};
use super::forms::Form;
use super::question;
use super::views::{self, Said};
use crate::domain::{Code, Error};
use crate::server::cookies;
use crate::server::state::AppState;
use crate::service::connect::{Standing, Start, arrive_at_portal, start_for_end_user};
use crate::service::end_users::{self, PortalVisit};
use crate::service::origin::origin_of;
use crate::service::{Services, portal};
use crate::vault::token;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const COOKIE: &str = "kp";

/// Query of an arrival.
#[derive(Deserialize)]
pub struct Token {
    token: Option<String>,
}

/// What the cookie holds, sealed.
#[derive(Serialize, Deserialize)]
struct Ticket {
    token_hash: String,
    opener_origin: Option<String>,
    standing: Standing,
}

impl Ticket {
    fn read(services: &Services, headers: &HeaderMap) -> Option<Self> {
        let sealed = cookies::read(headers, &services.public_url, COOKIE)?;
        serde_json::from_slice(&services.vault.open_cookie(COOKIE, &sealed).ok()?).ok()
    }

    fn cookie(&self, services: &Services, visit: &PortalVisit) -> HeaderValue {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = services.vault.seal_cookie(COOKIE, &plain, services.entropy.as_ref());
        let life = visit.expires_at.seconds_since(services.now()).max(1);
        cookies::set(&services.public_url, COOKIE, &sealed, Some(life))
    }
}

fn to_page() -> Response {
    Redirect::to("/connect/portal").into_response()
}

/// `GET /connect/portal`
pub async fn page(State(state): State<AppState>, headers: HeaderMap, Query(query): Query<Token>) -> Response {
    let services = &state.services;
    let language = language_of(&headers);
    if let Some(plain) = &query.token {
        let token_hash = token::hash(plain);
        let visit = match end_users::portal(services, &token_hash).await {
            Ok(visit) => visit,
            Err(error) => return views::problem(&error, language),
        };
        let mut response = to_page();
        let is_open = |known: Ticket| known.token_hash == token_hash && known.standing == Standing::Open;
        if !Ticket::read(services, &headers).is_some_and(is_open) {
            let came_from = came_from(services, &headers);
            let standing = arrive_at_portal(&visit, &came_from);
            let ticket = Ticket { token_hash, opener_origin: came_from.page.as_deref().and_then(origin_of), standing };
            remember(&mut response, [ticket.cookie(services, &visit)]);
        }
        return response;
    }
    match visit(&state, &headers).await {
        Ok((visit, ticket)) if ticket.standing != Standing::Open => question::portal(&visit, ticket.standing, language),
        Ok((visit, _)) => show(&state, &visit, language, None).await,
        Err(error) => views::problem(&error, language),
    }
}

/// `POST /connect/portal/started`: they say that it is them.
pub async fn started(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match visit(&state, &headers).await {
        Ok((visit, mut ticket)) => {
            let mut response = to_page();
            if ticket.standing == Standing::Asked {
                ticket.standing = Standing::Open;
                remember(&mut response, [ticket.cookie(&state.services, &visit)]);
            }
            response
        }
        Err(error) => views::problem(&error, language_of(&headers)),
    }
}

/// `POST /connect/portal/not-started`: they say that it is not.
pub async fn not_started(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let language = language_of(&headers);
    let outcome = async {
        let (visit, ticket) = visit(&state, &headers).await?;
        if ticket.standing == Standing::Open {
            return Ok(to_page());
        }
        end_users::disown_token(&state.services, &visit, &ticket.token_hash).await?;
        Ok::<_, Error>(question::closed(&visit, language))
    };
    outcome.await.unwrap_or_else(|error| views::problem(&error, language))
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
        Ok((_, ticket)) if ticket.standing != Standing::Open => return to_page(),
        Ok((visit, _)) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    let said = match Box::pin(portal::test(&state.services, &visit, form.get("connection").unwrap_or_default())).await {
        Ok(report) => Said::Tested(report.ok),
        Err(error) => Said::Problem(error, service_of(&state, form.get("integration"))),
    };
    show(&state, &visit, language, Some(said)).await
}

/// `POST /connect/portal/disconnect`
pub async fn disconnect(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language_of(&headers);
    let visit = match visit(&state, &headers).await {
        Ok((_, ticket)) if ticket.standing != Standing::Open => return to_page(),
        Ok((visit, _)) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    match Box::pin(portal::disconnect(&state.services, &visit, form.get("connection").unwrap_or_default())).await {
        Ok(_) => to_page(),
        Err(error) => {
            let service = service_of(&state, form.get("integration"));
            show(&state, &visit, language, Some(Said::Problem(error, service))).await
        }
    }
}

/// What people call the service that a form is about.
fn service_of(state: &AppState, integration: Option<&str>) -> String {
    let name = integration.unwrap_or_default();
    state.services.catalog.get(name).map_or_else(|| name.to_owned(), |known| known.display_name.clone())
}

async fn visit(state: &AppState, headers: &HeaderMap) -> Result<(PortalVisit, Ticket), Error> {
    let missing = || Error::new(Code::MissingToken, "Open this page with the link you were given");
    let ticket = Ticket::read(&state.services, headers).ok_or_else(missing)?;
    Ok((end_users::portal(&state.services, &ticket.token_hash).await?, ticket))
}

/// `POST /connect/portal/start`
pub async fn start(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let services = &state.services;
    let language = language_of(&headers);
    let (visit, ticket) = match visit(&state, &headers).await {
        Ok((_, ticket)) if ticket.standing != Standing::Open => return to_page(),
        Ok(visit) => visit,
        Err(error) => return views::problem(&error, language),
    };
    let form = Form::parse(&body);
    let integration = visit.integration_name.clone().or_else(|| form.get("integration").map(str::to_owned)).unwrap_or_default();
    let mut visitor = Visitor::new(services);
    visitor.opener_origin = ticket.opener_origin;
    let nothing = BTreeMap::new();
    let begin = Start { browser: &visitor.browser, nonce: &visitor.nonce, opener_origin: visitor.opener_origin.as_deref(), values: &nothing };
    match Box::pin(start_for_end_user(services, &visit, &integration, form.get("connection"), begin)).await {
        Ok((session, expires_at, url)) => {
            let target = url.map_or_else(|| format!("/connect/{session}"), Into::into);
            let mut response = Redirect::to(&target).into_response();
            remember(&mut response, visitor.cookies(services, &headers, &session, expires_at));
            response
        }
        Err(error) => {
            let service = service_of(&state, Some(integration.as_str()));
            show(&state, &visit, language, Some(Said::Problem(error, service))).await
        }
    }
}
