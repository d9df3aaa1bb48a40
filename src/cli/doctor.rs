//! `keyloom doctor`: what is wrong, and what to do about it.

use crate::config::{Config, EgressMode, RefreshMode};
use crate::domain::oauth_app::SecretStatus;
use crate::server::serve;
use crate::service::{Actor, Services, integrations, login, oauth_apps};
use anyhow::bail;

/// One thing looked at.
struct Finding {
    what: &'static str,
    verdict: Verdict,
}

enum Verdict {
    Fine(String),
    Note(String),
    Wrong(String),
}

/// Looks at everything; fails when something is wrong.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let services = serve::open(config).await?;
    let mut findings = vec![public_url(config), egress(config), refresh(config), clock(&services).await];
    findings.push(Finding { what: "database", verdict: Verdict::Fine(format!("{:?}, up to date", services.store.backend())) });
    findings.push(Finding { what: "encryption key", verdict: Verdict::Fine("fits the database".to_owned()) });
    findings.push(admins(&services).await?);
    findings.push(apps(&services).await?);
    findings.push(client_secrets(&services).await?);
    let mut wrong = 0;
    for Finding { what, verdict } in findings {
        let (mark, text) = match verdict {
            Verdict::Fine(text) => ("ok   ", text),
            Verdict::Note(text) => ("note ", text),
            Verdict::Wrong(text) => {
                wrong += 1;
                ("WRONG", text)
            }
        };
        println!("{mark} {what}: {text}");
    }
    services.store.close().await;
    if wrong > 0 {
        bail!("{wrong} thing(s) to mend");
    }
    Ok(())
}

fn public_url(config: &Config) -> Finding {
    let origin = config.public_url.origin();
    let verdict = if config.public_url.is_secure() {
        Verdict::Fine(format!("{origin}; cookies are __Host- and Secure"))
    } else {
        Verdict::Note(format!("{origin}: fine for trying it out. Providers other than on this machine will want https"))
    };
    Finding { what: "public URL", verdict }
}

fn egress(config: &Config) -> Finding {
    let allowed = if config.egress_allow.is_empty() { String::new() } else { format!(", and {}", config.egress_allow.join(", ")) };
    let verdict = match config.egress_mode {
        EgressMode::Public => Verdict::Fine(format!("public addresses{allowed}")),
        EgressMode::Allowlist if config.egress_allow.is_empty() => {
            Verdict::Wrong("allowlist with nothing on it: no service can be reached. Set KEYLOOM_EGRESS_ALLOW".to_owned())
        }
        EgressMode::Allowlist => Verdict::Note(format!("only {}", config.egress_allow.join(", "))),
    };
    Finding { what: "outgoing requests", verdict }
}

fn refresh(config: &Config) -> Finding {
    let verdict = match config.refresh {
        RefreshMode::On => Verdict::Fine("on".to_owned()),
        RefreshMode::Hold => Verdict::Note("held: tokens are not renewed and will end. Set KEYLOOM_REFRESH=on when you have looked".to_owned()),
    };
    Finding { what: "refresh", verdict }
}

/// Seconds of drift that are worth a word.
const DRIFT_MS: i64 = 2000;

async fn clock(services: &Services) -> Finding {
    let verdict = match services.store.time_ms().await {
        Ok(theirs) => {
            let drift = services.now().0 - theirs;
            if drift.abs() > DRIFT_MS {
                Verdict::Wrong(format!("{} s away from the database's. Set both by NTP", drift / 1000))
            } else {
                Verdict::Fine("agrees with the database's".to_owned())
            }
        }
        Err(error) => Verdict::Wrong(format!("the database does not tell its time: {error}")),
    };
    Finding { what: "clock", verdict }
}

async fn admins(services: &Services) -> anyhow::Result<Finding> {
    let none = login::needs_setup(services).await.map_err(|error| anyhow::anyhow!(error.message))?;
    let verdict = if none {
        Verdict::Note("nobody can sign in yet: start the server and open the link that it prints, or use `keyloom admin create`".to_owned())
    } else {
        Verdict::Fine("somebody can sign in".to_owned())
    };
    Ok(Finding { what: "admins", verdict })
}

async fn apps(services: &Services) -> anyhow::Result<Finding> {
    let reader = Actor::System.reader().map_err(|error| anyhow::anyhow!(error.message))?;
    let apps = oauth_apps::list(services, &reader, None).await.map_err(|error| anyhow::anyhow!(error.message))?;
    let orphaned: Vec<_> =
        apps.iter().filter(|app| integrations::get(services, &app.integration_name).is_err()).map(|app| app.integration_name.clone()).collect();
    let verdict = if !orphaned.is_empty() {
        Verdict::Wrong(format!("apps for integrations that are not in the catalogue any more: {}", orphaned.join(", ")))
    } else if apps.is_empty() {
        Verdict::Note("none: services with OAuth cannot be connected yet. Register them in the dashboard under Integrations".to_owned())
    } else {
        let lines: Vec<_> = apps.iter().map(|app| format!("{} ({})", app.integration_name, app.callback_url)).collect();
        Verdict::Fine(format!("each must have exactly its callback URL registered: {}", lines.join(", ")))
    };
    Ok(Finding { what: "OAuth apps", verdict })
}

/// Secrets that end soon, and those that are kept elsewhere and are not there.
async fn client_secrets(services: &Services) -> anyhow::Result<Finding> {
    let message = |error: crate::domain::Error| anyhow::anyhow!(error.message);
    let apps = oauth_apps::list(services, &Actor::System.reader().map_err(message)?, None).await.map_err(message)?;
    let unreadable = oauth_apps::unreadable_secrets(services).await.map_err(message)?;
    let warnings = |status| {
        let of_it = apps.iter().filter(move |app| app.client_secret_status == Some(status));
        of_it.filter_map(|app| Some(format!("{}: {}", app.integration_name, app.secret_warning()?))).collect::<Vec<_>>()
    };
    let mut wrong: Vec<String> = unreadable.into_iter().map(|(_, message)| message).collect();
    wrong.extend(warnings(SecretStatus::Expired));
    let soon = warnings(SecretStatus::Expiring);
    let verdict = if !wrong.is_empty() {
        wrong.extend(soon);
        Verdict::Wrong(wrong.join("; "))
    } else if !soon.is_empty() {
        Verdict::Note(soon.join("; "))
    } else {
        let noted = apps.iter().filter(|app| app.client_secret_expires_at.is_some()).count();
        Verdict::Fine(format!("none ends within 30 days, as far as is noted ({noted} of {} have an end)", apps.len()))
    };
    Ok(Finding { what: "client secrets", verdict })
}
