//! The only place that sees keys, and the only one that turns ciphertext into plaintext.
//!
//! Envelope encryption: the master key wraps a data key per workspace and one for the organisation; data keys seal values.
//! XChaCha20-Poly1305 throughout, random 192-bit nonces (safe for more values than any database holds). A sealed value is
//! `v1.{data key id}.{nonce}.{ciphertext}` and is bound by associated data to the table, column, owner and row it belongs to,
//! so that rows, columns and tenants cannot be swapped. The short plaintexts are padded to 32 bytes.

mod credential;
mod mac;
mod master;
mod secret;
pub mod token;
pub mod webhook;

pub use credential::{Credential, OAuthTokens};
pub use master::MasterKey;
pub use secret::Secret;

use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use mac::MacKey;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const NONCE_LEN: usize = 24;
const BLOCK: usize = 32;

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
}

struct DataKey {
    id: String,
    cipher: XChaCha20Poly1305,
    mac: MacKey,
}

/// Seals and opens values. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    master: Arc<MasterKey>,
    keys: Arc<RwLock<HashMap<String, Arc<DataKey>>>>,
}

impl Vault {
    /// A vault without data keys; `learn` them from the store.
    pub fn new(master: MasterKey) -> Self {
        Self { master: Arc::new(master), keys: Arc::default() }
    }

    /// A new data key for `owner`, known from now on.
    pub fn create_key(&self, id: String, owner: &str, entropy: &dyn Entropy) -> WrappedKey {
        let mut raw = Zeroizing::new([0_u8; 32]);
        entropy.fill(raw.as_mut());
        let wrapped = encrypt(self.master.cipher(), raw.as_ref(), &wrap_aad(&id, owner), entropy);
        WrappedKey { id, owner: owner.to_owned(), wrapped }
    }

    /// The same data key, wrapped by another master key: how the master key is changed without touching what is sealed.
    pub fn rewrap(&self, key: &WrappedKey, new: &MasterKey, entropy: &dyn Entropy) -> Result<WrappedKey, VaultError> {
        let aad = wrap_aad(&key.id, &key.owner);
        let raw = decrypt(self.master.cipher(), &key.wrapped, &aad)?;
        Ok(WrappedKey { wrapped: encrypt(new.cipher(), &raw, &aad, entropy), ..key.clone() })
    }

    /// Unwraps a stored data key and keeps it.
    pub fn learn(&self, key: &WrappedKey) -> Result<(), VaultError> {
        let raw = decrypt(self.master.cipher(), &key.wrapped, &wrap_aad(&key.id, &key.owner))?;
        let bytes: &[u8; 32] = raw.as_slice().try_into().map_err(|_| VaultError::Malformed)?;
        let data_key = DataKey { id: key.id.clone(), cipher: XChaCha20Poly1305::new(&Key::from(*bytes)), mac: MacKey::derive(bytes) };
        self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(key.owner.clone(), Arc::new(data_key));
        Ok(())
    }

    /// Whether the data key of `owner` is loaded.
    pub fn knows(&self, owner: &str) -> bool {
        self.key(owner).is_ok()
    }

    /// Forgets the data key of `owner`; with its row deleted too, everything it sealed is gone for good.
    pub fn forget(&self, owner: &str) {
        self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(owner);
    }

    /// Seals `plaintext` for `place`, which belongs to `owner`.
    pub fn seal(&self, owner: &str, place: Place<'_>, plaintext: &[u8], entropy: &dyn Entropy) -> Result<String, VaultError> {
        let key = self.key(owner)?;
        let sealed = encrypt(&key.cipher, &pad(plaintext), &value_aad(owner, place), entropy);
        Ok(format!("{VERSION}.{}.{sealed}", key.id))
    }

    /// Opens what `seal` made for the same owner and place.
    pub fn open(&self, owner: &str, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let key = self.key(owner)?;
        let rest = sealed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.')).ok_or(VaultError::Malformed)?;
        let (key_id, body) = rest.split_once('.').ok_or(VaultError::Malformed)?;
        if key_id != key.id {
            return Err(VaultError::Refused);
        }
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
        encrypt(self.master.cookie_cipher(), plaintext, format!("cookie|{name}|{VERSION}").as_bytes(), entropy)
    }

    /// Opens a cookie of ours.
    pub fn open_cookie(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        decrypt(self.master.cookie_cipher(), sealed, format!("cookie|{name}|{VERSION}").as_bytes())
    }

    /// A known text sealed by the master key: kept in the database, it tells a wrong key before anything is served.
    pub fn make_canary(&self, entropy: &dyn Entropy) -> String {
        encrypt(self.master.cipher(), CANARY, b"canary|v1", entropy)
    }

    /// Whether `canary` was made with this master key.
    pub fn check_canary(&self, canary: &str) -> bool {
        decrypt(self.master.cipher(), canary, b"canary|v1").is_ok_and(|text| text.as_slice() == CANARY)
    }

    fn key(&self, owner: &str) -> Result<Arc<DataKey>, VaultError> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(owner).cloned().ok_or(VaultError::NoKey)
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
        let key = vault.create_key("dk_1".to_owned(), owner, &SystemEntropy);
        vault.learn(&key).unwrap();
        vault
    }

    const PLACE: Place<'_> = Place { table: "connections", column: "secret", row: "conn_1" };

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let vault = vault("ws_1");
        let other = vault.create_key("dk_2".to_owned(), "ws_2", &SystemEntropy);
        vault.learn(&other).unwrap();
        let sealed = vault.seal("ws_1", PLACE, b"s3cret", &SystemEntropy).unwrap();
        assert_eq!(vault.open("ws_1", PLACE, &sealed).unwrap().as_slice(), b"s3cret");
        for place in [Place { row: "conn_2", ..PLACE }, Place { column: "previous_secret", ..PLACE }, Place { table: "oauth_apps", ..PLACE }] {
            assert_eq!(vault.open("ws_1", place, &sealed).unwrap_err(), VaultError::Refused);
        }
        assert_eq!(vault.open("ws_2", PLACE, &sealed).unwrap_err(), VaultError::Refused);
        assert_eq!(vault.open("ws_3", PLACE, &sealed).unwrap_err(), VaultError::NoKey);
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

    #[test]
    fn a_fingerprint_outlives_the_master_key() {
        let (old, new) = (MasterKey::generate(&SystemEntropy), MasterKey::generate(&SystemEntropy));
        let before = Vault::new(old);
        let key = before.create_key("dk_1".to_owned(), "org_1", &SystemEntropy);
        before.learn(&key).unwrap();
        let rewrapped = before.rewrap(&key, &new, &SystemEntropy).unwrap();
        let after = Vault::new(new);
        after.learn(&rewrapped).unwrap();
        assert_eq!(before.fingerprint("org_1", PLACE, &[b"x"]).unwrap(), after.fingerprint("org_1", PLACE, &[b"x"]).unwrap());
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
