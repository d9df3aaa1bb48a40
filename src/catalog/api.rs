//! The API behind an integration, and what is so in all of its requests and answers.

use super::action::ErrorWhen;
use super::next::Next;
use super::retry::Retry;
use super::template::Template;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The HTTP API behind an integration.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Start of every request; may name fields of the method: `https://{{subdomain}}.zendesk.com`.
    pub base_url: Template,
    /// Sent with every request (a version header, say). One whose value a connection does not have is left out.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Sent with every request whose query does not have it already (an organisation's id, say).
    #[serde(default)]
    pub query: BTreeMap<String, Template>,
    /// Further hosts that the credential may be sent to; that of `base_url` is always allowed.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// An answer to an action is an error when this holds although the status is 2xx; an action may say otherwise.
    #[serde(default)]
    pub error_when: Option<ErrorWhen>,
    /// What means that the service is asked too often, and until when. `retry.rs` has the format.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// How the next page is got in all actions that have its input and say nothing else. `next.rs` has the format.
    #[serde(default)]
    pub next: Option<Next>,
}
