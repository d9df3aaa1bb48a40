//! Keyed fingerprints: they tell whether two texts are equal and nothing else, not even to whoever guesses one of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// HMAC-SHA256 with a key of its own, derived from the first data key of its owner. Later ones carry it along: what was fingerprinted
/// before a rotation is recognised after it.
pub(super) struct MacKey {
    mac: Hmac<Sha256>,
    key: Zeroizing<[u8; 32]>,
}

impl MacKey {
    /// Of a data key.
    pub fn derive(data_key: &[u8; 32]) -> Self {
        Self::from_key(&Sha256::new_with_prefix(b"keyloom fingerprint key v1").chain_update(data_key).finalize().into())
    }

    /// As it was carried along.
    pub fn from_key(key: &[u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(key.as_ref()).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        Self { mac, key: Zeroizing::new(*key) }
    }

    /// To carry it along.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Of `parts`, each with its length before it, so that moving a border between two of them changes it.
    pub fn of(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}
