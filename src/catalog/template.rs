//! The template language of definitions: `https://{{subdomain}}.example.com`, `Basic {{apiKey | base64}}`.
//!
//! Templates are parsed when a definition is loaded, so a bad one is a load-time error; which names a template may use is
//! checked there too (`check.rs`). In actions a name may be an input, `{{input.channel}}`. Rendering differs by where the text goes:
//! see [`Template::render`], [`Template::render_text`] and [`Template::render_url`]. To add a filter, add a variant to [`Filter`].

use base64::Engine as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Values by name. Secrets are among them: never log one.
pub type Values = BTreeMap<String, String>;

/// RFC 3986 §2.3: what is kept as it is when a value becomes part of a path or query.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value { name: String, filter: Option<Filter> },
}

/// What may be done to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Base64,
    Lower,
    /// In hosts: `1234567_SB1` is `1234567-sb1` there.
    Label,
    /// In paths: `owner/name` is two segments.
    Segments,
}

/// Why a template could not be parsed or rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{{` without `}}`.
    #[error("\"{{{{\" is not closed in {0:?}")]
    Unclosed(String),
    /// A name with characters that names do not have.
    #[error("{0:?} is not a name")]
    BadName(String),
    /// An unknown filter.
    #[error("unknown filter {0:?}; there are base64, lower, label and segments")]
    UnknownFilter(String),
    /// A name that has no value.
    #[error("no value for {0:?}")]
    Missing(String),
    /// A value that would change the meaning of what it is put into.
    #[error("the value of {0:?} is not allowed there")]
    Unsafe(String),
}

impl Template {
    /// Parses `source`.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(start) = rest.find("{{") {
            if start > 0 {
                parts.push(Part::Literal(rest[..start].to_owned()));
            }
            let inner = &rest[start + 2..];
            let end = inner.find("}}").ok_or_else(|| TemplateError::Unclosed(source.to_owned()))?;
            let mut pieces = inner[..end].splitn(2, '|').map(str::trim);
            let name = pieces.next().unwrap_or_default();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
                return Err(TemplateError::BadName(name.to_owned()));
            }
            let filter = match pieces.next() {
                None => None,
                Some("base64") => Some(Filter::Base64),
                Some("lower") => Some(Filter::Lower),
                Some("label") => Some(Filter::Label),
                Some("segments") => Some(Filter::Segments),
                Some(other) => return Err(TemplateError::UnknownFilter(other.to_owned())),
            };
            parts.push(Part::Value { name: name.to_owned(), filter });
            rest = &inner[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it needs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Value { name, .. } => Some(name.as_str()),
        })
    }

    /// For headers and bodies: values go in as they are, but without control characters (header injection).
    pub fn render(&self, values: &Values) -> Result<String, TemplateError> {
        self.fill(values, |name, value, _, _| if value.chars().any(char::is_control) { Err(TemplateError::Unsafe(name.to_owned())) } else { Ok(value) })
    }

    /// For what is encoded as a whole afterwards (JSON, forms, queries): values go in as they are.
    pub fn render_text(&self, values: &Values) -> Result<String, TemplateError> {
        self.fill(values, |_, value, _, _| Ok(value))
    }

    /// For URLs. A value that starts the template is a whole base URL and goes in as it is (its host was checked when it was
    /// entered); a value within the host may only hold the characters of host names; anywhere else it is percent-encoded.
    pub fn render_url(&self, values: &Values) -> Result<String, TemplateError> {
        self.fill(values, |name, value, before, filter| {
            if before.is_empty() {
                if value.starts_with("https://") || value.starts_with("http://") {
                    return Ok(value.trim_end_matches('/').to_owned());
                }
                return Err(TemplateError::Unsafe(name.to_owned()));
            }
            let in_host = before.split_once("://").is_none_or(|(_, rest)| !rest.contains(['/', '?', '#']));
            if !in_host && filter == Some(Filter::Segments) {
                let segments: Vec<_> = value.split('/').map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string()).collect();
                let plain = segments.iter().all(|segment| !segment.chars().all(|c| c == '.'));
                return if plain { Ok(segments.join("/")) } else { Err(TemplateError::Unsafe(name.to_owned())) };
            }
            if !in_host {
                return Ok(utf8_percent_encode(&value, UNRESERVED).to_string());
            }
            let host_like = !value.is_empty()
                && !value.starts_with(['.', '-'])
                && !value.contains("..")
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
            if host_like { Ok(value) } else { Err(TemplateError::Unsafe(name.to_owned())) }
        })
    }

    /// For an issuer: compared byte by byte with what the server says, so nothing of it is changed.
    pub fn render_issuer(&self, values: &Values) -> Result<String, TemplateError> {
        self.fill(values, |name, value, before, _| {
            let whole = before.is_empty() && (value.starts_with("https://") || value.starts_with("http://"));
            if whole && !value.chars().any(|c| c.is_control() || c.is_whitespace()) { Ok(value) } else { Err(TemplateError::Unsafe(name.to_owned())) }
        })
    }

    fn fill(&self, values: &Values, admit: impl Fn(&str, String, &str, Option<Filter>) -> Result<String, TemplateError>) -> Result<String, TemplateError> {
        let mut out = String::with_capacity(self.source.len());
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value { name, filter } => {
                    let value = values.get(name).ok_or_else(|| TemplateError::Missing(name.clone()))?;
                    let value = match filter {
                        None | Some(Filter::Segments) => value.clone(),
                        Some(Filter::Base64) => base64::engine::general_purpose::STANDARD.encode(value),
                        Some(Filter::Lower) => value.to_lowercase(),
                        Some(Filter::Label) => value.to_lowercase().replace('_', "-"),
                    };
                    let admitted = admit(name, value, &out, *filter)?;
                    out.push_str(&admitted);
                }
            }
        }
        Ok(out)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "Text in which {{name}} stands for a value; {{name | base64}}, {{name | lower}} and {{name | label}} change it." })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn parses_names_and_filters() {
        let template = Template::parse("Basic {{ apiKey | base64 }}!").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["apiKey"]);
        assert_eq!(template.render(&values(&[("apiKey", "a:b")])).unwrap(), "Basic YTpi!");
        assert_eq!(Template::parse("{{a"), Err(TemplateError::Unclosed("{{a".to_owned())));
        let host = Template::parse("https://{{account | label}}.example.com").unwrap();
        assert_eq!(host.render_url(&values(&[("account", "1234567_SB1")])).unwrap(), "https://1234567-sb1.example.com");
        let path = Template::parse("https://h/repos/{{r | segments}}/issues").unwrap();
        assert_eq!(path.render_url(&values(&[("r", "a b/c?d")])).unwrap(), "https://h/repos/a%20b/c%3Fd/issues");
        for evil in ["a/../b", "a//b", "/a", "a/", "", ".", "a/."] {
            assert_eq!(path.render_url(&values(&[("r", evil)])), Err(TemplateError::Unsafe("r".to_owned())), "{evil:?}");
        }
        assert_eq!(Template::parse("{{a | rot13}}"), Err(TemplateError::UnknownFilter("rot13".to_owned())));
        assert_eq!(Template::parse("{{a b}}"), Err(TemplateError::BadName("a b".to_owned())));
    }

    #[test]
    fn a_value_cannot_leave_its_place_in_a_url() {
        let host = Template::parse("https://{{sub}}.example.com/v1/{{id}}").unwrap();
        let ok = host.render_url(&values(&[("sub", "acme"), ("id", "a/../b?c#d")])).unwrap();
        assert_eq!(ok, "https://acme.example.com/v1/a%2F..%2Fb%3Fc%23d");
        for evil in ["evil.com#", "evil.com/", "x@evil", "evil.com?", "a\r\nb", "%2e", "", "..", ".", "ünï"] {
            let result = host.render_url(&values(&[("sub", evil), ("id", "1")]));
            assert_eq!(result, Err(TemplateError::Unsafe("sub".to_owned())), "{evil:?}");
        }
    }

    #[test]
    fn a_header_value_has_no_control_characters() {
        let header = Template::parse("Bearer {{t}}").unwrap();
        assert_eq!(header.render(&values(&[("t", "a\r\nX: y")])), Err(TemplateError::Unsafe("t".to_owned())));
        assert_eq!(header.render(&values(&[])), Err(TemplateError::Missing("t".to_owned())));
    }
}
