//! The OpenAPI document: complete, true to its own schemas, and the same as its committed copy.

use crate::support::contract::violations;
use crate::support::{Db, TestApp};
use axum::body::Body;
use axum::http::Request;
use keyloom::api::openapi::document;
use serde_json::{Value, json};
use std::path::Path;

fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation)))
}

/// A change of the API shows in review as a change of this file.
#[test]
fn the_committed_copy_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let current = format!("{:#}\n", document());
    if std::env::var_os("RENEW_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/openapi.json is not what the code says: renew it with\n  RENEW_OPENAPI=1 cargo test --features ssr openapi\nand commit it"
    );
}

#[test]
fn every_operation_says_everything() {
    let mut ids = std::collections::BTreeSet::new();
    for (place, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        assert!(id.chars().all(char::is_alphanumeric) && ids.insert(id), "{place}: {id}");
        for member in ["summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|text| text.len() > 5), "{place} has no {member}");
        }
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["$ref"].is_string() || parameter["description"].is_string(), "{place}: {parameter}");
        }
        let open = operation["security"].as_array().unwrap()[0].as_object().unwrap().is_empty();
        assert_eq!(operation["responses"]["401"].is_object(), !open || id == "pollSession", "{place}");
        for status in ["400", "429", "500"] {
            assert!(operation["responses"][status].is_object(), "{place} has no {status}");
        }
    }
    assert!(ids.len() > 30, "{ids:?}");
}

#[test]
fn every_example_fits_its_schema() {
    for (place, operation) in operations() {
        let mut bodies = vec![("request".to_owned(), &operation["requestBody"]["content"]["application/json"])];
        for (status, answer) in operation["responses"].as_object().unwrap() {
            bodies.push((status.clone(), &answer["content"]["application/json"]));
        }
        for (what, content) in bodies.iter().filter(|(_, content)| content.is_object()) {
            let single = content.get("example").into_iter();
            let named = content["examples"].as_object().into_iter().flatten().map(|(code, _)| &document()["components"]["examples"][code]["value"]);
            let examples: Vec<_> = single.chain(named).collect();
            assert!(!examples.is_empty(), "{place} {what} has no example");
            for example in examples {
                let wrong = violations(&content["schema"], example);
                assert!(wrong.is_empty(), "{place} {what}: {wrong:?}\n{example}");
            }
        }
    }
}

/// An absent body equals `{}`: it may be left out exactly where that is one.
#[test]
fn a_body_is_required_where_a_member_is() {
    let mut may_be_absent = 0;
    for (place, operation) in operations().filter(|(_, operation)| operation["requestBody"].is_object()) {
        let fits = violations(&operation["requestBody"]["content"]["application/json"]["schema"], &json!({})).is_empty();
        assert_eq!(operation["requestBody"]["required"], !fits, "{place}");
        may_be_absent += usize::from(fits);
    }
    assert!(may_be_absent >= 8, "{may_be_absent}");
}

#[test]
fn every_object_is_closed_and_every_link_leads_somewhere() {
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        if schema["properties"].is_object() {
            assert!(schema.get("additionalProperties").is_some(), "{name}");
        }
    }
    let mut links = 0;
    for (place, operation) in operations() {
        for (_, link) in operation["responses"].as_object().unwrap().values().flat_map(|answer| answer["links"].as_object().into_iter().flatten()) {
            let (target, _) = operations().find(|(_, operation)| operation["operationId"] == link["operationId"]).unwrap_or_else(|| panic!("{place}: {link}"));
            let given = link["parameters"].as_object().unwrap();
            assert_eq!(target.matches('{').count(), given.len(), "{place}: {link}");
            assert!(given.keys().all(|name| target.contains(&format!("{{{name}}}"))), "{place}: {link}");
            links += 1;
        }
    }
    assert!(links >= 25, "{links}");
}

#[tokio::test]
async fn it_is_served_without_a_key() {
    let app = TestApp::start(Db::Sqlite).await;
    let answer = app.raw(Request::builder().uri("/api/v1/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!(&answer.expect(200), document());
    assert_eq!(
        (&answer.headers["content-type"], &answer.headers["x-content-type-options"]),
        (&"application/json".parse().unwrap(), &"nosniff".parse().unwrap())
    );
}
