//! Tokens that end: renewed when due, and when the service refuses one before its time.

use crate::support::provider::{self, Provider};
use crate::support::{Browser, Db, Setup, TestApp, all_at_once, request};
use axum::http::Method;
use keyloom::vault::Secret;
use serde_json::{Value, json};

async fn connected(db: Db) -> (TestApp, Provider, String) {
    let provider = Provider::start(600).await;
    let app = TestApp::start_with(db, Setup { provider: Some(provider.url.clone()), ..Setup::default() }).await;
    provider::register(&app).await;
    provider::connect(&app, &Browser::default(), "t", "alice").await;
    let id = app.get("/connections").await.expect(200)["connections"][0]["id"].as_str().unwrap().to_owned();
    (app, provider, id)
}

fn get_me() -> Value {
    json!({ "integrationName": "demo-oauth", "actionName": "get_me", "connectionExternalId": "t" })
}

/// Puts another access token in the place of the connection's: one that the provider refuses, though it is not near its end. (To withdraw
/// the real one would end the whole grant at this provider.)
async fn spoil(app: &TestApp, id: &str) {
    let mut conn = app.services.store.conn().await.unwrap();
    let mut stored = keyloom::store::connections::find(&mut conn, id).await.unwrap().unwrap();
    let mut credential = app.services.open_credential(&mut conn, &stored).await.unwrap();
    credential.tokens.as_mut().unwrap().access_token = Secret::new("nobodys-token");
    stored.secret = app.services.seal_credential(&stored.owner, id, "secret", &credential).unwrap();
    stored.version += 1;
    assert!(keyloom::store::connections::replace_credential(&mut conn, &stored).await.unwrap());
}

async fn before_its_end(db: Db) {
    let (app, provider, _) = connected(db).await;
    assert_eq!(app.post("/actions/execute", get_me()).await.expect(200)["output"]["sub"], "alice");
    assert_eq!(provider.count("refresh_token").await, 0);
    app.services.clock.advance_seconds(541);
    app.post("/actions/execute", get_me()).await.expect(200);
    assert_eq!(provider.count("refresh_token").await, 1);
}

async fn when_it_is_refused_before_its_time(db: Db) {
    let (app, provider, id) = connected(db).await;
    spoil(&app, &id).await;
    assert_eq!(app.post("/actions/execute", get_me()).await.expect(200)["output"]["sub"], "alice");
    assert_eq!(provider.count("refresh_token").await, 1);
    // Of many who are refused at once one renews, and all are answered.
    spoil(&app, &id).await;
    let requests = (0..8).map(|_| request(&app.key, Method::POST, "/actions/execute", Some(get_me())));
    for answer in all_at_once(std::slice::from_ref(&app.router), requests).await {
        assert_eq!(answer.expect(200)["output"]["sub"], "alice");
    }
    assert_eq!(provider.count("refresh_token").await, 2);
}

async fn other_refusals_are_no_reason(db: Db) {
    let (app, provider, _) = connected(db).await;
    let body = json!({ "integrationName": "demo-oauth", "actionName": "custom_api_call", "connectionExternalId": "t", "input": { "method": "GET", "path": "/nothing-here" } });
    let refused = app.post("/actions/execute", body).await.expect_error(400, "ACTION_FAILED");
    assert_eq!(refused["details"]["status"], 404);
    assert_eq!(provider.count("refresh_token").await, 0, "only a 401 is a reason to renew");
}

crate::run_on_both_databases! { before_its_end when_it_is_refused_before_its_time other_refusals_are_no_reason }
