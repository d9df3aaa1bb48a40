//! `/api/v1/oauth-apps`

use crate::on_both_databases;
use crate::support::capture::Capture;
use crate::support::provider::{self, CLIENT_ID, CLIENT_SECRET, Provider};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use serde_json::json;

on_both_databases! {
    async fn from_birth_to_death(app: TestApp) {
        let acme = app.workspace("acme").await;
        assert_eq!(app.get("/integrations/oauth-status").await.expect(200)["configured"], json!([]));
        let body = json!({ "integrationName": "slack", "clientId": "id-1", "clientSecret": "MARKER-secret", "scopes": ["channels:read"] });
        let created = app.post("/oauth-apps", body.clone()).await.expect(201);
        assert_eq!(created["oauthApp"]["callbackUrl"], "http://localhost:3000/oauth/callback/slack");
        assert!(!created.to_string().contains("MARKER"));
        assert_eq!(created["oauthApp"]["hasClientSecret"], true);
        app.post("/oauth-apps", body).await.expect_error(409, "DUPLICATE");
        let custom = app.post("/oauth-apps", json!({ "integrationName": "slack", "workspaceId": "acme", "clientId": "id-2", "clientSecret": "s" })).await.expect(201);
        let id = custom["oauthApp"]["id"].as_str().unwrap().to_owned();
        assert_eq!(custom["oauthApp"]["callbackUrl"], format!("http://localhost:3000/oauth/callback/{id}"));
        assert_eq!(app.get("/integrations/oauth-status").await.expect(200)["configured"], json!(["slack"]));
        let patched = app.send(Method::PATCH, &format!("/oauth-apps/{id}"), Some(json!({ "clientId": "id-3" }))).await.expect(200);
        assert_eq!((&patched["oauthApp"]["clientId"], &patched["oauthApp"]["hasClientSecret"]), (&json!("id-3"), &json!(true)));
        assert_eq!(app.get("/oauth-apps").await.expect(200)["total"], 2);
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
        assert_eq!(app.send_as(&limited, Method::GET, "/oauth-apps", None).await.expect(200)["total"], 1);
        let platform = json!({ "integrationName": "github", "clientId": "x" });
        app.send_as(&limited, Method::POST, "/oauth-apps", Some(platform)).await.expect_error(403, "FORBIDDEN");
        app.send(Method::DELETE, &format!("/oauth-apps/{id}"), None).await.expect(200);
        app.get(&format!("/oauth-apps/{id}")).await.expect_error(404, "NOT_FOUND");
    }

    async fn bad_input_names_the_field(app: TestApp) {
        app.post("/oauth-apps", json!({ "integrationName": "openai", "clientId": "x" })).await.expect_error(400, "NOT_OAUTH2");
        app.post("/oauth-apps", json!({ "integrationName": "slack" })).await.expect_field("clientId");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "scopes": ["a b"] })).await.expect_field("scopes");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "clientSecret": "a\nb" })).await.expect_field("clientSecret");
        app.post("/oauth-apps", json!({ "integrationName": "oidc", "clientId": "x" })).await.expect_field("config.issuer");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "config": { "token_url": "https://evil.example" } })).await.expect_field("config.token_url");
    }

    async fn no_app_is_said_at_once(app: TestApp) {
        let body = json!({ "integrationName": "slack", "connectionName": "x", "externalId": "t" });
        app.post("/connect/token", body.clone()).await.expect_error(400, "NO_OAUTH_APP");
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "x", "clientSecret": "s" })).await.expect(201);
        app.post("/connect/token", body.clone()).await.expect(200);
        let mut custom = body;
        custom["oauthAppMode"] = json!("custom");
        app.post("/connect/token", custom).await.expect_error(400, "NO_OAUTH_APP");
    }

    async fn the_end_of_a_secret_is_noted(app: TestApp) {
        let body = |end: &str| json!({ "integrationName": "slack", "clientId": "x", "clientSecret": "s", "clientSecretExpiresAt": end });
        app.post("/oauth-apps", body("tomorrow")).await.expect_error(400, "VALIDATION_ERROR");
        let no_secret = json!({ "integrationName": "slack", "clientId": "x", "clientSecretExpiresAt": "2099-01-01T00:00:00.000Z" });
        app.post("/oauth-apps", no_secret).await.expect_field("clientSecretExpiresAt");
        let made = app.post("/oauth-apps", body("2099-01-01T00:00:00.000Z")).await.expect(201)["oauthApp"].clone();
        assert_eq!((&made["clientSecretExpiresAt"], &made["clientSecretStatus"]), (&json!("2099-01-01T00:00:00.000Z"), &json!("ok")));
        let path = format!("/oauth-apps/{}", made["id"].as_str().unwrap());
        let in_days = |days: i64| app.services.now().plus_seconds(days * 24 * 60 * 60).rfc3339();
        let patch = async |body| app.send(Method::PATCH, &path, Some(body)).await.expect(200)["oauthApp"].clone();
        for (days, status) in [(31, "ok"), (29, "expiring"), (-1, "expired")] {
            assert_eq!(patch(json!({ "clientSecretExpiresAt": in_days(days) })).await["clientSecretStatus"], status, "{days}");
        }
        // It moves on with the clock, and lists say it too.
        patch(json!({ "clientSecretExpiresAt": in_days(40) })).await;
        app.services.clock.advance_seconds(11 * 24 * 60 * 60);
        assert_eq!(app.get("/oauth-apps").await.expect(200)["oauthApps"][0]["clientSecretStatus"], "expiring");
        // What else is changed leaves it; a new secret has an end of its own; null forgets it.
        assert!(patch(json!({ "clientId": "y" })).await["clientSecretExpiresAt"].is_string());
        assert!(patch(json!({ "clientSecret": "new" })).await["clientSecretExpiresAt"].is_null());
        let both = patch(json!({ "clientSecret": "newer", "clientSecretExpiresAt": "2099-01-01T00:00:00.000Z" })).await;
        assert_eq!(both["clientSecretStatus"], "ok");
        assert!(patch(json!({ "clientSecretExpiresAt": null })).await["clientSecretStatus"].is_null());
    }

    async fn references_are_off_unless_the_operator_allows_them(app: TestApp) {
        for reference in ["env:PATH", "env:CARGO_PKG_NAME", "file:/etc/hostname"] {
            let body = json!({ "integrationName": "slack", "clientId": "x", "clientSecret": reference });
            let refused = app.post("/oauth-apps", body).await.expect_field("clientSecret");
            assert!(refused["suggestion"].as_str().unwrap().contains("KEYLOOM_SECRET_REFS"), "{refused}");
        }
    }
}

/// A server whose operator keeps client secrets in a folder and in variables.
async fn with_secrets_elsewhere(db: Db, provider: &str) -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo"), format!("{CLIENT_SECRET}\n")).unwrap();
    // A variable that every test has.
    let secret_refs = vec![format!("file:{}/*", folder.path().display()), "env:CARGO_PKG_*".to_owned(), "env:NOT_THERE_*".to_owned()];
    let app = TestApp::start_with(db, Setup { provider: Some(provider.to_owned()), secret_refs, ..Setup::default() }).await;
    (app, folder)
}

async fn a_secret_that_is_kept_elsewhere(db: Db) {
    let provider = Provider::start(600).await;
    let (app, folder) = with_secrets_elsewhere(db, &provider.url).await;
    let reference = format!("file:{}/demo", folder.path().display());
    let body = json!({ "integrationName": "demo-oauth", "clientId": CLIENT_ID, "clientSecret": reference });
    let made = app.post("/oauth-apps", body).await.expect(201);
    assert!(!made.to_string().contains(CLIENT_SECRET));
    let made = &made["oauthApp"];
    assert_eq!((&made["hasClientSecret"], &made["clientSecretRef"]), (&json!(true), &json!(reference)));
    let id = made["id"].as_str().unwrap();
    // Only the reference is stored.
    let stored = keyloom::store::oauth_apps::find(&mut app.services.store.conn().await.unwrap(), id).await.unwrap().unwrap();
    assert_eq!((stored.client_secret, stored.client_secret_ref.as_deref()), (None, Some(reference.as_str())));
    // It works, as the provider's own word and as a connection.
    let check = app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect(200);
    assert_eq!(check["check"]["ok"], true, "{check}");
    let (session, _) = provider::connect(&app, &Browser::default(), "t", "alice").await;
    assert_eq!(app.get(&format!("/connect/session/{session}")).await.expect(200)["status"], "completed");

    // What is replaced there is replaced here, without a word to the server.
    std::fs::write(folder.path().join("demo"), "not-the-secret").unwrap();
    let check = app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect(200);
    assert_eq!(check["check"]["client"], "refused", "{check}");

    // Gone, it says so, and the connection waits.
    std::fs::remove_file(folder.path().join("demo")).unwrap();
    let gone = app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect_error(400, "NO_OAUTH_APP");
    assert!(gone["error"].as_str().unwrap().contains("does not exist") && gone["suggestion"].is_string(), "{gone}");
    app.services.clock.advance_seconds(541);
    let connection = app.get("/connections").await.expect(200)["connections"][0]["id"].as_str().unwrap().to_owned();
    app.post(&format!("/connections/{connection}/refresh"), json!({})).await.expect_error(502, "REFRESH_FAILED");
    assert_eq!(app.get(&format!("/connections/{connection}")).await.expect(200)["connection"]["status"], "ACTIVE");

    // Back again, and then in the place of it a secret of its own.
    std::fs::write(folder.path().join("demo"), CLIENT_SECRET).unwrap();
    let check = app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect(200);
    assert_eq!(check["check"]["client"], "accepted", "{check}");
    let patched = app.send(Method::PATCH, &format!("/oauth-apps/{id}"), Some(json!({ "clientSecret": CLIENT_SECRET }))).await.expect(200);
    assert_eq!((&patched["oauthApp"]["hasClientSecret"], &patched["oauthApp"]["clientSecretRef"]), (&json!(true), &json!(null)));
}

/// Whoever runs a workspace must not read the server's environment by it.
async fn what_may_be_referred_to_and_by_whom(db: Db) {
    let capture = Capture::start().await;
    let (app, folder) = with_secrets_elsewhere(db, &capture.url).await;
    let acme = app.workspace("acme").await;
    let body =
        |integration: &str, reference: &str| json!({ "integrationName": integration, "workspaceId": "acme", "clientId": "x", "clientSecret": reference });
    let env = |name: &str| format!("env:{name}");
    let outside = tempfile::NamedTempFile::new().unwrap();
    let key = app.config.data_dir.join("encryption.key");
    std::os::unix::fs::symlink(&key, folder.path().join("key")).unwrap();
    let linked = format!("file:{}/key", folder.path().display());
    for reference in [
        env("PATH"),
        env("HOME"),
        env("TEST_POSTGRES_URL"),
        env("KEYLOOM_ENCRYPTION_KEY"),
        env("NOT_THERE_1"),
        env(""),
        "file:/etc/passwd".to_owned(),
        "file:relative".to_owned(),
        format!("file:{}", outside.path().display()),
        format!("file:{}", key.display()),
        format!("file:{}/../demo", folder.path().display()),
        format!("file:{}", folder.path().display()),
        format!("file:{}/nothing", folder.path().display()),
        linked,
    ] {
        app.post("/oauth-apps", body("demo-oauth", &reference)).await.expect_field("clientSecret");
    }
    // A key of the workspace may give no reference at all, and change no app that has one.
    let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": [acme] })).await;
    let good = env("CARGO_PKG_NAME");
    app.send_as(&limited, Method::POST, "/oauth-apps", Some(body("demo-oauth", &good))).await.expect_error(403, "FORBIDDEN");
    let made = app.post("/oauth-apps", body("demo-oauth", &good)).await.expect(201);
    let path = format!("/oauth-apps/{}", made["oauthApp"]["id"].as_str().unwrap());
    for patch in [json!({ "clientId": "mine" }), json!({ "config": {} }), json!({ "clientSecret": "mine" }), json!({ "clientSecret": good })] {
        app.send_as(&limited, Method::PATCH, &path, Some(patch)).await.expect_error(403, "FORBIDDEN");
    }
    // Nor does it go where a custom integration says.
    let definition = json!({
        "display_name": "Mine", "description": "Wants to know", "categories": ["other"], "docs_url": "https://mine.example/docs", "checked_at": "2026-11-24",
        "auth": [{ "key": "oauth2", "type": "OAUTH2", "label": "Sign in",
            "oauth2": { "authorize_url": format!("{}/authorize", capture.url), "token_url": format!("{}/token", capture.url) } }]
    });
    app.post("/integrations/mine", definition).await.expect(201);
    app.post("/oauth-apps", body("mine", &good)).await.expect_field("clientSecret");
    // Should such an app be there nevertheless, from when the name was a built-in one's, nothing is sent.
    let own = app.post("/oauth-apps", body("mine", "its-own")).await.expect(201);
    let id = own["oauthApp"]["id"].as_str().unwrap();
    {
        let mut conn = app.services.store.conn().await.unwrap();
        let mut stored = keyloom::store::oauth_apps::find(&mut conn, id).await.unwrap().unwrap();
        (stored.client_secret, stored.client_secret_ref) = (None, Some(good));
        keyloom::store::oauth_apps::update(&mut conn, &stored).await.unwrap();
    }
    app.post(&format!("/oauth-apps/{id}/check"), json!({})).await.expect_error(400, "NO_OAUTH_APP");
    assert!(capture.seen().is_empty());
}

crate::run_on_both_databases! { a_secret_that_is_kept_elsewhere what_may_be_referred_to_and_by_whom }
