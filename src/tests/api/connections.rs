//! `/api/v1/connections`

use crate::on_both_databases;
use crate::support::TestApp;
use crate::support::capture::Capture;
use axum::http::Method;
use keyloom::domain::Timestamp;
use keyloom::domain::connection::{Health, HealthFacts, Status};
use serde_json::{Value, json};

on_both_databases! {
    async fn a_secret_text_connection_from_birth_to_death(app: TestApp) {
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "tenant_123", "displayName": "Production", "secretText": "sk-MARKER-1", "metadata": { "plan": "gold" } });
        let created = app.post("/connections", body).await.expect(201);
        let connection = &created["connection"];
        let id = connection["id"].as_str().unwrap();
        assert!(id.starts_with("conn_"));
        for (field, value) in [
            ("externalId", json!("tenant_123")), ("displayName", json!("Production")), ("integrationName", json!("demo-key")), ("authMethodKey", json!("api-key")),
            ("type", json!("SECRET_TEXT")), ("status", json!("ACTIVE")), ("health", json!("ok")), ("scope", json!("ORGANIZATION")), ("account", Value::Null),
            ("grantedScopes", json!([])), ("error", Value::Null), ("metadata", json!({ "plan": "gold" })),
        ] {
            assert_eq!(connection[field], value, "{field}");
        }
        assert!(!created.to_string().contains("MARKER"));

        assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
        assert_eq!(app.get(&format!("/connections/{id}")).await.expect(200)["connection"]["id"], id);
        assert_eq!(app.get(&format!("/connections?id={id}")).await.expect(200)["connection"]["id"], id);
        let resolved = app.post("/connections/resolve", json!({ "integrationName": "demo-key", "externalId": "tenant_123" })).await.expect(200);
        assert_eq!(resolved["connection"]["id"], id);

        let answer = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        let credentials = answer.expect(200);
        assert_eq!(credentials["credentials"], json!({ "type": "SECRET_TEXT", "secretText": "sk-MARKER-1", "props": {} }));
        assert!(credentials["connection"]["lastUsedAt"].as_str().unwrap().ends_with(":00.000Z"), "to the minute");

        let patched = app.send(Method::PATCH, &format!("/connections/{id}"), Some(json!({ "displayName": "New", "metadata": {} }))).await.expect(200);
        assert_eq!(patched["connection"]["displayName"], "New");
        assert_eq!(patched["connection"]["metadata"], json!({}));

        let events = app.get(&format!("/connections/{id}/events")).await.expect(200);
        let kinds: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
        for kind in ["connection.created", "credentials.read", "connection.updated"] {
            assert!(kinds.iter().any(|k| k == kind), "{kinds:?}");
        }

        let deleted = app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
        assert_eq!(deleted, json!({ "deleted": true, "id": id, "revocation": { "attempted": false, "result": "not_applicable" } }));
        app.get(&format!("/connections/{id}")).await.expect_error(404, "CONNECTION_NOT_FOUND");
        app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect_error(404, "CONNECTION_NOT_FOUND");
    }

    async fn basic_and_custom(app: TestApp) {
        let basic = json!({ "type": "BASIC_AUTH", "integrationName": "demo-basic", "externalId": "b", "username": "ada", "password": "pw-1", "props": { "host": "https://Mail.Example.com/x" } });
        let id = app.post("/connections", basic).await.expect(201)["connection"]["id"].as_str().unwrap().to_owned();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"], json!({ "type": "BASIC_AUTH", "username": "ada", "password": "pw-1", "props": { "host": "mail.example.com" } }));

        let custom = json!({ "type": "CUSTOM_AUTH", "integrationName": "demo-custom", "authMethodKey": "fields", "externalId": "c", "props": { "base_url": "acme.demo.example", "api_key": "k-1" } });
        let id = app.post("/connections", custom).await.expect(201)["connection"]["id"].as_str().unwrap().to_owned();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"], json!({ "type": "CUSTOM_AUTH", "props": { "base_url": "https://acme.demo.example", "api_key": "k-1", "region": "eu" } }));
    }

    async fn imported_tokens(app: TestApp) {
        let import = |extra: Value| {
            let mut body = json!({ "type": "OAUTH2", "integrationName": "demo-oauth", "externalId": "o", "accessToken": "at-1", "expiresIn": 3600, "scope_oauth": "read write" });
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        app.post("/connections", import(json!({ "refreshToken": "rt-1" }))).await.expect_field("refreshToken");
        let created = app.post("/connections", import(json!({}))).await.expect(201);
        assert_eq!(created["connection"]["grantedScopes"], json!(["read", "write"]));
        assert_eq!(created["connection"]["health"], "expiring", "an hour, and nothing to renew it with");
        let id = created["connection"]["id"].as_str().unwrap();
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["accessToken"], "at-1");
        assert!(read["credentials"].get("refreshToken").is_none());
        app.services.clock.advance_seconds(3601);
        let later = app.get(&format!("/connections/{id}")).await.expect(200);
        assert_eq!((&later["connection"]["status"], &later["connection"]["health"]), (&json!("ERROR"), &json!("expired")));
        app.post("/connections", import(json!({ "externalId": "x", "accessToken": "a b" }))).await.expect_field("accessToken");
        app.post("/connections", import(json!({ "externalId": "x", "expiresIn": -5 }))).await.expect_field("expiresIn");
    }

    async fn bad_input_names_the_field(app: TestApp) {
        let base = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "x", "secretText": "s" });
        let with = |key: &str, value: Value| {
            let mut body = base.clone();
            body[key] = value;
            body
        };
        for (key, value, field) in [
            ("type", json!("KEY"), "type"), ("type", json!("BASIC_AUTH"), "type"), ("externalId", json!(""), "externalId"), ("externalId", json!("a\nb"), "externalId"),
            ("externalId", json!("x".repeat(256)), "externalId"), ("displayName", json!("x".repeat(201)), "displayName"), ("secretText", json!(""), "secretText"),
            ("secretText", json!("a\r\nb"), "secretText"), ("username", json!("u"), "username"), ("props", json!({ "y": "1" }), "props.y"),
            ("props", json!({ "y": {} }), "props.y"), ("scope", json!("ALL"), "scope"), ("authMethodKey", json!("nope"), "authMethodKey"),
            ("metadata", json!({ "big": "x".repeat(17_000) }), "metadata"),
        ] {
            app.post("/connections", with(key, value)).await.expect_field(field);
        }
        app.post("/connections", with("integrationName", json!("nope"))).await.expect_error(404, "INTEGRATION_NOT_FOUND");
        app.post("/connections", with("workspaceId", json!("nope"))).await.expect_error(404, "NOT_FOUND");
        app.post("/connections", with("endUserId", json!("u"))).await.expect_error(400, "WORKSPACE_REQUIRED");
        app.post("/connections", with("scope", json!("WORKSPACE"))).await.expect_error(400, "WORKSPACE_REQUIRED");
        let custom = json!({ "type": "CUSTOM_AUTH", "integrationName": "demo-custom", "externalId": "c", "props": {} });
        app.post("/connections", custom.clone()).await.expect_field("authMethodKey");
        let mut wrong = custom;
        wrong["authMethodKey"] = json!("fields");
        wrong["props"] = json!({ "base_url": "https://evil.example", "region": "mars", "typo": "1" });
        let answer = app.post("/connections", wrong).await.expect_error(400, "VALIDATION_ERROR");
        let mut paths: Vec<_> = answer["details"]["fields"].as_array().unwrap().iter().map(|field| field["path"].as_str().unwrap().to_owned()).collect();
        paths.sort();
        assert_eq!(paths, ["props.api_key", "props.base_url", "props.region", "props.typo"]);
        assert_eq!(app.get("/connections").await.expect(200)["total"], 0, "nothing was stored");
    }

    async fn the_same_again(app: TestApp) {
        let id = app.secret_text("t", json!({})).await;
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "t", "secretText": "sk-2" });
        let answer = app.post("/connections", body.clone()).await.expect_error(409, "DUPLICATE");
        assert_eq!(answer["details"]["existingId"], id.as_str());
        let replaced = app.send(Method::POST, "/connections?upsert=true", Some(body)).await.expect(200);
        assert_eq!(replaced["connection"]["id"], id.as_str());
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        assert_eq!(read["credentials"]["secretText"], "sk-2");
        // In another scope the same external id is another connection.
        app.workspace("acme").await;
        app.secret_text("t", json!({ "workspaceId": "acme" })).await;
        app.secret_text("t", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
        app.secret_text("t", json!({ "workspaceId": "acme", "endUserId": "u2" })).await;
    }

    async fn lists_are_filtered_and_paged(app: TestApp) {
        app.workspace("acme").await;
        for n in 0..5 {
            app.secret_text(&format!("t{n}"), json!({ "displayName": format!("Number {n}") })).await;
        }
        app.secret_text("w", json!({ "workspaceId": "acme", "endUserId": "u1", "displayName": "100% mine" })).await;
        let ids = |answer: &Value| answer["connections"].as_array().unwrap().iter().map(|c| c["externalId"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let first = app.get("/connections?limit=2").await.expect(200);
        assert_eq!((ids(&first), &first["total"]), (vec!["w".to_owned(), "t4".to_owned()], &json!(6)));
        let cursor = first["nextCursor"].as_str().unwrap();
        let second = app.get(&format!("/connections?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!(ids(&second), ["t3", "t2"]);
        assert_eq!(ids(&app.get("/connections?limit=2&offset=4").await.expect(200)), ["t1", "t0"]);
        for (query, expected) in [
            ("q=number%203", vec!["t3"]), ("q=NUMBER", vec!["t4", "t3", "t2", "t1", "t0"]), ("q=100%25", vec!["w"]), ("q=%25", vec![]), ("q=_", vec![]),
            ("externalId=t1", vec!["t1"]), ("scope=USER", vec!["w"]), ("workspaceId=acme", vec!["w"]), ("workspaceId=acme&endUserId=u1", vec!["w"]),
            ("type=BASIC_AUTH", vec![]), ("status=ERROR", vec![]), ("status=ACTIVE&limit=1", vec!["w"]), ("integrationName=demo-basic", vec![]),
        ] {
            assert_eq!(ids(&app.get(&format!("/connections?{query}")).await.expect(200)), expected, "{query}");
        }
        app.get("/connections?endUserId=u1").await.expect_error(400, "WORKSPACE_REQUIRED");
        app.get("/connections?workspaceId=acme&endUserId=nobody").await.expect_error(404, "END_USER_NOT_FOUND");
    }

    async fn limited_keys_see_only_theirs(app: TestApp) {
        let (acme, other) = (app.workspace("acme").await, app.workspace("other").await);
        let org = app.secret_text("org", json!({})).await;
        let mine = app.secret_text("mine", json!({ "workspaceId": acme })).await;
        let theirs = app.secret_text("theirs", json!({ "workspaceId": other })).await;
        let key = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        let listed = app.send_as(&key, Method::GET, "/connections", None).await.expect(200);
        assert_eq!((&listed["total"], &listed["connections"][0]["id"]), (&json!(1), &json!(mine)));
        for hidden in [&org, &theirs] {
            for (method, suffix) in [(Method::GET, ""), (Method::PATCH, ""), (Method::DELETE, ""), (Method::POST, "/credentials"), (Method::POST, "/test"), (Method::GET, "/events")] {
                app.send_as(&key, method, &format!("/connections/{hidden}{suffix}"), None).await.expect_error(404, "CONNECTION_NOT_FOUND");
            }
        }
        app.send_as(&key, Method::POST, &format!("/connections/{mine}/credentials"), None).await.expect_error(403, "FORBIDDEN");
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "n", "secretText": "s" });
        let created = app.send_as(&key, Method::POST, "/connections", Some(body.clone())).await.expect(201);
        assert_eq!(created["connection"]["workspaceId"], acme.as_str(), "its only workspace is meant");
        let mut organization = body.clone();
        organization["scope"] = json!("ORGANIZATION");
        app.send_as(&key, Method::POST, "/connections", Some(organization)).await.expect_error(403, "FORBIDDEN");
        let mut foreign = body.clone();
        foreign["workspaceId"] = json!(other);
        app.send_as(&key, Method::POST, "/connections", Some(foreign)).await.expect_error(404, "NOT_FOUND");
        let both = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme, other] })).await;
        app.send_as(&both, Method::POST, "/connections", Some(body)).await.expect_error(400, "WORKSPACE_REQUIRED");
        assert_eq!(app.send_as(&both, Method::GET, "/connections", None).await.expect(200)["total"], 3);
    }
}

/// The service refuses a key: nothing is stored when asked first, and a test marks a stored one.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_asked() {
    let capture = Capture::start().await;
    let setup = crate::support::Setup { capture: Some(capture.url.clone()), ..Default::default() };
    let app = TestApp::start_with(crate::support::Db::Sqlite, setup).await;
    let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-checked", "externalId": "x", "secretText": "sk-9" });
    let created = app.send(Method::POST, "/connections?validate=true", Some(body.clone())).await.expect(201);
    assert_eq!(created["connection"]["account"], json!({ "id": "u1", "label": "Ada", "email": "ada@example.com" }));
    let seen = capture.seen().pop().unwrap();
    assert_eq!(
        (seen.uri.to_string().as_str(), &seen.headers["authorization"], &seen.headers["x-version"]),
        ("/v1/me?extra=sk-9", &"Token sk-9".parse().unwrap(), &"7".parse().unwrap())
    );

    capture.answer(401, "{}");
    let mut second = body;
    second["externalId"] = json!("y");
    app.send(Method::POST, "/connections?validate=true", Some(second)).await.expect_error(400, "CREDENTIALS_REJECTED");
    assert_eq!(app.get("/connections").await.expect(200)["total"], 1);
    let id = created["connection"]["id"].as_str().unwrap();
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!((&tested["test"]["ok"], &tested["connection"]["status"], &tested["connection"]["health"]), (&json!(false), &json!("ERROR"), &json!("error")));
    assert_eq!(tested["connection"]["error"]["code"], "credentials_rejected");

    capture.answer(200, r#"{"id":"u1","name":"Ada"}"#);
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!((&tested["test"]["ok"], &tested["connection"]["status"], &tested["connection"]["error"]), (&json!(true), &json!("ACTIVE"), &Value::Null));
    capture.answer(503, "");
    let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
    assert_eq!((&tested["test"]["ok"], &tested["connection"]["status"]), (&Value::Null, &json!("ACTIVE")), "an outage is not a refusal");
}

/// Each fact flips what it should.
#[test]
fn health_follows_from_the_facts() {
    let base =
        HealthFacts { error_code: None, error_is_final: false, expires_at: None, renewable: false, scopes_missing: false, now: Timestamp(1_000_000_000_000) };
    let at = |seconds: i64| Some(base.now.plus_seconds(seconds));
    let cases = [
        (base, (Status::Active, Health::Ok)),
        (HealthFacts { error_code: Some("invalid_grant"), error_is_final: true, ..base }, (Status::Error, Health::Revoked)),
        (HealthFacts { error_code: Some("credentials_rejected"), error_is_final: true, ..base }, (Status::Error, Health::Error)),
        (HealthFacts { error_code: Some("provider_unavailable"), ..base }, (Status::Active, Health::Degraded)),
        (HealthFacts { scopes_missing: true, ..base }, (Status::Active, Health::Degraded)),
        (HealthFacts { expires_at: at(-1), ..base }, (Status::Error, Health::Expired)),
        (HealthFacts { expires_at: at(-1), renewable: true, ..base }, (Status::Active, Health::Ok)),
        (HealthFacts { expires_at: at(3600), ..base }, (Status::Active, Health::Expiring)),
        (HealthFacts { expires_at: at(8 * 86_400), ..base }, (Status::Active, Health::Ok)),
    ];
    for (facts, expected) in cases {
        assert_eq!(facts.judge(), expected, "{facts:?}");
    }
}
