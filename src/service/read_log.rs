//! Records that credentials were read, before they are answered. Readers who come at the same moment share one transaction: each still waits
//! until its own entry is committed, but the disk is asked once for all of them.

use super::{About, Result, Services};
use crate::domain::id::ConnectionId;
use crate::domain::{Error, Timestamp};
use crate::store;
use crate::store::connections::StoredConnection;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Most entries of one transaction.
const MOST_AT_ONCE: usize = 256;

/// One reading.
struct Entry {
    reader: String,
    connection: ConnectionId,
    workspace: Option<String>,
    minute: Timestamp,
    done: oneshot::Sender<Result<()>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Entry>,
    /// Whether somebody is writing, who will look here again before they stop.
    is_writing: bool,
}

/// Readings that wait to be written. Cheap to clone.
#[derive(Clone, Default)]
pub struct ReadLog(Arc<Mutex<Queue>>);

impl ReadLog {
    /// Takes what waits; where nothing does, the writer's work is over.
    fn take(&self) -> Vec<Entry> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.waiting.len().min(MOST_AT_ONCE);
        queue.is_writing = count > 0;
        queue.waiting.drain(..count).collect()
    }

    /// Adds one. Tells whether somebody has to begin writing.
    fn add(&self, entry: Entry) -> bool {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push(entry);
        !std::mem::replace(&mut queue.is_writing, true)
    }
}

/// Comes back when it is on record that `reader` reads the credential of `connection`; if it cannot be recorded, with an error.
pub(super) async fn record(services: &Services, reader: &str, connection: &StoredConnection, minute: Timestamp) -> Result<()> {
    let (done, written) = oneshot::channel();
    let About { workspace, .. } = About::from(connection);
    let entry = Entry { reader: reader.to_owned(), connection: connection.id.clone(), workspace: workspace.map(str::to_owned), minute, done };
    if services.reads.add(entry) {
        // In a task of its own: the reader who began may go away, the others' entries are written all the same.
        let writer = services.clone();
        services.tasks.spawn(async move {
            loop {
                let entries = writer.reads.take();
                if entries.is_empty() {
                    break;
                }
                let outcome = write(&writer, &entries).await;
                for entry in entries {
                    // Nobody may be waiting any more.
                    let _ = entry.done.send(outcome.clone());
                }
            }
        });
    }
    written.await.unwrap_or_else(|_| Err(Error::internal()))
}

async fn write(services: &Services, entries: &[Entry]) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    for entry in entries {
        let about = About { connection: Some(entry.connection.as_str()), workspace: entry.workspace.as_deref() };
        services.record(&mut tx, "credentials.read", &entry.reader, about, serde_json::json!({})).await?;
    }
    // Not one by one as they come: two nodes that touch the same connections do it in the same order, and cannot wait for each other.
    let mut used: Vec<_> = entries.iter().map(|entry| (&entry.connection, entry.minute)).collect();
    used.sort_unstable_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    used.dedup();
    for (connection, minute) in used {
        store::connections::touch(&mut tx, connection, minute).await?;
    }
    Ok(tx.commit().await?)
}
