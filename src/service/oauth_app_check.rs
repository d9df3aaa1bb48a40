//! `POST /oauth-apps/{id}/check`: is it the client or the redirect URI that is wrong?

use super::{Result, Services, Writer, connections, oauth_apps};
use crate::domain::oauth_app::{AppCheck, AppCheckItem, CheckResult};
use crate::domain::{Code, Error};
use crate::oauth::app_check::{self, Finding, Findings};
use crate::store;
use crate::store::oauth_apps::StoredApp;
use base64::Engine as _;

/// How long the problem of an app stands before the provider is asked again whether it still does.
const RECHECK_SECONDS: i64 = 15 * 60;

/// Asks the provider about an app. If it has nothing against the client any more, the app's connections are refreshed again.
pub async fn check(services: &Services, writer: &Writer, id: &str) -> Result<AppCheck> {
    let app = {
        let mut conn = services.store.conn().await?;
        oauth_apps::visible(services, writer, &mut conn, id).await?
    };
    check_app(services, &app).await
}

/// Looks again at apps that a provider did not accept some time ago: it may have been the provider's mistake.
pub async fn recheck(services: &Services) -> Result<()> {
    let now = services.now();
    let ids = store::oauth_apps::claim_problems(&mut *services.store.conn().await?, now.plus_seconds(-RECHECK_SECONDS), now).await?;
    for id in ids {
        let app = { store::oauth_apps::find(&mut *services.store.conn().await?, id.as_str()).await? };
        if let Some(app) = app {
            check_app(services, &app).await?;
        }
    }
    Ok(())
}

async fn check_app(services: &Services, app: &StoredApp) -> Result<AppCheck> {
    let definition = connections::find_integration(services, Some(&app.integration_name))?;
    let defaults = definition.oauth_method().map(|(method, _)| method.fields.iter());
    let props = defaults.into_iter().flatten().filter_map(|field| Some((field.key.clone(), field.default.clone()?))).collect();
    let redirect_uri = oauth_apps::callback_url(services, app);
    let mut random = [0_u8; 32];
    services.entropy.fill(&mut random);
    let probe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
    let findings = match oauth_apps::provider(services, app, &props).await {
        Ok(provider) => app_check::check(&services.http, &provider, &redirect_uri, &probe).await,
        // Its endpoints cannot be told: that is an answer too.
        Err(Error { code: Code::Provider | Code::Validation, message, .. }) => {
            Findings { client: Finding::Unknown(message.clone()), redirect_uri: Finding::Unknown(message), refused_scopes: None }
        }
        Err(other) => return Err(other),
    };
    let report = report(&findings, &definition.display_name, &redirect_uri, app.has_secret());
    // What it does not tell, the next refresh does.
    if !matches!(findings.client, Finding::Refused(_)) {
        store::oauth_apps::clear_problem(&mut *services.store.conn().await?, &app.id).await?;
    }
    Ok(report)
}

fn report(findings: &Findings, service: &str, redirect_uri: &str, has_secret: bool) -> AppCheck {
    let what = if has_secret { "client id and client secret" } else { "client id" };
    let connect = || Some("Connect an account to find out".to_owned());
    let client = match &findings.client {
        Finding::Accepted => item("client", CheckResult::Accepted, format!("{service} accepts the {what}"), None),
        Finding::Refused(word) => item(
            "client",
            CheckResult::Refused,
            format!("{service} does not accept the {what} ({word})"),
            Some(if has_secret {
                "Copy both again from the app's page there: the secret may have been replaced or have expired".to_owned()
            } else {
                "Copy it again from the app's page there, and give the client secret if that app has one".to_owned()
            }),
        ),
        Finding::Unknown(why) => item("client", CheckResult::Unknown, format!("{service} does not tell whether it accepts the {what}: {why}"), connect()),
    };
    let redirect = match &findings.redirect_uri {
        Finding::Accepted => item("redirectUri", CheckResult::Accepted, format!("{service} accepts the redirect URI {redirect_uri}"), None),
        Finding::Refused(word) => item(
            "redirectUri",
            CheckResult::Refused,
            format!("{service} does not accept the redirect URI {redirect_uri} for this app ({word})"),
            Some(format!("Register {redirect_uri} there, exactly as it is")),
        ),
        Finding::Unknown(why) => {
            item("redirectUri", CheckResult::Unknown, format!("{service} does not tell whether it accepts the redirect URI {redirect_uri}: {why}"), connect())
        }
    };
    let scopes = findings.refused_scopes.as_ref().map(|word| {
        let suggestion = "Allow these scopes on the app's page there, or set other ones in the app's scopes here".to_owned();
        item("scopes", CheckResult::Refused, format!("{service} does not accept the scopes that this app asks for ({word})"), Some(suggestion))
    });
    let (client_result, redirect_result) = (client.result, redirect.result);
    let checks: Vec<_> = [client, redirect].into_iter().chain(scopes).collect();
    let ok = if checks.iter().any(|check| check.result == CheckResult::Refused) {
        Some(false)
    } else {
        checks.iter().all(|check| check.result == CheckResult::Accepted).then_some(true)
    };
    AppCheck { ok, client: client_result, redirect_uri: redirect_result, checks }
}

fn item(name: &str, result: CheckResult, message: String, suggestion: Option<String>) -> AppCheckItem {
    AppCheckItem { name: name.to_owned(), result, message, suggestion }
}
