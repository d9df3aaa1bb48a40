//! The rules of actions.

use super::{Findings, is_loopback, list, names_of};
use crate::catalog::action::{Action, CUSTOM_API_CALL, is_reserved_header};
use crate::catalog::definition::Definition;
use crate::catalog::json_template::INPUT_PREFIX;
use crate::catalog::template::Template;
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Findings {
    pub(super) fn actions(&mut self, d: &Definition) {
        let methods: Vec<BTreeSet<&str>> = d.auth.iter().map(names_of).collect();
        self.require(d.actions.is_empty() || !methods.is_empty(), "actions", "actions need an [[auth]] section: they are done with a connection");
        for (name, action) in &d.actions {
            self.action(d, &methods, name, action);
        }
    }

    fn action(&mut self, d: &Definition, methods: &[BTreeSet<&str>], name: &str, a: &Action) {
        let at = format!("actions.{name}");
        let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        self.require(starts_well && rest && name.len() <= 64, &at, "a name starts with a-z and holds at most 64 letters, digits, _ and -");
        self.require(name != CUSTOM_API_CALL, &at, "this one is there by itself, wherever there is an [api] section");
        self.require(!a.display_name.trim().is_empty(), &at, "display_name must not be empty");
        self.require(!a.description.trim().is_empty(), &at, "description must not be empty");
        self.require(METHODS.contains(&a.method.as_str()), &at, format_args!("method is one of {}", METHODS.join(", ")));
        self.require(a.method != "GET" || a.body.is_none(), &at, "a GET has no body; use query");
        let mut used = BTreeSet::new();
        self.action_path(d, methods, &at, a, &mut used);
        let parts = a.query.iter().map(|(key, part)| (format!("{at}.query.{key}"), part.names()));
        let headers = a.headers.iter().map(|(key, template)| (format!("{at}.headers.{key}"), template.names().map(str::to_owned).collect()));
        let body = a.body.iter().map(|body| (format!("{at}.body"), body.names()));
        for (place, names) in parts.chain(headers).chain(body) {
            for name in names {
                self.action_name(methods, &place, a, &name, &mut used);
            }
        }
        for key in a.headers.keys() {
            let placed = d.auth.iter().any(|method| method.placement.headers.keys().any(|placed| placed.eq_ignore_ascii_case(key)));
            self.require(!is_reserved_header(key) && !placed, &format!("{at}.headers.{key}"), "this header is ours to set");
        }
        if let Some(next) = &a.next {
            self.next(&format!("{at}.next"), next, a);
            // The rest of the list takes it, if not the beginning.
            used.extend(next.path.is_some().then(|| next.input.clone()));
        }
        for unused in a.input.names().filter(|name| !used.contains(*name) && !a.input.is_ignored(name)) {
            self.say(&format!("{at}.input"), format_args!("{unused:?} goes nowhere: put {{{{input.{unused}}}}} into path, query, headers or body"));
        }
        for pointer in a.output.pointers().into_iter().chain(a.error_when.iter().map(|rule| rule.pointer.as_str())) {
            self.pointer(&at, pointer);
        }
        for wrong in a.input.check(&a.example) {
            self.say(&format!("{at}.example"), wrong.message);
        }
    }

    fn action_path(&mut self, d: &Definition, methods: &[BTreeSet<&str>], at: &str, a: &Action, used: &mut BTreeSet<String>) {
        let at = format!("{at}.path");
        let paths: Vec<&Template> = a.path.iter().collect();
        self.require(!paths.is_empty(), &at, "name at least one");
        for path in &paths {
            let source = path.source();
            let is_path = source.starts_with('/') && !source.starts_with("//");
            self.require(is_path || has_own_host(source), &at, "must start with a slash, or with https:// and a host without places for values");
            self.require(!is_path || d.api.is_some(), &at, "a path needs [api] base_url");
            self.require(!source.contains('#') && !source.contains("/."), &at, "no fragment, and no segment that starts with a dot");
            for name in path.names().filter_map(|name| name.strip_prefix(INPUT_PREFIX)) {
                self.require(a.input.requires(name), &at, format_args!("{name:?} must be a required input: a path cannot do without"));
                used.insert(name.to_owned());
            }
        }
        for (method, names) in d.auth.iter().zip(methods) {
            let fits = |path: &&&Template| path.names().all(|name| name.starts_with(INPUT_PREFIX) || names.contains(name));
            if paths.iter().find(fits).is_none() {
                self.say(&at, format_args!("no path can be filled in for method {:?}, which has {}", method.key, list(names)));
            }
        }
    }

    fn action_name(&mut self, methods: &[BTreeSet<&str>], at: &str, a: &Action, name: &str, used: &mut BTreeSet<String>) {
        if let Some(input) = name.strip_prefix(INPUT_PREFIX) {
            self.require(a.input.has(input), at, format_args!("there is no input {input:?}"));
            used.insert(input.to_owned());
        } else {
            let known = methods.iter().all(|names| names.contains(name));
            self.require(known, at, format_args!("unknown name {name:?}; not every method has it. Inputs are {{{{input.{name}}}}}"));
        }
    }
}

/// `https://host/…` where the host is fixed.
fn has_own_host(source: &str) -> bool {
    let Some(rest) = source.strip_prefix("https://").or_else(|| is_loopback(source).then(|| source.trim_start_matches("http://"))) else { return false };
    rest.split_once('/').is_some_and(|(host, _)| !host.is_empty() && !host.contains(['{', '@', '?']))
}
