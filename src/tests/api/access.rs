//! Who may call what: every operation of the API, and every kind of caller that may not.
//!
//! The table is complete: the operations are read from the source of `src/api`, and a new one fails the test until it has a row.

use crate::on_both_databases;
use crate::support::{TestApp, request};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a key that is limited to another workspace is answered.
enum Foreign {
    /// It is not there.
    Hidden(&'static str),
    /// Keys that are limited to workspaces may not.
    Forbidden,
    /// A list of so many, none of them another workspace's.
    Lists(u64),
    /// The same as everybody; nothing of any workspace is in it.
    Public,
    /// No API key is asked for at all.
    Keyless(u16),
}
use Foreign::{Forbidden, Hidden, Keyless, Lists, Public};

/// Operation, body, and the answer to a stranger. `{…}` are ids of the other workspace's things.
fn table() -> Vec<(&'static str, &'static str, Value, Foreign)> {
    let connection = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "new", "secretText": "s", "workspaceId": "acme" });
    let session = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "new", "workspaceId": "acme" });
    let action =
        json!({ "integrationName": "demo-checked", "actionName": "custom_api_call", "workspaceId": "acme", "input": { "method": "GET", "path": "/" } });
    let app = json!({ "integrationName": "demo-oauth", "workspaceId": "acme", "clientId": "new" });
    let key = json!({ "name": "new", "permissions": { "scope": "workspace", "workspaceIds": ["{workspace}"] } });
    let custom = json!({
        "display_name": "Custom", "description": "Of a test", "categories": ["commerce"], "docs_url": "https://docs.example/auth", "checked_at": "2026-11-24",
        "auth": [{ "key": "api-key", "type": "SECRET_TEXT", "label": "API key" }],
    });
    let none = || Value::Null;
    vec![
        ("GET", "/connections", none(), Lists(0)),
        ("POST", "/connections", connection, Hidden("NOT_FOUND")),
        ("POST", "/connections/resolve", json!({ "integrationName": "demo-key", "externalId": "c", "workspaceId": "acme" }), Hidden("NOT_FOUND")),
        ("POST", "/connections/resolve-batch", json!({ "requests": [{ "integrationName": "demo-key", "externalId": "c", "workspaceId": "acme" }] }), Public),
        ("GET", "/connections/{connection}", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("PATCH", "/connections/{connection}", json!({ "displayName": "Mine" }), Hidden("CONNECTION_NOT_FOUND")),
        ("DELETE", "/connections/{connection}", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("POST", "/connections/{connection}/credentials", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("POST", "/connections/{connection}/refresh", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("POST", "/connections/{connection}/test", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("GET", "/connections/{connection}/events", none(), Hidden("CONNECTION_NOT_FOUND")),
        ("POST", "/actions/execute", action, Hidden("NOT_FOUND")),
        ("POST", "/connect/token", session, Hidden("NOT_FOUND")),
        ("POST", "/connect/session/poll", json!({ "token": "{token}" }), Keyless(200)),
        ("GET", "/connect/session/{session}", none(), Hidden("NOT_FOUND")),
        ("POST", "/connect/session/{session}/complete", json!({ "endUserId": "u" }), Hidden("NOT_FOUND")),
        ("GET", "/end-users", none(), Lists(0)),
        ("POST", "/end-users", json!({ "workspaceId": "acme", "externalId": "new" }), Hidden("NOT_FOUND")),
        ("GET", "/end-users/{end_user}", none(), Hidden("END_USER_NOT_FOUND")),
        ("PATCH", "/end-users/{end_user}", json!({ "displayName": "Mine" }), Hidden("END_USER_NOT_FOUND")),
        ("DELETE", "/end-users/{end_user}", none(), Hidden("END_USER_NOT_FOUND")),
        ("POST", "/end-users/{end_user}/connect-token", none(), Hidden("END_USER_NOT_FOUND")),
        ("POST", "/end-users/{end_user}/invite", json!({ "email": "me@example.com" }), Hidden("END_USER_NOT_FOUND")),
        ("GET", "/openapi.json", none(), Keyless(200)),
        ("GET", "/integrations", none(), Public),
        ("GET", "/integrations/oauth-status", none(), Public),
        ("POST", "/integrations/discover", json!({ "url": "http://localhost:9" }), Forbidden),
        ("POST", "/integrations/from-url", json!({ "url": "http://localhost:9" }), Forbidden),
        ("POST", "/integrations/{new_integration}", custom.clone(), Forbidden),
        ("PUT", "/integrations/{new_integration}", custom, Hidden("INTEGRATION_NOT_FOUND")),
        ("DELETE", "/integrations/{new_integration}", none(), Hidden("INTEGRATION_NOT_FOUND")),
        ("GET", "/oauth-apps", none(), Lists(0)),
        ("POST", "/oauth-apps", app, Hidden("NOT_FOUND")),
        ("GET", "/oauth-apps/{oauth_app}", none(), Hidden("NOT_FOUND")),
        ("PATCH", "/oauth-apps/{oauth_app}", json!({ "clientId": "mine" }), Hidden("NOT_FOUND")),
        ("DELETE", "/oauth-apps/{oauth_app}", none(), Hidden("NOT_FOUND")),
        ("POST", "/oauth-apps/{oauth_app}/check", none(), Hidden("NOT_FOUND")),
        ("GET", "/workspaces", none(), Lists(1)),
        ("POST", "/workspaces", json!({ "name": "New", "slug": "new" }), Forbidden),
        ("GET", "/workspaces/{workspace}", none(), Hidden("NOT_FOUND")),
        ("PATCH", "/workspaces/{workspace}", json!({ "name": "Mine" }), Hidden("NOT_FOUND")),
        ("DELETE", "/workspaces/{workspace}", none(), Hidden("NOT_FOUND")),
        ("GET", "/workspaces/{workspace}/integrations", none(), Hidden("NOT_FOUND")),
        ("POST", "/workspaces/{workspace}/integrations", json!({ "integrationName": "demo-basic" }), Hidden("NOT_FOUND")),
        ("PATCH", "/workspaces/{workspace}/integrations/{workspace_integration}", json!({ "displayName": "Mine" }), Hidden("NOT_FOUND")),
        ("DELETE", "/workspaces/{workspace}/integrations/{workspace_integration}", none(), Hidden("NOT_FOUND")),
        ("GET", "/api-keys", none(), Lists(1)),
        ("POST", "/api-keys", key, Hidden("NOT_FOUND")),
        ("DELETE", "/api-keys/{api_key}", none(), Hidden("NOT_FOUND")),
        ("GET", "/webhooks", none(), Lists(0)),
        ("POST", "/webhooks", json!({ "url": "http://localhost:9/mine", "workspaceId": "acme" }), Hidden("NOT_FOUND")),
        ("GET", "/webhooks/{webhook}", none(), Hidden("NOT_FOUND")),
        ("PATCH", "/webhooks/{webhook}", json!({ "url": "http://localhost:9/mine" }), Hidden("NOT_FOUND")),
        ("DELETE", "/webhooks/{webhook}", none(), Hidden("NOT_FOUND")),
        ("POST", "/webhooks/{webhook}/rotate-secret", none(), Hidden("NOT_FOUND")),
        ("POST", "/webhooks/{webhook}/test", none(), Hidden("NOT_FOUND")),
        ("GET", "/webhooks/{webhook}/deliveries", none(), Hidden("NOT_FOUND")),
        ("POST", "/webhooks/{webhook}/deliveries/{delivery}/replay", none(), Hidden("NOT_FOUND")),
        // That its own workspace was made.
        ("GET", "/events", none(), Lists(1)),
    ]
}

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "options", "head"];

/// Method and path, with parameters' names left out: `GET /connections/{}`.
fn operation(method: &str, path: &str) -> String {
    let path: Vec<_> = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect();
    format!("{} {}", method.to_uppercase(), path.join("/"))
}

/// The operations that the sources name: `.route("/path", get(…).post(…))`, and `path(get, path = "/path")` of an annotation.
fn operations_of(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    let mut add = |call: &str, methods: Vec<&str>| {
        let path = call.split('"').skip(1).step_by(2).find(|text| text.starts_with('/'));
        let path = path.unwrap_or_else(|| panic!("no path in {call}"));
        let methods: Vec<_> = methods.into_iter().filter(|word| METHODS.contains(word)).collect();
        assert!(!methods.is_empty(), "no method in {call}");
        found.extend(methods.into_iter().map(|method| operation(method, path.strip_prefix("/api/v1").unwrap_or(path))));
    };
    let start_of_word = |text: &'_ str| text.len() - text.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').count();
    for call in calls(&code, ".route(") {
        // Words with an opening parenthesis after them.
        let called = call.match_indices('(').map(|(at, _)| &call[start_of_word(&call[..at])..at]);
        add(call, called.collect());
    }
    for call in calls(&code, "utoipa::path(") {
        add(call, call.split(',').take(1).map(str::trim).collect());
    }
    found
}

/// What stands between the parentheses of each call.
fn calls<'a>(code: &'a str, opening: &'static str) -> impl Iterator<Item = &'a str> {
    code.match_indices(opening).map(move |(at, _)| {
        let rest = &code[at + opening.len()..];
        let mut depth = 1;
        let end = rest.find(|c: char| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        &rest[..end.unwrap()]
    })
}

#[test]
fn every_operation_has_a_row() {
    let mut in_source = BTreeSet::new();
    let mut places = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/api"))];
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            in_source.extend(operations_of(&std::fs::read_to_string(place).unwrap()));
        }
    }
    let in_table: BTreeSet<_> = table().iter().map(|(method, path, ..)| operation(method, path)).collect();
    let missing: Vec<_> = in_source.difference(&in_table).collect();
    let stale: Vec<_> = in_table.difference(&in_source).collect();
    assert!(missing.is_empty() && stale.is_empty(), "without a row: {missing:?}; rows without an operation: {stale:?}");
}

#[test]
fn operations_are_read_however_they_are_written() {
    let source = r#"
        // .route("/comment", get(no))
        .route("/a", get(a::list).post(a::create_get_something)).route(
            "/a/{id}",
            axum::routing::delete(a::delete_a),
        )
        #[utoipa::path(patch, path = "/b/{b_id}", params(("b_id" = String, Path, description = "b's id (opaque)")), responses((status = 200)))]
    "#;
    let expected = ["DELETE /a/{}", "GET /a", "PATCH /b/{}", "POST /a"];
    assert_eq!(operations_of(source).into_iter().collect::<Vec<_>>(), expected);
}

/// One of everything in workspace `acme`: name of the placeholder, and id.
async fn things_of_acme(app: &TestApp) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let workspace = app.workspace("acme").await;
    let connection = app.secret_text("c", json!({ "workspaceId": "acme" })).await;
    let end_user = app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u" })).await.expect(201);
    let session = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p", "workspaceId": "acme" });
    let session = app.post("/connect/token", session).await.expect(200);
    let oauth_app = json!({ "integrationName": "demo-oauth", "workspaceId": "acme", "clientId": "id", "clientSecret": "s" });
    let oauth_app = app.post("/oauth-apps", oauth_app).await.expect(201);
    let integration = app.post("/workspaces/acme/integrations", json!({ "integrationName": "demo-key" })).await.expect(201);
    let key = json!({ "name": "theirs", "permissions": { "scope": "workspace", "workspaceIds": [workspace] } });
    let key = app.post("/api-keys", key).await.expect(201);
    let webhook = app.post("/webhooks", json!({ "url": "http://localhost:9/hook", "workspaceId": "acme" })).await.expect(201);
    let webhook = text(&webhook["webhook"]["id"]);
    let delivery = app.post(&format!("/webhooks/{webhook}/test"), json!({})).await.expect(200);
    vec![
        ("{workspace}", workspace),
        ("{webhook}", webhook),
        ("{delivery}", text(&delivery["delivery"]["id"])),
        ("{connection}", connection),
        ("{end_user}", text(&end_user["endUser"]["id"])),
        ("{session}", text(&session["sessionId"])),
        ("{token}", text(&session["token"])),
        ("{oauth_app}", text(&oauth_app["oauthApp"]["id"])),
        ("{workspace_integration}", text(&integration["integration"]["id"])),
        ("{api_key}", text(&key["apiKey"]["id"])),
        ("{new_integration}", "of-nobody-yet".to_owned()),
    ]
}

fn filled(text: &str, things: &[(&'static str, String)]) -> String {
    let text = things.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    assert!(!text.contains("/{"), "{text} names something that there is none of");
    text
}

on_both_databases! {
    async fn strangers_are_not_answered(app: TestApp) {
        let things = things_of_acme(&app).await;
        let soon = app.services.now().plus_seconds(60).rfc3339();
        let expired = app.post("/api-keys", json!({ "name": "short", "expiresAt": soon })).await.expect(201)["plainKey"].as_str().unwrap().to_owned();
        let deleted = app.post("/api-keys", json!({ "name": "gone" })).await.expect(201);
        app.send(Method::DELETE, &format!("/api-keys/{}", deleted["apiKey"]["id"].as_str().unwrap()), None).await.expect(200);
        app.services.clock.advance_seconds(61);
        // As a key should look, and nobody's.
        let unknown = keyloom::vault::token::generate("wvz_", app.services.entropy.as_ref());
        let bearer = |key: &str| Some(format!("Bearer {key}"));
        let callers = [
            ("no key", None), ("nothing", Some(String::new())), ("an empty key", bearer("")), ("a prefix", bearer("wvz_")), ("a short key", bearer("wvz_abc")), ("a connect token", bearer("cst_abc")),
            ("not ASCII", bearer("ünï")), ("an unknown key", bearer(unknown.expose())), ("an expired key", bearer(&expired)), ("a deleted key", bearer(deleted["plainKey"].as_str().unwrap())),
            ("another scheme", Some(format!("Basic {}", app.key))), ("no scheme", Some(app.key.clone())), ("a changed key", bearer(&format!("{}x", app.key))),
        ];
        for (method, path, body, foreign) in table() {
            for (caller, authorization) in &callers {
                let mut request = Request::builder().method(method).uri(format!("/api/v1{}", filled(path, &things)));
                if let Some(value) = authorization {
                    request = request.header("authorization", value.as_bytes());
                }
                if !body.is_null() {
                    request = request.header("content-type", "application/json");
                }
                let body = if body.is_null() { Body::empty() } else { Body::from(filled(&body.to_string(), &things)) };
                let answer = app.raw(request.body(body).unwrap()).await;
                if let Keyless(status) = foreign {
                    assert!(answer.status.as_u16() == status || answer.status == 429, "{method} {path} with {caller}: {} {}", answer.status, answer.text);
                } else {
                    assert_eq!(answer.status, 401, "{method} {path} with {caller}: {}", answer.text);
                    answer.expect_error(401, "UNAUTHORIZED");
                    assert_eq!(answer.headers["www-authenticate"], "Bearer");
                }
            }
        }
    }

    async fn another_workspaces_key_sees_nothing(app: TestApp) {
        let things = things_of_acme(&app).await;
        let own = app.workspace("other").await;
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [own], "credentials": { "read": true } })).await;
        for (method, path, body, foreign) in table() {
            let body = (!body.is_null()).then(|| serde_json::from_str(&filled(&body.to_string(), &things)).unwrap());
            let answer = app.raw(request(&key, method.parse().unwrap(), &filled(path, &things), body)).await;
            let what = format!("{method} {path}: {} {}", answer.status, answer.text);
            match foreign {
                Hidden(code) => assert_eq!((answer.status.as_u16(), answer.expect_error(404, code)["code"].as_str()), (404, Some(code)), "{what}"),
                Forbidden => assert_eq!(answer.expect_error(403, "FORBIDDEN")["code"], "FORBIDDEN", "{what}"),
                Lists(total) => assert_eq!(answer.expect(200)["total"], total, "{what}"),
                Public => assert_eq!(answer.status, 200, "{what}"),
                Keyless(status) => assert_eq!(answer.status, status, "{what}"),
            }
            if !matches!(foreign, Hidden(_) | Keyless(_)) {
                assert!(things.iter().all(|(_, id)| !answer.text.contains(id.as_str())), "{what}");
            }
        }
        // Nothing was changed by any of it, and nothing was there for them only because it was gone.
        for (method, path, _, foreign) in table() {
            if method == "GET" && matches!(foreign, Hidden(_)) {
                app.get(&filled(path, &things)).await.expect(200);
            }
        }
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
        assert_eq!(app.get("/end-users").await.expect(200)["total"], 1);
        assert!(!app.send_as(&key, Method::GET, "/integrations/oauth-status", None).await.text.contains("demo-oauth"), "the app of another workspace does not show");
        assert!(app.get("/integrations/oauth-status").await.text.contains("demo-oauth"));
    }
}
