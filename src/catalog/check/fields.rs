//! The rules of inputs.

use super::Findings;
use crate::catalog::definition::{Field, FieldType};

impl Findings {
    pub(super) fn field(&mut self, at: &str, f: &Field) {
        self.require(!f.label.trim().is_empty(), at, "label must not be empty");
        self.require((f.kind == FieldType::Select) != f.options.is_empty(), at, "options go with type select, and select needs them");
        self.parts(at, f);
        let hosts = matches!(f.kind, FieldType::Host | FieldType::Url);
        self.require(hosts || f.host_suffixes.is_empty(), at, "host_suffixes go with type host or url");
        self.require(f.host_suffixes.iter().all(|s| s.starts_with('.')), at, "a host suffix starts with a dot");
        self.link(&format!("{at}.help_url"), f.help_url.as_deref());
        if let Some(pattern) = &f.pattern {
            self.pattern(at, pattern);
            self.require(f.pattern_error.is_some(), at, "say in pattern_error what a good value looks like");
        }
        if let (Some(default), FieldType::Select) = (&f.default, f.kind) {
            self.require(f.options.iter().any(|o| &o.value == default), at, "the default is not among the options");
        }
    }

    pub(super) fn pattern(&mut self, at: &str, pattern: &str) {
        if let Err(error) = regex_lite::Regex::new(&format!("^(?:{pattern})$")) {
            self.say(at, format_args!("pattern: {error}"));
        }
    }
}
