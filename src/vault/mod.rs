//! The only place that sees keys, and the only one that turns ciphertext into plaintext.
//!
//! Envelope encryption: the master key wraps a data key per workspace and one for the organisation; data keys seal values. While a key is
//! being changed there are two of them, of which the newer one seals and both open (`service/key_rotation.rs`).
//! XChaCha20-Poly1305 throughout, random 192-bit nonces (safe for more values than any database holds). A sealed value is
//! `v1.{data key id}.{nonce}.{ciphertext}` and is bound by associated data to the table, column, owner and row it belongs to,
//! so that rows, columns and tenants cannot be swapped. The short plaintexts are padded to 32 bytes.

mod credential;
mod mac;
mod master;
mod secret;
pub mod signing;
pub mod token;
pub mod webhook;

pub use credential::{Credential, OAuthTokens};
pub use master::{MasterKey, MasterKeys};
pub use secret::Secret;

use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use mac::MacKey;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const NONCE_LEN: usize = 24;
const BLOCK: usize = 32;

/// Everywhere that sealed values are kept. [`Vault::seal`] seals for no other place, so that nothing is sealed which a change of keys
/// would not find: `store/sealed.rs` knows for each column whose data key it is.
pub const PLACES: [(&str, &str); 12] = [
    ("oauth_apps", "client_secret"),
    ("connections", "secret"),
    ("connections", "previous_secret"),
    ("connect_sessions", "props"),
    ("connect_attempts", "secret"),
    ("connect_confirmations", "secret"),
    ("connect_choices", "secret"),
    ("idempotency_keys", "answer"),
    ("webhooks", "secret"),
    ("webhooks", "previous_secret"),
    ("revocations", "secret"),
    JOURNAL,
];

/// The one that is no column: files in the data folder, which go into `connections` and are gone.
pub const JOURNAL: (&str, &str) = ("journal", "entry");

/// What a sealed value belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// Row id.
    pub row: &'a str,
}

/// Why something could not be opened. It never says what was inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Not of the form that `seal` writes.
    #[error("a sealed value is malformed")]
    Malformed,
    /// Altered, moved from where it was sealed, or sealed with another key.
    #[error("a sealed value does not open with this key in this place")]
    Refused,
    /// The data key of that owner has not been loaded.
    #[error("the data key of this owner is not loaded")]
    NoKey,
    /// Not one of [`PLACES`].
    #[error("this place is not one of those that a change of keys would find")]
    Unlisted,
}

/// A data key as it is stored.
#[derive(Debug, Clone)]
pub struct WrappedKey {
    /// Its id, part of every value it seals.
    pub id: String,
    /// `org_…` or `ws_…`
    pub owner: String,
    /// Sealed by the master key.
    pub wrapped: String,
    /// Whether it only opens.
    pub retired: bool,
}

struct DataKey {
    id: String,
    cipher: XChaCha20Poly1305,
    mac: MacKey,
}

/// The data keys of one owner.
struct Owned {
    /// Seals.
    active: Arc<DataKey>,
    /// Opens.
    all: Vec<Arc<DataKey>>,
}

/// Seals and opens values. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    masters: Arc<RwLock<MasterKeys>>,
    keys: Arc<RwLock<HashMap<String, Owned>>>,
}

impl Vault {
    /// A vault without data keys; `learn` them from the store.
    pub fn new(masters: impl Into<MasterKeys>) -> Self {
        Self { masters: Arc::new(RwLock::new(masters.into())), keys: Arc::default() }
    }

    /// The master keys, as they are now.
    pub fn masters(&self) -> MasterKeys {
        self.masters.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the master keys' file again, if they are from one. Tells whether it brought a new key.
    pub fn reload_masters(&self) -> bool {
        self.masters.write().unwrap_or_else(PoisonError::into_inner).reload()
    }

    /// A new data key for `owner`, wrapped by `master`.
    pub fn create_key(&self, master: &MasterKey, id: String, owner: &str, entropy: &dyn Entropy) -> WrappedKey {
        let mut raw = Zeroizing::new([0_u8; 32]);
        entropy.fill(raw.as_mut());
        let wrapped = encrypt(master.cipher(), raw.as_ref(), &wrap_aad(&id, owner), entropy);
        WrappedKey { id, owner: owner.to_owned(), wrapped, retired: false }
    }

    /// A data key to come after the present one of `owner`. It makes the same fingerprints.
    pub fn create_successor(&self, master: &MasterKey, id: String, owner: &str, entropy: &dyn Entropy) -> Result<WrappedKey, VaultError> {
        let mut raw = Zeroizing::new([0_u8; 64]);
        entropy.fill(&mut raw[..32]);
        raw[32..].copy_from_slice(self.key(owner)?.mac.key());
        let wrapped = encrypt(master.cipher(), raw.as_ref(), &wrap_aad(&id, owner), entropy);
        Ok(WrappedKey { id, owner: owner.to_owned(), wrapped, retired: false })
    }

    /// The same data key, wrapped by `master`; nothing if it is so already.
    pub fn rewrap(&self, key: &WrappedKey, master: &MasterKey, entropy: &dyn Entropy) -> Result<Option<WrappedKey>, VaultError> {
        let aad = wrap_aad(&key.id, &key.owner);
        if decrypt(master.cipher(), &key.wrapped, &aad).is_ok() {
            return Ok(None);
        }
        let raw = self.unwrap_key(key)?;
        Ok(Some(WrappedKey { wrapped: encrypt(master.cipher(), &raw, &aad, entropy), ..key.clone() }))
    }

    /// Unwraps the stored data keys of `owner` and keeps them, in place of those that were known.
    pub fn learn(&self, owner: &str, keys: &[WrappedKey]) -> Result<(), VaultError> {
        let mut owned: Option<Owned> = None;
        // The one that seals last: where, for whatever reason, none is active, the newest is.
        let (retired, active): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.retired);
        for key in retired.into_iter().chain(active) {
            let known = Arc::new(self.data_key(key)?);
            let all = owned.take().map(|owned| owned.all).unwrap_or_default();
            owned = Some(Owned { active: Arc::clone(&known), all: all.into_iter().chain([known]).collect() });
        }
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        match owned {
            Some(owned) => known.insert(owner.to_owned(), owned),
            None => known.remove(owner),
        };
        Ok(())
    }

    fn data_key(&self, key: &WrappedKey) -> Result<DataKey, VaultError> {
        let raw = self.unwrap_key(key)?;
        let (bytes, carried) = raw.split_first_chunk::<32>().ok_or(VaultError::Malformed)?;
        let mac = match carried {
            [] => MacKey::derive(bytes),
            carried => MacKey::from_key(carried.try_into().map_err(|_| VaultError::Malformed)?),
        };
        Ok(DataKey { id: key.id.clone(), cipher: XChaCha20Poly1305::new(&Key::from(*bytes)), mac })
    }

    fn unwrap_key(&self, key: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let aad = wrap_aad(&key.id, &key.owner);
        let opened = self.masters().iter().find_map(|master| decrypt(master.cipher(), &key.wrapped, &aad).ok());
        opened.ok_or(VaultError::Refused)
    }

    /// Those whose data keys are loaded.
    pub fn owners(&self) -> Vec<String> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Whether the data key of `owner` is loaded.
    pub fn knows(&self, owner: &str) -> bool {
        self.key(owner).is_ok()
    }

    /// Forgets the data keys of `owner`; with their rows deleted too, everything they sealed is gone for good.
    pub fn forget(&self, owner: &str) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).remove(owner);
    }

    /// Seals `plaintext` for `place`, which belongs to `owner`.
    pub fn seal(&self, owner: &str, place: Place<'_>, plaintext: &[u8], entropy: &dyn Entropy) -> Result<String, VaultError> {
        if !PLACES.contains(&(place.table, place.column)) {
            return Err(VaultError::Unlisted);
        }
        let key = self.key(owner)?;
        let sealed = encrypt(&key.cipher, &pad(plaintext), &value_aad(owner, place), entropy);
        Ok(format!("{VERSION}.{}.{sealed}", key.id))
    }

    /// Opens what `seal` made for the same owner and place.
    pub fn open(&self, owner: &str, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let rest = sealed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.')).ok_or(VaultError::Malformed)?;
        let (key_id, body) = rest.split_once('.').ok_or(VaultError::Malformed)?;
        let key = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.get(owner).and_then(|owned| owned.all.iter().find(|key| key.id == key_id)).cloned().ok_or(VaultError::NoKey)?
        };
        unpad(decrypt(&key.cipher, body, &value_aad(owner, place))?)
    }

    /// A keyed fingerprint of `parts` for `place`: equal for equal parts in the same place, and of no use to whoever has the database alone.
    /// It stays the same when the master key is changed.
    pub fn fingerprint(&self, owner: &str, place: Place<'_>, parts: &[&[u8]]) -> Result<String, VaultError> {
        let context = value_aad(owner, place);
        let parts: Vec<&[u8]> = std::iter::once(context.as_slice()).chain(parts.iter().copied()).collect();
        Ok(self.key(owner)?.mac.of(&parts))
    }

    /// Seals a short-lived value that no row holds: a cookie.
    pub fn seal_cookie(&self, name: &str, plaintext: &[u8], entropy: &dyn Entropy) -> String {
        encrypt(self.masters().first().cookie_cipher(), plaintext, format!("cookie|{name}|{VERSION}").as_bytes(), entropy)
    }

    /// Opens a cookie of ours.
    pub fn open_cookie(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let aad = format!("cookie|{name}|{VERSION}");
        let opened = self.masters().iter().find_map(|master| decrypt(master.cookie_cipher(), sealed, aad.as_bytes()).ok());
        opened.ok_or(VaultError::Refused)
    }

    /// A known text sealed by the master key: kept in the database, it tells a wrong key before anything is served.
    pub fn make_canary(&self, entropy: &dyn Entropy) -> String {
        encrypt(self.masters().first().cipher(), CANARY, b"canary|v1", entropy)
    }

    /// Whether `canary` was made with one of our master keys.
    pub fn check_canary(&self, canary: &str) -> bool {
        self.master_of(canary).is_some()
    }

    /// The master key that `canary` was made with: the one in force in that database.
    pub fn master_of(&self, canary: &str) -> Option<Arc<MasterKey>> {
        let fits = |master: &&Arc<MasterKey>| decrypt(master.cipher(), canary, b"canary|v1").is_ok_and(|text| text.as_slice() == CANARY);
        self.masters().iter().find(fits).cloned()
    }

    fn key(&self, owner: &str) -> Result<Arc<DataKey>, VaultError> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(owner).map(|owned| Arc::clone(&owned.active)).ok_or(VaultError::NoKey)
    }
}

const CANARY: &[u8] = b"keyloom canary: this key is the right one";

fn wrap_aad(id: &str, owner: &str) -> Vec<u8> {
    format!("data_keys|wrapped|{owner}|{id}|{VERSION}").into_bytes()
}

fn value_aad(owner: &str, place: Place<'_>) -> Vec<u8> {
    format!("{}|{}|{owner}|{}|{VERSION}", place.table, place.column, place.row).into_bytes()
}

fn encrypt(cipher: &XChaCha20Poly1305, plaintext: &[u8], aad: &[u8], entropy: &dyn Entropy) -> String {
    let mut nonce = [0_u8; NONCE_LEN];
    entropy.fill(&mut nonce);
    let ciphertext = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad })
        .unwrap_or_else(|_| unreachable!("XChaCha20-Poly1305 encrypts anything shorter than 256 GiB"));
    format!("{}.{}", URL_SAFE_NO_PAD.encode(nonce), URL_SAFE_NO_PAD.encode(ciphertext))
}

fn decrypt(cipher: &XChaCha20Poly1305, sealed: &str, aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, ciphertext) = sealed.split_once('.').ok_or(VaultError::Malformed)?;
    let nonce = URL_SAFE_NO_PAD.decode(nonce).map_err(|_| VaultError::Malformed)?;
    let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| VaultError::Malformed)?;
    let ciphertext = URL_SAFE_NO_PAD.decode(ciphertext).map_err(|_| VaultError::Malformed)?;
    cipher.decrypt(&XNonce::from(nonce), Payload { msg: &ciphertext, aad }).map(Zeroizing::new).map_err(|_| VaultError::Refused)
}

/// ISO/IEC 7816-4 padding to a multiple of 32 bytes: the length of a short secret does not show.
fn pad(plaintext: &[u8]) -> Zeroizing<Vec<u8>> {
    let padded_len = (plaintext.len() / BLOCK + 1) * BLOCK;
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_len));
    padded.extend_from_slice(plaintext);
    padded.push(0x80);
    padded.resize(padded_len, 0);
    padded
}

fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(VaultError::Malformed)?;
    if padded[end] != 0x80 {
        return Err(VaultError::Malformed);
    }
    padded.truncate(end);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::server::entropy::SystemEntropy;
    use proptest::prelude::*;

    fn vault(owner: &str) -> Vault {
        let vault = Vault::new(MasterKey::generate(&SystemEntropy));
        let key = new_key(&vault, "dk_1", owner);
        vault.learn(owner, &[key]).unwrap();
        vault
    }

    fn new_key(vault: &Vault, id: &str, owner: &str) -> WrappedKey {
        vault.create_key(vault.masters().first(), id.to_owned(), owner, &SystemEntropy)
    }

    const PLACE: Place<'_> = Place { table: "connections", column: "secret", row: "conn_1" };

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let vault = vault("ws_1");
        vault.learn("ws_2", &[new_key(&vault, "dk_2", "ws_2")]).unwrap();
        let sealed = vault.seal("ws_1", PLACE, b"s3cret", &SystemEntropy).unwrap();
        assert_eq!(vault.open("ws_1", PLACE, &sealed).unwrap().as_slice(), b"s3cret");
        for place in [Place { row: "conn_2", ..PLACE }, Place { column: "previous_secret", ..PLACE }, Place { table: "oauth_apps", ..PLACE }] {
            assert_eq!(vault.open("ws_1", place, &sealed).unwrap_err(), VaultError::Refused);
        }
        // The key of another owner is not even tried; one with the same name would not fit.
        assert_eq!(vault.open("ws_2", PLACE, &sealed).unwrap_err(), VaultError::NoKey);
        vault.learn("ws_2", &[new_key(&vault, "dk_1", "ws_2")]).unwrap();
        assert_eq!(vault.open("ws_2", PLACE, &sealed).unwrap_err(), VaultError::Refused);
        assert_eq!(vault.open("ws_3", PLACE, &sealed).unwrap_err(), VaultError::NoKey);
        assert_eq!(vault.seal("ws_1", Place { column: "new_secret", ..PLACE }, b"x", &SystemEntropy).unwrap_err(), VaultError::Unlisted);
    }

    #[test]
    fn a_fingerprint_tells_equal_from_different() {
        let ours = vault("org_1");
        let of = |vault: &Vault, place: Place<'_>, parts: &[&[u8]]| vault.fingerprint("org_1", place, parts).unwrap();
        let first = of(&ours, PLACE, &[b"ab", b"c"]);
        assert_eq!(first, of(&ours, PLACE, &[b"ab", b"c"]));
        assert_ne!(first, of(&ours, PLACE, &[b"a", b"bc"]), "where one part ends matters");
        assert_ne!(first, of(&ours, Place { row: "conn_2", ..PLACE }, &[b"ab", b"c"]), "the place matters");
        assert_ne!(first, of(&vault("org_1"), PLACE, &[b"ab", b"c"]), "the key matters");
        assert_eq!(ours.fingerprint("ws_9", PLACE, &[]).unwrap_err(), VaultError::NoKey);
    }

    /// Before a rotation, in the middle of it, and after it.
    #[test]
    fn both_keys_open_while_they_are_changed() {
        let old = vault("org_1");
        let first = new_key(&old, "dk_1", "org_1");
        old.learn("org_1", std::slice::from_ref(&first)).unwrap();
        let canary = old.make_canary(&SystemEntropy);
        let (sealed, print) = (old.seal("org_1", PLACE, b"s3cret", &SystemEntropy).unwrap(), old.fingerprint("org_1", PLACE, &[b"x"]).unwrap());
        let cookie = old.seal_cookie("c", b"state", &SystemEntropy);

        let mut masters = old.masters();
        masters.begin_with(MasterKey::generate(&SystemEntropy)).unwrap();
        let both = Vault::new(masters.clone());
        assert!(both.check_canary(&canary));
        assert_ne!(both.master_of(&canary).unwrap().id(), masters.first().id());
        let rewrapped = both.rewrap(&first, masters.first(), &SystemEntropy).unwrap().unwrap();
        assert!(both.rewrap(&rewrapped, masters.first(), &SystemEntropy).unwrap().is_none());
        both.learn("org_1", std::slice::from_ref(&first)).unwrap();
        let second = both.create_successor(masters.first(), "dk_2".to_owned(), "org_1", &SystemEntropy).unwrap();
        both.learn("org_1", &[second.clone(), WrappedKey { retired: true, ..rewrapped.clone() }]).unwrap();
        assert_eq!(both.open("org_1", PLACE, &sealed).unwrap().as_slice(), b"s3cret");
        assert_eq!(both.open_cookie("c", &cookie).unwrap().as_slice(), b"state");
        let resealed = both.seal("org_1", PLACE, b"s3cret", &SystemEntropy).unwrap();
        assert!(resealed.starts_with("v1.dk_2."), "{resealed}");

        let new = Vault::new(MasterKeys { keys: vec![Arc::clone(masters.first())], file: None });
        assert!(!new.check_canary(&canary));
        assert_eq!(new.learn("org_1", &[first]).unwrap_err(), VaultError::Refused);
        new.learn("org_1", &[second]).unwrap();
        assert_eq!(new.open("org_1", PLACE, &resealed).unwrap().as_slice(), b"s3cret");
        assert_eq!(new.open("org_1", PLACE, &sealed).unwrap_err(), VaultError::NoKey);
        assert_eq!(new.fingerprint("org_1", PLACE, &[b"x"]).unwrap(), print);
        assert!(new.open_cookie("c", &cookie).is_err());
    }

    #[test]
    fn a_key_file_holds_the_new_key_and_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption.key");
        let (mut masters, made) = MasterKeys::load_or_create(&path, &SystemEntropy).unwrap();
        assert!(made && !MasterKeys::load_or_create(&path, &SystemEntropy).unwrap().1);
        let running = Vault::new(masters.clone());
        let old = masters.first().id().to_owned();
        masters.begin_with(MasterKey::generate(&SystemEntropy)).unwrap();
        assert!(running.reload_masters() && !running.reload_masters());
        assert_eq!(running.masters().iter().map(|key| key.id().to_owned()).collect::<Vec<_>>(), [masters.first().id(), &old]);
        masters.keep_first().unwrap();
        assert_eq!(MasterKeys::load(&path).unwrap().iter().count(), 1);
        assert_eq!(MasterKeys::load(&folder.path().join("encryption.key.old")).unwrap().first().id(), old);
        assert!(!running.reload_masters());
        assert_eq!(running.masters().iter().count(), 2, "a running server forgets nothing");
        masters.begin_with(MasterKey::generate(&SystemEntropy)).unwrap();
        masters.keep_first().unwrap();
        assert_eq!(MasterKeys::load(&folder.path().join("encryption.key.old")).unwrap().iter().count(), 2, "backups may need any of them");
        assert!(MasterKeys::parse(" , ").is_err());
    }

    #[test]
    fn the_canary_tells_a_wrong_key() {
        let right = Vault::new(MasterKey::generate(&SystemEntropy));
        let wrong = Vault::new(MasterKey::generate(&SystemEntropy));
        let canary = right.make_canary(&SystemEntropy);
        assert!(right.check_canary(&canary));
        assert!(!wrong.check_canary(&canary));
    }

    #[test]
    fn the_length_of_a_short_secret_does_not_show() {
        let vault = vault("ws_1");
        let lengths: Vec<_> = ["", "a", "a-longer-secret-of-31-bytes-abc"]
            .iter()
            .map(|secret| vault.seal("ws_1", PLACE, secret.as_bytes(), &SystemEntropy).unwrap().len())
            .collect();
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(secret in proptest::collection::vec(any::<u8>(), 0..200)) {
            let vault = vault("org_1");
            let sealed = vault.seal("org_1", PLACE, &secret, &SystemEntropy).unwrap();
            let opened = vault.open("org_1", PLACE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), secret.as_slice());
        }

        #[test]
        fn one_changed_character_is_an_error_and_never_a_panic(at in 0_usize..200, to in any::<char>()) {
            let vault = vault("org_1");
            let sealed = vault.seal("org_1", PLACE, b"some secret value", &SystemEntropy).unwrap();
            let mut chars: Vec<char> = sealed.chars().collect();
            let at = at % chars.len();
            prop_assume!(chars[at] != to);
            chars[at] = to;
            let changed: String = chars.into_iter().collect();
            prop_assert!(vault.open("org_1", PLACE, &changed).is_err());
        }
    }
}
