//! The first exchange meets everything that a broken network or provider can answer: each ends the session in a defined state, and
//! the person tries again.

use super::Case;
use crate::support::fault::Fault;
use crate::support::{Browser, Db, provider};
use serde_json::{Value, json};
use std::time::Duration;

fn answer(status: u16, headers: &str, body: &str) -> Fault {
    Fault::Answer(status, headers.to_owned(), body.to_owned())
}

/// Eight kilobytes of gzip that are more than a megabyte of zeros (RFC 1951, fixed codes): one zero, then "the 258 before once more".
fn gzip_bomb() -> Vec<u8> {
    let repeat = "1100010100000";
    let bits: String = ["1", "10", "00110000"].into_iter().chain(std::iter::repeat_n(repeat, 5000)).chain(["0000000"]).collect();
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | ((bit - b'0') << place));
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.into_iter().chain(bits.as_bytes().chunks(8).map(byte)).chain([0; 8]).collect()
}

/// What tokens can come with.
fn good() -> Vec<(&'static str, Fault)> {
    vec![
        ("delay", Fault::Delay(Duration::from_millis(300))),
        ("drip", Fault::Drip(Duration::from_millis(1))),
        ("form", answer(200, "", "access_token=a&token_type=bearer&scope=openid")),
        ("no expiry", answer(200, "", r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r"}"#)),
        ("string expiry", answer(200, "", r#"{"access_token":"a","expires_in":"3600","refresh_token":"r"}"#)),
        ("no refresh", answer(200, "", r#"{"access_token":"a","expires_in":3600}"#)),
        ("status 201", answer(201, "", r#"{"access_token":"a"}"#)),
    ]
}

/// What can come instead of them, and what the person is told.
fn bad() -> Vec<(&'static str, Fault, &'static str)> {
    let nested = format!("{}1{}", r#"{"a":"#.repeat(2000), "}".repeat(2000));
    let huge = format!(r#"{{"access_token":"a","x":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    vec![
        ("drop before", Fault::DropBefore, "could not be reached"),
        ("drop after", Fault::DropAfter, "could not be reached"),
        ("hang", Fault::Stall, "could not be reached"),
        ("status 503", answer(503, "", ""), "a problem of its own"),
        ("status 429", answer(429, "Retry-After: 5\r\n", ""), "a problem of its own"),
        ("status 404", answer(404, "", "no"), "could not be reached"),
        ("html", answer(200, "content-type: text/html\r\n", "<html>hello</html>"), "could not be reached"),
        ("empty", answer(200, "", ""), "could not be reached"),
        ("truncate", answer(200, "", r#"{"access_token":"a"#), "could not be reached"),
        ("bad JSON", answer(200, "content-type: application/json\r\n", "{access_token: a}"), "could not be reached"),
        ("no token", answer(200, "", r#"{"access_token":null,"expires_in":3600}"#), "could not be reached"),
        ("ok false", answer(200, "", r#"{"ok":false,"error":"invalid_code"}"#), "did not accept the authorization code"),
        ("nested", answer(200, "", &nested), "could not be reached"),
        ("huge", answer(200, "", &huge), "too large"),
        ("gzip bomb", Fault::Bytes(200, "content-encoding: gzip\r\n".to_owned(), gzip_bomb()), "too large"),
        ("broken gzip", answer(200, "content-encoding: gzip\r\n", "no gzip"), "could not be reached"),
        ("redirect", answer(302, "location: http://localhost:9/\r\n", ""), "a redirect"),
        ("refused code", answer(400, "", r#"{"error":"invalid_grant"}"#), "did not accept the authorization code"),
        ("refused app", answer(401, "", r#"{"error":"invalid_client"}"#), "does not accept our OAuth app"),
    ]
}

async fn every_answer_ends_in_a_defined_state(db: Db) {
    let case = Case::start(db, 3600).await;
    let shown = async |session: &str| case.app.get(&format!("/connect/session/{session}")).await.expect(200);
    let goods = good();
    let expected = goods.len() + bad().len();
    for (name, fault) in goods {
        case.proxy.arm(fault);
        let (session, page) = provider::connect(&case.app, &Browser::default(), name, "alice").await;
        let view = shown(&session).await;
        assert_eq!(view["status"], "completed", "{name}: {view} {}", page.text);
    }
    for (name, fault, says) in bad() {
        case.proxy.arm(fault);
        let browser = Browser::default();
        let (session, page) = provider::connect(&case.app, &browser, name, "alice").await;
        let view = shown(&session).await;
        assert_eq!((&view["status"], &view["connection"]), (&json!("failed"), &Value::Null), "{name}: {view}");
        let message = view["error"].as_str().unwrap();
        assert!(message.contains("Demo OAuth") && message.contains(says), "{name}: {message}");
        assert!(!message.contains("by itself"), "{name}: a consent is not repeated for the person: {message}");
        assert!(view["errorCode"].as_str().is_some_and(|code| !code.is_empty()), "{name}: {view}");
        assert!(page.text.contains("was not connected") && page.text.contains("Try again"), "{name}: {}", page.text);
        // A new attempt of the same session, by the same browser.
        let consent = browser.post(&case.app, &format!("/connect/{session}"), &[("method", "oauth2")]).await.location();
        let callback = provider::visit(&consent, "alice", provider::Person::Consents).await;
        provider::return_to(&case.app, &browser, &callback).await.location();
        let view = shown(&session).await;
        assert_eq!((&view["status"], &view["error"]), (&json!("completed"), &Value::Null), "{name}: {view}");
    }
    assert_eq!(case.app.get("/connections").await.expect(200)["total"], expected);
}

crate::run_on_both_databases! { every_answer_ends_in_a_defined_state }
