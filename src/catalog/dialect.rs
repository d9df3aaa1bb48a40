//! What providers made of RFC 6749 and RFC 7009, as data: other names for the same things, other words for failure, other ways to
//! end a grant. Rules that the types cannot say are in `check/dialect.rs`; each key has a case in `oauth/exchange/quirks.toml`.

use super::definition::{BasicPlacement, OAuth2, Pointers, TokenBody};
use super::template::Template;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A request that takes an access token and answers with another. Its templates may name `accessToken`, `clientId` and
/// `clientSecret` beside what `token_url` may name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// `GET`, or `POST` with the parameters as a form.
    #[serde(default = "get")]
    pub method: String,
    /// Where to.
    pub url: Template,
    /// `grant_type = "fb_exchange_token"`, and where the token goes.
    pub params: BTreeMap<String, Template>,
}

fn get() -> String {
    "GET".to_owned()
}

/// Where a token answer has its parts, where they are not called as in RFC 6749. The pointers start at `token_root`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenAnswer {
    /// JSON pointer to the access token: `/accessToken`.
    #[serde(default)]
    pub access_token: Option<String>,
    /// JSON pointer to the refresh token.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// JSON pointer to the lifetime in seconds.
    #[serde(default)]
    pub expires_in: Option<String>,
    /// JSON pointer to the moment of its end, which counts before a lifetime: RFC 3339, or seconds or milliseconds since 1970.
    #[serde(default)]
    pub expires_at: Option<String>,
}

/// How a token endpoint says no, where it is not as in RFC 6749.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenErrors {
    /// Where the code is, text or number. The usual places are looked at where these have nothing.
    #[serde(default)]
    pub code: Pointers,
    /// Where the words for people are.
    #[serde(default)]
    pub message: Pointers,
    /// Codes that mean `invalid_grant`: only the account's owner can mend it.
    #[serde(default)]
    pub dead: Vec<String>,
    /// Codes that mean `invalid_client`: the OAuth app is wrong.
    #[serde(default)]
    pub app: Vec<String>,
}

/// The request that ends a grant where it is not that of RFC 7009. Its templates may name `accessToken`, `refreshToken`, `clientId`
/// and `clientSecret` beside what `token_url` may name and what was captured.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// `POST` unless said otherwise; or `DELETE`, or `GET`.
    #[serde(default = "post")]
    pub method: String,
    /// Where to. What a value brings is percent-encoded.
    pub url: Template,
    /// `Authorization = "Bearer {{accessToken}}"`.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// HTTP Basic.
    #[serde(default)]
    pub basic: Option<BasicPlacement>,
    /// Parameters of the body.
    #[serde(default)]
    pub body: BTreeMap<String, Template>,
    /// How the body is written.
    #[serde(default)]
    pub encoding: TokenBody,
}

fn post() -> String {
    "POST".to_owned()
}

impl Revoke {
    /// All its templates but the URL.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let basic = self.basic.iter().flat_map(|basic| [&basic.username, &basic.password]);
        self.headers.values().chain(self.body.values()).chain(basic)
    }

    /// Whether any part needs the value of `name`.
    pub fn needs(&self, name: &str) -> bool {
        self.templates().chain([&self.url]).any(|template| template.names().any(|needed| needed == name))
    }
}

impl OAuth2 {
    /// What this provider calls a standard parameter of the authorization request; none: it is left out.
    pub fn authorize_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        renamed(&self.authorize_names, name)
    }

    /// The same in token requests.
    pub fn token_name<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        renamed(&self.token_names, name)
    }
}

fn renamed<'a>(names: &'a BTreeMap<String, String>, name: &'a str) -> Option<&'a str> {
    names.get(name).map_or(Some(name), |theirs| Some(theirs.as_str()).filter(|theirs| !theirs.is_empty()))
}
