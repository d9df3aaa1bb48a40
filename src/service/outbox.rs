//! What webhooks are told. A message is written in the transaction that reports the event, so that neither is without the other;
//! `webhook_sender.rs` sends it.

use super::{Result, Services};
use crate::domain::connect_session::SessionStatus;
use crate::domain::event::Event;
use crate::domain::id::{ConnectionId, DeliveryId, EventId, SessionId, WebhookId, WorkspaceId};
use crate::domain::webhook::{DeliveryStatus, WebhookDelivery, WebhookEvent};
use crate::domain::{Error, Timestamp};
use crate::store::webhook_deliveries::StoredDelivery;
use crate::store::{self, Conn};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::Notify;

/// Tells this node's senders that there is something to send. Only a hint: they look by themselves too, since the message may have
/// been written on another node. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be something.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits for the next hint, or one that came since the last.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// The body of a message. Its order is that of the specification's example.
#[derive(Serialize)]
struct Message<'a> {
    id: &'a EventId,
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    data: &'a Value,
}

/// What is told of a session: nothing that opens it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionFacts {
    id: SessionId,
    status: SessionStatus,
    integration_name: String,
    external_id: String,
    workspace_id: Option<WorkspaceId>,
    end_user_id: Option<String>,
    connection_id: Option<ConnectionId>,
    account_changed: bool,
    error: Option<String>,
    error_code: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// Writes a message to each webhook that is to be told of `event`.
pub(super) async fn enqueue(services: &Services, conn: &mut Conn, event: &Event) -> Result<()> {
    let Some(kind) = WebhookEvent::parse(&event.kind) else { return Ok(()) };
    let mut listening = store::webhooks::listening(conn, event.workspace_id.as_deref()).await?;
    listening.retain(|webhook| webhook.wants(kind));
    if listening.is_empty() {
        return Ok(());
    }
    let Some(data) = data(conn, event).await? else { return Ok(()) };
    let body = body(event, &data)?;
    for webhook in listening {
        let delivery = draft(services, &webhook.id, &event.id, &event.kind, body.clone());
        store::webhook_deliveries::insert(conn, &delivery).await?;
    }
    Ok(())
}

/// The text of a message.
pub(super) fn body(event: &Event, data: &Value) -> Result<String> {
    serde_json::to_string(&Message { id: &event.id, kind: &event.kind, timestamp: event.at, data }).map_err(|_| Error::internal())
}

/// A message that is to be sent now.
pub(super) fn draft(services: &Services, webhook: &WebhookId, event: &EventId, event_type: &str, body: String) -> StoredDelivery {
    let now = services.now();
    StoredDelivery {
        view: WebhookDelivery {
            id: DeliveryId::from_bits(services.new_id_bits()),
            webhook_id: webhook.clone(),
            event_id: event.clone(),
            event_type: event_type.to_owned(),
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_attempt_at: Some(now),
            response_status: None,
            response_body: None,
            error: None,
            replay_of: None,
            created_at: now,
            finished_at: None,
        },
        body,
    }
}

/// What is told of an event: the connection, the session, or both, as they are in this transaction. None if what it is about is gone.
async fn data(conn: &mut Conn, event: &Event) -> Result<Option<Value>> {
    let mut data = Map::new();
    if event.kind.starts_with("connect.session.") {
        let id = event.data.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        let Some(session) = session(conn, id, event.at).await? else { return Ok(None) };
        data.insert("session".to_owned(), session);
    }
    if let Some(id) = &event.connection_id {
        let Some(connection) = store::connections::find(conn, id).await? else { return Ok(None) };
        data.insert("connection".to_owned(), to_value(&connection.view(event.at))?);
    }
    if let Some(previous) = event.data.get("before") {
        data.insert("previousAccount".to_owned(), previous.clone());
    }
    Ok(Some(Value::Object(data)))
}

async fn session(conn: &mut Conn, id: &str, now: Timestamp) -> Result<Option<Value>> {
    let Some(session) = store::connect_sessions::find(conn, id).await? else { return Ok(None) };
    let end_user_id = match session.owner.end_user() {
        Some(id) => store::end_users::find(conn, id.as_str()).await?.map(|user| user.external_id),
        None => None,
    };
    let status = session.status_at(now);
    let (error_code, error) = match status {
        SessionStatus::Expired => (Some("expired".to_owned()), Some("The session ended before anything was connected".to_owned())),
        _ => (session.error_code, session.error_message),
    };
    let facts = SessionFacts {
        status,
        workspace_id: session.owner.workspace().cloned(),
        end_user_id,
        id: session.id,
        integration_name: session.integration_name,
        external_id: session.external_id,
        connection_id: session.connection_id,
        account_changed: session.account_changed,
        error,
        error_code,
        created_at: session.created_at,
        expires_at: session.expires_at,
    };
    to_value(&facts).map(Some)
}

fn to_value<T: Serialize>(facts: &T) -> Result<Value> {
    serde_json::to_value(facts).map_err(|_| Error::internal())
}
