//! `keyloom doctor`: what is wrong, and what to do about it.

use crate::config::{Config, EgressMode};
use crate::server::serve;
use crate::service::{Actor, Services, integrations, key_rotation, login, oauth_apps};
use crate::store;
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
    let mut findings = vec![public_url(config), egress(config), refresh(&services), clock(&services).await];
    findings.push(Finding { what: "database", verdict: Verdict::Fine(format!("{:?}, up to date", services.store.backend())) });
    findings.push(keys(&services).await?);
    findings.push(admins(&services).await?);
    findings.push(apps(&services).await?);
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

fn refresh(services: &Services) -> Finding {
    let verdict = match services.hold.why() {
        None => Verdict::Fine("on".to_owned()),
        Some(held) => Verdict::Note(format!("held, and tokens will end. {}. {}", held.sentence(), held.remedy())),
    };
    Finding { what: "refresh", verdict }
}

/// The master key opened the canary, or we would not be here.
async fn keys(services: &Services) -> anyhow::Result<Finding> {
    let mut conn = services.store.conn().await?;
    let unfinished = key_rotation::under_way(&mut conn).await.map_err(|error| anyhow::anyhow!(error.message))?.is_some();
    let stale = store::sealed::count_stale(&mut conn).await?;
    let several = services.vault.masters().iter().count() > 1;
    let verdict = if unfinished || several {
        Verdict::Wrong("fits the database, but a rotation is not finished and both keys are needed. Run `keyloom key rotate` again: it goes on".to_owned())
    } else if stale > 0 {
        Verdict::Note(format!("fits the database; {stale} values were sealed with earlier data keys at the end of the last rotation. The next one finds them"))
    } else {
        Verdict::Fine("fits the database".to_owned())
    };
    Ok(Finding { what: "encryption key", verdict })
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
