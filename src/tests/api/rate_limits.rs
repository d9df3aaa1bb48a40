//! Rate limits: announced, kept, settable, and off at 0.

use crate::on_both_databases;
use crate::support::{Answer, Browser, Db, Setup, TestApp, all_at_once, request};
use axum::body::Body;
use axum::http::{Method, Request};
use keyloom::config::Rates;
use serde_json::json;

/// A server with narrow limits.
struct Narrow(TestApp);

impl Narrow {
    async fn start(db: Db) -> Self {
        Self(TestApp::start_with(db, Setup { rates: Rates { key: 1, poll: 1, login: 2 }, ..Setup::default() }).await)
    }
}

/// A server without any.
struct Unlimited(TestApp);

impl Unlimited {
    async fn start(db: Db) -> Self {
        Self(TestApp::start_with(db, Setup { rates: Rates { key: 0, poll: 0, login: 0 }, ..Setup::default() }).await)
    }
}

const HEADERS: [&str; 3] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// Limit, remaining, reset.
fn announced(answer: &Answer) -> Option<[u32; 3]> {
    let values: Vec<u32> = HEADERS.iter().filter_map(|name| answer.headers.get(*name)).map(|value| value.to_str().unwrap().parse().unwrap()).collect();
    values.try_into().ok()
}

async fn connect_token(app: &TestApp) -> String {
    let made = app.post("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p" })).await;
    made.expect(200)["token"].as_str().unwrap().to_owned()
}

fn poll(token: &str) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri("/api/v1/connect/session/poll").header("content-type", "application/json");
    request.body(Body::from(json!({ "token": token }).to_string())).unwrap()
}

/// Checks forty answers to one caller who may have two at once and one a second: some are let through, and the others say when to come again.
fn some_let_through(answers: &[Answer]) {
    let (through, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(through.len() >= 2 && refused.len() >= 20, "{} of {} let through", through.len(), answers.len());
    assert!(through.iter().any(|answer| announced(answer) == Some([2, 1, 1])), "the first has one left");
    for answer in through {
        let [limit, remaining, reset] = announced(answer).unwrap();
        assert!(limit == 2 && remaining < 2 && reset == 2 - remaining);
    }
    for answer in refused {
        answer.expect_error(429, "RATE_LIMITED");
        assert_eq!(announced(answer), Some([2, 0, 2]));
        assert_eq!(answer.headers["retry-after"], "1");
    }
}

async fn sign_in(app: &TestApp, email: &str) -> Answer {
    Browser::default().post(app, "/login", &[("email", email), ("password", "wrong-horse-9")]).await
}

on_both_databases! {
    async fn the_defaults_are_announced(app: TestApp) {
        let first = announced(&app.get("/connections").await).unwrap();
        assert_eq!((first[0], first[2]), (1200, 1));
        assert!((1000..1200).contains(&first[1]), "{first:?}");
        let token = connect_token(&app).await;
        assert_eq!(announced(&app.raw(poll(&token)).await).unwrap()[0], 10);
        // Nobody is counted who says nothing of who they are.
        assert_eq!(announced(&app.raw(Request::builder().uri("/api/v1/connections").body(Body::empty()).unwrap()).await), None);
    }
}

on_both_databases! {
    async fn a_key_has_so_many_calls(narrow: Narrow) {
        let Narrow(app) = narrow;
        let other = app.key_with(json!({ "scope": "org" })).await;
        let answers = all_at_once(std::slice::from_ref(&app.router), (0..40).map(|_| request(&app.key, Method::GET, "/connections", None))).await;
        some_let_through(&answers);
        app.send_as(&other, Method::GET, "/connections", None).await.expect(200);
        // Wrong keys are counted too: guessing is not free.
        let guesses = all_at_once(std::slice::from_ref(&app.router), (0..40).map(|_| request("wvz_guess", Method::GET, "/connections", None))).await;
        assert!(guesses.iter().any(|answer| answer.status == 429) && guesses.iter().any(|answer| answer.status == 401));
    }

    async fn a_token_has_so_many_polls(narrow: Narrow) {
        let Narrow(app) = narrow;
        let (one, other) = (connect_token(&app).await, connect_token(&app).await);
        let answers = all_at_once(std::slice::from_ref(&app.router), (0..40).map(|_| poll(&one))).await;
        some_let_through(&answers);
        assert!(answers.iter().all(|answer| answer.headers["access-control-allow-origin"] == "*"), "a browser can read it");
        app.raw(poll(&other)).await.expect(200);
    }

    async fn an_account_has_so_many_attempts(narrow: Narrow) {
        let Narrow(app) = narrow;
        keyloom::service::login::create_user(&app.services, "a@b.co", keyloom::vault::Secret::new("correct-horse-9"), keyloom::domain::user::Role::Owner).await.unwrap();
        for _ in 0..2 {
            assert_eq!(sign_in(&app, "a@b.co").await.status, 401);
        }
        let refused = sign_in(&app, "A@b.co").await;
        assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().unwrap()), (429, "60"));
        assert_eq!(sign_in(&app, "other@b.co").await.status, 401, "another account");
        // Six times as many from one address, whatever the account: four so far, those refused included.
        let mut more = 0;
        while sign_in(&app, &format!("n{more}@b.co")).await.status == 401 {
            more += 1;
        }
        assert!((8..30).contains(&more), "{more}");
    }
}

on_both_databases! {
    async fn at_zero_nothing_is_limited_or_announced(unlimited: Unlimited) {
        let Unlimited(app) = unlimited;
        let token = connect_token(&app).await;
        let calls = (0..40).map(|_| request(&app.key, Method::GET, "/connections", None)).chain((0..40).map(|_| poll(&token)));
        for answer in all_at_once(std::slice::from_ref(&app.router), calls).await {
            answer.expect(200);
            assert_eq!(announced(&answer), None);
            assert!(HEADERS.iter().all(|name| !answer.headers.contains_key(*name)));
        }
        for _ in 0..7 {
            assert_eq!(sign_in(&app, "nobody@b.co").await.status, 401);
        }
    }
}
