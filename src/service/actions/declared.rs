//! The request of an action that a definition declares.

use super::{Ready, as_text, finish, wrong};
use crate::catalog::{Action, BodyEncoding, INPUT_PREFIX, JsonTemplate, Next, Template, Values, lacks_input};
use crate::domain::{Code, Error};
use crate::oauth::http::Request;
use crate::oauth::place::{self, BuildError};
use crate::service::Result;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// Puts the request together. The input has been checked against its schema.
pub(super) fn build(ready: &Ready<'_>, action: &Action, input: &Map<String, Value>) -> Result<Request> {
    let input = &action.input.complete(input.clone());
    let mut values: Values = ready.values.clone();
    values.extend(input.iter().filter_map(|(name, value)| Some((format!("{INPUT_PREFIX}{name}"), as_text(value)?))));
    let cannot = |error: BuildError| ready.cannot(error);
    let template = |error| cannot(BuildError::Template(error));

    let Sent { path, query, body } = sent(ready, action, input, &values)?;
    for name in path.names().filter(|name| name.starts_with(INPUT_PREFIX)) {
        // Nothing, `.` and `..` are not one segment: they would lead to another path.
        if values.get(name).is_none_or(|value| value.chars().all(|c| c == '.')) {
            return Err(wrong(name, format!("{name} must not be empty or only dots")));
        }
    }
    let mut url = place::target(ready.definition, path, &values).map_err(cannot)?;
    for (name, part) in query {
        match part.fill(input, &values).map_err(template)? {
            Some(Value::Array(items)) => {
                for item in items.iter().filter_map(as_text) {
                    url.query_pairs_mut().append_pair(name, &item);
                }
            }
            value => {
                if let Some(text) = value.as_ref().and_then(as_text) {
                    url.query_pairs_mut().append_pair(name, &text);
                }
            }
        }
    }
    let mut own = Vec::new();
    let filled = match &body {
        Some(body) => body.fill(input, &values).map_err(template)?.unwrap_or_else(|| Value::Object(Map::new())),
        None => Value::Null,
    };
    let body = match (&body, action.encoding) {
        (None, _) => Vec::new(),
        (Some(_), BodyEncoding::Json) => {
            own.push((CONTENT_TYPE.as_str(), "application/json".to_owned()));
            serde_json::to_vec(&filled).map_err(|_| Error::internal())?
        }
        (Some(_), BodyEncoding::Form) => {
            own.push((CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded".to_owned()));
            form(&filled).into_bytes()
        }
    };
    for (name, header) in action.headers.iter().filter(|(_, header)| !lacks_input(header, &values)) {
        own.push((name.as_str(), header.render(&values).map_err(template)?));
    }
    let headers = place::headers(ready.definition, &ready.method.placement, &own, &ready.values).map_err(cannot)?;
    let method = action.method.parse().map_err(|_| Error::new(Code::Validation, "The action's method is not one of HTTP"))?;
    let mut request = Request { method, url, headers, body };
    finish(ready, &mut request)?;
    Ok(request)
}

/// The parts of a request that depend on whether it is for the beginning of a list or for the rest.
struct Sent<'a> {
    path: &'a Template,
    query: &'a BTreeMap<String, JsonTemplate>,
    body: Option<Cow<'a, JsonTemplate>>,
}

fn sent<'a>(ready: &Ready<'a>, action: &'a Action, input: &Map<String, Value>, values: &Values) -> Result<Sent<'a>> {
    static NOTHING: BTreeMap<String, JsonTemplate> = BTreeMap::new();
    if let Some(Next { input: name, path: Some(path), .. }) = ready.definition.next_of(action).filter(|next| input.contains_key(&next.input)) {
        let body = JsonTemplate::Object(BTreeMap::from([(name.clone(), JsonTemplate::Input(name.clone()))]));
        return Ok(Sent { path, query: &NOTHING, body: Some(Cow::Owned(body)) });
    }
    let fits = |path: &&Template| path.names().all(|name| values.contains_key(name));
    let path = action.path.iter().find(fits).or_else(|| action.path.iter().next()).ok_or_else(Error::internal)?;
    Ok(Sent { path, query: &action.query, body: action.body.as_ref().map(Cow::Borrowed) })
}

/// An object as a form: `outer[inner]=…`, `list[0]=…`.
pub(super) fn form(body: &Value) -> String {
    fn add(to: &mut form_urlencoded::Serializer<'_, String>, name: &str, value: &Value) {
        let nested = |inner: &str| if name.is_empty() { inner.to_owned() } else { format!("{name}[{inner}]") };
        match value {
            Value::Object(members) => members.iter().for_each(|(inner, value)| add(to, &nested(inner), value)),
            Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| add(to, &nested(&index.to_string()), value)),
            other => {
                if let Some(text) = as_text(other) {
                    to.append_pair(name, &text);
                }
            }
        }
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    add(&mut form, "", body);
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_nested_is_written_with_brackets() {
        let body = json!({ "a": 1, "b": { "c d": "e&f" }, "items": [{ "price": "p" }], "none": null });
        assert_eq!(form(&body), "a=1&b%5Bc+d%5D=e%26f&items%5B0%5D%5Bprice%5D=p");
    }
}
