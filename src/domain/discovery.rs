//! What an authorization server, or a resource behind one, says of itself: what somebody sees who brings a service of their own.

use super::connection::wire_enum;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What an address turned out to be.
    FoundKind {
        /// An authorization server (RFC 8414, OpenID Connect Discovery).
        Issuer = "issuer",
        /// A resource that names its authorization servers (RFC 9728): an MCP server, an API.
        Resource = "resource",
    }
}

/// What was found at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// What the address is of.
    pub kind: FoundKind,
    /// The authorization server, exactly as it calls itself.
    pub issuer: String,
    /// All authorization servers that the resource names, this one among them; else this one alone.
    pub issuers: Vec<String>,
    /// The resource, as it calls itself: tokens are asked for it alone (RFC 8707).
    pub resource: Option<String>,
    /// Where the authorization server's metadata was found.
    pub metadata_url: String,
    /// Where people are asked.
    pub authorization_endpoint: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// Where clients register themselves (RFC 7591); null: somebody has to register one there.
    pub registration_endpoint: Option<String>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<String>,
    /// Whose account it is (OpenID Connect).
    pub userinfo_endpoint: Option<String>,
    /// Whether it says that it supports PKCE with S256 (RFC 7636).
    pub pkce: bool,
    /// Whether it says who it is in its answers (RFC 9207).
    pub iss_parameter: bool,
    /// How clients may authenticate at the token endpoint.
    pub auth_methods: Vec<String>,
    /// Scopes it offers, as far as it says.
    pub scopes: Vec<String>,
    /// Those that are asked for where nobody says otherwise.
    pub suggested_scopes: Vec<String>,
    /// A free name for the integration.
    pub suggested_name: String,
    /// What people may call it.
    pub suggested_display_name: String,
    /// What is not as it should be, and does not stop it.
    pub warnings: Vec<DiscoveryWarning>,
}

/// Something to know before going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DiscoveryWarning {
    /// For machines: `pkce_not_announced`, `endpoint_elsewhere`.
    pub code: String,
    /// For people.
    pub message: String,
}
