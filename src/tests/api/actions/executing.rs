//! What is sent and what is answered.

use super::{Stage, events, merged};
use crate::on_both_databases;
use axum::body::Body;
use axum::http::{HeaderValue, Method};
use serde_json::{Value, json};

fn send(input: Value) -> Value {
    json!({ "actionName": "send", "connectionExternalId": "c", "input": input })
}

on_both_databases! {
    async fn the_five_types_of_connections(stage: Stage) {
        let basic = |pair: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        };
        for (kind, method, credential, header, value) in [
            ("SECRET_TEXT", "api-key", json!({ "secretText": "secret-text" }), "x-api-key", "secret-text".to_owned()),
            ("BASIC_AUTH", "password", json!({ "username": "ada", "password": "hunter22" }), "authorization", basic("ada:hunter22")),
            ("CUSTOM_AUTH", "fields", json!({ "props": { "account": "a1", "token": "token-01" } }), "x-custom", "a1 token-01".to_owned()),
            ("OAUTH2", "oauth2", json!({ "accessToken": "at-own-01" }), "authorization", "Bearer at-own-01".to_owned()),
            ("PLATFORM_OAUTH2", "oauth2", json!({ "accessToken": "at-platform-01" }), "authorization", "Bearer at-platform-01".to_owned()),
        ] {
            let body = json!({ "type": kind, "integrationName": "demo-echo", "externalId": kind });
            let made = stage.app.post("/connections", merged(body, &credential)).await.expect(201);
            let id = made["connection"]["id"].as_str().unwrap();
            assert_eq!(made["connection"]["authMethodKey"], method);
            let input = json!({ "result": "echo", "channel": "c/1", "text": "Hello!\n", "tags": ["a", "b c"], "limit": 3, "note": "n", "name": "Ada" });
            let answer = stage.execute(json!({ "actionName": "send", "connectionExternalId": kind, "input": input })).await;
            let done = answer.expect(200);
            assert_eq!((&done["success"], &done["output"]["method"]), (&json!(true), &json!("POST")), "{done}");
            assert!(done["duration"].is_u64());
            let arrived = stage.echo.only();
            assert_eq!(arrived.header(header), value, "{kind}");
            assert_eq!((arrived.header("x-version"), arrived.header("x-note"), arrived.header("content-type")), ("7", "n", "application/json"));
            let key = if kind == "SECRET_TEXT" { "&key=secret-text" } else { "" };
            assert_eq!(arrived.uri.to_string(), format!("/api/echo/c%2F1?limit=3&tag=a&tag=b+c{key}"), "{kind}");
            let sent: Value = serde_json::from_str(&arrived.text()).unwrap();
            assert_eq!(sent, json!({ "text": "Hello!\n", "count": 3, "to": [{ "name": "Ada", "kind": "person" }] }));
            // The service repeats what it was sent, and nothing of the credential comes back.
            for secret in ["secret-text", "hunter22", "token-01", "at-own-01", "at-platform-01", &basic("ada:hunter22")["Basic ".len()..]] {
                assert!(!answer.text.contains(secret), "{kind}: {}", answer.text);
            }
            assert!(answer.text.contains("[redacted]"));
            let shown = stage.app.get(&format!("/connections/{id}")).await.expect(200);
            assert!(shown["connection"]["lastUsedAt"].is_string());
            let event = &events(&stage.app, id).await[0];
            assert!(event["actor"].as_str().unwrap().starts_with("key:key_"));
            assert_eq!(
                event["data"].as_object().unwrap().iter().filter(|(name, _)| *name != "durationMs").map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>(),
                [("actionName", json!("send")), ("code", Value::Null), ("integrationName", json!("demo-echo")), ("status", json!(200)), ("success", json!(true))]
            );
        }
    }

    async fn what_is_absent_is_not_sent(stage: Stage) {
        stage.connect("c", json!({})).await;
        stage.execute(send(json!({ "result": "echo", "channel": "c1" }))).await.expect(200);
        let arrived = stage.echo.only();
        assert_eq!((arrived.uri.to_string().as_str(), arrived.text().as_str(), arrived.header("x-note")), ("/api/echo/c1?key=secret-c", "{}", ""));
        stage.execute(json!({ "actionName": "form", "connectionExternalId": "c", "input": { "text": "a&b" } })).await.expect(200);
        let arrived = stage.echo.only();
        assert_eq!((arrived.header("content-type"), arrived.text().as_str()), ("application/x-www-form-urlencoded", "more%5Ba%5D=1&text=a%26b"));
        let done = stage.execute(json!({ "actionName": "form", "connectionExternalId": "c" })).await.expect(200);
        assert_eq!(done["output"], json!({ "by": "PUT", "none": null, "sent": "more%5Ba%5D=1" }));
    }

    async fn inputs_are_judged_before_anything_is_sent(stage: Stage) {
        stage.connect("c", json!({})).await;
        for (input, path) in [
            (json!({ "result": "echo" }), "input.channel"),
            (json!({ "result": "echo", "channel": "c", "txet": "x" }), "input.txet"),
            (json!({ "result": "echo", "channel": "c", "limit": 0 }), "input.limit"),
            (json!({ "result": "echo", "channel": "c", "tags": [1] }), "input.tags[0]"),
            (json!({ "result": "echo", "channel": "c", "text": "x".repeat(101) }), "input.text"),
            (json!({ "result": "echo", "channel": "" }), "input.channel"),
            (json!({ "result": "..", "channel": "c" }), "input.result"),
            (json!({ "result": "echo", "channel": ".." }), "input.channel"),
            (json!({ "result": "echo", "channel": "c", "note": "a\r\nX-Evil: 1" }), "input.note"),
        ] {
            stage.execute(send(input)).await.expect_field(path);
        }
        stage.execute(json!({ "actionName": "send", "connectionExternalId": "c", "inputs": {} })).await.expect_field("inputs");
        stage.execute(json!({ "connectionExternalId": "c" })).await.expect_field("actionName");
        stage.app.post("/actions/execute", json!({ "actionName": "send" })).await.expect_field("integrationName");
        let unknown = stage.execute(json!({ "actionName": "sned", "connectionExternalId": "c" })).await.expect_error(404, "ACTION_NOT_FOUND");
        assert_eq!(unknown["details"]["actions"], json!(["form", "refuse", "send", "custom_api_call"]));
        assert!(unknown["suggestion"].as_str().unwrap().contains("\"send\""), "{unknown}");
        let none = stage.app.post("/actions/execute", json!({ "integrationName": "smtp", "actionName": "custom_api_call" })).await;
        none.expect_error(404, "ACTION_NOT_FOUND");
        stage.app.post("/actions/execute", json!({ "integrationName": "nope", "actionName": "x" })).await.expect_error(404, "INTEGRATION_NOT_FOUND");
        assert!(stage.echo.take().is_empty());
    }

    async fn refusals_are_told_without_secrets(stage: Stage) {
        let id = stage.connect("c", json!({})).await;
        let refuse = |status: u16| json!({ "actionName": "refuse", "connectionExternalId": "c", "input": { "status": status } });
        for status in [400, 401, 403, 404, 409, 422] {
            let answer = stage.execute(refuse(status)).await;
            let body = answer.expect_error(400, "ACTION_FAILED");
            assert_eq!(body["details"]["status"], status);
            assert_eq!(body["details"]["body"]["error"]["message"], "it said no");
            assert!(body["error"].as_str().unwrap().ends_with(&format!("refused refuse (status {status}): it said no")), "{body}");
            assert!(!answer.text.contains("secret-c"), "{body}");
            assert_eq!(body["details"]["body"]["echo"]["headers"]["x-api-key"], "[redacted]");
        }
        stage.execute(refuse(500)).await.expect_error(502, "PROVIDER_ERROR");
        let ok_false = stage.execute(send(json!({ "result": "x", "channel": "false" }))).await.expect_error(400, "ACTION_FAILED");
        assert_eq!((&ok_false["details"]["status"], &ok_false["details"]["body"]["error"]), (&json!(200), &json!("not_in_channel")));
        let long = json!({ "actionName": "custom_api_call", "connectionExternalId": "c", "input": { "method": "POST", "path": "/status/400", "body": { "text": "ü".repeat(20_000) } } });
        let body = stage.execute(long).await.expect_error(400, "ACTION_FAILED");
        let told = body["details"]["body"].as_str().unwrap().len();
        assert!((16_000..17_000).contains(&told), "{told}");
        let throttled = json!({ "actionName": "refuse", "connectionExternalId": "c", "input": { "status": 429, "wait": 7 } });
        let answer = stage.execute(throttled).await;
        answer.expect_error(400, "ACTION_FAILED");
        assert_eq!(answer.headers["retry-after"], "7");
        let recorded = events(&stage.app, &id).await;
        assert_eq!((&recorded[0]["data"]["status"], &recorded[0]["data"]["code"], &recorded[0]["data"]["success"]), (&json!(429), &json!("ACTION_FAILED"), &json!(false)));
        assert!(recorded.iter().all(|event| !event.to_string().contains("it said no") && !event.to_string().contains('ü')));
    }

    async fn what_comes_twice_is_done_once(stage: Stage) {
        stage.connect("c", json!({})).await;
        let keyed = |key: &str, text: &str| merged(send(json!({ "result": "echo", "channel": "c1", "text": text })), &json!({ "idempotencyKey": key }));
        let first = stage.execute(keyed("k1", "Hello!")).await;
        first.expect(200);
        let again = stage.execute(keyed("k1", "Hello!")).await;
        assert_eq!(again.text, first.text);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert_eq!(stage.echo.take().len(), 1);
        stage.execute(keyed("k1", "Bye!")).await.expect_error(409, "IDEMPOTENCY_CONFLICT");
        stage.execute(keyed("k 2", "Hello!")).await.expect_error(400, "VALIDATION_ERROR");
        // In the header it is the same key; both must agree.
        let with_header = |header: &'static str, body: Value| {
            let body = merged(json!({ "integrationName": "demo-echo" }), &body);
            let mut request = crate::support::request(&stage.app.key, Method::POST, "/actions/execute", Some(body));
            request.headers_mut().insert("idempotency-key", HeaderValue::from_static(header));
            request
        };
        let again = stage.app.raw(with_header("k1", keyed("k1", "Hello!"))).await;
        assert_eq!((again.headers.get("idempotent-replayed").is_some(), &again.text), (true, &first.text));
        stage.app.raw(with_header("k2", keyed("k1", "Hello!"))).await.expect_field("idempotencyKey");
        assert!(stage.echo.take().is_empty());
        // A refusal stays what it was; who is told to come later is answered anew.
        let refuse = |status: u16, wait: Option<u16>| {
            let input = wait.map_or(json!({ "status": status }), |wait| json!({ "status": status, "wait": wait }));
            json!({ "actionName": "refuse", "connectionExternalId": "c", "input": input, "idempotencyKey": format!("r{status}") })
        };
        for (status, wait, calls) in [(422, None, 1), (429, Some(30), 2), (503, Some(30), 2)] {
            for _ in 0..2 {
                assert!(stage.execute(refuse(status, wait)).await.status.as_u16() >= 400);
            }
            assert_eq!(stage.echo.take().len(), calls, "{status}");
        }
    }

    async fn a_body_that_is_no_json_is_refused_as_everywhere(stage: Stage) {
        let mut request = crate::support::request(&stage.app.key, Method::POST, "/actions/execute", Some(json!({})));
        *request.body_mut() = Body::from("{nope");
        stage.app.raw(request).await.expect_error(400, "VALIDATION_ERROR");
        let strange = crate::support::request("wvz_nobody", Method::POST, "/actions/execute", Some(json!({ "idempotencyKey": "k" })));
        stage.app.raw(strange).await.expect_error(401, "UNAUTHORIZED");
    }

    async fn actions_are_in_the_catalogue(stage: Stage) {
        let shown = stage.app.get("/integrations?name=demo-echo").await.expect(200);
        let actions = shown["integration"]["actions"].as_object().unwrap();
        assert_eq!(actions.keys().collect::<Vec<_>>(), ["custom_api_call", "form", "refuse", "send"]);
        assert_eq!((&actions["send"]["displayName"], &actions["send"]["requiredScopes"]), (&json!("Send"), &json!(["write"])));
        assert_eq!(actions["send"]["inputSchema"]["additionalProperties"], false);
        let slack = stage.app.get("/integrations?name=slack").await.expect(200);
        assert_eq!(slack["integration"]["actions"]["send_channel_message"]["inputSchema"]["required"], json!(["channel", "text"]));
        let listed = stage.app.get("/integrations?q=slack&summary=true").await.expect(200);
        assert_eq!(listed["integrations"][0]["actions"], json!({}));
        assert_eq!(stage.app.get("/integrations?name=smtp").await.expect(200)["integration"]["actions"], json!({}));
    }
}
