//! The first login on the hosted page: a person is there who can correct what they typed.

use super::{get_me, server};
use crate::support::mint::Mint;
use crate::support::{Browser, Db};
use serde_json::json;

async fn on_the_hosted_page(db: Db) {
    let mint = Mint::start(600).await;
    let app = server(db, &mint).await;
    let token = app.post("/connect/token", json!({ "integrationName": "demo-login", "connectionName": "Demo", "externalId": "t" })).await.expect(200);
    let browser = Browser::default();
    let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    let wrong = browser.post(&app, &page, &[("method", "password"), ("props.username", "ada"), ("props.password", "pw-wrong")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("Demo Login does not accept this") && wrong.text.contains("aria-invalid") && wrong.text.contains("Password was not accepted"),
        "{}",
        wrong.text
    );
    assert!(!wrong.text.contains("pw-wrong"));
    browser.post(&app, &page, &[("method", "password"), ("props.username", "ada"), ("props.password", "pw-0123")]).await.location();
    let session = app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200);
    assert_eq!((&session["status"], &session["connection"]["account"]["label"]), (&json!("completed"), &json!("Ada")));
    assert_eq!(mint.logins(), 2);
    app.post("/actions/execute", get_me()).await.expect(200);
    assert_eq!(mint.logins(), 2);
}

async fn when_the_application_confirms(db: Db) {
    let mint = Mint::start(600).await;
    let app = server(db, &mint).await;
    let workspace = app.workspace("acme").await;
    let body = json!({
        "integrationName": "demo-login", "connectionName": "Demo", "externalId": "t", "workspaceId": workspace, "endUserId": "u1",
        "completion": "verified", "successRedirectUri": "https://app.example/done",
    });
    let token = app.post("/connect/token", body).await.expect(200);
    let browser = Browser::default();
    let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    browser.post(&app, &page, &[("method", "password"), ("props.username", "ada"), ("props.password", "pw-0123")]).await.location();
    // It takes them longer than the first token lives.
    app.services.clock.advance_seconds(590);
    let path = format!("/connect/session/{}/complete", token["sessionId"].as_str().unwrap());
    let done = app.post(&path, json!({ "endUserId": "u1" })).await.expect(200);
    assert_eq!(done["status"], "completed");
    assert_eq!(mint.logins(), 2);
    let call = json!({ "integrationName": "demo-login", "actionName": "get_me", "connectionExternalId": "t", "workspaceId": workspace, "endUserId": "u1" });
    app.post("/actions/execute", call).await.expect(200);
    assert_eq!(mint.logins(), 2);
}

crate::run_on_both_databases! { on_the_hosted_page when_the_application_confirms }
