//! Integrations as clients see them.

use super::connection::ConnectionType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One service that accounts can be connected to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// `slack`
    pub name: String,
    /// `Slack`
    pub display_name: String,
    /// One sentence.
    pub description: String,
    /// Absolute URL of the logo.
    pub logo_url: Option<String>,
    /// Main one first.
    pub categories: Vec<String>,
    /// The provider's documentation.
    pub docs_url: String,
    /// Where an OAuth app or a key is made.
    pub setup_url: Option<String>,
    /// What to do there.
    pub setup_steps: Vec<String>,
    /// The recommended method; null where nothing has to be authenticated.
    pub auth: Option<AuthOption>,
    /// All methods.
    pub auth_options: Vec<AuthOption>,
    /// Actions by name. `custom_api_call` is there wherever there is an HTTP API.
    pub actions: BTreeMap<String, ActionView>,
    /// Always empty: triggers are out of scope.
    pub triggers: BTreeMap<String, serde_json::Value>,
}

/// Something that can be done with a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    /// What people call it.
    pub display_name: String,
    /// One sentence.
    pub description: String,
    /// JSON Schema (2020-12) of `input`.
    pub input_schema: serde_json::Map<String, serde_json::Value>,
    /// What an OAuth connection must have been granted.
    pub required_scopes: Vec<String>,
}

/// One way to connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthOption {
    /// `oauth2`, `api-key`
    pub key: String,
    /// Kind of credential.
    #[serde(rename = "type")]
    pub kind: ConnectionType,
    /// Shown on the tab.
    pub display_name: String,
    /// One sentence above the form.
    pub description: Option<String>,
    /// Inputs.
    pub fields: Vec<FieldView>,
    /// OAUTH2 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = OAuth2View, required = false))]
    pub oauth2: Option<OAuth2View>,
}

/// What a client needs to know about an authorization code grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OAuth2View {
    /// Asked for by default.
    pub scopes: Vec<String>,
    /// Others on offer.
    pub optional_scopes: Vec<String>,
    /// What an OAuth app needs beyond id and secret.
    pub app_fields: Vec<FieldView>,
    /// Popup size in CSS pixels.
    pub popup_width: u16,
    /// Popup size in CSS pixels.
    pub popup_height: u16,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldView {
    /// Name in `props`.
    pub name: String,
    /// Shown beside it.
    pub label: String,
    /// text, secret, number, boolean, select, host, url
    #[serde(rename = "type")]
    #[cfg_attr(feature = "ssr", schema(pattern = "^(text|secret|number|boolean|select|host|url)$"))]
    pub kind: String,
    /// Must be filled in.
    pub required: bool,
    /// Hidden while typing and encrypted at rest.
    pub secret: bool,
    /// An example.
    pub placeholder: Option<String>,
    /// Where to find it.
    pub help: Option<String>,
    /// A page about it.
    pub help_url: Option<String>,
    /// Regular expression for the whole value.
    pub pattern: Option<String>,
    /// What to say when it does not match.
    pub pattern_error: Option<String>,
    /// Choices of a select.
    pub options: Vec<OptionView>,
    /// Used when left empty.
    pub default: Option<String>,
}

impl FieldView {
    /// A field that must be filled in, with nothing that helps to do so.
    pub fn new(name: &str, label: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind: kind.to_owned(),
            required: true,
            secret: kind == "secret",
            placeholder: None,
            help: None,
            help_url: None,
            pattern: None,
            pattern_error: None,
            options: Vec::new(),
            default: None,
        }
    }
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OptionView {
    /// Stored.
    pub value: String,
    /// Shown.
    pub label: String,
}
