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

/// How many there are.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM users").fetch_one(conn).await?;
    Ok(count)
}
