//! An integration as a workspace has set it up.

use super::Timestamp;
use super::connection::{Status, wire_enum};
use super::id::{ConnectionId, OAuthAppId, WorkspaceId, WorkspaceIntegrationId};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Whose connection is used.
    ConnectionStrategy {
        /// Always the same one.
        Fixed = "fixed",
        /// The end user's own.
        PerUser = "per_user",
        /// The end user's own, else the named one.
        PerUserWithFallback = "per_user_with_fallback",
    }
}

wire_enum! {
    /// Whose OAuth app is used. The wire names are those of the published contract.
    OAuthAppMode {
        /// The platform's.
        Managed = "weavz_managed",
        /// The workspace's.
        Custom = "custom",
    }
}

/// An integration as a workspace has set it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceIntegration {
    /// `wi_…`
    pub id: WorkspaceIntegrationId,
    /// Where.
    pub workspace_id: WorkspaceId,
    /// Which service.
    pub integration_name: String,
    /// What it is called here, unique in the workspace.
    pub alias: String,
    /// Whose connection is used.
    pub connection_strategy: ConnectionStrategy,
    /// Method; none means any.
    pub auth_method_key: Option<String>,
    /// Whose OAuth app is used.
    pub oauth_app_mode: OAuthAppMode,
    /// Which one.
    pub oauth_app_id: Option<OAuthAppId>,
    /// Of strategy `fixed`, or the fallback.
    pub connection_id: Option<ConnectionId>,
    /// Shown to end users instead of the service's name.
    pub display_name: Option<String>,
    /// None means all.
    pub enabled_actions: Option<Vec<String>>,
    /// The customer's own settings.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Small first.
    pub sort_order: i64,
    /// Of the named connection.
    pub connection_status: Option<Status>,
    /// Of the named connection.
    pub connection_display_name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
