//! Connections whose secret is typed in a form and whose API wants a short-lived token: it is got by logging in, kept, renewed by
//! logging in again, and what is refused only a person can mend.

mod catalogue;
mod grant;
mod hosted;

use crate::support::mint::Mint;
use crate::support::{Db, Setup, TestApp, all_at_once, request};
use axum::http::Method;
use keyloom::domain::Timestamp;
use keyloom::service::refresh::schedule::refresh_due;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

async fn server(db: Db, mint: &Mint) -> TestApp {
    TestApp::start_with(db, Setup { integrations: vec![mint.integration()], ..Setup::default() }).await
}

fn new(password: &str) -> Value {
    json!({ "type": "BASIC_AUTH", "integrationName": "demo-login", "externalId": "t", "username": "ada", "password": password })
}

/// A server with a connection; its id.
async fn connected(db: Db, life: i64) -> (TestApp, Mint, String) {
    let mint = Mint::start(life).await;
    let app = server(db, &mint).await;
    let created = app.send(Method::POST, "/connections?validate=true", Some(new("pw-0123"))).await.expect(201);
    (app, mint, created["connection"]["id"].as_str().unwrap().to_owned())
}

fn get_me() -> Value {
    json!({ "integrationName": "demo-login", "actionName": "get_me", "connectionExternalId": "t" })
}

async fn shown(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/connections/{id}")).await.expect(200)["connection"].clone()
}

async fn kinds(app: &TestApp, id: &str) -> Vec<String> {
    let events = app.get(&format!("/connections/{id}/events")).await.expect(200);
    events["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// The token of `id` has ended, as far as the database knows.
async fn let_it_end(app: &TestApp, id: &str) {
    let mut conn = app.services.store.conn().await.unwrap();
    let mut stored = keyloom::store::connections::find(&mut conn, id).await.unwrap().unwrap();
    stored.expires_at = Some(Timestamp(app.services.now().0 - 1));
    stored.version += 1;
    assert!(keyloom::store::connections::replace_credential(&mut conn, &stored).await.unwrap());
}

async fn a_token_is_got_used_and_got_again(db: Db) {
    let (app, mint, id) = connected(db, 600).await;
    assert_eq!(mint.logins(), 1, "the check of the credential is the login");
    let connection = shown(&app, &id).await;
    assert_eq!(connection["account"]["label"], "Ada");
    assert!(connection["expiresAt"].is_string(), "{connection}");
    assert_eq!(app.post("/actions/execute", get_me()).await.expect(200)["output"]["path"], "/api/s1/me");
    assert_eq!(mint.logins(), 1, "a token is used as long as it lives");
    // What was entered is handed out as it was entered; the contract has no place for the token.
    let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
    assert_eq!(read["credentials"], json!({ "type": "BASIC_AUTH", "username": "ada", "password": "pw-0123", "props": { "shard": "s1" } }));
    // A tenth of ten minutes before the end; and what the answer names beside the token is renewed with it.
    app.services.clock.advance_seconds(541);
    assert_eq!(app.post("/actions/execute", get_me()).await.expect(200)["output"]["path"], "/api/s2/me");
    assert_eq!(mint.logins(), 2);
    let any =
        json!({ "integrationName": "demo-login", "actionName": "custom_api_call", "connectionExternalId": "t", "input": { "method": "GET", "path": "/x" } });
    assert_eq!(app.post("/actions/execute", any).await.expect(200)["output"]["body"]["path"], "/api/x");
    assert!(kinds(&app, &id).await.contains(&"connection.refreshed".to_owned()));
    // On demand, as for OAuth.
    let renewed = app.send(Method::POST, &format!("/connections/{id}/refresh"), None).await.expect(200);
    assert!(renewed["connection"]["lastRefreshedAt"].is_string());
    assert_eq!(mint.logins(), 3);
    let key = app.secret_text("key", json!({})).await;
    app.send(Method::POST, &format!("/connections/{key}/refresh"), None).await.expect_error(400, "NOT_OAUTH2");
    let deleted = app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
    assert_eq!(deleted["revocation"]["result"], "not_applicable");
}

async fn refused_before_its_time(db: Db) {
    let (app, mint, id) = connected(db, 600).await;
    mint.end_tokens();
    app.post("/actions/execute", get_me()).await.expect(200);
    assert_eq!(mint.logins(), 2);
    mint.end_tokens();
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!((&tested["test"]["ok"], &tested["connection"]["status"]), (&json!(true), &json!("ACTIVE")));
    assert_eq!(mint.logins(), 3);
    // Of many who are refused at once one logs in, and all are answered.
    mint.end_tokens();
    let requests = (0..8).map(|_| request(&app.key, Method::POST, "/actions/execute", Some(get_me())));
    for answer in all_at_once(std::slice::from_ref(&app.router), requests).await {
        assert_eq!(answer.expect(200)["output"]["id"], "u1");
    }
    assert_eq!(mint.logins(), 4);
}

async fn many_callers_on_two_nodes_cause_one_login(db: Db) {
    let (app, mint, id) = connected(db, 600).await;
    let routers = [app.router.clone(), app.another_node().await];
    let_it_end(&app, &id).await;
    let requests = (0..16).map(|_| request(&app.key, Method::POST, "/actions/execute", Some(get_me())));
    for answer in all_at_once(&routers, requests).await {
        assert_eq!(answer.expect(200)["output"]["path"], "/api/s2/me");
    }
    assert_eq!(mint.logins(), 2);
}

async fn a_wrong_secret_is_an_error_of_its_field(db: Db) {
    let mint = Mint::start(600).await;
    let app = server(db, &mint).await;
    for path in ["/connections", "/connections?validate=true"] {
        let refused = app.send(Method::POST, path, Some(new("pw-wrong"))).await;
        assert!(!refused.text.contains("pw-wrong"), "{}", refused.text);
        let refused = refused.expect_error(400, "CREDENTIALS_REJECTED");
        assert_eq!((&refused["details"]["fields"][0]["path"], &refused["details"]["fields"][0]["code"]), (&json!("password"), &json!("REJECTED")));
    }
    assert_eq!(app.get("/connections").await.expect(200)["total"], 0);
}

async fn a_secret_that_is_changed_ends_it_until_somebody_enters_the_new_one(db: Db) {
    let (app, mint, id) = connected(db, 600).await;
    mint.set_password("pw-4567");
    app.services.clock.advance_seconds(700);
    app.post("/actions/execute", get_me()).await.expect_error(409, "CONNECTION_EXPIRED");
    let connection = shown(&app, &id).await;
    assert_eq!(
        (&connection["status"], &connection["health"], &connection["error"]["code"]),
        (&json!("ERROR"), &json!("error"), &json!("login_refused")),
        "{connection}"
    );
    assert!(!connection.to_string().contains("pw-0123"));
    assert_eq!(mint.logins(), 2);
    app.post("/actions/execute", get_me()).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(mint.logins(), 2, "accounts are locked after some wrong tries: it is not tried again");
    assert!(kinds(&app, &id).await.contains(&"connection.error".to_owned()));
    // What was entered is still theirs to read.
    app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);

    let mended = app.send(Method::POST, "/connections?upsert=true", Some(new("pw-4567"))).await.expect(200);
    assert_eq!((&mended["connection"]["id"], &mended["connection"]["status"]), (&json!(id), &json!("ACTIVE")));
    app.post("/actions/execute", get_me()).await.expect(200);
    assert_eq!(mint.logins(), 3);
}

async fn an_outage_is_no_refusal(db: Db) {
    let (app, mint, id) = connected(db, 600).await;
    mint.set_down(Some(503));
    app.services.clock.advance_seconds(545);
    // The token is good for a while yet; the service itself is what does not answer here.
    app.post("/actions/execute", get_me()).await.expect_error(502, "PROVIDER_ERROR");
    app.services.clock.advance_seconds(100);
    app.post("/actions/execute", get_me()).await.expect_error(502, "REFRESH_FAILED");
    let connection = shown(&app, &id).await;
    assert_eq!(
        (&connection["status"], &connection["health"], &connection["error"]["code"]),
        (&json!("ACTIVE"), &json!("degraded"), &json!("provider_unavailable"))
    );
    mint.set_down(None);
    app.services.clock.advance_seconds(600);
    app.post("/actions/execute", get_me()).await.expect(200);
    let connection = shown(&app, &id).await;
    assert_eq!((&connection["health"], &connection["error"]), (&json!("ok"), &Value::Null));
    assert!(kinds(&app, &id).await.contains(&"connection.recovered".to_owned()));
}

async fn created_while_the_service_is_down(db: Db) {
    let mint = Mint::start(600).await;
    let app = server(db, &mint).await;
    mint.set_down(Some(500));
    let created = app.send(Method::POST, "/connections?validate=true", Some(new("pw-0123"))).await.expect(201);
    assert_eq!(created["connection"]["status"], "ACTIVE");
    app.post("/actions/execute", get_me()).await.expect_error(502, "REFRESH_FAILED");
    mint.set_down(None);
    app.services.clock.advance_seconds(600);
    app.post("/actions/execute", get_me()).await.expect(200);
}

async fn by_itself_before_its_end(db: Db) {
    let (app, mint, id) = connected(db, 3600).await;
    let stop = CancellationToken::new();
    refresh_due(&app.services, &stop).await.unwrap();
    assert_eq!(mint.logins(), 1);
    // Twice the margin of those who use it, and somewhat more by chance.
    app.services.clock.advance_seconds(3600 - 600);
    assert_eq!(refresh_due(&app.services, &stop).await.unwrap(), 1);
    assert_eq!(mint.logins(), 2);
    assert!(shown(&app, &id).await["lastRefreshedAt"].is_string());
    // A short life is left to those who use the token.
    let short = Mint::start(600).await;
    let app = server(db, &short).await;
    app.send(Method::POST, "/connections?validate=true", Some(new("pw-0123"))).await.expect(201);
    app.services.clock.advance_seconds(30 * 86_400);
    assert_eq!(refresh_due(&app.services, &stop).await.unwrap(), 0, "what was entered does not go idle");
}

crate::run_on_both_databases! {
    a_token_is_got_used_and_got_again refused_before_its_time many_callers_on_two_nodes_cause_one_login a_wrong_secret_is_an_error_of_its_field
    a_secret_that_is_changed_ends_it_until_somebody_enters_the_new_one an_outage_is_no_refusal created_while_the_service_is_down by_itself_before_its_end
}
