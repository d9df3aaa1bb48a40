//! Where the next page of a list is: what an action's answer says about it, and which input it goes into. An application that gets
//! [`Next::after`] with an answer can ask for the rest without knowing how this provider counts. Rules are in `check/hints.rs`.

use super::action::Action;
use super::definition::Definition;
use super::input::InputSchema;
use super::template::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How the next page of an action's list is got: `next` of an action, or `[api.next]` for all actions that have this input.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// The input that says where a page starts: `cursor`.
    pub input: String,
    /// What it has to be next time.
    pub from: Start,
    /// JSON pointer to what is there as long as there is more: true, or anything but null, false, 0 and nothing at all.
    #[serde(default)]
    pub more: Option<String>,
    /// JSON pointer to the array of the page's items; empty where the whole answer is one. A page without items is the last.
    #[serde(default)]
    pub list: Option<String>,
    /// The input that says how many items a page has: a page with fewer is the last.
    #[serde(default)]
    pub size: Option<String>,
    /// Where the rest is, if not where the list begins: the request then goes there with nothing but `input` in its body.
    #[serde(default)]
    pub path: Option<Template>,
}

/// What says where the next page starts.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Start {
    /// JSON pointer to a cursor: `/response_metadata/next_cursor`.
    Pointer(String),
    /// That parameter of the address in the header `Link` with `rel="next"` (RFC 8288): `page`.
    Link(String),
    /// A parameter of an address in the answer.
    Url {
        /// JSON pointer to the address; it may be a relative one.
        pointer: String,
        /// Its parameter.
        parameter: String,
    },
    /// JSON pointer within the last item of `list`: `/id`.
    Last(String),
    /// The number of the page and one more. This is the number of the first.
    Page(i64),
    /// The number of items before the page, and as many more as `list` has. This is the number before the first page.
    Offset(i64),
}

impl Next {
    /// What to change in `input` to get the page after `answer`; nothing where that was the last. `link` is the header of that name.
    pub fn after(&self, schema: &InputSchema, input: &Map<String, Value>, link: &str, answer: &Value) -> Option<Map<String, Value>> {
        if self.more.as_deref().is_some_and(|more| !answer.pointer(more).is_some_and(is_something)) {
            return None;
        }
        let items = self.list.as_deref().map(|list| answer.pointer(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice));
        let asked = self.size.as_deref().and_then(|size| whole(input.get(size)?));
        if items.is_some_and(|items| items.is_empty() || asked.is_some_and(|asked| length(items) < asked)) {
            return None;
        }
        let before = input.get(&self.input);
        let counted = |first: i64, more: i64| Some(before.and_then(whole).unwrap_or(first).checked_add(more)?.into());
        let value = match &self.from {
            Start::Pointer(pointer) => answer.pointer(pointer)?.clone(),
            Start::Link(name) => parameter(next_of(link)?, name)?.into(),
            Start::Url { pointer, parameter: name } => parameter(answer.pointer(pointer)?.as_str()?, name)?.into(),
            Start::Last(pointer) => items?.last()?.pointer(pointer)?.clone(),
            Start::Page(first) => counted(*first, 1)?,
            Start::Offset(first) => counted(*first, length(items?))?,
        };
        let value = schema.as_typed(&self.input, value);
        // Who is sent to where they are would go on for ever, unless the service itself says that there is more: some know where they were.
        if value.is_null() || value == "" || (before == Some(&value) && self.more.is_none()) {
            return None;
        }
        let mut then = input.clone();
        then.insert(self.input.clone(), value.clone());
        // What the action would not take is not offered.
        schema.check(&Value::Object(then)).is_empty().then(|| Map::from_iter([(self.input.clone(), value)]))
    }

    /// The JSON pointers in it, with the keys they are at.
    pub fn pointers(&self) -> Vec<(&'static str, &str)> {
        let mut all: Vec<_> = self.more.iter().map(|more| ("more", more.as_str())).collect();
        // The whole answer is a list to point at, too.
        all.extend(self.list.iter().filter(|list| !list.is_empty()).map(|list| ("list", list.as_str())));
        match &self.from {
            Start::Pointer(pointer) | Start::Url { pointer, .. } | Start::Last(pointer) => all.push(("from", pointer)),
            Start::Link(_) | Start::Page(_) | Start::Offset(_) => {}
        }
        all
    }
}

impl Definition {
    /// How the next page of `action` is got, if it has pages.
    pub fn next_of<'a>(&'a self, action: &'a Action) -> Option<&'a Next> {
        let of_all = || self.api.as_ref()?.next.as_ref().filter(|next| action.input.has(&next.input));
        action.next.as_ref().or_else(of_all)
    }
}

/// Whether a value says yes, or says anything.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

fn length(items: &[Value]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// A whole number, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    text.strip_suffix(".0").unwrap_or(&text).parse().ok()
}

/// The address that `Link` calls the next.
fn next_of(header: &str) -> Option<&str> {
    let mut links = header.split('<').skip(1).filter_map(|link| link.split_once('>'));
    let is_next = |parameters: &str| {
        parameters.split(';').filter_map(|parameter| parameter.trim().trim_end_matches(',').split_once('=')).any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
        })
    };
    links.find(|(_, parameters)| is_next(parameters)).map(|(url, _)| url)
}

/// A parameter of an address, which may be a relative one.
fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::Catalog;
    use serde_json::json;

    fn next(text: &str) -> Next {
        toml::from_str(text).unwrap()
    }

    /// Writes `value` where `pointer` points, through objects only.
    fn put(into: &mut Value, pointer: &str, value: Value) {
        let mut place = into;
        for part in pointer.split('/').skip(1) {
            place = &mut place[part];
        }
        *place = value;
    }

    /// An answer that, by the hint's own words, is not the last page; and its header `Link`.
    fn a_page(next: &Next, size: usize) -> (Value, String) {
        let mut answer = json!({});
        let item = match &next.from {
            Start::Last(pointer) => {
                let mut item = json!({});
                put(&mut item, pointer, json!(7));
                item
            }
            _ => json!({ "id": 7 }),
        };
        if let Some(list) = &next.list {
            put(&mut answer, list, vec![item; size].into());
        }
        if let Some(more) = &next.more {
            put(&mut answer, more, json!(true));
        }
        let mut link = String::new();
        match &next.from {
            Start::Pointer(pointer) => put(&mut answer, pointer, json!("7")),
            Start::Url { pointer, parameter } => put(&mut answer, pointer, json!(format!("/list?a=b&{parameter}=7"))),
            Start::Link(parameter) => {
                link = format!(r#"<https://api.example/list?{parameter}=1>; rel="prev", <https://api.example/list?{parameter}=7>; rel="next""#);
            }
            Start::Last(_) | Start::Page(_) | Start::Offset(_) => {}
        }
        (answer, link)
    }

    #[test]
    fn every_hint_leads_to_an_input_that_its_action_takes() {
        let catalog = Catalog::load(None).unwrap();
        let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
        for definition in catalog.iter() {
            for (name, action) in &definition.actions {
                let Some(next) = definition.next_of(action) else { continue };
                let place = format!("{}.{name}", definition.name);
                let input = action.input.complete(action.example.as_object().unwrap().clone());
                let size = next.size.as_deref().and_then(|size| whole(input.get(size)?)).unwrap_or(2);
                let (answer, link) = a_page(next, usize::try_from(size).unwrap());
                let members = next.after(&action.input, &input, &link, &answer).unwrap_or_else(|| panic!("{place}: no next page of {answer}"));
                assert_eq!(members.keys().collect::<Vec<_>>(), [&next.input], "{place}");
                let mut then = input.clone();
                then.extend(members.clone());
                assert!(action.input.check(&Value::Object(then.clone())).is_empty(), "{place}: {then:?}");
                // From there it goes on; where the answer names the same place again, only if it says that there is more.
                let third = next.after(&action.input, &then, &link, &answer);
                match next.from {
                    Start::Page(_) | Start::Offset(_) => assert!(third.unwrap()[&next.input].as_i64() > members[&next.input].as_i64(), "{place}"),
                    _ => assert_eq!(third, next.more.is_some().then_some(members), "{place}"),
                }
                for end in [json!({}), json!([]), json!(null)] {
                    assert_eq!(next.after(&action.input, &input, "", &end), None, "{place}");
                }
                let kind = match next.from {
                    Start::Pointer(_) => "pointer",
                    Start::Link(_) => "link",
                    Start::Url { .. } => "url",
                    Start::Last(_) => "last",
                    Start::Page(_) => "page",
                    Start::Offset(_) => "offset",
                };
                *kinds.entry(kind).or_default() += 1;
            }
        }
        assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), ["last", "link", "offset", "page", "pointer", "url"]);
        assert!(kinds.values().sum::<usize>() >= 40, "{kinds:?}");
    }

    #[test]
    fn lists_look_as_if_they_had_pages_only_where_a_hint_says_so() {
        // Names of inputs that nothing but paging is for.
        const PAGING: [&str; 9] = ["cursor", "page", "pageToken", "page_token", "start_cursor", "offset", "after", "next_page_token", "starting_after"];
        for definition in Catalog::load(None).unwrap().iter() {
            for (name, action) in &definition.actions {
                let paging = action.input.names().find(|input| PAGING.contains(input));
                assert!(paging.is_none() || definition.next_of(action).is_some(), "{}.{name} has {paging:?} and no next", definition.name);
            }
        }
    }

    #[test]
    fn the_last_page_is_known() {
        let schema = InputSchema::parse(
            json!({ "properties": { "page": { "type": "integer", "maximum": 3 }, "after": { "type": "string" }, "limit": { "type": "integer" } } })
                .as_object()
                .unwrap()
                .clone(),
        )
        .unwrap();
        let page = next("input = 'page'\nfrom = { page = 1 }\nlist = ''\nsize = 'limit'");
        for (input, answer, then) in [
            (json!({}), json!([1]), Some(2)),
            (json!({ "page": 2 }), json!([1]), Some(3)),
            (json!({ "page": 2.0 }), json!([1]), Some(3)),
            // The action takes no more pages.
            (json!({ "page": 3 }), json!([1]), None),
            (json!({ "page": 1 }), json!([]), None),
            (json!({ "page": 1 }), json!({ "message": "no list" }), None),
            (json!({ "limit": 2 }), json!([1, 2]), Some(2)),
            (json!({ "limit": 2 }), json!([1]), None),
        ] {
            let found = page.after(&schema, input.as_object().unwrap(), "", &answer).map(|members| members["page"].clone());
            assert_eq!(found, then.map(Value::from), "{input} {answer}");
        }
        let last = next("input = 'after'\nfrom = { last = '/user/id' }\nlist = '/data'\nmore = '/more'");
        for (answer, then) in [
            (json!({ "more": true, "data": [{ "user": { "id": "a" } }, { "user": { "id": 7 } }] }), Some("7")),
            (json!({ "more": "https://api.example/next", "data": [{ "user": { "id": "a" } }] }), Some("a")),
            (json!({ "more": false, "data": [{ "user": { "id": "a" } }] }), None),
            (json!({ "more": null, "data": [{ "user": { "id": "a" } }] }), None),
            (json!({ "more": true, "data": [{ "id": "a" }] }), None),
            (json!({ "more": true, "data": [] }), None),
        ] {
            let found = last.after(&schema, &Map::new(), "", &answer).map(|members| members["after"].clone());
            assert_eq!(found, then.map(Value::from), "{answer}");
        }
        let link = next("input = 'page'\nfrom = { link = 'page' }");
        for (header, then) in [
            (r#"<https://a.example/x?page=2&per_page=3>; rel="next", <https://a.example/x?page=9>; rel="last""#, Some(2)),
            (r#"<https://a.example/x?page=1>; rel="prev first", </x?per_page=3&page=2>; title="a=b"; rel="last next""#, Some(2)),
            (r"<https://a.example/x?page=2>; rel=next", Some(2)),
            (r#"<https://a.example/x?page=2>; rel="prev""#, None),
            (r#"<https://a.example/x?per_page=2>; rel="next""#, None),
            (r#"<https://a.example/x?page=two>; rel="next""#, None),
            ("next", None),
            ("", None),
        ] {
            let found = link.after(&schema, &Map::new(), header, &json!([])).map(|members| members["page"].clone());
            assert_eq!(found, then.map(Value::from), "{header}");
        }
    }
}
