//! Which connection is used: strategy, end user, external id; and who may.

use super::{Stage, key_of, merged};
use crate::on_both_databases;
use axum::http::Method;
use serde_json::{Value, json};

/// What a case ends in: the external id of the connection that was used, or a refusal.
enum End {
    Uses(&'static str),
    Refused(u16, &'static str),
}
use End::{Refused, Uses};

/// The rest of a body that calls something that works.
fn ask(more: Value) -> Value {
    merged(json!({ "actionName": "custom_api_call", "input": { "method": "GET", "path": "/echo" } }), &more)
}

async fn check(stage: &Stage, key: &str, more: Value, end: End) {
    let body = merged(json!({ "integrationName": "demo-echo" }), &ask(more.clone()));
    stage.echo.take();
    let answer = stage.app.send_as(key, Method::POST, "/actions/execute", Some(body)).await;
    match end {
        Uses(external_id) => {
            assert_eq!(answer.status, 200, "{more}: {}", answer.text);
            assert_eq!(key_of(&stage.echo.only()), external_id, "{more}");
        }
        Refused(status, code) => {
            assert_eq!(answer.expect(status)["code"], code, "{more}: {}", answer.text);
            assert!(stage.echo.take().is_empty(), "{more}");
        }
    }
}

/// Connections of the organisation, the workspace and one end user; a second end user has none.
async fn people(stage: &Stage) -> (String, String) {
    stage.app.workspace("acme").await;
    let org = stage.connect("org", json!({})).await;
    let workspace = stage.connect("ws", json!({ "workspaceId": "acme" })).await;
    stage.connect("mine", json!({ "workspaceId": "acme", "endUserId": "u1" })).await;
    stage.app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u2" })).await.expect(201);
    (org, workspace)
}

on_both_databases! {
    async fn without_a_workspace_integration(stage: Stage) {
        people(&stage).await;
        for (more, end) in [
            (json!({ "workspaceId": "acme", "endUserId": "u1" }), Uses("mine")),
            (json!({ "workspaceId": "acme", "endUserId": "u2" }), Uses("ws")),
            (json!({ "workspaceId": "acme" }), Uses("ws")),
            (json!({}), Uses("org")),
            (json!({ "workspaceId": "acme", "connectionExternalId": "org" }), Uses("org")),
            (json!({ "workspaceId": "acme", "endUserId": "u1", "connectionExternalId": "mine", "authMethodKey": "api-key" }), Uses("mine")),
            (json!({ "workspaceId": "acme", "connectionExternalId": "mine" }), Refused(403, "SCOPE_DENIED")),
            (json!({ "workspaceId": "acme", "connectionExternalId": "nothing" }), Refused(400, "CONNECTION_REQUIRED")),
            (json!({ "workspaceId": "acme", "authMethodKey": "password" }), Refused(400, "CONNECTION_REQUIRED")),
            (json!({ "workspaceId": "acme", "endUserId": "nobody" }), Refused(404, "END_USER_NOT_FOUND")),
            (json!({ "workspaceId": "nope" }), Refused(404, "NOT_FOUND")),
            (json!({ "endUserId": "u1" }), Refused(400, "WORKSPACE_REQUIRED")),
            (json!({ "integrationAlias": "x" }), Refused(400, "WORKSPACE_REQUIRED")),
            (json!({ "workspaceId": "acme", "integrationAlias": "x" }), Refused(404, "NOT_FOUND")),
        ] {
            check(&stage, &stage.app.key, more, end).await;
        }
        stage.connect("ws2", json!({ "workspaceId": "acme" })).await;
        check(&stage, &stage.app.key, json!({ "workspaceId": "acme" }), Refused(409, "AMBIGUOUS_INTEGRATION")).await;
    }

    async fn by_strategy(stage: Stage) {
        let (org, workspace) = people(&stage).await;
        let set_up = async |body: Value| {
            let body = merged(json!({ "integrationName": "demo-echo" }), &body);
            let made = stage.app.post("/workspaces/acme/integrations", body).await.expect(201);
            made["integration"]["id"].as_str().unwrap().to_owned()
        };
        set_up(json!({ "alias": "own" })).await;
        let fixed = set_up(json!({ "alias": "always", "connectionStrategy": "fixed", "connectionId": org })).await;
        set_up(json!({ "alias": "fallback", "connectionStrategy": "per_user_with_fallback", "connectionId": workspace })).await;
        set_up(json!({ "alias": "bare", "connectionStrategy": "per_user_with_fallback" })).await;
        set_up(json!({ "alias": "by-password", "authMethodKey": "password" })).await;
        let of = |alias: &str, more: Value| merged(json!({ "workspaceId": "acme", "integrationAlias": alias }), &more);
        let (u1, u2, none) = (json!({ "endUserId": "u1" }), json!({ "endUserId": "u2" }), json!({}));
        let named = |external_id: &str| json!({ "connectionExternalId": external_id });
        for (more, end) in [
            (of("own", u1.clone()), Uses("mine")),
            (of("own", u2.clone()), Refused(400, "CONNECTION_REQUIRED")),
            (of("own", none.clone()), Refused(400, "CONNECTION_REQUIRED")),
            (of("own", json!({ "endUserId": "nobody" })), Refused(404, "END_USER_NOT_FOUND")),
            (of("own", named("ws")), Uses("ws")),
            (of("own", json!({ "endUserId": "u2", "connectionExternalId": "mine" })), Refused(403, "SCOPE_DENIED")),
            (of("always", u1.clone()), Uses("org")),
            (of("always", none.clone()), Uses("org")),
            (of("always", named("org")), Uses("org")),
            (of("always", named("ws")), Refused(400, "VALIDATION_ERROR")),
            (of("always", json!({ "authMethodKey": "password" })), Refused(400, "VALIDATION_ERROR")),
            (of("fallback", u1.clone()), Uses("mine")),
            (of("fallback", u2.clone()), Uses("ws")),
            (of("fallback", none.clone()), Uses("ws")),
            (of("fallback", named("org")), Uses("org")),
            (of("bare", u1.clone()), Uses("mine")),
            (of("bare", u2), Refused(400, "CONNECTION_REQUIRED")),
            (of("bare", none.clone()), Refused(400, "CONNECTION_REQUIRED")),
            (of("by-password", u1.clone()), Refused(400, "CONNECTION_REQUIRED")),
            (of("by-password", json!({ "endUserId": "u1", "authMethodKey": "api-key" })), Refused(400, "VALIDATION_ERROR")),
            (of("always", json!({ "integrationName": "demo-key" })), Refused(400, "VALIDATION_ERROR")),
            (json!({ "workspaceId": "acme", "workspaceIntegrationId": fixed }), Uses("org")),
            (json!({ "workspaceId": "acme", "workspaceIntegrationId": fixed, "integrationAlias": "own" }), Refused(404, "NOT_FOUND")),
            (json!({ "workspaceId": "acme", "endUserId": "u1" }), Refused(409, "AMBIGUOUS_INTEGRATION")),
        ] {
            check(&stage, &stage.app.key, more, end).await;
        }
        // The alias that is the integration's name is meant by that name.
        set_up(json!({ "connectionStrategy": "fixed", "connectionId": workspace })).await;
        check(&stage, &stage.app.key, json!({ "workspaceId": "acme", "endUserId": "u1" }), Uses("ws")).await;
        let body = merged(ask(of("always", none)), &json!({}));
        stage.app.post("/actions/execute", body).await.expect(200);

        // A key of the workspace may use what its integration names, though it is the organisation's; and nothing else of that.
        let acme = stage.app.get("/workspaces/acme").await.expect(200)["workspace"]["id"].clone();
        let limited = stage.app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        check(&stage, &limited, of("always", json!({})), Uses("org")).await;
        check(&stage, &limited, json!({ "integrationAlias": "own", "endUserId": "u1" }), Uses("mine")).await;
        check(&stage, &limited, of("own", json!({ "connectionExternalId": "org" })), Refused(400, "CONNECTION_REQUIRED")).await;
    }

    async fn only_what_the_workspace_enables(stage: Stage) {
        stage.app.workspace("acme").await;
        stage.connect("c", json!({ "workspaceId": "acme" })).await;
        let body = json!({ "integrationName": "demo-echo", "connectionStrategy": "per_user", "enabledActions": ["form"] });
        stage.app.post("/workspaces/acme/integrations", body).await.expect(201);
        let with = |action: &str, input: Value| json!({ "actionName": action, "workspaceId": "acme", "connectionExternalId": "c", "input": input });
        stage.execute(with("form", json!({}))).await.expect(200);
        let refused = stage.execute(with("custom_api_call", json!({ "method": "GET", "path": "/echo" }))).await.expect_error(403, "FORBIDDEN");
        assert_eq!(refused["details"]["enabledActions"], json!(["form"]));
        stage.execute(with("send", json!({ "result": "echo", "channel": "c" }))).await.expect_error(403, "FORBIDDEN");
        assert_eq!(stage.echo.take().len(), 1);
    }

    async fn scopes_that_are_missing_are_named(stage: Stage) {
        let connect = async |external_id: &str, scopes: Value| {
            let body = json!({ "type": "OAUTH2", "integrationName": "demo-echo", "externalId": external_id, "accessToken": "at-0123" });
            stage.app.post("/connections", merged(body, &scopes)).await.expect(201)["connection"]["id"].clone()
        };
        let less = connect("less", json!({ "scope_oauth": "read profile" })).await;
        connect("enough", json!({ "scope_oauth": "read write" })).await;
        connect("unknown", json!({})).await;
        let send = |external_id: &str| json!({ "actionName": "send", "connectionExternalId": external_id, "input": { "result": "echo", "channel": "c" } });
        let refused = stage.execute(send("less")).await.expect_error(400, "SCOPE_MISSING");
        assert_eq!((&refused["details"]["missingScopes"], &refused["details"]["connectionId"]), (&json!(["write"]), &less));
        stage.execute(send("enough")).await.expect(200);
        stage.execute(send("unknown")).await.expect(200);
        assert_eq!(stage.echo.take().len(), 2);
    }
}
