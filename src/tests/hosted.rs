//! Signing in, setting up, and the policies around pages.

use crate::on_both_databases;
use crate::support::{Browser, TestApp};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use keyloom::domain::user::Role;
use keyloom::service::login;
use keyloom::vault::Secret;

on_both_databases! {
    async fn the_first_admin(app: TestApp) {
        let browser = Browser::default();
        assert_eq!(browser.get(&app, "/connections").await.location(), "/setup");
        assert_eq!(browser.get(&app, "/setup").await.status, 401);
        assert_eq!(browser.get(&app, "/setup?token=guess").await.status, 401);
        let link = login::setup_link(&app.services).await.unwrap().unwrap();
        let path = link.expose().strip_prefix("http://localhost:3000").unwrap().to_owned();
        let token = path.split_once('=').unwrap().1.to_owned();
        assert_eq!(browser.get(&app, &path).await.status, 200);
        let form = |email: &'static str, password: &'static str, again: &'static str| [("token".to_owned(), token.clone()), ("email".to_owned(), email.to_owned()), ("password".to_owned(), password.to_owned()), ("password_again".to_owned(), again.to_owned())];
        for (email, password, again, says) in [
            ("nonsense", "long-enough-1", "long-enough-1", "not an e-mail address"), ("a@b.co", "short", "short", "at least 10"), ("a@b.co", "long-enough-1", "other", "not the same"),
        ] {
            let fields = form(email, password, again);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = browser.post(&app, "/setup", &fields).await;
            assert_eq!(answer.status, 422);
            assert!(answer.text.contains(says), "{}", answer.text);
        }
        let fields = form("Owner@B.co", "long-enough-1", "long-enough-1");
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(browser.post(&app, "/setup", &fields).await.location(), "/connections");
        assert_eq!(Browser::default().post(&app, "/setup", &fields).await.status, 401, "the link works once");
        assert!(login::setup_link(&app.services).await.unwrap().is_none());
        assert_eq!(browser.get(&app, "/login").await.location(), "/connections", "already signed in");
    }

    async fn signing_in_and_out(app: TestApp) {
        login::create_user(&app.services, "a@b.co", Secret::new("correct-horse-9"), Role::Owner).await.unwrap();
        let browser = Browser::default();
        assert_eq!(browser.get(&app, "/connections?q=x").await.location(), "/login?next=%2Fconnections%3Fq%3Dx");
        let wrong = browser.post(&app, "/login", &[("email", "a@b.co"), ("password", "wrong-horse-9")]).await;
        let unknown = browser.post(&app, "/login", &[("email", "nobody@b.co"), ("password", "wrong-horse-9")]).await;
        assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        assert_eq!(wrong.text.replace("a@b.co", ""), unknown.text.replace("nobody@b.co", ""), "the two cannot be told apart");
        for (next, target) in [("/api-keys", "/api-keys"), ("//evil.example", "/connections"), ("https://evil.example", "/connections"), ("/\\evil.example", "/connections"), ("", "/connections")] {
            let fresh = Browser::default();
            let answer = fresh.post(&app, "/login", &[("email", "A@b.co"), ("password", "correct-horse-9"), ("next", next)]).await;
            if answer.status == 429 {
                continue;
            }
            assert_eq!(answer.location(), target, "{next}");
        }
        let cookie = browser_that_signed_in(&app).await;
        assert_eq!(cookie.get(&app, "/login").await.location(), "/connections");
        cookie.post(&app, "/logout", &[]).await.location();
        assert!(cookie.get(&app, "/connections").await.location().starts_with("/login"));
    }

    async fn sign_ins_end(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        app.services.clock.advance_seconds(login::IDLE_SECONDS - 10);
        assert_eq!(browser.get(&app, "/login").await.location(), "/connections");
        app.services.clock.advance_seconds(login::IDLE_SECONDS + 10);
        assert_eq!(browser.get(&app, "/login").await.status, 200, "unused for too long");
    }

    async fn guessing_is_slowed_down(app: TestApp) {
        login::create_user(&app.services, "slow@b.co", Secret::new("correct-horse-9"), Role::Owner).await.unwrap();
        let browser = Browser::default();
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(browser.post(&app, "/login", &[("email", "slow@b.co"), ("password", "guess")]).await.status.as_u16());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
        assert!(statuses.ends_with(&[429]), "{statuses:?}");
    }

    async fn other_sites_cannot_act(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        let attack = async |path: &str, headers: &[(&str, &str)]| {
            let mut request = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            browser.send(&app, request.body(Body::from("id=key_1")).unwrap()).await.status.as_u16()
        };
        let rpc = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect::<Vec<_>>();
        assert!(rpc.len() > 10, "{rpc:?}");
        for path in rpc.iter().map(String::as_str).chain(["/logout", "/login", "/dashboard/authorize", "/connect/cs_x", "/connect/portal/start"]) {
            assert_eq!(attack(path, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]).await, 403, "{path}");
            assert_eq!(attack(path, &[("sec-fetch-site", "same-site"), ("origin", "http://other.localhost:3000")]).await, 403, "{path}");
            assert_eq!(attack(path, &[("origin", "null")]).await, 403, "{path}");
            assert_eq!(attack(path, &[]).await, 403, "{path} without a word of where it comes from");
        }
    }

    async fn server_functions_ask_who_it_is(app: TestApp) {
        for (path, method) in leptos::server_fn::axum::server_fn_paths() {
            assert_eq!(method, Method::POST, "{path}: a server function that is a GET defeats SameSite");
            let request = Request::builder().method(Method::POST).uri(path).header("sec-fetch-site", "same-origin").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = Browser::default().send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text);
        }
    }

    async fn another_host_is_sent_to_the_public_one(app: TestApp) {
        let ask = async |path: &str| app.raw(Request::builder().uri(path).header(header::HOST, "127.0.0.1:3000").body(Body::empty()).unwrap()).await;
        assert_eq!(ask("/login?next=/x").await.location(), "http://localhost:3000/login?next=/x");
        assert_eq!(ask("/api/v1/nothing").await.status, 404);
        assert_eq!(ask("/healthz").await.status, 200);
    }

    async fn at_most_eight_connect_cookies(app: TestApp) {
        let browser = Browser::default();
        for n in 0..12 {
            let body = serde_json::json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": format!("t{n}") });
            let token = app.post("/connect/token", body).await.expect(200);
            browser.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        }
        assert_eq!(browser.cookie_count(), 8);
    }
}

/// One of an admin.
pub async fn browser_that_signed_in(app: &TestApp) -> Browser {
    let _ = login::create_user(&app.services, "in@b.co", Secret::new("correct-horse-9"), Role::Owner).await;
    let browser = Browser::default();
    browser.post(app, "/login", &[("email", "in@b.co"), ("password", "correct-horse-9")]).await.location();
    browser
}
