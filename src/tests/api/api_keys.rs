//! `/api/v1/api-keys`

use crate::on_both_databases;
use crate::support::TestApp;
use axum::http::Method;
use serde_json::json;

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let created = app.post("/api-keys", json!({ "name": "ci" })).await.expect(201);
        let plain = created["plainKey"].as_str().unwrap().to_owned();
        assert!(plain.starts_with("wvz_") && plain.starts_with(created["apiKey"]["keyPrefix"].as_str().unwrap()));
        assert_eq!(created["apiKey"]["permissions"], json!({ "scope": "org" }));
        app.send_as(&plain, Method::GET, "/connections", None).await.expect(200);
        let listed = app.get("/api-keys").await.expect(200);
        assert_eq!(listed["total"], 2);
        assert!(!listed.to_string().contains(&plain[8..]));
        let id = created["apiKey"]["id"].as_str().unwrap();
        app.send(Method::DELETE, &format!("/api-keys/{id}"), None).await.expect(200);
        app.send_as(&plain, Method::GET, "/connections", None).await.expect_error(401, "UNAUTHORIZED");
    }

    async fn expired_keys_stop(app: TestApp) {
        let soon = app.services.now().plus_seconds(60).rfc3339();
        let created = app.post("/api-keys", json!({ "name": "short", "expiresAt": soon })).await.expect(201);
        let plain = created["plainKey"].as_str().unwrap();
        app.send_as(plain, Method::GET, "/connections", None).await.expect(200);
        app.services.clock.advance_seconds(61);
        app.send_as(plain, Method::GET, "/connections", None).await.expect_error(401, "UNAUTHORIZED");
        app.post("/api-keys", json!({ "name": "past", "expiresAt": "2020-01-01T00:00:00Z" })).await.expect_field("expiresAt");
        app.post("/api-keys", json!({ "name": "odd", "expiresAt": "tomorrow" })).await.expect_field("expiresAt");
    }

    async fn no_key_makes_a_greater_one(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let make = async |permissions: serde_json::Value| app.send_as(&limited, Method::POST, "/api-keys", Some(json!({ "name": "n", "permissions": permissions }))).await;
        make(json!({ "scope": "org" })).await.expect_error(403, "FORBIDDEN");
        make(json!({ "scope": "workspace", "workspaceIds": [other] })).await.expect_error(404, "NOT_FOUND");
        make(json!({ "scope": "workspace", "workspaceIds": [acme], "credentials": { "read": true } })).await.expect_error(403, "FORBIDDEN");
        make(json!({ "scope": "workspace", "workspaceIds": [acme] })).await.expect(201);
        let listed = app.send_as(&limited, Method::GET, "/api-keys", None).await.expect(200);
        assert_eq!(listed["total"], 2, "itself and the one it made, not the organisation's");
        let org = app.get("/api-keys").await.expect(200)["apiKeys"].as_array().unwrap().iter().find(|key| key["permissions"]["scope"] == "org").unwrap()["id"].as_str().unwrap().to_owned();
        app.send_as(&limited, Method::DELETE, &format!("/api-keys/{org}"), None).await.expect_error(404, "NOT_FOUND");
    }

    async fn bad_permissions(app: TestApp) {
        for (permissions, field) in [
            (json!([]), "permissions"), (json!({ "scope": "all" }), "permissions.scope"), (json!({ "scope": "workspace" }), "permissions.workspaceIds"),
            (json!({ "admin": true }), "permissions.admin"), (json!({ "credentials": { "write": true } }), "permissions.credentials"),
            (json!({ "scope": "org", "workspaceIds": [] }), "permissions.workspaceIds"),
        ] {
            app.post("/api-keys", json!({ "name": "n", "permissions": permissions })).await.expect_field(field);
        }
        app.post("/api-keys", json!({})).await.expect_field("name");
    }
}
