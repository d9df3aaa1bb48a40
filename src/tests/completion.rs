//! `completion: verified`: nothing is redeemed before the application has said who came back.

use crate::on_both_databases;
use crate::support::provider::{self, Person, Provider};
use crate::support::{Answer, Browser, Db, Setup, TestApp, all_at_once, request};
use axum::http::Method;
use keyloom::jobs::sweep;
use keyloom::service::connect::CONFIRM_WITHIN;
use serde_json::{Value, json};
use sqlx::Row as _;

/// A verified session of `u1` in `acme`.
async fn token(app: &TestApp, extra: Value) -> Value {
    let mut body = json!({
        "integrationName": "demo-key", "connectionName": "Demo", "externalId": "t", "workspaceId": "acme", "endUserId": "u1", "completion": "verified",
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.post("/connect/token", body).await.expect(200)
}

async fn complete(app: &TestApp, token: &Value, body: Value) -> Answer {
    app.post(&format!("/connect/session/{}/complete", token["sessionId"].as_str().unwrap()), body).await
}

async fn session(app: &TestApp, token: &Value) -> Value {
    app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200)
}

/// Fills in the form of `demo-key`; the end page.
async fn enter_key(app: &TestApp, browser: &Browser, token: &Value) -> Answer {
    let page = browser.arrive(app, token["connectUrl"].as_str().unwrap()).await;
    browser.post(app, &page, &[("props.secretText", "sk-MARKER-waiting")]).await.location();
    browser.get(app, &page).await
}

/// An attribute of the result on a final page.
fn result(page: &Answer, name: &str) -> String {
    let value = page.text.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no {name}: {}", page.text)).replace("&amp;", "&")
}

/// What waits, as it is stored.
async fn waiting(app: &TestApp) -> Vec<String> {
    let mut conn = app.services.store.conn().await.unwrap();
    let rows = sqlx::query("SELECT secret FROM connect_confirmations").fetch_all(&mut *conn).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn total(app: &TestApp) -> Value {
    app.get("/connections").await.expect(200)["total"].clone()
}

on_both_databases! {
    async fn a_form_waits_sealed(app: TestApp) {
        let acme = app.workspace("acme").await;
        let other = app.workspace("other").await;
        let token = token(&app, json!({ "allowedOrigins": ["https://app.example"] })).await;
        complete(&app, &token, json!({ "endUserId": "u1" })).await.expect_error(412, "PRECONDITION_FAILED");
        let browser = Browser::default();
        let page = enter_key(&app, &browser, &token).await;
        assert!(page.text.contains("acme is confirming that it was you") && !page.text.contains("MARKER"), "{}", page.text);
        assert_eq!((result(&page, "data-status"), result(&page, "data-session-status")), ("awaiting".to_owned(), "awaiting_confirmation".to_owned()));
        let view = session(&app, &token).await;
        assert_eq!((&view["status"], &view["session"]["status"], &view["connection"]), (&json!("awaiting_confirmation"), &json!("CONNECTING"), &Value::Null));
        assert_eq!(total(&app).await, 0);
        let sealed = waiting(&app).await;
        assert!(sealed.len() == 1 && !sealed[0].contains("MARKER"), "{sealed:?}");

        complete(&app, &token, json!({})).await.expect_field("endUserId");
        complete(&app, &token, json!({ "endUserId": "u1", "token": "x" })).await.expect_field("token");
        let path = format!("/connect/session/{}/complete", token["sessionId"].as_str().unwrap());
        let stranger = app.key_with(json!({ "scope": "workspace", "workspaceIds": [other] })).await;
        app.send_as(&stranger, Method::POST, &path, Some(json!({ "endUserId": "u1" }))).await.expect_error(404, "NOT_FOUND");
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let body = json!({ "endUserId": "u1", "code": result(&page, "data-code") });
        let done = app.send_as(&key, Method::POST, &path, Some(body.clone())).await.expect(200);
        assert_eq!((&done["status"], &done["connection"]["scope"], &done["connection"]["endUserId"]), (&json!("completed"), &json!("USER"), &json!("u1")));
        app.send_as(&key, Method::POST, &path, Some(body)).await.expect_error(410, "SESSION_EXPIRED");
        assert_eq!(total(&app).await, 1);
        assert!(waiting(&app).await.is_empty());
        let id = done["connection"]["id"].as_str().unwrap();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["secretText"], "sk-MARKER-waiting");
        assert!(browser.get(&app, &format!("/connect/{}", token["sessionId"].as_str().unwrap())).await.text.contains("Demo Key is connected"));
    }

    async fn another_end_user_or_code_ends_it(app: TestApp) {
        app.workspace("acme").await;
        app.secret_text("u2", json!({ "workspaceId": "acme", "endUserId": "u2" })).await;
        for (body, reason) in [
            (json!({ "endUserId": "u2" }), "wrong_end_user"), (json!({ "endUserId": "nobody" }), "wrong_end_user"),
            (json!({ "endUserId": "u1", "code": "guess" }), "wrong_code"),
        ] {
            let token = token(&app, json!({ "errorRedirectUri": "https://app.example/no" })).await;
            let browser = Browser::default();
            enter_key(&app, &browser, &token).await;
            complete(&app, &token, body).await.expect_error(403, "SCOPE_DENIED");
            assert!(waiting(&app).await.is_empty(), "it is destroyed");
            complete(&app, &token, json!({ "endUserId": "u1" })).await.expect_error(410, "SESSION_EXPIRED");
            let view = session(&app, &token).await;
            assert_eq!((&view["status"], &view["session"]["status"], &view["errorCode"]), (&json!("cancelled"), &json!("FAILED"), &json!(reason)));
            let page = browser.get(&app, &format!("/connect/{}", token["sessionId"].as_str().unwrap())).await;
            assert!(page.text.contains("Demo Key was not connected"), "{}", page.text);
            assert!(result(&page, "data-redirect").contains(&format!("error={reason}")));
        }
        assert_eq!(total(&app).await, 1);
    }

    async fn it_waits_ten_minutes(app: TestApp) {
        app.workspace("acme").await;
        let late = token(&app, json!({ "expiresIn": 60 })).await;
        enter_key(&app, &Browser::default(), &late).await;
        // The time of the link is over, that of what was agreed to is not.
        app.services.clock.advance_seconds(CONFIRM_WITHIN - 1);
        assert_eq!(session(&app, &late).await["status"], "awaiting_confirmation");
        app.services.clock.advance_seconds(1);
        complete(&app, &late, json!({ "endUserId": "u1" })).await.expect_error(410, "SESSION_EXPIRED");
        let view = session(&app, &late).await;
        assert_eq!((&view["status"], &view["errorCode"]), (&json!("expired"), &json!("not_confirmed")));
        sweep(&app.services).await.unwrap();
        assert!(waiting(&app).await.is_empty());
    }

    async fn of_equal_confirmations_one_counts(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({})).await;
        enter_key(&app, &Browser::default(), &token).await;
        let path = format!("/connect/session/{}/complete", token["sessionId"].as_str().unwrap());
        let ask = || request(&app.key, Method::POST, &path, Some(json!({ "endUserId": "u1" })));
        let routers = [app.router.clone(), app.another_node().await];
        let mut statuses: Vec<_> = all_at_once(&routers, (0..8).map(|_| ask())).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 410, 410, 410, 410, 410, 410, 410]);
        assert_eq!(total(&app).await, 1);
    }

    async fn the_person_can_still_say_no(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({})).await;
        let browser = Browser::default();
        enter_key(&app, &browser, &token).await;
        browser.post(&app, &format!("/connect/{}/cancel", token["sessionId"].as_str().unwrap()), &[]).await.location();
        assert!(waiting(&app).await.is_empty());
        complete(&app, &token, json!({ "endUserId": "u1" })).await.expect_error(410, "SESSION_EXPIRED");
    }

    async fn what_cannot_be_verified(app: TestApp) {
        app.workspace("acme").await;
        let body = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t", "workspaceId": "acme" });
        let with = |field: &str, value: &str| {
            let mut body = body.clone();
            body[field] = json!(value);
            body
        };
        app.post("/connect/token", with("completion", "later")).await.expect_field("completion");
        app.post("/connect/token", with("completion", "verified")).await.expect_field("endUserId");
        let auto = app.post("/connect/token", with("completion", "auto")).await.expect(200);
        complete(&app, &auto, json!({ "endUserId": "u1" })).await.expect_error(400, "VALIDATION_ERROR");
        app.post("/connect/session/cs_01a20c1360ef7200ba5e3321a7bf839a/complete", json!({ "endUserId": "u1" })).await.expect_error(404, "NOT_FOUND");
    }
}

async fn a_code_waits_unused(db: Db) {
    let provider = Provider::start(3600).await;
    let app = TestApp::start_with(db, Setup { provider: Some(provider.url.clone()), ..Setup::default() }).await;
    provider::register(&app).await;
    app.workspace("acme").await;
    let token = token(&app, json!({ "integrationName": "demo-oauth", "successRedirectUri": "https://app.example/back?x=1" })).await;
    let browser = Browser::default();
    let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    let url = browser.post(&app, &page, &[]).await.location();
    let callback = provider::visit(&url, "alice", Person::Consents).await;
    provider::return_to(&app, &browser, &callback).await;
    assert_eq!(session(&app, &token).await["status"], "awaiting_confirmation");
    assert_eq!(provider.count("authorization_code").await, 0, "nothing is exchanged");
    assert_eq!(total(&app).await, 0);
    let provider_code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let sealed = waiting(&app).await;
    assert!(sealed.len() == 1 && !sealed[0].contains(&provider_code), "{sealed:?}");

    let shown = browser.get(&app, &page).await;
    let back = url::Url::parse(&result(&shown, "data-redirect")).unwrap();
    let given = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!((given("x"), given("sessionId").as_deref()), (Some("1".to_owned()), token["sessionId"].as_str()));
    assert!(!shown.text.contains("data-code="), "with a redirect it travels in the address");
    assert_ne!(given("code").unwrap(), provider_code);
    // No other attempt is made meanwhile, and the provider's answer counts once.
    assert_eq!(browser.post(&app, &page, &[]).await.location(), page);
    assert_eq!(provider::return_to(&app, &browser, &callback).await.status, 400);

    // Whoever waits for the end is told of it.
    let waiter = format!("/connect/session/{}?wait=20", token["sessionId"].as_str().unwrap());
    let (told, done) = tokio::join!(app.get(&waiter), complete(&app, &token, json!({ "endUserId": "u1", "code": given("code") })));
    assert_eq!(told.expect(200)["status"], "completed");
    let done = done.expect(200);
    assert_eq!((&done["status"], &done["connection"]["account"]["id"]), (&json!("completed"), &json!("alice")));
    assert_eq!(provider.count("authorization_code").await, 1);
    let events = app.get(&format!("/connections/{}/events", done["connection"]["id"].as_str().unwrap())).await.expect(200);
    assert!(events.to_string().contains("connect.session.completed"));

    // Not confirmed: nothing was ever exchanged.
    let id = done["connection"]["id"].as_str().unwrap();
    let again = app.post("/connect/token", json!({ "connectionId": id, "completion": "verified" })).await.expect(200);
    let other = Browser::default();
    let page = other.arrive(&app, again["connectUrl"].as_str().unwrap()).await;
    let callback = provider::visit(&other.post(&app, &page, &[]).await.location(), "mallory", Person::Consents).await;
    provider::return_to(&app, &other, &callback).await;
    complete(&app, &again, json!({ "endUserId": "mallory" })).await.expect_error(403, "SCOPE_DENIED");
    assert_eq!(provider.count("authorization_code").await, 1);
    assert_eq!(app.get(&format!("/connections/{id}")).await.expect(200)["connection"]["account"]["id"], "alice");
}

crate::run_on_both_databases! { a_code_waits_unused }
