//! Settings: every one is a flag with an environment twin, secrets also as `*_FILE`. Checked once, at start: an unknown
//! `KEYLOOM_*` variable or a contradiction stops it with a sentence.

use crate::vault::Secret;
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// Settings as given. `--help` is their documentation.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Address and port to listen on
    #[arg(long, env = "KEYLOOM_LISTEN", default_value = "127.0.0.1:3000", global = true)]
    listen: SocketAddr,
    /// URL under which browsers and providers reach this server; http only on loopback
    #[arg(long, env = "KEYLOOM_PUBLIC_URL", default_value = "http://localhost:3000", global = true)]
    public_url: String,
    /// Folder for the database file and the generated encryption key
    #[arg(long, env = "KEYLOOM_DATA_DIR", default_value = "./data", global = true)]
    data_dir: PathBuf,
    /// postgres://… or sqlite:path; the default is a SQLite file in the data folder
    #[arg(long, env = "KEYLOOM_DATABASE_URL", global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Master key: 32 bytes in base64 or hex
    #[arg(long, env = "KEYLOOM_ENCRYPTION_KEY", global = true, hide_env_values = true)]
    encryption_key: Option<String>,
    /// File that holds the master key
    #[arg(long, env = "KEYLOOM_ENCRYPTION_KEY_FILE", global = true)]
    encryption_key_file: Option<PathBuf>,
    /// Folder with further integrations (TOML files); they may replace built-in ones
    #[arg(long, env = "KEYLOOM_INTEGRATIONS_DIR", global = true)]
    integrations_dir: Option<PathBuf>,
    /// Where outgoing requests may go: public (anything but private networks) or allowlist (only what is allowed)
    #[arg(long, env = "KEYLOOM_EGRESS_MODE", default_value = "public", global = true)]
    egress_mode: EgressMode,
    /// Exceptions, comma separated: host:port, host, address or CIDR
    #[arg(long, env = "KEYLOOM_EGRESS_ALLOW", value_delimiter = ',', global = true)]
    egress_allow: Vec<String>,
    /// References that client secrets of OAuth apps may be, comma separated: env:NAME, env:BEGINNING_*, file:/path, file:/folder/*
    #[arg(long, env = "KEYLOOM_SECRET_REFS", value_delimiter = ',', global = true)]
    secret_refs: Vec<String>,
    /// on: renew tokens when due; hold: do not use any refresh token (after restoring a backup)
    #[arg(long, env = "KEYLOOM_REFRESH", default_value = "on", global = true)]
    refresh: RefreshMode,
    /// E-mail address of the first admin
    #[arg(long, env = "KEYLOOM_ADMIN_EMAIL", global = true)]
    admin_email: Option<String>,
    /// Password of the first admin
    #[arg(long, env = "KEYLOOM_ADMIN_PASSWORD", global = true, hide_env_values = true)]
    admin_password: Option<String>,
    /// File that holds the password of the first admin
    #[arg(long, env = "KEYLOOM_ADMIN_PASSWORD_FILE", global = true)]
    admin_password_file: Option<PathBuf>,
    /// Proxies (CIDR, comma separated) whose X-Forwarded-For is believed
    #[arg(long, env = "KEYLOOM_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    trusted_proxies: Vec<ipnet::IpNet>,
    /// smtp:// or smtps:// URL for invitations
    #[arg(long, env = "KEYLOOM_SMTP_URL", global = true, hide_env_values = true)]
    smtp_url: Option<String>,
    /// File that holds the mail server's URL
    #[arg(long, env = "KEYLOOM_SMTP_URL_FILE", global = true)]
    smtp_url_file: Option<PathBuf>,
    /// Calls a second of one API key, twice as many at once; 0: no limit
    #[arg(long, env = "KEYLOOM_RATE_LIMIT_KEY", default_value_t = Rates::default().key, value_parser = rate(), global = true)]
    rate_limit_key: u32,
    /// Polls a second with one connect token, twice as many at once; 0: no limit
    #[arg(long, env = "KEYLOOM_RATE_LIMIT_POLL", default_value_t = Rates::default().poll, value_parser = rate(), global = true)]
    rate_limit_poll: u32,
    /// Attempts a minute to sign in to one account, and six times as many from one address; 0: no limit
    #[arg(long, env = "KEYLOOM_RATE_LIMIT_LOGIN", default_value_t = Rates::default().login, value_parser = rate(), global = true)]
    rate_limit_login: u32,
    /// Log filter, as in RUST_LOG: info, keyloom=debug
    #[arg(long, env = "KEYLOOM_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Bearer that may read /metrics from elsewhere than loopback
    #[arg(long, env = "KEYLOOM_METRICS_TOKEN", global = true, hide_env_values = true)]
    metrics_token: Option<String>,
    /// File that holds the metrics bearer
    #[arg(long, env = "KEYLOOM_METRICS_TOKEN_FILE", global = true)]
    metrics_token_file: Option<PathBuf>,
}

/// Where outgoing requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EgressMode {
    /// Anything but private networks.
    Public,
    /// Only what is allowed.
    Allowlist,
}

/// Whether refresh tokens are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RefreshMode {
    /// When due.
    On,
    /// Not at all.
    Hold,
}

/// Rate limits; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Calls a second of one API key.
    pub key: u32,
    /// Polls a second with one connect token.
    pub poll: u32,
    /// Attempts a minute to sign in to one account.
    pub login: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { key: 600, poll: 5, login: 5 }
    }
}

/// More than this is no limit.
const HIGHEST_RATE: i64 = 1_000_000;

fn rate() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=HIGHEST_RATE)
}

/// An OAuth app given by environment variables.
#[derive(Debug, Clone)]
pub struct PlatformApp {
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// RFC 6749 `client_secret`.
    pub client_secret: Option<Secret>,
}

/// Settings as checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the outside reaches us.
    pub public_url: PublicUrl,
    /// Folder for what is kept.
    pub data_dir: PathBuf,
    /// Database.
    pub database_url: String,
    /// Master key, if given.
    pub encryption_key: Option<Secret>,
    /// File of the master key: named, or the default one in the data folder.
    pub encryption_key_file: Option<PathBuf>,
    /// Further integrations.
    pub integrations_dir: Option<PathBuf>,
    /// Where outgoing requests may go.
    pub egress_mode: EgressMode,
    /// Exceptions.
    pub egress_allow: Vec<String>,
    /// References that client secrets may be.
    pub secret_refs: Vec<String>,
    /// Whether refresh tokens are used.
    pub refresh: RefreshMode,
    /// First admin.
    pub admin: Option<(String, Secret)>,
    /// Believed proxies.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Platform apps by integration.
    pub platform_apps: BTreeMap<String, PlatformApp>,
    /// Mail server, with its password.
    pub smtp_url: Option<Secret>,
    /// Bearer for /metrics.
    pub metrics_token: Option<Secret>,
    /// Rate limits.
    pub rates: Rates,
}

/// The public URL, the only source of absolute URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
    secure: bool,
}

impl PublicUrl {
    /// Checks and keeps the origin of `text`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let url = Url::parse(text).with_context(|| format!("KEYLOOM_PUBLIC_URL: {text:?} is not a URL"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            bail!("KEYLOOM_PUBLIC_URL must be scheme, host and port only, without a path: {text:?}");
        }
        let loopback = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]";
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => bail!(
                "KEYLOOM_PUBLIC_URL is http://{host}: credentials would cross the network in the clear. Use https (a TLS proxy in front), or a loopback name for trying it out"
            ),
            other => bail!("KEYLOOM_PUBLIC_URL must be https (or http on loopback), not {other}"),
        }
        let host_and_port = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Ok(Self { origin: url.origin().ascii_serialization(), host: host_and_port, secure: url.scheme() == "https" })
    }

    /// `https://connect.example.com`
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `connect.example.com`, with the port where it is not the scheme's.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The absolute URL of a path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Options {
    /// Leaves out the first admin: the command line adds one itself.
    pub fn forget_admin(&mut self) {
        self.admin_email = None;
        self.admin_password = None;
        self.admin_password_file = None;
    }

    /// Checks the settings together with the environment they came from.
    pub fn check(self, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Config> {
        let platform_apps = read_environment(environment)?;
        let public_url = PublicUrl::parse(&self.public_url)?;
        if self.encryption_key.is_some() && self.encryption_key_file.is_some() {
            bail!("give KEYLOOM_ENCRYPTION_KEY or KEYLOOM_ENCRYPTION_KEY_FILE, not both");
        }
        let database_url = self.database_url.unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("keyloom.db").display()));
        let postgres = database_url.starts_with("postgres://") || database_url.starts_with("postgresql://");
        if !postgres && !database_url.starts_with("sqlite:") {
            bail!("KEYLOOM_DATABASE_URL must start with postgres:// or sqlite:");
        }
        if postgres && self.encryption_key.is_none() && self.encryption_key_file.is_none() {
            bail!(
                "with PostgreSQL the master key must be given: set KEYLOOM_ENCRYPTION_KEY or KEYLOOM_ENCRYPTION_KEY_FILE (make a key with: openssl rand -base64 32)"
            );
        }
        let admin_password = secret_or_file("KEYLOOM_ADMIN_PASSWORD", self.admin_password, self.admin_password_file)?;
        let admin = match (self.admin_email, admin_password) {
            (Some(email), Some(password)) => Some((email, password)),
            (Some(_), None) => bail!("KEYLOOM_ADMIN_EMAIL needs KEYLOOM_ADMIN_PASSWORD (or _FILE)"),
            (None, _) => None,
        };
        Ok(Config {
            listen: self.listen,
            public_url,
            database_url: if postgres || database_url.contains('?') { database_url } else { format!("{database_url}?mode=rwc") },
            encryption_key: self.encryption_key.map(Secret::new),
            encryption_key_file: self.encryption_key_file,
            data_dir: self.data_dir,
            integrations_dir: self.integrations_dir,
            egress_mode: self.egress_mode,
            egress_allow: entries(self.egress_allow),
            secret_refs: entries(self.secret_refs),
            refresh: self.refresh,
            admin,
            trusted_proxies: self.trusted_proxies,
            platform_apps,
            smtp_url: secret_or_file("KEYLOOM_SMTP_URL", self.smtp_url, self.smtp_url_file)?,
            metrics_token: secret_or_file("KEYLOOM_METRICS_TOKEN", self.metrics_token, self.metrics_token_file)?,
            rates: Rates { key: self.rate_limit_key, poll: self.rate_limit_poll, login: self.rate_limit_login },
        })
    }
}

/// A list without empty entries.
fn entries(given: Vec<String>) -> Vec<String> {
    given.into_iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

/// A secret given as a value or as a file, never as both.
fn secret_or_file(name: &str, value: Option<String>, file: Option<PathBuf>) -> anyhow::Result<Option<Secret>> {
    match (value, file) {
        (Some(_), Some(_)) => bail!("give {name} or {name}_FILE, not both"),
        (Some(value), None) => Ok(Some(Secret::new(value))),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path).with_context(|| format!("{name}_FILE: cannot read {}", path.display()))?;
            Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
        }
        (None, None) => Ok(None),
    }
}

const KNOWN: [&str; 23] = [
    "LISTEN",
    "PUBLIC_URL",
    "DATA_DIR",
    "DATABASE_URL",
    "ENCRYPTION_KEY",
    "ENCRYPTION_KEY_FILE",
    "INTEGRATIONS_DIR",
    "EGRESS_MODE",
    "EGRESS_ALLOW",
    "SECRET_REFS",
    "REFRESH",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
    "ADMIN_PASSWORD_FILE",
    "TRUSTED_PROXIES",
    "SMTP_URL",
    "SMTP_URL_FILE",
    "LOG",
    "METRICS_TOKEN",
    "METRICS_TOKEN_FILE",
    "RATE_LIMIT_KEY",
    "RATE_LIMIT_POLL",
    "RATE_LIMIT_LOGIN",
];

/// Refuses unknown variables and collects the OAuth apps: `KEYLOOM_OAUTH_GOOGLE_CALENDAR_CLIENT_ID`.
fn read_environment(environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<BTreeMap<String, PlatformApp>> {
    let mut ids = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix("KEYLOOM_") else { continue };
        if KNOWN.contains(&rest) {
            continue;
        }
        let integration = |suffix: &str| -> Option<String> {
            let middle = rest.strip_prefix("OAUTH_")?.strip_suffix(suffix)?;
            (!middle.is_empty()).then(|| middle.to_ascii_lowercase().replace('_', "-"))
        };
        if let Some(integration) = integration("_CLIENT_ID") {
            ids.insert(integration, value);
        } else if let Some(integration) = integration("_CLIENT_SECRET_FILE") {
            let secret = secret_or_file(&format!("KEYLOOM_{}", rest.trim_end_matches("_FILE")), None, Some(value.into()))?;
            if secrets.insert(integration, secret).is_some() {
                bail!("{name} is given both as a value and as a file");
            }
        } else if let Some(integration) = integration("_CLIENT_SECRET") {
            if secrets.insert(integration, Some(Secret::new(value))).is_some() {
                bail!("{name} is given both as a value and as a file");
            }
        } else {
            bail!("unknown setting {name}: see `keyloom --help` for those there are");
        }
    }
    if let Some(integration) = secrets.keys().find(|integration| !ids.contains_key(*integration)) {
        bail!("there is a client secret for {integration:?} but no KEYLOOM_OAUTH_…_CLIENT_ID");
    }
    Ok(ids
        .into_iter()
        .map(|(integration, client_id)| {
            let client_secret = secrets.remove(&integration).flatten();
            (integration, PlatformApp { client_id, client_secret })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> anyhow::Result<BTreeMap<String, PlatformApp>> {
        read_environment(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn unknown_and_contradictory_variables_stop_the_start() {
        let apps =
            environment(&[("KEYLOOM_OAUTH_GOOGLE_CALENDAR_CLIENT_ID", "id"), ("KEYLOOM_OAUTH_GOOGLE_CALENDAR_CLIENT_SECRET", "s"), ("PATH", "/bin")]).unwrap();
        assert_eq!(apps["google-calendar"].client_id, "id");
        assert!(environment(&[("KEYLOOM_LISTENN", "x")]).unwrap_err().to_string().contains("KEYLOOM_LISTENN"));
        assert!(environment(&[("KEYLOOM_OAUTH_SLACK_CLIENT_SECRET", "x")]).is_err());
    }

    #[test]
    fn the_public_url_is_https_or_loopback() {
        for good in ["https://connect.example.com", "https://a.example:8443/", "http://localhost:3000", "http://127.0.0.1:1", "http://app.localhost:9"] {
            assert!(PublicUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["http://example.com", "https://example.com/path", "ftp://localhost", "nonsense", "http://localhost.evil.com"] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(PublicUrl::parse("https://a.example:443").unwrap().host(), "a.example");
    }
}
