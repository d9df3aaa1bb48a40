//! Use cases: one file per noun, one function per verb. Nothing here knows HTTP or Leptos; REST, dashboard, hosted pages, jobs
//! and command line all call these. Who asks is a right that the function demands as a value (`actor.rs`).

pub mod actions;
pub mod actor;
pub mod api_keys;
pub mod bring_your_own;
pub mod connect;
pub mod connections;
pub mod credentials;
pub mod custom_integrations;
pub mod doctor;
pub mod end_users;
pub mod event_log;
pub mod events;
pub mod expiry;
pub mod form;
pub mod idempotency;
pub mod integrations;
pub mod key_rotation;
pub mod login;
pub mod logos;
pub mod mail;
pub mod members;
pub mod oauth_app_check;
pub mod oauth_apps;
pub mod origin;
pub mod outbox;
pub mod portal;
pub mod read_log;
pub mod refresh;
pub mod resolve;
pub mod revocation;
pub mod secret_refs;
pub mod signals;
pub mod webhook_sender;
pub mod webhooks;
pub mod workspace_integrations;
pub mod workspaces;

pub use actor::{Actor, Owner, Reach, Reader, SecretReader, Writer};

use crate::catalog::Live;
use crate::config::PublicUrl;
use crate::domain::event::Event;
use crate::domain::id::{EventId, OrgId};
use crate::domain::{Error, Timestamp};
use crate::oauth::discovery::Discovery;
use crate::oauth::http::Http;
use crate::oauth::sign::Moment;
use crate::server::entropy::{Clock, Entropy};
use crate::store::{self, Conn, Store, StoreError, Tx};
use crate::vault::{Credential, MasterKey, Place, Vault, VaultError};
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

/// Result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that use cases need. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// Database.
    pub store: Store,
    /// Encryption.
    pub vault: Vault,
    /// Integrations.
    pub catalog: Live,
    /// The way out.
    pub http: Http,
    /// Longest time for an action.
    pub action_limit: std::time::Duration,
    /// Where client secrets may be kept that are not stored here.
    pub secret_refs: secret_refs::SecretRefs,
    /// Issuers' metadata.
    pub discovery: Discovery,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Absolute URLs.
    pub public_url: PublicUrl,
    /// Whether refresh tokens are used.
    pub hold: refresh::Hold,
    /// The organisation.
    pub org: OrgId,
    /// Work that outlives the request which started it; waited for at shutdown.
    pub tasks: TaskTracker,
    /// Wakes long-polls.
    pub signals: signals::Signals,
    /// Wakes those who send messages to webhooks.
    pub outbox: outbox::Wake,
    /// Readings of credentials that are being recorded.
    pub reads: read_log::ReadLog,
    /// Refreshes under way.
    pub refreshes: refresh::Refreshes,
    /// Tokens that the database could not take yet.
    pub journal: refresh::Journal,
    /// Who is alive.
    pub nodes: refresh::Nodes,
    /// Throttles of sign-in.
    pub throttle: login::Throttle,
    /// Mail, where it is set up.
    pub mail: Option<mail::Mail>,
}

impl Services {
    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Now, and a nonce: what goes into a signature beside what is signed.
    pub fn moment(&self) -> Moment {
        let mut random = [0_u8; 16];
        self.entropy.fill(&mut random);
        Moment::new(self.now(), random)
    }

    /// Bits for a new id: UUIDv7, time-ordered.
    pub fn new_id_bits(&self) -> u128 {
        self.id_bits_at(self.now())
    }

    fn id_bits_at(&self, at: Timestamp) -> u128 {
        let mut random = [0_u8; 10];
        self.entropy.fill(&mut random);
        let ms = u64::try_from(at.0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid().as_u128()
    }

    /// Makes sure that the data key of `owner` (an organisation or workspace id) is loaded, making one if there is none.
    pub async fn ensure_key(&self, conn: &mut Conn, owner: &str) -> Result<()> {
        if self.vault.knows(owner) {
            return Ok(());
        }
        if store::data_keys::of_owner(conn, owner).await?.is_empty() {
            // By the master key that is in force in the database: other servers may not have the next one yet.
            let master = self.master_in_force(conn).await?;
            let key = self.vault.create_key(&master, self.new_data_key_id(), owner, self.entropy.as_ref());
            store::data_keys::insert_once(conn, &key, self.now()).await?;
        }
        // Read back: another node may have been first.
        self.learn_keys(conn, owner).await?;
        if self.vault.knows(owner) { Ok(()) } else { Err(Error::internal()) }
    }

    /// The master key that the database is written with; our file of keys is read again if it is not one of those we know.
    pub async fn master_in_force(&self, conn: &mut Conn) -> Result<Arc<MasterKey>> {
        let canary = store::installation::find(conn, store::installation::CANARY).await?.unwrap_or_default();
        if let Some(master) = self.vault.master_of(&canary) {
            return Ok(master);
        }
        self.vault.reload_masters();
        self.vault.master_of(&canary).ok_or_else(|| {
            tracing::error!("the master key has been rotated, and this server does not have the new one: give it that, and restart it");
            Error::internal()
        })
    }

    /// Loads the data keys of `owner` as they are now.
    pub async fn learn_keys(&self, conn: &mut Conn, owner: &str) -> Result<()> {
        let keys = store::data_keys::of_owner(conn, owner).await?;
        match self.vault.learn(owner, &keys) {
            // Wrapped by a master key that has come into our file since we read it.
            Err(VaultError::Refused) if self.vault.reload_masters() => Ok(self.vault.learn(owner, &keys)?),
            outcome => Ok(outcome?),
        }
    }

    /// Opens a sealed value, after loading the data keys of `owner` where the one that it needs is not known yet.
    pub async fn unseal(&self, conn: &mut Conn, owner: &str, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        match self.vault.open(owner, place, sealed) {
            Err(VaultError::NoKey) => {
                self.learn_keys(conn, owner).await?;
                Ok(self.vault.open(owner, place, sealed)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn new_data_key_id(&self) -> String {
        format!("dk_{:032x}", self.new_id_bits())
    }

    /// The owner of the data key for something that belongs to `workspace`, or to the organisation.
    pub fn key_owner<'a>(&'a self, workspace: Option<&'a crate::domain::id::WorkspaceId>) -> &'a str {
        workspace.map_or(self.org.as_str(), crate::domain::id::WorkspaceId::as_str)
    }

    /// A number from 0 up to, and not with, `end`, from the injected randomness; 0 if there is none below it.
    pub fn random_below(&self, end: i64) -> i64 {
        let mut random = [0_u8; 8];
        self.entropy.fill(&mut random);
        let number = i64::from_be_bytes(random) & i64::MAX;
        if end > 0 { number % end } else { 0 }
    }

    /// Seals a connection's credential.
    pub fn seal_credential(&self, owner: &store::connections::Owner, id: &str, column: &str, credential: &Credential) -> Result<String> {
        let place = Place { table: "connections", column, row: id };
        Ok(self.vault.seal(self.key_owner(owner.workspace()), place, &credential.to_bytes(), self.entropy.as_ref())?)
    }

    /// Opens a connection's credential.
    pub async fn open_credential(&self, conn: &mut Conn, connection: &store::connections::StoredConnection) -> Result<Credential> {
        let owner = self.key_owner(connection.owner.workspace());
        let place = Place { table: "connections", column: "secret", row: connection.id.as_str() };
        let plain = self.unseal(conn, owner, place, &connection.secret).await?;
        Credential::from_bytes(&plain).ok_or_else(Error::internal)
    }

    /// Writes an entry of the event log, and with it what webhooks are told of it. Finish the transaction with [`Services::commit`].
    pub async fn record(&self, conn: &mut Conn, kind: &str, actor: &str, about: About<'_>, data: serde_json::Value) -> Result<()> {
        let event = self.note(conn, kind, actor, about, data).await?;
        outbox::enqueue(self, conn, &event).await
    }

    /// Writes an entry of the event log that no webhook is told of.
    pub async fn note(&self, conn: &mut Conn, kind: &str, actor: &str, about: About<'_>, data: serde_json::Value) -> Result<Event> {
        let at = self.now();
        let event = Event {
            // Of the same moment: lists find by time what is ordered by id.
            id: EventId::from_bits(self.id_bits_at(at)),
            kind: kind.to_owned(),
            actor: actor.to_owned(),
            connection_id: about.connection.map(str::to_owned),
            workspace_id: about.workspace.map(str::to_owned),
            data,
            at,
        };
        store::events::append(conn, &event).await?;
        Ok(event)
    }

    /// Commits, and wakes those who send on what was recorded.
    pub async fn commit(&self, tx: Tx) -> Result<()> {
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// Connection.
    pub connection: Option<&'a str>,
    /// Workspace.
    pub workspace: Option<&'a str>,
}

impl<'a> From<&'a store::connections::StoredConnection> for About<'a> {
    fn from(connection: &'a store::connections::StoredConnection) -> Self {
        Self { connection: Some(connection.id.as_str()), workspace: connection.owner.workspace().map(crate::domain::id::WorkspaceId::as_str) }
    }
}

// The unexpected is logged here, once, and leaves as a fixed sentence.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate => Self::new(crate::domain::Code::Duplicate, "It exists already"),
            other => {
                tracing::error!(error = %other, "database");
                Self::internal()
            }
        }
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "vault");
        Self::internal()
    }
}

/// Text from outside: trimmed, not empty, no control characters, not too long.
pub fn text(path: &str, value: &str, longest: usize) -> Result<String> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return Err(Error::required(path));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::field(path, format!("{path} must not contain control characters")));
    }
    if trimmed.chars().count() > longest {
        return Err(Error::field(path, format!("{path} must be at most {longest} characters long")));
    }
    Ok(trimmed.to_owned())
}

/// As [`text`], where nothing given stays nothing.
pub fn optional_text(path: &str, value: Option<&str>, longest: usize) -> Result<Option<String>> {
    value.map(|value| text(path, value, longest)).transpose()
}

/// For members of a PATCH that `null` clears: absent is `None`, null is `Some(None)`.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(Some)
}

/// The customer's own data: an object of at most 16 kB.
pub fn metadata(path: &str, value: Option<serde_json::Map<String, serde_json::Value>>) -> Result<serde_json::Map<String, serde_json::Value>> {
    let map = value.unwrap_or_default();
    if store::to_json(&map).len() > 16 * 1024 {
        return Err(Error::field(path, format!("{path} must be at most 16 kB of JSON")));
    }
    Ok(map)
}
