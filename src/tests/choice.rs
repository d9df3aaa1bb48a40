//! Which of several accounts: a consent at a certified OAuth server that covers more than one site of a service.

use crate::hosted::browser_that_signed_in;
use crate::on_both_databases;
use crate::support::provider::{self, Person, Provider};
use crate::support::sites::Sites;
use crate::support::{Answer, Browser, Db, Setup, TestApp, ask, request};
use axum::http::{Method, Request};
use keyloom::jobs::sweep;
use keyloom::service::connect::CHOOSE_WITHIN;
use serde_json::{Value, json};
use sqlx::Row as _;

/// A server, the provider, and the service behind it.
struct Stage {
    app: TestApp,
    sites: Sites,
    provider: Provider,
}

impl Stage {
    async fn start(db: Db) -> Self {
        let provider = Provider::start_for(3600, "http://localhost:3000/oauth/callback/demo-sites").await;
        let sites = Sites::start(&provider.url).await;
        let setup = Setup {
            provider: Some(provider.url.clone()),
            capture: Some(sites.url.clone()),
            integrations: vec![("demo-sites".to_owned(), include_str!("support/integrations/demo-sites.toml").to_owned())],
            ..Setup::default()
        };
        let app = TestApp::start_with(db, setup).await;
        let oauth_app = json!({ "integrationName": "demo-sites", "clientId": provider::CLIENT_ID, "clientSecret": provider::CLIENT_SECRET });
        app.post("/oauth-apps", oauth_app).await.expect(201);
        app.workspace("acme").await;
        Self { app, sites, provider }
    }

    async fn token(&self, more: Value) -> Value {
        let mut body = json!({ "integrationName": "demo-sites", "connectionName": "Sites", "externalId": "t", "workspaceId": "acme" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.post("/connect/token", body).await.expect(200)
    }

    async fn session(&self, token: &Value) -> Value {
        self.app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200)
    }

    /// From the page to the provider, where they consent, and back; what the page shows then.
    async fn consent(&self, browser: &Browser, page: &str) -> Answer {
        let url = browser.post(&self.app, page, &[("method", "oauth2")]).await.location();
        self.come_back(browser, &url).await
    }

    async fn come_back(&self, browser: &Browser, authorize_url: &str) -> Answer {
        let callback = provider::visit(authorize_url, "alice", Person::Consents).await;
        let page = provider::return_to(&self.app, browser, &callback).await.location();
        browser.get(&self.app, &page).await
    }

    /// With a link; the browser, the path of the page, and what it shows after the consent.
    async fn arrive_and_consent(&self, token: &Value) -> (Browser, String, Answer) {
        let browser = Browser::default();
        let page = browser.arrive(&self.app, token["connectUrl"].as_str().unwrap()).await;
        let shown = self.consent(&browser, &page).await;
        (browser, page, shown)
    }

    /// Chooses; the page that follows.
    async fn choose(&self, browser: &Browser, page: &str, site: &str) -> Answer {
        assert_eq!(browser.post(&self.app, &format!("{page}/choose"), &[("account", site)]).await.location(), page);
        browser.get(&self.app, page).await
    }

    /// The questions that wait, as they are stored.
    async fn waiting(&self) -> Vec<String> {
        let mut conn = self.app.services.store.conn().await.unwrap();
        let rows = sqlx::query("SELECT secret FROM connect_choices").fetch_all(&mut *conn).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn total(&self) -> Value {
        self.app.get("/connections").await.expect(200)["total"].clone()
    }

    /// Where the last call of an action went: path with query, and the header that names the site.
    async fn call(&self, external_id: &str) -> (String, String) {
        self.sites.take();
        let input = json!({ "method": "GET", "path": "/things" });
        let body = json!({ "integrationName": "demo-sites", "actionName": "custom_api_call", "workspaceId": "acme", "connectionExternalId": external_id, "input": input });
        self.app.post("/actions/execute", body).await.expect(200);
        let seen = self.sites.take().remove(0);
        (seen.uri.to_string(), seen.headers["x-site"].to_str().unwrap().to_owned())
    }
}

fn asks(page: &Answer) -> bool {
    page.text.contains("name=\"account\"")
}

/// The value of the radio button that is chosen beforehand.
fn preselected(page: &Answer) -> Option<String> {
    let input = page.text.split("<input type=\"radio\"").skip(1).find(|input| input.split('>').next().is_some_and(|tag| tag.contains("checked")))?;
    Some(input.split("value=\"").nth(1)?.split('"').next()?.to_owned())
}

on_both_databases! {
    async fn one_site_is_taken_unasked(stage: Stage) {
        stage.sites.are(&["s1"]);
        let token = stage.token(json!({})).await;
        let (_, _, shown) = stage.arrive_and_consent(&token).await;
        assert!(shown.text.contains("Connected as User alice") && shown.text.contains("Site s1"), "{}", shown.text);
        let view = stage.session(&token).await;
        assert_eq!((&view["status"], &view["connection"]["account"]["tenant"]), (&json!("completed"), &json!("Site s1")));
        // The list was asked for without a site, and who it is with it.
        let seen = stage.sites.take();
        assert_eq!(seen.iter().map(|request| request.uri.to_string()).collect::<Vec<_>>(), ["/sites", "/api/s1/me?site=s1"]);
        assert!(!seen[0].headers.contains_key("x-site") && seen[1].headers["x-site"] == "s1");
        assert_eq!(stage.call("t").await, ("/api/s1/things?site=s1".to_owned(), "s1".to_owned()));
        assert!(stage.waiting().await.is_empty());
        // A later look at whose it is does not forget the site.
        let id = view["connection"]["id"].as_str().unwrap();
        stage.app.post(&format!("/connections/{id}/test"), json!({})).await.expect(200);
        assert_eq!(stage.app.get(&format!("/connections/{id}")).await.expect(200)["connection"]["account"]["tenant"], "Site s1");
    }

    async fn several_are_asked_about(stage: Stage) {
        stage.sites.are(&["s1", "s2", "s3"]);
        let token = stage.token(json!({})).await;
        let (browser, page, shown) = stage.arrive_and_consent(&token).await;
        assert!(asks(&shown) && shown.text.contains("Which site?") && shown.text.contains("Site s2") && shown.text.contains("https://s2.example"), "{}", shown.text);
        assert!(!shown.text.contains("Another product") && preselected(&shown).is_none(), "{}", shown.text);
        let view = stage.session(&token).await;
        assert_eq!((&view["status"], &view["session"]["status"], &view["connection"]), (&json!("connecting"), &json!("CONNECTING"), &Value::Null));
        assert_eq!(stage.total().await, 0);
        // Sealed while it waits: neither the tokens nor the sites can be read.
        let sealed = stage.waiting().await;
        assert!(sealed.len() == 1 && sealed[0].starts_with("v1.") && !sealed[0].contains("token") && !sealed[0].contains("Site"), "{sealed:?}");

        // Whoever else has the link sees nothing of it, and cannot answer.
        let other = Browser::default();
        assert_eq!(other.arrive(&stage.app, token["connectUrl"].as_str().unwrap()).await, page);
        let elsewhere = other.get(&stage.app, &page).await;
        assert!(elsewhere.status == 409 && !elsewhere.text.contains("Site s1"), "{}", elsewhere.text);
        other.post(&stage.app, &format!("{page}/choose"), &[("account", "s1")]).await.location();
        assert_eq!(Browser::default().post(&stage.app, &format!("{page}/choose"), &[("account", "s1")]).await.status, 401);
        // What is not on the list is not taken, not even what the service has and the filter left out.
        for wrong in ["", "s9", "elsewhere", "../s1", "Site s1"] {
            let refused = browser.post(&stage.app, &format!("{page}/choose"), &[("account", wrong)]).await;
            assert_eq!(refused.status, 422, "{wrong:?}");
            assert!(asks(&refused) && refused.text.contains("Choose one of these."), "{}", refused.text);
        }
        assert_eq!(browser.post(&stage.app, &format!("{page}/choose"), &[]).await.status, 422);
        assert_eq!((stage.total().await, stage.waiting().await.len()), (json!(0), 1));

        // Of many equal answers one counts.
        let path = format!("{page}/choose");
        futures::future::join_all((0..8).map(|_| browser.post(&stage.app, &path, &[("account", "s2")]))).await;
        let done = browser.get(&stage.app, &page).await;
        assert!(done.text.contains("Connected as User alice") && done.text.contains("Site s2"), "{}", done.text);
        let view = stage.session(&token).await;
        assert_eq!((&view["status"], &view["connection"]["account"]["tenant"], &view["connection"]["account"]["email"]), (&json!("completed"), &json!("Site s2"), &json!("alice@example.test")));
        assert_eq!((stage.total().await, stage.waiting().await.len()), (json!(1), 0));
        assert_eq!(stage.call("t").await, ("/api/s2/things?site=s2".to_owned(), "s2".to_owned()));
        let id = view["connection"]["id"].as_str().unwrap();
        let events = stage.app.get(&format!("/connections/{id}/events")).await.expect(200).to_string();
        assert_eq!(events.matches("connect.session.completed").count(), 1, "{events}");
        assert_eq!(stage.provider.count("authorization_code").await, 1);
        // Once more: it is over.
        assert!(stage.choose(&browser, &page, "s1").await.text.contains("Site s2"));
    }

    async fn none_or_no_list_is_a_failure(stage: Stage) {
        stage.sites.are(&[]);
        let token = stage.token(json!({})).await;
        let (browser, page, shown) = stage.arrive_and_consent(&token).await;
        assert!(shown.text.contains("lists nothing that this access covers") && shown.text.contains("Try again"), "{}", shown.text);
        let view = stage.session(&token).await;
        assert_eq!((&view["status"], &view["errorCode"]), (&json!("failed"), &json!("no_accounts")));
        for (status, body, says) in [(500, json!({}), "status 500"), (200, json!({ "error": "no" }), "its answer holds no list")] {
            stage.sites.answer(status, body);
            assert!(stage.consent(&browser, &page).await.text.contains(says));
            assert_eq!(stage.session(&token).await["errorCode"], "PROVIDER_ERROR");
        }
        assert_eq!((stage.total().await, stage.waiting().await.len()), (json!(0), 0));
        // Meanwhile somebody gave them access.
        stage.sites.are(&["s1"]);
        assert!(stage.consent(&browser, &page).await.text.contains("Connected as User alice"));
    }

    async fn a_reconnect_keeps_what_was_chosen(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        let first = stage.token(json!({})).await;
        let (browser, page, _) = stage.arrive_and_consent(&first).await;
        stage.choose(&browser, &page, "s2").await;
        let id = stage.session(&first).await["connection"]["id"].clone();

        let again = stage.token(json!({ "connectionId": id })).await;
        let (_, _, shown) = stage.arrive_and_consent(&again).await;
        assert!(shown.text.contains("Connected as User alice") && shown.text.contains("Site s2"), "{}", shown.text);
        let view = stage.session(&again).await;
        assert_eq!((&view["connection"]["id"], &view["accountChanged"]), (&id, &json!(false)));

        // The same external id, and no word of a reconnect: asked, with what was chosen before.
        let same = stage.token(json!({})).await;
        let (browser, page, shown) = stage.arrive_and_consent(&same).await;
        assert_eq!(preselected(&shown).as_deref(), Some("s2"));
        let done = stage.choose(&browser, &page, "s1").await;
        assert!(done.text.contains("Site s1") && done.text.contains("This is a different account than before."), "{}", done.text);
        assert_eq!(stage.session(&same).await["connection"]["id"], id);
        // Second thoughts in the same session: asked again.
        browser.post(&stage.app, &format!("{page}/different"), &[]).await.location();
        let shown = stage.consent(&browser, &page).await;
        assert_eq!(preselected(&shown).as_deref(), Some("s1"));
        stage.choose(&browser, &page, "s2").await;

        // It is gone: asked, though one alone is left.
        stage.sites.are(&["s1"]);
        let gone = stage.token(json!({ "connectionId": id })).await;
        let (browser, page, shown) = stage.arrive_and_consent(&gone).await;
        assert!(asks(&shown) && shown.text.contains("is not there any more"), "{}", shown.text);
        stage.choose(&browser, &page, "s1").await;
        let view = stage.session(&gone).await;
        assert_eq!((&view["connection"]["id"], &view["accountChanged"], &view["connection"]["account"]["tenant"]), (&id, &json!(true), &json!("Site s1")));
        assert_eq!(stage.total().await, 1);
        assert_eq!(stage.call("t").await.1, "s1");
    }

    async fn what_waits_ends(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        // Nobody chose in time: another try is offered, and the tokens are gone.
        let slow = stage.token(json!({ "expiresIn": 3600 })).await;
        let (browser, page, shown) = stage.arrive_and_consent(&slow).await;
        assert!(asks(&shown));
        stage.app.services.clock.advance_seconds(CHOOSE_WITHIN);
        let late = stage.choose(&browser, &page, "s1").await;
        assert!(!asks(&late) && late.text.contains("Continue to Demo Sites"), "{}", late.text);
        sweep(&stage.app.services).await.unwrap();
        assert!(stage.waiting().await.is_empty());
        assert!(asks(&stage.consent(&browser, &page).await));
        // A new trip to the provider makes the question void.
        browser.post(&stage.app, &page, &[("method", "oauth2")]).await.location();
        assert!(stage.waiting().await.is_empty());
        // No, thanks.
        assert!(asks(&stage.consent(&browser, &page).await));
        browser.post(&stage.app, &format!("{page}/cancel"), &[]).await.location();
        assert!(stage.waiting().await.is_empty());
        assert!(stage.choose(&browser, &page, "s1").await.text.contains("You cancelled"));
        let view = stage.session(&slow).await;
        assert_eq!((&view["status"], &view["session"]["status"], &view["errorCode"]), (&json!("cancelled"), &json!("FAILED"), &json!("cancelled")));
        // The session's own end.
        let short = stage.token(json!({ "expiresIn": 60 })).await;
        let (browser, page, shown) = stage.arrive_and_consent(&short).await;
        assert!(asks(&shown));
        stage.app.services.clock.advance_seconds(61);
        browser.post(&stage.app, &format!("{page}/choose"), &[("account", "s1")]).await.location();
        assert_eq!(browser.get(&stage.app, &page).await.status, 410);
        assert_eq!(stage.session(&short).await["status"], "expired");
        sweep(&stage.app.services).await.unwrap();
        assert_eq!((stage.total().await, stage.waiting().await.len()), (json!(0), 0));
    }

    async fn the_application_may_know_which(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        let body = json!({ "integrationName": "demo-sites", "connectionName": "x", "externalId": "p", "props": { "siteId": "S 1" } });
        stage.app.post("/connect/token", body).await.expect_field("props.siteId");
        let known = stage.token(json!({ "props": { "siteId": "s1" } })).await;
        let (_, _, shown) = stage.arrive_and_consent(&known).await;
        assert!(shown.text.contains("Site s1"), "{}", shown.text);
        let wrong = stage.token(json!({ "externalId": "u", "props": { "siteId": "s9" } })).await;
        let (_, _, shown) = stage.arrive_and_consent(&wrong).await;
        assert!(shown.text.contains("does not list"), "{}", shown.text);
        assert_eq!(stage.session(&wrong).await["errorCode"], "account_not_listed");
        // Who brings tokens brings the site along; without one it is said what is missing.
        let import = json!({ "type": "PLATFORM_OAUTH2", "integrationName": "demo-sites", "workspaceId": "acme", "accessToken": "at-1", "externalId": "i" });
        let with = |key: &str, value: Value| {
            let mut body = import.clone();
            body[key] = value;
            body
        };
        stage.app.post("/connections", with("props", json!({ "siteId": "../x" }))).await.expect_field("props.siteId");
        stage.app.post("/connections", with("data", json!({ "siteId": "../x" }))).await.expect_field("data.siteId");
        stage.app.post("/connections", with("props", json!({ "siteId": "s2" }))).await.expect(201);
        stage.app.post("/connections", with("externalId", json!("bare"))).await.expect(201);
        let input = json!({ "method": "GET", "path": "/things" });
        let body = json!({ "integrationName": "demo-sites", "actionName": "custom_api_call", "workspaceId": "acme", "connectionExternalId": "bare", "input": input });
        let refused = stage.app.post("/actions/execute", body).await.expect_error(400, "CONNECTION_REQUIRED");
        assert!(refused["error"].as_str().unwrap().contains("nobody has chosen one"), "{refused}");
    }

    async fn a_verified_session_asks_after_the_word_of_the_application(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        let token = stage.token(json!({ "endUserId": "u1", "completion": "verified", "expiresIn": 60 })).await;
        let (browser, page, shown) = stage.arrive_and_consent(&token).await;
        assert!(shown.text.contains("acme is confirming"), "{}", shown.text);
        assert_eq!((stage.provider.count("authorization_code").await, stage.sites.take().len()), (0, 0), "nothing is exchanged or asked before");
        let path = format!("/connect/session/{}/complete", token["sessionId"].as_str().unwrap());
        let confirmed = stage.app.post(&path, json!({ "endUserId": "u1" })).await.expect(200);
        assert_eq!((&confirmed["status"], &confirmed["connection"]), (&json!("connecting"), &Value::Null));
        // The time of the link is over: there is enough to choose.
        stage.app.services.clock.advance_seconds(CHOOSE_WITHIN - 1);
        assert!(asks(&browser.get(&stage.app, &page).await));
        stage.choose(&browser, &page, "s2").await;
        let view = stage.session(&token).await;
        assert_eq!((&view["status"], &view["connection"]["endUserId"], &view["connection"]["account"]["tenant"]), (&json!("completed"), &json!("u1"), &json!("Site s2")));
    }

    async fn a_person_connects_two_sites_on_their_own_page(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        let user = stage.app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u1" })).await.expect(201)["endUser"]["id"].clone();
        let path = format!("/end-users/{}/connect-token", user.as_str().unwrap());
        let issued = stage.app.post(&path, json!({ "integrationName": "demo-sites" })).await.expect(200);
        let browser = Browser::default();
        browser.arrive(&stage.app, issued["connectUrl"].as_str().unwrap()).await;
        for (site, again) in [("s1", false), ("s2", false), ("s1", true)] {
            let url = browser.post(&stage.app, "/connect/portal/start", &[]).await.location();
            let callback = provider::visit(&url, "alice", Person::Consents).await;
            let page = provider::return_to(&stage.app, &browser, &callback).await.location();
            let shown = browser.get(&stage.app, &page).await;
            assert!(asks(&shown) && preselected(&shown).is_none(), "{}", shown.text);
            assert!(stage.choose(&browser, &page, site).await.text.contains(&format!("Site {site}")), "{again}");
        }
        // The same person, and two connections: one a site.
        let mut found: Vec<_> = stage.app.get("/connections").await.expect(200)["connections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|connection| (connection["externalId"].as_str().unwrap().to_owned(), connection["account"]["tenant"].as_str().unwrap().to_owned()))
            .collect();
        found.sort();
        assert_eq!(found, [("u1".to_owned(), "Site s1".to_owned()), ("u1-2".to_owned(), "Site s2".to_owned())]);
    }

    async fn the_dashboards_window_asks_too(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        let admin = browser_that_signed_in(&stage.app).await;
        let handle = "abcdefghijklmnop";
        let fields = [("integration", "demo-sites"), ("workspace_id", "acme"), ("external_id", "by-hand"), ("client_ref", handle)];
        let url = admin.post(&stage.app, "/dashboard/authorize", &fields).await.location();
        let callback = provider::visit(&url, "alice", Person::Consents).await;
        let page = provider::return_to(&stage.app, &admin, &callback).await.location();
        assert!(asks(&admin.get(&stage.app, &page).await));
        let done = stage.choose(&admin, &page, "s2").await;
        assert!(done.text.contains("Site s2") && done.text.contains("data-window=\"1\""), "{}", done.text);
        let news: Value = serde_json::from_str(&admin.get(&stage.app, &format!("/dashboard/authorize/{handle}")).await.text).unwrap();
        assert_eq!((&news["status"], &news["connection"]["account"]["tenant"]), (&json!("completed"), &json!("Site s2")));
    }

    async fn in_six_languages(stage: Stage) {
        stage.sites.are(&["s1", "s2"]);
        for (language, words) in [("en", "Which site?"), ("de", "Welches Demo Sites-Konto?"), ("fr", "Quel compte Demo Sites"), ("es", "¿Qué cuenta de Demo Sites?"), ("pt", "Qual conta Demo Sites?"), ("ja", "どの Demo Sites アカウントですか？")] {
            let token = stage.token(json!({ "language": language })).await;
            let (browser, page, shown) = stage.arrive_and_consent(&token).await;
            assert!(shown.text.contains(words) && shown.text.contains("acme"), "{language}: {}", shown.text);
            browser.post(&stage.app, &format!("{page}/cancel"), &[]).await.location();
        }
        // The answer of another page than ours is none.
        let token = stage.token(json!({})).await;
        let (_, page, _) = stage.arrive_and_consent(&token).await;
        let foreign = Request::builder().method(Method::POST).uri(format!("{page}/choose")).header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
        assert_eq!(ask(stage.app.router.clone(), foreign.body("account=s1".into()).unwrap()).await.status, 403);
        assert_eq!(ask(stage.app.router.clone(), request(&stage.app.key, Method::GET, "/connections", None)).await.expect(200)["total"], 0);
    }
}
