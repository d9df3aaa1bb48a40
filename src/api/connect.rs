//! `/connect`

use super::Answer;
use super::auth::Caller;
use super::error::ApiError;
use super::extract::{Body, Params};
use crate::domain::connect_session::SessionView;
use crate::domain::{Error, FieldError};
use crate::server::state::AppState;
use crate::service::connect::{self, NewSession};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// `POST /connect/token`
pub async fn create_connect_token(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewSession>) -> Answer {
    let issued = connect::create_token(&state.services, &actor.writer()?, body).await?;
    let body = serde_json::json!({
        "token": issued.token.expose(),
        "sessionId": issued.session_id,
        "connectUrl": issued.connect_url.expose(),
        "expiresAt": issued.expires_at,
    });
    Ok(no_store((StatusCode::OK, Json(body)).into_response()))
}

/// Query of a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionParams {
    wait: Option<String>,
}

/// Longest wait, in seconds.
const LONGEST_WAIT: u64 = 60;

/// `GET /connect/session/{id}`
pub async fn get_session(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Params(params): Params<SessionParams>) -> Answer {
    let reader = actor.reader()?;
    let view = match params.wait {
        None => connect::session(&state.services, &reader, &id).await?,
        Some(text) => {
            let out_of_range = || {
                Error::fields(vec![FieldError {
                    path: "wait".to_owned(),
                    code: "OUT_OF_RANGE".to_owned(),
                    message: format!("wait must be a number from 0 to {LONGEST_WAIT}"),
                }])
            };
            let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST_WAIT).ok_or_else(out_of_range)?;
            connect::wait(&state.services, &reader, &id, seconds).await?
        }
    };
    Ok(no_store(Json(view).into_response()))
}

/// Body of a poll.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollBody {
    token: Option<String>,
}

/// `POST /connect/session/poll`: the connect token is the credential, any origin may ask.
pub async fn poll_session(State(state): State<AppState>, headers: HeaderMap, body: Result<Body<PollBody>, ApiError>) -> Response {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let token = body.as_ref().ok().and_then(|Body(body)| body.token.as_deref());
    let counted = token.and_then(|token| state.limits.poll(token));
    let answer = async {
        if let Some(counted) = &counted {
            counted.admit()?;
        }
        let view = connect::poll(&state.services, body?.0.token.as_deref(), origin).await?;
        Ok::<_, ApiError>(Json(poll_answer(&view)).into_response())
    };
    let mut response = answer.await.unwrap_or_else(IntoResponse::into_response);
    if let Some(counted) = &counted {
        counted.announce(&mut response);
    }
    with_cors(no_store(response))
}

fn poll_answer(view: &SessionView) -> serde_json::Value {
    serde_json::json!({
        "status": view.session.status,
        "connectionId": view.connection_id,
        "integrationName": view.integration_name,
        "workspaceIntegrationId": view.workspace_integration_id,
        "authMethodKey": view.auth_method_key,
        "oauthAppMode": view.oauth_app_mode,
        "oauthAppId": view.oauth_app_id,
        "externalId": view.external_id,
        "sessionId": view.id,
        "error": view.error,
        "errorCode": view.error_code,
        "sessionStatus": view.status,
        "expiresAt": view.expires_at,
    })
}

/// The question a browser asks before it polls from another origin.
pub async fn poll_preflight() -> Response {
    let mut response = with_cors(StatusCode::NO_CONTENT.into_response());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, x-request-id"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

fn with_cors(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let readable = HeaderValue::from_static("retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id");
    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    response
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
