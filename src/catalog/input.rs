//! What an action takes: JSON Schema (2020-12), compiled when the definition is loaded.

use crate::domain::FieldError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The schema of an action's `input`: an object, closed unless it says otherwise.
#[derive(Debug, Clone)]
pub struct InputSchema {
    schema: Map<String, Value>,
    validator: Arc<Validator>,
}

impl InputSchema {
    /// Compiles `schema`. `type: object` and `additionalProperties: false` need not be written down.
    pub fn parse(mut schema: Map<String, Value>) -> Result<Self, String> {
        schema.entry("type").or_insert_with(|| "object".into());
        schema.entry("additionalProperties").or_insert(Value::Bool(false));
        if schema["type"] != "object" {
            return Err("an input is an object".to_owned());
        }
        let whole = Value::Object(schema.clone());
        if refers_outside(&whole) {
            return Err("$ref must start with # (nothing is fetched)".to_owned());
        }
        // Patterns come from definitions that customers write: no backtracking.
        let validator = jsonschema::draft202012::options().with_pattern_options(PatternOptions::regex()).build(&whole).map_err(|error| error.to_string())?;
        Ok(Self { schema, validator: Arc::new(validator) })
    }

    /// As clients see it.
    pub fn json(&self) -> &Map<String, Value> {
        &self.schema
    }

    /// The inputs that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Whether there is an input called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Whether the input called `name` must be given.
    pub fn requires(&self, name: &str) -> bool {
        self.schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|known| known == name))
    }

    /// Whether an input is only taken, and means nothing: `deprecated = true`.
    pub fn is_ignored(&self, name: &str) -> bool {
        self.schema.get("properties").and_then(|properties| properties.get(name)?.get("deprecated")) == Some(&Value::Bool(true))
    }

    /// `input` with each input's `default` where it is absent.
    pub fn complete(&self, mut input: Map<String, Value>) -> Map<String, Value> {
        for (name, property) in self.schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if let (Some(default), false) = (property.get("default"), input.contains_key(name)) {
                input.insert(name.clone(), default.clone());
            }
        }
        input
    }

    /// `value` as the input called `name` wants it, where that is only a question of how it is written: `"2"` as 2, or 2 as `"2"`.
    pub fn as_typed(&self, name: &str, value: Value) -> Value {
        let declared = self.schema.get("properties").and_then(|properties| properties.get(name)?.get("type"));
        let takes = |kind: &str| match declared {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            _ => true,
        };
        match value {
            Value::String(text) if !takes("string") && (takes("integer") || takes("number")) => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => Value::String(text),
            },
            Value::Number(number) if takes("string") && !takes("integer") && !takes("number") => Value::String(number.to_string()),
            other => other,
        }
    }

    /// Everything wrong with `input`.
    pub fn check(&self, input: &Value) -> Vec<FieldError> {
        self.validator.iter_errors(input).flat_map(|error| field_errors(&error)).collect()
    }
}

impl<'de> Deserialize<'de> for InputSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Map::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn refers_outside(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let foreign = ["$ref", "$dynamicRef"].contains(&name.as_str()) && value.as_str().is_some_and(|target| !target.starts_with('#'));
            foreign || refers_outside(value)
        }),
        Value::Array(items) => items.iter().any(refers_outside),
        _ => false,
    }
}

/// In the words of the contract. The value itself is not repeated: it may be long, or secret.
fn field_errors(error: &ValidationError<'_>) -> Vec<FieldError> {
    let at = path(error.instance_path().as_str());
    let one = |path: String, code: &str, message: String| vec![FieldError { path, code: code.to_owned(), message }];
    match error.kind() {
        Kind::Required { property } => {
            let path = format!("{at}.{}", property.as_str().unwrap_or_default());
            let message = format!("{path} is required");
            one(path, "REQUIRED", message)
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| FieldError { path: format!("{at}.{name}"), code: "UNKNOWN".to_owned(), message: format!("{name} is not an input of this action") })
            .collect(),
        Kind::MaxLength { .. } | Kind::MaxItems { .. } => one(at.clone(), "TOO_LONG", format!("{at}: {}", error.masked())),
        Kind::Minimum { .. } | Kind::Maximum { .. } | Kind::ExclusiveMinimum { .. } | Kind::ExclusiveMaximum { .. } | Kind::MinItems { .. } => {
            one(at.clone(), "OUT_OF_RANGE", format!("{at}: {}", error.masked()))
        }
        _ => one(at.clone(), "INVALID", format!("{at}: {}", error.masked())),
    }
}

/// `/rows/0/name` → `input.rows[0].name`
fn path(pointer: &str) -> String {
    pointer.split('/').skip(1).fold("input".to_owned(), |path, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|byte| byte.is_ascii_digit()) { format!("{path}[{part}]") } else { format!("{path}.{part}") }
    })
}

#[cfg(test)]
impl schemars::JsonSchema for InputSchema {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InputSchema".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "description": "JSON Schema (2020-12) of the input: `properties`, `required`." })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn schema(value: Value) -> Result<InputSchema, String> {
        InputSchema::parse(value.as_object().unwrap().clone())
    }

    #[test]
    fn errors_name_the_field_and_not_the_value() {
        let schema = schema(json!({
            "required": ["channel"],
            "properties": {
                "channel": { "type": "string", "maxLength": 5 },
                "count": { "type": "integer", "minimum": 1 },
                "rows": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } },
            }
        }))
        .unwrap();
        let wrong = |input: Value| schema.check(&input).into_iter().map(|error| (error.path, error.code, error.message)).collect::<Vec<_>>();
        let text = str::to_owned;
        assert_eq!(wrong(json!({ "channel": "C1", "count": 2 })), []);
        assert_eq!(wrong(json!({})), [(text("input.channel"), text("REQUIRED"), text("input.channel is required"))]);
        for (input, path, code) in [
            (json!({ "channel": "C1", "chanel": "C1" }), "input.chanel", "UNKNOWN"),
            (json!({ "channel": "hunter2" }), "input.channel", "TOO_LONG"),
            (json!({ "channel": "C1", "count": 0 }), "input.count", "OUT_OF_RANGE"),
            (json!({ "channel": "C1", "rows": [{ "name": 7 }] }), "input.rows[0].name", "INVALID"),
        ] {
            let found = wrong(input);
            assert_eq!((found.len(), found[0].0.as_str(), found[0].1.as_str()), (1, path, code), "{found:?}");
            assert!(!found[0].2.contains("hunter2"), "{found:?}");
        }
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_refused() {
        for bad in [
            json!({ "type": "array" }),
            json!({ "properties": { "a": { "type": "sting" } } }),
            json!({ "properties": { "a": { "$ref": "https://example.com/schema" } } }),
            json!({ "properties": { "a": { "pattern": "(" } } }),
        ] {
            assert!(schema(bad.clone()).is_err(), "{bad}");
        }
    }
}
