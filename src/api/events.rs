//! `/events`, and the list that a connection's timeline shares with it.

use super::Answer;
use super::auth::Caller;
use super::extract::ListParams;
use crate::domain::event::Event;
use crate::domain::id::ConnectionId;
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::events::{self, EventQuery};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{events, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventList {
    /// Newest first.
    events: Vec<Event>,
    /// How many there are; where filtered, exact to 10 000.
    total: i64,
    /// True when there are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_minimum: bool,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

impl From<Listed<Event>> for EventList {
    fn from(listed: Listed<Event>) -> Self {
        let Listed { items, total, total_is_minimum, next_cursor } = listed;
        Self { events: items, total, total_is_minimum, next_cursor }
    }
}

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventParams {
    /// Only of this type: `connection.created`, `credentials.read`, …
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only about this connection, which may be gone.
    #[param(value_type = Option<ConnectionId>)]
    connection_id: Option<String>,
    /// Only of this workspace, id or slug.
    workspace_id: Option<String>,
    /// Only from then on.
    #[param(value_type = Option<String>, format = "date-time")]
    since: Option<String>,
    /// Only before that.
    #[param(value_type = Option<String>, format = "date-time")]
    until: Option<String>,
}

/// List events
///
/// The organisation's log: who did what, and what happened to connections. Limited keys see what happened in their workspaces.
#[utoipa::path(
    get, path = "/events", tag = "Webhooks and events", params(EventParams, super::openapi::PageParams),
    responses((status = 200, description = "A page of events.", body = EventList)),
    extensions(("x-error-codes" = json!(["NOT_FOUND"]))),
)]
pub async fn list_events(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<EventParams>) -> Answer<Json<EventList>> {
    let EventParams { kind, connection_id, workspace_id, since, until } = list.filter;
    let query = EventQuery { kind, connection_id, workspace_id, since, until };
    Ok(Json(events::list(&state.services, &actor.reader()?, &query, &list.page).await?.into()))
}
