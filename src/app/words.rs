//! What the dashboard calls things. One place, so that a list and a page never disagree.

use crate::domain::bulk::{BulkAction, BulkOutcome, BulkReport};
use crate::domain::connection::{Connection, ConnectionType, Health, Outlook, Scope};
use crate::domain::event::Event;

/// A kind of credential.
pub fn kind(kind: ConnectionType) -> &'static str {
    match kind {
        ConnectionType::OAuth2 => "OAuth 2.0",
        ConnectionType::PlatformOAuth2 => "Platform OAuth 2.0",
        ConnectionType::SecretText => "Key or token",
        ConnectionType::BasicAuth => "User and password",
        ConnectionType::CustomAuth => "Custom fields",
    }
}

/// A kind of credential, by its wire name.
pub fn kind_of_wire(wire: &str) -> &'static str {
    ConnectionType::parse(wire).map_or("Other", kind)
}

/// How a connection is doing, in a word.
pub fn health(health: Health) -> &'static str {
    match health {
        Health::Ok => "Healthy",
        Health::Degraded => "Degraded",
        Health::Expiring => "Expiring",
        Health::Expired => "Expired",
        Health::Revoked => "Revoked",
        Health::Error => "Broken",
    }
}

/// What that means and what to do.
pub fn health_advice(connection: &Connection) -> &'static str {
    let oauth = connection.kind.is_oauth();
    match (connection.health, oauth) {
        (Health::Ok, _) => "As far as is known, it works.",
        (Health::Degraded, true) if connection.error.is_none() => "It works, but was granted fewer scopes than were asked for. Reconnect it to ask again.",
        (Health::Degraded, true) => "It can still be used. Keyloom keeps trying to renew it.",
        (Health::Degraded, false) => "It can still be used. The last check failed for a reason that may pass.",
        (Health::Expiring, true) => "Its access ends soon and cannot be renewed without a person. Reconnect it.",
        (Health::Expired, true) => "Its access has ended. Reconnect it.",
        (Health::Revoked, true) => "The account's owner or the service withdrew the access. Reconnect it.",
        (Health::Error, true) => "Only a person can mend it: reconnect it.",
        (Health::Expiring | Health::Expired | Health::Revoked | Health::Error, false) => {
            "Make a new credential at the service, create the connection with it, and delete this one."
        }
    }
}

/// Who a connection belongs to: its workspace, by name where that is known, and the end user.
pub fn owner(connection: &Connection, workspace: Option<&str>) -> String {
    let workspace = connection.workspace_id.as_ref().map(|id| workspace.unwrap_or(id.as_str()).to_owned());
    match (connection.scope, workspace, &connection.end_user_id) {
        (Scope::Organization, ..) => "Organisation".to_owned(),
        (_, Some(workspace), Some(user)) => format!("{workspace} · {user}"),
        (_, Some(workspace), None) => workspace,
        (_, None, user) => user.clone().unwrap_or_else(|| "Workspace".to_owned()),
    }
}

/// Whether an error is about the OAuth app, so that all of its connections have it.
pub fn is_about_the_app(code: &str) -> bool {
    ["invalid_client", "unauthorized_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id", "redirect_uri_mismatch"].contains(&code)
}

/// What a connection's error means: one sentence a class of failures.
pub fn cause(code: &str, service: &str) -> String {
    match code {
        "provider_unreachable" => format!("Keyloom could not reach {service}, or got no whole answer."),
        "provider_throttled" => format!("{service} wants fewer requests for a while."),
        "provider_unavailable" => format!("{service} has a problem of its own."),
        "invalid_grant" | "revoked" => format!("{service} has ended this access: somebody withdrew it, a password changed, or it lay idle for too long."),
        "login_refused" => format!("{service} does not accept any more what was entered for this connection."),
        "credentials_rejected" => format!("{service} does not accept this credential any more."),
        "app_incomplete" => format!("The request to {service} could not be made."),
        app if is_about_the_app(app) => format!("{service} does not accept the OAuth app that this connection was made with."),
        _ => format!("{service} refused."),
    }
}

/// What to do about a connection, by what is wrong with it.
pub fn advice(connection: &Connection, service: &str) -> String {
    let Some(error) = &connection.error else { return health_advice(connection).to_owned() };
    match error.code.as_str() {
        "provider_unreachable" => {
            format!("Nothing yet: it is tried again by itself, and the access is not lost. If it lasts, see whether this server may reach {service}.")
        }
        "provider_throttled" => "Nothing: it is tried again when the wait is over. If it happens often, see what else uses the same OAuth app.".to_owned(),
        "provider_unavailable" => format!("Nothing: it is tried again by itself, and the access is not lost. {service}'s status page may say more."),
        "app_incomplete" => "Correct what the message names, in the OAuth app or the server's settings, and refresh it.".to_owned(),
        app if is_about_the_app(app) => {
            "Correct the OAuth app's client ID and secret. Its connections go on by themselves then; nobody has to connect again.".to_owned()
        }
        _ => health_advice(connection).to_owned(),
    }
}

/// Whether it has an access token that is renewed: by OAuth, or by logging in again with what was entered.
pub fn has_token(connection: &Connection) -> bool {
    connection.kind.is_oauth() || connection.expires_at.is_some()
}

/// When its access ends, and what is done about it.
pub fn forecast(connection: &Connection, outlook: &Outlook) -> String {
    if !has_token(connection) {
        return "No end is known. If the service ends it, the next test says so.".to_owned();
    }
    let idle = outlook.idle_days.map_or_else(String::new, |days| format!(" The refresh token ends when it is not used for {days} days: it is used before."));
    match (&outlook.held, outlook.renewable, outlook.renewed_at, connection.expires_at) {
        (Some(held), true, ..) => format!("{held}."),
        (None, true, Some(at), Some(_)) => format!("The access token is renewed by itself at about {} UTC, and on use.{idle}", at.minute()),
        (None, true, ..) => format!("The access token is renewed when it is used.{idle}"),
        (_, false, _, Some(_)) => "It cannot be renewed without a person: reconnect it before it ends.".to_owned(),
        (_, false, _, None) => "The service names no end.".to_owned(),
    }
}

/// What happened, in a sentence.
pub fn event(event: &Event) -> String {
    let text = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let named = |what: &str, name: &str| text(name).map_or_else(|| what.to_owned(), |name| format!("{what}: {name}"));
    match event.kind.as_str() {
        "connection.created" => "Created".to_owned(),
        "connection.reconnected" if event.data.get("accountChanged").and_then(serde_json::Value::as_bool) == Some(true) => {
            "Reconnected, as another account".to_owned()
        }
        "connection.reconnected" => "Reconnected".to_owned(),
        "connection.account_changed" => {
            let label = |when: &str| event.data.get(when)?.get("label")?.as_str().map(str::to_owned);
            match (label("before"), label("after")) {
                (Some(before), Some(after)) => format!("{after} signed in, in place of {before}"),
                _ => "Another account signed in".to_owned(),
            }
        }
        "connection.refreshed" => "Access token renewed".to_owned(),
        "connect.session.completed" => "Somebody agreed on the service's page".to_owned(),
        "connect.session.created" => "A connect page was made for it".to_owned(),
        "connect.session.failed" => text("message").unwrap_or_else(|| "The service did not grant access".to_owned()),
        "connect.session.expired" => "A connect page's time ran out".to_owned(),
        "connection.recovered" => "Works again".to_owned(),
        "connection.expiring" => "Its access ends soon".to_owned(),
        "connection.expired" => "Its access has ended".to_owned(),
        "connection.deleted" => "Deleted".to_owned(),
        "connection.updated" => "Renamed or changed".to_owned(),
        "connection.tested" | "connection.error" => text("message").unwrap_or_else(|| "Tested".to_owned()),
        "credentials.read" => "Credentials read".to_owned(),
        "connection.revoked" => "The service has withdrawn the access".to_owned(),
        "connection.revocation_failed" => "The service did not confirm that the access is withdrawn".to_owned(),
        "connect.session.awaiting_confirmation" => "Somebody connected, and the application has to confirm it".to_owned(),
        "connect.session.confirmed" => "The application confirmed who connected".to_owned(),
        "action.executed" => "Action executed".to_owned(),
        "oauth_app.problem" => text("message").unwrap_or_else(|| "A service does not accept an OAuth app".to_owned()),
        "oauth_app.registered_anew" => "Registered anew at the service, which knew the OAuth app no longer".to_owned(),
        "oauth_app.registration_failed" => "Could not register anew at the service, which knows the OAuth app no longer".to_owned(),
        "login.started" => "Signed in".to_owned(),
        "login.failed" => "A sign-in failed".to_owned(),
        "login.others_ended" => "Ended the other sign-ins".to_owned(),
        "member.joined" => "Joined by invitation".to_owned(),
        "member.password_changed" => "Changed the password".to_owned(),
        "member.removed" => "Member removed".to_owned(),
        "member.role_changed" => "Member's role changed".to_owned(),
        "member.invited" => named("Invited", "email"),
        "member.invitation_withdrawn" => named("Invitation withdrawn", "email"),
        "user.created" => "Admin account made".to_owned(),
        "webhook.test" => "Test message sent to a webhook".to_owned(),
        "webhook.secret_rotated" => "Webhook's secret replaced".to_owned(),
        "webhook.disabled" => "Webhook switched off: its receiver says that it is gone".to_owned(),
        "keys.rotated" => "Master key and data keys replaced".to_owned(),
        "refresh.released" => "Renewing tokens of the restored database allowed".to_owned(),
        "end_user.token_issued" => named("Portal link made for an end user", "externalId"),
        "end_user.token_disowned" => named("An end user said that a portal link was not theirs", "externalId"),
        other => made_or_changed(other, &named).unwrap_or_else(|| other.to_owned()),
    }
}

/// For the kinds that are a noun and what became of it.
fn made_or_changed(kind: &str, named: &dyn Fn(&str, &str) -> String) -> Option<String> {
    let (noun, verb) = kind.split_once('.')?;
    let (noun, name) = match noun {
        "api_key" => ("API key", "name"),
        "end_user" => ("End user", "externalId"),
        "integration" => ("Custom integration", "integrationName"),
        "oauth_app" => ("OAuth app", "integrationName"),
        "webhook" => ("Webhook", "webhookId"),
        "workspace" => ("Workspace", "slug"),
        "workspace_integration" => ("Workspace integration", "alias"),
        _ => return None,
    };
    let verb = match verb {
        "created" => "made",
        "updated" => "changed",
        "deleted" => "deleted",
        _ => return None,
    };
    Some(named(&format!("{noun} {verb}"), name))
}

/// Who did it.
pub fn actor(name: &str) -> String {
    match name.split_once(':') {
        Some(("key", id)) => format!("API key {id}"),
        Some(("user", _)) => "An admin".to_owned(),
        Some(("session", _)) => "Connect page".to_owned(),
        Some(("end_user", _)) => "End user".to_owned(),
        _ => "Keyloom".to_owned(),
    }
}

/// What became of several connections, in a sentence.
pub fn bulk(report: &BulkReport) -> String {
    let count = |outcome| report.rows.iter().filter(|row| row.outcome == outcome).count();
    let (verb, done, unclear) = match report.action {
        BulkAction::Test => ("tested", "well", "could not be checked"),
        BulkAction::Refresh => ("refreshed", "renewed", "with nothing to renew"),
        BulkAction::Delete => ("to delete", "deleted", "unclear"),
    };
    let parts = [(count(BulkOutcome::Done), done), (count(BulkOutcome::Failed), "failed"), (count(BulkOutcome::Unclear), unclear)];
    let parts: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let all = if report.rows.len() == 1 { "1 connection".to_owned() } else { format!("{} connections", report.rows.len()) };
    format!("{all} {verb}: {}.", parts.join(", "))
}

/// What became of the access at the provider when a connection was deleted.
pub fn revocation(word: &str) -> Option<&'static str> {
    Some(match word {
        "revoked" => "The connection is deleted, and the service has withdrawn the access.",
        "unsupported" => "The connection is deleted. The service offers no way to withdraw the access from here: the account's owner can do it there.",
        "not_applicable" => "The connection is deleted. The credential itself still works at the service until it is deleted there.",
        "shared" => "The connection is deleted. The access itself stays: another connection of the same account needs it.",
        "failed" => "The connection is deleted, but the service has not confirmed yet that the access is withdrawn. The account's owner can do it there.",
        _ => return None,
    })
}
