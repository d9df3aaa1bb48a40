//! The rules of a definition that its types cannot say. Every finding names the file and the key, and says what to do.

mod actions;
mod choose;
mod dialect;
mod fields;
mod hints;
mod login;
mod sign;

use super::definition::{Capture, Definition, Identity, Method, MethodType, OAuth2, Placement, Pointers, ProbeRequest};
use super::sign::JWT;
use super::template::Template;
use crate::domain::time;
use std::collections::{BTreeMap, BTreeSet};

/// What an integration can be about; the picker filters by these.
pub const CATEGORIES: [&str; 22] = [
    "ai",
    "accounting",
    "analytics",
    "calendar",
    "commerce",
    "communication",
    "crm",
    "databases",
    "developer-tools",
    "documents",
    "email",
    "forms",
    "hr",
    "marketing",
    "monitoring",
    "payments",
    "productivity",
    "project-management",
    "social",
    "storage",
    "support",
    "other",
];

/// Names that hold the credential itself.
pub const SECRET_TEXT: &str = "secretText";
/// Name of the user name of BASIC_AUTH.
pub const USERNAME: &str = "username";
/// Name of the password of BASIC_AUTH.
pub const PASSWORD: &str = "password";
/// Name of the access token of OAUTH2.
pub const ACCESS_TOKEN: &str = "accessToken";
/// Name of the refresh token of OAUTH2, where a grant is ended.
pub const REFRESH_TOKEN: &str = "refreshToken";
/// Name of the app's id in a swap of tokens.
pub const CLIENT_ID: &str = "clientId";
/// Name of the app's secret in a swap of tokens.
pub const CLIENT_SECRET: &str = "clientSecret";
/// Names that discovery provides.
pub const DISCOVERED: [&str; 1] = ["userinfo"];

/// Something wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `auth.api-key.identity`.
    pub key: String,
    /// What, and what to do.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.what)
    }
}

/// Everything wrong with `definition`; nothing when it is fit to load.
pub fn check(definition: &Definition, file_stem: &str) -> Vec<Finding> {
    let mut found = Findings::default();
    found.definition(definition, file_stem);
    found.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn say(&mut self, key: &str, what: impl std::fmt::Display) {
        self.0.push(Finding { key: key.to_owned(), what: what.to_string() });
    }

    fn require(&mut self, holds: bool, key: &str, what: impl std::fmt::Display) {
        if !holds {
            self.say(key, what);
        }
    }

    fn definition(&mut self, d: &Definition, file_stem: &str) {
        self.require(d.name == file_stem, "name", format_args!("{:?} must equal the file's name {file_stem:?}", d.name));
        self.require(is_slug(&d.name), "name", "use a-z, 0-9 and single dashes");
        self.require(!d.display_name.trim().is_empty(), "display_name", "must not be empty");
        self.require(!d.description.trim().is_empty(), "description", "must not be empty");
        self.require(!d.categories.is_empty(), "categories", "name at least one");
        for category in &d.categories {
            let known = CATEGORIES.contains(&category.as_str());
            self.require(known, "categories", format_args!("{category:?} is not one of {}", CATEGORIES.join(", ")));
        }
        self.require(d.icon.as_deref().is_none_or(is_slug), "icon", "use a-z, 0-9 and single dashes");
        self.link("docs_url", Some(&d.docs_url));
        self.require(d.checked_at.as_deref().is_none_or(is_date), "checked_at", "write a day like 2026-11-24");
        self.link("setup_url", d.setup_url.as_deref());
        let mut keys = BTreeSet::new();
        for method in &d.auth {
            self.require(keys.insert(&method.key), "auth.key", format_args!("{:?} is used twice", method.key));
            self.method(d, method);
        }
        self.actions(d);
        self.hints(d);
    }

    fn method(&mut self, d: &Definition, m: &Method) {
        let at = format!("auth.{}", m.key);
        self.require(is_slug(&m.key), &at, "the key uses a-z, 0-9 and single dashes");
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        for field in &m.fields {
            for name in [&field.key].into_iter().chain(&field.parts) {
                self.require(keys.insert(name), &at, format_args!("field {name:?} is there twice"));
            }
            self.field(&format!("{at}.fields.{}", field.key), field);
        }
        let reserved = |key: &str| [SECRET_TEXT, USERNAME, PASSWORD].contains(&key);
        if m.kind == MethodType::OAuth2 || m.kind == MethodType::CustomAuth || m.login.is_some() {
            let stray = m.fields.iter().find(|f| f.key == ACCESS_TOKEN || (m.kind == MethodType::OAuth2 && reserved(&f.key)));
            if let Some(field) = stray {
                self.say(&at, format_args!("{:?} is not a field of this type", field.key));
            }
        }
        let lacks_fields = m.kind == MethodType::CustomAuth && m.fields.is_empty();
        self.require(!lacks_fields, &at, "CUSTOM_AUTH needs fields");
        let names = names_of(m);
        match (&m.oauth2, m.kind) {
            (Some(oauth2), MethodType::OAuth2) => {
                let mut authorize_names: BTreeSet<&str> = m.fields.iter().map(|f| f.key.as_str()).collect();
                authorize_names.extend(oauth2.app_fields.iter().map(|f| f.key.as_str()));
                let mut token_names = authorize_names.clone();
                token_names.extend(oauth2.callback_capture.iter().map(|c| c.name.as_str()));
                self.oauth2(&at, oauth2, &authorize_names, &token_names);
            }
            (None, MethodType::OAuth2) => self.say(&at, "OAUTH2 needs an [auth.oauth2] section"),
            (Some(_), _) => self.say(&at, "only OAUTH2 has an [auth.oauth2] section"),
            (None, _) => {}
        }
        if let Some(choose) = &m.choose {
            self.choose(&at, m, choose, d.api.is_some());
        }
        if let Some(login) = &m.login {
            self.login(&at, m, login, d.api.is_some());
        }
        if let Some(jwt) = &m.jwt {
            self.jwt(&at, m, jwt);
        }
        self.placement(&at, &m.placement, &names);
        self.signature(&at, m, &names);
        if let Some(identity) = &m.identity {
            self.identity(&at, identity, d.api.is_some(), &names);
        }
        if let Some(test) = &m.test {
            self.probe(&format!("{at}.test"), test, d.api.is_some(), &names);
        }
        if let Some(api) = &d.api {
            if let Some(error_when) = &api.error_when {
                self.pointer("api.error_when", &error_when.pointer);
            }
            self.names(&format!("{at}: api.base_url"), &api.base_url, &names);
            self.url_start("api.base_url", &api.base_url);
            self.map_names("api.headers", &api.headers, &names);
            self.map_names("api.query", &api.query, &names);
        }
    }

    fn oauth2(&mut self, at: &str, o: &OAuth2, names: &BTreeSet<&str>, after_callback: &BTreeSet<&str>) {
        let at = format!("{at}.oauth2");
        let explicit = o.authorize_url.is_some() && o.token_url.is_some();
        self.require(o.issuer.is_some() || explicit, &at, "give authorize_url and token_url, or issuer");
        for (key, url, names) in [
            ("issuer", &o.issuer, names),
            ("authorize_url", &o.authorize_url, names),
            ("token_url", &o.token_url, after_callback),
            ("refresh_url", &o.refresh_url, after_callback),
            ("revoke_url", &o.revoke_url, after_callback),
        ] {
            if let Some(url) = url {
                self.names(&format!("{at}.{key}"), url, names);
                if key != "issuer" {
                    self.url_start(&format!("{at}.{key}"), url);
                }
            }
        }
        for (key, map, names) in [
            ("authorize_params", &o.authorize_params, names),
            ("token_params", &o.token_params, after_callback),
            ("refresh_params", &o.refresh_params, after_callback),
        ] {
            self.map_names(&format!("{at}.{key}"), map, names);
        }
        for name in ["state", "redirect_uri", "response_type", "client_id", "code_challenge", "code_challenge_method", "nonce"] {
            let free = !o.authorize_params.contains_key(name);
            self.require(free, &format!("{at}.authorize_params"), format_args!("{name:?} is ours to set"));
        }
        for (key, number, most) in [
            // A month: tokens that renew themselves do so in the middle of their sixty days.
            ("refresh_margin_seconds", o.refresh_margin_seconds, 30 * 86_400),
            ("refresh_idle_days", o.refresh_idle_days, 86_400),
            ("refresh_grace_seconds", o.refresh_grace_seconds, 86_400),
        ] {
            self.require(number.is_none_or(|number| (1..=most).contains(&number)), &format!("{at}.{key}"), format_args!("must be between 1 and {most}"));
        }
        let mut swap_names = after_callback.clone();
        swap_names.extend([ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET]);
        for (key, swap) in [("long_lived", &o.long_lived), ("renew", &o.renew)] {
            let Some(swap) = swap else { continue };
            let at = format!("{at}.{key}");
            self.require(matches!(swap.method.as_str(), "GET" | "POST"), &at, "method is GET or POST");
            self.names(&at, &swap.url, after_callback);
            self.url_start(&at, &swap.url);
            self.map_names(&at, &swap.params, &swap_names);
            let carries = swap.params.values().any(|template| template.names().any(|name| name == ACCESS_TOKEN));
            self.require(carries, &at, "one of params must hold {{accessToken}}");
        }
        self.require(o.renew.is_none() || o.refresh_url.is_none(), &at, "renew and refresh_url exclude each other: keep the one that this provider has");
        for field in &o.app_fields {
            self.field(&format!("{at}.app_fields.{}", field.key), field);
        }
        if let Some(root) = &o.token_root {
            self.pointer(&format!("{at}.token_root"), root);
        }
        if let Some(error_when) = &o.error_when {
            self.pointer(&format!("{at}.error_when"), &error_when.pointer);
        }
        self.dialect(&at, o, after_callback);
        for capture in &o.callback_capture {
            self.capture(&format!("{at}.callback_capture.{}", capture.name), capture);
        }
        for capture in &o.token_capture {
            self.capture(&format!("{at}.token_capture.{}", capture.name), capture);
            self.pointer(&format!("{at}.token_capture.{}", capture.name), &capture.from);
        }
    }

    fn capture(&mut self, at: &str, capture: &Capture) {
        self.pattern(at, &capture.pattern);
    }

    fn placement(&mut self, at: &str, p: &Placement, names: &BTreeSet<&str>) {
        self.map_names(&format!("{at}.placement.headers"), &p.headers, names);
        self.map_names(&format!("{at}.placement.query"), &p.query, names);
        if let Some(basic) = &p.basic {
            self.names(&format!("{at}.placement.basic"), &basic.username, names);
            self.names(&format!("{at}.placement.basic"), &basic.password, names);
        }
    }

    fn identity(&mut self, at: &str, i: &Identity, has_api: bool, names: &BTreeSet<&str>) {
        let at = format!("{at}.identity");
        self.request(&at, &i.method, &i.url, &i.headers, i.body.as_deref(), has_api, names);
        self.require(i.id.iter().next().is_some() && i.label.iter().next().is_some(), &at, "id and label are needed");
        for pointers in [&i.id, &i.label, &i.email, &i.avatar, &i.tenant] {
            self.pointers(&at, pointers);
        }
    }

    fn probe(&mut self, at: &str, p: &ProbeRequest, has_api: bool, names: &BTreeSet<&str>) {
        self.request(at, &p.method, &p.url, &p.headers, p.body.as_deref(), has_api, names);
        if let Some(rule) = &p.error_when {
            self.pointer(&format!("{at}.error_when"), &rule.pointer);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "two callers whose structs hold the same four keys")]
    fn request(
        &mut self,
        at: &str,
        method: &str,
        url: &Template,
        headers: &BTreeMap<String, Template>,
        body: Option<&str>,
        has_api: bool,
        names: &BTreeSet<&str>,
    ) {
        self.require(matches!(method, "GET" | "POST"), at, "method is GET or POST");
        self.names(at, url, names);
        if url.source().starts_with('/') {
            self.require(has_api, at, "a path needs [api] base_url");
        } else {
            self.url_start(at, url);
        }
        self.map_names(at, headers, names);
        if let Some(body) = body {
            let json = serde_json::from_str::<serde_json::Value>(body).is_ok();
            self.require(json, at, "body is not JSON");
        }
    }

    fn pointers(&mut self, at: &str, pointers: &Pointers) {
        for pointer in pointers.iter() {
            self.pointer(at, pointer);
        }
    }

    fn pointer(&mut self, at: &str, pointer: &str) {
        self.require(pointer.starts_with('/'), at, format_args!("{pointer:?} is not a JSON pointer (they start with a slash)"));
        let escaped = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        self.require(escaped, at, format_args!("{pointer:?} is not a JSON pointer (write ~0 for ~)"));
    }

    fn map_names(&mut self, at: &str, map: &BTreeMap<String, Template>, names: &BTreeSet<&str>) {
        for (key, template) in map {
            self.names(&format!("{at}.{key}"), template, names);
        }
    }

    fn names(&mut self, at: &str, template: &Template, names: &BTreeSet<&str>) {
        for name in template.names() {
            let known = names.contains(name);
            self.require(known, at, format_args!("unknown name {name:?}; there are {}", list(names)));
        }
    }

    fn url_start(&mut self, at: &str, template: &Template) {
        let source = template.source();
        let fine = source.starts_with("https://") || source.starts_with("{{") || is_loopback(source);
        self.require(fine, at, "must start with https://");
    }

    fn link(&mut self, key: &str, url: Option<&str>) {
        if let Some(url) = url {
            self.require(url.starts_with("https://") || is_loopback(url), key, "must start with https://");
        }
    }
}

/// What templates of a connection made with `m` may name.
fn names_of(m: &Method) -> BTreeSet<&str> {
    let mut names = names_before_choice(m);
    names.extend(m.choose.iter().flat_map(super::choose::Choose::props));
    names
}

/// The same, as long as nobody has chosen one of several accounts.
fn names_before_choice(m: &Method) -> BTreeSet<&str> {
    let mut names = given_names(m);
    if m.kind == MethodType::OAuth2 || m.login.is_some() {
        names.insert(ACCESS_TOKEN);
    }
    names.extend(m.jwt.as_ref().map(|_| JWT));
    names.extend(m.login.iter().flat_map(|login| &login.capture).map(|capture| capture.name.as_str()));
    if let Some(oauth2) = &m.oauth2 {
        names.extend(oauth2.app_fields.iter().map(|field| field.key.as_str()));
        names.extend(oauth2.callback_capture.iter().chain(&oauth2.token_capture).map(|capture| capture.name.as_str()));
        if oauth2.issuer.is_some() {
            names.extend(DISCOVERED);
        }
    }
    names
}

/// What a person enters.
fn given_names(m: &Method) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = m.fields.iter().flat_map(|field| field.parts.iter().chain([&field.key])).map(String::as_str).collect();
    names.extend(match m.kind {
        MethodType::SecretText => [SECRET_TEXT].as_slice(),
        MethodType::BasicAuth => &[USERNAME, PASSWORD],
        MethodType::OAuth2 | MethodType::CustomAuth => &[],
    });
    names
}

/// Whether `name` is the secret that the type of `m` brings along.
pub(super) fn is_own_secret(m: &Method, name: &str) -> bool {
    matches!((m.kind, name), (MethodType::SecretText, SECRET_TEXT) | (MethodType::BasicAuth, PASSWORD))
}

/// A provider on this machine, as tests and intranets use; whether it may be called is for the egress policy to say.
fn is_loopback(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(|rest| {
        let host = rest.split([':', '/']).next().unwrap_or_default();
        host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost")
    })
}

/// `2026-11-24`, and in the calendar.
fn is_date(text: &str) -> bool {
    text.len() == 10 && time::parse(&format!("{text}T00:00:00Z")).is_some()
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn list(names: &BTreeSet<&str>) -> String {
    if names.is_empty() { "none".to_owned() } else { names.iter().copied().collect::<Vec<_>>().join(", ") }
}
