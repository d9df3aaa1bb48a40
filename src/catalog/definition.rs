//! The shape of an integration's TOML file: what a definition may say, key by key.
//!
//! Every struct refuses unknown keys, so a typo is a load-time error with a line number, never a silent default.
//! The prose version for authors is `docs/adding-an-integration.md`; rules that span several keys are in `check.rs`. Editors know
//! it from `docs/integration.schema.json`, which a test derives from the types here (`schema.rs`).

pub use super::api::Api;
pub use super::field::{Field, FieldOption, FieldType};

use super::action::{Action, ErrorWhen};
use super::choose::Choose;
use super::dialect::{Revoke, Swap, TokenAnswer, TokenErrors};
use super::login::Login;
use super::sign::{AwsSigV4, Jwt, OAuth1};
use super::template::Template;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One service that accounts can be connected to.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Stable identifier, equal to the file's name: `google-calendar`.
    pub name: String,
    /// What people call it: `Google Calendar`.
    pub display_name: String,
    /// One sentence, in our own words.
    pub description: String,
    /// From the fixed list in `check.rs`; the first is the main one.
    pub categories: Vec<String>,
    /// Slug of a logo in `public/logos/{icon}.svg`; without one a monogram is shown.
    #[serde(default)]
    pub icon: Option<String>,
    /// The provider's documentation that the facts in this file were read in.
    pub docs_url: String,
    /// The day (`YYYY-MM-DD`) the facts were last compared with that page. Absent: they are from elsewhere and not compared yet.
    #[serde(default)]
    pub checked_at: Option<String>,
    /// Where an operator registers an OAuth app, or a person finds an API key.
    #[serde(default)]
    pub setup_url: Option<String>,
    /// What to do there, a sentence a step.
    #[serde(default)]
    pub setup_steps: Vec<String>,
    /// How its API is reached. Absent for services that are not HTTP APIs.
    #[serde(default)]
    pub api: Option<Api>,
    /// The ways to connect, the recommended one first. Empty: nothing to authenticate.
    #[serde(default)]
    pub auth: Vec<Method>,
    /// What can be done with a connection, by name: `send_channel_message`. `action.rs` has the format.
    #[serde(default)]
    pub actions: BTreeMap<String, Action>,
}

/// Which kind of credential a method collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodType {
    /// Authorization code grant. A connection made with the operator's app is PLATFORM_OAUTH2, otherwise OAUTH2.
    #[serde(rename = "OAUTH2")]
    OAuth2,
    /// One secret string, submitted as `secretText`.
    SecretText,
    /// `username` and `password`.
    BasicAuth,
    /// The method's own fields, submitted as `props`.
    CustomAuth,
}

/// One way to connect.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Unique within the integration: `oauth2`, `api-key`.
    pub key: String,
    /// What kind of credential it collects.
    #[serde(rename = "type")]
    pub kind: MethodType,
    /// Shown on the tab: `API key`.
    pub label: String,
    /// One sentence shown above the form.
    #[serde(default)]
    pub description: Option<String>,
    /// Inputs. `secretText` (SECRET_TEXT) and `username`/`password` (BASIC_AUTH) may be listed to give them a label and
    /// help and are added when absent; all others become `props`.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// OAUTH2 only.
    #[serde(default)]
    pub oauth2: Option<OAuth2>,
    /// OAUTH2 only: which of the accounts that a consent covers is meant, where the API has to be told. `choose.rs` has the format.
    #[serde(default)]
    pub choose: Option<Choose>,
    /// Not OAUTH2: how what was entered gets a short-lived access token. `login.rs` has the format.
    #[serde(default)]
    pub login: Option<Login>,
    /// Not OAUTH2: a JWT that is signed with what was entered, `{{jwt}}`. `sign.rs` has the format.
    #[serde(default)]
    pub jwt: Option<Jwt>,
    /// Where the credential goes in a request.
    #[serde(default)]
    pub placement: Placement,
    /// The who-am-I call: proves the credential and says whose it is.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Proves the credential where the service has no who-am-I call.
    #[serde(default)]
    pub test: Option<ProbeRequest>,
}

/// How an authorization code grant goes at this provider (RFC 6749, with what providers made of it).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// Discover every endpoint from this issuer (OpenID Connect Discovery, RFC 8414) instead of naming them.
    #[serde(default)]
    pub issuer: Option<Template>,
    /// Authorization endpoint.
    #[serde(default)]
    pub authorize_url: Option<Template>,
    /// Token endpoint.
    #[serde(default)]
    pub token_url: Option<Template>,
    /// Refresh goes here instead of `token_url`.
    #[serde(default)]
    pub refresh_url: Option<Template>,
    /// RFC 7009 revocation endpoint.
    #[serde(default)]
    pub revoke_url: Option<Template>,
    /// Further parameters of the authorization request: `access_type = "offline"`.
    #[serde(default)]
    pub authorize_params: BTreeMap<String, Template>,
    /// Further parameters of the code exchange.
    #[serde(default)]
    pub token_params: BTreeMap<String, Template>,
    /// Further parameters of a refresh.
    #[serde(default)]
    pub refresh_params: BTreeMap<String, Template>,
    /// Asked for when nobody says otherwise: the least that identifies the account and does the common job.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Others worth offering.
    #[serde(default)]
    pub optional_scopes: Vec<String>,
    /// Between scopes in the request.
    #[serde(default = "space")]
    pub scope_separator: String,
    /// Name of the scope parameter (`user_scope`).
    #[serde(default = "scope")]
    pub scope_param: String,
    /// PKCE (RFC 7636) is S256 unless the provider is known to refuse it.
    #[serde(default)]
    pub pkce: Pkce,
    /// How the app identifies itself at the token endpoint.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// How the token request is encoded.
    #[serde(default)]
    pub token_body: TokenBody,
    /// Other names of `client_id`, `redirect_uri` and `response_type` in the authorization request; an empty one leaves it out.
    #[serde(default)]
    pub authorize_names: BTreeMap<String, String>,
    /// Other names of standard parameters in token requests: `client_id = "client_key"`; an empty one leaves it out.
    #[serde(default)]
    pub token_names: BTreeMap<String, String>,
    /// Query parameter of the callback that holds the code, where it is not `code`: `spapi_oauth_code`.
    #[serde(default)]
    pub code_param: Option<String>,
    /// JSON pointer to the object that holds the tokens, where it is not the top level: `/authed_user`.
    #[serde(default)]
    pub token_root: Option<String>,
    /// The answer is an error when this holds although the status is 200: `{ pointer = "/ok", equals = false }`.
    #[serde(default)]
    pub error_when: Option<ErrorWhen>,
    /// Where the token answer has its parts, where they have names of their own.
    #[serde(default)]
    pub token_answer: TokenAnswer,
    /// How the token endpoint says no, where it has words of its own.
    #[serde(default)]
    pub errors: TokenErrors,
    /// The request that ends a grant, where it is not that of RFC 7009.
    #[serde(default)]
    pub revoke: Option<Revoke>,
    /// A second request after the code exchange that swaps the token for one that lives longer (Meta's `fb_exchange_token`).
    #[serde(default)]
    pub long_lived: Option<Swap>,
    /// Where there are no refresh tokens: the request that renews an access token with itself, before it ends.
    #[serde(default)]
    pub renew: Option<Swap>,
    /// Lifetime in seconds where the answer names none but tokens do expire.
    #[serde(default)]
    pub default_expires_in: Option<i64>,
    /// Renew this many seconds before the end, not by our own margin, at providers that refuse to do it earlier.
    #[serde(default)]
    pub refresh_margin_seconds: Option<i64>,
    /// A refresh token that is not used for so many days ends: it is used before.
    #[serde(default)]
    pub refresh_idle_days: Option<i64>,
    /// For so many seconds after a rotation the provider still takes the refresh token before, for clients that lost its answer.
    #[serde(default)]
    pub refresh_grace_seconds: Option<i64>,
    /// The exact `iss` that this provider sends (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
    /// Query parameters of the callback to keep as props (QuickBooks' `realmId`).
    #[serde(default)]
    pub callback_capture: Vec<Capture>,
    /// Values of the token answer to keep as props (Salesforce's `instance_url`).
    #[serde(default)]
    pub token_capture: Vec<Capture>,
    /// What the operator must tell about the OAuth app beyond id and secret (`oidc`: its issuer).
    #[serde(default)]
    pub app_fields: Vec<Field>,
    /// Size of the popup in CSS pixels.
    #[serde(default)]
    pub popup: Option<Popup>,
}

fn space() -> String {
    " ".to_owned()
}
fn scope() -> String {
    "scope".to_owned()
}

/// Whether PKCE is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Pkce {
    /// Always, with SHA-256.
    #[default]
    S256,
    /// The provider refuses or breaks on it; say why beside the key.
    #[serde(rename = "off")]
    Off,
}

/// Client authentication at the token endpoint (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the body.
    #[default]
    Body,
    /// `Authorization: Basic`, both parts form-encoded as the RFC says.
    Basic,
    /// `Authorization: Basic` without that encoding, for providers that do not decode it.
    BasicRaw,
}

/// Encoding of the token request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    /// `application/x-www-form-urlencoded`, as the RFC says.
    #[default]
    Form,
    /// JSON.
    Json,
    /// A `GET` with the parameters in the query.
    Query,
}

/// A value to keep from a callback or an answer.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Name of the prop.
    pub name: String,
    /// Query parameter (callback) or JSON pointer (token answer).
    pub from: String,
    /// Regular expression that the whole value must match. Required: what a browser brings becomes part of URLs.
    pub pattern: String,
    /// Without it the connection cannot work.
    #[serde(default)]
    pub required: bool,
}

/// Size of the provider's window.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Popup {
    /// CSS pixels.
    pub width: u16,
    /// CSS pixels.
    pub height: u16,
}

/// Where the credential goes in a request. OAUTH2 methods and those with a login or a JWT default to `Authorization: Bearer`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// `Authorization = "Bearer {{secretText}}"`.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// `key = "{{secretText}}"`.
    #[serde(default)]
    pub query: BTreeMap<String, Template>,
    /// HTTP Basic.
    #[serde(default)]
    pub basic: Option<BasicPlacement>,
    /// Signed by OAuth 1.0 when all else of the request is known.
    #[serde(default)]
    pub oauth1: Option<OAuth1>,
    /// Signed by AWS Signature Version 4 when all else of the request is known.
    #[serde(default)]
    pub aws_sigv4: Option<AwsSigV4>,
}

/// The two halves of HTTP Basic.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BasicPlacement {
    /// Before the colon.
    pub username: Template,
    /// After the colon; often empty or `x` where a key is the user name.
    pub password: Template,
}

/// A request that proves a credential.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProbeRequest {
    /// `GET` unless said otherwise.
    #[serde(default = "get")]
    pub method: String,
    /// A path under `api.base_url` (`/v1/me`) or a whole URL.
    pub url: Template,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// JSON body, as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The answer is a refusal when this holds although the status is 2xx.
    #[serde(default)]
    pub error_when: Option<ErrorWhen>,
}

fn get() -> String {
    "GET".to_owned()
}

/// The who-am-I request and where its answer says who. Each of the pointers (RFC 6901) may be a list: the first that
/// finds a non-empty string or number is used.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `GET` unless said otherwise.
    #[serde(default = "get")]
    pub method: String,
    /// A path under `api.base_url` (`/v1/me`) or a whole URL.
    pub url: Template,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// JSON body, as text.
    #[serde(default)]
    pub body: Option<String>,
    /// Stable identifier of the account.
    pub id: Pointers,
    /// What a person calls the account.
    pub label: Pointers,
    /// E-mail address.
    #[serde(default)]
    pub email: Pointers,
    /// Picture.
    #[serde(default)]
    pub avatar: Pointers,
    /// The organisation, team or site the account is in.
    #[serde(default)]
    pub tenant: Pointers,
}

/// One JSON pointer or several to try in order.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Pointers {
    /// Nothing to read.
    #[default]
    None,
    /// `"/user/name"`
    One(String),
    /// `["/name", "/login"]`
    Several(Vec<String>),
}

impl Pointers {
    /// The pointers in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::None => [].iter(),
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::Several(several) => several.iter(),
        }
        .map(String::as_str)
    }
}
