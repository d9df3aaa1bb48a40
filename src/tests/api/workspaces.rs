//! `/api/v1/workspaces`

use crate::on_both_databases;
use crate::support::TestApp;
use axum::http::Method;
use serde_json::json;

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let id = app.workspace("acme").await;
        let got = app.get("/workspaces/acme").await.expect(200);
        assert_eq!(got["workspace"]["id"], id.as_str());
        let patch = json!({ "name": "Acme Inc.", "allowedOrigins": ["https://app.acme.example"], "redirectUris": ["https://app.acme.example/done"], "accent": "#3355FF", "language": "de" });
        let patched = app.send(Method::PATCH, &format!("/workspaces/{id}"), Some(patch)).await.expect(200);
        for (field, value) in [("name", json!("Acme Inc.")), ("slug", json!("acme")), ("accent", json!("#3355ff")), ("language", json!("de")), ("allowedOrigins", json!(["https://app.acme.example"]))] {
            assert_eq!(patched["workspace"][field], value, "{field}");
        }
        assert_eq!(app.get("/workspaces").await.expect(200)["total"], 1);
        let held = app.secret_text("t", json!({ "workspaceId": "acme" })).await;
        app.send(Method::DELETE, &format!("/workspaces/{id}"), None).await.expect_error(409, "NOT_EMPTY");
        app.get(&format!("/connections/{held}")).await.expect(200);
        app.send(Method::DELETE, &format!("/workspaces/{id}?force=true"), None).await.expect(200);
        app.get(&format!("/connections/{held}")).await.expect_error(404, "CONNECTION_NOT_FOUND");
        app.get("/workspaces/acme").await.expect_error(404, "NOT_FOUND");
    }

    async fn bad_input_names_the_field(app: TestApp) {
        app.workspace("acme").await;
        app.post("/workspaces", json!({ "name": "x", "slug": "acme" })).await.expect_error(409, "SLUG_EXISTS");
        for slug in ["", "-a", "a-", "A", "a b", "ü", &"a".repeat(64)] {
            app.post("/workspaces", json!({ "name": "x", "slug": slug })).await.expect_field("slug");
        }
        app.post("/workspaces", json!({ "slug": "x" })).await.expect_field("name");
        for (field, value) in [
            ("allowedOrigins", json!(["https://a.example/path"])), ("allowedOrigins", json!(["http://a.example"])), ("redirectUris", json!(["javascript:alert(1)"])),
            ("accent", json!("red")), ("accent", json!("#12345")), ("language", json!("xx")), ("logoUrl", json!("http://a.example/x.png")),
        ] {
            let patch = json!({ field: value });
            app.send(Method::PATCH, "/workspaces/acme", Some(patch)).await.expect_field(field);
        }
    }

    async fn redirect_lists_are_exact(app: TestApp) {
        app.workspace("acme").await;
        let ask = async |field: &str, uri: &str, workspace: Option<&str>| {
            let body = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t", "workspaceId": workspace, field: uri });
            app.post("/connect/token", body).await
        };
        let bad = [
            "javascript:alert(1)", "data:text/html,x", "//app.example/", "/back", "http://app.example/", "https://user@app.example/", "https://user:pw@app.example/",
            "https://app.example/#x", "ftp://app.example/", "https:\\\\app.example", "",
        ];
        for field in ["successRedirectUri", "errorRedirectUri"] {
            for uri in ["https://anything.example/x?y=1", "http://localhost:8080/done", "http://127.0.0.1:1/", "http://app.localhost:2/"] {
                ask(field, uri, Some("acme")).await.expect(200);
            }
            for uri in bad {
                ask(field, uri, Some("acme")).await.expect_field(field);
            }
        }
        let list = json!({ "redirectUris": ["https://app.example/done", "http://localhost:8080/done?x=1"] });
        app.send(Method::PATCH, "/workspaces/acme", Some(list)).await.expect(200);
        for field in ["successRedirectUri", "errorRedirectUri"] {
            for uri in ["https://app.example/done", "http://localhost:8080/done?x=1"] {
                ask(field, uri, Some("acme")).await.expect(200);
            }
            for uri in [
                "https://app.example/done/", "https://app.example/done?x=1", "https://APP.example/done", "https://app.example:443/done", "https://app.example/",
                "https://app.example/done%2F", "https://other.example/done", "http://localhost:8080/done", "http://localhost:3000/connections",
            ] {
                let refused = ask(field, uri, Some("acme")).await.expect_error(400, "REDIRECT_URI_NOT_ALLOWED");
                assert!(refused["error"].as_str().unwrap().contains(field), "{refused}");
            }
            for uri in bad {
                ask(field, uri, Some("acme")).await.expect_field(field);
            }
            // Only this workspace has a list.
            ask(field, "https://other.example/done", None).await.expect(200);
        }
        for uri in bad {
            app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "redirectUris": [uri] }))).await.expect_field("redirectUris");
        }
        for origin in ["https://app.example/path", "http://app.example", "javascript:x", "https://u@app.example", "https://app.example/#x", "null", "*"] {
            app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "allowedOrigins": [origin] }))).await.expect_field("allowedOrigins");
            let body = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t", "allowedOrigins": [origin] });
            app.post("/connect/token", body).await.expect_field("allowedOrigins");
        }
    }

    async fn limited_keys(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        assert_eq!(app.send_as(&key, Method::GET, "/workspaces", None).await.expect(200)["total"], 1);
        app.send_as(&key, Method::GET, &format!("/workspaces/{other}"), None).await.expect_error(404, "NOT_FOUND");
        app.send_as(&key, Method::POST, "/workspaces", Some(json!({ "name": "n", "slug": "n" }))).await.expect_error(403, "FORBIDDEN");
        app.send_as(&key, Method::DELETE, &format!("/workspaces/{acme}"), None).await.expect_error(403, "FORBIDDEN");
    }
}

on_both_databases! {
    async fn integrations_of_a_workspace(app: TestApp) {
        let acme = app.workspace("acme").await;
        app.workspace("other").await;
        let path = format!("/workspaces/{acme}/integrations");
        assert_eq!(app.get(&path).await.expect(200), json!({ "integrations": [], "total": 0 }));
        let made = app.post(&path, json!({ "integrationName": "demo-key" })).await.expect(201)["integration"].clone();
        for (field, value) in [("alias", json!("demo-key")), ("connectionStrategy", json!("per_user")), ("oauthAppMode", json!("weavz_managed")), ("connectionId", json!(null)), ("enabledActions", json!(null)), ("settings", json!({}))] {
            assert_eq!(made[field], value, "{field}");
        }
        let id = made["id"].as_str().unwrap();
        app.post(&path, json!({ "integrationName": "demo-key" })).await.expect_error(409, "DUPLICATE");
        app.post(&path, json!({ "integrationName": "demo-key", "alias": "fixed-one", "connectionStrategy": "fixed" })).await.expect_field("connectionId");
        for (field, value) in [("alias", json!("Bad")), ("connectionStrategy", json!("mine")), ("authMethodKey", json!("nope")), ("oauthAppMode", json!("none"))] {
            app.post(&path, json!({ "integrationName": "demo-key", field: value })).await.expect_field(field);
        }
        let connection = app.secret_text("c", json!({ "workspaceId": acme })).await;
        let elsewhere = app.secret_text("d", json!({ "workspaceId": "other" })).await;
        app.send(Method::PATCH, &format!("{path}/{id}"), Some(json!({ "connectionId": elsewhere }))).await.expect_field("connectionId");
        let fixed = app.send(Method::PATCH, &format!("{path}/{id}"), Some(json!({ "connectionStrategy": "fixed", "connectionId": connection, "displayName": "Ours" }))).await.expect(200);
        assert_eq!((&fixed["integration"]["connectionStatus"], &fixed["integration"]["displayName"]), (&json!("ACTIVE"), &json!("Ours")));
        app.send(Method::PATCH, &format!("{path}/{id}"), Some(json!({ "connectionId": null }))).await.expect_field("connectionId");
        let token = json!({ "workspaceId": acme, "workspaceIntegrationId": id, "connectionName": "x", "externalId": "t" });
        let session = app.post("/connect/token", token).await.expect(200)["sessionId"].as_str().unwrap().to_owned();
        let view = app.get(&format!("/connect/session/{session}")).await.expect(200);
        assert_eq!((&view["integrationName"], &view["workspaceIntegrationId"]), (&json!("demo-key"), &json!(id)));
        app.send(Method::PATCH, &format!("/workspaces/other/integrations/{id}"), Some(json!({}))).await.expect_error(404, "NOT_FOUND");
        assert_eq!(app.send(Method::DELETE, &format!("{path}/{id}"), None).await.expect(200), json!({ "deleted": true, "id": id }));
        app.get(&format!("/connections/{connection}")).await.expect(200);
    }
}
