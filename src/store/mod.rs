//! The only place that knows sqlx: one SQL text for SQLite and PostgreSQL over `sqlx::Any`.
//!
//! One file per table, with its row type and its queries as plain functions over a connection, so that a caller decides what
//! is one transaction. Rows are not domain types: each has a fallible conversion that reports an impossible combination
//! instead of guessing. Rules for new SQL: `$n` placeholders, TEXT and BIGINT only, no backend switch outside this file.

pub mod api_keys;
pub mod authorize_refusals;
pub mod bulk_reports;
pub mod connect_attempts;
pub mod connect_choices;
pub mod connect_confirmations;
pub mod connect_sessions;
pub mod connections;
pub mod custom_integrations;
pub mod data_keys;
pub mod end_users;
pub mod event_seals;
pub mod events;
pub mod idempotency_keys;
pub mod installation;
pub mod logins;
pub mod member_invitations;
pub mod nodes;
pub mod oauth_apps;
pub mod refreshes;
pub mod resolve;
pub mod revocations;
pub mod sealed;
mod session_locks;
pub mod sql;
mod tx;
pub mod users;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod workspace_integrations;
pub mod workspace_logos;
pub mod workspaces;

pub use sql::{Page, Sql};
pub use tx::Tx;

use session_locks::SessionLocks;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor as _};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

/// A connection of the pool.
pub type Conn = AnyConnection;

/// What the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    backend: Backend,
    locks: Arc<SessionLocks>,
    turns: tx::Turns,
}

/// A connection that was last used longer ago than this is asked whether it is still there before it is used again. Each is asked when it
/// is given back too, so that a busy server need not ask twice for every request.
pub const TRUSTED_FOR: Duration = Duration::from_millis(100);

/// Why a query gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint refused the row.
    #[error("the row exists already")]
    Duplicate,
    /// A stored row holds a combination that must not exist.
    #[error("table {table} row {row} is inconsistent: {what}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Row id.
        row: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Anything else the database said.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let unique = error.as_database_error().is_some_and(|e| e.kind() == sqlx::error::ErrorKind::UniqueViolation);
        if unique { Self::Duplicate } else { Self::Database(error) }
    }
}

/// Result of a query.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

impl Store {
    /// Opens `url` (`sqlite:path` or `postgres://…`) with at most `connections` connections.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let backend = if url.starts_with("postgres") { Backend::Postgres } else { Backend::Sqlite };
        // Statements are logged at debug, slow ones as warnings: their text only, never what is bound to it.
        let options = AnyConnectOptions::from_str(url)?;
        let locks = Arc::new(SessionLocks::new(options.clone()));
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_FOR && connection.ping().await.is_err() {
                        return Ok(false);
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if backend == Backend::Sqlite {
                        // FULL: a committed rotation of a refresh token must survive a power cut.
                        connection
                            .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000; PRAGMA secure_delete = ON; PRAGMA cache_size = -512;")
                            .await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, backend, locks, turns: tx::Turns::new(backend) })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        if self.backend == Backend::Postgres {
            // SQLite's name for byte order, so that one schema can say it. Another node may make it at the same moment.
            match sqlx::query("CREATE COLLATION IF NOT EXISTS \"binary\" FROM \"C\"").execute(&self.pool).await.map_err(StoreError::from) {
                Ok(_) | Err(StoreError::Duplicate) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(MIGRATOR.run(&self.pool).await?)
    }

    /// A connection for reading, or for one statement that writes.
    pub async fn conn(&self) -> Result<sqlx::pool::PoolConnection<Any>> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction that is going to write. On SQLite it takes the write lock at once, so that it cannot fail half-way
    /// for having read first.
    pub async fn begin_write(&self) -> Result<Tx> {
        let statement = match self.backend {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN",
        };
        let turn = self.turns.next().await?;
        Ok(Tx::new(self.pool.begin_with(statement).await?, turn))
    }

    /// PostgreSQL: takes the advisory lock `key` for this process, unless anybody has it. It is free again when it is given back, or
    /// when this process dies. The caller sees to it that it does not ask for what it has.
    pub async fn try_lock(&self, key: i64) -> Result<bool> {
        self.locks.try_lock(key).await
    }

    /// PostgreSQL: for how long this node's advisory locks have been held without a break.
    pub fn lock_session_age(&self) -> Duration {
        self.locks.age()
    }

    /// PostgreSQL: gives the advisory lock `key` back.
    pub async fn unlock(&self, key: i64) {
        self.locks.unlock(key).await;
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Copies the whole database into a new file while it is in use. SQLite only.
    pub async fn copy_to(&self, file: &str) -> Result<()> {
        sqlx::query("VACUUM INTO $1").bind(file.to_owned()).execute(&self.pool).await?;
        Ok(())
    }

    /// The database's own time in Unix milliseconds.
    pub async fn time_ms(&self) -> Result<i64> {
        let statement = match self.backend {
            Backend::Sqlite => "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Backend::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        };
        let (ms,): (i64,) = sqlx::query_as(statement).fetch_one(&self.pool).await?;
        Ok(ms)
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes all connections; on SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.locks.close().await;
        self.pool.close().await;
    }
}

/// Parses a JSON column of ours.
fn json<T: serde::de::DeserializeOwned>(text: &str, table: &'static str, row: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Inconsistent { table, row: row.to_owned(), what: "a JSON column does not parse" })
}

/// Writes a JSON column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    // Strings, lists and maps with string keys: these cannot fail to serialise.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
