//! Which processes on this machine are alive. Each holds a lock on a file of its own, `nodes/{id}` in the data folder, for as long as it
//! lives; the operating system lets go of it when the process ends, however it ends. So what a killed one held is free at once.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a process that ended may have left in the database is over after this time in any case, and its file of no more use.
const USEFUL: Duration = Duration::from_mins(1);

/// The files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Nodes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    own: OnceLock<Own>,
}

/// This process.
#[derive(Debug)]
struct Own {
    id: String,
    /// Nothing where the folder takes no locks; then others cannot tell, and wait.
    file: Option<(PathBuf, File)>,
}

/// What is known of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Alive,
    Dead,
    /// Its file is not here.
    Unknown,
}

impl Nodes {
    /// In `folder`, which is made when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner { folder, own: OnceLock::new() }))
    }

    /// This process's id, of these bits when it is asked for the first time.
    pub(super) fn own(&self, bits: u128) -> &str {
        let own = self.0.own.get_or_init(|| {
            let id = format!("{bits:032x}");
            let file = start(&self.0.folder, &id).inspect_err(|error| {
                tracing::warn!(folder = %self.0.folder.display(), %error, "no lock can be held here: should this process be killed, others wait for what it held");
            });
            Own { id, file: file.ok() }
        });
        &own.id
    }

    /// Whether the process of this id is alive.
    pub(super) fn state(&self, id: &str) -> State {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return State::Unknown;
        }
        let Ok(file) = File::open(self.0.folder.join(id)) else { return State::Unknown };
        match file.try_lock_shared() {
            Ok(()) => State::Dead,
            Err(TryLockError::WouldBlock) => State::Alive,
            Err(TryLockError::Error(_)) => State::Unknown,
        }
    }
}

fn start(folder: &Path, id: &str) -> io::Result<(PathBuf, File)> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(id);
    let file = File::create_new(&path)?;
    file.try_lock()?;
    // Both by the clock of the file system.
    let now = file.metadata()?.modified()?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        let is_old = entry.metadata().and_then(|data| data.modified()).is_ok_and(|made| now.duration_since(made).is_ok_and(|age| age > USEFUL));
        if is_old && File::open(entry.path()).is_ok_and(|file| file.try_lock_shared().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok((path, file))
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.file {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_lock_tells_who_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [1, 2].map(|_| Nodes::new(folder.path().join("nodes")));
        let (first, second) = (one.own(1).to_owned(), two.own(2).to_owned());
        assert_eq!(one.own(3), first, "once");
        assert_eq!([two.state(&first), one.state(&second), one.state(&first)], [State::Alive; 3]);
        assert_eq!([one.state("00"), one.state("../nodes"), one.state("")], [State::Unknown; 3]);
        // As after a kill: the file is there, and nobody holds it.
        std::fs::write(folder.path().join("nodes/0a"), "").unwrap();
        assert_eq!([one.state("0a"), two.state("0a")], [State::Dead; 2]);
        drop(one);
        assert_eq!(two.state(&first), State::Unknown, "it has put its things in order");
    }
}
