//! The master key: from the environment, from a file, or made on first run.

use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::KeyInit;
use chacha20poly1305::{Key, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use std::path::Path;
use zeroize::Zeroizing;

/// 256 bits from which everything else can be opened.
pub struct MasterKey {
    text: Zeroizing<String>,
    cipher: XChaCha20Poly1305,
    cookie_cipher: XChaCha20Poly1305,
}

impl MasterKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        entropy.fill(bytes.as_mut());
        Self::from_bytes(&bytes)
    }

    /// Reads 32 bytes in base64 (either alphabet, padding optional) or in hex.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let from_hex = || -> Option<Vec<u8>> {
            (text.len() == 64 && text.is_ascii()).then_some(())?;
            (0..32).map(|i| u8::from_str_radix(&text[i * 2..i * 2 + 2], 16).ok()).collect()
        };
        let decoded = from_hex().or_else(|| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()).or_else(|| STANDARD.decode(text).ok()).map(Zeroizing::new);
        match decoded.as_ref().map(|bytes| <&[u8; 32]>::try_from(bytes.as_slice())) {
            Some(Ok(bytes)) => Ok(Self::from_bytes(bytes)),
            Some(Err(_)) => anyhow::bail!("the encryption key must be exactly 32 bytes, in base64 or hex (make one with: openssl rand -base64 32)"),
            None => anyhow::bail!("the encryption key is neither base64 nor hex (make one with: openssl rand -base64 32)"),
        }
    }

    /// Writes the key to a new file that only its owner can read.
    pub fn write_new(&self, path: &Path) -> std::io::Result<()> {
        write_private(path, self.text.as_bytes())
    }

    /// The key in `path`; made there, readable by its owner only, when there is none. Tells whether it was made.
    pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<(Self, bool)> {
        use anyhow::Context as _;
        match std::fs::read_to_string(path) {
            Ok(text) => Ok((Self::parse(&text).with_context(|| path.display().to_string())?, false)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self::generate(entropy);
                write_private(path, key.text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
                Ok((key, true))
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let derived = Zeroizing::new(<[u8; 32]>::from(Sha256::new_with_prefix(b"keyloom cookie key v1").chain_update(bytes).finalize()));
        Self {
            text: Zeroizing::new(STANDARD.encode(bytes)),
            cipher: XChaCha20Poly1305::new(&Key::from(*bytes)),
            cookie_cipher: XChaCha20Poly1305::new(&Key::from(*derived)),
        }
    }

    pub(super) fn cipher(&self) -> &XChaCha20Poly1305 {
        &self.cipher
    }

    pub(super) fn cookie_cipher(&self) -> &XChaCha20Poly1305 {
        &self.cookie_cipher
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Writes a new file that only its owner can read, so that at no moment anyone else can.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.sync_all()
}
