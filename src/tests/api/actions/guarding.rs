//! What a caller and a service cannot do to each other: `custom_api_call` and redirects.

use super::{Stage, events};
use crate::on_both_databases;
use crate::support::echo::Echo;
use keyloom::domain::Code;
use keyloom::service::{Actor, Services, actions};
use serde_json::{Value, json};
use std::time::Duration;

on_both_databases! {
    async fn a_call_of_any_kind(stage: Stage) {
        stage.connect("c", json!({})).await;
        let done = stage.call(json!({ "method": "GET", "path": "/echo", "query": { "a": 1, "b": ["x", "y"], "none": null }, "headers": { "X-Mine": "yes", "x-version": "8" } })).await.expect(200);
        assert_eq!((&done["output"]["status"], &done["output"]["bodyType"], &done["output"]["body"]["method"]), (&json!(200), &json!("json"), &json!("GET")));
        assert_eq!(done["output"]["headers"]["content-type"], "application/json");
        let arrived = stage.echo.only();
        assert_eq!(arrived.uri.to_string(), "/api/echo?a=1&b=x&b=y&key=secret-c");
        assert_eq!((arrived.header("x-mine"), arrived.header("x-version"), arrived.header("x-api-key")), ("yes", "8", "secret-c"));
        for (body, headers, sent, media) in [
            (json!({ "a": [1] }), json!({}), "{\"a\":[1]}", "application/json"),
            (json!("text"), json!({ "Content-Type": "text/plain" }), "text", "text/plain"),
            (json!("text"), json!({}), "\"text\"", "application/json"),
            (json!({ "a": { "b": 1 } }), json!({ "content-type": "application/x-www-form-urlencoded" }), "a%5Bb%5D=1", "application/x-www-form-urlencoded"),
            (Value::Null, json!({}), "", ""),
        ] {
            stage.call(json!({ "method": "POST", "path": "/echo", "body": body, "headers": headers })).await.expect(200);
            let arrived = stage.echo.only();
            assert_eq!((arrived.text().as_str(), arrived.header("content-type")), (sent, media));
        }
        for (path, kind, body) in [("/binary", "base64", json!("iVD/")), ("/nothing", "empty", Value::Null)] {
            let done = stage.call(json!({ "method": "GET", "path": path })).await.expect(200);
            assert_eq!((&done["output"]["bodyType"], &done["output"]["body"]), (&json!(kind), &body));
        }
        let html = stage.call(json!({ "method": "GET", "path": "/html" })).await;
        let done = html.expect(200);
        assert_eq!((&done["output"]["bodyType"], &done["output"]["headers"]["etag"]), (&json!("text"), &json!("\"1\"")));
        assert!(done["output"]["headers"].get("set-cookie").is_none() && !html.text.contains("secret-c"), "{}", html.text);
        assert_eq!(html.headers["content-type"], "application/json");
        let whole = stage.call(json!({ "method": "HEAD", "url": format!("{}/elsewhere?x=1", stage.echo.url) })).await.expect(200);
        assert_eq!(whole["output"]["bodyType"], "empty");
        assert_eq!(stage.echo.take().last().unwrap().uri.to_string(), "/elsewhere?x=1&key=secret-c");
        let large = stage.call(json!({ "method": "GET", "path": "/large" })).await.expect_error(400, "ACTION_FAILED");
        assert!(large["error"].as_str().unwrap().contains("5 MiB"), "{large}");
    }

    async fn a_caller_cannot_lead_the_credential_away(stage: Stage) {
        stage.connect("c", json!({})).await;
        let other = Echo::start().await;
        for path in ["echo", "//evil.example/", "/../status/200", "/%2e%2e/x", "/a%2fb", "/a\\b", "/a b", "/a#b", "/a\r\nHost: x", "@evil.example", ".evil.example/", ":1/"] {
            stage.call(json!({ "method": "GET", "path": path })).await.expect_field("input.path");
        }
        let port = stage.echo.url.rsplit_once(':').unwrap().1;
        for url in [
            "https://evil.example/".to_owned(),
            format!("{}/echo", other.url),
            format!("http://localhost:{port}@evil.example/"),
            format!("http://user:pw@localhost:{port}/"),
            format!("http://user@localhost:{port}/"),
            format!("http://127.0.0.1:{port}/"),
            format!("https://localhost:{port}/"),
            format!("http://localhost.evil.example:{port}/"),
            format!("http://localhost:{port}/../x"),
            "http://localhost/".to_owned(),
            "file:///etc/passwd".to_owned(),
            "//localhost/".to_owned(),
            "/echo".to_owned(),
        ] {
            stage.call(json!({ "method": "GET", "url": url })).await.expect_field("input.url");
        }
        for (input, path) in [
            (json!({ "method": "GET" }), "input.path"),
            (json!({ "method": "GET", "path": "/echo", "url": stage.echo.url }), "input.path"),
            (json!({ "method": "CONNECT", "path": "/echo" }), "input.method"),
            (json!({ "method": "GET", "path": "/echo", "query": { "key": "mine" } }), "input.query.key"),
            (json!({ "method": "GET", "path": "/echo", "timeout": 1 }), "input.timeout"),
        ] {
            stage.call(input).await.expect_field(path);
        }
        assert!(stage.echo.take().is_empty() && other.take().is_empty());
    }

    async fn headers_are_not_smuggled(stage: Stage) {
        stage.connect("c", json!({})).await;
        for (name, value) in [
            ("Host", "evil.example"), ("host", "evil.example"), ("Authorization", "Bearer x"), ("AUTHORIZATION", "x"), ("Cookie", "a=b"), ("Connection", "x-api-key"),
            ("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Proxy-Authorization", "x"), ("proxy-connection", "x"), ("TE", "trailers"), ("Trailer", "x"),
            ("Upgrade", "websocket"), ("Keep-Alive", "x"), ("Expect", "100-continue"), ("X-Api-Key", "mine"), ("x-api-key", "mine"), (":authority", "evil.example"),
            ("X-A", "a\r\nX-Api-Key: mine"), ("X-A", "a\nb"), ("X-A", "a\u{7f}"), ("X A", "b"), ("X-A:", "b"), ("", "b"), ("X-\r\nA", "b"), ("X-Ä", "b"),
        ] {
            let answer = stage.call(json!({ "method": "GET", "path": "/echo", "headers": { name: value } })).await;
            let body = answer.expect_error(400, "VALIDATION_ERROR");
            assert!(body["details"]["fields"][0]["path"].as_str().unwrap().starts_with("input.headers"), "{name:?}: {body}");
        }
        assert!(stage.echo.take().is_empty());
    }

    async fn redirects_take_nothing_along(stage: Stage) {
        stage.connect("c", json!({})).await;
        let other = Echo::start().await;
        let to = |url: String| json!({ "method": "GET", "path": "/to", "query": { "url": url }, "headers": { "X-Mine": "private" } });
        // Within the origin all goes along.
        stage.call(to("/api/echo?q=1".to_owned())).await.expect(200);
        let seen = stage.echo.take();
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[1].uri.to_string().as_str(), seen[1].header("x-api-key"), seen[1].header("x-mine")), ("/api/echo?q=1&key=secret-c", "secret-c", "private"));
        // To another origin (here another port) goes the address alone.
        let done = stage.call(to(format!("{}/there?q=1&key=x", other.url))).await.expect(200);
        assert_eq!(done["output"]["body"]["uri"], "/there?q=1");
        let seen = other.only();
        let names: Vec<_> = seen.headers.keys().map(http::HeaderName::as_str).filter(|name| !["host", "accept", "user-agent", "accept-encoding"].contains(name)).collect();
        assert!(names.is_empty(), "{names:?}");
        assert!(seen.body.is_empty());
        // And what went away comes back without it.
        stage.echo.take();
        let back = url::form_urlencoded::byte_serialize(format!("{}/api/echo", stage.echo.url).as_bytes()).collect::<String>();
        stage.call(to(format!("{}/to?url={back}", other.url))).await.expect(200);
        let seen = stage.echo.take();
        assert_eq!((seen.len(), seen[1].header("x-api-key"), seen[1].uri.to_string().as_str()), (2, "", "/api/echo"));
        // Nor is the credential carried in the address.
        other.take();
        for carried in ["x=secret-c", "x=a%73ecret-c", "x=c2VjcmV0LWM"] {
            stage.call(to(format!("{}/there?{carried}", other.url))).await.expect_error(400, "EGRESS_BLOCKED");
        }
        for url in ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://user@localhost/", "file:///etc/passwd", "http://[::1]/"] {
            stage.call(to(url.to_owned())).await.expect_error(400, "EGRESS_BLOCKED");
        }
        assert!(other.take().is_empty());
        // Three hops and no more.
        let nested = |times: usize| (0..times).fold("/api/echo".to_owned(), |url, _| format!("/api/to?url={}", url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>()));
        stage.call(to(nested(2))).await.expect(200);
        stage.call(to(nested(3))).await.expect_error(502, "PROVIDER_ERROR");
        // Only GET and HEAD follow.
        stage.echo.take();
        for (method, status) in [("POST", 307), ("DELETE", 302), ("PUT", 308)] {
            let input = json!({ "method": method, "path": "/to", "query": { "url": format!("{}/there", other.url), "status": status }, "body": { "a": 1 } });
            let done = stage.call(input).await.expect(200);
            assert_eq!((&done["output"]["status"], &done["output"]["headers"]["location"]), (&json!(status), &json!(format!("{}/there", other.url))));
            assert_eq!(stage.echo.take().len(), 1);
        }
        assert!(other.take().is_empty());
    }

    async fn a_service_that_does_not_answer(stage: Stage) {
        let id = stage.connect("c", json!({})).await;
        assert_eq!(stage.app.services.action_limit, Duration::from_secs(30));
        let impatient = Services { action_limit: Duration::from_secs(1), ..stage.app.services.clone() };
        let body = json!({ "integrationName": "demo-echo", "actionName": "custom_api_call", "connectionExternalId": "c", "input": { "method": "GET", "path": "/silence" } });
        let writer = Actor::System.writer().unwrap();
        let error = actions::execute(&impatient, &writer, serde_json::from_value(body).unwrap()).await.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (Code::Provider, "Demo Echo gave no answer within 1 seconds"));
        // It may have arrived, so it is on record.
        assert_eq!(stage.echo.take().len(), 1);
        let event = &events(&stage.app, &id).await[0];
        assert_eq!((&event["data"]["success"], &event["data"]["status"], &event["data"]["code"]), (&json!(false), &Value::Null, &json!("PROVIDER_ERROR")));
    }

    async fn a_service_that_is_not_there(stage: Stage) {
        let body = json!({
            "display_name": "Gone", "description": "Of a test", "categories": ["other"], "docs_url": "https://docs.example/auth", "checked_at": "2026-11-24",
            "api": { "base_url": "http://localhost:9" },
            "auth": [{ "key": "api-key", "type": "SECRET_TEXT", "label": "API key", "placement": { "headers": { "X-Key": "{{secretText}}" } } }],
            "actions": { "look": { "display_name": "Look", "description": "Looks", "method": "GET", "path": "/look/{{input.at}}", "example": { "at": "x" },
                "input": { "required": ["at"], "properties": { "at": { "type": "string" } } } } }
        });
        stage.app.post("/integrations/gone", body.clone()).await.expect(201);
        let connection = json!({ "type": "SECRET_TEXT", "integrationName": "gone", "externalId": "c", "secretText": "secret-0123" });
        stage.app.post("/connections", connection).await.expect(201);
        let look = |name: &str| json!({ "integrationName": name, "actionName": "look", "connectionExternalId": "c", "input": { "at": "x" } });
        let answer = stage.app.post("/actions/execute", look("gone")).await;
        answer.expect_error(502, "PROVIDER_ERROR");
        assert!(!answer.text.contains("secret-0123"));
        // Where calls may not go at all.
        let mut blocked = body;
        blocked["api"]["base_url"] = json!("https://10.0.0.1");
        stage.app.post("/integrations/blocked", blocked.clone()).await.expect(201);
        let connection = json!({ "type": "SECRET_TEXT", "integrationName": "blocked", "externalId": "c", "secretText": "secret-0123" });
        stage.app.post("/connections", connection).await.expect(201);
        stage.app.post("/actions/execute", look("blocked")).await.expect_error(400, "EGRESS_BLOCKED");
        // An action's own mistakes are told with their key.
        blocked["actions"]["look"]["path"] = json!("/look/{{input.there}}");
        stage.app.post("/integrations/wrong", blocked).await.expect_error(400, "VALIDATION_ERROR");
    }
}
