//! OAuth apps (RFC 6749 clients) without their secret.

use super::Timestamp;
use super::connection::wire_enum;
use super::id::{OAuthAppId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A client registration at one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OAuthApp {
    /// `oap_…`
    pub id: OAuthAppId,
    /// Which integration it is for.
    pub integration_name: String,
    /// The workspace that owns it; none for the platform's.
    pub workspace_id: Option<WorkspaceId>,
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// Whether it has a secret (which is never shown).
    pub has_client_secret: bool,
    /// Where the secret is kept, if not here: `env:NAME` or `file:/path`, read at each use.
    pub client_secret_ref: Option<String>,
    /// When the secret ends, as it was noted here.
    pub client_secret_expires_at: Option<Timestamp>,
    /// What that means now; null where no end is noted.
    pub client_secret_status: Option<SecretStatus>,
    /// Asked for instead of the definition's scopes.
    pub scopes: Option<Vec<String>>,
    /// What the definition asks of an app beyond id and secret.
    pub config: BTreeMap<String, String>,
    /// What to register at the provider as redirect URI.
    pub callback_url: String,
    /// True when it comes from the environment and can only be changed there.
    pub from_environment: bool,
    /// What the provider has against it. While there is something, no connection of this app is refreshed; changing the app, or a check
    /// that finds it accepted, clears it.
    pub problem: Option<AppProblem>,
    /// Of a client that registered itself (RFC 7591); null for one that somebody registered.
    pub registration: Option<ClientRegistration>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

wire_enum! {
    /// How near the end of a client secret is.
    SecretStatus {
        /// More than 30 days.
        Ok = "ok",
        /// 30 days or less.
        Expiring = "expiring",
        /// It has passed.
        Expired = "expired",
    }
}

impl SecretStatus {
    /// How long before its end a secret is worth a warning.
    const NOTICE_SECONDS: i64 = 30 * 24 * 60 * 60;

    /// Of a secret that ends at `end`.
    pub fn at(now: Timestamp, end: Timestamp) -> Self {
        if end <= now {
            Self::Expired
        } else if end <= now.plus_seconds(Self::NOTICE_SECONDS) {
            Self::Expiring
        } else {
            Self::Ok
        }
    }
}

impl OAuthApp {
    /// What to say of a secret that ends soon or has ended; nothing of one that does not.
    pub fn secret_warning(&self) -> Option<String> {
        let day = self.client_secret_expires_at?.rfc3339().split('T').next().map(str::to_owned)?;
        match self.client_secret_status? {
            SecretStatus::Ok => None,
            SecretStatus::Expiring => Some(format!("The client secret ends on {day}. Make a new one at the service and enter it here before then")),
            SecretStatus::Expired => {
                Some(format!("The client secret ended on {day}. Make a new one at the service and enter it here: without it nothing is connected or renewed"))
            }
        }
    }
}

wire_enum! {
    /// How a client authenticates at the token endpoint (RFC 7591 §2).
    TokenAuthMethod {
        /// Not at all: a public client, which PKCE protects.
        None = "none",
        /// Id and secret in the `Authorization` header.
        Basic = "client_secret_basic",
        /// Id and secret in the body.
        Post = "client_secret_post",
    }
}

/// How a client registered itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClientRegistration {
    /// How it authenticates.
    pub token_endpoint_auth_method: TokenAuthMethod,
    /// When it registered.
    pub registered_at: Timestamp,
    /// When its secret ends, if it does: then it registers anew.
    pub client_secret_expires_at: Option<Timestamp>,
}

/// What a provider has against an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AppProblem {
    /// For machines: `invalid_client`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
}

wire_enum! {
    /// What a provider thinks of one part of an app.
    CheckResult {
        /// It takes it, and would refuse another.
        Accepted = "accepted",
        /// It refuses it.
        Refused = "refused",
        /// It does not say.
        Unknown = "unknown",
    }
}

/// What a check of an app found out at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppCheck {
    /// True: everything is accepted; false: something is refused; null: not everything could be found out.
    pub ok: Option<bool>,
    /// Client id and secret.
    pub client: CheckResult,
    /// The redirect URI (`callbackUrl`).
    pub redirect_uri: CheckResult,
    /// Each with what it means and what to do.
    pub checks: Vec<AppCheckItem>,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppCheckItem {
    /// `client`, `redirectUri`, `scopes`.
    pub name: String,
    /// What the provider thinks of it.
    pub result: CheckResult,
    /// A sentence for a person.
    pub message: String,
    /// What to do, where there is something.
    pub suggestion: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_worth_a_warning_thirty_days_before_its_end() {
        let now = Timestamp(1_000_000_000_000);
        let day = 24 * 60 * 60;
        for (seconds, status) in [
            (-1, SecretStatus::Expired),
            (0, SecretStatus::Expired),
            (1, SecretStatus::Expiring),
            (30 * day, SecretStatus::Expiring),
            (30 * day + 1, SecretStatus::Ok),
        ] {
            assert_eq!(SecretStatus::at(now, now.plus_seconds(seconds)), status, "{seconds}");
        }
    }
}
