//! The JSON Schema of definitions, for editors: derived from the types, kept in `docs/integration.schema.json`.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::Definition;
use super::check::CATEGORIES;
use serde_json::{Value, json};
use std::path::Path;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/integration.schema.json");

fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(Definition)).unwrap();
    schema["title"] = json!("Keyloom integration");
    schema["properties"]["categories"]["items"] = json!({ "enum": CATEGORIES });
    without_null(&mut schema);
    schema
}

/// TOML has no null: a key that may be absent is just absent.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type") != Some(&json!("null")));
            }
            object.retain(|key, value| !(key == "default" && value.is_null()));
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[test]
fn the_schema_in_the_docs_is_that_of_the_types() {
    let mut now = serde_json::to_string_pretty(&schema()).unwrap();
    now.push('\n');
    if std::env::var_os("RENEW_SCHEMA").is_some() {
        std::fs::write(FILE, &now).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        kept == now,
        "docs/integration.schema.json is not what the types say: renew it with\n  RENEW_SCHEMA=1 cargo test --features ssr --lib schema\nand commit it"
    );
}

#[test]
fn every_definition_fits_the_schema_and_a_typo_does_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if let Some(error) = validator.iter_errors(&file).next() {
            panic!("{}: {} {error}", path.display(), error.instance_path());
        }
        for (pointer, wrong) in [("", json!({ "typo": 1 })), ("/auth/0", json!({ "type": "OAUTH3" }))] {
            let mut file = file.clone();
            if let Some(Value::Object(object)) = file.pointer_mut(pointer) {
                object.extend(wrong.as_object().unwrap().clone());
                assert!(!validator.is_valid(&file), "{}: {wrong}", path.display());
            }
        }
    }
}
