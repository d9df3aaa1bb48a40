//! Integrations that were defined over the API. What a definition means is for the catalogue to say; here it is text.

use super::sql::Sql;
use super::{Conn, Result, installation};
use crate::domain::Timestamp;

/// Counts the changes of this table, in `installation`.
const VERSION: &str = "catalog_version";

/// A definition as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredDefinition {
    /// Name of the integration.
    pub name: String,
    /// JSON.
    pub definition: String,
}

/// Adds one; `Duplicate` where there is one of that name.
pub async fn insert(conn: &mut Conn, row: &StoredDefinition, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO custom_integrations (name, definition, created_at, updated_at) VALUES ($1, $2, $3, $3)")
        .bind(row.name.clone())
        .bind(row.definition.clone())
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    count_change(conn).await
}

/// Replaces one.
pub async fn update(conn: &mut Conn, row: &StoredDefinition, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE custom_integrations SET definition = $2, updated_at = $3 WHERE name = $1")
        .bind(row.name.clone())
        .bind(row.definition.clone())
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    count_change(conn).await
}

/// Removes one.
pub async fn delete(conn: &mut Conn, name: &str) -> Result<()> {
    sqlx::query("DELETE FROM custom_integrations WHERE name = $1").bind(name.to_owned()).execute(&mut *conn).await?;
    count_change(conn).await
}

/// Whether there is one of that name.
pub async fn exists(conn: &mut Conn, name: &str) -> Result<bool> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM custom_integrations");
    sql.and("name = ").bind(name.to_owned());
    Ok(sql.fetch_count(conn).await? > 0)
}

/// All of them.
pub async fn list(conn: &mut Conn) -> Result<Vec<StoredDefinition>> {
    Sql::new("SELECT name, definition FROM custom_integrations ORDER BY name").fetch_all(conn).await
}

/// How often they have changed. Read it before [`list`]: then a change in between is noticed the next time.
pub async fn version(conn: &mut Conn) -> Result<i64> {
    Ok(installation::find(conn, VERSION).await?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// One statement, so that of two changes at once each counts.
async fn count_change(conn: &mut Conn) -> Result<()> {
    sqlx::query(
        "INSERT INTO installation (name, value) VALUES ($1, '1') \
         ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(installation.value AS BIGINT) + 1 AS TEXT)",
    )
    .bind(VERSION)
    .execute(conn)
    .await?;
    Ok(())
}
