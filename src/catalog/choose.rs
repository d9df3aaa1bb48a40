//! Which of several accounts: a consent may cover many sites or organisations, while a connection is about one.
//!
//! After the code exchange they are listed with the fresh token. One alone is taken; of several the person chooses on a page of ours
//! (`service::connect::choice`). What was chosen is a prop from then on, like a captured value.

use super::definition::{Capture, Pointers};
use super::template::Template;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most accounts that are offered: more than that nobody finds their own among.
const MOST: usize = 200;
/// Longest value, label and detail, in characters.
const LONGEST: usize = 300;

/// The request that lists the accounts, and what of its answer is kept and shown.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choose {
    /// `GET` unless said otherwise.
    #[serde(default = "get")]
    pub method: String,
    /// A path under `api.base_url`, or a whole URL where `base_url` needs the choice.
    pub url: Template,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// JSON body, as text.
    #[serde(default)]
    pub body: Option<String>,
    /// JSON pointer to the array; empty where the whole answer is one.
    #[serde(default)]
    pub list: String,
    /// Which of its members count.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Within a member: what the API has to be told. Text or a number.
    pub value: Pointers,
    /// Regular expression that the whole value must match. Required: it becomes part of URLs and headers.
    pub pattern: String,
    /// Within a member: what a person calls it.
    pub label: Pointers,
    /// Within a member: what tells two of the same label apart (an address, say).
    #[serde(default)]
    pub detail: Pointers,
    /// Name of the prop that the value is kept as: `cloudId`.
    pub prop: String,
    /// Further values of the chosen member to keep as props; `from` points into the member.
    #[serde(default)]
    pub keep: Vec<Capture>,
    /// What the person is asked, in English: `Which Jira site?` Pages in other languages ask in general words.
    pub question: String,
}

fn get() -> String {
    "GET".to_owned()
}

/// A condition on a member of the list: `equals` or `contains`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// JSON pointer within the member.
    pub pointer: String,
    /// It is this text.
    #[serde(default)]
    pub equals: Option<String>,
    /// It is a text that contains this, or a list with such a text.
    #[serde(default)]
    pub contains: Option<String>,
}

impl Filter {
    fn holds(&self, member: &Value) -> bool {
        let Some(found) = member.pointer(&self.pointer) else { return false };
        let contains = |text: &Value| self.contains.as_deref().is_none_or(|part| text.as_str().is_some_and(|text| text.contains(part)));
        let equals = self.equals.as_deref().is_none_or(|expected| found.as_str() == Some(expected));
        equals && found.as_array().map_or_else(|| contains(found), |list| list.iter().any(contains))
    }
}

/// An account that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is kept as the prop.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// What tells it from others of that label.
    pub detail: Option<String>,
    /// Further props.
    pub props: BTreeMap<String, String>,
}

impl Choose {
    /// Every prop that a choice makes.
    pub fn props(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.prop.as_str()).chain(self.keep.iter().map(|capture| capture.name.as_str()))
    }

    /// Whether `value` may be the prop `name`. Names that are no props of ours never fit.
    pub fn fits(&self, name: &str, value: &str) -> bool {
        let kept = || self.keep.iter().find(|capture| capture.name == name).map(|capture| capture.pattern.as_str());
        let pattern = if name == self.prop { Some(self.pattern.as_str()) } else { kept() };
        pattern.is_some_and(|pattern| matches(pattern, value))
    }

    /// The accounts in an answer, each once, in its order; none where the answer has no such list.
    pub fn read(&self, answer: &Value) -> Option<Vec<Listed>> {
        let members = answer.pointer(&self.list)?.as_array()?;
        let mut seen = BTreeSet::new();
        let counted = members.iter().filter(|member| self.filter.as_ref().is_none_or(|filter| filter.holds(member)));
        Some(counted.filter_map(|member| self.member(member)).filter(|listed| seen.insert(listed.value.clone())).take(MOST).collect())
    }

    /// A member, if everything that is needed of it is there and fits.
    fn member(&self, member: &Value) -> Option<Listed> {
        let value = text_at(member, self.value.iter()).filter(|value| matches(&self.pattern, value))?;
        let mut props = BTreeMap::new();
        for capture in &self.keep {
            match text_at(member, std::iter::once(capture.from.as_str())).filter(|kept| matches(&capture.pattern, kept)) {
                Some(kept) => {
                    props.insert(capture.name.clone(), kept);
                }
                None if capture.required => return None,
                None => {}
            }
        }
        let shown = |pointers: &Pointers| text_at(member, pointers.iter()).map(|text| plain(&text)).filter(|text| !text.is_empty());
        let label = shown(&self.label).unwrap_or_else(|| value.clone());
        Some(Listed { detail: shown(&self.detail).filter(|detail| *detail != label), label, value, props })
    }
}

/// A pattern that was checked when the definition was loaded.
fn matches(pattern: &str, value: &str) -> bool {
    value.chars().count() <= LONGEST && regex_lite::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value))
}

/// The first of the pointers that leads to text or a number.
fn text_at<'a>(member: &Value, mut pointers: impl Iterator<Item = &'a str>) -> Option<String> {
    pointers.find_map(|pointer| match member.pointer(pointer)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// What a provider sent, fit for a page: one line, not too long.
fn plain(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn choose(more: &str) -> Choose {
        let text = format!(
            "url = \"/accounts\"\nvalue = \"/id\"\npattern = '[a-z0-9-]+'\nlabel = [\"/name\", \"/url\"]\ndetail = \"/url\"\nprop = \"site\"\nquestion = \"Which site?\"\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn accounts_are_read() {
        let answer = json!({ "data": [
            { "id": "a1", "name": " One\n", "url": "https://one.example", "scopes": ["read:jira-work"] },
            { "id": 7, "url": "https://seven.example", "scopes": ["read:page:confluence", "write:jira"] },
            { "id": "a1", "name": "One again", "scopes": ["jira"] },
            { "id": "../x", "name": "Bad", "scopes": ["jira"] },
            { "name": "None", "scopes": ["jira"] },
            { "id": "c1", "name": "Other", "scopes": ["read:page:confluence"] },
        ] });
        let found = choose("list = \"/data\"\nfilter = { pointer = \"/scopes\", contains = \"jira\" }").read(&answer).unwrap();
        let shown: Vec<_> = found.iter().map(|listed| (listed.value.as_str(), listed.label.as_str(), listed.detail.as_deref())).collect();
        assert_eq!(shown, [("a1", "One", Some("https://one.example")), ("7", "https://seven.example", None)]);
        assert_eq!(choose("list = \"/data/0\"").read(&answer), None);
        assert_eq!(choose("").read(&json!([{ "id": "x" }])).unwrap()[0].label, "x");
        let many: Vec<_> = (0..1000).map(|id| json!({ "id": id })).collect();
        assert_eq!(choose("").read(&json!(many)).unwrap().len(), MOST);
    }

    #[test]
    fn more_than_the_value_is_kept() {
        let kept = choose("keep = [{ name = \"base\", from = \"/base\", pattern = 'https://[a-z]+\\.example', required = true }]");
        let answer = json!([{ "id": "a", "base": "https://one.example" }, { "id": "b", "base": "https://evil.test" }, { "id": "c" }]);
        let found = kept.read(&answer).unwrap();
        assert_eq!(found.iter().map(|listed| listed.value.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(found[0].props["base"], "https://one.example");
        assert_eq!(kept.props().collect::<Vec<_>>(), ["site", "base"]);
        assert!(kept.fits("site", "a") && !kept.fits("site", "A b") && !kept.fits("other", "a") && !kept.fits("base", "https://evil.test"));
    }

    #[test]
    fn a_filter_compares_text() {
        let equals = choose("filter = { pointer = \"/product\", equals = \"bc3\" }");
        let found = equals.read(&json!([{ "id": "a", "product": "bc3" }, { "id": "b", "product": "bcx" }, { "id": "c" }])).unwrap();
        assert_eq!(found.len(), 1);
    }
}
