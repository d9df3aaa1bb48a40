//! Changing all keys while servers run: a new master key, new data keys, and everything that is sealed sealed anew.
//!
//! The new master key stands before the old one in the file of keys, which servers read again when something does not open. Then, in an
//! order in which every server can open everything at any moment:
//!
//! 1. It is noted in the database that a rotation is under way, and to which key. All servers that run say that they have it.
//! 2. The canary, and with it what starts from now on, asks for the new key; data keys are wrapped by it.
//! 3. Each owner gets a new data key. The one before only opens. All servers say that they seal with the new ones.
//! 4. What the earlier ones have sealed is sealed anew, value by value, unless somebody writes another one in between.
//!
//! Each step finds for itself what is left to do: killed anywhere and begun again, it goes on. Earlier data keys stay, wrapped by the new
//! master key, for what a server may have sealed with them at the last moment or has in its journal.

use super::{About, Result, Services};
use crate::domain::{Code, Error, Timestamp};
use crate::store::{self, Conn, installation, nodes, sealed};
use crate::vault::{MasterKey, Place};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often a server says that it is there, at least.
pub const REPORT_EVERY: Duration = Duration::from_secs(30);
/// How long ago a server may have said so that is waited for.
const LIVE_SECONDS: i64 = 75;
/// How long servers are waited for: longer than one that was killed is taken for living.
const PATIENCE: Duration = Duration::from_secs(100);
/// Between two looks at them.
const LOOK: Duration = Duration::from_millis(250);
/// Rows of one transaction: few, so that nobody waits for it.
const BATCH: i64 = 50;
/// Between two passes over what is sealed, for what was being sealed at the last moment.
const BREATH: Duration = Duration::from_secs(1);

/// A rotation, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// When it was begun, Unix milliseconds.
    pub id: i64,
    /// Id of the master key that it leads to.
    pub master: String,
}

/// What a rotation did, this time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// New data keys.
    pub data_keys: i64,
    /// Values that were sealed anew.
    pub values: i64,
    /// Values that do not open with any key, and were left alone.
    pub unreadable: i64,
}

/// The rotation that is under way, if there is one.
pub async fn under_way(conn: &mut Conn) -> Result<Option<Rotation>> {
    read(installation::find(conn, installation::ROTATION).await?)
}

/// As it is noted.
pub fn read(noted: Option<String>) -> Result<Option<Rotation>> {
    noted.map(|noted| serde_json::from_str(&noted).map_err(|_| Error::internal())).transpose()
}

/// Changes everything to `master`, the first of the vault's, or goes on with that. What it does is told to `tell`. Afterwards the old master
/// key is not needed any more but for backups; [`finish`] ends the rotation.
pub async fn run(services: &Services, master: &MasterKey, tell: &(dyn Fn(String) + Sync)) -> Result<Rotated> {
    let rotation = begin(services, master).await?;
    wait_for_nodes(services, "the new master key", tell, |node| node.has_master >= rotation.id).await?;
    installation::set(&mut *services.store.conn().await?, installation::CANARY, &services.vault.make_canary(services.entropy.as_ref())).await?;
    rewrap(services, master).await?;
    let mut rotated = Rotated { data_keys: succeed(services, &rotation, master).await?, ..Rotated::default() };
    installation::set(&mut *services.store.conn().await?, installation::KEYS_VERSION, &rotation.id.to_string()).await?;
    wait_for_nodes(services, "the new data keys", tell, |node| node.has_keys >= rotation.id).await?;
    let mut quiet = 0;
    while quiet < 2 {
        if quiet > 0 {
            tokio::time::sleep(BREATH).await;
        }
        let (values, unreadable) = reseal(services).await?;
        rotated.values += values;
        rotated.unreadable = unreadable;
        quiet = if values == 0 || quiet > 0 { quiet + 1 } else { 0 };
    }
    // Of workspaces that a server made while it had the old key only.
    rewrap(services, master).await?;
    Ok(rotated)
}

/// Notes that the rotation is over.
pub async fn finish(services: &Services, rotated: Rotated) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    installation::remove(&mut tx, installation::ROTATION).await?;
    let data = serde_json::json!({ "dataKeys": rotated.data_keys, "values": rotated.values });
    services.record(&mut tx, "keys.rotated", "system", About::default(), data).await?;
    services.commit(tx).await
}

async fn begin(services: &Services, master: &MasterKey) -> Result<Rotation> {
    let mut conn = services.store.conn().await?;
    let wanted = Rotation { id: services.now().0, master: master.id().to_owned() };
    let noted = installation::set_once(&mut conn, installation::ROTATION, &store::to_json(&wanted)).await?;
    let rotation = read(Some(noted))?.ok_or_else(Error::internal)?;
    if rotation.master != wanted.master {
        return Err(Error::new(Code::PreconditionFailed, "A rotation to another key has been begun and is not finished")
            .suggest("Put that key first in the file of keys again, and run this once more"));
    }
    Ok(rotation)
}

/// Waits until all servers that run say that they have `what`.
async fn wait_for_nodes(services: &Services, what: &str, tell: &(dyn Fn(String) + Sync), has: impl Fn(&nodes::Node) -> bool) -> Result<()> {
    let begun = tokio::time::Instant::now();
    let mut told = String::new();
    loop {
        let since = services.now().plus_seconds(-LIVE_SECONDS);
        let live = nodes::since(&mut *services.store.conn().await?, since).await?;
        let lagging: Vec<_> = live.iter().filter(|node| !has(node)).map(|node| node.host.as_str()).collect();
        if lagging.is_empty() {
            return Ok(());
        }
        let lagging = lagging.join(", ");
        if begun.elapsed() > PATIENCE {
            return Err(Error::new(Code::PreconditionFailed, format!("These servers do not have {what}: {lagging}")).suggest(
                "Give each the file of keys, with both keys in it, and run this once more: it goes on where it stopped. Meanwhile both keys are needed",
            ));
        }
        if told != lagging && begun.elapsed() > Duration::from_secs(5) {
            tell(format!("waiting for servers to have {what}: {lagging}"));
            told = lagging;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Has all data keys wrapped by `master`.
async fn rewrap(services: &Services, master: &MasterKey) -> Result<()> {
    let mut after = String::new();
    loop {
        let mut tx = services.store.begin_write().await?;
        let keys = store::data_keys::list(&mut tx, &after, BATCH).await?;
        let Some(last) = keys.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for key in &keys {
            let rewrapped = services.vault.rewrap(key, master, services.entropy.as_ref()).map_err(|_| {
                Error::new(Code::PreconditionFailed, format!("The data key {} of {} does not open with any of the master keys", key.id, key.owner))
                    .suggest("Put the master key that it was made with behind the others in the file of keys, and run this once more")
            })?;
            if let Some(rewrapped) = rewrapped {
                store::data_keys::rewrap(&mut tx, &rewrapped).await?;
            }
        }
        tx.commit().await?;
    }
}

/// Gives each owner a new data key; how many.
async fn succeed(services: &Services, rotation: &Rotation, master: &MasterKey) -> Result<i64> {
    let mut made = 0;
    loop {
        let mut tx = services.store.begin_write().await?;
        let present = store::data_keys::older_than(&mut tx, rotation.id, BATCH).await?;
        if present.is_empty() {
            return Ok(made);
        }
        for key in &present {
            services.learn_keys(&mut tx, &key.owner).await?;
            let next = services.vault.create_successor(master, services.new_data_key_id(), &key.owner, services.entropy.as_ref())?;
            made += i64::from(store::data_keys::succeed(&mut tx, &key.id, &next, rotation.id, services.now()).await?);
        }
        tx.commit().await?;
        let mut conn = services.store.conn().await?;
        for key in &present {
            services.learn_keys(&mut conn, &key.owner).await?;
        }
    }
}

/// Seals anew what earlier data keys have sealed: how many values, and how many of them do not open.
async fn reseal(services: &Services) -> Result<(i64, i64)> {
    let (mut done, mut unreadable) = (0, 0);
    for column in sealed::COLUMNS {
        let mut after = String::new();
        loop {
            let stale = column.stale(&mut *services.store.conn().await?, &after, BATCH).await?;
            let Some(last) = stale.last() else { break };
            after.clone_from(&last.id);
            let mut tx = services.store.begin_write().await?;
            for value in &stale {
                let owner = value.workspace.as_deref().unwrap_or(services.org.as_str());
                let place = Place { table: column.table, column: column.column, row: &value.id };
                services.ensure_key(&mut tx, owner).await?;
                match services.vault.open(owner, place, &value.sealed) {
                    Ok(plain) => {
                        let sealed = services.vault.seal(owner, place, &plain, services.entropy.as_ref())?;
                        done += i64::from(column.replace(&mut tx, value, sealed).await?);
                    }
                    Err(error) => {
                        unreadable += 1;
                        tracing::warn!(table = column.table, column = column.column, row = value.id, %error, "a sealed value does not open; it is left as it is");
                    }
                }
            }
            tx.commit().await?;
        }
    }
    Ok((done, unreadable))
}

/// What a server does while it runs, so that keys can be changed under it.
pub struct Follower {
    node: nodes::Node,
    reported: Option<tokio::time::Instant>,
}

impl Follower {
    /// Of a server on this machine.
    pub fn new(services: &Services, host: String) -> Self {
        Self { node: nodes::Node { id: format!("node_{:032x}", services.new_id_bits()), host, has_master: 0, has_keys: 0 }, reported: None }
    }

    /// Looks whether keys are being changed, takes the new ones, and says so.
    pub async fn step(&mut self, services: &Services) -> Result<()> {
        let mut conn = services.store.conn().await?;
        let facts = installation::all(&mut conn).await?;
        let before = self.node.clone();
        if let Some(rotation) = read(facts.get(installation::ROTATION).cloned())?
            && rotation.id > self.node.has_master
        {
            let has = |services: &Services| services.vault.masters().iter().any(|master| master.id() == rotation.master);
            if has(services) || (services.vault.reload_masters() && has(services)) {
                self.node.has_master = rotation.id;
            }
        }
        let version = facts.get(installation::KEYS_VERSION).and_then(|version| version.parse().ok()).unwrap_or(0);
        if version > self.node.has_keys {
            for owner in services.vault.owners() {
                services.learn_keys(&mut conn, &owner).await?;
            }
            self.node.has_keys = version;
        }
        services.hold.set_restored(facts.get(installation::RESTORED_AT).and_then(|at| at.parse().ok()).map(Timestamp));
        if self.node != before || self.reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            nodes::report(&mut conn, &self.node, services.now()).await?;
            self.reported = Some(tokio::time::Instant::now());
        }
        Ok(())
    }

    /// Whether this server has the master key of the rotation that is under way, if one is. A server must not start without it.
    pub async fn is_ready(&self, services: &Services) -> Result<bool> {
        let rotation = under_way(&mut *services.store.conn().await?).await?;
        Ok(rotation.is_none_or(|rotation| self.node.has_master >= rotation.id))
    }

    /// The server ends.
    pub async fn leave(self, services: &Services) {
        let left = async { nodes::remove(&mut *services.store.conn().await?, &self.node.id).await };
        if let Err(error) = left.await {
            tracing::warn!(%error, "this server could not take its name off the list; it goes by itself");
        }
    }
}
