//! Tokens that end are renewed, once, and written before they are used: against a provider that rotates refresh tokens and ends
//! the whole grant when an old one is used again.

use crate::support::provider::{self, Provider};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use serde_json::{Value, json};

async fn connected(db: Db) -> (TestApp, Provider, String) {
    let provider = Provider::start(600).await;
    let app = TestApp::start_with(db, Setup { provider: Some(provider.url.clone()), ..Setup::default() }).await;
    provider::register(&app).await;
    let (session, _) = provider::connect(&app, &Browser::default(), "t", "alice").await;
    let view = app.get(&format!("/connect/session/{session}")).await.expect(200);
    let id = view["connection"]["id"].as_str().unwrap().to_owned();
    (app, provider, id)
}

async fn access_token(app: &TestApp, id: &str) -> String {
    let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
    read["credentials"]["accessToken"].as_str().unwrap().to_owned()
}

async fn works(provider: &Provider, token: &str) -> bool {
    let client = reqwest::Client::builder().build().unwrap();
    client.get(format!("{}/me", provider.url)).bearer_auth(token).send().await.unwrap().status().is_success()
}

async fn on_use_and_only_when_due(db: Db) {
    let (app, provider, id) = connected(db).await;
    let first = access_token(&app, &id).await;
    assert_eq!(access_token(&app, &id).await, first);
    assert_eq!(provider.count("refresh_token").await, 0);
    // A tenth of ten minutes before the end.
    app.services.clock.advance_seconds(541);
    let second = access_token(&app, &id).await;
    assert_ne!(second, first);
    assert!(works(&provider, &second).await);
    assert_eq!(access_token(&app, &id).await, second);
    assert_eq!(provider.count("refresh_token").await, 1);
    let shown = app.get(&format!("/connections/{id}")).await.expect(200);
    assert!(shown["connection"]["lastRefreshedAt"].is_string());
}

async fn thirty_two_callers_cause_one(db: Db) {
    let (app, provider, id) = connected(db).await;
    app.services.clock.advance_seconds(700);
    let tokens = futures::future::join_all((0..32).map(|_| access_token(&app, &id))).await;
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(provider.count("refresh_token").await, 1);
    // Alive: it can be renewed again.
    app.services.clock.advance_seconds(700);
    assert!(works(&provider, &access_token(&app, &id).await).await);
    assert_eq!(provider.count("refresh_token").await, 2);
}

async fn a_caller_who_leaves_loses_nothing(db: Db) {
    let (app, provider, id) = connected(db).await;
    app.services.clock.advance_seconds(700);
    {
        let path = format!("/connections/{id}/credentials");
        let call = app.send(Method::POST, &path, None);
        // Dropped in the middle, as axum drops a handler whose client has gone.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(3), call).await;
    }
    app.services.tasks.close();
    app.services.tasks.wait().await;
    assert!(works(&provider, &access_token(&app, &id).await).await);
    assert!(provider.count("refresh_token").await <= 1, "whoever came second joined or found it done");
}

async fn a_dead_grant_is_said_and_left_alone(db: Db) {
    let (app, provider, id) = connected(db).await;
    // Somebody withdraws the grant at the provider: here, by using a rotated refresh token twice.
    app.services.clock.advance_seconds(700);
    access_token(&app, &id).await;
    let mut conn = app.services.store.conn().await.unwrap();
    let stored = keyloom::store::connections::find(&mut conn, &id).await.unwrap().unwrap();
    drop(conn);
    let previous = app
        .services
        .vault
        .open(
            app.services.org.as_str(),
            keyloom::vault::Place { table: "connections", column: "previous_secret", row: &id },
            stored.previous_secret.as_deref().unwrap(),
        )
        .unwrap();
    let previous: Value = serde_json::from_slice(&previous).unwrap();
    let client = reqwest::Client::builder().build().unwrap();
    let body = format!("grant_type=refresh_token&refresh_token={}", previous["refresh_token"].as_str().unwrap());
    let reuse = client
        .post(format!("{}/token", provider.url))
        .basic_auth(provider::CLIENT_ID, Some(provider::CLIENT_SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(reuse.status(), 400);

    app.services.clock.advance_seconds(700);
    let path = format!("/connections/{id}/credentials");
    app.send(Method::POST, &path, None).await.expect_error(409, "CONNECTION_EXPIRED");
    let shown = app.get(&format!("/connections/{id}")).await.expect(200);
    assert_eq!(
        (&shown["connection"]["status"], &shown["connection"]["health"], &shown["connection"]["error"]["code"]),
        (&json!("ERROR"), &json!("revoked"), &json!("invalid_grant"))
    );
    let asked = provider.count("error:refresh_token:invalid_grant").await;
    app.send(Method::POST, &path, None).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(provider.count("error:refresh_token:invalid_grant").await, asked, "it is not asked again");
}

async fn an_outage_is_no_revocation(db: Db) {
    let (app, provider, id) = connected(db).await;
    let Provider { url, .. } = &provider;
    assert!(!url.is_empty());
    drop(provider);
    app.services.clock.advance_seconds(545);
    // Still good for a while: served although it could not be renewed.
    access_token(&app, &id).await;
    let shown = app.get(&format!("/connections/{id}")).await.expect(200);
    assert_eq!(
        (&shown["connection"]["status"], &shown["connection"]["health"], &shown["connection"]["error"]["code"]),
        (&json!("ACTIVE"), &json!("degraded"), &json!("provider_unreachable"))
    );
    app.services.clock.advance_seconds(600);
    app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect_error(502, "REFRESH_FAILED");
    assert_eq!(app.get(&format!("/connections/{id}")).await.expect(200)["connection"]["status"], "ACTIVE");
}

crate::run_on_both_databases! { on_use_and_only_when_due thirty_two_callers_cause_one a_caller_who_leaves_loses_nothing a_dead_grant_is_said_and_left_alone an_outage_is_no_revocation }
