//! Reading the forms of hosted pages.

use std::collections::BTreeMap;

/// A submitted form.
#[derive(Debug, Clone, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// From a body in form encoding; of equal names the last counts.
    pub fn parse(body: &[u8]) -> Self {
        Self(serde_urlencoded::from_bytes::<Vec<(String, String)>>(body).unwrap_or_default().into_iter().collect())
    }

    /// A value, trimmed, unless empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A value exactly as typed: passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The inputs of the generated form: those named `props.…`, without that.
    pub fn props(&self) -> BTreeMap<String, String> {
        self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("props.")?.to_owned(), value.clone()))).collect()
    }
}
