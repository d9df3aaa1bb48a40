//! `Idempotency-Key`: a POST that comes twice runs once, and both are given the same answer. The rules are in `service::idempotency`.

use super::auth::Caller;
use super::error::ApiError;
use super::extract::read_bytes;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::server::trace::carry;
use crate::service::idempotency::{self, Answer, Ticket, Verdict};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Last segments of the POSTs that create and change nothing of the caller's: they must look every time, and ignore the header.
const LOOKING: [&str; 7] = ["resolve", "resolve-batch", "credentials", "poll", "test", "refresh", "check"];

/// Lets a request with a key through once.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| path.as_str().rsplit('/').next());
    let changes = *request.method() == Method::POST && !route.is_some_and(|last| LOOKING.contains(&last));
    if changes && request.headers().contains_key(KEY) {
        run_or_replay(state, request, next).await.unwrap_or_else(IntoResponse::into_response)
    } else {
        next.run(request).await
    }
}

async fn run_or_replay(state: AppState, request: Request, next: Next) -> Result<Response, ApiError> {
    // First of all: a stored answer is for whoever may still ask.
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let key = key(&parts.headers)?.to_owned();
    let body = read_bytes(Request::from_parts(parts.clone(), body), &state).await?;
    let seen = idempotency::Request {
        method: parts.method.as_str(),
        target: parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |target| target.as_str()),
        body: &body,
    };
    let ticket = match idempotency::claim(&state.services, &caller.0, &key, seen).await? {
        Verdict::Run(ticket) => ticket,
        Verdict::Replay(answer) => return Ok(replay(answer)),
    };
    parts.extensions.insert(caller);
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own: a caller that hangs up must find the answer when it asks again.
    let running = state.services.tasks.spawn(carry(run(state.clone(), ticket.clone(), request, next)));
    match running.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => Ok(response),
        Err(Ok(panic)) => {
            idempotency::release(&state.services, &ticket).await;
            std::panic::resume_unwind(panic)
        }
        Err(Err(_)) => Err(Error::internal().into()),
    }
}

async fn run(state: AppState, ticket: Ticket, request: Request, next: Next) -> Response {
    let response = idempotency::hold(&state.services, &ticket, next.run(request)).await;
    let refusal = response.extensions().get::<Code>().copied();
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        idempotency::release(&state.services, &ticket).await;
        return ApiError(Error::internal()).into_response();
    };
    let answer = Answer { status: parts.status.as_u16(), body };
    idempotency::settle(&state.services, &ticket, &answer, refusal).await;
    Response::from_parts(parts, Body::from(answer.body))
}

fn replay(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // It may hold a token, and then the first answer said the same.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// What is not even text is refused as an empty key would be.
fn key(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(KEY).iter();
    match (values.next(), values.next()) {
        (Some(only), None) => Ok(only.to_str().unwrap_or_default()),
        _ => Err(Error::field("Idempotency-Key", "Idempotency-Key is there twice")),
    }
}
