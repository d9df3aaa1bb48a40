//! Webhooks: where the customer's systems are told what happened. `outbox.rs` writes the messages, `webhook_sender.rs` sends them.

use super::connections::{Listed, cut, one_more};
use super::webhook_sender::{self, seal, seal_as_previous};
use super::{About, Reader, Result, Services, Writer, nullable, outbox, workspaces};
use crate::domain::id::{WebhookId, WorkspaceId};
use crate::domain::webhook::{DeliveryStatus, TEST, Webhook, WebhookDelivery, WebhookEvent};
use crate::domain::{Code, Error};
use crate::store::webhook_deliveries::StoredDelivery;
use crate::store::webhooks::StoredWebhook;
use crate::store::{self, Conn, Page};
use crate::vault::{Secret, webhook as signing};
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;

/// How long the secret before a new one signs too, in seconds.
pub const ROTATION_SECONDS: i64 = 86_400;
/// How long deliveries are kept, in seconds.
pub const KEEP_SECONDS: i64 = 30 * 86_400;
/// How far deliveries are counted.
const COUNT_LIMIT: i64 = 10_000;
const LONGEST_URL: usize = 2000;

/// Body of `POST /webhooks`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to post: https (http where the operator's egress settings list the host), without user name or fragment.
    #[schema(value_type = String, format = "uri", max_length = 2000)]
    pub url: Option<String>,
    /// What to be told of; null or absent: everything.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<WebhookEvent>>, min_items = 1)]
    pub events: Option<Option<Vec<String>>>,
    /// Only what happens in this workspace, id or slug. Without: everywhere (organisation keys only).
    pub workspace_id: Option<String>,
}

/// Body of `PATCH /webhooks/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookPatch {
    /// Where to post.
    #[schema(format = "uri", max_length = 2000)]
    pub url: Option<String>,
    /// What to be told of; null: everything.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<WebhookEvent>>, min_items = 1)]
    pub events: Option<Option<Vec<String>>>,
    /// Whether it is sent anything. What happens while it is not, it is never told.
    pub enabled: Option<bool>,
}

/// Makes a webhook, and the secret that its messages are signed with.
pub async fn create(services: &Services, writer: &Writer, input: NewWebhook) -> Result<(Webhook, Secret)> {
    let workspace = workspaces::given_or_only(services, writer, input.workspace_id.as_deref()).await?;
    let now = services.now();
    let mut webhook = StoredWebhook {
        id: WebhookId::from_bits(services.new_id_bits()),
        workspace_id: workspace.map(|workspace| workspace.id),
        url: check_url(services, input.url.as_deref().unwrap_or_default())?,
        events: check_events(input.events.flatten())?,
        secret: String::new(),
        previous: None,
        disabled_at: None,
        disabled_reason: None,
        created_at: now,
        updated_at: now,
    };
    let secret = signing::generate(services.entropy.as_ref());
    let mut tx = services.store.begin_write().await?;
    webhook.secret = seal(services, &mut tx, &webhook, &secret).await?;
    store::webhooks::insert(&mut tx, &webhook).await?;
    record(services, &mut tx, "webhook.created", writer, &webhook).await?;
    services.commit(tx).await?;
    Ok((webhook.view(now), secret))
}

/// Its own rules before the egress policy's: the policy speaks of requests, not of what a field should be.
fn check_url(services: &Services, text: &str) -> Result<String> {
    if text.is_empty() {
        return Err(Error::required("url"));
    }
    if text.len() > LONGEST_URL || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(Error::field("url", format!("url must be at most {LONGEST_URL} characters long, without spaces, control characters or backslashes")));
    }
    let url = Url::parse(text).map_err(|_| Error::field("url", "url is not an absolute URL"))?;
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(Error::field("url", "url must not contain a user name or a fragment"));
    }
    services.http.check_url(&url).map_err(|blocked| {
        Error::field("url", format!("url may not be called from here: {blocked}"))
            .suggest("Use an https URL on the public internet. The operator can allow others in KEYLOOM_EGRESS_ALLOW")
    })?;
    Ok(text.to_owned())
}

fn check_events(names: Option<Vec<String>>) -> Result<Option<Vec<WebhookEvent>>> {
    let Some(names) = names else { return Ok(None) };
    if names.is_empty() {
        return Err(Error::field("events", "events must name at least one type; null means all"));
    }
    let mut events = Vec::with_capacity(names.len());
    for name in &names {
        let event = WebhookEvent::parse(name).ok_or_else(|| {
            let known: Vec<_> = WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
            Error::field("events", format!("{name:?} is not a type of event; there are {}", known.join(", ")))
        })?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(Some(events))
}

async fn record(services: &Services, conn: &mut Conn, kind: &str, writer: &Writer, webhook: &StoredWebhook) -> Result<()> {
    services.record(conn, kind, writer.name(), about(webhook), serde_json::json!({ "webhookId": webhook.id })).await
}

fn about(webhook: &StoredWebhook) -> About<'_> {
    About { connection: None, workspace: webhook.workspace_id.as_ref().map(WorkspaceId::as_str) }
}

async fn visible(conn: &mut Conn, reader: &Reader, id: &str) -> Result<StoredWebhook> {
    store::webhooks::find(conn, id)
        .await?
        .filter(|webhook| reader.reach().includes(webhook.workspace_id.as_ref()))
        .ok_or_else(|| Error::new(Code::NotFound, format!("There is no webhook {id:?}")))
}

/// One webhook.
pub async fn get(services: &Services, reader: &Reader, id: &str) -> Result<Webhook> {
    Ok(visible(&mut *services.store.conn().await?, reader, id).await?.view(services.now()))
}

/// A page of webhooks, newest first.
pub async fn list(services: &Services, reader: &Reader, page: &Page) -> Result<Listed<Webhook>> {
    let mut conn = services.store.conn().await?;
    let (mut rows, total) = store::webhooks::list(&mut conn, reader.reach().limit().as_deref(), &one_more(page)).await?;
    let next_cursor = cut(&mut rows, page, |row| row.id.as_str());
    let now = services.now();
    Ok(Listed { items: rows.iter().map(|row| row.view(now)).collect(), total, total_is_minimum: false, next_cursor })
}

/// Changes a webhook.
pub async fn update(services: &Services, writer: &Writer, id: &str, patch: WebhookPatch) -> Result<Webhook> {
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    let mut webhook = visible(&mut tx, writer, id).await?;
    if let Some(url) = &patch.url {
        webhook.url = check_url(services, url)?;
    }
    if let Some(events) = patch.events {
        webhook.events = check_events(events)?;
    }
    match patch.enabled {
        Some(true) => (webhook.disabled_at, webhook.disabled_reason) = (None, None),
        Some(false) => webhook.disabled_at = webhook.disabled_at.or(Some(now)),
        None => {}
    }
    webhook.updated_at = now;
    store::webhooks::update(&mut tx, &webhook).await?;
    record(services, &mut tx, "webhook.updated", writer, &webhook).await?;
    services.commit(tx).await?;
    Ok(webhook.view(now))
}

/// Gives a webhook a new secret. For a day the one before signs too, so that the receiver can be changed in between.
pub async fn rotate_secret(services: &Services, writer: &Writer, id: &str) -> Result<(Webhook, Secret)> {
    let now = services.now();
    let secret = signing::generate(services.entropy.as_ref());
    let mut tx = services.store.begin_write().await?;
    let mut webhook = visible(&mut tx, writer, id).await?;
    webhook.previous = Some((seal_as_previous(services, &mut tx, &webhook).await?, now.plus_seconds(ROTATION_SECONDS)));
    webhook.secret = seal(services, &mut tx, &webhook, &secret).await?;
    webhook.updated_at = now;
    store::webhooks::set_secrets(&mut tx, &webhook).await?;
    record(services, &mut tx, "webhook.secret_rotated", writer, &webhook).await?;
    services.commit(tx).await?;
    Ok((webhook.view(now), secret))
}

/// Deletes a webhook and its deliveries, also those that are not sent yet.
pub async fn delete(services: &Services, writer: &Writer, id: &str) -> Result<WebhookId> {
    let mut tx = services.store.begin_write().await?;
    let webhook = visible(&mut tx, writer, id).await?;
    store::webhooks::delete(&mut tx, &webhook.id).await?;
    record(services, &mut tx, "webhook.deleted", writer, &webhook).await?;
    services.commit(tx).await?;
    Ok(webhook.id)
}

/// Sends a message of type `webhook.test` now, once, and tells what became of it. Also to a disabled webhook.
pub async fn test(services: &Services, writer: &Writer, id: &str) -> Result<WebhookDelivery> {
    let mut tx = services.store.begin_write().await?;
    let webhook = visible(&mut tx, writer, id).await?;
    let event = services.note(&mut tx, TEST, writer.name(), about(&webhook), serde_json::json!({ "webhookId": webhook.id })).await?;
    let body = outbox::body(&event, &serde_json::json!({ "webhook": webhook.view(event.at) }))?;
    let delivery = outbox::draft(services, &webhook.id, &event.id, TEST, body);
    store::webhook_deliveries::insert(&mut tx, &delivery).await?;
    // Claimed before anybody else can see it.
    let claimed = webhook_sender::claim(services, &mut tx, delivery.view.id.as_str()).await?.ok_or_else(Error::internal)?;
    services.commit(tx).await?;
    // Spawned: what was sent is written even if nobody waits any more.
    let task = services.clone();
    let sent = services.tasks.spawn(async move { webhook_sender::deliver(&task, claimed).await });
    let sent = sent.await.map_err(|_| Error::internal())??;
    sent.ok_or_else(|| Error::new(Code::NotFound, "The webhook was deleted meanwhile"))
}

/// A page of what a webhook was sent, newest first.
pub async fn deliveries(services: &Services, reader: &Reader, id: &str, status: Option<&str>, page: &Page) -> Result<Listed<WebhookDelivery>> {
    let mut conn = services.store.conn().await?;
    let webhook = visible(&mut conn, reader, id).await?;
    let known = || DeliveryStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ");
    let parse = |status| DeliveryStatus::parse(status).ok_or_else(|| Error::field("status", format!("status must be one of {}", known())));
    let status = status.map(parse).transpose()?;
    let mut rows = store::webhook_deliveries::list(&mut conn, &webhook.id, status, &one_more(page)).await?;
    let counted = store::webhook_deliveries::count(&mut conn, &webhook.id, status, COUNT_LIMIT).await?;
    let next_cursor = cut(&mut rows, page, |row| row.view.id.as_str());
    Ok(Listed { items: rows.into_iter().map(|row| row.view).collect(), total: counted.min(COUNT_LIMIT), total_is_minimum: counted > COUNT_LIMIT, next_cursor })
}

/// Sends a message again, whatever became of it: a new delivery with the same `webhook-id` and the same body.
pub async fn replay(services: &Services, writer: &Writer, id: &str, delivery: &str) -> Result<WebhookDelivery> {
    let mut tx = services.store.begin_write().await?;
    let webhook = visible(&mut tx, writer, id).await?;
    let old = store::webhook_deliveries::find(&mut tx, &webhook.id, delivery).await?;
    let old = old.ok_or_else(|| Error::new(Code::NotFound, format!("The webhook has no delivery {delivery:?}; they are kept for 30 days")))?;
    if webhook.disabled_at.is_some() {
        return Err(Error::new(Code::PreconditionFailed, "The webhook is disabled").suggest("Enable it first: PATCH {\"enabled\": true}"));
    }
    let mut new: StoredDelivery = outbox::draft(services, &webhook.id, &old.view.event_id, &old.view.event_type, old.body);
    new.view.replay_of = Some(old.view.id);
    store::webhook_deliveries::insert(&mut tx, &new).await?;
    services.commit(tx).await?;
    Ok(new.view)
}
