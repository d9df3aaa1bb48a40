//! `Idempotency-Key`: what comes twice runs once.

use crate::on_both_databases;
use crate::support::{Answer, Db, Setup, TestApp, all_at_once, request};
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use keyloom::service::idempotency::{self, KEEP_SECONDS, LEASE_SECONDS, Ticket, Verdict};
use keyloom::service::{Actor, api_keys};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Notify;

fn keyed_as(api_key: &str, key: &str, path: &str, body: Value) -> Request<Body> {
    let mut request = request(api_key, Method::POST, path, Some(body));
    request.headers_mut().insert("idempotency-key", HeaderValue::from_bytes(key.as_bytes()).unwrap());
    request
}

async fn send(app: &TestApp, key: &str, path: &str, body: Value) -> Answer {
    app.raw(keyed_as(&app.key, key, path, body)).await
}

fn replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

fn connection(external_id: &str) -> Value {
    json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": external_id, "secretText": "sk" })
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(&mut *app.services.store.conn().await.unwrap()).await.unwrap();
    count
}

async fn actor(app: &TestApp) -> Actor {
    api_keys::authenticate(&app.services, &app.key).await.unwrap()
}

/// Claims a request as a server would that is killed before it can answer.
async fn claimed_and_killed(app: &TestApp, key: &str, path: &str, body: &Value) -> Ticket {
    let body = body.to_string();
    let request = idempotency::Request { method: "POST", target: path, body: body.as_bytes() };
    match idempotency::claim(&app.services, &actor(app).await, key, request).await.unwrap() {
        Verdict::Run(ticket) => ticket,
        Verdict::Replay(answer) => panic!("answered already: {answer:?}"),
    }
}

on_both_databases! {
    async fn the_same_again_gets_the_same_answer(app: TestApp) {
        app.workspace("acme").await;
        for (path, body, status, table) in [
            ("/connections", connection("t"), 201, "connections"),
            ("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p" }), 200, "connect_sessions"),
            ("/end-users", json!({ "workspaceId": "acme", "externalId": "u" }), 201, "end_users"),
            ("/api-keys", json!({ "name": "ci" }), 201, "api_keys"),
            ("/workspaces", json!({ "name": "Other", "slug": "other" }), 201, "workspaces"),
        ] {
            let before = count(&app, table).await;
            let first = send(&app, path, path, body.clone()).await;
            first.expect(status);
            assert!(!replayed(&first), "{path}");
            let again = send(&app, path, path, body).await;
            again.expect(status);
            assert!(replayed(&again), "{path}");
            assert_eq!(again.text, first.text, "{path}");
            assert_eq!(again.headers["content-type"], "application/json");
            assert_eq!(again.headers["cache-control"], "no-store");
            assert_ne!(again.headers["x-request-id"], first.headers["x-request-id"]);
            assert_eq!(count(&app, table).await, before + 1, "{path}");
        }
        // Without a key nothing is kept.
        let before = count(&app, "idempotency_keys").await;
        app.post("/connections", connection("unkeyed")).await.expect(201);
        assert_eq!(count(&app, "idempotency_keys").await, before);
    }

    async fn another_request_is_a_conflict(app: TestApp) {
        send(&app, "k", "/connections", connection("t")).await.expect(201);
        for (path, body) in [
            ("/connections", connection("other")), ("/connections?upsert=true", connection("t")), ("/connect/token", connection("t")), ("/connections", json!({})),
        ] {
            let refused = send(&app, "k", path, body).await;
            refused.expect_error(409, "IDEMPOTENCY_CONFLICT");
            assert!(!refused.headers.contains_key("retry-after") && !replayed(&refused), "{path}: waiting does not help");
        }
        assert!(replayed(&send(&app, "k", "/connections", connection("t")).await), "the first answer stays");
        // Each caller has keys of its own.
        let other = app.key_with(json!({ "scope": "org" })).await;
        app.raw(keyed_as(&other, "k", "/connections", connection("mine"))).await.expect(201);
        assert_eq!(app.get("/connections").await.expect(200)["total"], 2);
    }

    async fn what_only_looks_ignores_the_header(app: TestApp) {
        let id = app.secret_text("t", json!({})).await;
        let token = app.post("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p" })).await.expect(200)["token"].clone();
        for (path, body, status) in [
            ("/connections/resolve".to_owned(), json!({ "integrationName": "demo-key", "externalId": "t" }), 200),
            (format!("/connections/{id}/credentials"), json!({}), 200),
            (format!("/connections/{id}/test"), json!({}), 200),
            (format!("/connections/{id}/refresh"), json!({}), 400),
            ("/connect/session/poll".to_owned(), json!({ "token": token }), 200),
        ] {
            for key in ["k", "k", "not a key"] {
                let answer = send(&app, key, &path, body.clone()).await;
                assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
                assert!(!replayed(&answer), "{path}");
            }
        }
        assert_eq!(count(&app, "idempotency_keys").await, 0);
        // And so does what is not a POST.
        let mut patch = request(&app.key, Method::PATCH, &format!("/connections/{id}"), Some(json!({ "displayName": "New" })));
        patch.headers_mut().insert("idempotency-key", HeaderValue::from_static("not a key"));
        app.raw(patch).await.expect(200);
    }

    async fn keys_are_visible_ascii(app: TestApp) {
        for bad in ["", " ", "a b", "é", "a\tb", &"x".repeat(256)] {
            send(&app, bad, "/connections", connection("t")).await.expect_field("Idempotency-Key");
        }
        let mut twice = keyed_as(&app.key, "a", "/connections", connection("t"));
        twice.headers_mut().append("idempotency-key", HeaderValue::from_static("b"));
        app.raw(twice).await.expect_field("Idempotency-Key");
        assert_eq!(app.get("/connections").await.expect(200)["total"], 0);
        send(&app, &format!("{}!", "!~".repeat(127)), "/connections", connection("t")).await.expect(201);
        // The body's limit holds for what the layer reads.
        send(&app, "big", "/connections", json!({ "secretText": "x".repeat(1_100_000) })).await.expect_error(413, "PAYLOAD_TOO_LARGE");
    }

    async fn answers_are_for_whoever_may_still_ask(app: TestApp) {
        let soon = app.services.now().plus_seconds(60).rfc3339();
        let short = app.post("/api-keys", json!({ "name": "short", "expiresAt": soon })).await.expect(201)["plainKey"].as_str().unwrap().to_owned();
        let doomed = app.post("/api-keys", json!({ "name": "doomed" })).await.expect(201);
        let plain = doomed["plainKey"].as_str().unwrap();
        for (key, id) in [(short.as_str(), "a"), (plain, "b")] {
            app.raw(keyed_as(key, "k", "/connections", connection(id))).await.expect(201);
            assert!(replayed(&app.raw(keyed_as(key, "k", "/connections", connection(id))).await));
        }
        assert_eq!(count(&app, "idempotency_keys").await, 2);
        app.send(Method::DELETE, &format!("/api-keys/{}", doomed["apiKey"]["id"].as_str().unwrap()), None).await.expect(200);
        assert_eq!(count(&app, "idempotency_keys").await, 1, "a deleted key's answers are deleted");
        app.services.clock.advance_seconds(61);
        for (key, id) in [(short.as_str(), "a"), (plain, "b"), ("wvz_wrong", "a")] {
            app.raw(keyed_as(key, "k", "/connections", connection(id))).await.expect_error(401, "UNAUTHORIZED");
        }
        let mut nobody = keyed_as("", "k", "/connections", connection("a"));
        nobody.headers_mut().remove("authorization");
        app.raw(nobody).await.expect_error(401, "UNAUTHORIZED");
    }

    async fn refusals_that_would_stay_are_kept_and_others_not(app: TestApp) {
        // What is wrong in the request can be mended, under the same key.
        send(&app, "k1", "/connections", json!({ "typo": 1 })).await.expect_field("typo");
        let mended = send(&app, "k1", "/connections", connection("t")).await;
        let id = mended.expect(201)["connection"]["id"].as_str().unwrap().to_owned();
        assert!(!replayed(&mended));
        // What was so when it was asked stays the answer.
        let mut other = connection("t");
        other["displayName"] = json!("Another");
        send(&app, "k2", "/connections", other.clone()).await.expect_error(409, "DUPLICATE");
        app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
        let again = send(&app, "k2", "/connections", other).await;
        assert_eq!(again.expect(409)["code"], "DUPLICATE");
        assert!(replayed(&again));
    }

    async fn a_failure_of_ours_is_tried_again(app: TestApp) {
        let acme = app.workspace("acme").await;
        let mut body = connection("t");
        body["workspaceId"] = json!(acme);
        let run = async |sql: &'static str| sqlx::query(sql).bind(acme.clone()).execute(&mut *app.services.store.conn().await.unwrap()).await.unwrap();
        app.services.vault.forget(&acme);
        run("UPDATE data_keys SET wrapped = 'broken.' || wrapped WHERE owner = $1").await;
        send(&app, "k", "/connections", body.clone()).await.expect_error(500, "INTERNAL_ERROR");
        assert_eq!(count(&app, "idempotency_keys").await, 0);
        run("UPDATE data_keys SET wrapped = REPLACE(wrapped, 'broken.', '') WHERE owner = $1").await;
        let then = send(&app, "k", "/connections", body.clone()).await;
        then.expect(201);
        assert!(!replayed(&then));
        assert!(replayed(&send(&app, "k", "/connections", body).await));
    }

    async fn a_killed_server_blocks_for_a_minute_only(app: TestApp) {
        let body = connection("t");
        let killed = claimed_and_killed(&app, "k", "/connections", &body).await;
        let running = send(&app, "k", "/connections", body.clone()).await;
        running.expect_error(409, "IDEMPOTENCY_CONFLICT");
        assert_eq!(running.headers["retry-after"], "1");
        // As long as it says that it lives, it has the claim.
        app.services.clock.advance_seconds(LEASE_SECONDS - 20);
        idempotency::renew(&app.services, &killed).await.unwrap();
        app.services.clock.advance_seconds(LEASE_SECONDS - 20);
        send(&app, "k", "/connections", body.clone()).await.expect_error(409, "IDEMPOTENCY_CONFLICT");
        app.services.clock.advance_seconds(21);
        send(&app, "k", "/connections", connection("other")).await.expect_error(409, "IDEMPOTENCY_CONFLICT");
        let taken_over = send(&app, "k", "/connections", body.clone()).await;
        taken_over.expect(201);
        // It was not dead after all: what it says comes too late.
        let late = idempotency::Answer { status: 418, body: "late".into() };
        idempotency::settle(&app.services, &killed, &late, None).await;
        idempotency::release(&app.services, &killed).await;
        assert_eq!(send(&app, "k", "/connections", body).await.text, taken_over.text);
    }

    async fn answers_are_kept_for_a_day(app: TestApp) {
        let body = connection("t");
        send(&app, "k", "/connections", body.clone()).await.expect(201);
        // The check in the background is over before the clock jumps.
        app.services.tasks.close();
        app.services.tasks.wait().await;
        app.services.clock.advance_seconds(KEEP_SECONDS - 60);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        assert!(replayed(&send(&app, "k", "/connections", body.clone()).await));
        app.services.clock.advance_seconds(61);
        let anew = send(&app, "k", "/connections", body).await;
        anew.expect_error(409, "DUPLICATE");
        assert!(!replayed(&anew));
        app.services.clock.advance_seconds(KEEP_SECONDS);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        assert_eq!(count(&app, "idempotency_keys").await, 0);
    }

    /// Neither keys nor bodies nor answers can be read in the database, nor can an answer be put in another's place.
    async fn nothing_is_kept_in_the_clear(app: TestApp) {
        let body = json!({ "name": "MARKER-name" });
        let first = send(&app, "MARKER-one", "/api-keys", body.clone()).await.expect(201);
        let second = send(&app, "MARKER-two", "/api-keys", body.clone()).await.expect(201);
        assert_ne!(first["plainKey"], second["plainKey"]);
        let mut conn = app.services.store.conn().await.unwrap();
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT id, request, answer FROM idempotency_keys ORDER BY id").fetch_all(&mut *conn).await.unwrap();
        let dump = format!("{rows:?}");
        assert!(rows.len() == 2 && !dump.contains("MARKER") && !dump.contains(first["plainKey"].as_str().unwrap()), "{dump}");
        assert_ne!(rows[0].1, rows[1].1, "equal bodies do not show");
        for (mine, theirs) in [(0, 1), (1, 0)] {
            let swap = sqlx::query("UPDATE idempotency_keys SET answer = $2 WHERE id = $1").bind(rows[mine].0.clone()).bind(rows[theirs].2.clone());
            swap.execute(&mut *conn).await.unwrap();
        }
        drop(conn);
        send(&app, "MARKER-one", "/api-keys", body).await.expect_error(500, "INTERNAL_ERROR");
    }

    async fn thirty_two_at_once_have_one_effect(app: TestApp) {
        let acme = app.workspace("acme").await;
        let nodes = [app.router.clone(), app.another_node().await];
        for (path, body, status, table) in [
            ("/connections", connection("t"), 201, "connections"),
            // Nothing but the key makes these one: each token is another session.
            ("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p" }), 200, "connect_sessions"),
            ("/end-users", json!({ "workspaceId": acme, "externalId": "u" }), 201, "end_users"),
            ("/api-keys", json!({ "name": "ci" }), 201, "api_keys"),
        ] {
            let before = count(&app, table).await;
            let answers = all_at_once(&nodes, (0..32).map(|_| keyed_as(&app.key, path, path, body.clone()))).await;
            assert_eq!(count(&app, table).await, before + 1, "{path}");
            let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
            assert_eq!(done.iter().filter(|answer| !replayed(answer)).count(), 1, "{path}: one ran");
            assert!(done.iter().all(|answer| answer.status.as_u16() == status && answer.text == done[0].text), "{path}");
            for answer in refused {
                answer.expect_error(409, "IDEMPOTENCY_CONFLICT");
                assert_eq!(answer.headers["retry-after"], "1", "{path}");
            }
            let after = send(&app, path, path, body).await;
            assert!(replayed(&after) && after.text == done[0].text, "{path}");
        }
    }
}

/// A service that says when it is asked, and answers when it is told to.
struct Slow {
    url: String,
    asked: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Slow {
    async fn start() -> Self {
        let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let (tell, wait) = (Arc::clone(&asked), Arc::clone(&go_on));
        let app = axum::Router::new().fallback(async move || {
            tell.notify_one();
            wait.notified().await;
            axum::Json(json!({ "id": "u1", "name": "Ada", "email": "ada@example.com" }))
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked, go_on }
    }
}

/// A server whose `demo-checked` is a slow service.
struct WithSlow {
    app: TestApp,
    slow: Slow,
}

impl WithSlow {
    async fn start(db: Db) -> Self {
        let slow = Slow::start().await;
        let app = TestApp::start_with(db, Setup { capture: Some(slow.url.clone()), ..Setup::default() }).await;
        Self { app, slow }
    }
}

on_both_databases! {
    async fn a_caller_who_hangs_up_finds_the_answer(with: WithSlow) {
        let WithSlow { app, slow } = with;
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-checked", "externalId": "x", "secretText": "sk-9" });
        let path = "/connections?validate=true";
        let caller = tokio::spawn(crate::support::ask(app.router.clone(), keyed_as(&app.key, "k", path, body.clone())));
        slow.asked.notified().await;
        let running = send(&app, "k", path, body.clone()).await;
        running.expect_error(409, "IDEMPOTENCY_CONFLICT");
        assert_eq!(running.headers["retry-after"], "1");
        let other = send(&app, "k", path, json!({})).await;
        other.expect_error(409, "IDEMPOTENCY_CONFLICT");
        assert!(!other.headers.contains_key("retry-after"));
        // As axum drops a handler whose client has gone.
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        slow.go_on.notify_one();
        app.services.tasks.close();
        app.services.tasks.wait().await;
        let again = send(&app, "k", path, body).await;
        again.expect(201);
        assert!(replayed(&again));
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
    }
}
