//! What happened to a connection, and who did what.

use super::Timestamp;
use super::id::EventId;
use serde::{Deserialize, Serialize};

/// An entry of the append-only log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `evt_…`
    pub id: EventId,
    /// `connection.created`, `connection.refreshed`, `credentials.read`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Who: `key:…`, `user:…`, `end_user:…`, `system`.
    pub actor: String,
    /// Which connection, if it is about one.
    pub connection_id: Option<String>,
    /// Which workspace.
    pub workspace_id: Option<String>,
    /// Facts without secrets.
    pub data: serde_json::Value,
    /// When.
    pub at: Timestamp,
}
