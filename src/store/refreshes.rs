//! The columns of `connections` that say when its token is renewed, and by whom.

use super::connections::StoredError;
use super::sql::Sql;
use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::domain::id::ConnectionId;

/// The refresh lock of a connection, as somebody holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who.
    pub owner: String,
    /// Until when it is believed, if nothing else is known of the owner.
    pub until: Timestamp,
}

/// Who holds the refresh lock of a connection.
pub async fn lease(conn: &mut Conn, id: &ConnectionId) -> Result<Option<Lease>> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT refresh_owner, refresh_lease FROM connections WHERE id = $1 AND refresh_owner IS NOT NULL AND refresh_lease IS NOT NULL")
            .bind(id.as_str().to_owned())
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(owner, until)| Lease { owner, until: Timestamp(until) }))
}

/// Takes the refresh lock of a connection until `until`, if nobody has it, or `from` still does.
pub async fn take_lease(conn: &mut Conn, id: &ConnectionId, from: Option<&Lease>, owner: &str, until: Timestamp) -> Result<bool> {
    let done = sqlx::query("UPDATE connections SET refresh_owner = $2, refresh_lease = $3 WHERE id = $1 AND (refresh_owner IS NULL OR refresh_owner = $4)")
        .bind(id.as_str().to_owned())
        .bind(owner.to_owned())
        .bind(until.0)
        .bind(from.map(|lease| lease.owner.clone()))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the lock that `owner` has until `until`.
pub async fn extend_lease(conn: &mut Conn, id: &ConnectionId, owner: &str, until: Timestamp) -> Result<()> {
    sqlx::query("UPDATE connections SET refresh_lease = $3 WHERE id = $1 AND refresh_owner = $2")
        .bind(id.as_str().to_owned())
        .bind(owner.to_owned())
        .bind(until.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives back the lock, if `owner` still has it.
pub async fn free_lease(conn: &mut Conn, id: &ConnectionId, owner: &str) -> Result<()> {
    sqlx::query("UPDATE connections SET refresh_owner = NULL, refresh_lease = NULL WHERE id = $1 AND refresh_owner = $2")
        .bind(id.as_str().to_owned())
        .bind(owner.to_owned())
        .execute(conn)
        .await?;
    Ok(())
}

/// What a failed refresh leaves.
#[derive(Debug, Clone)]
pub struct Failed {
    /// What is wrong.
    pub error: StoredError,
    /// Failures in a row, this one included.
    pub failures: i64,
    /// When the provider may be asked again; none: never.
    pub not_before: Option<Timestamp>,
    /// When the job asks; none: not by itself.
    pub due_at: Option<Timestamp>,
}

/// Notes a failed refresh of the credential of `version`; false: there is another one by now.
pub async fn note_failure(conn: &mut Conn, id: &ConnectionId, version: i64, failed: &Failed) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connections SET error_code = $3, error_message = $4, error_at = $5, error_is_final = $6, updated_at = $5, refresh_failures = $7, \
         refresh_not_before = $8, refresh_due_at = $9 WHERE id = $1 AND version = $2",
    )
    .bind(id.as_str().to_owned())
    .bind(version)
    .bind(failed.error.code.clone())
    .bind(failed.error.message.clone())
    .bind(failed.error.at.0)
    .bind(i64::from(failed.error.is_final))
    .bind(failed.failures)
    .bind(failed.not_before.map(|at| at.0))
    .bind(failed.due_at.map(|at| at.0))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Of those that are due, how many are looked at to be fair between workspaces.
const WINDOW: i64 = 2000;

/// Claims up to `limit` connections that are due, by making them due again at `until`: if the node that claimed them dies, another one
/// takes over then. Workspaces take turns. Connections of `busy` integrations are left alone, and those whose app has a problem.
pub async fn claim(conn: &mut Conn, busy: &[String], now: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<(ConnectionId, String)>> {
    let mut sql = Sql::new("UPDATE connections SET refresh_due_at = ");
    sql.bind(until.0);
    sql.push(
        " WHERE id IN (SELECT id FROM (SELECT id, refresh_due_at, ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY refresh_due_at) AS turn \
         FROM (SELECT c.id, c.refresh_due_at, c.workspace_id FROM connections c WHERE c.refresh_due_at <= ",
    );
    sql.bind(now.0);
    sql.push(" AND NOT EXISTS (SELECT 1 FROM oauth_apps a WHERE a.id = c.oauth_app_id AND a.problem IS NOT NULL)");
    for name in busy {
        sql.push(" AND c.integration_name <> ").bind(name.clone());
    }
    sql.push(" ORDER BY c.refresh_due_at LIMIT ").bind(WINDOW);
    sql.push(") AS due) AS turns ORDER BY turn, refresh_due_at LIMIT ").bind(limit);
    // Said again: of two nodes that chose the same ones, the second waits for the first, and finds that they are no longer due.
    sql.push(") AND refresh_due_at <= ").bind(now.0);
    sql.push(" RETURNING id, integration_name");
    Ok(sql.fetch_all::<(String, String)>(conn).await?.into_iter().map(|(id, name)| (ConnectionId::known(id), name)).collect())
}
