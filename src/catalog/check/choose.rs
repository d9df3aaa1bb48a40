//! The rules of choosing one of several accounts.

use super::{CLIENT_ID, CLIENT_SECRET, DISCOVERED, Findings, PASSWORD, SECRET_TEXT, USERNAME, names_before_choice};
use crate::catalog::choose::Choose;
use crate::catalog::definition::Method;

impl Findings {
    pub(super) fn choose(&mut self, at: &str, m: &Method, c: &Choose, has_api: bool) {
        let at = format!("{at}.choose");
        self.require(m.oauth2.is_some(), &at, "only OAUTH2 has an [auth.choose] section: elsewhere ask with a field");
        let before = names_before_choice(m);
        self.request(&at, &c.method, &c.url, &c.headers, c.body.as_deref(), has_api, &before);
        self.require(!c.question.trim().is_empty(), &format!("{at}.question"), "say what is asked, like Which site?");
        self.require(
            c.list.is_empty() || c.list.starts_with('/'),
            &format!("{at}.list"),
            "a JSON pointer to the array, or nothing where the whole answer is one",
        );
        self.require(c.value.iter().next().is_some() && c.label.iter().next().is_some(), &at, "value and label are needed");
        for pointers in [&c.value, &c.label, &c.detail] {
            self.pointers(&at, pointers);
        }
        self.pattern(&format!("{at}.pattern"), &c.pattern);
        if let Some(filter) = &c.filter {
            let at = format!("{at}.filter");
            self.pointer(&at, &filter.pointer);
            self.require(filter.equals.is_some() != filter.contains.is_some(), &at, "give either equals or contains");
        }
        let reserved = [SECRET_TEXT, USERNAME, PASSWORD, CLIENT_ID, CLIENT_SECRET];
        let mut taken: Vec<&str> = before.into_iter().chain(reserved).chain(DISCOVERED).collect();
        for name in c.props() {
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            self.require(is_name, &format!("{at}.prop"), format_args!("{name:?} is not a name: use letters, digits, _ and -"));
            self.require(!taken.contains(&name), &format!("{at}.prop"), format_args!("{name:?} is taken: by a field, a captured value or by us"));
            taken.push(name);
        }
        for capture in &c.keep {
            let at = format!("{at}.keep.{}", capture.name);
            self.capture(&at, capture);
            self.pointer(&at, &capture.from);
        }
    }
}
