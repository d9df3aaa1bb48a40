//! The columns that hold sealed values, and which of these values a retired data key has sealed.

use super::sql::Sql;
use super::{Conn, Result};

/// A column of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// What its rows are told apart by, which is also what each value is bound to.
    id: &'static str,
    /// SQL for the workspace whose data key it is; null: the organisation's.
    workspace: &'static str,
}

const fn column(table: &'static str, column: &'static str, id: &'static str, workspace: &'static str) -> Column {
    Column { table, column, id, workspace }
}

const ORGANIZATION: &str = "CAST(NULL AS TEXT)";
const OF_SESSION: &str = "(SELECT s.workspace_id FROM connect_sessions s WHERE s.id = t.session_id)";

/// All of them: [`crate::vault::PLACES`] without the journal.
pub const COLUMNS: [Column; 11] = [
    column("oauth_apps", "client_secret", "id", "t.workspace_id"),
    column("connections", "secret", "id", "t.workspace_id"),
    column("connections", "previous_secret", "id", "t.workspace_id"),
    column("connect_sessions", "props", "id", "t.workspace_id"),
    column("connect_attempts", "secret", "state_hash", OF_SESSION),
    column("connect_confirmations", "secret", "session_id", OF_SESSION),
    column("connect_choices", "secret", "session_id", OF_SESSION),
    column("idempotency_keys", "answer", "id", ORGANIZATION),
    column("webhooks", "secret", "id", "t.workspace_id"),
    column("webhooks", "previous_secret", "id", "t.workspace_id"),
    column("revocations", "secret", "id", ORGANIZATION),
];

/// A sealed value and where it is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SealedValue {
    /// Of the row.
    pub id: String,
    /// Whose data key; none: the organisation's.
    pub workspace: Option<String>,
    /// The value.
    pub sealed: String,
}

impl Column {
    /// Only values of retired keys. `v1.{key id}.…`, where a key id is `dk_` and 32 digits.
    fn only_of_retired_keys(&self, sql: &mut Sql) {
        sql.and("EXISTS (SELECT 1 FROM data_keys k WHERE k.retired_at IS NOT NULL AND k.id = SUBSTR(t.").push(self.column).push(", 4, 35))");
    }

    /// Values after the row `after` that a retired key has sealed.
    pub async fn stale(&self, conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<SealedValue>> {
        let mut sql = Sql::new("SELECT t.");
        sql.push(self.id)
            .push(" AS id, ")
            .push(self.workspace)
            .push(" AS workspace, t.")
            .push(self.column)
            .push(" AS sealed FROM ")
            .push(self.table)
            .push(" t");
        self.only_of_retired_keys(&mut sql);
        sql.and("t.").push(self.id).push(" > ").bind(after.to_owned());
        sql.push(" ORDER BY t.").push(self.id).push(" LIMIT ").bind(limit);
        sql.fetch_all(conn).await
    }

    /// All values: row, workspace, value. For tests.
    pub async fn all(&self, conn: &mut Conn) -> Result<Vec<(String, Option<String>, String)>> {
        let mut sql = Sql::new("SELECT t.");
        sql.push(self.id).push(", ").push(self.workspace).push(", t.").push(self.column).push(" FROM ").push(self.table).push(" t");
        sql.and("t.").push(self.column).push(" LIKE 'v1.dk_%'");
        sql.fetch_all(conn).await
    }

    /// Puts another text in the place of `value`, unless that has changed.
    pub async fn replace(&self, conn: &mut Conn, value: &SealedValue, sealed: String) -> Result<bool> {
        let mut sql = Sql::new("UPDATE ");
        sql.push(self.table).push(" SET ").push(self.column).push(" = ").bind(sealed);
        sql.and(self.id).push(" = ").bind(value.id.clone());
        sql.and(self.column).push(" = ").bind(value.sealed.clone());
        Ok(sql.execute(conn).await? == 1)
    }
}

/// How many values retired keys have sealed.
pub async fn count_stale(conn: &mut Conn) -> Result<i64> {
    let mut count = 0;
    for column in COLUMNS {
        let mut sql = Sql::new("SELECT COUNT(*) FROM ");
        sql.push(column.table).push(" t");
        column.only_of_retired_keys(&mut sql);
        count += sql.fetch_count(conn).await?;
    }
    Ok(count)
}
