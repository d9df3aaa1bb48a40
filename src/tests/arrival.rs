//! Where a browser came from: let on, asked whether the person started it, or refused.

use crate::hosted::browser_that_signed_in;
use crate::on_both_databases;
use crate::support::{Browser, TestApp, provider};
use axum::http::Method;
use serde_json::{Value, json};

const TYPED: &[(&str, &str)] = &[("sec-fetch-site", "none")];
const APP: &[(&str, &str)] = &[("sec-fetch-site", "cross-site"), ("referer", "https://app.example/")];
const EVIL: &[(&str, &str)] = &[("sec-fetch-site", "cross-site"), ("referer", "https://evil.example/trap")];
/// A page that does not say which it is.
const NAMELESS: &[(&str, &str)] = &[("sec-fetch-site", "cross-site")];

async fn token(app: &TestApp, extra: Value) -> Value {
    let mut body = json!({ "integrationName": "demo-key", "connectionName": "Demo", "externalId": "t", "workspaceId": "acme", "endUserId": "u1" });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.post("/connect/token", body).await.expect(200)
}

async fn status(app: &TestApp, token: &Value) -> Value {
    app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200)["status"].clone()
}

const QUESTION: &str = "Did you start this at acme as u1?";
const FORM: &str = "name=\"props.secretText\"";

/// Which page a new browser meets that comes with these headers.
async fn met(app: &TestApp, token: &Value, headers: &[(&str, &str)]) -> &'static str {
    let browser = Browser::default();
    let page = browser.follow(app, token["connectUrl"].as_str().unwrap(), headers).await;
    let shown = browser.get(app, &page).await;
    match shown.status.as_u16() {
        200 if shown.text.contains(QUESTION) && !shown.text.contains(FORM) => "asked",
        200 if shown.text.contains(FORM) && !shown.text.contains(QUESTION) => "open",
        403 if shown.text.contains("cannot be opened from there") && !shown.text.contains("<form") => "refused",
        _ => panic!("{} {}", shown.status, shown.text),
    }
}

on_both_databases! {
    async fn the_question(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({})).await;
        let url = token["connectUrl"].as_str().unwrap();
        let browser = Browser::default();
        let page = browser.follow(&app, url, TYPED).await;
        assert!(browser.get(&app, &page).await.text.contains(QUESTION));
        // Until it is answered nothing can be submitted, and nobody is bound.
        assert_eq!(browser.post(&app, &page, &[("props.secretText", "sk-1")]).await.location(), page);
        assert_eq!(status(&app, &token).await, "pending");
        assert_eq!(met(&app, &token, TYPED).await, "asked");
        let answered = browser.post(&app, &format!("{page}/started"), &[]).await;
        assert_eq!(answered.location(), page);
        assert!(browser.get(&app, &page).await.text.contains(FORM));
        // Coming again changes nothing.
        assert_eq!(browser.follow(&app, url, TYPED).await, page);
        assert!(browser.get(&app, &page).await.text.contains(FORM));
        browser.post(&app, &page, &[("props.secretText", "sk-1")]).await.location();
        assert_eq!(status(&app, &token).await, "completed");
    }

    async fn a_no_closes_the_link(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({ "errorRedirectUri": "https://app.example/no" })).await;
        let url = token["connectUrl"].as_str().unwrap();
        let (browser, other) = (Browser::default(), Browser::default());
        let page = browser.follow(&app, url, TYPED).await;
        other.arrive(&app, url).await;
        assert_eq!(browser.post(&app, &format!("{page}/not-started"), &[]).await.location(), page);
        let shown = browser.get(&app, &page).await.text;
        assert!(shown.contains("Nothing was connected") && !shown.contains("app.example"), "{shown}");
        let view = app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200);
        assert_eq!((&view["status"], &view["errorCode"]), (&json!("cancelled"), &json!("not_started")));
        other.post(&app, &page, &[("props.secretText", "sk-1")]).await.location();
        assert_eq!(app.get("/connections").await.expect(200)["total"], 0);
    }

    async fn where_from(app: TestApp) {
        app.workspace("acme").await;
        for (extra, expected) in [
            // Without a list nothing is foreign; without a name nobody is known.
            (json!({}), ["asked", "asked", "open", "open"]),
            (json!({ "allowedOrigins": ["https://app.example"] }), ["asked", "asked", "open", "refused"]),
            (json!({ "successRedirectUri": "https://app.example/back" }), ["asked", "asked", "open", "asked"]),
            // Such a link is one that is sent around.
            (json!({ "expiresIn": 3601 }), ["asked", "asked", "asked", "asked"]),
            (json!({ "expiresIn": 3600 }), ["asked", "asked", "open", "open"]),
            (json!({ "expiresIn": 3601, "allowedOrigins": ["https://app.example"] }), ["asked", "asked", "asked", "refused"]),
            (json!({ "completion": "verified", "expiresIn": 3601 }), ["open", "open", "open", "open"]),
            (json!({ "completion": "verified", "allowedOrigins": ["https://app.example"] }), ["open", "open", "open", "refused"]),
        ] {
            let token = token(&app, extra.clone()).await;
            let mut met_there = Vec::new();
            for headers in [TYPED, NAMELESS, APP, EVIL] {
                met_there.push(met(&app, &token, headers).await);
            }
            assert_eq!(met_there, expected, "{extra}");
        }
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "allowedOrigins": ["https://app.example"] }))).await.expect(200);
        let of_workspace = token(&app, json!({})).await;
        assert_eq!((met(&app, &of_workspace, APP).await, met(&app, &of_workspace, EVIL).await), ("open", "refused"));
        // The token's own list counts before the workspace's.
        let own = token(&app, json!({ "allowedOrigins": ["https://evil.example"] })).await;
        assert_eq!((met(&app, &own, APP).await, met(&app, &own, EVIL).await), ("refused", "open"));
    }

    async fn a_refusal_is_not_talked_away(app: TestApp) {
        app.workspace("acme").await;
        let token = token(&app, json!({ "allowedOrigins": ["https://app.example"] })).await;
        let url = token["connectUrl"].as_str().unwrap();
        let browser = Browser::default();
        let page = browser.follow(&app, url, EVIL).await;
        browser.post(&app, &format!("{page}/started"), &[]).await.location();
        assert_eq!(browser.get(&app, &page).await.status, 403);
        browser.post(&app, &page, &[("props.secretText", "sk-1")]).await.location();
        assert_eq!(status(&app, &token).await, "pending");
        // Starting where it should be started helps.
        browser.follow(&app, url, APP).await;
        assert!(browser.get(&app, &page).await.text.contains(FORM));
    }

    async fn in_the_language_of_the_session(app: TestApp) {
        app.workspace("acme").await;
        for (language, words) in [("de", "Haben Sie dies bei acme als u1 begonnen?"), ("ja", "acme で u1 としてこの操作を始めましたか？"), ("fr", "Avez-vous commencé")] {
            let token = token(&app, json!({ "language": language })).await;
            let browser = Browser::default();
            let page = browser.follow(&app, token["connectUrl"].as_str().unwrap(), TYPED).await;
            assert!(browser.get(&app, &page).await.text.contains(words), "{language}");
        }
        // Nobody in particular.
        let body = json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t2", "workspaceId": "acme" });
        let token = app.post("/connect/token", body).await.expect(200);
        let browser = Browser::default();
        let page = browser.follow(&app, token["connectUrl"].as_str().unwrap(), TYPED).await;
        assert!(browser.get(&app, &page).await.text.contains("Did you start this at acme?"));
    }

    async fn an_end_users_own_page_asks_too(app: TestApp) {
        app.workspace("acme").await;
        let id = app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u1", "displayName": "Ada" })).await.expect(201)["endUser"]["id"].as_str().unwrap().to_owned();
        let link = async |path: &str, body: Value| app.post(&format!("/end-users/{id}/{path}"), body).await.expect(200)["connectUrl"].as_str().unwrap().to_owned();
        let short = link("connect-token", json!({ "integrationName": "demo-key" })).await;
        let long = link("connect-token", json!({ "integrationName": "demo-key", "expiresIn": 3601 })).await;
        let invited = link("invite", json!({ "email": "ada@example.com", "integrationName": "demo-key" })).await;
        let asked = "Are you Ada at acme?";
        for (url, headers, is_asked) in [(&short, APP, false), (&short, TYPED, true), (&long, APP, true), (&invited, APP, true)] {
            let browser = Browser::default();
            browser.follow(&app, url, headers).await;
            assert_eq!(browser.get(&app, "/connect/portal").await.text.contains(asked), is_asked, "{url}");
            let started = browser.post(&app, "/connect/portal/start", &[]).await.location();
            assert_eq!(started == "/connect/portal", is_asked, "{url}");
            if is_asked {
                browser.post(&app, "/connect/portal/started", &[]).await.location();
                assert!(browser.post(&app, "/connect/portal/start", &[]).await.location().starts_with("/connect/cs_"));
            }
        }
        // What it starts is not asked about again.
        let browser = Browser::default();
        browser.follow(&app, &short, APP).await;
        let page = browser.post(&app, "/connect/portal/start", &[]).await.location();
        assert!(browser.get(&app, &page).await.text.contains(FORM));
        // A no closes the link, for everybody.
        let stranger = Browser::default();
        stranger.follow(&app, &invited, TYPED).await;
        let closed = stranger.post(&app, "/connect/portal/not-started", &[]).await;
        assert!(closed.status == 200 && closed.text.contains("Nothing was connected"), "{}", closed.text);
        let again = Browser::default();
        let path = invited.strip_prefix("http://localhost:3000").unwrap();
        assert_eq!(again.get(&app, path).await.status, 401);
        assert_eq!(browser.get(&app, "/connect/portal").await.status, 200, "other links live on");
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "allowedOrigins": ["https://app.example"] }))).await.expect(200);
        let foreign = Browser::default();
        foreign.follow(&app, &short, EVIL).await;
        assert_eq!(foreign.get(&app, "/connect/portal").await.status, 403);
    }

    async fn the_dashboard_needs_no_place_on_a_redirect_list(app: TestApp) {
        provider::register(&app).await;
        app.workspace("acme").await;
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "redirectUris": ["https://app.example/done"], "allowedOrigins": ["https://app.example"] }))).await.expect(200);
        let admin = browser_that_signed_in(&app).await;
        let fields = [("integration", "demo-oauth"), ("workspace_id", "acme"), ("external_id", "by-hand"), ("client_ref", "abcdefghijklmnop")];
        let url = admin.post(&app, "/dashboard/authorize", &fields).await.location();
        assert!(url.starts_with("http://localhost:9/"), "on to the provider: {url}");
        // Said no there: the page offers another try, and asks nothing.
        let state = url::Url::parse(&url).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let issuer = "http%3A%2F%2Flocalhost%3A9";
        let page = admin.get(&app, &format!("/oauth/callback/demo-oauth?state={state}&error=access_denied&iss={issuer}")).await.location();
        let shown = admin.get(&app, &page).await.text;
        assert!(shown.contains("Try again") && !shown.contains("Did you start this"), "{shown}");
        admin.post(&app, &format!("{page}/cancel"), &[]).await.location();
    }
}
