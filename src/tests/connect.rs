//! The hosted connect flow: token, page, provider or form, session.

use crate::on_both_databases;
use crate::support::provider::{self, Person, Provider};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::body::Body;
use axum::http::{Method, Request};
use keyloom::domain::id::ApiKeyId;
use keyloom::service::connect::{self, NewSession, Start};
use keyloom::service::{Actor, Reach};
use keyloom::vault::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn token(app: &TestApp, extra: Value) -> Value {
    let mut body = json!({ "integrationName": "demo-key", "connectionName": "Demo", "externalId": "t" });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.post("/connect/token", body).await.expect(200)
}

async fn poll(app: &TestApp, token: &str) -> Value {
    let request = Request::builder().method(Method::POST).uri("/api/v1/connect/session/poll").header("content-type", "application/json");
    app.raw(request.body(Body::from(json!({ "token": token }).to_string())).unwrap()).await.expect(200)
}

on_both_databases! {
    async fn a_form_makes_a_connection(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        let (plain, id) = (token["token"].as_str().unwrap(), token["sessionId"].as_str().unwrap());
        assert_eq!(token["connectUrl"], format!("http://localhost:3000/connect?token={plain}"));
        let session = app.get(&format!("/connect/session/{id}")).await.expect(200);
        assert_eq!((&session["status"], &session["session"]["status"], &session["connection"]), (&json!("pending"), &json!("PENDING"), &Value::Null));
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        assert_eq!(page, format!("/connect/{id}"), "the token is out of the address");
        let shown = browser.get(&app, &page).await;
        assert!(shown.text.contains("acme") && shown.text.contains("Demo Key") && shown.text.contains("u1"), "{}", shown.text);
        let refused = browser.post(&app, &page, &[("props.secretText", "")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("API key is required"), "{}", refused.text);
        assert_eq!(browser.post(&app, &page, &[("props.secretText", "sk-MARKER-form")]).await.location(), page);
        let done = browser.get(&app, &page).await;
        assert!(done.text.contains("Demo Key is connected") && !done.text.contains("MARKER"));
        let session = app.get(&format!("/connect/session/{id}")).await.expect(200);
        assert_eq!((&session["status"], &session["session"]["status"]), (&json!("completed"), &json!("COMPLETED")));
        let connection = session["connection"]["id"].as_str().unwrap();
        assert_eq!(session["session"]["connectionId"], connection);
        assert_eq!(poll(&app, plain).await["connectionId"], connection);
        assert_eq!((&session["connection"]["scope"], &session["connection"]["endUserId"]), (&json!("USER"), &json!("u1")));
        // Once more with the same token: still done, and a second form makes no second connection.
        let again = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        assert!(browser.get(&app, &again).await.text.contains("is connected"));
        browser.post(&app, &page, &[("props.secretText", "sk-other")]).await.location();
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
    }

    async fn sixteen_parallel_forms_make_one(app: TestApp) {
        let token = token(&app, json!({})).await;
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        futures::future::join_all((0..16).map(|_| browser.post(&app, &page, &[("props.secretText", "sk")]))).await;
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
        let id = app.get("/connections").await.expect(200)["connections"][0]["id"].as_str().unwrap().to_owned();
        let events = app.get(&format!("/connections/{id}/events")).await.expect(200).to_string();
        assert_eq!(events.matches("connect.session.completed").count(), 1, "{events}");
    }

    async fn looking_binds_nobody_acting_does(app: TestApp) {
        let token = token(&app, json!({})).await;
        let url = token["connectUrl"].as_str().unwrap();
        let (scanner, person, other) = (Browser::default(), Browser::default(), Browser::default());
        let page = scanner.arrive(&app, url).await;
        assert_eq!(scanner.get(&app, &page).await.status, 200);
        let page = person.arrive(&app, url).await;
        other.arrive(&app, url).await;
        person.post(&app, &page, &[("props.secretText", "")]).await;
        assert_eq!(other.get(&app, &page).await.status, 200, "a form that was refused binds nobody");
        person.post(&app, &page, &[("props.secretText", "sk-1")]).await.location();
        let late = other.get(&app, &page).await;
        assert_eq!(late.status, 409);
        assert!(late.text.contains("Already open elsewhere"));
        other.post(&app, &page, &[("props.secretText", "sk-2")]).await.location();
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
        // Without the cookie there is no page at all.
        assert_eq!(Browser::default().get(&app, &page).await.status, 401);
    }

    async fn time_runs_out(app: TestApp) {
        let token = token(&app, json!({ "expiresIn": 60 })).await;
        let (plain, id) = (token["token"].as_str().unwrap(), token["sessionId"].as_str().unwrap());
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        app.services.clock.advance_seconds(61);
        let gone = browser.get(&app, &page).await;
        assert_eq!(gone.status, 410);
        assert!(gone.text.contains("This link has expired"));
        browser.post(&app, &page, &[("props.secretText", "sk")]).await.location();
        let session = app.get(&format!("/connect/session/{id}")).await.expect(200);
        assert_eq!((&session["status"], &session["session"]["status"], &session["errorCode"]), (&json!("expired"), &json!("FAILED"), &json!("expired")));
        assert_eq!(app.get("/connections").await.expect(200)["total"], 0);
        app.services.clock.advance_seconds(25 * 3600);
        let request = Request::builder().method(Method::POST).uri("/api/v1/connect/session/poll").header("content-type", "application/json");
        app.raw(request.body(Body::from(json!({ "token": plain }).to_string())).unwrap()).await.expect_error(401, "INVALID_TOKEN");
    }

    async fn cancelling_ends_it(app: TestApp) {
        let token = token(&app, json!({ "errorRedirectUri": "https://app.example/failed?x=1" })).await;
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        browser.post(&app, &format!("{page}/cancel"), &[]).await.location();
        let end = browser.get(&app, &page).await.text;
        assert!(end.contains("You cancelled") && end.contains("https://app.example/failed?x=1&amp;sessionId="), "{end}");
        let id = token["sessionId"].as_str().unwrap();
        assert_eq!(app.get(&format!("/connect/session/{id}")).await.expect(200)["status"], "cancelled");
    }

    async fn a_click_that_was_refused_is_told_to_its_page_alone(app: TestApp) {
        let handle = "0123456789abcdef";
        let input = || NewSession {
            integration_name: Some("demo-key".to_owned()),
            external_id: Some("t".to_owned()),
            end_user_id: Some("somebody".to_owned()),
            ..NewSession::default()
        };
        let values = BTreeMap::new();
        let nonce = Secret::new("of this browser");
        let start = || Start { browser: "browser", nonce: &nonce, opener_origin: None, values: &values };
        let click = connect::start_for_admin(&app.services, &Actor::System, input(), Some(handle.to_owned()), start());
        let refused = click.await.expect_err("an end user needs a workspace");
        let told = connect::session_by_client_ref(&app.services, &Actor::System, handle, 0).await.expect_err("it was refused");
        assert!(told.message.starts_with(&refused.message), "{told} for {refused}");
        let other = Actor::Key { id: ApiKeyId::from_bits(1), reach: Reach::Organization, credentials: false };
        assert_eq!(connect::session_by_client_ref(&app.services, &other, handle, 0).await.expect("nothing of theirs"), None);
        app.services.clock.advance_seconds(connect::DEFAULT_LIFE + 1);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        assert_eq!(connect::session_by_client_ref(&app.services, &Actor::System, handle, 0).await.expect("forgotten"), None);
    }

    async fn waiting_returns_when_it_is_done(app: TestApp) {
        let token = token(&app, json!({})).await;
        let path = format!("/connect/session/{}?wait=20", token["sessionId"].as_str().unwrap());
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        let started = std::time::Instant::now();
        let (waited, _) = tokio::join!(app.get(&path), async { browser.post(&app, &page, &[("props.secretText", "sk")]).await });
        assert_eq!(waited.expect(200)["status"], "completed");
        assert!(started.elapsed().as_secs() < 15, "it did not wait for the whole time");
        app.get(&format!("/connect/session/{}?wait=61", token["sessionId"].as_str().unwrap())).await.expect_field("wait");
    }

    async fn prefilled_fields_are_locked(app: TestApp) {
        let body = json!({ "integrationName": "demo-custom", "connectionName": "x", "externalId": "p", "authMethodKey": "fields", "props": { "base_url": "acme.demo.example" } });
        let token = app.post("/connect/token", body).await.expect(200);
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        let shown = browser.get(&app, &page).await.text;
        assert!(shown.contains("https://acme.demo.example") && !shown.contains("props.base_url"), "{shown}");
        browser.post(&app, &page, &[("props.base_url", "https://evil.demo.example"), ("props.api_key", "k")]).await.location();
        let id = app.get("/connections").await.expect(200)["connections"][0]["id"].as_str().unwrap().to_owned();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["props"]["base_url"], "https://acme.demo.example");
    }

    async fn reconnecting_keeps_the_connection(app: TestApp) {
        let id = app.secret_text("t", json!({})).await;
        let token = token(&app, json!({ "connectionId": id })).await;
        let browser = Browser::default();
        let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        browser.post(&app, &page, &[("props.secretText", "sk-new")]).await.location();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["secretText"], "sk-new");
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
    }

    async fn reconnecting_needs_the_id_alone_and_the_right_owner(app: TestApp) {
        app.workspace("acme").await;
        app.workspace("other").await;
        let id = app.secret_text("mine", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        app.secret_text("theirs", json!({ "workspaceId": "acme", "endUserId": "u2" })).await;
        for (field, value) in [("endUserId", "u2"), ("endUserId", "nobody"), ("workspaceId", "other")] {
            app.post("/connect/token", json!({ "connectionId": id, field: value })).await.expect_error(403, "SCOPE_DENIED");
        }
        app.post("/connect/token", json!({ "connectionId": id, "workspaceId": "acme", "endUserId": "u1" })).await.expect(200);
        let token = app.post("/connect/token", json!({ "connectionId": id })).await.expect(200);
        let view = app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200);
        assert_eq!((&view["integrationName"], &view["externalId"]), (&json!("demo-key"), &json!("mine")));
    }

    async fn bad_input_names_the_field(app: TestApp) {
        let base = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t" });
        for (key, value, field) in [
            ("externalId", json!(""), "externalId"), ("connectionName", json!(" "), "connectionName"), ("expiresIn", json!(59), "expiresIn"), ("expiresIn", json!(604_801), "expiresIn"),
            ("successRedirectUri", json!("javascript:alert(1)"), "successRedirectUri"), ("errorRedirectUri", json!("//evil.example"), "errorRedirectUri"),
            ("allowedOrigins", json!(["https://a.example/x"]), "allowedOrigins"), ("language", json!("xx"), "language"), ("authMethodKey", json!("nope"), "authMethodKey"),
            ("props", json!({ "nope": "1" }), "props.nope"), ("scopes", json!(["a b"]), "scopes"), ("completion", json!("maybe"), "completion"),
        ] {
            let mut body = base.clone();
            body[key] = value;
            app.post("/connect/token", body).await.expect_field(field);
        }
        app.workspace("acme").await;
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "redirectUris": ["https://app.example/done"] }))).await.expect(200);
        let mut body = base;
        body["workspaceId"] = json!("acme");
        body["successRedirectUri"] = json!("https://app.example/other");
        app.post("/connect/token", body.clone()).await.expect_error(400, "REDIRECT_URI_NOT_ALLOWED");
        body["successRedirectUri"] = json!("https://app.example/done");
        app.post("/connect/token", body).await.expect(200);
    }

    async fn polls_obey_the_tokens_origins(app: TestApp) {
        let open = token(&app, json!({})).await;
        let closed = token(&app, json!({ "externalId": "u", "allowedOrigins": ["https://app.example"] })).await;
        let ask = async |token: &Value, origin: &str| {
            let request = Request::builder().method(Method::POST).uri("/api/v1/connect/session/poll").header("content-type", "application/json").header("origin", origin);
            app.raw(request.body(Body::from(json!({ "token": token["token"] }).to_string())).unwrap()).await
        };
        let answer = ask(&open, "https://anywhere.example").await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        answer.expect(200);
        ask(&closed, "https://app.example").await.expect(200);
        ask(&closed, "https://evil.example").await.expect_error(403, "FORBIDDEN");
        let preflight = Request::builder().method(Method::OPTIONS).uri("/api/v1/connect/session/poll").header("origin", "https://x.example").body(Body::empty()).unwrap();
        assert_eq!(app.raw(preflight).await.status, 204);
        ask(&json!({ "token": "cst_x" }), "https://app.example").await.expect_error(401, "INVALID_TOKEN");
        ask(&json!({}), "https://app.example").await.expect_error(401, "MISSING_TOKEN");
    }
}

async fn with_provider(db: Db, ttl: u32) -> (TestApp, Provider) {
    let provider = Provider::start(ttl).await;
    let app = TestApp::start_with(db, Setup { provider: Some(provider.url.clone()), ..Setup::default() }).await;
    provider::register(&app).await;
    (app, provider)
}

async fn oauth_token(app: &TestApp, external_id: &str) -> Value {
    app.post("/connect/token", json!({ "integrationName": "demo-oauth", "connectionName": "Demo", "externalId": external_id })).await.expect(200)
}

async fn an_account_is_connected(db: Db) {
    let (app, provider) = with_provider(db, 3600).await;
    let browser = Browser::default();
    let (session, page) = provider::connect(&app, &browser, "tenant_1", "alice").await;
    assert!(page.text.contains("Connected as User alice"), "{}", page.text);
    let view = app.get(&format!("/connect/session/{session}")).await.expect(200);
    let connection = &view["connection"];
    assert_eq!(
        (&connection["type"], &connection["account"]["email"], &connection["health"]),
        (&json!("PLATFORM_OAUTH2"), &json!("alice@example.test"), &json!("ok"))
    );
    assert_eq!(connection["grantedScopes"], json!(["openid", "profile", "email"]));
    let id = connection["id"].as_str().unwrap();
    let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
    let me = reqwest::Client::builder()
        .build()
        .unwrap()
        .get(format!("{}/me", provider.url))
        .bearer_auth(read["credentials"]["accessToken"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(&me.text().await.unwrap()).unwrap()["sub"], "alice");

    // The same external id again keeps the connection; as somebody else, that is said.
    let reconnect = json!({ "integrationName": "demo-oauth", "connectionName": "Demo", "externalId": "tenant_1", "connectionId": id });
    let token = app.post("/connect/token", reconnect).await.expect(200);
    let second = Browser::default();
    let page = second.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    let url = second.post(&app, &page, &[]).await.location();
    let callback = provider::visit(&url, "bob", Person::Consents).await;
    provider::return_to(&app, &second, &callback).await;
    assert!(second.get(&app, &page).await.text.contains("different account"));
    let view = app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200);
    assert_eq!((&view["accountChanged"], &view["connection"]["id"], &view["connection"]["externalId"]), (&json!(true), &json!(id), &json!("tenant_1")));
    let events = app.get(&format!("/connections/{id}/events")).await.expect(200);
    let of = |kind: &str| events["events"].as_array().unwrap().iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("{kind}: {events}"));
    of("connection.created");
    of("connection.reconnected");
    let changed = &of("connection.account_changed")["data"];
    assert_eq!((&changed["before"]["id"], &changed["after"]["id"]), (&json!("alice"), &json!("bob")));

    // Deleting ends the grant at the provider.
    let deleted = app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
    assert_eq!(deleted["revocation"], json!({ "attempted": true, "result": "revoked" }));
}

async fn callbacks_are_judged(db: Db) {
    let (app, provider) = with_provider(db, 3600).await;
    let browser = Browser::default();
    let token = oauth_token(&app, "t").await;
    let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    let begin = async || browser.post(&app, &page, &[]).await.location();
    let session = async || app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200);

    // Denied, then tried again.
    let denied = provider::visit(&begin().await, "alice", Person::Denies).await;
    provider::return_to(&app, &browser, &denied).await;
    let view = session().await;
    assert_eq!((&view["status"], &view["errorCode"], &view["session"]["status"]), (&json!("failed"), &json!("access_denied"), &json!("FAILED")));
    let shown = browser.get(&app, &page).await.text;
    assert!(shown.contains("Access to Demo OAuth was not granted") && shown.contains("Try again"), "{shown}");

    // In another browser: refused, and nothing is spoiled.
    let callback = provider::visit(&begin().await, "alice", Person::Consents).await;
    let stranger = Browser::default();
    let refused = provider::return_to(&app, &stranger, &callback).await;
    assert_eq!(refused.status, 400);
    stranger.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    assert_eq!(provider::return_to(&app, &stranger, &callback).await.status, 400);
    assert_eq!(provider.count("authorization_code").await, 0);

    // On another app's path, or with another issuer: the session fails, no token request.
    let mut foreign = callback.clone();
    foreign.set_path("/oauth/callback/slack");
    provider::return_to(&app, &browser, &foreign).await;
    assert_eq!(session().await["errorCode"], "wrong_callback");
    let mut mixed = provider::visit(&begin().await, "alice", Person::Consents).await;
    let pairs: Vec<(String, String)> = mixed
        .query_pairs()
        .map(|(name, value)| (name.clone().into_owned(), if name == "iss" { "https://evil.example".to_owned() } else { value.into_owned() }))
        .collect();
    mixed.query_pairs_mut().clear().extend_pairs(pairs);
    provider::return_to(&app, &browser, &mixed).await;
    assert_eq!(session().await["errorCode"], "issuer_mismatch");
    let mut without = provider::visit(&begin().await, "alice", Person::Consents).await;
    let pairs: Vec<(String, String)> =
        without.query_pairs().filter(|(name, _)| name != "iss").map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    without.query_pairs_mut().clear().extend_pairs(pairs);
    provider::return_to(&app, &browser, &without).await;
    assert_eq!(session().await["errorCode"], "issuer_mismatch", "this provider always sends iss");
    assert_eq!(provider.count("authorization_code").await, 0);

    // Thirty-two equal callbacks: one token request, one connection; a replay is refused.
    let callback = provider::visit(&begin().await, "alice", Person::Consents).await;
    futures::future::join_all((0..32).map(|_| provider::return_to(&app, &browser, &callback))).await;
    assert_eq!(provider.count("authorization_code").await, 1);
    assert_eq!(session().await["status"], "completed");
    assert_eq!(provider::return_to(&app, &browser, &callback).await.status, 400);
    assert_eq!(app.get("/connections").await.expect(200)["total"], 1);

    // Malformed ones.
    for query in ["", "state=", "state=x", "state=x&code=y", "state=x&state=y", "code=a%00b&state=x"] {
        let answer = browser.get(&app, &format!("/oauth/callback/demo-oauth?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

async fn form_post_comes_back_through_our_own_page(db: Db) {
    let (app, _provider) = with_provider(db, 3600).await;
    let browser = Browser::default();
    let token = oauth_token(&app, "t").await;
    let page = browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
    let callback = provider::visit(&browser.post(&app, &page, &[]).await.location(), "alice", Person::Consents).await;
    // The provider's page posts across sites: no cookie of ours comes along.
    let request = Request::builder()
        .method(Method::POST)
        .uri(callback.path())
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let bounce = app.raw(request.body(Body::from(callback.query().unwrap().to_owned())).unwrap()).await;
    assert!(bounce.text.contains("keyloom_reposted") && bounce.text.contains("data-autosubmit"), "{}", bounce.text);
    let mut fields: Vec<(String, String)> = callback.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    fields.push(("keyloom_reposted".to_owned(), "1".to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&app, callback.path(), &fields).await.location();
    assert!(browser.get(&app, &page).await.text.contains("Connected as User alice"));
}

/// The built-in generic integration: an issuer is all that it is told.
async fn an_issuer_is_enough(db: Db) {
    let (app, provider) = with_provider(db, 3600).await;
    let wrong = json!({ "integrationName": "oidc", "clientId": "conf", "config": { "issuer": format!("{}/", provider.url) } });
    let id = app.post("/oauth-apps", wrong).await.expect(201)["oauthApp"]["id"].as_str().unwrap().to_owned();
    let body = json!({ "integrationName": "oidc", "connectionName": "Ours", "externalId": "o" });
    let browser = Browser::default();
    let page = browser.arrive(&app, app.post("/connect/token", body.clone()).await.expect(200)["connectUrl"].as_str().unwrap()).await;
    let refused = browser.post(&app, &page, &[]).await;
    assert_eq!(refused.status, 422, "an issuer must be named exactly as it names itself: {}", refused.text);
    assert!(refused.text.contains("names another issuer"), "{}", refused.text);
    let patch = json!({ "config": { "issuer": provider.url }, "clientSecret": provider::CLIENT_SECRET });
    app.send(Method::PATCH, &format!("/oauth-apps/{id}"), Some(patch)).await.expect(200);
    let callback = provider::visit(&browser.post(&app, &page, &[]).await.location(), "alice", Person::Consents).await;
    provider::return_to(&app, &browser, &callback).await;
    assert!(browser.get(&app, &page).await.text.contains("Connected as User alice"));
}

crate::run_on_both_databases! { an_issuer_is_enough an_account_is_connected callbacks_are_judged form_post_comes_back_through_our_own_page }
