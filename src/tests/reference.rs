//! `/docs/api` and `/docs/api/schemas`: whole, true to the document, and the same for everybody.

use crate::support::{Answer, Db, TestApp, ask};
use axum::body::Body;
use axum::http::{Request, header};
use keyloom::api::openapi::document;
use keyloom::domain::Code;
use std::collections::BTreeSet;

const PATHS: [&str; 2] = ["/docs/api", "/docs/api/schemas"];

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(path).header(header::HOST, "localhost:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(app.router.clone(), request.body(Body::empty()).unwrap()).await
}

/// Both pages.
async fn pages() -> [Answer; 2] {
    let app = TestApp::start(Db::Sqlite).await;
    let pages = [get(&app, PATHS[0], &[]).await, get(&app, PATHS[1], &[]).await];
    assert!(pages.iter().all(|page| page.status == 200), "{pages:?}");
    pages
}

/// The values of an attribute.
fn values<'a>(html: &'a str, opening: &str) -> Vec<&'a str> {
    html.split(opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// As it stands in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[tokio::test]
async fn every_operation_is_there_with_all_that_it_takes() {
    let [Answer { text: html, .. }, _] = pages().await;
    let mut count = 0;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let (_, rest) = html.split_once(&format!("<section id=\"{id}\" class=\"api-operation\">")).unwrap_or_else(|| panic!("{id} is missing"));
            let section = rest.split("class=\"api-operation\"").next().unwrap();
            let mut words =
                vec![method.to_uppercase(), path.clone(), operation["summary"].as_str().unwrap().to_owned(), "curl http://localhost:3000/api/v1/".to_owned()];
            words.extend(
                operation["parameters"].as_array().into_iter().flatten().filter_map(|parameter| Some(format!("<code>{}</code>", parameter["name"].as_str()?))),
            );
            words.extend(operation["x-error-codes"].as_array().unwrap().iter().map(|code| format!("href=\"#{}\"", code.as_str().unwrap())));
            for word in words {
                let word = if word.starts_with('<') || word.starts_with("href") { word } else { escaped(&word) };
                assert!(section.contains(&word), "{id} does not say {word}:\n{section}");
            }
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    assert_eq!(html.matches("class=\"api-operation\"").count(), count);
}

#[tokio::test]
async fn every_schema_and_error_is_there_and_every_link_has_a_target() {
    let [operations, schemas] = pages().await.map(|page| page.text);
    let mut targets = BTreeSet::new();
    for (path, html) in PATHS.into_iter().zip([&operations, &schemas]) {
        for id in values(html, " id=\"") {
            assert!(targets.insert(format!("{path}#{id}")), "{path} has {id} twice");
        }
    }
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        assert!(targets.contains(&format!("/docs/api/schemas#{name}")), "{name}");
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schemas.contains(&format!("<code>{field}</code>")), "{name}.{field}");
        }
    }
    for code in Code::ALL {
        assert!(targets.contains(&format!("/docs/api#{}", code.as_str())), "{}", code.as_str());
    }
    let mut links = 0;
    for (path, html) in PATHS.into_iter().zip([&operations, &schemas]) {
        for link in values(html, " href=\"").into_iter().filter(|link| link.contains('#')) {
            let target = if link.starts_with('#') { format!("{path}{link}") } else { link.to_owned() };
            assert!(targets.contains(&target), "{path} has a link to {link}");
            links += 1;
        }
    }
    assert!(links > 500, "{links}");
}

#[tokio::test]
async fn they_load_nothing_else_and_little() {
    for Answer { headers, text: html, .. } in pages().await {
        assert!(html.len() < 200_000, "{} bytes", html.len());
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for forbidden in ["<script", "<style", " style=", "onclick", "<!>", "src="] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        let loaded: Vec<_> = html.split("<link ").skip(1).filter_map(|link| values(link, "href=\"").first().copied()).collect();
        assert!(loaded.len() == 2 && loaded.iter().all(|path| path.starts_with('/')), "{loaded:?}");
    }
}

#[tokio::test]
async fn they_are_kept_and_asked_about() {
    let app = TestApp::start(Db::Sqlite).await;
    for path in PATHS {
        let first = get(&app, path, &[]).await;
        assert_eq!(first.headers[header::CACHE_CONTROL], "public, no-cache");
        assert!(first.headers.get(header::SET_COOKIE).is_none());
        let tag = first.headers[header::ETAG].to_str().unwrap();
        let again = get(&app, path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        assert_eq!(again.headers[header::ETAG], tag);
        assert_eq!(get(&app, path, &[("if-none-match", "W/\"another\"")]).await.status, 200);
        let small = get(&app, path, &[("accept-encoding", "br")]).await;
        assert_eq!(small.headers[header::CONTENT_ENCODING], "br");
        assert!(small.text.len() < first.text.len() / 2);
    }
}
