//! The one place where a domain error becomes a status and a body.

use crate::domain::Error;
use crate::server::trace::current_request_id;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A domain error on its way out.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl ApiError {
    /// The members that every error has, wherever in an answer it stands.
    pub fn body(self) -> Value {
        let Error { code, message, fields, details, suggestion, .. } = self.0;
        let mut details: Map<String, Value> = details.into_iter().collect();
        if !fields.is_empty() {
            details.insert("fields".to_owned(), json!(fields));
        }
        let mut body = json!({ "error": message, "code": code.as_str(), "details": details });
        if let Some(suggestion) = suggestion {
            body["suggestion"] = Value::String(suggestion);
        }
        body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (code, retry_after) = (self.0.code, self.0.retry_after);
        let mut body = self.body();
        body["requestId"] = Value::String(current_request_id());
        let mut response = (status, Json(body)).into_response();
        if let Some(value) = retry_after.and_then(|seconds| HeaderValue::try_from(seconds.to_string()).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        // For layers that must know: `idempotency`.
        response.extensions_mut().insert(code);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
