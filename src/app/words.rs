//! What the dashboard calls things. One place, so that a list and a page never disagree.

use crate::domain::bulk::{BulkAction, BulkOutcome, BulkReport};
use crate::domain::connection::{Connection, ConnectionType, Health, Scope};
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

/// What happened, in a sentence.
pub fn event(event: &Event) -> String {
    let text = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
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
        other => other.to_owned(),
    }
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
