//! Many at the same moment, on two servers: of equal creates one is first, and the others are told so; of readings each is recorded.

use crate::on_both_databases;
use crate::support::{Answer, TestApp, all_at_once, request};
use axum::http::Method;
use serde_json::{Value, json};

async fn thirty_two(app: &TestApp, path: &str, body: &Value) -> Vec<Answer> {
    let nodes = [app.router.clone(), app.another_node().await];
    all_at_once(&nodes, (0..32).map(|_| request(&app.key, Method::POST, path, Some(body.clone())))).await
}

/// Checks that one answer is 201 and the others are 409 with this code; the one.
#[track_caller]
fn one_and_the_others(answers: &[Answer], code: &str) -> (Value, Vec<Value>) {
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1, "{answers:?}");
    (made[0].expect(201), refused.into_iter().map(|answer| answer.expect_error(409, code)).collect())
}

on_both_databases! {
    async fn connections(app: TestApp) {
        app.workspace("acme").await;
        for (external_id, owner) in [("a", json!({})), ("b", json!({ "workspaceId": "acme" })), ("c", json!({ "workspaceId": "acme", "endUserId": "new" }))] {
            let mut body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": external_id, "secretText": "s" });
            body.as_object_mut().unwrap().extend(owner.as_object().unwrap().clone());
            let answers = thirty_two(&app, "/connections", &body).await;
            let (made, refused) = one_and_the_others(&answers, "DUPLICATE");
            assert!(refused.iter().all(|body| body["details"]["existingId"] == made["connection"]["id"]), "{refused:?}");
            assert_eq!(app.get(&format!("/connections?externalId={external_id}")).await.expect(200)["total"], 1);
        }
        assert_eq!(app.get("/end-users?workspaceId=acme").await.expect(200)["total"], 1, "registered once");
    }

    async fn workspaces(app: TestApp) {
        let answers = thirty_two(&app, "/workspaces", &json!({ "name": "Acme", "slug": "acme" })).await;
        one_and_the_others(&answers, "SLUG_EXISTS");
        assert_eq!(app.get("/workspaces").await.expect(200)["total"], 1);
    }

    async fn end_users(app: TestApp) {
        app.workspace("acme").await;
        let answers = thirty_two(&app, "/end-users", &json!({ "workspaceId": "acme", "externalId": "u1" })).await;
        let (made, refused) = one_and_the_others(&answers, "DUPLICATE");
        assert!(refused.iter().all(|body| body["details"]["existingId"] == made["endUser"]["id"]), "{refused:?}");
        assert_eq!(app.get("/end-users?workspaceId=acme").await.expect(200)["total"], 1);
    }

    /// An upsert that comes second replaces, even when it was under way before the first was done.
    async fn upserts(app: TestApp) {
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "a", "secretText": "s" });
        let answers = thirty_two(&app, "/connections?upsert=true", &body).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201 && answer.status != 200) {
            answer.expect_error(412, "PRECONDITION_FAILED");
        }
        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
    }

    /// Readers share a transaction; each has an entry of its own all the same, and a reader who went away leaves nobody else without.
    async fn readings(app: TestApp) {
        let ids = [app.secret_text("a", json!({})).await, app.secret_text("b", json!({})).await, app.secret_text("c", json!({})).await];
        let gone = tokio::time::timeout(std::time::Duration::ZERO, app.post(&format!("/connections/{}/credentials", ids[0]), json!({}))).await;
        assert!(gone.is_err(), "it was not to be answered");
        let nodes = [app.router.clone(), app.another_node().await];
        let requests = (0..60).map(|n| request(&app.key, Method::POST, &format!("/connections/{}/credentials", ids[n % 3]), None));
        for answer in all_at_once(&nodes, requests).await {
            answer.expect(200);
        }
        for id in &ids {
            let events = app.get(&format!("/connections/{id}/events")).await.expect(200);
            let read = events["events"].as_array().unwrap().iter().filter(|event| event["type"] == "credentials.read").count();
            assert!((20..=21).contains(&read), "{read} of 20, and perhaps the one who went away");
        }
    }

    /// What cannot be recorded is not answered.
    async fn a_reading_that_cannot_be_recorded(app: TestApp) {
        let id = app.secret_text("a", json!({})).await;
        sqlx::query("ALTER TABLE events RENAME TO events_away").execute(&mut *app.services.store.conn().await.unwrap()).await.unwrap();
        let answer = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await;
        assert!(!answer.text.contains("secret"), "{answer:?}");
        answer.expect_error(500, "INTERNAL_ERROR");
        sqlx::query("ALTER TABLE events_away RENAME TO events").execute(&mut *app.services.store.conn().await.unwrap()).await.unwrap();
        app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
    }
}
