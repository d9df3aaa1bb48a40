//! API keys without their secret.

use super::Timestamp;
use super::id::{ApiKeyId, OrgId};
use serde::{Deserialize, Serialize};

/// An API key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// `key_…`
    pub id: ApiKeyId,
    /// Constant.
    pub org_id: OrgId,
    /// What people call it.
    pub name: String,
    /// First eight characters of the key.
    pub key_prefix: String,
    /// Exactly as given when it was made.
    #[cfg_attr(feature = "ssr", schema(value_type = Permissions))]
    pub permissions: serde_json::Value,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a key may do. Kept and answered as it was given, so it is only described here.
#[cfg(feature = "ssr")]
#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Permissions {
    /// `org` (default): everything. `workspace`: only `workspaceIds`.
    #[schema(value_type = String, required = false, pattern = "^(org|workspace)$")]
    pub scope: Option<String>,
    /// The workspaces, by id; goes with scope `workspace`.
    #[schema(value_type = Vec<super::id::WorkspaceId>, required = false, min_items = 1)]
    pub workspace_ids: Option<Vec<String>>,
    /// Reading credentials in the clear.
    #[schema(value_type = CredentialsPermission, required = false)]
    pub credentials: Option<CredentialsPermission>,
    /// Kept and answered; means nothing here.
    #[schema(value_type = Value, required = false)]
    pub approvals: Option<serde_json::Value>,
}

/// Whether a key may read credentials.
#[cfg(feature = "ssr")]
#[derive(Debug, utoipa::ToSchema)]
pub struct CredentialsPermission {
    /// False by default.
    #[schema(value_type = bool, required = false)]
    pub read: Option<bool>,
}
