//! `key rotate`, `backup`, `restore`, `events verify`: for the operator, on the machine.

use crate::config::Config;
use crate::server::entropy::Clock;
use crate::server::serve;
use crate::service::{Services, event_log, key_rotation};
use crate::store::{Backend, Store, installation};
use crate::vault::{MasterKey, MasterKeys, Vault};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};

/// Changes the master key and all data keys under running servers, or goes on with that. The new key goes into the file of keys before
/// the old one, and when everything is changed the old one into its neighbour `….old`.
pub async fn rotate_key(config: &Config) -> anyhow::Result<()> {
    let services = serve::open(config).await?;
    let mut masters = services.vault.masters();
    let canary = installation::find(&mut *services.store.conn().await?, installation::CANARY).await?.unwrap_or_default();
    let in_force = services.vault.master_of(&canary).context("the encryption key does not fit the database")?;
    let rotation = key_rotation::under_way(&mut *services.store.conn().await?).await.map_err(message)?;
    let is_first = masters.iter().next().is_some_and(|first| first.id() == in_force.id());
    let several = masters.iter().count() > 1;
    if rotation.is_none() && is_first && several {
        // Cut off after its last step but the tidying up.
        masters.keep_first()?;
        println!("The rotation before this was finished but for the file of keys; now that is too. Run this again for another one.");
        return tidied(&services, &masters).await;
    }
    if rotation.is_none() && is_first {
        if masters.file().is_none() {
            bail!(
                "the key is given in KEYLOOM_ENCRYPTION_KEY. Put it into a file (KEYLOOM_ENCRYPTION_KEY_FILE) to rotate it while servers run; \
                 or give all servers both keys, the new one first (KEYLOOM_ENCRYPTION_KEY=new,old), restart them, and run this with the same setting"
            );
        }
        masters.begin_with(MasterKey::generate(services.entropy.as_ref()))?;
        services.vault.reload_masters();
    }
    let master = masters.iter().next().context("there is no key")?.clone();
    let tell = |what: String| println!("{what}");
    let rotated = key_rotation::run(&services, &master, &tell).await.map_err(advised)?;
    masters.keep_first()?;
    key_rotation::finish(&services, rotated).await.map_err(message)?;
    println!("{} data keys are new, and {} values are sealed with them", rotated.data_keys, rotated.values);
    if rotated.unreadable > 0 {
        println!("{} values do not open with any key and were left as they are: the log names them", rotated.unreadable);
    }
    tidied(&services, &masters).await
}

async fn tidied(services: &Services, masters: &MasterKeys) -> anyhow::Result<()> {
    services.store.close().await;
    match masters.file() {
        Some(file) => println!(
            "The master key is in {}: back it up. The one before is in {}.old: backups made before need it. No restart is needed.",
            file.display(),
            file.display()
        ),
        None => println!("Now take the old key, which is the second, out of KEYLOOM_ENCRYPTION_KEY. Backups made before need it."),
    }
    Ok(())
}

fn message(error: crate::domain::Error) -> anyhow::Error {
    anyhow::anyhow!(error.message)
}

fn advised(error: crate::domain::Error) -> anyhow::Error {
    match error.suggestion {
        Some(suggestion) => anyhow::anyhow!("{}. {suggestion}", error.message),
        None => anyhow::anyhow!(error.message),
    }
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
        let vault = Vault::new(serve::master_keys(config)?);
        let store = Store::open(&format!("sqlite:{}", staged.display()), 1).await.context("this is not a backup of Keyloom")?;
        let canary = installation::find(&mut *store.conn().await?, installation::CANARY).await.context("this is not a backup of Keyloom")?;
        let fits = canary.is_some_and(|canary| vault.check_canary(&canary));
        if fits {
            // Its refresh tokens may have been replaced since: none is used before somebody says so.
            let now = Clock::default().now().0.to_string();
            installation::set(&mut *store.conn().await?, installation::RESTORED_AT, &now).await?;
        }
        store.close().await;
        if !fits {
            bail!("the backup was made with another encryption key: restore that key too (after a rotation it is in the file of keys' neighbour, ….old)");
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
    println!("No token is renewed until somebody lets it go on in the dashboard, under Settings: refresh tokens that were replaced after the");
    println!("backup may end their grants when they are used. Connections made or reconnected after the backup are not in it.");
    Ok(())
}

/// Checks the seals of the event log.
pub async fn verify_events(config: &Config) -> anyhow::Result<()> {
    let services = serve::open(config).await?;
    let found = event_log::verify(&services).await.map_err(message)?;
    services.store.close().await;
    println!("{} events under {} seals hold; {} are too young to be sealed", found.events, found.seals, found.unsealed);
    match found.wrong {
        Some(wrong) => bail!("the event log was tampered with: {wrong}"),
        None => Ok(()),
    }
}
