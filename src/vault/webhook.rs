//! Signatures of webhooks, as the Standard Webhooks specification has them: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in
//! base64, with a key that both sides know as `whsec_` and base64.

use super::Secret;
use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Prefix of secrets.
pub const PREFIX: &str = "whsec_";
/// Bytes of a key; the specification allows 24 to 64.
const KEY_BYTES: usize = 32;

/// A new secret.
pub fn generate(entropy: &dyn Entropy) -> Secret {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    entropy.fill(key.as_mut());
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(key.as_ref())))
}

/// The signature of a message; none if `secret` is not one of ours.
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = Zeroizing::new(STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn signs_as_the_specification_says() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign(&Secret::new("secret"), "id", 0, "{}"), None);
    }
}
