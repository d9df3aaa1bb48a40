//! Webhooks: where the customer's systems are told what happened, and what became of each message.

use super::Timestamp;
use super::connection::wire_enum;
use super::id::{DeliveryId, EventId, WebhookId, WorkspaceId};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What a webhook can be told of.
    WebhookEvent {
        /// A hosted session made a connection, or renewed one.
        SessionCompleted = "connect.session.completed",
        /// An attempt failed, or the end user cancelled. While the session lives another attempt may follow.
        SessionFailed = "connect.session.failed",
        /// A session's time ran out with nothing connected.
        SessionExpired = "connect.session.expired",
        /// A connection was made.
        ConnectionCreated = "connection.created",
        /// A connection was given new credentials.
        ConnectionReconnected = "connection.reconnected",
        /// A reconnect signed in as another account than before.
        ConnectionAccountChanged = "connection.account_changed",
        /// A refresh or test failed. Told once per cause, not per attempt.
        ConnectionError = "connection.error",
        /// A connection that had an error works again.
        ConnectionRecovered = "connection.recovered",
        /// Its access ends within a week and cannot be renewed by itself.
        ConnectionExpiring = "connection.expiring",
        /// Its access has ended.
        ConnectionExpired = "connection.expired",
        /// A connection was deleted.
        ConnectionDeleted = "connection.deleted",
    }
}

/// Type of the message that a test sends; no webhook has to ask for it.
pub const TEST: &str = "webhook.test";

/// A webhook without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// `whk_…`
    pub id: WebhookId,
    /// Where messages are posted to.
    pub url: String,
    /// What it is told of; null means everything.
    pub events: Option<Vec<WebhookEvent>>,
    /// Only what happens in this workspace; null means everywhere.
    pub workspace_id: Option<WorkspaceId>,
    /// Whether it is sent anything.
    pub enabled: bool,
    /// Why it is not, where that was not asked for.
    pub disabled_reason: Option<String>,
    /// Until then the secret before the present one signs too; null outside a rotation.
    pub previous_secret_expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

wire_enum! {
    /// What became of a message.
    DeliveryStatus {
        /// It is sent now, or again later.
        Pending = "pending",
        /// It was answered with a 2xx.
        Delivered = "delivered",
        /// It was not, and is not sent again by itself.
        Failed = "failed",
    }
}

/// One event sent to one webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// `whd_…`
    pub id: DeliveryId,
    /// Which webhook.
    pub webhook_id: WebhookId,
    /// Which event: the message's `webhook-id`, by which receivers tell repetitions.
    pub event_id: EventId,
    /// What happened.
    pub event_type: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is sent next; null if it is not.
    pub next_attempt_at: Option<Timestamp>,
    /// HTTP status of the last answer.
    pub response_status: Option<i64>,
    /// How the last answer began, at most 1 kB.
    pub response_body: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The delivery that this one repeats.
    pub replay_of: Option<DeliveryId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended, either way.
    pub finished_at: Option<Timestamp>,
}
