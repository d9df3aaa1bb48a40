//! Transactions that write. SQLite has one writer at a time and lets the others sleep and try again, the longer the unluckier they were;
//! here they stand in a queue of this process instead, so that nobody waits longer than those before them take.

use super::{Backend, Conn, Result};
use sqlx::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// As long as SQLite itself would wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The queue: fair, one at a time on SQLite, none on PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Turns(Option<Arc<Semaphore>>);

impl Turns {
    pub(super) fn new(backend: Backend) -> Self {
        Self(match backend {
            Backend::Sqlite => Some(Arc::new(Semaphore::new(1))),
            Backend::Postgres => None,
        })
    }

    /// Waits until it is the caller's turn. It ends when what is returned is dropped.
    pub(super) async fn next(&self) -> Result<Option<OwnedSemaphorePermit>> {
        let Some(queue) = self.0.clone() else { return Ok(None) };
        let turn = tokio::time::timeout(LONGEST_WAIT, queue.acquire_owned()).await;
        // The semaphore is never closed.
        Ok(turn.map_err(|_| sqlx::Error::PoolTimedOut)?.ok())
    }
}

/// An open transaction; rolls back when dropped.
#[derive(Debug)]
pub struct Tx {
    // Dropped in this order: first the end of the transaction, then that of the turn.
    inner: sqlx::Transaction<'static, Any>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Tx {
    pub(super) fn new(inner: sqlx::Transaction<'static, Any>, turn: Option<OwnedSemaphorePermit>) -> Self {
        Self { inner, _turn: turn }
    }

    /// Makes it last.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.inner
    }
}
