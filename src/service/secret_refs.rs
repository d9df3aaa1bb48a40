//! Client secrets that stay where the operator keeps them: `env:NAME` and `file:/path`. What is stored is the reference; the secret is
//! read each time it is used, so that one that is replaced there is replaced here.
//!
//! A reference names something of the server's, which those who use the API or the dashboard must not read. So none works unless the
//! operator's setting allows it; only who may act for the whole organisation may give one, or change an app that has one; it is never
//! sent to the addresses of a custom integration (`oauth_apps.rs`); and Keyloom's own settings, keys and data are out of reach whatever
//! the setting says.

use super::Result;
use crate::domain::{Code, Error};
use crate::vault::Secret;
use anyhow::bail;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Largest file that is read.
const LARGEST: u64 = 64 * 1024;
/// Longest reference.
const LONGEST: usize = 500;
/// Our own settings: master key, database password, …
const OWN_SETTINGS: &str = "KEYLOOM_";
/// What the kernel shows as files: `/proc/self/environ` is the whole environment.
const NO_FILES: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// Variable of the server's environment.
    Env(String),
    /// File that the server can read.
    File(PathBuf),
}

impl SecretRef {
    /// The reference that `text` is. Nothing where it is a secret itself; an error where it can be neither.
    pub fn parse(text: &str) -> Option<Result<Self, &'static str>> {
        if let Some(name) = text.strip_prefix("env:") {
            let fits = !name.starts_with(|c: char| c.is_ascii_digit()) && name.len() <= LONGEST && is_name(name) && !name.is_empty();
            return Some(if fits { Ok(Self::Env(name.to_owned())) } else { Err("env: is followed by the name of a variable: env:ACME_CLIENT_SECRET") });
        }
        let path = text.strip_prefix("file:")?;
        let fits = path.len() <= LONGEST && !path.chars().any(char::is_control) && is_plain(Path::new(path));
        Some(if fits { Ok(Self::File(path.into())) } else { Err("file: is followed by an absolute path without . and ..: file:/run/secrets/acme") })
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Absolute, and nothing in it that leads up.
fn is_plain(path: &Path) -> bool {
    path.is_absolute() && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_))) && !path.to_string_lossy().contains("/./")
}

/// One entry of the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    /// `env:ACME_SECRET`
    Name(String),
    /// `env:OAUTH_*`
    Names(String),
    /// `file:/run/secrets/acme`
    File(PathBuf),
    /// `file:/run/secrets/*`
    Folder(PathBuf),
}

impl Allowed {
    fn parse(entry: &str) -> anyhow::Result<Self> {
        let (pattern, all) = entry.strip_suffix('*').map_or((entry, false), |pattern| (pattern, true));
        if let Some(name) = pattern.strip_prefix("env:") {
            if name.is_empty() {
                bail!("KEYLOOM_SECRET_REFS: {entry:?} would allow the whole environment: name a variable, or the beginning of names (env:OAUTH_*)");
            }
            if !is_name(name) || name.starts_with(OWN_SETTINGS) {
                bail!("KEYLOOM_SECRET_REFS: {entry:?} is not the name of a variable that may be used ({OWN_SETTINGS}… are Keyloom's own)");
            }
            return Ok(if all { Self::Names(name.to_owned()) } else { Self::Name(name.to_owned()) });
        }
        let path = pattern.strip_prefix("file:").map(|path| Path::new(if all { path.strip_suffix('/').unwrap_or_default() } else { path }));
        match path.filter(|path| is_plain(path) && path.parent().is_some()) {
            Some(path) if NO_FILES.iter().any(|folder| path.starts_with(folder)) => bail!("KEYLOOM_SECRET_REFS: {entry:?} is no place for secrets"),
            Some(path) => Ok(if all { Self::Folder(path.to_owned()) } else { Self::File(path.to_owned()) }),
            None => bail!("KEYLOOM_SECRET_REFS: {entry:?} is none of env:NAME, env:BEGINNING_*, file:/path, file:/folder/*"),
        }
    }

    fn allows(&self, reference: &SecretRef) -> bool {
        match (self, reference) {
            (Self::Name(allowed), SecretRef::Env(name)) => name == allowed,
            (Self::Names(beginning), SecretRef::Env(name)) => name.starts_with(beginning.as_str()),
            (Self::File(allowed), SecretRef::File(path)) => path == allowed,
            (Self::Folder(folder), SecretRef::File(path)) => path.starts_with(folder) && path != folder,
            _ => false,
        }
    }
}

/// Why a reference gives no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefError {
    /// The operator's setting does not allow it.
    #[error("{0} is not among the references that the operator allows")]
    NotAllowed(String),
    /// There is none.
    #[error("the server's environment has no variable {0}")]
    NoVariable(String),
    /// It cannot be read, and why.
    #[error("the file {0} {1}")]
    NoFile(String, &'static str),
    /// Nothing but space in it.
    #[error("{0} is empty")]
    Empty(String),
    /// Line breaks and the like.
    #[error("{0} holds control characters in the middle: it must hold the secret and nothing else")]
    Malformed(String),
}

impl RefError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "The operator allows references with KEYLOOM_SECRET_REFS. Or give the secret itself: it is stored encrypted",
            Self::NoVariable(_) => "Set it where the server is started, and start the server again. Or give the app another secret",
            Self::NoFile(..) | Self::Empty(_) | Self::Malformed(_) => "Put the secret into that place, readable for the server. Or give the app another secret",
        }
    }
}

/// The references that the operator allows. Cheap to clone.
#[derive(Clone, Default)]
pub struct SecretRefs {
    allowed: Arc<[Allowed]>,
    /// Files and folders that hold keys and data of ours.
    private: Arc<[PathBuf]>,
}

impl SecretRefs {
    /// Checks the setting. Nothing in or below `private` can be read.
    pub fn new(entries: &[String], private: Vec<PathBuf>) -> anyhow::Result<Self> {
        let allowed = entries.iter().map(|entry| Allowed::parse(entry)).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { allowed: allowed.into(), private: private.into() })
    }

    /// Whether there are any.
    pub fn are_allowed(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Reads the secret that is there now.
    pub async fn read(&self, reference: &SecretRef) -> Result<Secret, RefError> {
        let (this, reference) = (self.clone(), reference.clone());
        let reading = tokio::task::spawn_blocking(move || this.read_from(&reference, |name| std::env::var(name).ok()));
        reading.await.unwrap_or_else(|_| Err(RefError::NoFile(String::new(), "cannot be read")))
    }

    fn read_from(&self, reference: &SecretRef, environment: impl Fn(&str) -> Option<String>) -> Result<Secret, RefError> {
        let rules: Vec<&Allowed> = self.allowed.iter().filter(|allowed| allowed.allows(reference)).collect();
        let own = matches!(reference, SecretRef::Env(name) if name.starts_with(OWN_SETTINGS));
        if rules.is_empty() || own {
            return Err(RefError::NotAllowed(reference.to_string()));
        }
        let text = match reference {
            SecretRef::Env(name) => environment(name).ok_or_else(|| RefError::NoVariable(name.clone()))?,
            SecretRef::File(path) => self.read_file(path, &rules)?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(RefError::Empty(reference.to_string()));
        }
        if text.chars().any(char::is_control) {
            return Err(RefError::Malformed(reference.to_string()));
        }
        Ok(Secret::new(text))
    }

    /// The file's text. Where a folder is allowed, a symbolic link in it leads nowhere else.
    fn read_file(&self, path: &Path, rules: &[&Allowed]) -> Result<String, RefError> {
        let failed = |why: &'static str| RefError::NoFile(path.display().to_string(), why);
        let real = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed("does not exist"),
            _ => failed("cannot be read by the server"),
        })?;
        let within = rules.iter().any(|rule| match rule {
            Allowed::File(_) => true,
            Allowed::Folder(folder) => folder.canonicalize().is_ok_and(|folder| real.starts_with(folder)),
            Allowed::Name(_) | Allowed::Names(_) => false,
        });
        let ours = self.private.iter().filter_map(|private| private.canonicalize().ok()).any(|private| real.starts_with(private));
        if !within || ours || NO_FILES.iter().any(|folder| real.starts_with(folder)) {
            return Err(RefError::NotAllowed(format!("file:{}", path.display())));
        }
        match std::fs::metadata(&real) {
            Ok(metadata) if !metadata.is_file() => Err(failed("is not a file")),
            Ok(metadata) if metadata.len() > LARGEST => Err(failed("is too large for a secret")),
            _ => std::fs::read_to_string(&real).map_err(|_| failed("cannot be read by the server")),
        }
    }
}

/// What a caller is told whose call needs the secret of `service`'s OAuth app.
pub fn unusable(service: &str, error: &RefError) -> Error {
    Error::new(Code::NoOAuthApp, format!("The client secret of {service}'s OAuth app cannot be read: {error}")).suggest(error.remedy())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn refs(entries: &[&str], private: &[&Path]) -> anyhow::Result<SecretRefs> {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        SecretRefs::new(&entries, private.iter().map(|path| path.to_path_buf()).collect())
    }

    fn reference(text: &str) -> SecretRef {
        SecretRef::parse(text).unwrap().unwrap()
    }

    #[test]
    fn references_are_told_from_secrets() {
        for secret in ["s3cret", "environment", "ENV:X", "files:/x", "GOCSPX-env:x", ""] {
            assert!(SecretRef::parse(secret).is_none(), "{secret}");
        }
        for good in ["env:ACME_SECRET", "env:_x1", "file:/run/secrets/acme", "file:/a b/ü"] {
            assert_eq!(reference(good).to_string(), good);
        }
        for bad in [
            "env:",
            "env:1X",
            "env:A B",
            "env:A=B",
            "env:A*",
            "env:Ä",
            "file:",
            "file:x",
            "file:./x",
            "file:/a/../b",
            "file:/a/./b",
            "file:/a\nb",
            "file://../x",
        ] {
            assert!(SecretRef::parse(bad).unwrap().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_that_allows_too_much_stops_the_start() {
        for bad in [
            "env:*",
            "env:",
            "env:KEYLOOM_*",
            "env:KEYLOOM_ENCRYPTION_KEY",
            "env:A-B",
            "file:*",
            "file:/*",
            "file:/",
            "file:x",
            "file:/a/../*",
            "file:/proc/*",
            "file:/proc/self/environ",
            "/run/secrets",
            "",
            "*",
        ] {
            assert!(refs(&[bad], &[]).is_err(), "{bad}");
        }
        assert!(refs(&["env:OAUTH_*", "env:ACME", "file:/run/secrets/*", "file:/etc/acme"], &[]).is_ok());
        assert!(!refs(&[], &[]).unwrap().are_allowed());
    }

    #[test]
    fn variables_are_those_that_are_allowed() {
        let environment = |name: &str| (!name.contains("UNSET")).then(|| if name.ends_with("EMPTY") { " \n".to_owned() } else { format!("value of {name}\n") });
        let refs = refs(&["env:OAUTH_*", "env:ACME", "env:K*"], &[]).unwrap();
        let read = |text: &str| refs.read_from(&reference(text), environment).map(|secret| secret.expose().to_owned());
        for name in ["OAUTH_X", "ACME", "KX"] {
            assert_eq!(read(&format!("env:{name}")).unwrap(), format!("value of {name}"));
        }
        // Ours are never read, whatever the setting says.
        for name in ["PATH", "ACME_2", "XOAUTH_", "oauth_x", "KEYLOOM_ENCRYPTION_KEY", "KEYLOOM_DATABASE_URL"] {
            assert_eq!(read(&format!("env:{name}")), Err(RefError::NotAllowed(format!("env:{name}"))));
        }
        assert_eq!(read("env:OAUTH_UNSET"), Err(RefError::NoVariable("OAUTH_UNSET".to_owned())));
        assert_eq!(read("env:OAUTH_EMPTY"), Err(RefError::Empty("env:OAUTH_EMPTY".to_owned())));
        // What is not allowed is not told from what is not there.
        assert_eq!(read("env:UNSET"), Err(RefError::NotAllowed("env:UNSET".to_owned())));
    }

    #[test]
    fn files_are_those_that_are_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("secrets/data")).unwrap();
        std::fs::create_dir_all(at("secrets/keyloom")).unwrap();
        for (name, text) in [
            ("secrets/acme", "s3cret\r\n"),
            ("secrets/two", "a\nb"),
            ("secrets/large", &"x".repeat(65_537)),
            ("secrets/keyloom/encryption.key", "k"),
            ("outside", "o"),
            ("secrets/data/real", "r"),
        ] {
            std::fs::write(at(name), text).unwrap();
        }
        for (to, link) in
            [("../outside", "secrets/out"), ("data/real", "secrets/in"), ("keyloom/encryption.key", "secrets/key"), ("/proc/self/environ", "secrets/environ")]
        {
            std::os::unix::fs::symlink(to, at(link)).unwrap();
        }
        std::os::unix::fs::symlink("secrets/acme", at("named")).unwrap();
        let entries = [format!("file:{}/*", at("secrets").display()), format!("file:{}", at("named").display())];
        let refs = refs(&[&entries[0], &entries[1]], &[&at("secrets/keyloom")]).unwrap();
        let read = |name: &str| refs.read_from(&SecretRef::File(at(name)), |_| None).map(|secret| secret.expose().to_owned());
        for (name, secret) in [("secrets/acme", "s3cret"), ("secrets/in", "r"), ("named", "s3cret")] {
            assert_eq!(read(name).unwrap(), secret, "{name}");
        }
        for name in ["outside", "secrets", "secrets/out", "secrets/key", "secrets/keyloom/encryption.key", "secrets/environ"] {
            assert!(matches!(read(name), Err(RefError::NotAllowed(_))), "{name}: {:?}", read(name));
        }
        assert!(matches!(read("secrets/nothing"), Err(RefError::NoFile(_, "does not exist"))));
        assert!(matches!(read("secrets/data"), Err(RefError::NoFile(_, "is not a file"))));
        assert!(matches!(read("secrets/large"), Err(RefError::NoFile(_, "is too large for a secret"))));
        assert!(matches!(read("secrets/two"), Err(RefError::Malformed(_))));
        // It is read when it is used.
        std::fs::write(at("secrets/acme"), "replaced").unwrap();
        assert_eq!(read("secrets/acme").unwrap(), "replaced");
    }
}
