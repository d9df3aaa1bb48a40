//! Every answer of the API that any test sees, held against the OpenAPI document: an undocumented status, code or field fails
//! the test that met it.

use super::Answer;
use axum::http::Method;
use jsonschema::Validator;
use keyloom::api::openapi::{BASE, document};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// The operation's template and description, if the document has one for the request.
fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        let literal = wanted.iter().zip(&parts).filter(|(wanted, part)| wanted == part).count();
        let all = wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part);
        all.then_some(literal)
    };
    let paths = document()["paths"].as_object().unwrap();
    // As the router does: what is spelled out goes before what is not.
    let (template, item) = paths
        .iter()
        .filter_map(|(template, item)| Some((fits(template)?, template, item)))
        .max_by_key(|(literal, ..)| *literal)
        .map(|(_, template, item)| (template, item))?;
    let operation = item.get(method.as_str().to_lowercase())?;
    Some((template, operation))
}

/// Whether `body` fits `schema`, with all that is wrong.
pub fn violations(schema: &Value, body: &Value) -> Vec<String> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, std::sync::Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let validator = VALIDATORS
        .lock()
        .unwrap()
        .entry(schema.to_string())
        .or_insert_with(|| {
            let whole = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": document()["components"] });
            jsonschema::options().should_validate_formats(true).build(&whole).unwrap().into()
        })
        .clone();
    validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds an answer against the document.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(path) = path.strip_prefix(BASE) else { return };
    let status = answer.status.as_u16();
    let Some((template, operation)) = operation(method, path) else {
        assert!(matches!(status, 204 | 404 | 405), "{method} {path} is not in the document and answers {status}");
        return;
    };
    let place = format!("{method} {template} {status}");
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{place} is not in the document: {}", answer.text);
    let body: Value = serde_json::from_str(&answer.text).unwrap();
    let wrong = violations(&response["content"]["application/json"]["schema"], &body);
    assert!(wrong.is_empty(), "{place} is not as the document says: {wrong:?}\n{body}");
    if status >= 400 {
        assert!(operation["x-error-codes"].as_array().unwrap().contains(&body["code"]), "{place} has an undocumented code: {body}");
    }
}
