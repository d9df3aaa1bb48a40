//! `/connect`

use super::Answer;
use super::auth::Caller;
use super::error::ApiError;
use super::extract::{Body, Params};
use super::path::At;
use crate::domain::connect_session::{SessionStatus, SessionView};
use crate::domain::id::{ConnectionId, OAuthAppId, SessionId, WorkspaceIntegrationId};
use crate::domain::{Error, FieldError, Timestamp};
use crate::server::state::AppState;
use crate::service::connect::{self, Confirmation, NewSession};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{token, sessionId, connectUrl, expiresAt}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectTokenAnswer {
    /// `cst_…`: opens the page and polls. Shown this once.
    token: String,
    /// To ask for the result with your API key.
    session_id: SessionId,
    /// Where to send the end user.
    connect_url: String,
    /// When it ends.
    expires_at: Timestamp,
}

/// Create a connect token
///
/// A hosted page on which an end user connects an account. Without `authMethodKey` it is the OAuth method if there is one, with
/// the workspace's own OAuth app before the platform's; an integration without OAuth shows all its methods. Completing with an
/// external id that exists in that scope replaces its credentials and keeps its id. With `connectionId` that connection is
/// reconnected: integration, names and owner are its own, and another workspace or end user beside it is refused.
#[utoipa::path(
    post, path = "/connect/token", tag = "Hosted connect", request_body = NewSession,
    responses((status = 200, description = "The token, shown this once.", body = ConnectTokenAnswer)),
    extensions(("x-error-codes" = json!([
        "WORKSPACE_REQUIRED", "NO_OAUTH_APP", "REDIRECT_URI_NOT_ALLOWED", "FORBIDDEN", "SCOPE_DENIED", "NOT_FOUND", "CONNECTION_NOT_FOUND",
        "INTEGRATION_NOT_FOUND"
    ]))),
)]
pub async fn create_connect_token(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewSession>) -> Answer {
    let issued = connect::create_token(&state.services, &actor.writer()?, body).await?;
    let body = ConnectTokenAnswer {
        token: issued.token.expose().to_owned(),
        session_id: issued.session_id,
        connect_url: issued.connect_url.expose().to_owned(),
        expires_at: issued.expires_at,
    };
    Ok(no_store((StatusCode::OK, Json(body)).into_response()))
}

/// Query of a session.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionParams {
    /// Seconds to wait while nothing more is to be told.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 60)]
    wait: Option<String>,
}

/// Longest wait, in seconds.
const LONGEST_WAIT: u64 = 60;

/// Get a connect session
///
/// What became of it. With `wait` it is answered as soon as there is something to tell. `session` beside the other members is
/// the shape that the published clients read.
#[utoipa::path(
    get, path = "/connect/session/{id}", tag = "Hosted connect", params(("id" = SessionId, Path, description = "The session's id."), SessionParams),
    responses((status = 200, description = "The session.", body = SessionView)),
)]
pub async fn get_session(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Params(params): Params<SessionParams>) -> Answer {
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

/// Confirm a connect session
///
/// For `completion: "verified"`. The end user is back at your application, which knows from its own sign-in who that is: say so, and
/// what they agreed to is redeemed. It waits for 10 minutes. Pass on the `code` that came to your redirect URI with `sessionId`: it
/// proves that this is the browser that connected. Another end user or code ends the session, and what waited is destroyed.
#[utoipa::path(
    post, path = "/connect/session/{id}/complete", tag = "Hosted connect", params(("id" = SessionId, Path, description = "The session's id.")),
    request_body = Confirmation,
    responses((status = 200, description = "The completed session.", body = SessionView)),
    extensions(("x-error-codes" = json!([
        "NOT_FOUND", "SCOPE_DENIED", "PRECONDITION_FAILED", "SESSION_EXPIRED", "NO_OAUTH_APP", "TOKEN_EXCHANGE_FAILED", "PROVIDER_ERROR"
    ]))),
)]
pub async fn complete_session(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(body): Body<Confirmation>) -> Answer {
    // Boxed: the exchange is below it.
    let view = Box::pin(connect::confirm(&state.services, &actor.writer()?, &id, body)).await?;
    Ok(no_store(Json(view).into_response()))
}

/// Body of a poll.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PollBody {
    /// `cst_…`
    #[schema(value_type = String, write_only, min_length = 1)]
    token: Option<String>,
}

/// What a poll tells.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PollAnswer {
    /// The four upper-case states that the published clients know.
    #[schema(pattern = "^(PENDING|CONNECTING|COMPLETED|FAILED)$")]
    status: String,
    /// What it made.
    connection_id: Option<ConnectionId>,
    /// Name of the integration.
    integration_name: String,
    /// Workspace integration it was started from.
    workspace_integration_id: Option<WorkspaceIntegrationId>,
    /// Key of the method; null while the end user has not chosen.
    auth_method_key: Option<String>,
    /// Whose OAuth app is used; null without OAuth.
    #[schema(value_type = Option<crate::domain::workspace_integration::OAuthAppMode>)]
    oauth_app_mode: Option<String>,
    /// The OAuth app that is used.
    oauth_app_id: Option<OAuthAppId>,
    /// External id the connection gets.
    external_id: String,
    /// `cs_…`
    session_id: SessionId,
    /// Why it failed, for people.
    error: Option<String>,
    /// Why it failed, for machines.
    error_code: Option<String>,
    /// Where the session is, in full.
    session_status: SessionStatus,
    /// When it ends.
    expires_at: Timestamp,
}

/// Poll a connect session
///
/// For a browser that has only the connect token: the token is the credential, no API key, and any origin may ask; where the
/// token lists `allowedOrigins`, another `Origin` is 403. A finished session stays pollable for 24 hours.
#[utoipa::path(
    post, path = "/connect/session/poll", tag = "Hosted connect", request_body = PollBody, security(()),
    responses((status = 200, description = "How far it is.", body = PollAnswer)),
    extensions(("x-error-codes" = json!(["INVALID_TOKEN", "MISSING_TOKEN", "FORBIDDEN"]))),
)]
pub async fn poll_session(State(state): State<AppState>, headers: HeaderMap, body: Result<Body<PollBody>, ApiError>) -> Response {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let token = body.as_ref().ok().and_then(|Body(body)| body.token.as_deref());
    let counted = token.and_then(|token| state.limits.poll(token));
    let answer = async {
        if let Some(counted) = &counted {
            counted.admit()?;
        }
        let view = connect::poll(&state.services, body?.0.token.as_deref(), origin).await?;
        Ok::<_, ApiError>(Json(poll_answer(view)).into_response())
    };
    let mut response = answer.await.unwrap_or_else(IntoResponse::into_response);
    if let Some(counted) = &counted {
        counted.announce(&mut response);
    }
    with_cors(no_store(response))
}

fn poll_answer(view: SessionView) -> PollAnswer {
    PollAnswer {
        status: view.session.status,
        connection_id: view.connection_id,
        integration_name: view.integration_name,
        workspace_integration_id: view.workspace_integration_id,
        auth_method_key: view.auth_method_key,
        oauth_app_mode: view.oauth_app_mode,
        oauth_app_id: view.oauth_app_id,
        external_id: view.external_id,
        session_id: view.id,
        error: view.error,
        error_code: view.error_code,
        session_status: view.status,
        expires_at: view.expires_at,
    }
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
