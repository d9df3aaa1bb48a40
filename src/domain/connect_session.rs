//! One run of the hosted connect page.

use super::Timestamp;
use super::connection::{Connection, wire_enum};
use super::id::{ConnectionId, OAuthAppId, SessionId, WorkspaceIntegrationId};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Where a session is.
    SessionStatus {
        /// Nobody has acted yet.
        Pending = "pending",
        /// The end user is at the provider.
        Connecting = "connecting",
        /// The provider agreed; the customer's backend has to confirm (`verified`).
        AwaitingConfirmation = "awaiting_confirmation",
        /// A connection exists.
        Completed = "completed",
        /// The last attempt failed. Another may follow while the session lives.
        Failed = "failed",
        /// Its time ran out.
        Expired = "expired",
        /// The end user said no.
        Cancelled = "cancelled",
    }
}

wire_enum! {
    /// How a session ends well.
    Completion {
        /// With the provider's consent or the form.
        Auto = "auto",
        /// When the application has said, too, that it was the right person.
        Verified = "verified",
    }
}

impl SessionStatus {
    /// Whether a further attempt may be made.
    pub fn may_attempt(self) -> bool {
        matches!(self, Self::Pending | Self::Connecting | Self::Failed)
    }

    /// Whether pollers can stop: nothing more will come by itself.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::Connecting | Self::AwaitingConfirmation)
    }

    /// The four upper-case states that the published clients know.
    pub fn published(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Connecting | Self::AwaitingConfirmation => "CONNECTING",
            Self::Completed => "COMPLETED",
            Self::Failed | Self::Expired | Self::Cancelled => "FAILED",
        }
    }
}

/// Answer of `GET /connect/session/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// `cs_…`
    pub id: SessionId,
    /// Where it is.
    pub status: SessionStatus,
    /// What it made.
    pub connection: Option<Connection>,
    /// What it made, by id.
    pub connection_id: Option<ConnectionId>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Why it failed, for machines.
    pub error_code: Option<String>,
    /// Name of the integration.
    pub integration_name: String,
    /// External id the connection gets.
    pub external_id: String,
    /// Key of the method; none while the end user has not chosen.
    pub auth_method_key: Option<String>,
    /// Workspace integration it was started from.
    pub workspace_integration_id: Option<WorkspaceIntegrationId>,
    /// Whose OAuth app is used: `weavz_managed` (the platform's) or `custom`; none without OAuth.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<super::workspace_integration::OAuthAppMode>))]
    pub oauth_app_mode: Option<String>,
    /// The OAuth app that is used.
    pub oauth_app_id: Option<OAuthAppId>,
    /// True when a reconnect signed in as another account than before.
    pub account_changed: bool,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The shape that the published clients read.
    pub session: PublishedSession,
}

/// The nested, upper-case shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PublishedSession {
    /// `cs_…`
    pub id: SessionId,
    /// PENDING, CONNECTING, COMPLETED or FAILED.
    #[cfg_attr(feature = "ssr", schema(pattern = "^(PENDING|CONNECTING|COMPLETED|FAILED)$"))]
    pub status: String,
    /// What it made.
    pub connection_id: Option<ConnectionId>,
    /// Why it failed.
    pub error: Option<String>,
    /// Name of the integration.
    pub integration_name: String,
    /// External id the connection gets.
    pub external_id: String,
    /// When it ends.
    pub expires_at: Timestamp,
}
