//! Every action of the catalogue, sent with its example: what arrives is what `actions.json` says, which a person has read.

use crate::catalog::sample_values;
use crate::support::echo::Echo;
use crate::support::{Db, Setup, TestApp};
use keyloom::catalog::{Catalog, Method, MethodType};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Definitions with their hosts turned to `echo`, and without what would only add noise.
fn turned_to(echo: &str) -> Vec<(String, String)> {
    let elsewhere = |url: &str| {
        let Some((_, rest)) = url.split_once("://") else { return url.to_owned() };
        format!("{echo}{}", rest.find('/').map_or("", |at| &rest[at..]))
    };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/integrations")).unwrap() {
        let path = entry.unwrap().path();
        let mut file: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if !file.contains_key("actions") {
            continue;
        }
        let base = file["api"]["base_url"].as_str().map(elsewhere).unwrap();
        file["api"].as_table_mut().unwrap().insert("base_url".to_owned(), base.into());
        for method in file["auth"].as_array_mut().unwrap() {
            let method = method.as_table_mut().unwrap();
            method.remove("identity");
            method.remove("test");
            if let Some(login) = method.get_mut("login").and_then(toml::Value::as_table_mut) {
                // Whatever it asks, the echo answers: what is sent first is the subject of `logins/catalogue.rs`.
                login.retain(|key, _| ["client_credentials", "jwt_bearer", "request"].contains(&key));
                login.insert("token".to_owned(), "/method".into());
                for (table, key) in [("client_credentials", "token_url"), ("jwt_bearer", "token_url"), ("request", "url")] {
                    if let Some(request) = login.get_mut(table).and_then(toml::Value::as_table_mut) {
                        request.insert(key.to_owned(), format!("{echo}/login").into());
                    }
                }
            }
            for field in method.get_mut("fields").and_then(toml::Value::as_array_mut).into_iter().flatten() {
                field.as_table_mut().unwrap().retain(|key, _| !key.starts_with("pattern"));
            }
        }
        for (_, action) in file["actions"].as_table_mut().unwrap() {
            if let toml::Value::String(path) = &mut action["path"] {
                *path = elsewhere(path);
            }
        }
        all.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), toml::to_string(&file).unwrap()));
    }
    all
}

/// The body of a create for this method.
fn connection(integration: &str, method: &Method) -> Value {
    let mut props: Map<String, Value> =
        sample_values(method).into_iter().filter(|(name, _)| name != "accessToken" && name != "userinfo").map(|(name, value)| (name, value.into())).collect();
    let mut body = json!({ "integrationName": integration, "externalId": method.key, "authMethodKey": method.key });
    let mut own = |names: &[&str]| names.iter().for_each(|name| body[*name] = props.remove(*name).unwrap_or_else(|| "secret-0123".into()));
    match method.kind {
        MethodType::SecretText => own(&["secretText"]),
        MethodType::BasicAuth => own(&["username", "password"]),
        MethodType::CustomAuth | MethodType::OAuth2 => {}
    }
    if method.kind == MethodType::OAuth2 {
        body["accessToken"] = "secret-0123".into();
        body["data"] = props.into();
    } else {
        body["props"] = props.into();
    }
    body["type"] = json!(method.kind.connection_type());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_sends_what_it_should() {
    let echo = Echo::start().await;
    let integrations = turned_to(&echo.url);
    let app = TestApp::start_with(Db::Sqlite, Setup { integrations, ..Setup::default() }).await;
    let catalog = Catalog::load(None).unwrap();
    let mut sent = Map::new();
    for definition in catalog.iter().filter(|definition| !definition.actions.is_empty()) {
        let turned = app.services.catalog.get(&definition.name).unwrap();
        for method in &turned.auth {
            app.post("/connections", connection(&definition.name, method)).await.expect(201);
        }
        let shown = app.get(&format!("/integrations?name={}", definition.name)).await.expect(200);
        for (name, action) in &definition.actions {
            let place = format!("{}.{name}", definition.name);
            assert_eq!(shown["integration"]["actions"][name]["inputSchema"], Value::Object(action.input.json().clone()), "{place}");
            for method in &turned.auth {
                let body = json!({
                    "integrationName": definition.name, "actionName": name, "connectionExternalId": method.key, "authMethodKey": method.key, "input": action.example
                });
                echo.take();
                let answer = app.post("/actions/execute", body).await;
                assert_eq!(answer.status, 200, "{place} with {}: {}", method.key, answer.text);
                let arrived = echo.only();
                let query: Vec<_> =
                    url::form_urlencoded::parse(arrived.uri.query().unwrap_or_default().as_bytes()).map(|(name, value)| format!("{name}={value}")).collect();
                let text = arrived.text();
                let body = serde_json::from_str(&text).unwrap_or(if text.is_empty() { Value::Null } else { text.into() });
                let now = json!({ "method": arrived.method.as_str(), "path": arrived.uri.path(), "query": query, "type": arrived.header("content-type"), "body": body });
                assert!(!now.to_string().contains("{{") && !now.to_string().contains("input."), "{place}: {now}");
                // With another method it goes the same way, but for what the method itself puts into addresses.
                sent.entry(place.clone()).or_insert(now);
            }
        }
    }
    assert!(sent.len() > 60, "{}", sent.len());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/actions.json");
    let current = format!("{:#}\n", Value::Object(sent));
    if std::env::var_os("RENEW_ACTIONS").is_some() {
        std::fs::write(&file, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == current,
        "src/tests/actions.json is not what actions send: read what has changed after\n  RENEW_ACTIONS=1 cargo test --features ssr every_action\nand commit it"
    );
}
