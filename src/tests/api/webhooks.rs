//! `/api/v1/webhooks` and `/api/v1/events`

use crate::on_both_databases;
use crate::support::TestApp;
use crate::support::receiver::Receiver;
use axum::http::Method;
use serde_json::{Value, json};

const URL: &str = "http://localhost:9/hook";

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let created = app.post("/webhooks", json!({ "url": URL, "events": ["connection.created", "connection.error", "connection.created"] })).await.expect(201);
        let (webhook, secret) = (&created["webhook"], created["secret"].as_str().unwrap());
        let id = webhook["id"].as_str().unwrap();
        assert!(id.starts_with("whk_") && secret.starts_with("whsec_"));
        for (field, value) in [
            ("url", json!(URL)), ("events", json!(["connection.created", "connection.error"])), ("workspaceId", Value::Null), ("enabled", json!(true)),
            ("disabledReason", Value::Null), ("previousSecretExpiresAt", Value::Null),
        ] {
            assert_eq!(webhook[field], value, "{field}");
        }
        for answer in [app.get("/webhooks").await, app.get(&format!("/webhooks/{id}")).await, app.get("/events").await] {
            assert!(answer.status == 200 && !answer.text.contains(secret), "the secret is shown once");
        }
        let path = format!("/webhooks/{id}");
        let patch = async |body: Value| app.send(Method::PATCH, &path, Some(body)).await;
        assert_eq!(patch(json!({ "events": null })).await.expect(200)["webhook"]["events"], Value::Null);
        assert_eq!(patch(json!({ "enabled": false })).await.expect(200)["webhook"]["enabled"], false);
        let unchanged = patch(json!({})).await.expect(200)["webhook"].clone();
        assert_eq!((&unchanged["enabled"], &unchanged["events"], &unchanged["url"]), (&json!(false), &Value::Null, &json!(URL)));
        patch(json!({ "workspaceId": "acme" })).await.expect_field("workspaceId");
        patch(json!({ "url": "http://example.com/" })).await.expect_field("url");
        assert_eq!(app.send(Method::DELETE, &path, None).await.expect(200), json!({ "deleted": true, "id": id }));
        for path in [format!("/webhooks/{id}"), format!("/webhooks/{id}/deliveries")] {
            app.get(&path).await.expect_error(404, "NOT_FOUND");
        }
    }

    async fn bad_input_names_the_field(app: TestApp) {
        for url in [
            "", "x", "ftp://localhost/", "javascript:alert(1)", "http://example.com/hook", "https://example.com/not-on-the-allow-list", "http://169.254.169.254/latest",
            "http://localhost:9/#fragment", "http://user@localhost:9/", "http://user:pw@localhost:9/", "http://localhost:9/a b", "http://localhost:9\\@example.com/", "//localhost/", "http://",
        ] {
            app.post("/webhooks", json!({ "url": url })).await.expect_field("url");
        }
        app.post("/webhooks", json!({})).await.expect_field("url");
        app.post("/webhooks", json!({ "url": format!("http://localhost:9/{}", "x".repeat(2000)) })).await.expect_field("url");
        for events in [json!([]), json!(["connection.refreshed"]), json!(["credentials.read"]), json!(["*"])] {
            app.post("/webhooks", json!({ "url": URL, "events": events })).await.expect_field("events");
        }
        app.post("/webhooks", json!({ "url": URL, "secret": "whsec_mine" })).await.expect_field("secret");
        app.post("/webhooks", json!({ "url": URL, "workspaceId": "nowhere" })).await.expect_error(404, "NOT_FOUND");
        for (path, field) in [("since=yesterday", "since"), ("until=2026-13-01T00:00:00Z", "until"), ("kind=x", "kind"), ("limit=0", "limit")] {
            app.get(&format!("/events?{path}")).await.expect_field(field);
        }
    }

    async fn a_test_is_sent_once_and_answered(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, secret) = receiver.register(&app, json!({ "events": ["connection.error"] })).await;
        let delivery = app.post(&format!("/webhooks/{id}/test"), json!({})).await.expect(200)["delivery"].clone();
        let message = receiver.next().await;
        assert!(message.verifies(&secret));
        assert_eq!((message.json()["type"].as_str(), message.json()["data"]["webhook"]["id"].as_str()), (Some("webhook.test"), Some(id.as_str())));
        assert_eq!((&delivery["status"], &delivery["responseStatus"], &delivery["eventId"]), (&json!("delivered"), &json!(204), &json!(message.id())));
        receiver.answer([(503, "")]);
        let delivery = app.post(&format!("/webhooks/{id}/test"), json!({})).await.expect(200)["delivery"].clone();
        assert_eq!((&delivery["status"], &delivery["nextAttemptAt"], &delivery["attempts"]), (&json!("failed"), &Value::Null, &json!(1)), "a test is not retried");
        assert_eq!(app.get("/events?type=webhook.test").await.expect(200)["total"], 2);
    }

    async fn limited_keys_see_their_workspaces_only(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let both = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme, other] })).await;
        let of = async |body: Value| app.post("/webhooks", body).await.expect(201)["webhook"]["id"].as_str().unwrap().to_owned();
        let organization = of(json!({ "url": URL })).await;
        let theirs = of(json!({ "url": URL, "workspaceId": "other" })).await;
        let own = app.send_as(&key, Method::POST, "/webhooks", Some(json!({ "url": URL }))).await.expect(201)["webhook"].clone();
        assert_eq!(own["workspaceId"], json!(acme), "the only one it has");
        app.send_as(&both, Method::POST, "/webhooks", Some(json!({ "url": URL }))).await.expect_error(400, "WORKSPACE_REQUIRED");
        let seen = app.send_as(&key, Method::GET, "/webhooks", None).await.expect(200);
        assert_eq!((&seen["total"], &seen["webhooks"][0]["id"]), (&json!(1), &own["id"]));
        assert_eq!(app.send_as(&both, Method::GET, "/webhooks", None).await.expect(200)["total"], 2);
        assert_eq!(app.get("/webhooks").await.expect(200)["total"], 3);
        for id in [&organization, &theirs] {
            app.send_as(&key, Method::GET, &format!("/webhooks/{id}"), None).await.expect_error(404, "NOT_FOUND");
            app.send_as(&key, Method::DELETE, &format!("/webhooks/{id}"), None).await.expect_error(404, "NOT_FOUND");
        }
        // A workspace takes its webhooks with it.
        app.send(Method::DELETE, "/workspaces/other", None).await.expect(200);
        assert_eq!(app.get("/webhooks").await.expect(200)["total"], 2);
    }

    async fn the_log_is_filtered_and_paged(app: TestApp) {
        let acme = app.workspace("acme").await;
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(app.secret_text(&format!("t{number}"), if number < 3 { json!({ "workspaceId": "acme" }) } else { json!({}) }).await);
            app.services.clock.advance_seconds(10);
        }
        app.services.tasks.close();
        app.services.tasks.wait().await;
        let total = async |query: &str| app.get(&format!("/events?{query}")).await.expect(200)["total"].as_i64().unwrap();
        assert_eq!(total("type=connection.created").await, 5);
        assert_eq!(total("type=connection.created&workspaceId=acme").await, 3);
        assert_eq!(total(&format!("type=connection.created&workspaceId={acme}&connectionId={}", ids[0])).await, 1);
        assert_eq!(total(&format!("type=connection.created&workspaceId={acme}&connectionId={}", ids[4])).await, 0);
        assert_eq!(total("type=nothing").await, 0);
        app.get("/events?workspaceId=nowhere").await.expect_error(404, "NOT_FOUND");
        app.get("/events?connectionId=null").await.expect_field("connectionId");
        let at = app.get(&format!("/events?connectionId={}&type=connection.created", ids[2])).await.expect(200)["events"][0]["at"].as_str().unwrap().to_owned();
        assert_eq!((total(&format!("type=connection.created&since={at}")).await, total(&format!("type=connection.created&until={at}")).await), (3, 2));

        let all = app.get("/events?limit=200").await.expect(200);
        let events = all["events"].as_array().unwrap();
        assert_eq!(all["total"], json!(events.len()));
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/events?limit=4{cursor}")).await.expect(200);
            paged.extend(page["events"].as_array().unwrap().clone());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&paged, events);
        // The timeline of one connection has pages too.
        let path = format!("/connections/{}/events?limit=1", ids[0]);
        let first = app.get(&path).await.expect(200);
        let second = app.get(&format!("{path}&cursor={}", first["nextCursor"].as_str().unwrap())).await.expect(200);
        assert_ne!(first["events"][0]["id"], second["events"][0]["id"]);

        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let seen = app.send_as(&key, Method::GET, "/events?limit=200", None).await.expect(200);
        assert!(seen["events"].as_array().unwrap().iter().all(|event| event["workspaceId"] == acme.as_str()));
        assert_eq!(app.send_as(&key, Method::GET, &format!("/events?connectionId={}", ids[4]), None).await.expect(200)["total"], 0);
    }
}
