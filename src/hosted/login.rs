//! `/login`, `/logout`, `/setup`.

use super::forms::Form;
use super::views::{self, SignInForm};
use crate::domain::Error;
use crate::server::cookies;
use crate::server::state::AppState;
use crate::service::{login, members};
use crate::vault::Secret;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

/// Query of the pages.
#[derive(Deserialize)]
pub struct Params {
    next: Option<String>,
    token: Option<String>,
}

/// `GET /login`
pub async fn page(State(state): State<AppState>, headers: HeaderMap, Query(params): Query<Params>) -> Response {
    if let Some(cookie) = cookies::read(&headers, &state.services.public_url, cookies::LOGIN)
        && matches!(login::who(&state.services, &cookie).await, Ok(Some(_)))
    {
        return Redirect::to(&safe_path(params.next.as_deref())).into_response();
    }
    if login::needs_setup(&state.services).await.unwrap_or(false) {
        return Redirect::to("/setup").into_response();
    }
    views::sign_in(&SignInForm { next: params.next, ..SignInForm::default() }, StatusCode::OK)
}

/// A path of ours: no scheme, no host, nothing that a browser reads as one.
fn safe_path(next: Option<&str>) -> String {
    next.filter(|next| next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t'])).unwrap_or("/connections").to_owned()
}

/// `POST /login`
pub async fn sign_in(State(state): State<AppState>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let email = form.get("email").unwrap_or_default();
    let address = client_address(&state, peer.ip(), &headers);
    match login::sign_in(&state.services, email, Secret::new(form.raw("password")), &address.to_string()).await {
        Ok(cookie) => signed_in(&state, &cookie, &safe_path(form.get("next"))),
        Err(error) => {
            let retry_after = error.retry_after;
            let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let mut response = views::sign_in(
                &SignInForm { email: email.to_owned(), next: form.get("next").map(str::to_owned), error: Some(error), ..SignInForm::default() },
                status,
            );
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

fn signed_in(state: &AppState, cookie: &Secret, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    let value = cookies::set(&state.services.public_url, cookies::LOGIN, cookie.expose(), Some(login::ABSOLUTE_SECONDS));
    response.headers_mut().append(header::SET_COOKIE, value);
    response
}

/// The peer, or what a believed proxy says of it.
fn client_address(state: &AppState, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let trusted = |address: &IpAddr| state.config.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let hops: Vec<IpAddr> = forwarded.filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.into_iter().rev().find(|hop| !trusted(hop)).unwrap_or(peer)
}

/// `POST /logout`
pub async fn sign_out(State(state): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(cookie) = cookies::read(&headers, &state.services.public_url, cookies::LOGIN)
        && let Err(error) = login::sign_out(&state.services, &cookie).await
    {
        tracing::warn!(%error, "signing out");
    }
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(&state.services.public_url, cookies::LOGIN));
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response
}

/// `GET /setup?token=…`
pub async fn setup_page(State(state): State<AppState>, Query(params): Query<Params>) -> Response {
    if !login::needs_setup(&state.services).await.unwrap_or(true) {
        let Some(token) = params.token else { return Redirect::to("/login").into_response() };
        return match members::invited(&state.services, &token).await {
            Ok(Some(email)) => views::setup(&SignInForm { invited: true, email, token: Some(token), ..SignInForm::default() }, StatusCode::OK),
            _ => views::setup(&SignInForm { invited: true, ..SignInForm::default() }, StatusCode::UNAUTHORIZED),
        };
    }
    let valid = match &params.token {
        Some(token) => login::setup_token_is_valid(&state.services, token).await.unwrap_or(false),
        None => false,
    };
    let form = SignInForm { token: params.token.filter(|_| valid), ..SignInForm::default() };
    let status = if valid { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    views::setup(&form, status)
}

/// `POST /setup`
pub async fn setup(State(state): State<AppState>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    let email = form.get("email").unwrap_or_default();
    let password = form.raw("password");
    let token = form.get("token").unwrap_or_default();
    let invited = !login::needs_setup(&state.services).await.unwrap_or(true);
    let outcome = if password == form.raw("password_again") {
        if invited {
            members::accept(&state.services, token, Secret::new(password)).await
        } else {
            login::setup(&state.services, token, email, Secret::new(password)).await
        }
    } else {
        Err(Error::field("password_again", "The two passwords are not the same"))
    };
    match outcome {
        Ok(cookie) => signed_in(&state, &cookie, "/connections"),
        Err(error) => {
            let status = if error.code == crate::domain::Code::Validation { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::UNAUTHORIZED };
            let token = Some(token.to_owned()).filter(|_| status == StatusCode::UNPROCESSABLE_ENTITY);
            views::setup(&SignInForm { invited, email: email.to_owned(), token, error: Some(error), ..SignInForm::default() }, status)
        }
    }
}
