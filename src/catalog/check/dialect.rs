//! The rules of an OAuth dialect.

use super::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, Findings, REFRESH_TOKEN};
use crate::catalog::definition::{OAuth2, TokenBody};
use crate::catalog::dialect::Revoke;
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of the authorization request that may have another name. `scope` has `scope_param`; `state` comes back, before it is known from whom.
const AUTHORIZE: [&str; 3] = ["client_id", "redirect_uri", "response_type"];
/// The same of token requests.
const TOKEN: [&str; 7] = ["client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri", "refresh_token"];
/// What a callback has beside the code.
const CALLBACK: [&str; 4] = ["state", "error", "error_description", "iss"];

impl Findings {
    /// `names` are those that templates of token requests may use.
    pub(super) fn dialect(&mut self, at: &str, o: &OAuth2, names: &BTreeSet<&str>) {
        // An app that is known by something else has its id in `authorize_params`.
        self.other_names(&format!("{at}.authorize_names"), &o.authorize_names, &AUTHORIZE, &["client_id", "response_type"]);
        self.other_names(&format!("{at}.token_names"), &o.token_names, &TOKEN, &["grant_type", "redirect_uri"]);
        if let Some(name) = &o.code_param {
            let free = is_parameter(name) && !CALLBACK.contains(&name.as_str());
            self.require(free, &format!("{at}.code_param"), format_args!("{name:?} cannot hold the code: name the parameter of the callback that does"));
        }
        let answer = &o.token_answer;
        for pointer in [&answer.access_token, &answer.refresh_token, &answer.expires_in, &answer.expires_at].into_iter().flatten() {
            self.pointer(&format!("{at}.token_answer"), pointer);
        }
        let errors = &o.errors;
        self.pointers(&format!("{at}.errors.code"), &errors.code);
        self.pointers(&format!("{at}.errors.message"), &errors.message);
        if let Some(code) = errors.dead.iter().find(|code| errors.app.contains(code)) {
            self.say(&format!("{at}.errors"), format_args!("{code:?} cannot mean both: keep it in dead or in app"));
        }
        if let Some(revoke) = &o.revoke {
            self.require(o.revoke_url.is_none(), at, "revoke and revoke_url exclude each other: keep the one that this provider has");
            self.revoke(&format!("{at}.revoke"), revoke, o, names);
        }
    }

    fn other_names(&mut self, at: &str, names: &BTreeMap<String, String>, known: &[&str], can_go: &[&str]) {
        let mut theirs = BTreeSet::new();
        for (ours, name) in names {
            self.require(known.contains(&ours.as_str()), at, format_args!("{ours:?} cannot be renamed; {} can", known.join(", ")));
            let fits = if name.is_empty() { can_go.contains(&ours.as_str()) } else { is_parameter(name) && theirs.insert(name) };
            self.require(fits, at, format_args!("{name:?} cannot be the name of {ours}"));
        }
    }

    fn revoke(&mut self, at: &str, revoke: &Revoke, o: &OAuth2, names: &BTreeSet<&str>) {
        let mut names = names.clone();
        names.extend(o.token_capture.iter().map(|capture| capture.name.as_str()));
        names.extend([ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_ID, CLIENT_SECRET]);
        self.require(matches!(revoke.method.as_str(), "GET" | "POST" | "DELETE"), at, "method is POST, DELETE or GET");
        self.require(revoke.method != "GET" || revoke.body.is_empty(), at, "a GET has no body");
        self.require(revoke.encoding != TokenBody::Query, at, "what goes into the query is written in url");
        self.url_start(at, &revoke.url);
        for template in revoke.templates().chain([&revoke.url]) {
            self.names(at, template, &names);
        }
        self.require(revoke.needs(ACCESS_TOKEN) || revoke.needs(REFRESH_TOKEN), at, "something must hold {{accessToken}} or {{refreshToken}}");
    }
}

fn is_parameter(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}
