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

    async fn limited_keys(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        assert_eq!(app.send_as(&key, Method::GET, "/workspaces", None).await.expect(200)["total"], 1);
        app.send_as(&key, Method::GET, &format!("/workspaces/{other}"), None).await.expect_error(404, "NOT_FOUND");
        app.send_as(&key, Method::POST, "/workspaces", Some(json!({ "name": "n", "slug": "n" }))).await.expect_error(403, "FORBIDDEN");
        app.send_as(&key, Method::DELETE, &format!("/workspaces/{acme}"), None).await.expect_error(403, "FORBIDDEN");
    }
}
