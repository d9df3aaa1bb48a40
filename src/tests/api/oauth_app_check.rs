//! `POST /api/v1/oauth-apps/{id}/check`, against a certified provider and against one that says nothing.

use crate::support::capture::Capture;
use crate::support::provider::{CLIENT_ID, CLIENT_SECRET, Provider};
use crate::support::{Db, Setup, TestApp};
use axum::http::Method;
use serde_json::{Value, json};

async fn app_at(db: Db, url: &str) -> TestApp {
    TestApp::start_with(db, Setup { provider: Some(url.to_owned()), ..Setup::default() }).await
}

async fn check(app: &TestApp, registration: Value) -> Value {
    let mut body = json!({ "integrationName": "demo-oauth", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    body.as_object_mut().unwrap().extend(registration.as_object().unwrap().clone());
    let created = app.post("/oauth-apps", body).await.expect(201);
    let id = created["oauthApp"]["id"].as_str().unwrap();
    let check = app.send(Method::POST, &format!("/oauth-apps/{id}/check"), None).await.expect(200)["check"].clone();
    // For the next registration.
    app.send(Method::DELETE, &format!("/oauth-apps/{id}"), None).await.expect(200);
    check
}

fn results(check: &Value) -> (Value, &str, &str) {
    (check["ok"].clone(), check["client"].as_str().unwrap(), check["redirectUri"].as_str().unwrap())
}

fn item<'a>(check: &'a Value, name: &str) -> &'a Value {
    check["checks"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("{check}"))
}

async fn a_mismatch_is_told_from_a_wrong_client(db: Db) {
    let provider = Provider::start(600).await;
    let app = app_at(db, &provider.url).await;
    app.workspace("acme").await;

    let right = check(&app, json!({})).await;
    assert_eq!(results(&right), (json!(true), "accepted", "accepted"), "{right}");
    assert_eq!(item(&right, "client")["suggestion"], Value::Null);

    let wrong_secret = check(&app, json!({ "clientSecret": "MARKER-not-the-secret" })).await;
    assert_eq!(results(&wrong_secret), (json!(false), "refused", "accepted"), "{wrong_secret}");
    assert!(item(&wrong_secret, "client")["message"].as_str().unwrap().contains("invalid_client"), "{wrong_secret}");
    assert!(item(&wrong_secret, "client")["suggestion"].is_string());
    assert!(!wrong_secret.to_string().contains("MARKER"), "the secret is not in the answer");

    // A workspace's app comes back to a path of its own, which is not registered at this provider.
    let wrong_redirect = check(&app, json!({ "workspaceId": "acme" })).await;
    assert_eq!(results(&wrong_redirect), (json!(false), "accepted", "refused"), "{wrong_redirect}");
    let told = item(&wrong_redirect, "redirectUri");
    assert!(told["suggestion"].as_str().unwrap().contains("http://localhost:3000/oauth/callback/oap_"), "{told}");

    let wrong_id = check(&app, json!({ "clientId": "nobody" })).await;
    assert_eq!(results(&wrong_id), (json!(false), "refused", "unknown"), "{wrong_id}");

    assert_eq!(provider.count("authorization_code").await, 0, "nothing was granted");
}

/// A server that answers everybody alike proves nothing.
async fn what_is_not_known_is_not_claimed(db: Db) {
    let capture = Capture::start().await;
    let app = app_at(db, &capture.url).await;
    let unknown = |check: Value| assert_eq!(results(&check), (Value::Null, "unknown", "unknown"), "{check}");
    capture.answer(200, "{}");
    unknown(check(&app, json!({})).await);
    capture.answer(400, r#"{"error":"invalid_grant"}"#);
    unknown(check(&app, json!({})).await);
    capture.answer(503, "");
    unknown(check(&app, json!({})).await);
    let gone = app_at(db, "http://localhost:9").await;
    unknown(check(&gone, json!({})).await);
}

async fn only_who_may(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.workspace("acme").await;
    let platform = app.post("/oauth-apps", json!({ "integrationName": "demo-oauth", "clientId": "x" })).await.expect(201);
    let path = format!("/oauth-apps/{}/check", platform["oauthApp"]["id"].as_str().unwrap());
    let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
    app.send_as(&limited, Method::POST, &path, None).await.expect_error(404, "NOT_FOUND");
    app.post("/oauth-apps/oap_nope/check", json!({})).await.expect_error(404, "NOT_FOUND");
    app.post(&path, json!({ "typo": 1 })).await.expect_field("typo");
}

crate::run_on_both_databases! { a_mismatch_is_told_from_a_wrong_client what_is_not_known_is_not_claimed only_who_may }
