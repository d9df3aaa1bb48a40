//! Signatures made of what a person entered: a JWT of their key, and requests signed by OAuth 1.0 or AWS Signature Version 4.
//! What is declared here `oauth/sign` does.

use super::definition::{Field, Method, Placement};
use super::json_template::JsonTemplate;
use super::template::{Template, Values};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Name of the JWT in templates of placement and login.
pub const JWT: &str = "jwt";
/// Name of something new each time in claims: `jti = "{{nonce}}"`.
pub const NONCE: &str = "nonce";

/// A JWT that is signed with what was entered, anew for each request or login: `{{jwt}}`. `iat` and `exp` are added.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// How it is signed.
    pub algorithm: JwtAlgorithm,
    /// The key: `{{private_key}}`, PEM (PKCS#8; PKCS#1 and SEC 1 too), or the secret of HS256.
    pub key: Template,
    /// HS256 only: how the secret is written.
    #[serde(default)]
    pub key_encoding: KeyEncoding,
    /// Further members of the header, beside `alg` and `typ`: `kid = "{{key_id}}"`. One that names an optional field which was left empty is left out.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Claims beside `iat` and `exp`: `iss = "{{client_id}}"`. `{{nonce}}` is something new each time (`jti`).
    #[serde(default)]
    pub claims: BTreeMap<String, JsonTemplate>,
    /// From `iat` to `exp`, as long as the service allows.
    pub lifetime_seconds: i64,
    /// `iat` is so long ago, where the service does not forgive clocks that are ahead of its own.
    #[serde(default)]
    pub backdate_seconds: i64,
}

/// Algorithms of RFC 7518.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSA with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
}

impl JwtAlgorithm {
    /// As the header has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// How a shared secret is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyEncoding {
    /// As it is.
    #[default]
    Text,
    /// Hexadecimal.
    Hex,
}

/// OAuth 1.0 (RFC 5849) with a token that the person entered: the `Authorization` header signs method, URL, query and form.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OAuth1 {
    /// Of the app.
    pub consumer_key: Template,
    /// Of the app.
    pub consumer_secret: Template,
    /// Of the account; without one the app signs for itself.
    #[serde(default)]
    pub token: Option<Template>,
    /// Of the account.
    #[serde(default)]
    pub token_secret: Option<Template>,
    /// Sent along unsigned, where the service asks for it.
    #[serde(default)]
    pub realm: Option<Template>,
    /// How it is signed.
    #[serde(default)]
    pub signature_method: OAuth1Signature,
}

/// How an OAuth 1.0 request is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum OAuth1Signature {
    /// RFC 5849 §3.4.2.
    #[default]
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// The same with SHA-256.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
}

/// AWS Signature Version 4: the `Authorization` header signs method, URL, headers and body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AwsSigV4 {
    /// `{{accessKeyId}}`
    pub access_key_id: Template,
    /// `{{secretAccessKey}}`
    pub secret_access_key: Template,
    /// Of temporary keys. Left out where the field was left empty.
    #[serde(default)]
    pub session_token: Option<Template>,
    /// As the credential scope calls the service: `ses`.
    pub service: Template,
    /// `{{region}}`
    pub region: Template,
    /// As S3 and what is compatible with it wants it: the path is encoded once, and a header has the hash of the body.
    #[serde(default)]
    pub s3: bool,
    /// Other services at hosts of their own: `"sts.amazonaws.com" = { service = "sts", region = "us-east-1" }`, for a who-am-I call.
    #[serde(default)]
    pub hosts: BTreeMap<String, AwsScope>,
}

/// What the credential scope says for one host.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AwsScope {
    /// Service.
    pub service: String,
    /// Region.
    pub region: String,
}

impl Placement {
    /// Whether requests are signed as a whole.
    pub fn signs(&self) -> bool {
        self.oauth1.is_some() || self.aws_sigv4.is_some()
    }

    /// The templates of its signature, with what their keys are called.
    pub fn signature_templates(&self) -> Vec<(&'static str, &Template)> {
        let mut all = Vec::new();
        if let Some(oauth1) = &self.oauth1 {
            all.extend([("oauth1.consumer_key", &oauth1.consumer_key), ("oauth1.consumer_secret", &oauth1.consumer_secret)]);
            all.extend(oauth1.token.iter().map(|template| ("oauth1.token", template)));
            all.extend(oauth1.token_secret.iter().map(|template| ("oauth1.token_secret", template)));
            all.extend(oauth1.realm.iter().map(|template| ("oauth1.realm", template)));
        }
        if let Some(aws) = &self.aws_sigv4 {
            all.extend([("aws_sigv4.access_key_id", &aws.access_key_id), ("aws_sigv4.secret_access_key", &aws.secret_access_key)]);
            all.extend(aws.session_token.iter().map(|template| ("aws_sigv4.session_token", template)));
            all.extend([("aws_sigv4.service", &aws.service), ("aws_sigv4.region", &aws.region)]);
        }
        all
    }
}

impl Field {
    /// The parts of a value by their names: members of a JSON object, or what stands between separators. `None` where one is missing.
    pub fn parts_of(&self, value: &str) -> Option<Values> {
        if let Some(separator) = &self.separator {
            let parts: Vec<&str> = value.split(separator.as_str()).map(str::trim).collect();
            let fit = parts.len() == self.parts.len() && parts.iter().all(|part| !part.is_empty());
            return fit.then(|| self.parts.iter().cloned().zip(parts.into_iter().map(str::to_owned)).collect());
        }
        if self.parts.is_empty() {
            return Some(Values::new());
        }
        let whole: serde_json::Value = serde_json::from_str(value).ok()?;
        let text = |name: &String| whole.get(name)?.as_str().filter(|text| !text.is_empty()).map(|text| (name.clone(), text.to_owned()));
        self.parts.iter().map(text).collect()
    }

    /// What a value that lacks a part should have been.
    pub fn parts_wanted(&self) -> String {
        self.pattern_error.clone().unwrap_or_else(|| match &self.separator {
            Some(separator) => format!("{} must be {}, whole", self.label, self.parts.join(separator)),
            None => format!("{} must be the whole JSON file, with {} in it", self.label, self.parts.join(" and ")),
        })
    }
}

impl Method {
    /// The field that templates mean by `name`: the one that is called so, or has a part of that name.
    pub fn field_of(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == name || field.parts.iter().any(|part| part == name))
    }

    /// Adds the parts of what was entered.
    pub fn add_parts(&self, values: &mut Values) {
        for field in self.fields.iter().filter(|field| !field.parts.is_empty()) {
            let parts = values.get(&field.key).and_then(|value| field.parts_of(value)).unwrap_or_default();
            values.extend(parts);
        }
    }
}
