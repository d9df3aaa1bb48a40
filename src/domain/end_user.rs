//! Users of the customer's product.

use super::Timestamp;
use super::id::{EndUserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// An end user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndUser {
    /// `eu_…`
    pub id: EndUserId,
    /// Where they belong.
    pub workspace_id: WorkspaceId,
    /// The customer's identifier.
    pub external_id: String,
    /// Shown on the hosted page.
    pub display_name: Option<String>,
    /// For invitations.
    pub email: Option<String>,
    /// The customer's own data.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// How many connections are theirs.
    pub connection_count: i64,
    /// Always `external`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "ssr", schema(pattern = "^external$"))]
    pub kind: String,
    /// When they were registered.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}
