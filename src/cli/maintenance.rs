//! `key rotate`, `backup`, `restore`, `events verify`: for the operator, on the machine.

use crate::config::Config;
use crate::server::serve;
use crate::service::event_log;
use crate::store::{self, Backend, Store, installation};
use crate::vault::{MasterKey, Vault};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};

/// Changes the master key: new key into a file, all data keys wrapped anew in one transaction, files exchanged. What is sealed stays
/// as it is. If it is cut off, either key file fits the database, and the next start says which.
pub async fn rotate_key(config: &Config) -> anyhow::Result<()> {
    if config.encryption_key.is_some() {
        bail!("the key is given in KEYLOOM_ENCRYPTION_KEY: put it into a file (KEYLOOM_ENCRYPTION_KEY_FILE) to rotate it");
    }
    let services = serve::open(config).await?;
    let path = config.encryption_key_file.clone().unwrap_or_else(|| config.data_dir.join("encryption.key"));
    let with = |suffix: &str| -> PathBuf { PathBuf::from(format!("{}{suffix}", path.display())) };
    let (new_path, old_path) = (with(".new"), with(".old"));
    let new = MasterKey::generate(services.entropy.as_ref());
    new.write_new(&new_path).with_context(|| format!("cannot write {} (left over from an earlier try?)", new_path.display()))?;

    let mut tx = services.store.begin_write().await?;
    let keys = store::data_keys::list(&mut tx).await?;
    for key in &keys {
        store::data_keys::rewrap(&mut tx, &services.vault.rewrap(key, &new, services.entropy.as_ref())?).await?;
    }
    let canary = Vault::new(new).make_canary(services.entropy.as_ref());
    installation::set(&mut tx, installation::CANARY, &canary).await?;
    tx.commit().await?;

    std::fs::rename(&path, &old_path)?;
    std::fs::rename(&new_path, &path)?;
    services.store.close().await;
    println!("{} data keys are wrapped by the new master key in {}", keys.len(), path.display());
    println!("The old one is in {}: backups made before need it. Restart the server, and back up the new key.", old_path.display());
    Ok(())
}

/// Copies the database into a new file.
pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    let store = Store::open(&config.database_url, 2).await?;
    if store.backend() == Backend::Postgres {
        bail!("for PostgreSQL use pg_dump; the encryption key is not in the database either way");
    }
    let target = file.to_str().context("the file's name is not UTF-8")?;
    store.copy_to(target).await?;
    store.close().await;
    println!("{} is a copy of the database. It is of no use without the encryption key: keep that apart.", file.display());
    Ok(())
}

/// Puts a backup in place of a database that is not there, if the key fits.
pub async fn restore(config: &Config, file: &Path) -> anyhow::Result<()> {
    let Some(path) = config.database_url.strip_prefix("sqlite:").map(|rest| PathBuf::from(rest.split('?').next().unwrap_or(rest))) else {
        bail!("for PostgreSQL use psql or pg_restore, then start with KEYLOOM_REFRESH=hold");
    };
    if path.exists() {
        bail!("{} exists: move it away first", path.display());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Into place under another name first, so that a wrong key leaves nothing behind.
    let staged = PathBuf::from(format!("{}.restoring", path.display()));
    std::fs::copy(file, &staged).with_context(|| format!("cannot read {}", file.display()))?;
    let checked = async {
        let vault = Vault::new(serve::master_key(config)?);
        let store = Store::open(&format!("sqlite:{}", staged.display()), 1).await.context("this is not a backup of Keyloom")?;
        let canary = installation::find(&mut *store.conn().await?, installation::CANARY).await.context("this is not a backup of Keyloom")?;
        store.close().await;
        if !canary.is_some_and(|canary| vault.check_canary(&canary)) {
            bail!("the backup was made with another encryption key: restore that key too");
        }
        Ok(())
    };
    let outcome: anyhow::Result<()> = checked.await;
    if let Err(error) = outcome {
        let _ = std::fs::remove_file(&staged);
        return Err(error);
    }
    std::fs::rename(&staged, &path)?;
    println!("{} is restored.", path.display());
    println!("Start with KEYLOOM_REFRESH=hold and look: refresh tokens that were rotated after the backup may end their grants when used.");
    Ok(())
}

/// Checks the seals of the event log.
pub async fn verify_events(config: &Config) -> anyhow::Result<()> {
    let services = serve::open(config).await?;
    let message = |error: crate::domain::Error| anyhow::anyhow!(error.message);
    let found = event_log::verify(&services).await.map_err(message)?;
    services.store.close().await;
    println!("{} events under {} seals hold; {} are too young to be sealed", found.events, found.seals, found.unsealed);
    match found.wrong {
        Some(wrong) => bail!("the event log was tampered with: {wrong}"),
        None => Ok(()),
    }
}
