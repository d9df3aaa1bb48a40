//! Client credentials, at a certified server.

use crate::support::echo::Echo;
use crate::support::provider::Provider;
use crate::support::{Db, Setup, TestApp};
use axum::http::Method;
use serde_json::json;

const MACHINE: &str = r#"name = "demo-machine"
display_name = "Demo Machine"
description = "A service for machines, for tests"
categories = ["other"]
docs_url = "https://example.com/docs"

[api]
base_url = "{echo}/api"

[[auth]]
key = "machine"
type = "CUSTOM_AUTH"
label = "Machine"
fields = [{ key = "client_id", label = "Client ID" }, { key = "client_secret", label = "Client secret", type = "secret" }, { key = "scope", label = "Scope", required = false }]

[auth.login.client_credentials]
token_url = "{provider}/token"
client_id = "{{client_id}}"
client_secret = "{{client_secret}}"
client_auth = "basic"
scope = "{{scope}}"
"#;

async fn client_credentials(db: Db) {
    let (provider, echo) = (Provider::start(1800).await, Echo::start().await);
    let integrations = vec![("demo-machine".to_owned(), MACHINE.to_owned())];
    let setup = Setup { integrations, provider: Some(provider.url.clone()), echo: Some(echo.url.clone()), ..Setup::default() };
    let app = TestApp::start_with(db, setup).await;
    let new = |secret: &str| {
        let props = json!({ "client_id": "machine", "client_secret": secret, "scope": "openid" });
        json!({ "type": "CUSTOM_AUTH", "integrationName": "demo-machine", "externalId": "m", "props": props })
    };
    let refused = app.post("/connections", new("machine-secret-wrong")).await.expect_error(400, "CREDENTIALS_REJECTED");
    assert_eq!(refused["details"]["fields"][0]["path"], "props.client_secret");
    let created = app.post("/connections", new("machine-secret-0123456789")).await.expect(201);
    assert_eq!(created["connection"]["grantedScopes"], json!(["openid"]));
    assert_eq!(provider.count("client_credentials").await, 1);

    let call =
        json!({ "integrationName": "demo-machine", "actionName": "custom_api_call", "connectionExternalId": "m", "input": { "method": "GET", "path": "/x" } });
    let sent = |echo: &Echo| echo.only().header("authorization").to_owned();
    let answer = app.post("/actions/execute", call.clone()).await;
    let first = sent(&echo);
    assert!(first.starts_with("Bearer ") && first.len() > 20, "a method with a login places its token as OAuth does");
    assert!(!answer.text.contains(&first[7..]), "the token is taken out of what the service repeats: {}", answer.text);
    answer.expect(200);
    app.post("/actions/execute", call.clone()).await.expect(200);
    assert_eq!(sent(&echo), first);
    assert_eq!(provider.count("client_credentials").await, 1);

    app.services.clock.advance_seconds(1700);
    app.post("/actions/execute", call.clone()).await.expect(200);
    let second = sent(&echo);
    assert_ne!(second, first);
    assert_eq!(provider.count("client_credentials").await, 2);

    // Nothing else can be asked here: a test logs in.
    let id = created["connection"]["id"].as_str().unwrap();
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!(tested["test"]["ok"], true);
    assert_eq!(provider.count("client_credentials").await, 3);
    drop(provider);
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!((&tested["test"]["ok"], &tested["connection"]["status"]), (&json!(null), &json!("ACTIVE")), "{tested}");
    app.post("/actions/execute", call).await.expect(200);
    assert_ne!(sent(&echo), second, "the token before the outage is good to its end");
}

crate::run_on_both_databases! { client_credentials }
