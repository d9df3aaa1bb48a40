//! What the dashboard does by forms: with several connections at once, links for end users, logos; and how an open page learns of changes.

use crate::hosted::browser_that_signed_in;
use crate::on_both_databases;
use crate::support::{Answer, Browser, TestApp};
use axum::body::Body;
use axum::http::{Method, Request, header};
use keyloom::app::rpc::connections::BulkConnections;
use leptos::server_fn::ServerFn as _;
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest of a picture";

/// A form of a page, sent as a browser without WebAssembly would.
async fn form(browser: &Browser, app: &TestApp, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, "http://localhost:3000")
        .header(header::REFERER, "http://localhost:3000/connections")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, kind);
    browser.send(app, request.body(Body::from(body)).unwrap()).await
}

async fn bulk(browser: &Browser, app: &TestApp, action: &str, ids: &[&str]) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("action", action).append_pair("back", "?q=ext&evil=1&created=conn_x");
    body.extend_pairs(ids.iter().map(|id| ("ids[]", *id)));
    form(browser, app, BulkConnections::PATH, "application/x-www-form-urlencoded", body.finish().into_bytes()).await.location()
}

async fn upload(browser: &Browser, app: &TestApp, workspace: &str, name: &str, bytes: &[u8]) -> Answer {
    let mut body = format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x.png\"\r\n\r\n").into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--limit--\r\n");
    form(browser, app, &format!("/dashboard/workspaces/{workspace}/logo"), "multipart/form-data; boundary=limit", body).await
}

on_both_databases! {
    async fn several_at_once(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        let (one, two) = (app.secret_text("ext-1", json!({ "displayName": "One <b>" })).await, app.secret_text("ext-2", json!({})).await);
        let refreshed = bulk(&browser, &app, "refresh", &[&one, &two, &one, "conn_gone"]).await;
        assert!(refreshed.starts_with("/connections?q=ext&report="), "only what narrows the list is kept: {refreshed}");
        let page = browser.get(&app, &refreshed).await.text;
        assert!(page.contains("3 connections refreshed: 1 failed, 2 with nothing to renew."), "{page}");
        assert!(page.contains("One &lt;b&gt;") && page.contains("Only connections with an access token can be refreshed"), "{page}");
        app.services.clock.advance_seconds(3601);
        assert!(!browser.get(&app, &refreshed).await.text.contains("connections refreshed"), "a report is kept for an hour");
        let deleted = bulk(&browser, &app, "delete", &[&one]).await;
        let page = browser.get(&app, &deleted).await.text;
        assert!(page.contains("1 connection to delete: 1 deleted."), "{page}");
        app.get(&format!("/connections/{one}")).await.expect_error(404, "CONNECTION_NOT_FOUND");
        app.get(&format!("/connections/{two}")).await.expect(200);
        let nothing = bulk(&browser, &app, "delete", &[]).await;
        assert!(nothing.contains("__err="), "{nothing}");
    }

    /// Lists that grow show a page and lead to the next.
    async fn lists_have_pages(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        for number in 0..51 {
            app.post("/workspaces", json!({ "name": format!("Team {number}."), "slug": format!("team-{number}") })).await.expect(201);
        }
        let mut first = String::new();
        for number in 0..51 {
            let events = [if number == 0 { "connection.created" } else { "connection.deleted" }];
            let made = app.post("/webhooks", json!({ "url": format!("http://localhost:9/{number}."), "events": events })).await.expect(201);
            if number == 0 {
                made["webhook"]["id"].as_str().unwrap().clone_into(&mut first);
            }
        }
        for number in 0..51 {
            app.secret_text(&format!("ext-{number}"), json!({})).await;
        }
        let deliveries = format!("/webhooks/{first}");
        for (path, counted, newest, oldest) in [
            ("/workspaces", "51 workspaces", "Team 50.", "Team 0."),
            ("/webhooks", "51 webhooks", "http://localhost:9/50.", "http://localhost:9/0."),
            (deliveries.as_str(), "51 deliveries", "connection.created", "connection.created"),
        ] {
            let page = browser.get(&app, path).await.text;
            assert!(page.contains(counted) && page.contains(newest) && !page.contains("First page"), "{path}: {page}");
            let next = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).find(|href| href.contains("cursor=")).unwrap().replace("&amp;", "&");
            assert!(next.starts_with(&format!("{path}?cursor=")), "{next}");
            let page = browser.get(&app, &next).await.text;
            assert!(page.contains(oldest) && page.contains("First page") && !page.contains("Next page"), "{path}: {page}");
        }
    }

    async fn changes_are_noticed(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        let path = |connection: &str| format!("/dashboard/changes?since={}{connection}", app.services.now().0);
        assert_eq!(Browser::default().get(&app, &path("")).await.status, 401);
        assert_eq!(browser.get(&app, &path("")).await.expect(200), false);
        let (one, other) = (app.secret_text("t1", json!({})).await, app.secret_text("t2", json!({})).await);
        assert_eq!(browser.get(&app, &path("")).await.expect(200), true);
        // Whose credentials they are is asked in the background, and is a change too.
        app.services.tasks.close();
        app.services.tasks.wait().await;
        app.services.tasks.reopen();
        app.services.clock.advance_seconds(10);
        assert_eq!(browser.get(&app, &path("")).await.expect(200), false, "all is known");
        app.send(Method::PATCH, &format!("/connections/{one}"), Some(json!({ "displayName": "New" }))).await.expect(200);
        assert_eq!(browser.get(&app, &path(&format!("&connection={one}"))).await.expect(200), true);
        assert_eq!(browser.get(&app, &path(&format!("&connection={other}"))).await.expect(200), false);
        assert_eq!(browser.get(&app, "/dashboard/changes?since=0").await.expect(200), true, "away for long");
    }

    async fn an_open_page_alone_does_not_keep_a_sign_in(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        for _ in 0..3 {
            app.services.clock.advance_seconds(keyloom::service::login::IDLE_SECONDS / 2 - 10);
            browser.get(&app, "/dashboard/changes?since=0").await;
        }
        assert_eq!(browser.get(&app, "/dashboard/changes?since=0").await.status, 401);
    }

    async fn a_link_for_an_end_user(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        app.workspace("acme").await;
        let user = app.post("/end-users", json!({ "workspaceId": "acme", "externalId": "u1" })).await.expect(201);
        let user = user["endUser"]["id"].as_str().or(user["id"].as_str()).unwrap().to_owned();
        for (integration, starts) in [("demo-key", "http://localhost:3000/connect?token="), ("", "http://localhost:3000/connect/portal?token=")] {
            let page = browser.post(&app, "/dashboard/connect-link", &[("user", &user), ("integration", integration), ("expires_in", "3600")]).await;
            page.expect(200);
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
            let at = page.text.find(starts).unwrap_or_else(|| panic!("{}", page.text));
            let link = page.text[at..].split('<').next().unwrap();
            assert!(Browser::default().get(&app, link.strip_prefix("http://localhost:3000").unwrap()).await.status.is_redirection());
        }
        let too_long = browser.post(&app, "/dashboard/connect-link", &[("user", &user), ("integration", "demo-key"), ("expires_in", "999999999")]).await;
        assert_eq!(too_long.status, 400);
    }

    async fn a_logo_is_served_from_here(app: TestApp) {
        let browser = browser_that_signed_in(&app).await;
        let id = app.workspace("acme").await;
        assert_eq!(upload(&browser, &app, &id, "logo", PNG).await.location(), format!("/workspaces/{id}?saved=1"));
        let url = app.get("/workspaces/acme").await.expect(200)["workspace"]["logoUrl"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("http://localhost:3000").unwrap();
        let picture = Browser::default().get(&app, path).await;
        assert_eq!((picture.status.as_u16(), picture.headers[header::CONTENT_TYPE].to_str().unwrap()), (200, "image/png"));
        let token = app.post("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "t", "workspaceId": "acme" })).await.expect(200);
        let visitor = Browser::default();
        let page = visitor.arrive(&app, token["connectUrl"].as_str().unwrap()).await;
        assert!(visitor.get(&app, &page).await.text.contains(&format!("src=\"{path}\"")));
        for (bytes, why) in [(&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "neither PNG"), (vec![0_u8; 33 * 1024].as_slice(), "at most 32 kB")] {
            let refused = upload(&browser, &app, &id, "logo", bytes).await;
            assert!(refused.status == 400 && refused.text.contains(why), "{}", refused.text);
        }
        // A logo that lies elsewhere is not asked for by our pages, and the picture from before is gone.
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "logoUrl": "https://cdn.example/x.png" }))).await.expect(200);
        assert_eq!(Browser::default().get(&app, path).await.status, 404);
        assert!(!visitor.get(&app, &page).await.text.contains("cdn.example"));
        upload(&browser, &app, &id, "logo", PNG).await.location();
        upload(&browser, &app, &id, "remove", b"1").await.location();
        assert!(app.get("/workspaces/acme").await.expect(200)["workspace"]["logoUrl"].is_null());
        upload(&browser, &app, &id, "logo", PNG).await.location();
        app.send(Method::DELETE, "/workspaces/acme", None).await.expect(200);
    }

    async fn buttons_can_be_read_on_any_accent(app: TestApp) {
        let luminance = |rgb: u32| {
            let channel = |shift: u32| {
                let value = f64::from((rgb >> shift) & 0xff) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
        };
        for rgb in (0..=0x00ff_ffff).step_by(0x0001_8d3b) {
            let css = Browser::default().get(&app, &format!("/connect/accent/{rgb:06x}.css")).await.text;
            let text = if css.contains("--on-accent:#000") { 0.0 } else { 1.0 };
            let (one, other) = (luminance(rgb) + 0.05, text + 0.05);
            let contrast = if one > other { one / other } else { other / one };
            assert!(contrast >= 4.5, "{rgb:06x}: {contrast}");
        }
    }
}
