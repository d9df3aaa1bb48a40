//! Signatures with what a person entered: shared secrets and private keys, for JWTs (RFC 7518) and signed requests.
//!
//! The only place that reads private keys. ring does the work: TLS has it in the program anyway. What is wrong with a key is told in
//! words that name the remedy, and never hold a part of the key.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};
use zeroize::Zeroizing;

/// Padding or none: people copy both.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Why what was entered cannot sign. Read after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block, or a broken one.
    #[error("is not a private key in PEM form: paste it whole, from -----BEGIN to the end of the -----END line")]
    NotPem,
    /// It has a passphrase.
    #[error("is encrypted: take its passphrase off (openssl pkcs8 -in key.pem -out plain.pem) and paste what comes of it")]
    Encrypted,
    /// The other half, or a certificate.
    #[error("is a public key or a certificate: the private key that belongs to it is needed")]
    NotPrivate,
    /// Another kind of key.
    #[error("is not an RSA key, which this service needs")]
    NotRsa,
    /// Too small or too large.
    #[error("is an RSA key of a size that cannot be used: make one of 2048 to 4096 bits")]
    RsaSize,
    /// Another kind, or another curve.
    #[error("is not a key on the curve P-256 (prime256v1), which this service needs")]
    NotP256,
    /// Not hexadecimal.
    #[error("is not hexadecimal: copy it whole, and nothing else")]
    NotHex,
    /// Nothing.
    #[error("is empty")]
    Empty,
}

/// A key, ready to sign. No `Debug`.
pub enum SigningKey {
    /// HMAC with SHA-256 (HS256).
    Hmac(hmac::Key),
    /// RSA PKCS#1 v1.5 with SHA-256 (RS256).
    Rsa(RsaKeyPair),
    /// ECDSA on P-256 with SHA-256 (ES256).
    Ecdsa(EcdsaKeyPair),
}

impl SigningKey {
    /// A shared secret.
    pub fn hmac(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() { Err(KeyError::Empty) } else { Ok(Self::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret))) }
    }

    /// An RSA key, PKCS#8 or PKCS#1.
    pub fn rsa(text: &str) -> Result<Self, KeyError> {
        let (label, der) = pem(text)?;
        let key = if label == "RSA PRIVATE KEY" { RsaKeyPair::from_der(&der) } else { RsaKeyPair::from_pkcs8(&der) };
        key.map(Self::Rsa).map_err(|error| match error.to_string().as_str() {
            "TooSmall" | "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => KeyError::RsaSize,
            _ => KeyError::NotRsa,
        })
    }

    /// A key on P-256, PKCS#8 or SEC 1.
    pub fn ecdsa_p256(text: &str) -> Result<Self, KeyError> {
        let (label, der) = pem(text)?;
        let der = if label == "EC PRIVATE KEY" { as_pkcs8(&der).ok_or(KeyError::NotP256)? } else { der };
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).map(Self::Ecdsa).map_err(|_| KeyError::NotP256)
    }

    /// Signs. `None` where the key turns out to be unfit, or the system gives no randomness. ECDSA takes its own: ring lets nobody else give it.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ecdsa(key) => Some(key.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec()),
        }
    }

    /// The compact form of a JWT (RFC 7515 §3.1), header and claims being JSON.
    pub fn jwt(&self, header: &str, claims: &str) -> Option<String> {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.sign(signed.as_bytes())?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// HMAC with SHA-1: what OAuth 1.0 calls HMAC-SHA1, and nothing else.
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), message).as_ref().to_vec()
}

/// HMAC with SHA-256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// SHA-256, in hexadecimal.
pub fn sha256_hex(message: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, message).as_ref())
}

/// A secret that is written in hexadecimal.
pub fn from_hex(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    hex::decode(text.trim()).map(Zeroizing::new).map_err(|_| KeyError::NotHex)
}

/// The private key in `text`, and what its block is called. One-line inputs take line breaks out, and JSON writes them as `\n`: both will do.
fn pem(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), KeyError> {
    let (mut rest, mut has_other) = (text, false);
    while let Some((_, block)) = rest.split_once("-----BEGIN ") {
        let (label, body) = block.split_once("-----").ok_or(KeyError::NotPem)?;
        let (body, after) = body.split_once("-----END ").ok_or(KeyError::NotPem)?;
        rest = after;
        if !label.ends_with("PRIVATE KEY") {
            // `openssl ecparam` puts the curve before the key.
            has_other |= label != "EC PARAMETERS";
            continue;
        }
        if label.starts_with("ENCRYPTED") || body.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let body = Zeroizing::new(body.replace("\\r", "").replace("\\n", ""));
        let body: Zeroizing<String> = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        let der = BASE64.decode(body.as_bytes()).map_err(|_| KeyError::NotPem)?;
        return Ok((label, Zeroizing::new(der)));
    }
    Err(if has_other { KeyError::NotPrivate } else { KeyError::NotPem })
}

/// The ECPrivateKey of SEC 1 within PKCS#8 (RFC 5208, RFC 5915), as a key on P-256; if it is of another curve, its reader says so.
fn as_pkcs8(sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // version 0; algorithm ecPublicKey, prime256v1
    const BEFORE: [u8; 24] =
        [0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let element = |tag: u8, content: &[u8]| -> Option<Zeroizing<Vec<u8>>> {
        let length = u8::try_from(content.len()).ok()?;
        let mut whole = Zeroizing::new(if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] });
        whole.extend_from_slice(content);
        Some(whole)
    };
    let mut content = Zeroizing::new(BEFORE.to_vec());
    content.extend_from_slice(&element(0x04, sec1)?);
    element(0x30, &content)
}

#[cfg(test)]
mod tests;
