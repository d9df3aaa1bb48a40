//! Takes a connection's secrets out of what a service answers: some repeat what they were sent.

use crate::catalog::UNRESERVED;
use crate::catalog::{ACCESS_TOKEN, FieldType, JWT, Method, Template, Values};
use crate::vault::{Credential, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands in a secret's place.
pub(super) const REDACTED: &str = "[redacted]";
/// Shorter ones are part of too many words.
const SHORTEST: usize = 5;

/// The secrets of one connection, in every form that they are sent in. No `Debug`.
pub(super) struct Redactor {
    /// The longest first, so that no part of one is left.
    secrets: Vec<Secret>,
}

impl Redactor {
    pub fn new(method: &Method, values: &Values, credential: &Credential) -> Self {
        let tokens = credential.tokens.iter().flat_map(|tokens| tokens.refresh_token.iter().chain([&tokens.access_token]));
        let mut found: Vec<String> = credential.values.values().chain(tokens).map(|secret| secret.expose().to_owned()).collect();
        // What placement makes of them: `Basic …`, `Bearer …`.
        let is_secret = |name: &str| {
            credential.values.contains_key(name)
                || [ACCESS_TOKEN, JWT].contains(&name)
                || method.field_of(name).is_some_and(|field| field.kind == FieldType::Secret)
        };
        let secret_templates = method.placement.headers.values().chain(method.placement.query.values()).filter(|template| template.names().any(is_secret));
        let render = |template: &Template| template.render_text(values).unwrap_or_default();
        let mut placed: Vec<String> = secret_templates.map(render).collect();
        if let Some(basic) = &method.placement.basic {
            placed.push(format!("Basic {}", STANDARD.encode(format!("{}:{}", render(&basic.username), render(&basic.password)))));
        }
        for text in &placed {
            found.push(text.split_once(' ').map_or(text.as_str(), |(_, rest)| rest).to_owned());
        }
        // What is signed with, where that is a part of what was entered, and the JWT itself.
        found.extend(method.jwt.iter().flat_map(|jwt| jwt.key.names()).chain([JWT]).filter_map(|name| values.get(name)).cloned());
        let mut all = Self { secrets: Vec::new() };
        for secret in &found {
            all.take(secret);
        }
        all.order();
        all
    }

    /// One more, which came of the others: a signature.
    pub fn add(&mut self, secret: &str) {
        self.take(secret);
        self.order();
    }

    /// `secret` in every form that it may be repeated in.
    fn take(&mut self, secret: &str) {
        let base64 = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(secret));
        let forms = base64.into_iter().chain([
            secret.to_owned(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            utf8_percent_encode(secret, UNRESERVED).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        ]);
        self.secrets.extend(forms.filter(|form| form.len() >= SHORTEST).map(Secret::new));
    }

    fn order(&mut self) {
        self.secrets.sort_by(|a, b| b.expose().len().cmp(&a.expose().len()).then_with(|| a.expose().cmp(b.expose())));
        self.secrets.dedup();
    }

    /// Whether any of them is in `text`.
    pub fn are_in(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.expose()))
    }

    /// `text` without them.
    pub fn text(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| if text.contains(secret.expose()) { text.replace(secret.expose(), REDACTED) } else { text })
    }

    /// `bytes` without them.
    pub fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for secret in &self.secrets {
            let secret = secret.expose().as_bytes();
            while let Some(at) = bytes.windows(secret.len()).position(|window| window == secret) {
                bytes.splice(at..at + secret.len(), REDACTED.bytes());
            }
        }
        bytes
    }

    /// `value` without them, in names too.
    pub fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => members.into_iter().map(|(name, value)| (self.text(name), self.json(value))).collect(),
            Value::Number(number) if self.are_in(&number.to_string()) => Value::String(REDACTED.to_owned()),
            other => other,
        }
    }
}
