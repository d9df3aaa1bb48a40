//! Seals on the event log.

use super::sql::Sql;
use super::{Conn, Result};
use crate::domain::Timestamp;

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Seal {
    /// 1, 2, 3, …
    pub seq: i64,
    /// The last event it covers.
    pub last_event: String,
    /// How many it covers.
    pub count: i64,
    /// Over the seal before it and the events.
    pub hash: String,
}

/// The newest.
pub async fn last(conn: &mut Conn) -> Result<Option<Seal>> {
    Ok(sqlx::query_as("SELECT seq, last_event, count, hash FROM event_seals ORDER BY seq DESC LIMIT 1").fetch_optional(conn).await?)
}

/// Those after `seq`, oldest first.
pub async fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<Seal>> {
    let mut sql = Sql::new("SELECT seq, last_event, count, hash FROM event_seals");
    sql.and("seq > ").bind(seq);
    sql.push(" ORDER BY seq LIMIT ").bind(limit);
    sql.fetch_all(conn).await
}

/// Adds one; `Duplicate` where another node was first.
pub async fn insert(conn: &mut Conn, seal: &Seal, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO event_seals (seq, last_event, count, hash, sealed_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(seal.seq)
        .bind(seal.last_event.clone())
        .bind(seal.count)
        .bind(seal.hash.clone())
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}
