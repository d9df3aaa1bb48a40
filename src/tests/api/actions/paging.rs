//! The next page of a list, without knowing how the provider counts.

use super::merged;
use crate::support::script::Script;
use crate::support::{Answer, Db, Setup, TestApp};
use serde_json::{Value, json};

/// An integration with a list for each kind of hint.
const LISTS: &str = r#"
name = "demo-lists"
display_name = "Demo Lists"
description = "A service with lists, for tests"
categories = ["other"]
docs_url = "https://example.com/docs"

[api]
base_url = "{echo}"
next = { input = "cursor", from = { pointer = "/meta/next" } }

[[auth]]
key = "api-key"
type = "SECRET_TEXT"
label = "API key"

[auth.placement.headers]
X-Api-Key = "{{secretText}}"

[actions.by_cursor]
display_name = "List"
description = "As the API says for all"
method = "GET"
path = "/items"
query = { cursor = "{{input.cursor}}" }
input.properties.cursor = { type = "string" }
output = "/items"
example = {}

[actions.by_link]
display_name = "List"
description = "With a Link header"
method = "GET"
path = "/items"
query = { page = "{{input.page}}" }
input.properties.page = { type = "integer" }
next = { input = "page", from = { link = "page" } }
example = {}

[actions.by_url]
display_name = "List"
description = "With an address in the answer"
method = "GET"
path = "/items"
query = { token = "{{input.token}}" }
input.properties.token = { type = "string" }
next = { input = "token", from = { url = { pointer = "/next_page_uri", parameter = "Token" } } }
output = "/items"
example = {}

[actions.by_last]
display_name = "List"
description = "After the last one"
method = "GET"
path = "/items"
query = { after = "{{input.after}}", limit = "{{input.limit}}" }
input.properties.after = { type = "string" }
input.properties.limit = { type = "integer", default = 2 }
next = { input = "after", from = { last = "/user/id" }, list = "", size = "limit" }
example = {}

[actions.by_page]
display_name = "List"
description = "By the number of the page"
method = "GET"
path = "/items"
query = { page = "{{input.page}}" }
input.properties.page = { type = "integer", maximum = 9 }
next = { input = "page", from = { page = 1 }, list = "/items", more = "/next_page" }
output = "/items"
example = {}

[actions.by_offset]
display_name = "List"
description = "By the number of items before"
method = "GET"
path = "/items"
query = { offset = "{{input.offset}}" }
input.properties.offset = { type = "integer" }
next = { input = "offset", from = { offset = 0 }, list = "/items" }
example = {}

[actions.elsewhere]
display_name = "List"
description = "The rest is somewhere else"
method = "POST"
path = "/items"
query = { a = "b" }
body = { folder = "{{input.folder}}" }
input.required = ["folder"]
input.properties.folder = { type = "string" }
input.properties.rest = { type = "string" }
next = { input = "rest", from = { pointer = "/rest" }, more = "/has_more", path = "/items/continue" }
example = { folder = "f" }
"#;

struct Lists {
    app: TestApp,
    service: Script,
}

impl Lists {
    async fn start(db: Db) -> Self {
        let service = Script::start().await;
        let integrations = vec![("demo-lists".to_owned(), LISTS.to_owned())];
        let app = TestApp::start_with(db, Setup { echo: Some(service.url.clone()), integrations, ..Setup::default() }).await;
        app.post("/connections", json!({ "type": "SECRET_TEXT", "integrationName": "demo-lists", "externalId": "c", "secretText": "secret-0123" }))
            .await
            .expect(201);
        Self { app, service }
    }

    async fn list(&self, action: &str, input: &Value) -> Answer {
        let body = json!({ "integrationName": "demo-lists", "actionName": action, "connectionExternalId": "c", "input": input });
        self.app.post("/actions/execute", body).await
    }
}

crate::on_both_databases! {
    async fn every_kind_of_hint_leads_to_the_next_page_and_no_further(lists: Lists) {
        let none = || Vec::<(&'static str, String)>::new();
        let link = |page: u8, rel: &str| vec![("link", format!(r#"<{}/items?page={page}>; rel="{rel}""#, lists.service.url))];
        let (user, two) = (|id: u8| json!({ "user": { "id": id } }), json!([1, 2]));
        for (action, input, first, next, asked, last) in [
            ("by_cursor", json!({}), (none(), json!({ "items": two, "meta": { "next": "c2==" } })), json!({ "cursor": "c2==" }),
                ("/items?cursor=c2%3D%3D", ""), (none(), json!({ "items": [3], "meta": { "next": "" } }))),
            ("by_link", json!({ "page": 4 }), (link(5, "next"), two.clone()), json!({ "page": 5 }), ("/items?page=5", ""), (link(4, "prev"), json!([3]))),
            ("by_url", json!({}), (none(), json!({ "items": two, "next_page_uri": "/items?Page=1&Token=t%202" })), json!({ "token": "t 2" }),
                ("/items?token=t+2", ""), (none(), json!({ "items": [3], "next_page_uri": null }))),
            ("by_last", json!({}), (none(), json!([user(5), user(6)])), json!({ "after": "6" }), ("/items?after=6&limit=2", ""), (none(), json!([user(7)]))),
            ("by_page", json!({}), (none(), json!({ "items": two, "next_page": "https://elsewhere.example" })), json!({ "page": 2 }),
                ("/items?page=2", ""), (none(), json!({ "items": [3], "next_page": null }))),
            ("by_offset", json!({ "offset": 10 }), (none(), json!({ "items": two })), json!({ "offset": 12 }), ("/items?offset=12", ""), (none(), json!({ "items": [] }))),
            ("elsewhere", json!({ "folder": "f" }), (none(), json!({ "rest": "r2", "has_more": true })), json!({ "rest": "r2" }),
                ("/items/continue", r#"{"rest":"r2"}"#), (none(), json!({ "rest": "r2", "has_more": false }))),
        ] {
            lists.service.then(200, first.0, first.1.clone());
            lists.service.then(200, last.0, last.1.clone());
            let page = lists.list(action, &input).await.expect(200);
            assert_eq!(page["next"], next, "{action}: {page}");
            let output = |answer: &Value| if matches!(action, "by_cursor" | "by_url" | "by_page") { answer["items"].clone() } else { answer.clone() };
            assert_eq!(page["output"], output(&first.1), "{action}");
            let page = lists.list(action, &merged(input, &page["next"])).await.expect(200);
            assert_eq!((page.get("next"), &page["output"]), (None, &output(&last.1)), "{action}");
            let arrived = lists.service.take();
            assert_eq!((arrived.len(), arrived[1].uri.to_string().as_str(), arrived[1].text().as_str()), (2, asked.0, asked.1), "{action}");
        }
    }

    async fn a_page_that_the_action_would_refuse_is_not_offered(lists: Lists) {
        lists.service.then(200, Vec::new(), json!({ "items": [1], "next_page": "more" }));
        assert_eq!(lists.list("by_page", &json!({ "page": 9 })).await.expect(200).get("next"), None);
        // Nor is there anything of a refusal, or of requests of the caller's own.
        lists.service.then(404, Vec::new(), json!({ "meta": { "next": "c2" } }));
        let refused = lists.list("by_cursor", &json!({})).await.expect_error(400, "ACTION_FAILED");
        assert_eq!(refused.get("next"), None);
        lists.service.then(200, Vec::new(), json!({ "meta": { "next": "c2" } }));
        assert_eq!(lists.list("custom_api_call", &json!({ "method": "GET", "path": "/items" })).await.expect(200).get("next"), None);
    }

    async fn no_secret_is_offered_as_a_place(lists: Lists) {
        lists.service.then(200, vec![("link", r#"</items?page=secret-0123>; rel="next""#.to_owned())], json!([1]));
        let page = lists.list("by_link", &json!({})).await;
        assert!(!page.text.contains("secret-0123"), "{}", page.text);
        lists.service.then(200, Vec::new(), json!({ "items": [1], "meta": { "next": "secret-0123" } }));
        let page = lists.list("by_cursor", &json!({})).await;
        assert!(!page.text.contains("secret-0123"), "{}", page.text);
    }
}
