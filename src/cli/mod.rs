//! The command line. Scripts outside the repository rely on it: names and output stay as they are.

mod doctor;
mod maintenance;

use crate::catalog::Catalog;
use crate::config::{Config, Options};
use crate::domain::user::Role;
use crate::server::serve;
use crate::service::{Actor, Services, api_keys, login, workspaces};
use crate::vault::Secret;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A self-hosted connections service.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Bring the database up to date and stop
    Migrate,
    /// API keys
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// People who may sign in
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The catalogue of integrations
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// The master key
    #[command(subcommand)]
    Key(KeyCommand),
    /// Copy the database into FILE, while it is in use. The encryption key is left out
    Backup {
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Put a backup in place of a database that is not there
    Restore {
        /// What `keyloom backup` wrote
        file: PathBuf,
    },
    /// The event log
    #[command(subcommand)]
    Events(EventsCommand),
    /// Look at settings, keys, clock, database and OAuth apps: what is wrong, and what to do
    Doctor,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Check that no entry was changed, removed or slipped in
    Verify,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make new keys and seal everything with them, while servers run. Cut off, it goes on when it is run again
    Rotate,
}

#[derive(Debug, Subcommand)]
enum ApiKeyCommand {
    /// Make a key and print it, and nothing else, on stdout
    Create {
        /// What to call it
        #[arg(long)]
        name: String,
        /// Limit it to this workspace
        #[arg(long, value_name = "SLUG")]
        workspace: Option<String>,
        /// Let it read credentials
        #[arg(long)]
        credentials_read: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Add an owner; the password comes from KEYLOOM_ADMIN_PASSWORD or is asked for
    Create {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Check definitions and count them: the built-in ones, or those of DIR
    Check {
        /// Folder with TOML files
        dir: Option<PathBuf>,
    },
}

impl Cli {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("keyloom: cannot start: {error}");
                return ExitCode::FAILURE;
            }
        };
        match runtime.block_on(self.execute()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("keyloom: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    async fn execute(self) -> anyhow::Result<()> {
        if let Command::Catalog(CatalogCommand::Check { dir }) = &self.command {
            return check_catalog(dir.as_deref());
        }
        init_logs(&self.options.log)?;
        if let Command::Admin(AdminCommand::Create { email }) = &self.command {
            let email = email.clone();
            let password = std::env::var("KEYLOOM_ADMIN_PASSWORD").ok();
            // The password in the environment is for this command here, not for the first start.
            let mut options = self.options;
            options.forget_admin();
            let services = serve::open(&options.check(std::env::vars())?).await?;
            return create_admin(&services, &email, password).await;
        }
        let config: Config = self.options.check(std::env::vars())?;
        match self.command {
            Command::Serve => serve::serve(config).await,
            Command::Migrate => {
                // Closed in order: SQLite's log is then in the file, whole, when this returns.
                serve::open(&config).await?.store.close().await;
                Ok(())
            }
            Command::ApiKey(ApiKeyCommand::Create { name, workspace, credentials_read }) => {
                let services = serve::open(&config).await?;
                create_key(&services, name, workspace, credentials_read).await
            }
            Command::Key(KeyCommand::Rotate) => maintenance::rotate_key(&config).await,
            Command::Backup { file } => maintenance::backup(&config, &file).await,
            Command::Restore { file } => maintenance::restore(&config, &file).await,
            Command::Events(EventsCommand::Verify) => maintenance::verify_events(&config).await,
            Command::Doctor => doctor::run(&config).await,
            Command::Admin(_) | Command::Catalog(_) => Ok(()),
        }
    }
}

/// Pretty on a terminal, JSON otherwise. On stderr: stdout is for answers.
fn init_logs(filter: &str) -> anyhow::Result<()> {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_new(filter).context("KEYLOOM_LOG")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.init();
    } else {
        builder.json().flatten_event(true).init();
    }
    Ok(())
}

fn check_catalog(dir: Option<&std::path::Path>) -> anyhow::Result<()> {
    use crate::catalog::{Login, Method, MethodType};
    let catalog = match dir {
        Some(dir) => Catalog::load_directory(dir)?,
        None => Catalog::load(None)?,
    };
    let count = |holds: &dyn Fn(&Method) -> bool| catalog.iter().filter(|d| d.auth.iter().any(holds)).count();
    println!("{} integrations, no errors", catalog.iter().count());
    for (label, kind) in [
        ("OAUTH2", MethodType::OAuth2),
        ("SECRET_TEXT", MethodType::SecretText),
        ("BASIC_AUTH", MethodType::BasicAuth),
        ("CUSTOM_AUTH", MethodType::CustomAuth),
    ] {
        println!("{:>4} with {label}", count(&|method| method.kind == kind));
    }
    let has_login = |holds: &dyn Fn(&Login) -> bool| count(&|method| method.login.as_ref().is_some_and(holds));
    println!("{:>4} with client credentials", has_login(&|login| login.client_credentials.is_some()));
    println!("{:>4} with a login request", has_login(&|login| login.request.is_some()));
    println!("{:>4} with a who-am-I request", count(&|method| method.identity.is_some()));
    println!("{:>4} with a test request", count(&|method| method.test.is_some()));
    println!("{:>4} with a who-am-I or test request", count(&|method| method.identity.is_some() || method.test.is_some()));
    println!("{:>4} with actions", catalog.iter().filter(|d| !d.actions.is_empty()).count());
    println!("{:>4} actions", catalog.iter().map(|d| d.actions.len()).sum::<usize>());
    println!("{:>4} compared with their provider's documentation", catalog.iter().filter(|d| d.checked_at.is_some()).count());
    Ok(())
}

async fn create_key(services: &Services, name: String, workspace: Option<String>, credentials: bool) -> anyhow::Result<()> {
    let fail = |error: crate::domain::Error| anyhow::anyhow!("{}", error.message);
    let actor = Actor::System;
    let mut permissions = serde_json::json!({ "scope": "org" });
    if let Some(slug) = workspace {
        let workspace = workspaces::get(services, &actor.reader().map_err(fail)?, &slug).await.map_err(fail)?;
        permissions = serde_json::json!({ "scope": "workspace", "workspaceIds": [workspace.id] });
    }
    if credentials {
        permissions["credentials"] = serde_json::json!({ "read": true });
    }
    let input = api_keys::NewApiKey { name: Some(name), expires_at: None, permissions: Some(permissions) };
    let (_, plain) = api_keys::create(services, &actor, input).await.map_err(fail)?;
    println!("{}", plain.expose());
    Ok(())
}

async fn create_admin(services: &Services, email: &str, password: Option<String>) -> anyhow::Result<()> {
    let password = match password {
        Some(password) => Secret::new(password),
        None => Secret::new(rpassword::prompt_password("Password: ").context("cannot read the password; set KEYLOOM_ADMIN_PASSWORD")?),
    };
    let user = login::create_user(services, email, password, Role::Owner).await.map_err(|error| anyhow::anyhow!("{}", error.message))?;
    println!("{}", user.email);
    Ok(())
}
