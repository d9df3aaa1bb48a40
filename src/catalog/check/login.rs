//! The rules of logins.

use super::{ACCESS_TOKEN, Findings};
use crate::catalog::action::is_reserved_header;
use crate::catalog::definition::{Method, MethodType};
use crate::catalog::login::Login;
use crate::catalog::sign::JWT;
use std::collections::BTreeSet;

/// Longest lifetime that a definition may name: ten years.
const LONGEST_LIFE: i64 = 10 * 365 * 86_400;

impl Findings {
    pub(super) fn login(&mut self, at: &str, m: &Method, login: &Login, has_api: bool) {
        let at = format!("{at}.login");
        self.require(m.kind != MethodType::OAuth2, &at, "OAUTH2 has its own way to tokens: use CUSTOM_AUTH, BASIC_AUTH or SECRET_TEXT");
        let ways = [login.client_credentials.is_some(), login.jwt_bearer.is_some(), login.request.is_some()];
        let one = ways.into_iter().filter(|way| *way).count() == 1;
        self.require(one, &at, "give one of [auth.login.client_credentials], [auth.login.jwt_bearer] and [auth.login.request]");
        let can_assert = !login.asserts() || m.jwt.is_some();
        self.require(can_assert, &at, "without a client_secret it needs an [auth.jwt] section: the JWT is what proves who asks");
        // What it gives cannot be asked for before.
        let mut names: BTreeSet<&str> = super::given_names(m);
        names.extend(m.jwt.as_ref().map(|_| JWT));
        if let Some((key, url)) = login.url() {
            let at = format!("{at}.{key}");
            self.names(&at, url, &names);
            if url.source().starts_with('/') {
                self.require(has_api, &at, "a path needs [api] base_url");
            } else {
                self.url_start(&at, url);
            }
        }
        for (key, template) in login.texts() {
            self.names(&format!("{at}.{key}"), template, &names);
        }
        let own = login.names().iter().any(|name| super::is_own_secret(m, name));
        self.require(own || m.login_secrets().next().is_some(), &at, "no secret field goes into the request: it would prove nothing");
        if let Some(grant) = &login.client_credentials {
            for name in ["grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope"] {
                let free = !grant.params.contains_key(name);
                self.require(free, &format!("{at}.client_credentials.params"), format_args!("{name:?} has a key of its own"));
            }
        }
        if let Some(grant) = &login.jwt_bearer {
            for name in ["grant_type", "assertion", "scope"] {
                self.require(!grant.params.contains_key(name), &format!("{at}.jwt_bearer.params"), format_args!("{name:?} is ours to set"));
            }
        }
        if let Some(request) = &login.request {
            let at = format!("{at}.request");
            self.require(matches!(request.method.as_str(), "GET" | "POST" | "PUT"), &at, "method is GET, POST or PUT");
            self.require(request.method != "GET" || request.body.is_empty(), &at, "a GET has no body");
            for (key, part) in &request.body {
                for name in part.names() {
                    let known = names.contains(name.as_str());
                    self.require(known, &format!("{at}.body.{key}"), format_args!("unknown name {name:?}; there are {}", super::list(&names)));
                }
            }
            for key in request.headers.keys() {
                let ours = is_reserved_header(key) && !(key.eq_ignore_ascii_case("authorization") && request.basic.is_none());
                self.require(!ours, &format!("{at}.headers.{key}"), "this header is ours to set");
            }
        }
        for (key, pointers) in [("token", &login.token), ("expires", &login.expires.pointer)] {
            self.require(pointers.iter().next().is_some(), &format!("{at}.{key}"), "name a JSON pointer");
            self.pointers(&format!("{at}.{key}"), pointers);
        }
        if let Some(rule) = &login.error_when {
            self.pointer(&format!("{at}.error_when"), &rule.pointer);
        }
        for capture in &login.capture {
            let at = format!("{at}.capture.{}", capture.name);
            self.capture(&at, capture);
            self.pointer(&at, &capture.from);
            let free = !names.contains(capture.name.as_str()) && capture.name != ACCESS_TOKEN;
            self.require(free, &at, "this name is taken");
        }
        for (key, number, most) in
            [("default_expires_in", login.default_expires_in, LONGEST_LIFE), ("refresh_margin_seconds", login.refresh_margin_seconds, 30 * 86_400)]
        {
            self.require(number.is_none_or(|number| (1..=most).contains(&number)), &format!("{at}.{key}"), format_args!("must be between 1 and {most}"));
        }
    }
}
