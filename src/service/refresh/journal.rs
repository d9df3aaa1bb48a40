//! New tokens that the database could not take: sealed, in a file of the data folder, until it can. Without it a database that goes away
//! between a provider's answer and its writing, and a process that ends before it comes back, would cost the connection.
//!
//! One file a connection, `journal/{id}.json`, readable by the owner only. It is written under another name, synced and renamed, so that a
//! file that is there is whole. What it holds is sealed by the connection's data key and bound to the connection.

use super::keep::{self, Written};
use crate::domain::id::ConnectionId;
use crate::domain::{Error, Timestamp};
use crate::service::{Result, Services};
use crate::store;
use crate::store::connections::{Schedule, StoredConnection};
use crate::vault::Place;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the files are. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Path>);

impl Journal {
    /// In `folder`, which is made when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder.into())
    }

    fn path(&self, id: &ConnectionId) -> PathBuf {
        self.0.join(format!("{}.json", id.as_str()))
    }
}

/// A file.
#[derive(Serialize, Deserialize)]
struct Envelope {
    connection: ConnectionId,
    /// Whose data key it is.
    owner: String,
    sealed: String,
}

/// What is sealed in it. The credentials in it are sealed once more, as they go into the database.
#[derive(Serialize, Deserialize)]
struct Entry {
    version: i64,
    secret: String,
    previous_secret: Option<String>,
    /// None in files of versions that did not keep them.
    #[serde(default)]
    props: Option<BTreeMap<String, String>>,
    granted_scopes: Vec<String>,
    expires_at: Option<i64>,
    refreshed_at: i64,
    due_at: Option<i64>,
    facts: serde_json::Value,
}

fn place(id: &ConnectionId) -> Place<'_> {
    Place { table: "journal", column: "entry", row: id.as_str() }
}

/// Puts the new credential of `connection` into its file; tells whether it is there.
pub(super) async fn write(services: &Services, connection: &StoredConnection, facts: &serde_json::Value) -> bool {
    let entry = Entry {
        version: connection.version,
        secret: connection.secret.clone(),
        previous_secret: connection.previous_secret.clone(),
        props: Some(connection.props.clone()),
        granted_scopes: connection.granted_scopes.clone(),
        expires_at: connection.expires_at.map(|at| at.0),
        refreshed_at: connection.updated_at.0,
        due_at: connection.refresh.due_at.map(|at| at.0),
        facts: facts.clone(),
    };
    let owner = services.key_owner(connection.owner.workspace());
    let written = async {
        let sealed = services.vault.seal(owner, place(&connection.id), &serde_json::to_vec(&entry)?, services.entropy.as_ref())?;
        let envelope = serde_json::to_vec(&Envelope { connection: connection.id.clone(), owner: owner.to_owned(), sealed })?;
        let path = services.journal.path(&connection.id);
        tokio::task::spawn_blocking(move || write_file(&path, &envelope)).await??;
        anyhow::Ok(())
    };
    match written.await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(connection = %connection.id, %error, "refreshed tokens could not be put into the journal; they are in memory only");
            false
        }
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut options = std::fs::OpenOptions::new();
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        options.mode(0o600);
        builder.mode(0o700);
    }
    builder.recursive(true).create(folder)?;
    let staged = path.with_extension("new");
    let mut file = options.write(true).create(true).truncate(true).open(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&staged, path)?;
    // The name too must survive a power cut.
    std::fs::File::open(folder)?.sync_all()
}

/// The credential has been written: its file is not needed any more.
pub(super) async fn remove(services: &Services, connection: &StoredConnection) {
    forget(&services.journal.path(&connection.id)).await;
}

async fn forget(path: &Path) {
    if let Err(error) = tokio::fs::remove_file(path).await
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(path = %path.display(), %error, "a journal file whose content has been written cannot be removed");
    }
}

/// Writes what one connection has in the journal, if anything.
pub(super) async fn replay_one(services: &Services, id: &ConnectionId) -> Result<()> {
    replay_file(services, &services.journal.path(id)).await.map(|_| ())
}

/// Writes everything in the journal that the database takes; how many files there were.
pub async fn replay(services: &Services) -> Result<usize> {
    let unreadable = |error: io::Error| {
        tracing::error!(%error, "the journal cannot be read");
        Error::internal()
    };
    let mut entries = match tokio::fs::read_dir(&*services.journal.0).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(unreadable(error)),
    };
    let mut replayed = 0;
    while let Some(entry) = entries.next_entry().await.map_err(unreadable)? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            replayed += usize::from(replay_file(services, &path).await?);
        }
    }
    Ok(replayed)
}

async fn replay_file(services: &Services, path: &Path) -> Result<bool> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a journal file cannot be read");
            return Err(Error::internal());
        }
    };
    let mut conn = services.store.conn().await?;
    let Some((id, entry)) = open(services, &mut conn, &bytes).await? else {
        tracing::error!(path = %path.display(), "a journal file does not open with this database and key; it is set aside");
        let _ = tokio::fs::rename(path, path.with_extension("refused")).await;
        return Ok(false);
    };
    let current = store::connections::find(&mut conn, id.as_str()).await?;
    drop(conn);
    let outcome = match current {
        None => Written::Gone,
        Some(current) if current.version + 1 == entry.version => {
            let connection = StoredConnection {
                version: entry.version,
                secret: entry.secret,
                previous_secret: entry.previous_secret,
                props: entry.props.unwrap_or_else(|| current.props.clone()),
                granted_scopes: entry.granted_scopes,
                expires_at: entry.expires_at.map(Timestamp),
                last_refreshed_at: Some(Timestamp(entry.refreshed_at)),
                updated_at: services.now(),
                refresh: Schedule { due_at: entry.due_at.map(Timestamp), ..Schedule::default() },
                ..current
            };
            keep::write(services, &connection, &entry.facts).await?
        }
        // It got through after all, or the account was connected again since.
        Some(_) => Written::Superseded,
    };
    tracing::info!(connection = %id, ?outcome, "tokens from the journal");
    forget(path).await;
    Ok(true)
}

/// Nothing, where it is not ours to open.
async fn open(services: &Services, conn: &mut store::Conn, bytes: &[u8]) -> Result<Option<(ConnectionId, Entry)>> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) else { return Ok(None) };
    // Without a key the workspace is gone, and what it sealed with it.
    let Ok(plain) = services.unseal(conn, &envelope.owner, place(&envelope.connection), &envelope.sealed).await else { return Ok(None) };
    Ok(serde_json::from_slice::<Entry>(&plain).ok().map(|entry| (envelope.connection, entry)))
}
