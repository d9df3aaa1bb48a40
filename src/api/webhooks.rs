//! `/webhooks`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params};
use super::openapi::PageParams;
use super::path::At;
use crate::domain::id::{DeliveryId, WebhookId};
use crate::domain::webhook::{DeliveryStatus, Webhook, WebhookDelivery};
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::webhooks::{self, NewWebhook, WebhookPatch};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{webhook}`
#[derive(Serialize, ToSchema)]
pub struct WebhookAnswer {
    webhook: Webhook,
}

/// `{webhook, secret}`
#[derive(Serialize, ToSchema)]
pub struct WebhookSecretAnswer {
    webhook: Webhook,
    /// What its messages are signed with. Shown here and never again.
    #[schema(pattern = "^whsec_.+$")]
    secret: String,
}

/// `{webhooks, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookList {
    /// Newest first.
    webhooks: Vec<Webhook>,
    /// How many there are.
    total: i64,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// List webhooks
///
/// Limited keys see those of their workspaces.
#[utoipa::path(
    get, path = "/webhooks", tag = "Webhooks and events", params(PageParams),
    responses((status = 200, description = "A page of webhooks.", body = WebhookList)),
)]
pub async fn list_webhooks(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<Nothing>) -> Answer<Json<WebhookList>> {
    let Listed { items, total, next_cursor, .. } = webhooks::list(&state.services, &actor.reader()?, &list.page).await?;
    Ok(Json(WebhookList { webhooks: items, total, next_cursor }))
}

/// Create a webhook
///
/// From now on what happens is posted there, signed with the answer's `secret` as the Standard Webhooks specification says
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`). A message that is not answered with a 2xx is sent again, up to eight
/// times over a day; one may also arrive twice, with the same `webhook-id`.
#[utoipa::path(
    post, path = "/webhooks", tag = "Webhooks and events", request_body = NewWebhook,
    responses((status = 201, description = "The webhook, and its secret this once.", body = WebhookSecretAnswer)),
    extensions(("x-error-codes" = json!(["WORKSPACE_REQUIRED", "NOT_FOUND"]))),
)]
pub async fn create_webhook(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewWebhook>) -> Answer {
    let (webhook, secret) = webhooks::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(WebhookSecretAnswer { webhook, secret: secret.expose().to_owned() })).into_response())
}

/// Get a webhook
///
/// Without its secret.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "Webhooks and events", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = WebhookAnswer)),
)]
pub async fn get_webhook(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<WebhookAnswer>> {
    Ok(Json(WebhookAnswer { webhook: webhooks::get(&state.services, &actor.reader()?, &id).await? }))
}

/// Change a webhook
///
/// What is absent stays. One that answered 410 was disabled; `enabled: true` brings it back.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "Webhooks and events", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body = WebhookPatch,
    responses((status = 200, description = "The webhook as it is now.", body = WebhookAnswer)),
)]
pub async fn update_webhook(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(patch): Body<WebhookPatch>,
) -> Answer<Json<WebhookAnswer>> {
    Ok(Json(WebhookAnswer { webhook: webhooks::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// Delete a webhook
///
/// With its deliveries, also those that are not sent yet.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "Webhooks and events", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    responses((status = 200, description = "It is gone.", body = Deleted<WebhookId>)),
)]
pub async fn delete_webhook(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<Deleted<WebhookId>>> {
    Ok(Json(Deleted::new(webhooks::delete(&state.services, &actor.writer()?, &id).await?)))
}

/// Rotate a webhook's secret
///
/// For 24 hours messages carry two signatures, of the new secret and of the one before, so that the receiver can be changed in
/// between. A second rotation ends the first one's secret at once.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "Webhooks and events", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body = Nothing,
    responses((status = 200, description = "The webhook, and its new secret this once.", body = WebhookSecretAnswer)),
)]
pub async fn rotate_webhook_secret(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(_): Body<Nothing>,
) -> Answer<Json<WebhookSecretAnswer>> {
    let (webhook, secret) = webhooks::rotate_secret(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(WebhookSecretAnswer { webhook, secret: secret.expose().to_owned() }))
}

/// `{delivery}`
#[derive(Serialize, ToSchema)]
pub struct DeliveryAnswer {
    delivery: WebhookDelivery,
}

/// Test a webhook
///
/// Sends a message of type `webhook.test` now, once, and answers what became of it.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "Webhooks and events", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body = Nothing,
    responses((status = 200, description = "What became of the message.", body = DeliveryAnswer)),
)]
pub async fn test_webhook(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(_): Body<Nothing>) -> Answer<Json<DeliveryAnswer>> {
    Ok(Json(DeliveryAnswer { delivery: webhooks::test(&state.services, &actor.writer()?, &id).await? }))
}

/// `{deliveries, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryList {
    /// Newest first.
    deliveries: Vec<WebhookDelivery>,
    /// How many there are, exact to 10 000.
    total: i64,
    /// True when there are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_minimum: bool,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveryParams {
    /// Only those of which this became.
    #[param(value_type = Option<DeliveryStatus>)]
    status: Option<String>,
}

/// List a webhook's deliveries
///
/// What it was sent in the last 30 days, how often, and what the receiver answered last.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "Webhooks and events",
    params(("id" = WebhookId, Path, description = "The webhook's id."), DeliveryParams, PageParams),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryList)),
)]
pub async fn list_webhook_deliveries(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    list: ListParams<DeliveryParams>,
) -> Answer<Json<DeliveryList>> {
    let listed = webhooks::deliveries(&state.services, &actor.reader()?, &id, list.filter.status.as_deref(), &list.page).await?;
    let Listed { items, total, total_is_minimum, next_cursor } = listed;
    Ok(Json(DeliveryList { deliveries: items, total, total_is_minimum, next_cursor }))
}

/// Send a message again
///
/// Whatever became of it: a new delivery with the same `webhook-id` and the same body.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery_id}/replay", tag = "Webhooks and events",
    params(
        ("id" = WebhookId, Path, description = "The webhook's id."),
        ("delivery_id" = DeliveryId, Path, description = "The delivery's id."),
    ),
    request_body = Nothing,
    responses((status = 201, description = "The new delivery.", body = DeliveryAnswer)),
    extensions(("x-error-codes" = json!(["PRECONDITION_FAILED"]))),
)]
pub async fn replay_webhook_delivery(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At((id, delivery)): At<(String, String)>,
    Body(_): Body<Nothing>,
) -> Answer {
    let delivery = webhooks::replay(&state.services, &actor.writer()?, &id, &delivery).await?;
    Ok((StatusCode::CREATED, Json(DeliveryAnswer { delivery })).into_response())
}
