//! JSON with places for values: bodies and queries of actions.
//!
//! A string that is nothing but `{{input.x}}` inserts the JSON value itself, `{{input.x | list}}` a list made of `"a, b"`; in longer
//! strings values are text. Where an input is absent its key goes, and so does an object or list within the body that names inputs
//! of which none is there.

use super::template::{Template, TemplateError, Values};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What names of inputs begin with in templates.
pub const INPUT_PREFIX: &str = "input.";

/// Parsed JSON with places.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonTemplate {
    /// As it is.
    Fixed(Value),
    /// The input of this name.
    Input(String),
    /// The input of this name as a list: text is cut at commas.
    InputList(String),
    /// Text with values in it.
    Text(Template),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

impl JsonTemplate {
    /// Parses `value`.
    pub fn parse(value: Value) -> Result<Self, TemplateError> {
        Ok(match value {
            Value::String(text) => {
                let whole = text.strip_prefix("{{input.").and_then(|rest| rest.strip_suffix("}}")).filter(|inner| !inner.contains("}}"));
                let whole = whole.map(|inner| inner.split_once('|').map_or((inner.trim(), ""), |(name, filter)| (name.trim(), filter.trim())));
                match whole {
                    Some((name, "")) => {
                        Template::parse(&text)?;
                        Self::Input(name.to_owned())
                    }
                    Some((name, "list")) => {
                        Template::parse(&format!("{{{{input.{name}}}}}"))?;
                        Self::InputList(name.to_owned())
                    }
                    _ => {
                        let template = Template::parse(&text)?;
                        if template.names().next().is_none() { Self::Fixed(Value::String(text)) } else { Self::Text(template) }
                    }
                }
            }
            Value::Array(items) => Self::List(items.into_iter().map(Self::parse).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| Ok((name, Self::parse(value)?))).collect::<Result<_, TemplateError>>()?)
            }
            other => Self::Fixed(other),
        })
    }

    /// The names it needs, those of inputs with [`INPUT_PREFIX`].
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Input(name) | Self::InputList(name) => vec![format!("{INPUT_PREFIX}{name}")],
            Self::Text(template) => template.names().map(str::to_owned).collect(),
            Self::List(items) => items.iter().flat_map(Self::names).collect(),
            Self::Object(members) => members.values().flat_map(Self::names).collect(),
        }
    }

    /// With values in their places; nothing where it hangs on an input that is absent. `values` holds the inputs as text too.
    pub fn fill(&self, input: &Map<String, Value>, values: &Values) -> Result<Option<Value>, TemplateError> {
        match self {
            // The outermost object stays whatever is left of it.
            Self::Object(members) => Ok(Some(fill_members(members, input, values)?.0)),
            other => Ok(other.fill_in(input, values)?.map(|(value, _)| value)),
        }
    }

    /// Also tells whether any input went into it.
    fn fill_in(&self, input: &Map<String, Value>, values: &Values) -> Result<Option<(Value, bool)>, TemplateError> {
        let (value, took_input) = match self {
            Self::Fixed(value) => (value.clone(), false),
            Self::Input(name) => return Ok(input.get(name).map(|value| (value.clone(), true))),
            Self::InputList(name) => return Ok(input.get(name).map(|value| (as_list(value), true))),
            Self::Text(template) if lacks_input(template, values) => return Ok(None),
            Self::Text(template) => (Value::String(template.render_text(values)?), template.names().any(|name| name.starts_with(INPUT_PREFIX))),
            Self::List(items) => {
                let (mut kept, mut took_input) = (Vec::new(), false);
                for item in items {
                    if let Some((value, took)) = item.fill_in(input, values)? {
                        kept.push(value);
                        took_input |= took;
                    }
                }
                (Value::Array(kept), took_input)
            }
            Self::Object(members) => fill_members(members, input, values)?,
        };
        Ok((took_input || !self.names_input()).then_some((value, took_input)))
    }

    fn names_input(&self) -> bool {
        self.names().iter().any(|name| name.starts_with(INPUT_PREFIX))
    }
}

fn fill_members(members: &BTreeMap<String, JsonTemplate>, input: &Map<String, Value>, values: &Values) -> Result<(Value, bool), TemplateError> {
    let (mut kept, mut took_input) = (Map::new(), false);
    for (name, member) in members {
        if let Some((value, took)) = member.fill_in(input, values)? {
            kept.insert(name.clone(), value);
            took_input |= took;
        }
    }
    Ok((Value::Object(kept), took_input))
}

fn as_list(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
        other => other.clone(),
    }
}

/// Whether a text hangs on an input that is absent.
pub fn lacks_input(template: &Template, values: &Values) -> bool {
    template.names().any(|name| name.starts_with(INPUT_PREFIX) && !values.contains_key(name))
}

impl<'de> Deserialize<'de> for JsonTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for JsonTemplate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonTemplate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "JSON in which {{input.name}} stands for an input." })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn values_keep_their_type_and_what_is_absent_goes() {
        let template = JsonTemplate::parse(json!({
            "to": "{{input.to}}", "count": "{{input.count}}", "text": "Hello {{input.name}}, {{site}}", "fixed": 1,
            "reply": { "email": "{{input.reply}}" },
            "people": [{ "email": "{{input.email}}", "name": "{{input.person}}" }],
            "parts": [{ "type": "text", "value": "{{input.text}}" }, { "type": "html", "value": "{{input.html}}" }],
            "empty": {}, "tags": "{{input.tags | list}}",
        }))
        .unwrap();
        let fill = |input: Value| {
            let input = input.as_object().unwrap().clone();
            let mut values = Values::from([("site".to_owned(), "S".to_owned())]);
            values.extend(input.iter().filter_map(|(name, value)| Some((format!("input.{name}"), value.as_str()?.to_owned()))));
            template.fill(&input, &values).unwrap().unwrap()
        };
        assert_eq!(
            fill(json!({ "to": ["a", "b"], "count": 3, "name": "Ada\n", "reply": "r", "text": "t", "html": "h", "tags": "a, b,,c" })),
            json!({
                "to": ["a", "b"], "count": 3, "text": "Hello Ada\n, S", "fixed": 1, "reply": { "email": "r" },
                "parts": [{ "type": "text", "value": "t" }, { "type": "html", "value": "h" }], "empty": {}, "tags": ["a", "b", "c"],
            })
        );
        assert_eq!(fill(json!({ "email": "e" })), json!({ "fixed": 1, "people": [{ "email": "e" }], "empty": {} }));
        assert_eq!(fill(json!({ "html": "h" })), json!({ "fixed": 1, "parts": [{ "type": "html", "value": "h" }], "empty": {} }));
        assert_eq!(fill(json!({})), json!({ "fixed": 1, "empty": {} }));
        assert_eq!(template.names().len(), 10);
    }
}
