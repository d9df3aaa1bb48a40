//! Typed identifiers: a prefix that says what it names, and a time-ordered UUIDv7 in hex.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident = $prefix:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// An id from 128 bits that a UUIDv7 generator made.
            pub fn from_bits(bits: u128) -> Self {
                Self(format!("{}{bits:032x}", Self::PREFIX))
            }

            /// An id that was stored earlier, or that a client sent and a lookup will judge.
            pub fn known(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                super::schema::id(concat!($($doc),*), $prefix)
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// The one organisation of an installation.
    OrgId = "org_";
    /// A person who signs in to the dashboard.
    UserId = "usr_";
    /// A workspace.
    WorkspaceId = "ws_";
    /// An integration set up in a workspace.
    WorkspaceIntegrationId = "wi_";
    /// A user of the customer's product.
    EndUserId = "eu_";
    /// An API key.
    ApiKeyId = "key_";
    /// An OAuth app: client id and secret at one provider.
    OAuthAppId = "oap_";
    /// A stored credential.
    ConnectionId = "conn_";
    /// One run of the hosted connect page.
    SessionId = "cs_";
    /// An entry of the event log.
    EventId = "evt_";
    /// Where events are sent to.
    WebhookId = "whk_";
    /// One event sent to one webhook.
    DeliveryId = "whd_";
    /// One request to the server.
    RequestId = "req_";
}

impl EventId {
    /// The least id that an event of `at` can have.
    pub fn first_at(at: super::Timestamp) -> Self {
        let ms = u128::try_from(at.0.clamp(0, 0xffff_ffff_ffff)).unwrap_or(0);
        Self::from_bits(ms << 80)
    }
}
