//! API keys without their secret.

use super::Timestamp;
use super::id::{ApiKeyId, OrgId};
use serde::{Deserialize, Serialize};

/// An API key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    pub permissions: serde_json::Value,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}
