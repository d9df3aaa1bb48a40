//! Keyed fingerprints: they tell whether two texts are equal and nothing else, not even to whoever guesses one of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// HMAC-SHA256 with a key of its own, derived from a data key.
pub(super) struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Of a data key.
    pub fn derive(data_key: &[u8; 32]) -> Self {
        let derived = Zeroizing::new(<[u8; 32]>::from(Sha256::new_with_prefix(b"keyloom fingerprint key v1").chain_update(data_key).finalize()));
        Self(Hmac::new_from_slice(derived.as_ref()).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")))
    }

    /// Of `parts`, each with its length before it, so that moving a border between two of them changes it.
    pub fn of(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}
