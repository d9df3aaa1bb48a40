//! `POST /api/v1/actions/execute`

mod choosing;
mod end_to_end;
mod executing;
mod guarding;
mod paging;
mod patience;
mod renewing;

use crate::support::echo::{Arrived, Echo};
use crate::support::{Answer, Db, Setup, TestApp};
use axum::http::Method;
use serde_json::{Value, json};

/// A server, and the service that `demo-echo` is connected to.
struct Stage {
    app: TestApp,
    echo: Echo,
}

impl Stage {
    async fn start(db: Db) -> Self {
        let echo = Echo::start().await;
        Self { app: TestApp::start_with(db, Setup { echo: Some(echo.url.clone()), ..Setup::default() }).await, echo }
    }

    /// A connection with key `secret-{external_id}`; its id.
    async fn connect(&self, external_id: &str, more: Value) -> String {
        let body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-echo", "externalId": external_id, "secretText": format!("secret-{external_id}") });
        let made = self.app.post("/connections", merged(body, &more)).await.expect(201);
        made["connection"]["id"].as_str().unwrap().to_owned()
    }

    async fn execute(&self, body: Value) -> Answer {
        self.app.post("/actions/execute", merged(json!({ "integrationName": "demo-echo" }), &body)).await
    }

    /// `custom_api_call` with the connection `c`.
    async fn call(&self, input: Value) -> Answer {
        self.execute(json!({ "actionName": "custom_api_call", "connectionExternalId": "c", "input": input })).await
    }
}

fn merged(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Whose key a request was made with.
fn key_of(arrived: &Arrived) -> String {
    arrived.header("x-api-key").strip_prefix("secret-").unwrap_or_default().to_owned()
}

async fn events(app: &TestApp, id: &str) -> Vec<Value> {
    let all = app.send(Method::GET, &format!("/connections/{id}/events"), None).await.expect(200);
    all["events"].as_array().unwrap().iter().filter(|event| event["type"] == "action.executed").cloned().collect()
}
