//! Inputs of forms: what a person, or an operator with an OAuth app, is asked for.

use serde::Deserialize;

/// One input of a form.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name in `props` and in templates: `subdomain`.
    pub key: String,
    /// Shown beside the input.
    pub label: String,
    /// How it is entered and checked.
    #[serde(rename = "type", default)]
    pub kind: FieldType,
    /// Whether it may be left empty.
    #[serde(default = "yes")]
    pub required: bool,
    /// Used when left empty.
    #[serde(default)]
    pub default: Option<String>,
    /// An example, shown in the empty input.
    #[serde(default)]
    pub placeholder: Option<String>,
    /// Where a person finds the value.
    #[serde(default)]
    pub help: Option<String>,
    /// A page about it.
    #[serde(default)]
    pub help_url: Option<String>,
    /// Regular expression for the whole value.
    #[serde(default)]
    pub pattern: Option<String>,
    /// What to say when the pattern does not match.
    #[serde(default)]
    pub pattern_error: Option<String>,
    /// `select` only: what can be chosen.
    #[serde(default)]
    pub options: Vec<FieldOption>,
    /// `host` and `url`: the value's host must end in one of these (`.zendesk.com`).
    #[serde(default)]
    pub host_suffixes: Vec<String>,
    /// `text` and `secret`: names by which templates know parts of the value, members of a JSON file that is pasted whole (a service
    /// account's), or what stands between separators.
    #[serde(default)]
    pub parts: Vec<String>,
    /// What stands between the parts: `:`. Without it the value is JSON.
    #[serde(default)]
    pub separator: Option<String>,
}

fn yes() -> bool {
    true
}

/// How a field is entered and checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// One line of text.
    #[default]
    Text,
    /// One line, hidden while typing, encrypted at rest.
    Secret,
    /// A number.
    Number,
    /// A check box: `true` or `false`.
    Boolean,
    /// One of `options`.
    Select,
    /// A host name. A pasted URL is cut down to its host.
    Host,
    /// An https origin. A bare host gets its scheme; path and query are cut off.
    Url,
}

/// One choice of a `select`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldOption {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
}
