//! From nothing to an action's result, over the API alone: a custom integration, a connection of each of the five types, an action. The
//! two of OAuth are connected by a person at a certified provider.

use crate::support::echo::Echo;
use crate::support::provider::{self, CLIENT_ID, CLIENT_SECRET, Person, Provider};
use crate::support::{Browser, Db, TestApp};
use axum::http::Method;
use base64::Engine as _;
use serde_json::{Value, json};

fn definition(echo: &str, provider: &str) -> Value {
    json!({
        "display_name": "Local echo", "description": "Repeats what it is sent", "categories": ["other"], "docs_url": "https://docs.example/auth", "checked_at": "2026-11-24",
        "api": { "base_url": echo },
        "auth": [
            { "key": "oauth2", "type": "OAUTH2", "label": "Sign in",
                "oauth2": { "issuer": provider, "scopes": ["openid", "profile", "email"], "client_auth": "basic" },
                "placement": { "headers": { "Authorization": "Bearer {{accessToken}}" } } },
            { "key": "key", "type": "SECRET_TEXT", "label": "Key", "placement": { "headers": { "X-Key": "{{secretText}}" } } },
            { "key": "password", "type": "BASIC_AUTH", "label": "Password", "placement": { "basic": { "username": "{{username}}", "password": "{{password}}" } } },
            { "key": "fields", "type": "CUSTOM_AUTH", "label": "Fields", "fields": [{ "key": "account", "label": "Account" }, { "key": "token", "label": "Token", "type": "secret" }],
                "placement": { "headers": { "X-Account": "{{account}}", "X-Token": "{{token}}" } } },
        ],
        "actions": { "post_message": {
            "display_name": "Post a message", "description": "Posts a text to a room", "method": "POST", "path": "/rooms/{{input.room}}/messages", "body": { "text": "{{input.text}}" },
            "input": { "required": ["room", "text"], "properties": { "room": { "type": "string" }, "text": { "type": "string" } } },
            "output": { "method": "/method", "where": "/uri", "sent": "/body/text" }, "example": { "room": "r1", "text": "Hello!" } } }
    })
}

/// A person signs in at the provider and comes back; the connection belongs to the workspace.
async fn sign_in(app: &TestApp, external_id: &str, mode: &str) -> Value {
    let body = json!({ "integrationName": "oidc-echo", "connectionName": external_id, "externalId": external_id, "workspaceId": "acme", "oauthAppMode": mode });
    let token = app.post("/connect/token", body).await.expect(200);
    let browser = Browser::default();
    let page = browser.arrive(app, token["connectUrl"].as_str().unwrap()).await;
    let authorize_url = browser.post(app, &page, &[("method", "oauth2")]).await.location();
    let callback = provider::visit(&authorize_url, "alice", Person::Consents).await;
    provider::return_to(app, &browser, &callback).await.location();
    app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200)["connection"].clone()
}

async fn every_type_of_connection_does_something(db: Db) {
    let echo = Echo::start().await;
    let app = TestApp::start(db).await;
    app.workspace("acme").await;
    // The provider wants to know redirect URIs when it starts, and that of a workspace's own app has the app's id in it.
    app.post("/integrations/oidc-echo", definition(&echo.url, "https://nobody.example")).await.expect(201);
    let own = json!({ "integrationName": "oidc-echo", "workspaceId": "acme", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    let own = app.post("/oauth-apps", own).await.expect(201)["oauthApp"]["callbackUrl"].as_str().unwrap().to_owned();
    let platform = json!({ "integrationName": "oidc-echo", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    let platform = app.post("/oauth-apps", platform).await.expect(201)["oauthApp"]["callbackUrl"].as_str().unwrap().to_owned();
    let provider = Provider::start_for(600, &format!("{own},{platform}")).await;
    let moved = definition(&echo.url, &provider.url);
    app.send(Method::PUT, "/integrations/oidc-echo", Some(moved)).await.expect(200);

    let with_key = async |kind: &str, credential: Value| {
        let mut body = json!({ "type": kind, "integrationName": "oidc-echo", "externalId": kind, "workspaceId": "acme" });
        body.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
        app.post("/connections", body).await.expect(201)["connection"].clone()
    };
    let basic = base64::engine::general_purpose::STANDARD.encode("ada:hunter22");
    let made = [
        (sign_in(&app, "OAUTH2", "custom").await, "authorization", "Bearer ".to_owned()),
        (sign_in(&app, "PLATFORM_OAUTH2", "weavz_managed").await, "authorization", "Bearer ".to_owned()),
        (with_key("SECRET_TEXT", json!({ "secretText": "key-0123" })).await, "x-key", "key-0123".to_owned()),
        (with_key("BASIC_AUTH", json!({ "username": "ada", "password": "hunter22" })).await, "authorization", format!("Basic {basic}")),
        (with_key("CUSTOM_AUTH", json!({ "props": { "account": "a1", "token": "token-0123" } })).await, "x-token", "token-0123".to_owned()),
    ];
    for (connection, header, value) in made {
        let kind = connection["type"].as_str().unwrap();
        assert_eq!(connection["externalId"], kind, "{connection}");
        let body = json!({ "integrationName": "oidc-echo", "actionName": "post_message", "workspaceId": "acme", "connectionExternalId": kind,
            "input": { "room": "r/1", "text": format!("by {kind}") } });
        let done = app.post("/actions/execute", body).await.expect(200);
        assert_eq!(
            (&done["success"], &done["output"]),
            (&json!(true), &json!({ "method": "POST", "where": "/rooms/r%2F1/messages", "sent": format!("by {kind}") }))
        );
        let arrived = echo.only();
        assert!(arrived.header(header).starts_with(&value), "{kind}: {arrived:?}");
        if let Some(token) = arrived.header(header).strip_prefix("Bearer ") {
            // It is the person's token, and no other: the provider knows it.
            let credentials = app.post(&format!("/connections/{}/credentials", connection["id"].as_str().unwrap()), json!({})).await.expect(200);
            assert_eq!(credentials["credentials"]["accessToken"], token);
            let me = reqwest::Client::builder().build().unwrap().get(format!("{}/me", provider.url)).bearer_auth(token).send().await.unwrap();
            assert!(me.status().is_success());
        }
    }
}

crate::run_on_both_databases! { every_type_of_connection_does_something }
