//! Whether connections have changed: what an open page of the dashboard asks every few seconds while somebody looks at it.

use super::security::actor;
use super::state::AppState;
use crate::api::error::ApiError;
use crate::domain::{Code, Error, Timestamp};
use crate::service::connections;
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

/// What a page knows.
#[derive(Debug, Deserialize)]
pub struct Known {
    /// When it was told (Unix ms, by our clock).
    since: i64,
    /// The one connection that it is about.
    connection: Option<String>,
}

/// `GET /dashboard/changes?since=&connection=`: true or false.
pub async fn changed(State(state): State<AppState>, Query(known): Query<Known>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(actor) = actor(&parts) else { return ApiError(Error::new(Code::Unauthorized, "Sign in again")).into_response() };
    let changed = async {
        let reader = actor.reader()?;
        connections::changed_since(&state.services, &reader, Timestamp(known.since), known.connection.as_deref()).await
    };
    match changed.await {
        Ok(changed) => Json(changed).into_response(),
        Err(error) => ApiError(error).into_response(),
    }
}
