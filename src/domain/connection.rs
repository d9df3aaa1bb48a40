//! Stored credentials as clients see them: everything but the secrets.

use super::Timestamp;
use super::id::{ConnectionId, OAuthAppId, WorkspaceId};
use serde::{Deserialize, Serialize};

macro_rules! wire_enum {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $wire:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $vdoc])* #[serde(rename = $wire)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it is stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The one with this wire form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)* _ => None }
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                const MEANINGS: &[(&str, &str)] = &[$(($wire, concat!($($vdoc),*)),)*];
                crate::domain::schema::wire_enum(concat!($($doc),*), MEANINGS)
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use wire_enum;

wire_enum! {
    /// What kind of credential a connection holds.
    ConnectionType {
        /// Authorization code grant with the customer's own OAuth app, or imported tokens.
        OAuth2 = "OAUTH2",
        /// Authorization code grant with the operator's OAuth app.
        PlatformOAuth2 = "PLATFORM_OAUTH2",
        /// One key or token.
        SecretText = "SECRET_TEXT",
        /// User name and password.
        BasicAuth = "BASIC_AUTH",
        /// Several fields.
        CustomAuth = "CUSTOM_AUTH",
    }
}

impl ConnectionType {
    /// Whether it holds OAuth tokens.
    pub fn is_oauth(self) -> bool {
        matches!(self, Self::OAuth2 | Self::PlatformOAuth2)
    }
}

wire_enum! {
    /// Whether a connection can be used.
    Status {
        /// As far as is known it works.
        Active = "ACTIVE",
        /// It does not, and only a person can mend it.
        Error = "ERROR",
    }
}

wire_enum! {
    /// How a connection is doing, computed from stored facts.
    Health {
        /// Nothing known against it.
        Ok = "ok",
        /// The last refresh or test failed for a reason that may pass, or scopes are missing.
        Degraded = "degraded",
        /// Its access ends within a week and cannot be renewed by itself.
        Expiring = "expiring",
        /// Its access has ended.
        Expired = "expired",
        /// The account's owner or the provider withdrew the grant.
        Revoked = "revoked",
        /// It is broken for another reason.
        Error = "error",
    }
}

wire_enum! {
    /// Who a connection belongs to.
    Scope {
        /// The whole installation.
        Organization = "ORGANIZATION",
        /// One workspace.
        Workspace = "WORKSPACE",
        /// One end user of a workspace.
        User = "USER",
    }
}

/// The account at the provider, as its who-am-I call told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The provider's identifier.
    pub id: String,
    /// What a person calls it.
    pub label: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, required = false))]
    pub email: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, required = false))]
    pub avatar_url: Option<String>,
    /// The organisation, team or site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, required = false))]
    pub tenant: Option<String>,
}

/// Why a connection is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectionError {
    /// For machines: `invalid_grant`, `provider_unavailable`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
}

/// A stored credential without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// `conn_…`
    pub id: ConnectionId,
    /// The customer's own identifier, unique per integration, method and scope.
    pub external_id: String,
    /// What people call it.
    pub display_name: String,
    /// Name of the integration.
    pub integration_name: String,
    /// Key of the method it was made with.
    pub auth_method_key: String,
    /// Kind of credential.
    #[serde(rename = "type")]
    pub kind: ConnectionType,
    /// Whether it can be used.
    pub status: Status,
    /// How it is doing.
    pub health: Health,
    /// Who it belongs to.
    pub scope: Scope,
    /// Workspace, unless the scope is the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = WorkspaceId, required = false))]
    pub workspace_id: Option<WorkspaceId>,
    /// The customer's id of the end user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, required = false))]
    pub end_user_id: Option<String>,
    /// The OAuth app it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = OAuthAppId, required = false))]
    pub oauth_app_id: Option<OAuthAppId>,
    /// Whose account it is, once known.
    pub account: Option<Account>,
    /// What the provider granted.
    pub granted_scopes: Vec<String>,
    /// When the access token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Timestamp, required = false))]
    pub expires_at: Option<Timestamp>,
    /// When it was last renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Timestamp, required = false))]
    pub last_refreshed_at: Option<Timestamp>,
    /// When its credentials were last read or used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Timestamp, required = false))]
    pub last_used_at: Option<Timestamp>,
    /// Why it is not well.
    pub error: Option<ConnectionError>,
    /// The customer's own data.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is going to happen to a connection, as far as is known. For the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Asked for when it was connected.
    pub wanted_scopes: Vec<String>,
    /// Whether its token is renewed without a person.
    pub renewable: bool,
    /// When that happens by itself; none: only on use.
    pub renewed_at: Option<Timestamp>,
    /// After a failure: when it is tried again at the earliest.
    pub next_try_at: Option<Timestamp>,
    /// For how many days its refresh token may lie idle, where that is known.
    pub idle_days: Option<i64>,
    /// Why nothing is renewed at present, if nothing is.
    pub held: Option<String>,
}

/// Facts that health is computed from.
#[derive(Debug, Clone, Copy)]
pub struct HealthFacts<'a> {
    /// Code of the stored error.
    pub error_code: Option<&'a str>,
    /// Whether that error needs a person.
    pub error_is_final: bool,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
    /// Whether scopes that were asked for were not granted.
    pub scopes_missing: bool,
    /// The present.
    pub now: Timestamp,
}

/// Codes of errors that mean "the grant is gone": only connecting again helps.
pub const REVOKED_CODES: [&str; 2] = ["invalid_grant", "revoked"];

/// How long before its end access is said to be ending.
pub const EXPIRING_SECONDS: i64 = 7 * 86_400;

impl HealthFacts<'_> {
    /// Status and health that follow from the facts.
    pub fn judge(self) -> (Status, Health) {
        if self.error_is_final {
            let revoked = self.error_code.is_some_and(|code| REVOKED_CODES.contains(&code));
            return (Status::Error, if revoked { Health::Revoked } else { Health::Error });
        }
        if let (Some(expires_at), false) = (self.expires_at, self.renewable) {
            if expires_at <= self.now {
                return (Status::Error, Health::Expired);
            }
            if expires_at.seconds_since(self.now) < EXPIRING_SECONDS && self.error_code.is_none() {
                return (Status::Active, Health::Expiring);
            }
        }
        if self.error_code.is_some() || self.scopes_missing {
            return (Status::Active, Health::Degraded);
        }
        (Status::Active, Health::Ok)
    }
}
