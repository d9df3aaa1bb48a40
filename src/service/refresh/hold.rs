//! Not using refresh tokens: because the operator has set it so, or because the database was restored from a backup. A backup holds refresh
//! tokens that may have been replaced since; a provider that rotates them ends the whole grant when it sees one of these again.

use crate::config::RefreshMode;
use crate::domain::{Code, Error, Timestamp};
use crate::service::{About, Result, Services, Writer};
use crate::store::installation;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Whether refresh tokens are used. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hold {
    setting: RefreshMode,
    /// Unix milliseconds; 0: it is not, or somebody has let it go on.
    restored_at: Arc<AtomicI64>,
}

/// Why they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// `KEYLOOM_REFRESH=hold`.
    BySetting,
    /// The database was restored then, and nobody has let it go on.
    Restored(Timestamp),
}

impl Hold {
    /// As the setting says.
    pub fn new(setting: RefreshMode) -> Self {
        Self { setting, restored_at: Arc::default() }
    }

    /// Why they are not used, if they are not.
    pub fn why(&self) -> Option<Held> {
        match (self.setting, self.restored_at.load(Ordering::Relaxed)) {
            (_, at) if at > 0 => Some(Held::Restored(Timestamp(at))),
            (RefreshMode::Hold, _) => Some(Held::BySetting),
            (RefreshMode::On, _) => None,
        }
    }

    /// What the database says.
    pub fn set_restored(&self, at: Option<Timestamp>) {
        self.restored_at.store(at.map_or(0, |at| at.0), Ordering::Relaxed);
    }
}

impl Held {
    /// For people.
    pub fn sentence(self) -> String {
        match self {
            Self::BySetting => "Tokens are not renewed: KEYLOOM_REFRESH is set to hold".to_owned(),
            Self::Restored(at) => format!("Tokens are not renewed: the database was restored from a backup on {} UTC", at.minute()),
        }
    }

    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::BySetting => "Start the servers with KEYLOOM_REFRESH=on when you have looked",
            Self::Restored(_) => "Somebody who may change things looks, and lets it go on: in the dashboard, under Settings",
        }
    }

    pub(super) fn error(self) -> Error {
        Error::new(Code::RefreshFailed, self.sentence()).suggest(self.remedy())
    }
}

/// Reads from the database whether it was restored.
pub async fn look(services: &Services) -> Result<()> {
    let at = installation::find(&mut *services.store.conn().await?, installation::RESTORED_AT).await?;
    services.hold.set_restored(at.and_then(|at| at.parse().ok()).map(Timestamp));
    Ok(())
}

/// Lets the tokens of a restored database be renewed. Other servers notice within seconds.
pub async fn let_go_on(services: &Services, writer: &Writer) -> Result<()> {
    writer.organization()?;
    let mut tx = services.store.begin_write().await?;
    if let Some(at) = installation::find(&mut tx, installation::RESTORED_AT).await?
        && installation::take(&mut tx, installation::RESTORED_AT, &at).await?
    {
        services.record(&mut tx, "refresh.released", writer.name(), About::default(), serde_json::json!({})).await?;
    }
    services.commit(tx).await?;
    services.hold.set_restored(None);
    Ok(())
}
