//! Fields and types in words, with links to the schemas that they name.

use super::text::{blocks, inline};
use crate::api::openapi::schema_name;
use leptos::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// Who writes an object: which of its fields need a word about being there follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The caller: says which fields are required.
    Request,
    /// The server: says which fields may be missing.
    Answer,
}

/// Where the schemas are explained.
pub const PATH: &str = "/docs/api/schemas";

/// A link to a schema.
pub fn link(name: &str) -> AnyView {
    view! { <a href=format!("{PATH}#{name}")>{name.to_owned()}</a> }.into_any()
}

fn members(schema: &Value, of: &str) -> Vec<Value> {
    schema[of].as_array().cloned().unwrap_or_default()
}

/// What a value is: `string`, `array of Connection`, `Scope or null`.
pub fn kind(schema: &Value) -> Vec<AnyView> {
    if let Some(name) = schema_name(schema) {
        return vec![link(name)];
    }
    let choices: Vec<_> = ["oneOf", "anyOf", "allOf"].into_iter().flat_map(|of| members(schema, of)).collect();
    // What an `allOf` adds to a schema without a type of its own is told field by field.
    let choices = choices.iter().filter(|choice| schema_name(choice).is_some() || choice.get("type").is_some());
    let mut words = Vec::new();
    for choice in choices {
        if !words.is_empty() {
            words.push(" or ".into_any());
        }
        words.extend(kind(choice));
    }
    if !words.is_empty() {
        return words;
    }
    let types: Vec<String> = match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec!["any".to_owned()],
    };
    for name in types {
        if !words.is_empty() {
            words.push(" or ".into_any());
        }
        match name.as_str() {
            "array" => {
                words.push("array of ".into_any());
                words.extend(kind(&schema["items"]));
            }
            "object" if schema["additionalProperties"]["type"].is_string() => {
                words.push("map of ".into_any());
                words.extend(kind(&schema["additionalProperties"]));
            }
            _ => words.push(name.into_any()),
        }
    }
    words
}

/// What else holds of a value: `1 to 200 characters`, `default 50`.
pub fn limits(schema: &Value) -> String {
    let between = |least: &str, most: &str, unit: &str| {
        let number = |key: &str| schema[key].as_i64();
        match (number(least), number(most)) {
            (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
            (Some(1), None) if !unit.is_empty() => Some("not empty".to_owned()),
            (Some(least), None) if least > 0 => Some(format!("at least {least}{unit}")),
            (None, Some(most)) => Some(format!("at most {most}{unit}")),
            _ => None,
        }
    };
    let default = schema.get("default").filter(|value| !value.is_null()).map(|value| format!("default `{value}`"));
    let values: Vec<_> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
    // Patterns that only keep control characters out say nothing to a reader.
    let pattern = schema["pattern"].as_str().filter(|pattern| !pattern.contains(r"\x")).map(|pattern| format!("matches `{pattern}`"));
    let format = schema["format"].as_str().filter(|format| !format.starts_with("int")).map(str::to_owned);
    let words = [
        (!values.is_empty()).then(|| values.join(", ")),
        format,
        between("minLength", "maxLength", " characters"),
        between("minimum", "maximum", ""),
        between("minItems", "maxItems", " items"),
        pattern,
        default,
        (schema["deprecated"] == true).then(|| "deprecated".to_owned()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Its own words, or those of what it may be.
fn description(schema: &Value) -> String {
    let own = schema["description"].as_str();
    own.or_else(|| schema["oneOf"].as_array()?.iter().find_map(|choice| choice["description"].as_str())).unwrap_or_default().to_owned()
}

/// One row: name, type, whether it has to be there, what it is.
pub fn field(name: &str, schema: &Value, note: Option<&'static str>, about: &str) -> AnyView {
    let limits = limits(schema);
    view! {
        <div>
            <dt><code>{name.to_owned()}</code><span>{kind(schema)}</span>{note.map(|note| view! { <b>{note}</b> })}</dt>
            <dd>{inline(&about.replace('\n', " "))}{(!limits.is_empty()).then(|| view! { <small>{inline(&limits)}</small> })}</dd>
        </div>
    }
    .into_any()
}

/// The fields of an object; those that have to be there first in a request.
pub fn fields(schema: &Value, further_required: &[&str], side: Side) -> Option<AnyView> {
    let properties = schema["properties"].as_object().filter(|properties| !properties.is_empty())?;
    let mut required: BTreeSet<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    required.extend(further_required);
    let mut properties: Vec<_> = properties.iter().map(|(name, schema)| (name.as_str(), schema, required.contains(name.as_str()))).collect();
    if side == Side::Request {
        properties.sort_by_key(|(_, _, is_required)| !is_required);
    }
    let rows: Vec<_> = properties
        .into_iter()
        .map(|(name, schema, is_required)| {
            let note = match side {
                Side::Request => is_required.then_some("required"),
                Side::Answer => (!is_required).then_some("optional"),
            };
            field(name, schema, note, &description(schema))
        })
        .collect();
    Some(view! { <dl class="api-fields">{rows}</dl> }.into_any())
}

/// A schema of its own, with its anchor.
pub fn definition(name: &str, schema: &Value, side: Side) -> AnyView {
    let limits = if schema["type"] == "string" && schema.get("enum").is_none() { limits(schema) } else { String::new() };
    let choices: Vec<_> = members(schema, "oneOf").iter().filter(|choice| choice["type"] != "null").map(|choice| variant(choice, side)).collect();
    view! {
        <section class="api-schema" id=name.to_owned()>
            <h2>{name.to_owned()}</h2>
            {blocks(&description(schema))}
            {(!limits.is_empty()).then(|| view! { <p><small>{inline(&limits)}</small></p> })}
            {(!choices.is_empty()).then(|| view! { <p>"One of these:"</p> })}
            {choices}
            {fields(schema, &[], side)}
        </section>
    }
    .into_any()
}

fn variant(choice: &Value, side: Side) -> AnyView {
    let about = description(choice);
    let named = schema_name(choice).map(link);
    view! { <div class="api-choice"><p>{named.map(|link| view! { {link} ": " })}{inline(&about)}</p>{fields(choice, &[], side)}</div> }.into_any()
}
