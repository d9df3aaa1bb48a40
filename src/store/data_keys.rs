//! Data keys, wrapped by the master key: one of an owner seals, earlier ones open what they sealed.

use super::{Conn, Result};
use crate::domain::Timestamp;
use crate::vault::WrappedKey;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    owner: String,
    wrapped: String,
    retired_at: Option<i64>,
}

impl From<Row> for WrappedKey {
    fn from(row: Row) -> Self {
        Self { id: row.id, owner: row.owner, wrapped: row.wrapped, retired: row.retired_at.is_some() }
    }
}

/// The keys of `owner`, oldest first.
pub async fn of_owner(conn: &mut Conn, owner: &str) -> Result<Vec<WrappedKey>> {
    let statement = "SELECT id, owner, wrapped, retired_at FROM data_keys WHERE owner = $1 ORDER BY id";
    let rows: Vec<Row> = sqlx::query_as(statement).bind(owner.to_owned()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(WrappedKey::from).collect())
}

/// Stores `key` unless its owner has one already.
pub async fn insert_once(conn: &mut Conn, key: &WrappedKey, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO data_keys (id, owner, wrapped, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (owner) WHERE retired_at IS NULL DO NOTHING")
        .bind(key.id.clone())
        .bind(key.owner.clone())
        .bind(key.wrapped.clone())
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts `key`, made by `rotation`, in the place of its owner's present one, which only opens from then on. False if that is not `present`
/// any more. In a transaction.
pub async fn succeed(conn: &mut Conn, present: &str, key: &WrappedKey, rotation: i64, now: Timestamp) -> Result<bool> {
    let retired = sqlx::query("UPDATE data_keys SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL").bind(present.to_owned()).bind(now.0);
    if retired.execute(&mut *conn).await?.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO data_keys (id, owner, wrapped, rotation, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(key.id.clone())
        .bind(key.owner.clone())
        .bind(key.wrapped.clone())
        .bind(rotation)
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(true)
}

/// Keys that seal and were not made by `rotation` or a later one.
pub async fn older_than(conn: &mut Conn, rotation: i64, limit: i64) -> Result<Vec<WrappedKey>> {
    let statement = "SELECT id, owner, wrapped, retired_at FROM data_keys WHERE retired_at IS NULL AND rotation < $1 ORDER BY id LIMIT $2";
    let rows: Vec<Row> = sqlx::query_as(statement).bind(rotation).bind(limit).fetch_all(conn).await?;
    Ok(rows.into_iter().map(WrappedKey::from).collect())
}

/// Keys after `after`, in the order of ids.
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<WrappedKey>> {
    let statement = "SELECT id, owner, wrapped, retired_at FROM data_keys WHERE id > $1 ORDER BY id LIMIT $2";
    let rows: Vec<Row> = sqlx::query_as(statement).bind(after.to_owned()).bind(limit).fetch_all(conn).await?;
    Ok(rows.into_iter().map(WrappedKey::from).collect())
}

/// Replaces a key's wrapping.
pub async fn rewrap(conn: &mut Conn, key: &WrappedKey) -> Result<()> {
    sqlx::query("UPDATE data_keys SET wrapped = $2 WHERE id = $1").bind(key.id.clone()).bind(key.wrapped.clone()).execute(conn).await?;
    Ok(())
}

/// Destroys the keys of `owner`, and with them everything they sealed.
pub async fn delete(conn: &mut Conn, owner: &str) -> Result<()> {
    sqlx::query("DELETE FROM data_keys WHERE owner = $1").bind(owner.to_owned()).execute(conn).await?;
    Ok(())
}

/// How many there are.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM data_keys").fetch_one(conn).await?;
    Ok(count)
}
