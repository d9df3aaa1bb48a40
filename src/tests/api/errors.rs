//! Every failure has the same form, whatever the path.

use crate::on_both_databases;
use crate::support::TestApp;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

on_both_databases! {
    async fn what_is_not_there(app: TestApp) {
        app.get("/nothing").await.expect_error(404, "NOT_FOUND");
        app.send(Method::PUT, "/connections", None).await.expect_error(405, "METHOD_NOT_ALLOWED");
        app.get("/connections/conn_x").await.expect_error(404, "CONNECTION_NOT_FOUND");
        app.get("/end-users/eu_x").await.expect_error(404, "END_USER_NOT_FOUND");
        app.get("/workspaces/none").await.expect_error(404, "NOT_FOUND");
        app.get("/integrations?name=none").await.expect_error(404, "INTEGRATION_NOT_FOUND");
        app.get("/connect/session/cs_none").await.expect_error(404, "NOT_FOUND");
        app.get("/oauth-apps/oap_none").await.expect_error(404, "NOT_FOUND");
        app.send(Method::DELETE, "/api-keys/key_none", None).await.expect_error(404, "NOT_FOUND");
    }

    async fn bad_bodies(app: TestApp) {
        let send = async |content_type: Option<&str>, body: Vec<u8>| {
            let mut request = Request::builder().method(Method::POST).uri("/api/v1/connections").header("authorization", format!("Bearer {}", app.key));
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            app.raw(request.body(Body::from(body)).unwrap()).await
        };
        for malformed in ["{", "[]", "1", "\"x\"", "null", "{\"a\":1}x", "\u{0}", "{\"type\":}"] {
            send(Some("application/json"), malformed.into()).await.expect_error(400, "VALIDATION_ERROR");
        }
        send(Some("application/json"), vec![0xff, 0xfe]).await.expect_error(400, "VALIDATION_ERROR");
        send(Some("text/plain"), b"{}".to_vec()).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        send(None, b"{}".to_vec()).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        send(Some("application/json"), vec![b' '; 1_100_000]).await.expect_error(413, "PAYLOAD_TOO_LARGE");
        // An absent body equals {}.
        send(None, Vec::new()).await.expect_field("integrationName");
        send(Some("application/json; charset=utf-8"), Vec::new()).await.expect_field("integrationName");
        app.post("/connections", json!({ "typo": 1 })).await.expect_field("typo");
        app.post("/connections", json!({ "integrationName": 5 })).await.expect_field("integrationName");
        send(Some("application/json"), br#"{"type":"A","type":"B"}"#.to_vec()).await.expect_field("type");
    }

    async fn bad_queries(app: TestApp) {
        for (query, field) in [
            ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"), ("offset=-1", "offset"),
            ("limit=1&limit=2", "limit"), ("typo=1", "typo"), ("cursor=%27", "cursor"), ("offset=1&cursor=conn_1", "cursor"), ("status=BROKEN", "status"),
            ("health=fine", "health"), ("scope=ALL", "scope"), ("type=KEY", "type"), ("api_key=x", "api_key"), ("q=%00", "q"),
        ] {
            app.get(&format!("/connections?{query}")).await.expect_field(field);
        }
        app.get("/connections?includeSuspended=true&limit=200").await.expect(200);
    }

    async fn request_ids_are_kept_if_harmless(app: TestApp) {
        let ask = async |id: &str| {
            let request = Request::builder().uri("/api/v1/connections").header("x-request-id", id.as_bytes()).body(Body::empty()).unwrap();
            app.raw(request).await.headers["x-request-id"].to_str().unwrap().to_owned()
        };
        assert_eq!(ask("mine-1.2_3").await, "mine-1.2_3");
        for bad in ["", "a b", "<x>", &"x".repeat(65)] {
            assert!(ask(bad).await.starts_with("req_"), "{bad}");
        }
    }

    async fn every_answer_has_the_headers(app: TestApp) {
        for path in ["/api/v1/nothing", "/health", "/login", "/connect?token=x", "/nowhere", "/favicon.svg", "/oauth/callback/x?state=1"] {
            let answer = app.raw(Request::builder().uri(path).body(Body::empty()).unwrap()).await;
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("referrer-policy"), "same-origin", "{path}");
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert!(header("x-request-id").starts_with("req_"), "{path}");
            if path.starts_with("/connect") || path.starts_with("/oauth") {
                assert_eq!(header("cross-origin-opener-policy"), "", "{path}");
            }
        }
    }
}

on_both_databases! {
    async fn what_cannot_be_an_id_names_nothing(app: TestApp) {
        for path in ["/connections/%00", "/connections/a%0Ab", "/connections/%FF", "/end-users/%00", "/workspaces/%00/integrations/%00"] {
            app.send(Method::PATCH, path, Some(json!({}))).await.expect_error(404, "NOT_FOUND");
        }
        app.send(Method::TRACE, "/connections", None).await.expect_error(405, "METHOD_NOT_ALLOWED");
    }

    async fn nul_is_in_no_text(app: TestApp) {
        app.post("/end-users", json!({ "workspaceId": "a\u{0}", "externalId": "x" })).await.expect_field("workspaceId");
        app.post("/connections/resolve", json!({ "integrationName": "demo-key", "authMethodKey": "\u{0}" })).await.expect_field("authMethodKey");
        app.post("/workspaces", json!({ "name": "a\n", "slug": "a" })).await.expect_field("name");
        // The customer's own data comes back as it was given.
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "x", "secretText": "s", "metadata": { "a": "\u{0}", "b": "\\u0000" } });
        let made = app.post("/connections", body).await.expect(201);
        assert_eq!(made["connection"]["metadata"], json!({ "a": "\u{0}", "b": "\\u0000" }));
    }

    async fn a_query_that_nobody_reads_is_refused(app: TestApp) {
        app.post("/connections/resolve?typo=1", json!({})).await.expect_field("typo");
        app.send(Method::PATCH, "/workspaces/acme?force=true", Some(json!({}))).await.expect_field("force");
        app.post("/connections/resolve?includeSuspended=true", json!({})).await.expect_field("integrationName");
    }
}
