//! SQL put together from fixed fragments and bound values: for lists, whose filters vary. Only `&'static str` can be pushed, so
//! nothing a client sends becomes SQL text; and only the conditions that are asked for are in it, so that indexes serve.

use super::{Conn, Result};
use sqlx::any::AnyArguments;
use sqlx::{Any, Arguments as _, AssertSqlSafe, Encode, FromRow, Type};
use std::fmt::Write as _;

/// A statement being written.
pub struct Sql {
    text: String,
    arguments: AnyArguments,
    count: usize,
    conditions: usize,
}

impl Sql {
    /// Starts with `text`.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), arguments: AnyArguments::default(), count: 0, conditions: 0 }
    }

    /// Adds fixed text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder for `value`.
    pub fn bind<'q, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'q, Any> + Type<Any> + 'q,
    {
        self.count += 1;
        let _ = write!(self.text, "${}", self.count);
        if let Err(error) = self.arguments.add(value) {
            tracing::error!(%error, "a value could not be bound");
        }
        self
    }

    /// Starts a condition: `WHERE` the first time, `AND` afterwards.
    pub fn and(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(if self.conditions == 0 { " WHERE " } else { " AND " });
        self.conditions += 1;
        self.push(text)
    }

    /// Adds `column IN (…)` over `values`; over none it is false.
    pub fn and_in(&mut self, column: &'static str, values: &[String]) -> &mut Self {
        self.and(column);
        if values.is_empty() {
            return self.push(" IS NULL AND 1 = 0");
        }
        self.push(" IN (");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value.clone());
        }
        self.push(")")
    }

    /// All rows.
    pub async fn fetch_all<T>(self, conn: &mut Conn) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, sqlx::any::AnyRow> + Send + Unpin,
    {
        Ok(sqlx::query_as_with(AssertSqlSafe(self.text), self.arguments).fetch_all(conn).await?)
    }

    /// Runs a statement that gives no rows; how many it changed.
    pub async fn execute(self, conn: &mut Conn) -> Result<u64> {
        Ok(sqlx::query_with(AssertSqlSafe(self.text), self.arguments).execute(conn).await?.rows_affected())
    }

    /// The one number it selects.
    pub async fn fetch_count(self, conn: &mut Conn) -> Result<i64> {
        let (count,): (i64,) = sqlx::query_as_with(AssertSqlSafe(self.text), self.arguments).fetch_one(conn).await?;
        Ok(count)
    }
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many, 1–200.
    pub limit: i64,
    /// How many to leave out.
    pub offset: i64,
    /// Only what is older than this id.
    pub before: Option<String>,
}
