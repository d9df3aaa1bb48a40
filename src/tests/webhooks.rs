//! What webhooks are told, when, how often, and by whom: against a real receiver that checks signatures with the published library.

use crate::on_both_databases;
use crate::support::capture::Capture;
use crate::support::receiver::{Message, Receiver, keep_sending, send_due};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use keyloom::domain::webhook::DeliveryStatus;
use keyloom::service::{About, expiry, webhook_sender};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn deliveries(app: &TestApp, webhook: &str) -> Vec<Value> {
    app.get(&format!("/webhooks/{webhook}/deliveries?limit=200")).await.expect(200)["deliveries"].as_array().unwrap().clone()
}

/// Sorted: what is recorded in one transaction may be sent in any order.
fn kinds(messages: &[Message]) -> Vec<String> {
    let mut kinds: Vec<_> = messages.iter().map(Message::kind).collect();
    kinds.sort();
    kinds
}

fn of_kind<'a>(messages: &'a [Message], kind: &str) -> &'a Message {
    messages.iter().find(|message| message.kind() == kind).unwrap()
}

/// Everything that has been recorded so far, sent and received.
async fn told(app: &TestApp, receiver: &Receiver) -> Vec<Message> {
    send_due(&app.services).await;
    receiver.rest().await
}

on_both_databases! {
    /// By the job, without waiting for its next look.
    async fn what_happens_is_told_at_once(app: TestApp) {
        let _sending = keep_sending(&app.services);
        let receiver = Receiver::start().await;
        app.workspace("acme").await;
        let (webhook, secret) = receiver.register(&app, json!({})).await;
        let started = tokio::time::Instant::now();
        let id = app.secret_text("t", json!({ "workspaceId": "acme", "endUserId": "u1", "metadata": { "plan": "gold" } })).await;
        let message = receiver.next().await;
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "it waits for no tick");
        assert!(message.verifies(&secret) && !message.verifies("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let body = message.json();
        assert_eq!(body["id"], message.id());
        let event = app.get(&format!("/events?connectionId={id}&type=connection.created")).await.expect(200)["events"][0].clone();
        assert_eq!((&body["id"], &body["type"], &body["timestamp"]), (&event["id"], &json!("connection.created"), &event["at"]));
        let shown = app.get(&format!("/connections/{id}")).await.expect(200)["connection"].clone();
        for field in ["id", "externalId", "endUserId", "workspaceId", "integrationName", "metadata", "status", "health"] {
            assert_eq!(body["data"]["connection"][field], shown[field], "{field}");
        }
        assert!(!message.body.contains("sk-t"), "{}", message.body);
        assert_eq!(message.headers["content-type"], "application/json");
        assert!(message.headers["user-agent"].to_str().unwrap().starts_with("Keyloom/"));
        // Reads are on record, and nobody is told.
        app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
        let last = receiver.next().await.json();
        assert_eq!((&last["type"], &last["data"]["connection"]["id"]), (&json!("connection.deleted"), &json!(id)));
        assert!(receiver.rest().await.is_empty());
        let list = app.get(&format!("/webhooks/{webhook}/deliveries")).await.expect(200);
        assert_eq!(list["total"], 2);
    }

    async fn only_what_was_asked_for(app: TestApp) {
        let (all, some, acme) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
        app.workspace("acme").await;
        app.workspace("other").await;
        all.register(&app, json!({ "events": null })).await;
        some.register(&app, json!({ "events": ["connection.deleted", "connection.error"] })).await;
        let (limited, _) = acme.register(&app, json!({ "workspaceId": "acme" })).await;
        for workspace in [json!({ "workspaceId": "acme" }), json!({ "workspaceId": "other" }), json!({})] {
            let id = app.secret_text("t", workspace).await;
            app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
        }
        send_due(&app.services).await;
        assert_eq!(all.rest().await.len(), 6);
        assert_eq!(kinds(&some.rest().await), ["connection.deleted"; 3]);
        assert_eq!(kinds(&acme.rest().await), ["connection.created", "connection.deleted"]);
        // What happens while it is disabled is never told.
        app.send(Method::PATCH, &format!("/webhooks/{limited}"), Some(json!({ "enabled": false }))).await.expect(200);
        app.secret_text("u", json!({ "workspaceId": "acme" })).await;
        app.send(Method::PATCH, &format!("/webhooks/{limited}"), Some(json!({ "enabled": true }))).await.expect(200);
        assert!(told(&app, &acme).await.is_empty());
    }

    async fn both_secrets_sign_for_a_day(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, old) = receiver.register(&app, json!({})).await;
        let rotated = app.post(&format!("/webhooks/{webhook}/rotate-secret"), json!({})).await.expect(200);
        let new = rotated["secret"].as_str().unwrap();
        assert!(new.starts_with("whsec_") && new != old);
        assert!(rotated["webhook"]["previousSecretExpiresAt"].is_string());
        app.secret_text("a", json!({})).await;
        let message = told(&app, &receiver).await.remove(0);
        assert!(message.verifies(new) && message.verifies(&old));
        assert_eq!(message.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
        app.services.clock.advance_seconds(86_401);
        app.secret_text("b", json!({})).await;
        let message = told(&app, &receiver).await.remove(0);
        let signature = message.headers["webhook-signature"].to_str().unwrap();
        // Its time is tomorrow, which the library does not take: compare with what it would have signed.
        let timestamp = message.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        assert_eq!(signature, standardwebhooks::Webhook::new(new).unwrap().sign(message.id(), timestamp, message.body.as_bytes()).unwrap());
        assert_eq!(app.get(&format!("/webhooks/{webhook}")).await.expect(200)["webhook"]["previousSecretExpiresAt"], Value::Null);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        let stored = keyloom::store::webhooks::find(&mut app.services.store.conn().await.unwrap(), &webhook).await.unwrap().unwrap();
        assert_eq!(stored.previous, None, "and then it is forgotten");
        assert!(!stored.secret.contains(new), "sealed");
    }

    async fn what_was_rolled_back_is_not_told(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, _) = receiver.register(&app, json!({})).await;
        let id = app.secret_text("t", json!({})).await;
        told(&app, &receiver).await;
        let mut tx = app.services.store.begin_write().await.unwrap();
        let about = About { connection: Some(&id), workspace: None };
        app.services.record(&mut tx, "connection.error", "system", about, json!({})).await.unwrap();
        drop(tx);
        assert!(told(&app, &receiver).await.is_empty());
        assert_eq!(deliveries(&app, &webhook).await.len(), 1);
        assert_eq!(app.get("/events?type=connection.error").await.expect(200)["total"], 0);
    }

    async fn refusals_are_retried_for_a_day(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, secret) = receiver.register(&app, json!({ "events": ["connection.created"] })).await;
        receiver.answer([(503, ""), (429, "100"), (408, ""), (500, ""), (409, ""), (425, ""), (502, ""), (504, "")]);
        app.secret_text("t", json!({})).await;
        let mut ids = Vec::new();
        let mut bodies = Vec::new();
        for (attempt, pause) in [15, 100, 240, 960, 3840, 15_360, 61_440].into_iter().enumerate() {
            let sent = send_due(&app.services).await.remove(0);
            assert_eq!((sent.status, sent.attempts), (DeliveryStatus::Pending, i64::try_from(attempt).unwrap() + 1));
            assert_eq!(sent.response_body.as_deref(), Some("so it is"));
            let wait = sent.next_attempt_at.unwrap().seconds_since(app.services.now());
            assert!((pause * 79 / 100..=pause * 121 / 100).contains(&wait), "attempt {attempt}: {wait} s, not about {pause}");
            assert!(send_due(&app.services).await.is_empty(), "not before its time");
            app.services.clock.advance_seconds(wait + 1);
            let message = receiver.next().await;
            ids.push(message.id().to_owned());
            bodies.push(message.body);
        }
        let last = send_due(&app.services).await.remove(0);
        assert_eq!((last.status, last.attempts, last.next_attempt_at), (DeliveryStatus::Failed, 8, None));
        ids.dedup();
        bodies.dedup();
        assert_eq!((ids.len(), bodies.len()), (1, 1), "the same message each time");
        let shown = deliveries(&app, &webhook).await.remove(0);
        assert_eq!((&shown["status"], &shown["responseStatus"], &shown["attempts"]), (&json!("failed"), &json!(504), &json!(8)));
        assert!(shown["error"].as_str().unwrap().contains("504") && shown["finishedAt"].is_string());
        app.services.clock.advance_seconds(7 * 86_400);
        assert!(send_due(&app.services).await.is_empty());
        // Every attempt is signed anew, for its own time.
        let again = receiver.next().await;
        assert!(!again.verifies(&secret) && again.headers["webhook-timestamp"] != "0");
    }

    async fn some_answers_end_it_at_once(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, _) = receiver.register(&app, json!({})).await;
        for (number, status) in [400_u16, 401, 404, 422, 302, 308].into_iter().enumerate() {
            receiver.answer([(status, "")]);
            app.secret_text(&format!("t{number}"), json!({})).await;
            let sent = send_due(&app.services).await.remove(0);
            assert_eq!((sent.status, sent.attempts, sent.response_status), (DeliveryStatus::Failed, 1, Some(i64::from(status))));
        }
        assert_eq!(receiver.rest().await.len(), 6, "no redirect was followed");
        assert_eq!(app.get(&format!("/webhooks/{webhook}/deliveries?status=failed")).await.expect(200)["total"], 6);
        assert_eq!(app.get(&format!("/webhooks/{webhook}/deliveries?status=delivered")).await.expect(200)["total"], 0);
        app.get(&format!("/webhooks/{webhook}/deliveries?status=lost")).await.expect_field("status");
        // 410: it is gone, and is left alone.
        receiver.answer([(410, "")]);
        app.secret_text("gone", json!({})).await;
        app.secret_text("late", json!({})).await;
        let sent = send_due(&app.services).await;
        assert_eq!(sent.iter().map(|sent| sent.status).collect::<Vec<_>>(), [DeliveryStatus::Failed; 2]);
        assert_eq!(receiver.rest().await.len(), 1, "the second one was not sent any more");
        let shown = app.get(&format!("/webhooks/{webhook}")).await.expect(200)["webhook"].clone();
        assert_eq!((&shown["enabled"], &shown["disabledReason"]), (&json!(false), &json!("The receiver answered 410 Gone")));
        assert_eq!(app.get("/events?type=webhook.disabled").await.expect(200)["total"], 1);
        let failed = deliveries(&app, &webhook).await.remove(0)["id"].as_str().unwrap().to_owned();
        app.post(&format!("/webhooks/{webhook}/deliveries/{failed}/replay"), json!({})).await.expect_error(412, "PRECONDITION_FAILED");
        app.send(Method::PATCH, &format!("/webhooks/{webhook}"), Some(json!({ "enabled": true }))).await.expect(200);
        app.post(&format!("/webhooks/{webhook}/deliveries/{failed}/replay"), json!({})).await.expect(201);
        assert_eq!(told(&app, &receiver).await[0].json()["data"]["connection"]["externalId"], "late");
    }

    async fn nobody_there_is_tried_again(app: TestApp) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        drop(listener);
        app.post("/webhooks", json!({ "url": url })).await.expect(201);
        app.secret_text("t", json!({})).await;
        let sent = send_due(&app.services).await.remove(0);
        assert_eq!((sent.status, sent.response_status), (DeliveryStatus::Pending, None));
        assert!(sent.error.unwrap().starts_with("no answer"));
    }

    /// Two nodes, each with its job, and a hundred messages to each of two receivers.
    async fn two_nodes_send_each_once(app: TestApp) {
        let receivers = [Receiver::start().await, Receiver::start().await];
        let mut webhooks = Vec::new();
        for receiver in &receivers {
            webhooks.push(receiver.register(&app, json!({ "events": ["connection.created"] })).await);
        }
        let other = app.another_services().await;
        let _sending = [keep_sending(&app.services), keep_sending(&other)];
        for number in 0..100 {
            app.secret_text(&format!("t{number}"), json!({})).await;
        }
        for (receiver, (webhook, secret)) in receivers.iter().zip(&webhooks) {
            let mut seen = BTreeMap::new();
            for _ in 0..100 {
                let message = receiver.next().await;
                assert!(message.verifies(secret));
                *seen.entry(message.id().to_owned()).or_insert(0) += 1;
            }
            assert!(seen.len() == 100 && seen.values().all(|count| *count == 1));
            // All answered; nothing is left to be sent again.
            let path = format!("/webhooks/{webhook}/deliveries?status=delivered");
            while app.get(&path).await.expect(200)["total"] != 100 {
                tokio::task::yield_now().await;
            }
            assert!(deliveries(&app, webhook).await.iter().all(|delivery| delivery["attempts"] == 1));
            assert!(receiver.rest().await.is_empty());
        }
    }

    /// A sender that dies between claiming and writing what became of it.
    async fn a_dead_senders_message_is_sent_by_another(app: TestApp) {
        let receiver = Receiver::start().await;
        receiver.register(&app, json!({})).await;
        app.secret_text("t", json!({})).await;
        let due = webhook_sender::due(&app.services, &[], 10).await.unwrap();
        let dead = webhook_sender::start(&app.services, &due[0].0).await.unwrap().unwrap();
        assert!(send_due(&app.services).await.is_empty(), "somebody has it");
        app.services.clock.advance_seconds(webhook_sender::LEASE_SECONDS + 1);
        let sent = send_due(&app.services).await.remove(0);
        assert_eq!((sent.status, sent.attempts), (DeliveryStatus::Delivered, 2));
        let first = receiver.next().await;
        // It was only slow: what it has to say does not count any more.
        assert!(webhook_sender::deliver(&app.services, dead).await.unwrap().is_none());
        assert_eq!(receiver.next().await.id(), first.id(), "the receiver can tell");
    }

    /// Written while its webhook was being deleted: nobody can be sent it, and it does not come up again and again.
    async fn a_message_to_nobody_goes_away(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, _) = receiver.register(&app, json!({})).await;
        app.secret_text("t", json!({})).await;
        let mut conn = app.services.store.conn().await.unwrap();
        sqlx::query("DELETE FROM webhooks").execute(&mut *conn).await.unwrap();
        assert_eq!(webhook_sender::due(&app.services, &[], 10).await.unwrap().len(), 1);
        assert!(send_due(&app.services).await.is_empty() && receiver.rest().await.is_empty());
        app.services.clock.advance_seconds(webhook_sender::LEASE_SECONDS + 1);
        assert!(webhook_sender::due(&app.services, &[], 10).await.unwrap().is_empty());
        app.get(&format!("/webhooks/{webhook}")).await.expect_error(404, "NOT_FOUND");
    }

    async fn a_replay_is_the_same_message(app: TestApp) {
        let receiver = Receiver::start().await;
        let (webhook, secret) = receiver.register(&app, json!({})).await;
        let id = app.secret_text("t", json!({})).await;
        let first = told(&app, &receiver).await.remove(0);
        app.send(Method::PATCH, &format!("/connections/{id}"), Some(json!({ "displayName": "Renamed" }))).await.expect(200);
        let delivery = deliveries(&app, &webhook).await.remove(0);
        let path = format!("/webhooks/{webhook}/deliveries/{}/replay", delivery["id"].as_str().unwrap());
        let replayed = app.post(&path, json!({})).await.expect(201)["delivery"].clone();
        assert_eq!((&replayed["replayOf"], &replayed["eventId"], &replayed["status"]), (&delivery["id"], &delivery["eventId"], &json!("pending")));
        let second = told(&app, &receiver).await.remove(0);
        assert_eq!((second.id(), &second.body), (first.id(), &first.body));
        assert!(second.verifies(&secret));
        app.post(&format!("/webhooks/{webhook}/deliveries/whd_1/replay"), json!({})).await.expect_error(404, "NOT_FOUND");
        app.services.clock.advance_seconds(30 * 86_400 + 60);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        assert!(deliveries(&app, &webhook).await.is_empty(), "kept for 30 days");
    }

    async fn sessions_are_told_of(app: TestApp) {
        let receiver = Receiver::start().await;
        app.workspace("acme").await;
        receiver.register(&app, json!({ "workspaceId": "acme" })).await;
        let token = async |external_id: &str| {
            let body = json!({
                "integrationName": "demo-key", "connectionName": "Demo", "externalId": external_id, "workspaceId": "acme", "endUserId": "u1", "expiresIn": 60,
            });
            app.post("/connect/token", body).await.expect(200)
        };
        let browser = Browser::default();
        let page = browser.arrive(&app, token("done").await["connectUrl"].as_str().unwrap()).await;
        browser.post(&app, &page, &[("props.secretText", "sk-MARKER")]).await.location();
        let messages = told(&app, &receiver).await;
        assert_eq!(kinds(&messages), ["connect.session.completed", "connection.created"]);
        let completed = of_kind(&messages, "connect.session.completed");
        let data = completed.json()["data"].clone();
        let session = &data["session"];
        assert_eq!(
            (&session["status"], &session["externalId"], &session["endUserId"], &session["connectionId"]),
            (&json!("completed"), &json!("done"), &json!("u1"), &data["connection"]["id"])
        );
        assert!(!completed.body.contains("MARKER") && !completed.body.contains("cst_"));

        let page = browser.arrive(&app, token("no").await["connectUrl"].as_str().unwrap()).await;
        browser.post(&app, &format!("{page}/cancel"), &[]).await.location();
        let cancelled = told(&app, &receiver).await.remove(0).json();
        assert_eq!((&cancelled["type"], &cancelled["data"]["session"]["status"]), (&json!("connect.session.failed"), &json!("cancelled")));

        let late = token("late").await;
        app.services.clock.advance_seconds(61);
        expiry::tell(&app.services).await.unwrap();
        assert!(told(&app, &receiver).await.is_empty(), "somebody may be on the way back");
        app.services.clock.advance_seconds(60);
        let other = app.another_services().await;
        other.clock.advance_seconds(121);
        let (here, there) = tokio::join!(expiry::tell(&app.services), expiry::tell(&other));
        here.and(there).unwrap();
        let messages = told(&app, &receiver).await;
        assert_eq!(kinds(&messages), ["connect.session.expired"], "once, though two nodes looked");
        let session = messages[0].json()["data"]["session"].clone();
        assert_eq!((&session["id"], &session["status"], &session["errorCode"]), (&late["sessionId"], &json!("expired"), &json!("expired")));
        let shown = app.get(&format!("/connect/session/{}", late["sessionId"].as_str().unwrap())).await.expect(200);
        assert_eq!((&shown["status"], &shown["errorCode"]), (&json!("expired"), &json!("expired")));
    }

    async fn the_end_of_access_is_told_once(app: TestApp) {
        let receiver = Receiver::start().await;
        receiver.register(&app, json!({ "events": ["connection.expiring", "connection.expired"] })).await;
        let import = |seconds: i64| json!({ "type": "OAUTH2", "integrationName": "demo-oauth", "externalId": "t", "accessToken": "at", "expiresIn": seconds });
        app.post("/connections", import(8 * 86_400)).await.expect(201);
        let told_now = async || {
            expiry::tell(&app.services).await.unwrap();
            expiry::tell(&app.services).await.unwrap();
            told(&app, &receiver).await
        };
        assert!(told_now().await.is_empty());
        app.services.clock.advance_seconds(2 * 86_400);
        let messages = told_now().await;
        assert_eq!(kinds(&messages), ["connection.expiring"]);
        assert_eq!(messages[0].json()["data"]["connection"]["health"], "expiring");
        app.services.clock.advance_seconds(7 * 86_400);
        let messages = told_now().await;
        assert_eq!(kinds(&messages), ["connection.expired"]);
        assert_eq!(messages[0].json()["data"]["connection"]["health"], "expired");
        // New credentials, a new end.
        app.post("/connections?upsert=true", import(3600)).await.expect(200);
        assert_eq!(kinds(&told_now().await), ["connection.expiring"]);
        app.services.clock.advance_seconds(3601);
        assert_eq!(kinds(&told_now().await), ["connection.expired"]);
    }
}

/// Against a service that refuses the key for a while, and then knows somebody else by it.
async fn errors_recoveries_and_new_accounts(db: Db) {
    let capture = Capture::start().await;
    let app = TestApp::start_with(db, Setup { capture: Some(capture.url.clone()), ..Setup::default() }).await;
    let receiver = Receiver::start().await;
    receiver.register(&app, json!({ "events": ["connection.error", "connection.recovered", "connection.reconnected", "connection.account_changed"] })).await;
    let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-checked", "externalId": "t", "secretText": "sk-1" });
    let id = app.post("/connections?validate=true", body.clone()).await.expect(201)["connection"]["id"].as_str().unwrap().to_owned();
    let test = async || app.post(&format!("/connections/{id}/test"), json!({})).await.expect(200);
    capture.answer(401, "{}");
    test().await;
    test().await;
    let messages = told(&app, &receiver).await;
    assert_eq!(kinds(&messages), ["connection.error"], "once per cause");
    let connection = messages[0].json()["data"]["connection"].clone();
    assert_eq!((&connection["status"], &connection["error"]["code"]), (&json!("ERROR"), &json!("credentials_rejected")));
    assert_eq!(app.get(&format!("/connections/{id}/events")).await.expect(200).to_string().matches("connection.error").count(), 2, "each is on record");
    capture.answer(200, r#"{"id":"u1","name":"Ada"}"#);
    test().await;
    let messages = told(&app, &receiver).await;
    assert_eq!(kinds(&messages), ["connection.recovered"]);
    assert_eq!(messages[0].json()["data"]["connection"]["error"], Value::Null);
    capture.answer(200, r#"{"id":"u2","name":"Bob"}"#);
    app.post("/connections?validate=true&upsert=true", body).await.expect(200);
    let messages = told(&app, &receiver).await;
    assert_eq!(kinds(&messages), ["connection.account_changed", "connection.reconnected"]);
    let data = of_kind(&messages, "connection.account_changed").json()["data"].clone();
    assert_eq!((&data["connection"]["account"]["label"], &data["previousAccount"]["label"]), (&json!("Bob"), &json!("Ada")));
}

crate::run_on_both_databases! { errors_recoveries_and_new_accounts }
