//! The append-only log: there is no update and no delete here. `event_seals` makes tampering show.

use super::sql::{Page, Sql};
use super::{Conn, Result, StoreError, json};
use crate::domain::Timestamp;
use crate::domain::event::Event;
use crate::domain::id::EventId;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    actor: String,
    workspace_id: Option<String>,
    connection_id: Option<String>,
    data: String,
    at: i64,
}

/// Adds an entry.
pub async fn append(conn: &mut Conn, event: &Event) -> Result<()> {
    sqlx::query("INSERT INTO events (id, kind, actor, workspace_id, connection_id, data, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(event.id.as_str().to_owned())
        .bind(event.kind.clone())
        .bind(event.actor.clone())
        .bind(event.workspace_id.clone())
        .bind(event.connection_id.clone())
        .bind(event.data.to_string())
        .bind(event.at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Which entries a list is of.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of these workspaces.
    pub workspaces: Option<Vec<String>>,
    /// Only about this connection.
    pub connection_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only from then on.
    pub since: Option<Timestamp>,
    /// Only before that.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// Whether it leaves everything.
    pub fn is_empty(&self) -> bool {
        let Self { workspaces, connection_id, kind, since, until } = self;
        workspaces.is_none() && connection_id.is_none() && kind.is_none() && since.is_none() && until.is_none()
    }

    fn apply(&self, sql: &mut Sql) {
        if let Some(connection) = &self.connection_id {
            sql.and("connection_id = ").bind(connection.clone());
        }
        if let Some(workspaces) = &self.workspaces {
            sql.and_in("workspace_id", workspaces);
        }
        if let Some(kind) = &self.kind {
            sql.and("kind = ").bind(kind.clone());
        }
        // Ids begin with the time: what is ordered by id is also found by time.
        if let Some(since) = self.since {
            sql.and("id >= ").bind(EventId::first_at(since).as_str().to_owned());
        }
        if let Some(until) = self.until {
            sql.and("id < ").bind(EventId::first_at(until).as_str().to_owned());
        }
    }
}

/// How far a filtered list is counted.
pub const COUNT_LIMIT: i64 = 10_000;

/// A page, newest first.
pub async fn list(conn: &mut Conn, filter: &Filter, page: &Page) -> Result<Vec<Event>> {
    let mut sql = Sql::new("SELECT id, kind, actor, workspace_id, connection_id, data, at FROM events");
    filter.apply(&mut sql);
    if let Some(before) = &page.before {
        sql.and("id < ").bind(before.clone());
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    sql.fetch_all::<Row>(conn).await?.into_iter().map(Event::try_from).collect()
}

/// How many a filter leaves, counted no further than one past [`COUNT_LIMIT`].
pub async fn count(conn: &mut Conn, filter: &Filter) -> Result<i64> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM events");
    filter.apply(&mut sql);
    sql.push(" LIMIT ").bind(COUNT_LIMIT + 1).push(") AS counted");
    sql.fetch_count(conn).await
}

/// Whether there is one about a connection since then: about any (of `workspaces`) something that changed it, about `connection`
/// whatever it is.
pub async fn any_of_connections(conn: &mut Conn, workspaces: Option<&[String]>, connection: Option<&str>, since: Timestamp) -> Result<bool> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM events");
    sql.and("id >= ").bind(EventId::first_at(since).as_str().to_owned());
    match connection {
        Some(connection) => drop(sql.and("connection_id = ").bind(connection.to_owned())),
        // Not a range of the kind: the last minutes are fewer than all events of connections there ever were.
        None => drop(sql.and("SUBSTR(kind, 1, 11) = 'connection.'")),
    }
    if let Some(ids) = workspaces {
        sql.and_in("workspace_id || ''", ids);
    }
    sql.push(" LIMIT 1) AS found");
    Ok(sql.fetch_count(conn).await? > 0)
}

/// Oldest first: those after `first`, up to and with `last`, no younger than `cutoff`.
pub async fn after(conn: &mut Conn, first: Option<&str>, last: Option<&str>, cutoff: Option<Timestamp>, limit: i64) -> Result<Vec<Event>> {
    let mut sql = Sql::new("SELECT id, kind, actor, workspace_id, connection_id, data, at FROM events");
    if let Some(first) = first {
        sql.and("id > ").bind(first.to_owned());
    }
    if let Some(last) = last {
        sql.and("id <= ").bind(last.to_owned());
    }
    if let Some(cutoff) = cutoff {
        sql.and("at <= ").bind(cutoff.0);
    }
    sql.push(" ORDER BY id LIMIT ").bind(limit);
    sql.fetch_all::<Row>(conn).await?.into_iter().map(Event::try_from).collect()
}

/// How many there are after `first`.
pub async fn count_after(conn: &mut Conn, first: Option<&str>) -> Result<i64> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM events");
    if let Some(first) = first {
        sql.and("id > ").bind(first.to_owned());
    }
    sql.fetch_count(conn).await
}

impl TryFrom<Row> for Event {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            data: json(&row.data, "events", &row.id)?,
            id: EventId::known(row.id),
            kind: row.kind,
            actor: row.actor,
            connection_id: row.connection_id,
            workspace_id: row.workspace_id,
            at: Timestamp(row.at),
        })
    }
}
