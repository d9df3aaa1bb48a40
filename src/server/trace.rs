//! One id and one log line per request. Paths are logged as route templates, never with their query: callback URLs and connect
//! links carry secrets there.

use super::state::AppState;
use crate::domain::id::RequestId;
use crate::domain::{Code, Error};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Response as HttpResponse};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::any::Any;
use std::time::Instant;
use tracing::Instrument as _;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request being answered.
pub fn current_request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// `work` for a task of its own, under the id and in the span of the request being answered.
pub fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> {
    REQUEST_ID.scope(current_request_id(), work).instrument(tracing::Span::current())
}

/// A caller's own id is kept if it is harmless.
fn chosen_id(request: &Request) -> Option<String> {
    let text = request.headers().get("x-request-id")?.to_str().ok()?;
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    fits.then(|| text.to_owned())
}

/// The outermost layer.
pub async fn trace(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = chosen_id(&request).unwrap_or_else(|| RequestId::from_bits(state.services.new_id_bits()).into());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let span = tracing::info_span!("request", id = %id);
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request).instrument(span.clone())).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::counter!("keyloom_http_requests_total", "route" => route.clone(), "status" => status.to_string()).increment(1);
    metrics::histogram!("keyloom_http_request_seconds", "route" => route.clone()).record(elapsed);
    let _entered = span.enter();
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::error!(%method, route, status, ms, "answered");
    } else {
        tracing::info!(%method, route, status, ms, "answered");
    }
    response
}

/// A panic is a bug: logged, and answered without its text.
#[expect(clippy::needless_pass_by_value, reason = "the signature is tower-http's")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> HttpResponse<axum::body::Body> {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no text)");
    tracing::error!(panic = text, "a request panicked");
    crate::api::error::ApiError(Error { code: Code::Internal, ..Error::internal() }).into_response()
}
