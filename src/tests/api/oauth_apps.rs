//! `/api/v1/oauth-apps`

use crate::on_both_databases;
use crate::support::TestApp;
use axum::http::Method;
use serde_json::json;

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let acme = app.workspace("acme").await;
        assert_eq!(app.get("/integrations/oauth-status").await.expect(200)["configured"], json!([]));
        let body = json!({ "integrationName": "slack", "clientId": "id-1", "clientSecret": "MARKER-secret", "scopes": ["channels:read"] });
        let created = app.post("/oauth-apps", body.clone()).await.expect(201);
        assert_eq!(created["oauthApp"]["callbackUrl"], "http://localhost:3000/oauth/callback/slack");
        assert!(!created.to_string().contains("MARKER"));
        assert_eq!(created["oauthApp"]["hasClientSecret"], true);
        app.post("/oauth-apps", body).await.expect_error(409, "DUPLICATE");
        let custom = app.post("/oauth-apps", json!({ "integrationName": "slack", "workspaceId": "acme", "clientId": "id-2", "clientSecret": "s" })).await.expect(201);
        let id = custom["oauthApp"]["id"].as_str().unwrap().to_owned();
        assert_eq!(custom["oauthApp"]["callbackUrl"], format!("http://localhost:3000/oauth/callback/{id}"));
        assert_eq!(app.get("/integrations/oauth-status").await.expect(200)["configured"], json!(["slack"]));
        let patched = app.send(Method::PATCH, &format!("/oauth-apps/{id}"), Some(json!({ "clientId": "id-3" }))).await.expect(200);
        assert_eq!((&patched["oauthApp"]["clientId"], &patched["oauthApp"]["hasClientSecret"]), (&json!("id-3"), &json!(true)));
        assert_eq!(app.get("/oauth-apps").await.expect(200)["total"], 2);
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        assert_eq!(app.send_as(&limited, Method::GET, "/oauth-apps", None).await.expect(200)["total"], 1);
        let platform = json!({ "integrationName": "github", "clientId": "x" });
        app.send_as(&limited, Method::POST, "/oauth-apps", Some(platform)).await.expect_error(403, "FORBIDDEN");
        app.send(Method::DELETE, &format!("/oauth-apps/{id}"), None).await.expect(200);
        app.get(&format!("/oauth-apps/{id}")).await.expect_error(404, "NOT_FOUND");
    }

    async fn bad_input_names_the_field(app: TestApp) {
        app.post("/oauth-apps", json!({ "integrationName": "openai", "clientId": "x" })).await.expect_error(400, "NOT_OAUTH2");
        app.post("/oauth-apps", json!({ "integrationName": "slack" })).await.expect_field("clientId");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "scopes": ["a b"] })).await.expect_field("scopes");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "clientSecret": "a\nb" })).await.expect_field("clientSecret");
        app.post("/oauth-apps", json!({ "integrationName": "oidc", "clientId": "x" })).await.expect_field("config.issuer");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "config": { "token_url": "https://evil.example" } })).await.expect_field("config.token_url");
    }

    async fn no_app_is_said_at_once(app: TestApp) {
        let body = json!({ "integrationName": "slack", "connectionName": "x", "externalId": "t" });
        app.post("/connect/token", body.clone()).await.expect_error(400, "NO_OAUTH_APP");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "clientSecret": "s" })).await.expect(201);
        app.post("/connect/token", body.clone()).await.expect(200);
        let mut custom = body;
        custom["oauthAppMode"] = json!("custom");
        app.post("/connect/token", custom).await.expect_error(400, "NO_OAUTH_APP");
    }
}
