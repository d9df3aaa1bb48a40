//! OAuth apps (RFC 6749 clients) without their secret.

use super::Timestamp;
use super::id::{OAuthAppId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A client registration at one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OAuthApp {
    /// `oap_…`
    pub id: OAuthAppId,
    /// Which integration it is for.
    pub integration_name: String,
    /// The workspace that owns it; none for the platform's.
    pub workspace_id: Option<WorkspaceId>,
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// Whether a secret is stored (it is never shown).
    pub has_client_secret: bool,
    /// Asked for instead of the definition's scopes.
    pub scopes: Option<Vec<String>>,
    /// What the definition asks of an app beyond id and secret.
    pub config: BTreeMap<String, String>,
    /// What to register at the provider as redirect URI.
    pub callback_url: String,
    /// True when it comes from the environment and can only be changed there.
    pub from_environment: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
