//! People who sign in to the dashboard.

use super::{Conn, Result, StoreError};
use crate::domain::Timestamp;
use crate::domain::id::UserId;
use crate::domain::user::Role;

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// `usr_…`
    pub id: UserId,
    /// Lower case.
    pub email: String,
    /// PHC string.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    email: String,
    password_hash: String,
    role: String,
}

impl TryFrom<Row> for User {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let role = Role::parse(&row.role).ok_or_else(|| StoreError::Inconsistent { table: "users", row: row.id.clone(), what: "unknown role" })?;
        Ok(Self { id: UserId::known(row.id), email: row.email, password_hash: row.password_hash, role })
    }
}

/// Adds a person.
pub async fn insert(conn: &mut Conn, user: &User, now: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO users (id, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(user.id.as_str().to_owned())
        .bind(user.email.clone())
        .bind(user.password_hash.clone())
        .bind(user.role.as_str())
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// By e-mail address, lower case.
pub async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<User>> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, email, password_hash, role FROM users WHERE email = $1").bind(email.to_owned()).fetch_optional(conn).await?;
    row.map(User::try_from).transpose()
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<User>> {
    let row: Option<Row> = sqlx::query_as("SELECT id, email, password_hash, role FROM users WHERE id = $1").bind(id.to_owned()).fetch_optional(conn).await?;
    row.map(User::try_from).transpose()
}

/// Everybody, by address.
pub async fn list(conn: &mut Conn) -> Result<Vec<User>> {
    let rows: Vec<Row> = sqlx::query_as("SELECT id, email, password_hash, role FROM users ORDER BY email").fetch_all(conn).await?;
    rows.into_iter().map(User::try_from).collect()
}

/// Changes what a person may do.
pub async fn set_role(conn: &mut Conn, id: &str, role: Role) -> Result<()> {
    sqlx::query("UPDATE users SET role = $2 WHERE id = $1").bind(id.to_owned()).bind(role.as_str()).execute(conn).await?;
    Ok(())
}

/// Changes a person's password.
pub async fn set_password(conn: &mut Conn, id: &UserId, password_hash: &str) -> Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1").bind(id.as_str().to_owned()).bind(password_hash.to_owned()).execute(conn).await?;
    Ok(())
}

/// Removes a person, and with them their sign-ins.
pub async fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM users WHERE id = $1").bind(id.to_owned()).execute(conn).await?;
    Ok(())
}

/// How many owners there are. Until the transaction ends nobody else finds that out, so that two cannot both stop being the last but one.
pub async fn owners(conn: &mut Conn) -> Result<i64> {
    // A row that always exists, locked: the one way of both databases.
    sqlx::query("UPDATE installation SET value = value WHERE name = $1").bind(super::installation::ORG_ID).execute(&mut *conn).await?;
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM users WHERE role = 'owner'").fetch_one(conn).await?;
    Ok(count)
}

/// How many there are.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM users").fetch_one(conn).await?;
    Ok(count)
}
