//! The master key: from the environment, from a file, or made on first run.

use crate::server::entropy::Entropy;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::KeyInit;
use chacha20poly1305::{Key, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// 256 bits from which everything else can be opened.
pub struct MasterKey {
    id: String,
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

    /// Names the key without telling anything of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let derived = Zeroizing::new(<[u8; 32]>::from(Sha256::new_with_prefix(b"keyloom cookie key v1").chain_update(bytes).finalize()));
        let name = Sha256::new_with_prefix(b"keyloom master key id v1").chain_update(bytes).finalize();
        Self {
            id: URL_SAFE_NO_PAD.encode(&name[..9]),
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

/// The master keys of an installation: one, or during a rotation the new one and behind it the one before, which only opens.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    pub(super) keys: Vec<Arc<MasterKey>>,
    pub(super) file: Option<PathBuf>,
}

impl From<MasterKey> for MasterKeys {
    fn from(key: MasterKey) -> Self {
        Self { keys: vec![Arc::new(key)], file: None }
    }
}

impl MasterKeys {
    /// Reads one key or several, the one in force first, with commas or white space between them.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let mut keys: Vec<Arc<MasterKey>> = Vec::new();
        for word in words {
            let key = MasterKey::parse(word)?;
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(Arc::new(key));
            }
        }
        if keys.is_empty() {
            anyhow::bail!("there is no encryption key in it (make one with: openssl rand -base64 32)");
        }
        Ok(Self { keys, file: None })
    }

    /// The keys in a file, which is read again when something does not open: `keyloom key rotate` changes it under running servers.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        let text = Zeroizing::new(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?);
        let keys = Self::parse(&text).with_context(|| path.display().to_string())?;
        Ok(Self { file: Some(path.to_owned()), ..keys })
    }

    /// The same; a key is made there, readable by its owner only, when there is no file. Tells whether it was made.
    pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<(Self, bool)> {
        use anyhow::Context as _;
        if path.exists() {
            return Ok((Self::load(path)?, false));
        }
        let key = MasterKey::generate(entropy);
        write_private(path, key.text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        Ok((Self { keys: vec![Arc::new(key)], file: Some(path.to_owned()) }, true))
    }

    /// All of them, the one in force first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<MasterKey>> {
        self.keys.iter()
    }

    /// The file they are from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Puts a new key before the others, in the file first.
    pub fn begin_with(&mut self, key: MasterKey) -> anyhow::Result<()> {
        let mut keys = vec![Arc::new(key)];
        keys.extend(self.keys.iter().cloned());
        self.keys = keys;
        self.save()
    }

    /// Leaves the first key only. The others go into the file's neighbour `….old`, before those that are there.
    pub fn keep_first(&mut self) -> anyhow::Result<()> {
        let Some(path) = self.file.clone() else { return Ok(()) };
        let past = Self { keys: self.keys.split_off(1), file: Some(old_file(&path)) };
        if !past.keys.is_empty() {
            let earlier = Self::load(&old_file(&path)).map(|earlier| earlier.keys).unwrap_or_default();
            let mut all = past.clone();
            all.keys.extend(earlier.into_iter().filter(|key| past.keys.iter().all(|known| known.id != key.id)));
            all.save()?;
        }
        self.save()
    }

    fn save(&self) -> anyhow::Result<()> {
        use anyhow::Context as _;
        let Some(path) = &self.file else { return Ok(()) };
        let text = Zeroizing::new(self.keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>().join("\n"));
        replace_private(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads the file again. What was known stays known, behind what the file says. Tells whether there is a new key.
    pub(super) fn reload(&mut self) -> bool {
        let Some(Ok(read)) = self.file.as_deref().map(Self::load) else { return false };
        let is_new = read.keys.iter().any(|key| self.keys.iter().all(|known| known.id != key.id));
        let before = std::mem::replace(&mut self.keys, read.keys);
        for key in before {
            if self.keys.iter().all(|known| known.id != key.id) {
                self.keys.push(key);
            }
        }
        is_new
    }

    pub(super) fn first(&self) -> &Arc<MasterKey> {
        // Made with at least one, and none is ever taken away from the front.
        &self.keys[0]
    }
}

fn old_file(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.old", path.display()))
}

/// Replaces a file as a whole: a reader sees the old one or the new one, and so does who comes after a power cut.
fn replace_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let staged = PathBuf::from(format!("{}.new", path.display()));
    // Of an attempt that was cut off: it was never in force.
    match std::fs::remove_file(&staged) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_private(&staged, content)?;
    std::fs::rename(&staged, path)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
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
