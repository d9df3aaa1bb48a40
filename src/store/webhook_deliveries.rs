//! The outbox: messages to webhooks, written with what they report, claimed by whoever sends them.

use super::sql::{Page, Sql};
use super::{Conn, Result, StoreError};
use crate::domain::Timestamp;
use crate::domain::id::{DeliveryId, EventId, WebhookId};
use crate::domain::webhook::{DeliveryStatus, WebhookDelivery};

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDelivery {
    /// All but the body.
    pub view: WebhookDelivery,
    /// What is sent, to the byte.
    pub body: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    body: String,
    status: String,
    attempts: i64,
    next_attempt_at: Option<i64>,
    response_status: Option<i64>,
    response_body: Option<String>,
    error: Option<String>,
    replay_of: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

const COLUMNS: &str =
    "id, webhook_id, event_id, event_type, body, status, attempts, next_attempt_at, response_status, response_body, error, replay_of, created_at, finished_at";

impl TryFrom<Row> for StoredDelivery {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let unknown = || StoreError::Inconsistent { table: "webhook_deliveries", row: row.id.clone(), what: "unknown status" };
        let status = DeliveryStatus::parse(&row.status).ok_or_else(unknown)?;
        Ok(Self {
            view: WebhookDelivery {
                id: DeliveryId::known(row.id),
                webhook_id: WebhookId::known(row.webhook_id),
                event_id: EventId::known(row.event_id),
                event_type: row.event_type,
                status,
                attempts: row.attempts,
                next_attempt_at: row.next_attempt_at.map(Timestamp),
                response_status: row.response_status,
                response_body: row.response_body,
                error: row.error,
                replay_of: row.replay_of.map(DeliveryId::known),
                created_at: Timestamp(row.created_at),
                finished_at: row.finished_at.map(Timestamp),
            },
            body: row.body,
        })
    }
}

/// Adds a message that nobody has sent yet.
pub async fn insert(conn: &mut Conn, d: &StoredDelivery) -> Result<()> {
    sqlx::query(
        "INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body, status, next_attempt_at, replay_of, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(d.view.id.as_str().to_owned())
    .bind(d.view.webhook_id.as_str().to_owned())
    .bind(d.view.event_id.as_str().to_owned())
    .bind(d.view.event_type.clone())
    .bind(d.body.clone())
    .bind(d.view.status.as_str())
    .bind(d.view.next_attempt_at.map(|at| at.0))
    .bind(d.view.replay_of.as_ref().map(|id| id.as_str().to_owned()))
    .bind(d.view.created_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// What could be sent now, the longest waiting first, but nothing to the webhooks in `busy`: delivery and webhook.
pub async fn due(conn: &mut Conn, busy: &[String], now: Timestamp, limit: i64) -> Result<Vec<(String, String)>> {
    let mut sql = Sql::new("SELECT id, webhook_id FROM webhook_deliveries");
    sql.and("next_attempt_at <= ").bind(now.0);
    sql.and("lease_until <= ").bind(now.0);
    for webhook in busy {
        sql.and("webhook_id <> ").bind(webhook.clone());
    }
    sql.push(" ORDER BY next_attempt_at, id LIMIT ").bind(limit);
    sql.fetch_all(conn).await
}

/// Claims one for whoever sends it, counting the attempt. Of any number of callers on any number of nodes one gets it.
pub async fn claim(conn: &mut Conn, id: &str, claim: &str, now: Timestamp, lease_until: Timestamp) -> Result<Option<StoredDelivery>> {
    let mut sql = Sql::new("UPDATE webhook_deliveries SET claim = ");
    sql.bind(claim.to_owned()).push(", lease_until = ").bind(lease_until.0).push(", attempts = attempts + 1");
    sql.and("id = ").bind(id.to_owned());
    sql.and("next_attempt_at <= ").bind(now.0);
    sql.and("lease_until <= ").bind(now.0);
    sql.push(" RETURNING ").push(COLUMNS);
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredDelivery::try_from).transpose()
}

/// Writes what became of an attempt; tells whether the claim still held.
pub async fn settle(conn: &mut Conn, d: &WebhookDelivery, claim: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE webhook_deliveries SET status = $3, next_attempt_at = $4, response_status = $5, response_body = $6, error = $7, finished_at = $8, \
         claim = NULL, lease_until = 0 WHERE id = $1 AND claim = $2",
    )
    .bind(d.id.as_str().to_owned())
    .bind(claim.to_owned())
    .bind(d.status.as_str())
    .bind(d.next_attempt_at.map(|at| at.0))
    .bind(d.response_status)
    .bind(d.response_body.clone())
    .bind(d.error.clone())
    .bind(d.finished_at.map(|at| at.0))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One of a webhook.
pub async fn find(conn: &mut Conn, webhook: &WebhookId, id: &str) -> Result<Option<StoredDelivery>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM webhook_deliveries");
    sql.and("id = ").bind(id.to_owned());
    sql.and("webhook_id = ").bind(webhook.as_str().to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredDelivery::try_from).transpose()
}

fn filter(sql: &mut Sql, webhook: &WebhookId, status: Option<DeliveryStatus>) {
    sql.and("webhook_id = ").bind(webhook.as_str().to_owned());
    if let Some(status) = status {
        sql.and("status = ").bind(status.as_str());
    }
}

/// A page of a webhook's, newest first.
pub async fn list(conn: &mut Conn, webhook: &WebhookId, status: Option<DeliveryStatus>, page: &Page) -> Result<Vec<StoredDelivery>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM webhook_deliveries");
    filter(&mut sql, webhook, status);
    if let Some(before) = &page.before {
        sql.and("id < ").bind(before.clone());
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    sql.fetch_all::<Row>(conn).await?.into_iter().map(StoredDelivery::try_from).collect()
}

/// How many a webhook has, counted no further than one past `most`.
pub async fn count(conn: &mut Conn, webhook: &WebhookId, status: Option<DeliveryStatus>, most: i64) -> Result<i64> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM webhook_deliveries");
    filter(&mut sql, webhook, status);
    sql.push(" LIMIT ").bind(most + 1).push(") AS counted");
    sql.fetch_count(conn).await
}

/// Removes one whose webhook is gone.
pub async fn delete(conn: &mut Conn, id: &DeliveryId) -> Result<()> {
    sqlx::query("DELETE FROM webhook_deliveries WHERE id = $1").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes those made before `before`.
pub async fn purge(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM webhook_deliveries WHERE created_at < $1").bind(before.0).execute(conn).await?.rows_affected())
}
