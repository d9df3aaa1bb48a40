//! Webhooks and the log.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, PageOf, RpcResult};
use crate::domain::event::Event;
use crate::domain::webhook::{Webhook, WebhookDelivery};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the log is narrowed to. Everything in it is in the page's address too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    /// Type.
    #[serde(default)]
    pub kind: Option<String>,
    /// Workspace, id or slug.
    #[serde(default)]
    pub workspace: Option<String>,
    /// Connection.
    #[serde(default)]
    pub connection: Option<String>,
    /// Where the page starts.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of the log, newest first.
#[server(output = Answer)]
pub async fn list_events(#[server(default)] filter: EventFilter) -> RpcResult<PageOf<Event>> {
    use crate::service::events::{EventQuery, list};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let query =
        EventQuery { kind: given(filter.kind), workspace_id: given(filter.workspace), connection_id: given(filter.connection), ..EventQuery::default() };
    let page = crate::store::Page { limit: 50, offset: 0, before: given(filter.cursor) };
    Ok(PageOf::from(list(&services, &reader, &query, &page).await.map_err(failed)?))
}

/// A page of webhooks, newest first.
#[server(output = Answer)]
pub async fn list_webhooks(#[server(default)] cursor: Option<String>) -> RpcResult<PageOf<Webhook>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: given(cursor) };
    Ok(PageOf::from(crate::service::webhooks::list(&services, &reader, &page).await.map_err(failed)?))
}

/// Makes a webhook; the answer holds its secret in the clear, once: it is the answer to a form, never loaded by a resource, so it is
/// not written into a page. No `events` means all. Field errors: `url`, `events`.
#[server(output = Answer)]
pub async fn create_webhook(url: String, #[server(default)] workspace: String, #[server(default)] events: Vec<String>) -> RpcResult<(Webhook, String)> {
    use crate::service::webhooks::{NewWebhook, create};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let events = Some(Some(events).filter(|events| !events.is_empty()));
    let input = NewWebhook { url: given(Some(url)), events, workspace_id: given(Some(workspace)) };
    let (webhook, secret) = create(&services, &writer, input).await.map_err(failed)?;
    Ok((webhook, secret.expose().to_owned()))
}

/// A webhook and a page of its deliveries, newest first.
#[server(output = Answer)]
pub async fn get_webhook(id: String, #[server(default)] cursor: Option<String>) -> RpcResult<(Webhook, PageOf<WebhookDelivery>)> {
    use crate::service::webhooks::{deliveries, get};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let webhook = get(&services, &reader, &id).await.map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: given(cursor) };
    Ok((webhook, PageOf::from(deliveries(&services, &reader, &id, None, &page).await.map_err(failed)?)))
}

/// Enables or disables a webhook.
#[server(output = Answer)]
pub async fn enable_webhook(id: String, enabled: bool) -> RpcResult<Webhook> {
    use crate::service::webhooks::{WebhookPatch, update};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    update(&services, &writer, &id, WebhookPatch { enabled: Some(enabled), ..WebhookPatch::default() }).await.map_err(failed)
}

/// Changes where a webhook posts and what it is told of. No `events` means all. Field errors: `url`, `events`.
#[server(output = Answer)]
pub async fn update_webhook(id: String, url: String, #[server(default)] events: Vec<String>) -> RpcResult<Webhook> {
    use crate::service::webhooks::{WebhookPatch, update};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let events = Some(Some(events).filter(|events| !events.is_empty()));
    let updated = update(&services, &writer, &id, WebhookPatch { url: Some(url.trim().to_owned()), events, enabled: None }).await.map_err(failed)?;
    leptos_axum::redirect(&format!("/webhooks/{}?saved=1", updated.id));
    Ok(updated)
}

/// Gives a webhook a new secret, which is in this answer only.
#[server(output = Answer)]
pub async fn rotate_webhook_secret(id: String) -> RpcResult<String> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let (_, secret) = crate::service::webhooks::rotate_secret(&services, &writer, &id).await.map_err(failed)?;
    Ok(secret.expose().to_owned())
}

/// Sends a test message; what became of it.
#[server(output = Answer)]
pub async fn test_webhook(id: String) -> RpcResult<WebhookDelivery> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::webhooks::test(&services, &writer, &id).await.map_err(failed)
}

/// Sends a message again.
#[server(output = Answer)]
pub async fn replay_webhook_delivery(id: String, delivery: String) -> RpcResult<WebhookDelivery> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::webhooks::replay(&services, &writer, &id, &delivery).await.map_err(failed)
}

/// Deletes a webhook.
#[server(output = Answer)]
pub async fn delete_webhook(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::webhooks::delete(&services, &writer, &id).await.map_err(failed)?;
    leptos_axum::redirect("/webhooks");
    Ok(())
}
