//! What became of connections that were chosen together.

use super::{Conn, Result, json, to_json};
use crate::domain::Timestamp;
use crate::domain::bulk::BulkReport;

/// Keeps a report for `actor`.
pub async fn insert(conn: &mut Conn, id: &str, actor: &str, report: &BulkReport, expires_at: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO bulk_reports (id, actor, report, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_owned())
        .bind(actor.to_owned())
        .bind(to_json(report))
        .bind(expires_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A report of `actor`'s own, while it is kept.
pub async fn find(conn: &mut Conn, id: &str, actor: &str, now: Timestamp) -> Result<Option<BulkReport>> {
    let found: Option<String> = sqlx::query_scalar("SELECT report FROM bulk_reports WHERE id = $1 AND actor = $2 AND expires_at > $3")
        .bind(id.to_owned())
        .bind(actor.to_owned())
        .bind(now.0)
        .fetch_optional(conn)
        .await?;
    found.map(|report| json(&report, "bulk_reports", id)).transpose()
}

/// Removes those nobody asks for any more.
pub async fn purge(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM bulk_reports WHERE expires_at <= $1").bind(now.0).execute(conn).await?.rows_affected())
}
