//! Putting it together and running it until it is told to stop.

use super::entropy::{Clock, SystemEntropy};
use super::state::AppState;
use super::{assets, router};
use crate::catalog::{Catalog, Live};
use crate::config::Config;
use crate::domain::id::OrgId;
use crate::oauth::discovery::Discovery;
use crate::oauth::egress::EgressPolicy;
use crate::oauth::http::Http;
use crate::service::key_rotation::Follower;
use crate::service::read_log::ReadLog;
use crate::service::secret_refs::SecretRefs;
use crate::service::{Services, actions, custom_integrations, doctor, login, mail, oauth_apps, outbox, refresh, signals};
use crate::store::{Backend, Store, installation};
use crate::vault::{MasterKeys, Vault};
use anyhow::{Context as _, bail};
use leptos::prelude::{LeptosOptions, get_configuration};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Opens database and vault and brings them up to date. Refuses a wrong master key before anything is written.
pub async fn open(config: &Config) -> anyhow::Result<Services> {
    let catalog = Catalog::load(config.integrations_dir.as_deref())?;
    let secret_refs = SecretRefs::new(&config.secret_refs, private_paths(config))?;
    std::fs::create_dir_all(&config.data_dir).with_context(|| format!("cannot create the data folder {}", config.data_dir.display()))?;
    // Before the database: a file that this start makes itself must not look like one whose key got lost.
    let vault = Vault::new(master_keys(config)?);
    let store = Store::open(&config.database_url, if config.database_url.starts_with("sqlite") { 8 } else { 16 }).await.context("cannot open the database")?;
    let entropy = Arc::new(SystemEntropy);
    // A database that has been used knows its key: ask before migrations write anything.
    let canary = match store.conn().await {
        Ok(mut conn) => installation::find(&mut conn, installation::CANARY).await.ok().flatten(),
        Err(error) => bail!("cannot open the database: {error}"),
    };
    if canary.as_deref().is_some_and(|canary| !vault.check_canary(canary)) {
        bail!(
            "this is not the encryption key that the database was written with. Nothing was changed. Give the right key in KEYLOOM_ENCRYPTION_KEY or KEYLOOM_ENCRYPTION_KEY_FILE"
        );
    }
    store.migrate().await.context("cannot migrate the database")?;
    let clock = Clock::of_system();
    let org = {
        let mut conn = store.conn().await?;
        let held = installation::set_once(&mut conn, installation::CANARY, &vault.make_canary(entropy.as_ref())).await?;
        if !vault.check_canary(&held) {
            bail!("another node has started on this database with another encryption key");
        }
        let mut random = [0_u8; 16];
        crate::server::entropy::Entropy::fill(entropy.as_ref(), &mut random);
        let fresh = OrgId::from_bits(u128::from_be_bytes(random));
        OrgId::known(installation::set_once(&mut conn, installation::ORG_ID, fresh.as_str()).await?)
    };
    let services = Services {
        http: Http::new(EgressPolicy::new(config.egress_mode, &config.egress_allow))?,
        action_limit: actions::TIMEOUT,
        secret_refs,
        store,
        vault,
        catalog: Live::new(catalog),
        discovery: Discovery::default(),
        clock,
        entropy,
        public_url: config.public_url.clone(),
        hold: refresh::Hold::new(config.refresh),
        org,
        tasks: TaskTracker::new(),
        signals: signals::Signals::default(),
        outbox: outbox::Wake::default(),
        reads: ReadLog::default(),
        refreshes: refresh::Refreshes::default(),
        journal: refresh::Journal::new(config.data_dir.join("journal")),
        nodes: refresh::Nodes::new(config.data_dir.join("nodes")),
        throttle: login::Throttle::new(config.rates.login),
        mail: config.smtp_url.as_ref().map(|url| mail::Mail::from_url(url.expose(), config.public_url.host())).transpose()?,
    };
    {
        let mut conn = services.store.conn().await?;
        let owner = services.org.as_str().to_owned();
        services.ensure_key(&mut conn, &owner).await?;
    }
    refresh::hold::look(&services).await?;
    custom_integrations::reload(&services).await?;
    Ok(services)
}

/// Where keys and data are.
fn private_paths(config: &Config) -> Vec<PathBuf> {
    let database = config.database_url.strip_prefix("sqlite:").map(|rest| PathBuf::from(rest.split('?').next().unwrap_or_default()));
    [Some(config.data_dir.clone()), config.encryption_key_file.clone(), database].into_iter().flatten().collect()
}

/// The master key as the settings say: given, from a file, or made on first run. During a rotation there are two.
pub fn master_keys(config: &Config) -> anyhow::Result<MasterKeys> {
    if let Some(key) = &config.encryption_key {
        return MasterKeys::parse(key.expose()).context("KEYLOOM_ENCRYPTION_KEY");
    }
    if let Some(path) = &config.encryption_key_file {
        let keys = MasterKeys::load(path).context("KEYLOOM_ENCRYPTION_KEY_FILE")?;
        warn_if_readable(path);
        return Ok(keys);
    }
    let path = config.data_dir.join("encryption.key");
    let database_exists = config.data_dir.join("keyloom.db").exists();
    if database_exists && !path.exists() {
        bail!("the database in {} exists but its encryption key {} does not: restore the key from your backup", config.data_dir.display(), path.display());
    }
    let (keys, made) = MasterKeys::load_or_create(&path, &SystemEntropy)?;
    if made {
        tracing::warn!(path = %path.display(), "made a new encryption key: back it up, apart from the database. Without it nothing that is stored can be read");
    } else {
        warn_if_readable(&path);
    }
    Ok(keys)
}

/// Others than the owner should not be able to read the key.
fn warn_if_readable(path: &std::path::Path) {
    if doctor::others_can_read(path) {
        tracing::warn!(path = %path.display(), "the encryption key can be read by others than its owner: chmod 600");
    }
}

/// Leptos' options: from `Leptos.toml` beside the binary where there is one, else as embedded; the bundle's place is our own.
pub fn leptos_options() -> anyhow::Result<LeptosOptions> {
    const FILE: &str = "Leptos.toml";
    const EMBEDDED: &str = include_str!("../../Leptos.toml");
    let path = if std::path::Path::new(FILE).exists() {
        FILE.to_owned()
    } else {
        let path = std::env::temp_dir().join(format!("keyloom-{}-Leptos.toml", std::process::id()));
        std::fs::write(&path, EMBEDDED)?;
        path.display().to_string()
    };
    let mut options = get_configuration(Some(&path)).context("Leptos.toml")?.leptos_options;
    if path != FILE {
        let _ = std::fs::remove_file(&path);
    }
    options.site_pkg_dir = assets::package_path().into();
    options.hash_files = false;
    Ok(options)
}

/// Serves until SIGTERM or Ctrl-C, then finishes what is under way.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let services = open(&config).await?;
    // Before anything is written that hangs on time.
    crate::jobs::clock::agree(&services).await.map_err(|error| anyhow::anyhow!("the database's time: {}", error.message))?;
    oauth_apps::sync_environment(&services, &config.platform_apps)
        .await
        .map_err(|error| anyhow::anyhow!("OAuth apps from the environment: {}", error.message))?;
    // Tokens from before an end without a database come first: what it holds has been used.
    refresh::journal::replay(&services).await.map_err(|error| anyhow::anyhow!("the journal: {}", error.message))?;
    let follower = join_nodes(&services).await?;
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok();
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    first_admin(&services, &config).await?;
    let stop = tokio_util::sync::CancellationToken::new();
    let jobs = tokio::spawn(crate::jobs::run(services.clone(), stop.clone()));
    let catalog = tokio::spawn(crate::jobs::catalog::follow(services.clone(), stop.clone()));
    let keys = tokio::spawn(crate::jobs::keys::follow(services.clone(), follower, stop.clone()));
    let sender = tokio::spawn(crate::jobs::webhooks::run(services.clone(), stop.clone()));
    let refresher = tokio::spawn(crate::jobs::refresh::run(services.clone(), stop.clone()));
    let state = AppState {
        services: services.clone(),
        limits: crate::api::RateLimits::new(config.rates),
        leptos: leptos_options()?,
        config: Arc::new(config),
        metrics,
    };
    tracing::info!(%address, public_url = services.public_url.origin(), database = ?services.store.backend(), "listening");
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stop_signal(stop.clone())).await?;
    stop.cancel();
    jobs.await?;
    catalog.await?;
    keys.await?;
    sender.await?;
    refresher.await?;
    services.tasks.close();
    // Exchanges and refreshes hold tokens that exist nowhere else: they are worth waiting for.
    if tokio::time::timeout(std::time::Duration::from_mins(1), services.tasks.wait()).await.is_err() {
        tracing::error!("tasks were still running after 60 seconds");
    }
    services.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Puts this server on the list of those that a change of keys waits for.
async fn join_nodes(services: &Services) -> anyhow::Result<Follower> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "a server".to_owned(), |name| name.trim().to_owned());
    let mut follower = Follower::new(services, format!("{host} (process {})", std::process::id()));
    let message = |error: crate::domain::Error| anyhow::anyhow!("the keys: {}", error.message);
    follower.step(services).await.map_err(message)?;
    // Asked after it is on the list: a rotation that begins now waits for it, one that began before is seen.
    if !follower.is_ready(services).await.map_err(message)? {
        follower.leave(services).await;
        bail!("the encryption key is being rotated, and this server does not have the new one: give it the file of keys with both in it");
    }
    Ok(follower)
}

async fn first_admin(services: &Services, config: &Config) -> anyhow::Result<()> {
    let message = |error: crate::domain::Error| anyhow::anyhow!("the first admin: {}", error.message);
    if !login::needs_setup(services).await.map_err(message)? {
        return Ok(());
    }
    if let Some((email, password)) = &config.admin {
        login::create_user(services, email, password.clone(), crate::domain::user::Role::Owner).await.map_err(message)?;
        return Ok(());
    }
    if let Some(link) = login::setup_link(services).await.map_err(message)? {
        // On stdout, apart from the log: it is for the person who started the server.
        println!("\n  Open this link once to make yourself the first admin:\n\n    {}\n", link.expose());
    }
    Ok(())
}

async fn stop_signal(stop: tokio_util::sync::CancellationToken) {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::error!(%error, "cannot wait for SIGTERM");
                return;
            }
        };
        tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    tracing::info!("stopping: no new requests, finishing what is under way");
    stop.cancel();
}

/// Whether the database is a file, for messages.
pub fn is_sqlite(services: &Services) -> bool {
    services.store.backend() == Backend::Sqlite
}
