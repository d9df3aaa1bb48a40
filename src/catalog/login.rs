//! Methods whose API takes a short-lived access token that is got with what a person typed into the form: OAuth client credentials,
//! a signed JWT, or a login request of the service's own. The token is `{{accessToken}}` in the method's placement, identity, test and actions.

use super::action::{BodyEncoding, ErrorWhen};
use super::definition::{BasicPlacement, Capture, ClientAuth, Field, FieldType, Method, Pointers, TokenBody};
use super::json_template::JsonTemplate;
use super::sign::JWT;
use super::template::Template;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How to log in, and where in the answer the token is. One of `client_credentials`, `jwt_bearer` and `request` says how.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// RFC 6749 §4.4.
    #[serde(default)]
    pub client_credentials: Option<ClientCredentials>,
    /// RFC 7523 §2.1: the method's `{{jwt}}` is exchanged for a token.
    #[serde(default)]
    pub jwt_bearer: Option<JwtBearer>,
    /// A request of the service's own.
    #[serde(default)]
    pub request: Option<LoginRequest>,
    /// JSON pointer to the token, `/access_token` unless said otherwise; of several the first that finds text.
    #[serde(default = "access_token")]
    pub token: Pointers,
    /// Where the answer says how long it lives. Default: seconds at `/expires_in`.
    #[serde(default)]
    pub expires: Expires,
    /// Lifetime in seconds where the answer names none. Without either the token is used until the service refuses it.
    #[serde(default)]
    pub default_expires_in: Option<i64>,
    /// The answer is a refusal when this holds although the status is 2xx.
    #[serde(default)]
    pub error_when: Option<ErrorWhen>,
    /// Values of the answer to keep as props, renewed with the token (Salesforce's `instance_url`).
    #[serde(default)]
    pub capture: Vec<Capture>,
    /// Log in again this many seconds before the end, not by our own margin.
    #[serde(default)]
    pub refresh_margin_seconds: Option<i64>,
}

fn access_token() -> Pointers {
    Pointers::One("/access_token".to_owned())
}

/// The client credentials grant. A parameter or header that names an optional field which was left empty is left out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// Token endpoint.
    pub token_url: Template,
    /// `{{client_id}}`
    pub client_id: Template,
    /// `{{client_secret}}`. Without it the client proves itself with the method's `{{jwt}}` (`client_assertion`, RFC 7523 §2.2).
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// How the two are sent.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// How the request is encoded.
    #[serde(default)]
    pub token_body: TokenBody,
    /// What providers of their own mind call it (Zoom's `account_credentials`).
    #[serde(default = "client_credentials")]
    pub grant_type: String,
    /// What to ask for.
    #[serde(default)]
    pub scope: Option<Template>,
    /// Further parameters: `audience = "https://{{domain}}/api/v2/"`.
    #[serde(default)]
    pub params: BTreeMap<String, Template>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
}

fn client_credentials() -> String {
    "client_credentials".to_owned()
}

/// The grant type of [`JwtBearer`].
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The JWT bearer grant. A parameter or header that names an optional field which was left empty is left out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JwtBearer {
    /// Token endpoint.
    pub token_url: Template,
    /// What to ask for, where that is no claim of the JWT.
    #[serde(default)]
    pub scope: Option<Template>,
    /// Further parameters.
    #[serde(default)]
    pub params: BTreeMap<String, Template>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
}

/// A login request. A header or member of the body that names an optional field which was left empty is left out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// `POST` unless said otherwise.
    #[serde(default = "post")]
    pub method: String,
    /// A path under `api.base_url` (`/auth/login`) or a whole URL.
    pub url: Template,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// HTTP Basic.
    #[serde(default)]
    pub basic: Option<BasicPlacement>,
    /// Members of the body: `password = "{{password}}"`.
    #[serde(default)]
    pub body: BTreeMap<String, JsonTemplate>,
    /// How the body is written.
    #[serde(default)]
    pub encoding: BodyEncoding,
}

fn post() -> String {
    "POST".to_owned()
}

/// Where a lifetime is, and what it is in.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expires {
    /// JSON pointer, or several to try in order.
    pub pointer: Pointers,
    /// What is there.
    #[serde(default)]
    pub unit: ExpiresUnit,
}

impl Default for Expires {
    fn default() -> Self {
        Self { pointer: Pointers::One("/expires_in".to_owned()), unit: ExpiresUnit::Seconds }
    }
}

/// What a lifetime is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExpiresUnit {
    /// Seconds from now.
    #[default]
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// The moment of its end, as RFC 3339 writes it.
    Datetime,
    /// A JWT, whose `exp` says it: mostly the token itself.
    Jwt,
}

impl Login {
    /// All templates of the request with where they are, but those of URLs and bodies.
    pub fn texts(&self) -> Vec<(String, &Template)> {
        fn add<'a>(texts: &mut Vec<(String, &'a Template)>, at: &str, map: &'a BTreeMap<String, Template>) {
            texts.extend(map.iter().map(|(key, template)| (format!("{at}.{key}"), template)));
        }
        let mut texts = Vec::new();
        if let Some(grant) = &self.client_credentials {
            let secret = grant.client_secret.iter().map(|secret| ("client_secret", secret));
            let own = [("client_id", &grant.client_id)].into_iter().chain(secret).chain(grant.scope.iter().map(|scope| ("scope", scope)));
            texts.extend(own.map(|(key, t)| (format!("client_credentials.{key}"), t)));
            add(&mut texts, "client_credentials.params", &grant.params);
            add(&mut texts, "client_credentials.headers", &grant.headers);
        }
        if let Some(grant) = &self.jwt_bearer {
            texts.extend(grant.scope.iter().map(|scope| ("jwt_bearer.scope".to_owned(), scope)));
            add(&mut texts, "jwt_bearer.params", &grant.params);
            add(&mut texts, "jwt_bearer.headers", &grant.headers);
        }
        if let Some(request) = &self.request {
            add(&mut texts, "request.headers", &request.headers);
            texts.extend(request.basic.iter().flat_map(|basic| [&basic.username, &basic.password]).map(|t| ("request.basic".to_owned(), t)));
        }
        texts
    }

    /// Where the request goes, and what that key is called.
    pub fn url(&self) -> Option<(&'static str, &Template)> {
        let grant = self.client_credentials.iter().map(|grant| ("client_credentials.token_url", &grant.token_url));
        let bearer = self.jwt_bearer.iter().map(|grant| ("jwt_bearer.token_url", &grant.token_url));
        grant.chain(bearer).chain(self.request.iter().map(|request| ("request.url", &request.url))).next()
    }

    /// Whether it is one of OAuth's grants, whose refusals have the RFC's words.
    pub fn is_grant(&self) -> bool {
        self.client_credentials.is_some() || self.jwt_bearer.is_some()
    }

    /// Whether the JWT goes into it by itself.
    pub fn asserts(&self) -> bool {
        self.jwt_bearer.is_some() || self.client_credentials.as_ref().is_some_and(|grant| grant.client_secret.is_none())
    }

    /// Names of the fields that it needs, and that of the JWT.
    pub fn names(&self) -> Vec<String> {
        let url = self.url().into_iter().flat_map(|(_, url)| url.names());
        let texts: Vec<String> = url.chain(self.texts().into_iter().flat_map(|(_, template)| template.names())).map(str::to_owned).collect();
        let texts = texts.into_iter().chain(self.asserts().then(|| JWT.to_owned()));
        texts.chain(self.request.iter().flat_map(|request| request.body.values().flat_map(JsonTemplate::names))).collect()
    }
}

impl Method {
    /// The fields whose secrets its login proves, themselves or by the JWT that they sign.
    pub fn login_secrets(&self) -> impl Iterator<Item = &Field> {
        let mut used = self.login.as_ref().map(Login::names).unwrap_or_default();
        if let (true, Some(jwt)) = (used.iter().any(|name| name == JWT), &self.jwt) {
            used.extend(jwt.key.names().map(str::to_owned));
        }
        let is_used = move |field: &Field| used.iter().any(|name| *name == field.key || field.parts.contains(name));
        self.fields.iter().filter(move |field| is_used(field) && (field.kind == FieldType::Secret || super::check::is_own_secret(self, &field.key)))
    }
}
