//! `POST·PUT·DELETE /api/v1/integrations/{name}`

use crate::on_both_databases;
use crate::support::capture::Capture;
use crate::support::{TestApp, ask, request};
use axum::http::Method;
use keyloom::catalog::{Catalog, Live};
use keyloom::config::PlatformApp;
use keyloom::jobs::catalog as follower;
use keyloom::service::{Services, custom_integrations, oauth_apps};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn definition(base_url: &str) -> Value {
    json!({
        "display_name": "Acme", "description": "Order management for small shops", "categories": ["commerce"],
        "docs_url": "https://docs.acme.example/auth", "checked_at": "2026-11-24",
        "api": { "base_url": base_url },
        "auth": [{
            "key": "api-key", "type": "SECRET_TEXT", "label": "API key",
            "placement": { "headers": { "Authorization": "Acme {{secretText}}" } },
            "identity": { "url": "/me", "id": "/id", "label": "/name" },
        }],
    })
}

fn with_oauth(mut definition: Value) -> Value {
    definition["auth"] = json!([{
        "key": "oauth2", "type": "OAUTH2", "label": "Sign in",
        "oauth2": { "authorize_url": "https://acme.example/authorize", "token_url": "https://acme.example/token" },
    }]);
    definition
}

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let capture = Capture::start().await;
        let before = app.get("/integrations").await.expect(200)["total"].as_u64().unwrap();
        let created = app.post("/integrations/acme", definition(&capture.url)).await.expect(201);
        assert_eq!((&created["integration"]["name"], &created["integration"]["auth"]["fields"][0]["name"]), (&json!("acme"), &json!("secretText")));
        assert_eq!(app.get("/integrations").await.expect(200)["total"], before + 1);
        assert_eq!(app.get("/integrations?name=acme").await.expect(200)["integration"], created["integration"]);

        // It works like any other.
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "acme", "externalId": "x", "secretText": "k-1" });
        let connection = app.post("/connections?validate=true", body).await.expect(201)["connection"].clone();
        assert_eq!(connection["account"], json!({ "id": "u1", "label": "Ada" }));
        assert_eq!(capture.seen()[0].headers["authorization"], "Acme k-1");

        app.post("/integrations/acme", definition(&capture.url)).await.expect_error(409, "DUPLICATE");
        app.post("/integrations/slack", definition(&capture.url)).await.expect_error(409, "DUPLICATE");
        let mut renamed = definition(&capture.url);
        renamed["display_name"] = json!("Acme 2");
        let put = app.send(Method::PUT, "/integrations/acme", Some(renamed.clone())).await.expect(200);
        assert_eq!(put["integration"]["displayName"], "Acme 2");
        for name in ["nope", "slack"] {
            app.send(Method::PUT, &format!("/integrations/{name}"), Some(renamed.clone())).await.expect_error(404, "INTEGRATION_NOT_FOUND");
            app.send(Method::DELETE, &format!("/integrations/{name}"), None).await.expect_error(404, "INTEGRATION_NOT_FOUND");
        }

        app.send(Method::DELETE, "/integrations/acme", None).await.expect_error(409, "NOT_EMPTY");
        app.send(Method::DELETE, &format!("/connections/{}", connection["id"].as_str().unwrap()), None).await.expect(200);
        let deleted = app.send(Method::DELETE, "/integrations/acme", None).await.expect(200);
        assert_eq!(deleted, json!({ "deleted": true, "id": "acme" }));
        app.get("/integrations?name=acme").await.expect_error(404, "INTEGRATION_NOT_FOUND");
    }

    async fn other_nodes_notice(app: TestApp) {
        let other = Services { catalog: Live::new(Catalog::default()), ..app.services.clone() };
        custom_integrations::reload(&other).await.unwrap();
        assert_eq!(other.catalog.version(), 0, "nothing to notice yet");
        app.post("/integrations/acme", definition("https://acme.example")).await.expect(201);
        custom_integrations::reload(&other).await.unwrap();
        assert_eq!(other.catalog.get("acme").unwrap().display_name, "Acme");
        let mut renamed = definition("https://acme.example");
        renamed["display_name"] = json!("Acme 2");
        app.send(Method::PUT, "/integrations/acme", Some(renamed)).await.expect(200);
        custom_integrations::reload(&other).await.unwrap();
        assert_eq!(other.catalog.get("acme").unwrap().display_name, "Acme 2");
        // Whoever read before a change and is done after it does not undo the change.
        other.catalog.replace(1, Vec::new());
        assert!(other.catalog.get("acme").is_some());
        app.send(Method::DELETE, "/integrations/acme", None).await.expect(200);
        custom_integrations::reload(&other).await.unwrap();
        assert!(other.catalog.get("acme").is_none());
    }

    async fn the_follower_brings_what_another_process_changed(app: TestApp) {
        let (other, router) = app.another_process().await;
        let there = async |method: Method, path: &str| ask(router.clone(), request(&app.key, method, path, None)).await;
        app.post("/integrations/acme", definition("https://acme.example")).await.expect(201);
        there(Method::GET, "/integrations?name=acme").await.expect_error(404, "INTEGRATION_NOT_FOUND");
        follower::step(&other).await;
        assert_eq!(there(Method::GET, "/integrations?name=acme").await.expect(200)["integration"]["displayName"], "Acme");
        let connection = json!({ "type": "SECRET_TEXT", "integrationName": "acme", "externalId": "x", "secretText": "k-1" });
        let created = ask(router.clone(), request(&app.key, Method::POST, "/connections", Some(connection))).await.expect(201);

        // And back: what it ends is ended here.
        there(Method::DELETE, &format!("/connections/{}", created["connection"]["id"].as_str().unwrap())).await.expect(200);
        there(Method::DELETE, "/integrations/acme").await.expect(200);
        app.get("/integrations?name=acme").await.expect(200);
        follower::step(&app.services).await;
        app.get("/integrations?name=acme").await.expect_error(404, "INTEGRATION_NOT_FOUND");

        // It ends when it is told to.
        let stop = CancellationToken::new();
        stop.cancel();
        follower::follow(other, stop).await;
    }

    async fn bad_definitions_name_the_key(app: TestApp) {
        let with = |pointer: &str, value: Value| {
            let mut body = definition("https://acme.example");
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        for (body, path) in [
            (with("/categories", json!(["nonsense"])), "categories"),
            (with("/docs_url", json!("javascript:alert(1)")), "docs_url"),
            (with("/checked_at", json!("")), "checked_at"),
            (with("/checked_at", json!("2026-02-30")), "checked_at"),
            (with("/checked_at", json!("24.11.2026")), "checked_at"),
            (with("/api/base_url", json!("http://acme.example")), "api.base_url"),
            (with("/auth/0/identity/url", json!("/{{nope}}")), "auth.api-key.identity"),
            (with("/auth/0/identity", json!({ "url": "/me", "id": "/id", "label": "/name", "typo": 1 })), "auth[0].identity.typo"),
            (with("/auth/0", json!({ "key": "k", "type": "SECRET_TEXT" })), "auth[0].label"),
            (with("/auth/0/placement/headers/Authorization", json!("{{open")), "auth[0].placement.headers.Authorization"),
        ] {
            app.post("/integrations/acme", body).await.expect_field(path);
        }
        app.post("/integrations/acme", json!({})).await.expect_field("display_name");
        let mut other_name = definition("https://acme.example");
        other_name["name"] = json!("emca");
        app.post("/integrations/acme", other_name).await.expect_field("name");
        app.post("/integrations/Acme", definition("https://acme.example")).await.expect_field("name");
        app.get("/integrations?name=acme").await.expect_error(404, "INTEGRATION_NOT_FOUND");
    }

    async fn only_who_may(app: TestApp) {
        let acme = app.workspace("acme").await;
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let body = definition("https://acme.example");
        app.send_as(&limited, Method::POST, "/integrations/acme", Some(body.clone())).await.expect_error(403, "FORBIDDEN");
        app.post("/integrations/acme", body.clone()).await.expect(201);
        app.send_as(&limited, Method::PUT, "/integrations/acme", Some(body.clone())).await.expect_error(403, "FORBIDDEN");
        app.send_as(&limited, Method::DELETE, "/integrations/acme", None).await.expect_error(403, "FORBIDDEN");
        assert_eq!(app.send_as(&limited, Method::GET, "/integrations?name=acme", None).await.expect(200)["integration"]["name"], "acme");

        // Who may not read credentials may not have them sent elsewhere either.
        let plain = app.key_with(json!({ "scope": "org" })).await;
        app.send_as(&plain, Method::PUT, "/integrations/acme", Some(body.clone())).await.expect(200);
        let connection = json!({ "type": "SECRET_TEXT", "integrationName": "acme", "externalId": "x", "secretText": "k-1" });
        app.post("/connections", connection).await.expect(201);
        app.send_as(&plain, Method::PUT, "/integrations/acme", Some(body.clone())).await.expect_error(403, "FORBIDDEN");
        app.send(Method::PUT, "/integrations/acme", Some(body)).await.expect(200);
    }

    async fn the_operators_oauth_apps_stay_with_the_operators_definitions(app: TestApp) {
        app.post("/integrations/acme", with_oauth(definition("https://acme.example"))).await.expect(201);
        let given = PlatformApp { client_id: "id".to_owned(), client_secret: None };
        let apps = std::collections::BTreeMap::from([("acme".to_owned(), given)]);
        let refused = oauth_apps::sync_environment(&app.services, &apps).await.unwrap_err();
        assert!(refused.message.contains("custom integration"), "{}", refused.message);

        // And should one be there nevertheless, from when the name was a built-in one's, nothing goes out with it.
        let created = app.post("/oauth-apps", json!({ "integrationName": "acme", "clientId": "x", "clientSecret": "s" })).await.expect(201);
        let id = created["oauthApp"]["id"].as_str().unwrap();
        let mut conn = app.services.store.conn().await.unwrap();
        let mut stored = keyloom::store::oauth_apps::find(&mut conn, id).await.unwrap().unwrap();
        stored.from_environment = true;
        keyloom::store::oauth_apps::update(&mut conn, &stored).await.unwrap();
        drop(conn);
        app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect_error(400, "NO_OAUTH_APP");

        // Its apps go with it: under another definition of that name their secrets would be sent elsewhere.
        app.send(Method::DELETE, "/integrations/acme", None).await.expect(200);
        app.get(&format!("/oauth-apps/{id}")).await.expect_error(404, "NOT_FOUND");
    }
}
