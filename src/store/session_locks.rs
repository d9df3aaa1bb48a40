//! PostgreSQL's advisory locks, all of a node's on one session of its own: however many refreshes wait for slow providers, they hold one
//! connection, and not one of the pool that requests need. The server frees them as soon as the node's socket closes.
//!
//! A lock of a session is not refused to the session itself: callers take a key only once at a time (`service::refresh` does).

use super::{Conn, Result, StoreError};
use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A round trip that takes longer is given up, and the session with it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The session; opened when it is first needed, and anew when it broke.
#[derive(Debug)]
pub(super) struct SessionLocks {
    options: AnyConnectOptions,
    session: Mutex<Option<Conn>>,
    /// When the present session was opened.
    since: std::sync::Mutex<Option<Instant>>,
}

impl SessionLocks {
    pub(super) fn new(options: AnyConnectOptions) -> Self {
        Self { options, session: Mutex::new(None), since: std::sync::Mutex::default() }
    }

    pub(super) async fn try_lock(&self, key: i64) -> Result<bool> {
        let taken = self.ask("SELECT CASE WHEN pg_try_advisory_lock($1) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END", key).await?;
        Ok(taken == 1)
    }

    pub(super) async fn unlock(&self, key: i64) {
        // If this fails the session is closed, which frees the lock too.
        if let Err(error) = self.ask("SELECT CASE WHEN pg_advisory_unlock($1) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END", key).await {
            tracing::warn!(%error, "the session that held refresh locks has been given up");
        }
    }

    /// For how long there has been this session. If it is young, the server may have been away, and the locks of all lost.
    pub(super) fn age(&self) -> Duration {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) async fn close(&self) {
        if let Some(session) = self.session.lock().await.take() {
            let _ = session.close().await;
        }
    }

    async fn ask(&self, statement: &'static str, key: i64) -> Result<i64> {
        let mut held = self.session.lock().await;
        let asked = tokio::time::timeout(PATIENCE, async {
            // Out of its place while it is used: whatever goes wrong, or is dropped half-way, leaves no broken session behind.
            if let Some(mut session) = held.take()
                && let Ok(answer) = ask_in(&mut session, statement, key).await
            {
                *held = Some(session);
                return Ok(answer);
            }
            // There was none, or it broke: the server may have been started anew.
            let mut session = self.open().await?;
            let answer = ask_in(&mut session, statement, key).await?;
            *held = Some(session);
            Ok(answer)
        });
        asked.await.unwrap_or(Err(StoreError::Database(sqlx::Error::PoolTimedOut)))
    }

    async fn open(&self) -> Result<Conn> {
        let mut session = self.options.connect().await?;
        // A node whose machine is gone closes no socket: let the server find out within a minute.
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        session.execute("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3").await?;
        Ok(session)
    }
}

async fn ask_in(session: &mut Conn, statement: &'static str, key: i64) -> Result<i64> {
    let (answer,): (i64,) = sqlx::query_as(statement).bind(key).fetch_one(session).await?;
    Ok(answer)
}
