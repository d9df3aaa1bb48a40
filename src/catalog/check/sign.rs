//! The rules of what is signed.

use super::{ACCESS_TOKEN, Findings, PASSWORD, SECRET_TEXT, USERNAME, given_names, is_own_secret};
use crate::catalog::definition::{Field, FieldType, Method, MethodType};
use crate::catalog::json_template::{INPUT_PREFIX, JsonTemplate};
use crate::catalog::sign::{JWT, Jwt, JwtAlgorithm, KeyEncoding, NONCE};
use std::collections::BTreeSet;

/// Longest lifetime of a JWT that a definition may name: half a year, the most that any service takes.
const LONGEST_LIFE: i64 = 183 * 86_400;

impl Findings {
    pub(super) fn jwt(&mut self, at: &str, m: &Method, jwt: &Jwt) {
        let at = format!("{at}.jwt");
        self.require(m.kind != MethodType::OAuth2, &at, "OAUTH2 has its own way to tokens: use CUSTOM_AUTH, BASIC_AUTH or SECRET_TEXT");
        let mut names = given_names(m);
        let free = !names.contains(JWT) && !names.contains(NONCE);
        self.require(free, &at, format_args!("{JWT:?} and {NONCE:?} are ours: give the field another name"));
        self.names(&format!("{at}.key"), &jwt.key, &names);
        let has_secret = jwt.key.names().any(|name| is_secret(m, name));
        self.require(has_secret, &format!("{at}.key"), "name the secret field that holds the key, or a part of it");
        let plain = jwt.key_encoding == KeyEncoding::Text;
        self.require(plain || jwt.algorithm == JwtAlgorithm::Hs256, &format!("{at}.key_encoding"), "only HS256 has one: other keys are PEM");
        for (name, template) in &jwt.headers {
            let at = format!("{at}.headers.{name}");
            self.require(!["alg", "typ"].contains(&name.as_str()), &at, "this member is ours to set");
            self.names(&at, template, &names);
        }
        names.insert(NONCE);
        for (name, part) in &jwt.claims {
            let at = format!("{at}.claims.{name}");
            self.require(!["iat", "exp"].contains(&name.as_str()), &at, "this claim is ours to set: by lifetime_seconds and backdate_seconds");
            self.claim(&at, part, &names);
        }
        let lifetime = (1..=LONGEST_LIFE).contains(&jwt.lifetime_seconds);
        self.require(lifetime, &format!("{at}.lifetime_seconds"), format_args!("must be between 1 and {LONGEST_LIFE}"));
        let backdate = (0..=300).contains(&jwt.backdate_seconds) && jwt.backdate_seconds < jwt.lifetime_seconds;
        self.require(backdate, &format!("{at}.backdate_seconds"), "must be between 0 and 300, and less than the lifetime");
        let in_login = m.login.as_ref().is_some_and(|login| login.names().iter().any(|name| name == JWT));
        let places = &m.placement;
        let placed: Vec<_> = places.headers.values().chain(places.query.values()).collect();
        let in_placement = placed.iter().any(|template| template.names().any(|name| name == JWT));
        let by_default = m.login.is_none() && placed.is_empty() && places.basic.is_none() && !places.signs();
        self.require(in_login || in_placement || by_default, &at, "nothing uses {{jwt}}: put it into the login or the placement");
    }

    fn claim(&mut self, at: &str, part: &JsonTemplate, names: &BTreeSet<&str>) {
        for name in part.names() {
            let known = names.contains(name.as_str()) && !name.starts_with(INPUT_PREFIX);
            self.require(known, at, format_args!("unknown name {name:?}; there are {}", super::list(names)));
        }
    }

    pub(super) fn signature(&mut self, at: &str, m: &Method, names: &BTreeSet<&str>) {
        let places = &m.placement;
        if !places.signs() {
            return;
        }
        let at = format!("{at}.placement");
        self.require(places.oauth1.is_none() || places.aws_sigv4.is_none(), &at, "oauth1 and aws_sigv4 exclude each other");
        let can_enter = m.kind != MethodType::OAuth2 && m.login.is_none();
        self.require(can_enter, &at, "only what a person enters can sign: oauth1 and aws_sigv4 go with neither OAUTH2 nor a login");
        let free = places.basic.is_none() && !places.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"));
        self.require(free, &at, "the signature goes into Authorization: nothing else can");
        for (key, template) in places.signature_templates() {
            self.names(&format!("{at}.{key}"), template, names);
            let hides = !["secret_access_key", "consumer_secret", "token_secret"].iter().any(|secret| key.ends_with(secret));
            self.require(hides || template.names().any(|name| is_secret(m, name)), &format!("{at}.{key}"), "name a field of type secret");
        }
        if let Some(oauth1) = &places.oauth1 {
            let both = oauth1.token.is_some() == oauth1.token_secret.is_some();
            self.require(both, &format!("{at}.oauth1"), "token and token_secret go together");
        }
        for host in places.aws_sigv4.iter().flat_map(|aws| aws.hosts.keys()) {
            let plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
            self.require(plain, &format!("{at}.aws_sigv4.hosts"), format_args!("{host:?} is not a host name, like sts.amazonaws.com"));
        }
    }

    pub(super) fn parts(&mut self, at: &str, f: &Field) {
        let can = f.parts.is_empty() || matches!(f.kind, FieldType::Text | FieldType::Secret);
        self.require(can, at, "parts go with type text or secret");
        let separated = f.separator.as_ref().is_none_or(|separator| !separator.is_empty() && f.parts.len() > 1);
        self.require(separated, at, "a separator stands between two or more parts");
        let reserved = [ACCESS_TOKEN, SECRET_TEXT, USERNAME, PASSWORD, JWT, NONCE];
        for name in &f.parts {
            let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) && !name.is_empty();
            self.require(fits && *name != f.key && !reserved.contains(&name.as_str()), at, format_args!("{name:?} cannot be the name of a part"));
        }
    }
}

fn is_secret(m: &Method, name: &str) -> bool {
    m.field_of(name).is_some_and(|field| field.kind == FieldType::Secret) || is_own_secret(m, name)
}
