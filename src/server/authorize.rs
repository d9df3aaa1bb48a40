//! The dashboard's Authorize button: a plain form that opens in a popup and is answered with a redirect to the provider, and the
//! question how it went, which the page long-polls.

use super::security::actor;
use super::state::AppState;
use crate::api::error::ApiError;
use crate::domain::{Code, Error};
use crate::hosted::{browser, views};
use crate::service::connect::{self, NewSession, Start};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::collections::BTreeMap;

/// `POST /dashboard/authorize`
pub async fn start(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(actor) = actor(&parts) else { return Redirect::to("/login").into_response() };
    let Ok(bytes) = axum::body::to_bytes(body, 256 * 1024).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let fields: BTreeMap<String, String> = serde_urlencoded::from_bytes(&bytes).unwrap_or_default();
    let given = |name: &str| fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned);
    let external_id = given("external_id").or_else(|| given("connection_id").is_none().then(|| crate::app::rpc::generated_external_id(&state.services)));
    let input = NewSession {
        integration_name: given("integration"),
        connection_name: given("display_name"),
        external_id,
        workspace_id: given("workspace_id"),
        end_user_id: given("end_user_id"),
        auth_method_key: given("method"),
        connection_id: given("connection_id"),
        ..NewSession::default()
    };
    let values = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("props.")?.to_owned(), value.clone()))).collect();
    let client_ref = given("client_ref").filter(|handle| (16..=64).contains(&handle.len()) && handle.bytes().all(|b| b.is_ascii_alphanumeric()));
    let visitor = browser::Visitor::new(&state.services);
    let origin = state.services.public_url.origin().to_owned();
    let start = Start { browser: &visitor.browser, nonce: &visitor.nonce, opener_origin: Some(&origin), values: &values };
    match connect::start_for_admin(&state.services, &actor, input, client_ref, start).await {
        Ok((session, url)) => {
            let cookies = visitor.cookies(&state.services, &parts.headers, &session, state.services.now().plus_seconds(connect::DEFAULT_LIFE));
            let mut response = Redirect::to(url.as_str()).into_response();
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => views::refusal(&error),
    }
}

/// Longest wait of one question, in seconds.
const WAIT: u64 = 25;

/// `GET /dashboard/authorize/{client_ref}`: waits for news of the popup that this page opened.
pub async fn status(State(state): State<AppState>, Path(client_ref): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(actor) = actor(&parts) else { return ApiError(Error::new(Code::Unauthorized, "Sign in again")).into_response() };
    match connect::session_by_client_ref(&state.services, &actor, &client_ref, WAIT).await {
        Ok(view) => Json(view).into_response(),
        Err(error) => ApiError(error).into_response(),
    }
}
