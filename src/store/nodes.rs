//! Servers that run on this database.

use super::{Conn, Result};
use crate::domain::Timestamp;

/// A server, as it says it itself.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Node {
    /// Its own, new with each start.
    pub id: String,
    /// Name of its machine.
    pub host: String,
    /// The rotation whose master key it has.
    pub has_master: i64,
    /// The rotation whose data keys it seals with.
    pub has_keys: i64,
}

/// Says that a server is there, and how far it is.
pub async fn report(conn: &mut Conn, node: &Node, now: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO nodes (id, host, seen_at, has_master, has_keys) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, has_master = excluded.has_master, has_keys = excluded.has_keys",
    )
    .bind(node.id.clone())
    .bind(node.host.clone())
    .bind(now.0)
    .bind(node.has_master)
    .bind(node.has_keys)
    .execute(conn)
    .await?;
    Ok(())
}

/// Those that have reported since.
pub async fn since(conn: &mut Conn, since: Timestamp) -> Result<Vec<Node>> {
    let statement = "SELECT id, host, has_master, has_keys FROM nodes WHERE seen_at >= $1 ORDER BY id";
    Ok(sqlx::query_as(statement).bind(since.0).fetch_all(conn).await?)
}

/// Forgets a server that has ended.
pub async fn remove(conn: &mut Conn, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM nodes WHERE id = $1").bind(id.to_owned()).execute(conn).await?;
    Ok(())
}

/// Forgets those that have not reported since; how many.
pub async fn purge(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM nodes WHERE seen_at < $1").bind(before.0).execute(conn).await?.rows_affected())
}
