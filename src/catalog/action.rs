//! Actions: what a definition says can be done with a connection. An action is one request, described as data.

use super::input::InputSchema;
use super::json_template::JsonTemplate;
use super::next::Next;
use super::template::Template;
use crate::domain::integration::ActionView;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Something that can be done with a connection.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What people call it: `Send a message to a channel`.
    pub display_name: String,
    /// One sentence, in our own words.
    pub description: String,
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: String,
    /// A path under `api.base_url` (`/repos/{{input.owner}}`) or a whole URL. Each value becomes one segment. Of several the first is
    /// used whose names the connection has.
    pub path: Paths,
    /// Query. A list becomes the parameter several times.
    #[serde(default)]
    pub query: BTreeMap<String, JsonTemplate>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Body.
    #[serde(default)]
    pub body: Option<JsonTemplate>,
    /// How the body is written.
    #[serde(default)]
    pub encoding: BodyEncoding,
    /// JSON Schema of the input; inputs are `{{input.name}}` in templates.
    pub input: InputSchema,
    /// What an OAuth connection must have been granted. Leave scopes out of which another would do.
    #[serde(default)]
    pub required_scopes: Vec<String>,
    /// The answer is an error when this holds although the status is 2xx. Default: `api.error_when`.
    #[serde(default)]
    pub error_when: Option<ErrorWhen>,
    /// How the next page is got, where this is a list. Default: `api.next`, if there is the input that it names.
    #[serde(default)]
    pub next: Option<Next>,
    /// To do it twice is no more than to do it once, though it is no GET: it may be sent again by itself when the service stumbles.
    #[serde(default)]
    pub idempotent: bool,
    /// What of the answer is the output. Default: all of it.
    #[serde(default)]
    pub output: Output,
    /// An input that works. Tests send it to a capturing server.
    pub example: Value,
}

/// One path or several to choose from.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Paths {
    /// `"/users"`
    One(Template),
    /// `["/accounts/{{account_sid}}", "/accounts/{{username}}"]`
    Several(Vec<Template>),
}

impl Paths {
    /// The paths in order.
    pub fn iter(&self) -> impl Iterator<Item = &Template> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several.as_slice(),
        }
        .iter()
    }
}

/// How a body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BodyEncoding {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`; what is nested becomes `outer[inner]` and `list[0]`.
    Form,
}

/// What of an answer is the output.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Output {
    /// All of it.
    #[default]
    Whole,
    /// What a JSON pointer finds.
    Part(String),
    /// An object of what JSON pointers find.
    Parts(BTreeMap<String, String>),
}

impl Output {
    /// The output; null where a pointer finds nothing.
    pub fn pick(&self, mut answer: Value) -> Value {
        let mut take = |pointer: &str| answer.pointer_mut(pointer).map(Value::take).unwrap_or_default();
        match self {
            Self::Whole => answer,
            Self::Part(pointer) => take(pointer),
            // Not taken: pointers may overlap.
            Self::Parts(parts) => {
                let parts = parts.iter().map(|(name, pointer)| (name.clone(), answer.pointer(pointer).cloned().unwrap_or_default()));
                Value::Object(parts.collect())
            }
        }
    }

    /// Its pointers.
    pub fn pointers(&self) -> Vec<&str> {
        match self {
            Self::Whole => Vec::new(),
            Self::Part(pointer) => vec![pointer],
            Self::Parts(parts) => parts.values().map(String::as_str).collect(),
        }
    }
}

/// Tells an error that comes with status 200.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ErrorWhen {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// The value that means failure. Without it anything there means failure, but null and an empty list.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<Value>"))]
    pub equals: Option<toml::Value>,
}

impl ErrorWhen {
    /// Whether `answer` is an error.
    pub fn holds(&self, answer: &Value) -> bool {
        let Some(found) = answer.pointer(&self.pointer) else { return false };
        match &self.equals {
            Some(expected) => serde_json::to_value(expected).is_ok_and(|expected| *found == expected),
            None => !found.is_null() && found.as_array().is_none_or(|list| !list.is_empty()),
        }
    }
}

impl Action {
    /// What clients are told about it.
    pub fn view(&self) -> ActionView {
        ActionView {
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            input_schema: self.input.json().clone(),
            required_scopes: self.required_scopes.clone(),
        }
    }
}

/// Name of the action that every integration with an API has: any request to it.
pub const CUSTOM_API_CALL: &str = "custom_api_call";

/// What any request to an API takes.
#[derive(Debug)]
pub struct CustomApiCall {
    schema: Map<String, Value>,
    /// To judge inputs by.
    pub input: Result<InputSchema, String>,
}

impl CustomApiCall {
    /// What clients are told about it.
    pub fn view(&self) -> ActionView {
        ActionView {
            display_name: "Call the API".to_owned(),
            description: "Sends any request to this service's API with the connection's credentials.".to_owned(),
            input_schema: self.schema.clone(),
            required_scopes: Vec::new(),
        }
    }
}

/// The description of [`CUSTOM_API_CALL`].
pub fn custom_api_call() -> &'static CustomApiCall {
    static DESCRIPTION: LazyLock<CustomApiCall> = LazyLock::new(|| {
        let plain = serde_json::json!({ "type": ["string", "number", "boolean", "null"] });
        let Value::Object(schema) = serde_json::json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["method"],
            "properties": {
                "method": { "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] },
                "path": { "type": "string", "maxLength": 4000, "description": "A path of the API, such as /v1/models." },
                "url": { "type": "string", "maxLength": 4000, "description": "Instead of path: a whole URL on one of the service's own hosts." },
                "query": {
                    "type": "object",
                    "description": "Query parameters; a list repeats its parameter.",
                    "additionalProperties": { "anyOf": [plain, { "type": "array", "items": plain }] }
                },
                "headers": { "type": "object", "description": "Further headers.", "additionalProperties": { "type": "string" } },
                "body": { "description": "Sent as JSON; as it is where it is text and headers name another Content-Type." }
            }
        }) else {
            unreachable!("an object is written above");
        };
        CustomApiCall { input: InputSchema::parse(schema.clone()), schema }
    });
    &DESCRIPTION
}

/// Headers that neither a definition's action nor a caller may set: they say where a request goes, how it is framed, or who sends it.
pub fn is_reserved_header(name: &str) -> bool {
    const RESERVED: [&str; 13] = [
        "host",
        "authorization",
        "cookie",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "expect",
        "http2-settings",
        "accept-encoding",
    ];
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_and_outputs_are_found_by_pointers() {
        let rule = |equals: Option<toml::Value>| ErrorWhen { pointer: "/ok".to_owned(), equals };
        for (answer, is_false, is_there) in [
            (json!({ "ok": false }), true, true),
            (json!({ "ok": true }), false, true),
            (json!({ "ok": null }), false, false),
            (json!({ "ok": [] }), false, false),
            (json!({}), false, false),
        ] {
            assert_eq!(rule(Some(toml::Value::Boolean(false))).holds(&answer), is_false, "{answer}");
            assert_eq!(rule(None).holds(&answer), is_there, "{answer}");
        }
        let answer = json!({ "a": { "b": 1 }, "c": [2] });
        assert_eq!(Output::Whole.pick(answer.clone()), answer);
        assert_eq!(Output::Part("/a/b".to_owned()).pick(answer.clone()), json!(1));
        assert_eq!(Output::Part("/nope".to_owned()).pick(answer.clone()), json!(null));
        let parts = [("x", "/a"), ("y", "/a/b"), ("z", "/c/0"), ("none", "/d")].map(|(name, pointer)| (name.to_owned(), pointer.to_owned()));
        assert_eq!(Output::Parts(parts.into()).pick(answer), json!({ "x": { "b": 1 }, "y": 1, "z": 2, "none": null }));
    }

    #[test]
    fn the_custom_call_has_a_schema() {
        assert!(custom_api_call().input.is_ok());
    }
}
