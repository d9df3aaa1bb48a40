//! Workspaces: who the customer's connections are kept apart by.

use super::Timestamp;
use super::id::{OrgId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// `ws_…`
    pub id: WorkspaceId,
    /// Constant.
    pub org_id: OrgId,
    /// Shown on the hosted page as the one who asks.
    pub name: String,
    /// Taken wherever the id is.
    pub slug: String,
    /// Origins that the hosted page may signal to.
    pub allowed_origins: Vec<String>,
    /// Exact redirect URIs; empty allows any https one.
    pub redirect_uris: Vec<String>,
    /// Logo of the hosted page.
    pub logo_url: Option<String>,
    /// Accent colour of the hosted page, `#rrggbb`.
    pub accent: Option<String>,
    /// Language of the hosted page.
    pub language: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
