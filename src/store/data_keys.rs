//! Data keys, wrapped by the master key.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::vault::WrappedKey;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    owner: String,
    wrapped: String,
}

/// The key of `owner`.
pub async fn find(conn: &mut Conn, owner: &str) -> Result<Option<WrappedKey>> {
    let row: Option<Row> = sqlx::query_as("SELECT id, owner, wrapped FROM data_keys WHERE owner = $1").bind(owner.to_owned()).fetch_optional(conn).await?;
    Ok(row.map(|Row { id, owner, wrapped }| WrappedKey { id, owner, wrapped }))
}

/// Stores `key` unless its owner has one already.
pub async fn insert_once(conn: &mut Conn, key: &WrappedKey, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO data_keys (id, owner, wrapped, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (owner) DO NOTHING")
        .bind(key.id.clone())
        .bind(key.owner.clone())
        .bind(key.wrapped.clone())
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// All keys.
pub async fn list(conn: &mut Conn) -> Result<Vec<WrappedKey>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT id, owner, wrapped FROM data_keys ORDER BY id").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|Row { id, owner, wrapped }| WrappedKey { id, owner, wrapped }).collect())
}

/// Replaces a key's wrapping.
pub async fn rewrap(conn: &mut Conn, key: &WrappedKey) -> Result<()> {
    sqlx::query("UPDATE data_keys SET wrapped = $2 WHERE id = $1").bind(key.id.clone()).bind(key.wrapped.clone()).execute(conn).await?;
    Ok(())
}

/// Destroys the key of `owner`, and with it everything it sealed.
pub async fn delete(conn: &mut Conn, owner: &str) -> Result<()> {
    sqlx::query("DELETE FROM data_keys WHERE owner = $1").bind(owner.to_owned()).execute(conn).await?;
    Ok(())
}
