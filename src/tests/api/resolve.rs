//! `POST /api/v1/connections/resolve`: every case of the contract's scope rules.

use crate::on_both_databases;
use crate::support::TestApp;
use axum::http::Method;
use serde_json::{Value, json};

on_both_databases! {
    async fn by_external_id(app: TestApp) {
        let acme = app.workspace("acme").await;
        app.workspace("other").await;
        let org = app.secret_text("shared", json!({})).await;
        let workspace = app.secret_text("shared", json!({ "workspaceId": "acme" })).await;
        let user = app.secret_text("shared", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        let only_user = app.secret_text("only-user", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        let only_org = app.secret_text("only-org", json!({})).await;
        app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u2" })).await.expect(201);
        let ask = |external: &str, extra: Value| {
            let mut body = json!({ "integrationName": "demo-key", "externalId": external });
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        for (body, id) in [
            (ask("shared", json!({})), &org),
            (ask("shared", json!({ "workspaceId": "acme" })), &workspace),
            (ask("shared", json!({ "workspaceId": acme })), &workspace),
            (ask("shared", json!({ "workspaceId": "other" })), &org),
            (ask("shared", json!({ "workspaceId": "acme", "endUserId": "u1" })), &user),
            (ask("only-org", json!({ "workspaceId": "acme" })), &only_org),
            (ask("only-user", json!({ "workspaceId": "acme", "endUserId": "u1" })), &only_user),
        ] {
            assert_eq!(app.post("/connections/resolve", body.clone()).await.expect(200)["connection"]["id"], id.as_str(), "{body}");
        }
        for (body, status, code) in [
            (ask("shared", json!({ "workspaceId": "acme", "endUserId": "u2" })), 403, "SCOPE_DENIED"),
            (ask("only-user", json!({ "workspaceId": "acme" })), 403, "SCOPE_DENIED"),
            (ask("only-user", json!({})), 403, "SCOPE_DENIED"),
            (ask("nothing", json!({})), 404, "CONNECTION_NOT_FOUND"),
            (ask("shared", json!({ "workspaceId": "acme", "endUserId": "nobody" })), 404, "END_USER_NOT_FOUND"),
            (ask("shared", json!({ "endUserId": "u1" })), 400, "WORKSPACE_REQUIRED"),
            (ask("shared", json!({ "workspaceId": "nope" })), 404, "NOT_FOUND"),
        ] {
            app.post("/connections/resolve", body).await.expect_error(status, code);
        }
        let mut unknown = ask("shared", json!({}));
        unknown["integrationName"] = json!("nope");
        app.post("/connections/resolve", unknown).await.expect_error(404, "INTEGRATION_NOT_FOUND");
    }

    async fn without_external_id(app: TestApp) {
        app.workspace("acme").await;
        let ask = |extra: Value| {
            let mut body = json!({ "integrationName": "demo-key" });
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        app.post("/connections/resolve", ask(json!({ "workspaceId": "acme" }))).await.expect_error(404, "CONNECTION_NOT_FOUND");
        let org = app.secret_text("a", json!({})).await;
        assert_eq!(app.post("/connections/resolve", ask(json!({ "workspaceId": "acme" }))).await.expect(200)["connection"]["id"], org.as_str());
        let workspace = app.secret_text("b", json!({ "workspaceId": "acme" })).await;
        assert_eq!(app.post("/connections/resolve", ask(json!({ "workspaceId": "acme" }))).await.expect(200)["connection"]["id"], workspace.as_str());
        let user = app.secret_text("c", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        assert_eq!(app.post("/connections/resolve", ask(json!({ "workspaceId": "acme", "endUserId": "u1" }))).await.expect(200)["connection"]["id"], user.as_str());
        app.secret_text("d", json!({ "workspaceId": "acme" })).await;
        let answer = app.post("/connections/resolve", ask(json!({ "workspaceId": "acme" }))).await.expect_error(409, "AMBIGUOUS_INTEGRATION");
        assert_eq!(answer["details"]["candidates"].as_array().unwrap().len(), 2);
    }

    async fn limited_keys_never_learn_of_others(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        app.secret_text("theirs", json!({ "workspaceId": other })).await;
        app.secret_text("org", json!({})).await;
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        for external in ["theirs", "org"] {
            let body = json!({ "integrationName": "demo-key", "externalId": external });
            app.send_as(&key, Method::POST, "/connections/resolve", Some(body)).await.expect_error(404, "CONNECTION_NOT_FOUND");
        }
        let body = json!({ "integrationName": "demo-key", "externalId": "theirs", "workspaceId": other });
        app.send_as(&key, Method::POST, "/connections/resolve", Some(body)).await.expect_error(404, "NOT_FOUND");
    }

    async fn a_batch_answers_each_as_resolve_would(app: TestApp) {
        let acme = app.workspace("acme").await;
        let org = app.secret_text("shared", json!({})).await;
        let user = app.secret_text("mine", json!({ "workspaceId": acme, "endUserId": "u1" })).await;
        let requests = json!([
            { "integrationName": "demo-key", "externalId": "mine", "workspaceId": "acme", "endUserId": "u1" },
            { "integrationName": "demo-key", "externalId": "nothing" },
            { "integrationName": "demo-key", "externalId": "shared" },
            { "externalId": "shared" },
            { "integrationName": "demo-key", "externalId": "mine" },
        ]);
        let answer = app.post("/connections/resolve-batch", json!({ "requests": requests })).await.expect(200);
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results.len(), 5);
        assert_eq!(results[0]["connection"]["id"], user.as_str());
        assert_eq!(results[2]["connection"]["id"], org.as_str());
        for (index, code) in [(1, "CONNECTION_NOT_FOUND"), (3, "VALIDATION_ERROR"), (4, "SCOPE_DENIED")] {
            let alone = app.post("/connections/resolve", requests[index].clone()).await;
            let mut alone: Value = serde_json::from_str(&alone.text).unwrap();
            alone.as_object_mut().unwrap().remove("requestId");
            assert_eq!(results[index], alone);
            assert_eq!(results[index]["code"], code);
        }
        assert_eq!(results[3]["details"]["fields"][0]["path"], "integrationName");

        // The scope of the key is that of the batch.
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let answer = app.send_as(&limited, Method::POST, "/connections/resolve-batch", Some(json!({ "requests": requests }))).await.expect(200);
        assert_eq!(answer["results"][0]["connection"]["id"], user.as_str());
        assert_eq!(answer["results"][2]["code"], "CONNECTION_NOT_FOUND", "an organisation connection is nothing to a limited key");
    }

    async fn a_batch_has_a_size_and_no_typos(app: TestApp) {
        let request = json!({ "integrationName": "demo-key" });
        app.post("/connections/resolve-batch", json!({})).await.expect_field("requests");
        app.post("/connections/resolve-batch", json!({ "requests": [] })).await.expect_field("requests");
        app.post("/connections/resolve-batch", json!({ "requests": vec![request.clone(); 101] })).await.expect_field("requests");
        let typo = json!({ "integrationName": "demo-key", "externalID": "x" });
        app.post("/connections/resolve-batch", json!({ "requests": [request, typo] })).await.expect_field("requests[1].externalID");
        let hundred = vec![json!({ "integrationName": "demo-key" }); 100];
        let answer = app.post("/connections/resolve-batch", json!({ "requests": hundred })).await.expect(200);
        assert_eq!(answer["results"].as_array().unwrap().len(), 100);
    }
}
