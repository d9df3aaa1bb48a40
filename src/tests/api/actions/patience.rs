//! Services that ask for patience, in their own words or those of HTTP, and those that stumble: who waits, we or the caller.

use super::events;
use crate::support::script::Script;
use crate::support::{Answer, Db, Setup, TestApp};
use keyloom::service::{Actor, Services, actions};
use serde_json::{Value, json};
use std::time::Duration;

/// A service that says "later" with 403 and with 200, and when in three ways.
const BUSY: &str = r#"
name = "demo-busy"
display_name = "Demo Busy"
description = "A service that is asked too often, for tests"
categories = ["other"]
docs_url = "https://example.com/docs"

[api]
base_url = "{echo}"
error_when = { pointer = "/ok", equals = false }

[api.retry]
throttled = [
    { status = 403, header = "x-remaining", equals = "0" },
    { status = 200, pointer = "/error", equals = "ratelimited" },
]
wait = [{ header = "x-wait-ms", unit = "milliseconds" }, { pointer = "/retry_after" }, { header = "x-reset", unit = "moment" }]

[[auth]]
key = "api-key"
type = "SECRET_TEXT"
label = "API key"

[auth.placement.headers]
X-Api-Key = "{{secretText}}"

[actions.read]
display_name = "Read"
description = "Reads"
method = "GET"
path = "/read"
input = {}
example = {}

[actions.search]
display_name = "Search"
description = "Only looks, though it is a POST"
method = "POST"
path = "/search"
body = { text = "{{input.text}}" }
input.properties.text = { type = "string" }
idempotent = true
example = {}

[actions.write]
display_name = "Write"
description = "Does something"
method = "POST"
path = "/write"
body = { text = "{{input.text}}" }
input.properties.text = { type = "string" }
example = {}
"#;

struct Busy {
    app: TestApp,
    service: Script,
    id: String,
}

impl Busy {
    async fn start(db: Db) -> Self {
        let service = Script::start().await;
        let integrations = vec![("demo-busy".to_owned(), BUSY.to_owned())];
        let app = TestApp::start_with(db, Setup { echo: Some(service.url.clone()), integrations, ..Setup::default() }).await;
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-busy", "externalId": "c", "secretText": "secret-0123" });
        let id = app.post("/connections", body).await.expect(201)["connection"]["id"].as_str().unwrap().to_owned();
        Self { app, service, id }
    }

    async fn execute(&self, action: &str) -> Answer {
        self.app.post("/actions/execute", asked(action)).await
    }

    /// Answers once so, then well; how the action ended and how many requests there were.
    async fn after(&self, action: &str, status: u16, headers: Vec<(&'static str, String)>, body: Value) -> (Answer, usize) {
        self.service.then(status, headers, body);
        self.service.then(200, Vec::new(), json!({ "done": true }));
        let answer = self.execute(action).await;
        let count = self.service.take().len();
        if count == 1 {
            // What was not asked for is not for the next.
            self.execute("read").await.expect(200);
            self.service.take();
        }
        (answer, count)
    }
}

fn asked(action: &str) -> Value {
    let input = if action == "custom_api_call" { json!({ "method": "GET", "path": "/any" }) } else { json!({}) };
    json!({ "integrationName": "demo-busy", "actionName": action, "connectionExternalId": "c", "input": input })
}

crate::on_both_databases! {
    async fn a_long_wait_is_for_the_caller(busy: Busy) {
        let in_90 = |busy: &Busy| ((busy.app.services.now().0 + 90_000) / 1000).to_string();
        for (status, headers, body, waits) in [
            (429, vec![("retry-after", "40".to_owned())], json!({}), Some(40..=40)),
            (429, vec![], json!({ "retry_after": 30.2 }), Some(31..=31)),
            (403, vec![("x-remaining", "0".to_owned()), ("x-reset", in_90(&busy))], json!({ "message": "slow down" }), Some(60..=90)),
            (403, vec![("x-remaining", "0".to_owned()), ("retry-after", "40".to_owned())], json!({}), Some(40..=40)),
            (200, vec![("retry-after", "40".to_owned())], json!({ "ok": false, "error": "ratelimited" }), Some(40..=40)),
            // Nobody knows when.
            (200, vec![], json!({ "ok": false, "error": "ratelimited" }), None),
            (429, vec![], json!({}), None),
        ] {
            for action in ["read", "write", "custom_api_call"] {
                let (answer, count) = busy.after(action, status, headers.clone(), body.clone()).await;
                let refused = answer.expect_error(400, "ACTION_FAILED");
                assert_eq!((count, &refused["details"]["throttled"], &refused["details"]["status"]), (1, &json!(true), &json!(status)), "{action} {body}");
                assert!(refused["error"].as_str().unwrap().starts_with(&format!("Demo Busy is asked too often (status {status})")), "{refused}");
                let told = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().parse::<i32>().unwrap());
                assert!(waits.as_ref().map_or(told.is_none(), |waits| told.is_some_and(|told| waits.contains(&told))), "{action} {status} {headers:?} {body}: {told:?}");
            }
        }
        // What means something else is told as that.
        for (status, headers, body) in [(403, vec![("x-remaining", "7".to_owned())], json!({})), (200, vec![], json!({ "ok": false, "error": "nope" }))] {
            let (answer, count) = busy.after("read", status, headers, body).await;
            let refused = answer.expect_error(400, "ACTION_FAILED");
            assert_eq!((count, refused["details"].get("throttled"), answer.headers.get("retry-after")), (1, None, None), "{refused}");
        }
    }

    async fn a_short_wait_is_waited_out_once(busy: Busy) {
        let short = || vec![("x-wait-ms", "20".to_owned())];
        let later = || json!({ "ok": false, "error": "ratelimited" });
        // It did nothing, so even what does something is sent again.
        for (action, status, body) in [("read", 429, json!({})), ("write", 429, json!({})), ("write", 200, later()), ("search", 200, later()), ("custom_api_call", 429, json!({}))] {
            let (answer, count) = busy.after(action, status, short(), body).await;
            answer.expect(200);
            assert_eq!(count, 2, "{action} {status}");
        }
        // The second answer counts, whatever it is: there is no third request.
        busy.service.then(429, short(), json!({}));
        busy.service.then(429, short(), json!({}));
        busy.execute("read").await.expect_error(400, "ACTION_FAILED");
        assert_eq!(busy.service.take().len(), 2);
        // The whole is one thing done, as it ended.
        let recorded = events(&busy.app, &busy.id).await;
        assert_eq!((recorded.len(), &recorded[0]["data"]["status"], &recorded[1]["data"]["status"]), (6, &json!(429), &json!(200)));
    }

    async fn who_stumbled_is_asked_again_only_where_that_does_no_harm(busy: Busy) {
        for (action, status, headers, count) in [
            ("read", 502, vec![], 2),
            ("read", 503, vec![], 2),
            ("read", 504, vec![], 2),
            ("search", 503, vec![], 2),
            ("custom_api_call", 503, vec![], 2),
            ("read", 500, vec![], 1),
            ("read", 503, vec![("retry-after", "60".to_owned())], 1),
            ("write", 502, vec![], 1),
            ("write", 503, vec![], 1),
            ("write", 504, vec![], 1),
        ] {
            let (answer, requests) = busy.after(action, status, headers, json!({})).await;
            assert_eq!((requests, answer.status.is_success()), (count, count == 2), "{action} {status}: {}", answer.text);
            if !answer.status.is_success() {
                answer.expect_error(502, "PROVIDER_ERROR");
            }
        }
    }

    async fn no_wait_goes_past_the_end_of_our_time(busy: Busy) {
        let impatient = Services { action_limit: Duration::from_secs(1), ..busy.app.services.clone() };
        busy.service.then(429, vec![("x-wait-ms", "1000".to_owned())], json!({}));
        let error = actions::execute(&impatient, &Actor::System.writer().unwrap(), serde_json::from_value(asked("read")).unwrap()).await.unwrap_err();
        assert_eq!((error.message.as_str(), error.retry_after), ("Demo Busy is asked too often (status 429)", Some(1)));
        assert_eq!(busy.service.take().len(), 1);
    }
}
