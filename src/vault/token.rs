//! Bearer tokens: `wvz_` (API key), `cst_` (connect token), `eut_` (portal token), and the bare ones of cookies and states.
//!
//! 256 random bits in base64url and, for those that people copy, a CRC-32 so that a mistyped one is told from an unknown one
//! without a look-up. Only the SHA-256 is stored: with that much entropy nothing slower is needed.

use super::Secret;
use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Prefix of API keys.
pub const API_KEY: &str = "wvz_";
/// Prefix of connect tokens.
pub const CONNECT: &str = "cst_";
/// Prefix of end users' portal tokens.
pub const PORTAL: &str = "eut_";

const RANDOM_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;

/// A new token with `prefix`.
pub fn generate(prefix: &str, entropy: &dyn Entropy) -> Secret {
    let random = random(entropy);
    let check = checksum(random.expose());
    Secret::new(format!("{prefix}{}{check}", random.expose()))
}

/// 256 random bits in base64url: cookies, states, nonces.
pub fn random(entropy: &dyn Entropy) -> Secret {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    entropy.fill(bytes.as_mut());
    Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
}

/// Whether `token` has the prefix, length and checksum of a token of ours. A cheap test before any look-up.
pub fn is_well_formed(prefix: &str, token: &str) -> bool {
    let Some(rest) = token.strip_prefix(prefix) else { return false };
    if rest.len() != RANDOM_CHARS + CHECK_CHARS || !rest.is_ascii() {
        return false;
    }
    let (random, check) = rest.split_at(RANDOM_CHARS);
    checksum(random) == check
}

/// What is stored of a token: SHA-256 in base64url.
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

fn checksum(random: &str) -> String {
    URL_SAFE_NO_PAD.encode(crc32fast::hash(random.as_bytes()).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::entropy::SystemEntropy;

    #[test]
    fn a_token_is_told_from_a_mistyped_one() {
        let token = generate(API_KEY, &SystemEntropy);
        assert!(is_well_formed(API_KEY, token.expose()));
        assert!(!is_well_formed(CONNECT, token.expose()));
        let mistyped = token.expose().replacen(&token.expose()[10..11], "!", 1);
        assert!(!is_well_formed(API_KEY, &mistyped));
        assert!(!is_well_formed(API_KEY, "wvz_é"));
        assert_eq!(format!("{token:?}"), "Secret(…)");
    }
}
