//! Webhooks: their secrets are opaque sealed texts here.

use super::sql::{Page, Sql};
use super::{Conn, Result, StoreError, json, to_json};
use crate::domain::Timestamp;
use crate::domain::id::{WebhookId, WorkspaceId};
use crate::domain::webhook::{Webhook, WebhookEvent};

/// A webhook as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredWebhook {
    /// `whk_…`
    pub id: WebhookId,
    /// Whose; none: the organisation's.
    pub workspace_id: Option<WorkspaceId>,
    /// Where to.
    pub url: String,
    /// What it is told of; none means everything.
    pub events: Option<Vec<WebhookEvent>>,
    /// Sealed.
    pub secret: String,
    /// Sealed, and until when it signs too.
    pub previous: Option<(String, Timestamp)>,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// Why, if nobody asked for it.
    pub disabled_reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl StoredWebhook {
    /// Whether it is to be told of `event`.
    pub fn wants(&self, event: WebhookEvent) -> bool {
        self.events.as_ref().is_none_or(|events| events.contains(&event))
    }

    /// What clients see.
    pub fn view(&self, now: Timestamp) -> Webhook {
        Webhook {
            id: self.id.clone(),
            url: self.url.clone(),
            events: self.events.clone(),
            workspace_id: self.workspace_id.clone(),
            enabled: self.disabled_at.is_none(),
            disabled_reason: self.disabled_reason.clone(),
            previous_secret_expires_at: self.previous.as_ref().map(|(_, until)| *until).filter(|until| *until > now),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    workspace_id: Option<String>,
    url: String,
    events: Option<String>,
    secret: String,
    previous_secret: Option<String>,
    previous_until: Option<i64>,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str =
    "SELECT id, workspace_id, url, events, secret, previous_secret, previous_until, disabled_at, disabled_reason, created_at, updated_at FROM webhooks";

impl TryFrom<Row> for StoredWebhook {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        const TABLE: &str = "webhooks";
        let events = match row.events.as_deref().map(|events| json::<Vec<String>>(events, TABLE, &row.id)).transpose()? {
            Some(names) => {
                let unknown = || StoreError::Inconsistent { table: TABLE, row: row.id.clone(), what: "an unknown event type" };
                Some(names.iter().map(|name| WebhookEvent::parse(name).ok_or_else(unknown)).collect::<Result<Vec<_>>>()?)
            }
            None => None,
        };
        let previous = match (row.previous_secret, row.previous_until) {
            (Some(secret), Some(until)) => Some((secret, Timestamp(until))),
            (None, None) => None,
            _ => return Err(StoreError::Inconsistent { table: TABLE, row: row.id, what: "a previous secret has only some of its parts" }),
        };
        Ok(Self {
            id: WebhookId::known(row.id),
            workspace_id: row.workspace_id.map(WorkspaceId::known),
            url: row.url,
            events,
            secret: row.secret,
            previous,
            disabled_at: row.disabled_at.map(Timestamp),
            disabled_reason: row.disabled_reason,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

fn names(events: Option<&Vec<WebhookEvent>>) -> Option<String> {
    events.map(|events| to_json(&events.iter().map(|event| event.as_str()).collect::<Vec<_>>()))
}

/// Adds one.
pub async fn insert(conn: &mut Conn, w: &StoredWebhook) -> Result<()> {
    sqlx::query("INSERT INTO webhooks (id, workspace_id, url, events, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(w.id.as_str().to_owned())
        .bind(w.workspace_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(w.url.clone())
        .bind(names(w.events.as_ref()))
        .bind(w.secret.clone())
        .bind(w.created_at.0)
        .bind(w.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Changes where it is, what it is told of, and whether it is enabled.
pub async fn update(conn: &mut Conn, w: &StoredWebhook) -> Result<()> {
    sqlx::query("UPDATE webhooks SET url = $2, events = $3, disabled_at = $4, disabled_reason = $5, updated_at = $6 WHERE id = $1")
        .bind(w.id.as_str().to_owned())
        .bind(w.url.clone())
        .bind(names(w.events.as_ref()))
        .bind(w.disabled_at.map(|at| at.0))
        .bind(w.disabled_reason.clone())
        .bind(w.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives it a new secret, beside the one before.
pub async fn set_secrets(conn: &mut Conn, w: &StoredWebhook) -> Result<()> {
    sqlx::query("UPDATE webhooks SET secret = $2, previous_secret = $3, previous_until = $4, updated_at = $5 WHERE id = $1")
        .bind(w.id.as_str().to_owned())
        .bind(w.secret.clone())
        .bind(w.previous.as_ref().map(|(secret, _)| secret.clone()))
        .bind(w.previous.as_ref().map(|(_, until)| until.0))
        .bind(w.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets secrets whose time is over.
pub async fn forget_previous(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    let done = sqlx::query("UPDATE webhooks SET previous_secret = NULL, previous_until = NULL WHERE previous_until <= $1").bind(now.0).execute(conn).await?;
    Ok(done.rows_affected())
}

/// Disables it, once.
pub async fn disable(conn: &mut Conn, id: &WebhookId, reason: &str, now: Timestamp) -> Result<bool> {
    let done = sqlx::query("UPDATE webhooks SET disabled_at = $2, disabled_reason = $3, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .bind(reason.to_owned())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<StoredWebhook>> {
    let mut sql = Sql::new(SELECT);
    sql.and("id = ").bind(id.to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredWebhook::try_from).transpose()
}

/// Those that are enabled and told of what happens in `workspace`, or (none) to the organisation.
pub async fn listening(conn: &mut Conn, workspace: Option<&str>) -> Result<Vec<StoredWebhook>> {
    let mut sql = Sql::new(SELECT);
    sql.and("disabled_at IS NULL");
    match workspace {
        Some(workspace) => sql.and("(workspace_id IS NULL OR workspace_id = ").bind(workspace.to_owned()).push(")"),
        None => sql.and("workspace_id IS NULL"),
    };
    sql.push(" ORDER BY id");
    sql.fetch_all::<Row>(conn).await?.into_iter().map(StoredWebhook::try_from).collect()
}

/// A page of those of `only` (none: all), newest first; and how many there are.
pub async fn list(conn: &mut Conn, only: Option<&[String]>, page: &Page) -> Result<(Vec<StoredWebhook>, i64)> {
    let mut count = Sql::new("SELECT COUNT(*) FROM webhooks");
    let mut sql = Sql::new(SELECT);
    if let Some(ids) = only {
        count.and_in("workspace_id", ids);
        sql.and_in("workspace_id", ids);
    }
    if let Some(before) = &page.before {
        sql.and("id < ").bind(before.clone());
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    let rows = sql.fetch_all::<Row>(conn).await?.into_iter().map(StoredWebhook::try_from).collect::<Result<_>>()?;
    Ok((rows, count.fetch_count(conn).await?))
}

/// Removes it and its deliveries.
pub async fn delete(conn: &mut Conn, id: &WebhookId) -> Result<()> {
    for statement in ["DELETE FROM webhook_deliveries WHERE webhook_id = $1", "DELETE FROM webhooks WHERE id = $1"] {
        sqlx::query(statement).bind(id.as_str().to_owned()).execute(&mut *conn).await?;
    }
    Ok(())
}
