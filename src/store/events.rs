//! The append-only log: there is no update and no delete here. `event_seals` makes tampering show.

use super::sql::Sql;
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

/// The newest entries about a connection.
pub async fn of_connection(conn: &mut Conn, connection_id: &str, limit: i64) -> Result<Vec<Event>> {
    let mut sql = Sql::new("SELECT id, kind, actor, workspace_id, connection_id, data, at FROM events");
    sql.and("connection_id = ").bind(connection_id.to_owned());
    sql.push(" ORDER BY id DESC LIMIT ").bind(limit);
    sql.fetch_all::<Row>(conn).await?.into_iter().map(Event::try_from).collect()
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
