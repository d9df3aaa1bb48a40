//! `Idempotency-Key`: a POST that comes twice runs once, and both are given the same answer. The rules are in `service::idempotency`.
//! Where a body may hold the key (`idempotencyKey` of actions), it is worth the same.

use super::auth::Caller;
use super::error::ApiError;
use super::extract::read_bytes;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::server::trace::carry;
use crate::service::idempotency::{self, Answer, Ticket, Verdict};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Last segments of the POSTs that create and change nothing of the caller's: they must look every time, and ignore the header.
const LOOKING: [&str; 8] = ["discover", "resolve", "resolve-batch", "credentials", "poll", "test", "refresh", "check"];

/// Last segments of the POSTs whose body may hold the key.
const IN_BODY: [&str; 1] = ["execute"];

/// Lets a request with a key through once.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| path.as_str().rsplit('/').next());
    let changes = *request.method() == Method::POST && !route.is_some_and(|last| LOOKING.contains(&last));
    let in_body = changes && route.is_some_and(|last| IN_BODY.contains(&last));
    if in_body || (changes && request.headers().contains_key(KEY)) {
        run_or_replay(state, request, in_body, next).await.unwrap_or_else(IntoResponse::into_response)
    } else {
        next.run(request).await
    }
}

async fn run_or_replay(state: AppState, request: Request, in_body: bool, next: Next) -> Result<Response, ApiError> {
    // First of all: a stored answer is for whoever may still ask.
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let body = read_bytes(Request::from_parts(parts.clone(), body), &state).await?;
    let Some(key) = key(&parts.headers, in_body.then_some(&body))? else {
        parts.extensions.insert(caller);
        return Ok(next.run(Request::from_parts(parts, Body::from(body))).await);
    };
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
    // Who is told to come again later will be answered otherwise then.
    let comes_again = response.headers().contains_key(header::RETRY_AFTER);
    let refusal = response.extensions().get::<Code>().copied().filter(|_| !comes_again);
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

/// The key of the header, or of the body. What is not even text is refused as an empty key would be.
fn key(headers: &HeaderMap, body: Option<&Bytes>) -> Result<Option<String>, Error> {
    let mut values = headers.get_all(KEY).iter();
    let in_header = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(only), None) => Some(only.to_str().unwrap_or_default().to_owned()),
        _ => return Err(Error::field("Idempotency-Key", "Idempotency-Key is there twice")),
    };
    // A body that cannot be read is for the handler to refuse.
    let in_body = body.and_then(|body| serde_json::from_slice::<KeyInBody>(body).ok()).and_then(|body| body.idempotency_key);
    match (in_header, in_body) {
        (Some(one), Some(other)) if one != other => Err(Error::field("idempotencyKey", "idempotencyKey is not the same as the header Idempotency-Key")),
        (in_header, in_body) => Ok(in_header.or(in_body)),
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyInBody {
    idempotency_key: Option<String>,
}
