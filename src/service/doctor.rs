//! What is wrong with this installation, and what to do about it. `keyloom doctor` prints it, the dashboard shows it under Settings.

use super::{Result, Services, Writer, integrations, key_rotation, login, oauth_apps};
use crate::config::{Config, EgressMode};
use crate::domain::finding::{Finding, Verdict};
use crate::domain::oauth_app::SecretStatus;
use crate::store;
use std::path::Path;

/// Looks at everything. For those who could do something about it: it tells where keys lie and what may be reached.
pub async fn look(services: &Services, writer: &Writer, config: &Config) -> Result<Vec<Finding>> {
    writer.organization()?;
    Ok(vec![
        public_url(config),
        egress(config),
        refresh(services),
        clock(services).await,
        finding(
            "database",
            Verdict::Fine,
            format!(
                "{}, up to date",
                match services.store.backend() {
                    store::Backend::Sqlite => "SQLite",
                    store::Backend::Postgres => "PostgreSQL",
                }
            ),
        ),
        key(services, config).await?,
        mail(config),
        admins(services).await?,
        apps(services, writer).await?,
        client_secrets(services, writer).await?,
    ])
}

fn finding(what: &str, verdict: Verdict, text: impl Into<String>) -> Finding {
    Finding { what: what.to_owned(), verdict, text: text.into() }
}

fn public_url(config: &Config) -> Finding {
    let origin = config.public_url.origin();
    if config.public_url.is_secure() {
        finding("public URL", Verdict::Fine, format!("{origin}; cookies are __Host- and Secure"))
    } else {
        finding("public URL", Verdict::Note, format!("{origin}: fine for trying it out. Providers other than on this machine will want https"))
    }
}

fn egress(config: &Config) -> Finding {
    let what = "outgoing requests";
    let allowed = if config.egress_allow.is_empty() { String::new() } else { format!(", and {}", config.egress_allow.join(", ")) };
    match config.egress_mode {
        EgressMode::Public => finding(what, Verdict::Fine, format!("public addresses{allowed}")),
        EgressMode::Allowlist if config.egress_allow.is_empty() => {
            finding(what, Verdict::Wrong, "allowlist with nothing on it: no service can be reached. Set KEYLOOM_EGRESS_ALLOW")
        }
        EgressMode::Allowlist => finding(what, Verdict::Note, format!("only {}", config.egress_allow.join(", "))),
    }
}

fn refresh(services: &Services) -> Finding {
    match services.hold.why() {
        None => finding("refresh", Verdict::Fine, "on"),
        Some(held) => finding("refresh", Verdict::Note, format!("held, and tokens will end. {}. {}", held.sentence(), held.remedy())),
    }
}

/// Milliseconds of drift that are worth a word.
const DRIFT_MS: i64 = 2000;

async fn clock(services: &Services) -> Finding {
    match services.store.time_ms().await {
        Ok(theirs) => {
            let drift = services.now().0 - theirs;
            if drift.abs() > DRIFT_MS {
                finding("clock", Verdict::Wrong, format!("{} s away from the database's. Set both by NTP", drift / 1000))
            } else {
                finding("clock", Verdict::Fine, "agrees with the database's")
            }
        }
        Err(error) => {
            tracing::warn!(%error, "the database does not tell its time");
            finding("clock", Verdict::Wrong, "the database does not tell its time: the server's log says why")
        }
    }
}

/// Whether the key still is the database's, where it comes from, and who else could read it.
async fn key(services: &Services, config: &Config) -> Result<Finding> {
    let what = "encryption key";
    let mut conn = services.store.conn().await?;
    let canary = store::installation::find(&mut conn, store::installation::CANARY).await?;
    if !canary.is_some_and(|canary| services.vault.check_canary(&canary)) {
        return Ok(finding(what, Verdict::Wrong, "does not fit the database any more: it has been rotated. Restart this server with the new key"));
    }
    if key_rotation::under_way(&mut conn).await?.is_some() || services.vault.masters().iter().count() > 1 {
        let text = "fits the database, but a rotation is not finished and both keys are needed. Run `keyloom key rotate` again: it goes on";
        return Ok(finding(what, Verdict::Wrong, text));
    }
    let stale = store::sealed::count_stale(&mut conn).await?;
    if stale > 0 {
        let text = format!("fits the database; {stale} values were sealed with earlier data keys at the end of the last rotation. The next one finds them");
        return Ok(finding(what, Verdict::Note, text));
    }
    let sealed = store::data_keys::count(&mut conn).await?;
    let fits = format!("fits the database, and wraps {sealed} data key{}", if sealed == 1 { "" } else { "s" });
    if config.encryption_key.is_some() {
        return Ok(finding(what, Verdict::Fine, format!("{fits}; given in KEYLOOM_ENCRYPTION_KEY")));
    }
    let (path, made) = match &config.encryption_key_file {
        Some(path) => (path.clone(), false),
        None => (config.data_dir.join("encryption.key"), true),
    };
    let place = path.display();
    if others_can_read(&path) {
        return Ok(finding(what, Verdict::Wrong, format!("{fits}, but others than its owner can read {place}: chmod 600 it")));
    }
    let advice = if made { ": back it up, apart from the database" } else { "" };
    Ok(finding(what, Verdict::Fine, format!("{fits}; in {place}{advice}")))
}

/// Whether others than a file's owner can read it.
pub fn others_can_read(path: &Path) -> bool {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        use std::os::unix::fs::PermissionsExt as _;
        return metadata.permissions().mode() & 0o077 != 0;
    }
    #[cfg(not(unix))]
    let _ = path;
    false
}

fn mail(config: &Config) -> Finding {
    match &config.smtp_url {
        Some(_) => finding("mail", Verdict::Fine, "set up"),
        None => finding("mail", Verdict::Note, "none: invitations of end users are links that you send yourself. Set KEYLOOM_SMTP_URL to have them sent"),
    }
}

async fn admins(services: &Services) -> Result<Finding> {
    Ok(if login::needs_setup(services).await? {
        let text = "nobody can sign in yet: start the server and open the link that it prints, or use `keyloom admin create`";
        finding("admins", Verdict::Note, text)
    } else {
        finding("admins", Verdict::Fine, "somebody can sign in")
    })
}

async fn apps(services: &Services, writer: &Writer) -> Result<Finding> {
    let what = "OAuth apps";
    let apps = oauth_apps::list(services, writer, None).await?;
    let orphaned: Vec<_> =
        apps.iter().filter(|app| integrations::get(services, &app.integration_name).is_err()).map(|app| app.integration_name.clone()).collect();
    Ok(if !orphaned.is_empty() {
        finding(what, Verdict::Wrong, format!("apps for integrations that are not in the catalogue any more: {}", orphaned.join(", ")))
    } else if apps.is_empty() {
        finding(what, Verdict::Note, "none: services with OAuth cannot be connected yet. Register them in the dashboard under Integrations")
    } else {
        let lines: Vec<_> = apps.iter().map(|app| format!("{} ({})", app.integration_name, app.callback_url)).collect();
        finding(what, Verdict::Fine, format!("each must have exactly its callback URL registered: {}", lines.join(", ")))
    })
}

/// Secrets that end soon, and those that are kept elsewhere and are not there.
async fn client_secrets(services: &Services, writer: &Writer) -> Result<Finding> {
    let what = "client secrets";
    let apps = oauth_apps::list(services, writer, None).await?;
    let warnings = |status| {
        let of_it = apps.iter().filter(move |app| app.client_secret_status == Some(status));
        of_it.filter_map(|app| Some(format!("{}: {}", app.integration_name, app.secret_warning()?))).collect::<Vec<_>>()
    };
    let mut wrong: Vec<String> = oauth_apps::unreadable_secrets(services).await?.into_iter().map(|(_, message)| message).collect();
    wrong.extend(warnings(SecretStatus::Expired));
    let soon = warnings(SecretStatus::Expiring);
    Ok(if !wrong.is_empty() {
        wrong.extend(soon);
        finding(what, Verdict::Wrong, wrong.join("; "))
    } else if !soon.is_empty() {
        finding(what, Verdict::Note, soon.join("; "))
    } else {
        let noted = apps.iter().filter(|app| app.client_secret_expires_at.is_some()).count();
        finding(what, Verdict::Fine, format!("none ends within 30 days, as far as is noted ({noted} of {} have an end)", apps.len()))
    })
}
