//! `/api/v1/end-users` and the page that an `eut_` token opens.

use crate::on_both_databases;
use crate::support::{Browser, TestApp};
use axum::http::Method;
use serde_json::json;

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        app.workspace("acme").await;
        let body = json!({ "workspaceId": "acme", "externalId": "user_456", "displayName": "Alice Johnson", "email": "alice@example.com" });
        let created = app.post("/end-users", body.clone()).await.expect(201);
        let id = created["endUser"]["id"].as_str().unwrap().to_owned();
        assert_eq!((&created["endUser"]["type"], &created["endUser"]["connectionCount"]), (&json!("external"), &json!(0)));
        let again = app.post("/end-users", body).await.expect_error(409, "DUPLICATE");
        assert_eq!(again["details"]["existingId"], id.as_str());
        let connection = app.secret_text("c", json!({ "workspaceId": "acme", "endUserId": "user_456" })).await;
        // Our own id means the same person.
        app.secret_text("d", json!({ "workspaceId": "acme", "endUserId": id })).await;
        let got = app.get(&format!("/end-users/{id}")).await.expect(200);
        assert_eq!((got["connections"].as_array().unwrap().len(), &got["endUser"]["connectionCount"]), (2, &json!(2)));
        assert_eq!(got["connections"][0]["endUserId"], "user_456");
        assert_eq!(app.get("/end-users?workspaceId=acme").await.expect(200)["total"], 1);
        let patched = app.send(Method::PATCH, &format!("/end-users/{id}"), Some(json!({ "displayName": "Al" }))).await.expect(200);
        assert_eq!((&patched["endUser"]["displayName"], &patched["endUser"]["email"]), (&json!("Al"), &json!("alice@example.com")));
        let deleted = app.send(Method::DELETE, &format!("/end-users/{id}"), None).await.expect(200);
        assert_eq!(deleted, json!({ "deleted": true, "id": id, "connectionsDeleted": 2 }));
        app.get(&format!("/connections/{connection}")).await.expect_error(404, "CONNECTION_NOT_FOUND");
        app.post("/end-users", json!({ "externalId": "x" })).await.expect_error(400, "WORKSPACE_REQUIRED");
        app.post("/end-users", json!({ "workspaceId": "acme" })).await.expect_field("externalId");
        app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "x", "email": "no" })).await.expect_field("email");
    }

    async fn a_portal_token_opens_one_integration(app: TestApp) {
        app.workspace("acme").await;
        let created = app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "user_456", "displayName": "Alice" })).await.expect(201);
        let id = created["endUser"]["id"].as_str().unwrap().to_owned();
        app.post(&format!("/end-users/{id}/connect-token"), json!({ "integrationName": "nope" })).await.expect_error(404, "INTEGRATION_NOT_FOUND");
        app.post(&format!("/end-users/{id}/connect-token"), json!({ "expiresIn": 1 })).await.expect_field("expiresIn");
        let issued = app.post(&format!("/end-users/{id}/connect-token"), json!({ "integrationName": "demo-key" })).await.expect(200);
        assert!(issued["token"].as_str().unwrap().starts_with("eut_"));
        let browser = Browser::default();
        let portal = browser.arrive(&app, issued["connectUrl"].as_str().unwrap()).await;
        assert_eq!(portal, "/connect/portal");
        let page = browser.get(&app, &portal).await;
        assert!(page.text.contains("Demo Key") && page.text.contains("Alice") && page.text.contains("acme"), "{}", page.text);
        let session = browser.post(&app, "/connect/portal/start", &[]).await.location();
        let done = browser.post(&app, &session, &[("method", "api-key"), ("props.secretText", "sk-portal")]).await.location();
        assert!(browser.get(&app, &done).await.text.contains("Demo Key is connected"));
        let resolved = app.post("/connections/resolve", json!({ "integrationName": "demo-key", "workspaceId": "acme", "endUserId": "user_456" })).await.expect(200);
        assert_eq!((&resolved["connection"]["scope"], &resolved["connection"]["externalId"]), (&json!("USER"), &json!("user_456")));
        // A stranger without the cookie has no portal, and the token dies with the end user.
        assert_eq!(Browser::default().get(&app, "/connect/portal").await.status, 401);
        app.send(Method::DELETE, &format!("/end-users/{id}"), None).await.expect(200);
        assert_eq!(browser.get(&app, "/connect/portal").await.status, 401);
        assert_eq!(browser.post(&app, "/connect/portal/start", &[]).await.status, 401);
    }
}

on_both_databases! {
    async fn the_portal_shows_everything_of_theirs_and_nothing_else(app: TestApp) {
        let acme = app.workspace("acme").await;
        app.post(&format!("/workspaces/{acme}/integrations"), json!({ "integrationName": "demo-basic", "displayName": "Our mail" })).await.expect(201);
        let id = app.post("/end-users", json!({ "workspaceId": acme, "externalId": "u1" })).await.expect(201)["endUser"]["id"].as_str().unwrap().to_owned();
        let theirs = app.secret_text("u1", json!({ "workspaceId": acme, "endUserId": "u1", "displayName": "My own key" })).await;
        let foreign = app.secret_text("u2", json!({ "workspaceId": acme, "endUserId": "u2", "displayName": "Somebody else's" })).await;
        let issued = app.post(&format!("/end-users/{id}/connect-token"), json!({})).await.expect(200);
        let browser = Browser::default();
        let portal = browser.arrive(&app, issued["connectUrl"].as_str().unwrap()).await;
        let page = browser.get(&app, &portal).await.text;
        assert!(page.contains("Our mail") && page.contains("My own key") && page.contains("Reconnect"), "{page}");
        assert!(!page.contains("Somebody else"), "{page}");
        assert!(browser.post(&app, "/connect/portal/test", &[("connection", &theirs)]).await.text.contains("could not be found out"));
        for path in ["/connect/portal/test", "/connect/portal/disconnect"] {
            assert_eq!(browser.post(&app, path, &[("connection", &foreign)]).await.status, 404, "{path}");
        }
        assert_eq!(browser.post(&app, "/connect/portal/start", &[("integration", "demo-key"), ("connection", &foreign)]).await.status, 404);
        let session = browser.post(&app, "/connect/portal/start", &[("integration", "demo-key"), ("connection", &theirs)]).await.location();
        browser.post(&app, &session, &[("method", "api-key"), ("props.secretText", "sk-again")]).await.location();
        let read = app.send(Method::POST, &format!("/connections/{theirs}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["secretText"], "sk-again");
        assert_eq!(browser.post(&app, "/connect/portal/disconnect", &[("connection", &theirs)]).await.location(), "/connect/portal");
        app.get(&format!("/connections/{theirs}")).await.expect_error(404, "CONNECTION_NOT_FOUND");
    }
}
