//! A service that repeats what it is sent, and does as its path says: `/echo…` repeats, `/status/{n}` refuses, `/to?…` redirects.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Arrived {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Seen = Arc<Mutex<Vec<Arrived>>>;

/// The server.
pub struct Echo {
    pub url: String,
    seen: Seen,
}

impl Echo {
    pub async fn start() -> Self {
        let seen = Seen::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    /// What arrived since the last call.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// The one request that arrived since the last call.
    #[track_caller]
    pub fn only(&self) -> Arrived {
        let mut all = self.take();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

async fn answer(State(seen): State<Seen>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let arrived = Arrived { method, uri: uri.clone(), headers, body: body.to_vec() };
    let echo = repeated(&arrived);
    seen.lock().unwrap().push(arrived);
    let path = uri.path().to_owned();
    let parameter =
        |name: &str| url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.contains("/status/") {
        let status = StatusCode::from_u16(last.parse().unwrap()).unwrap();
        let mut response = (status, axum::Json(json!({ "error": { "message": "it said no" }, "echo": echo }))).into_response();
        if let Some(seconds) = parameter("wait") {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.parse().unwrap());
        }
        return response;
    }
    match last {
        "to" => {
            (StatusCode::from_u16(parameter("status").map_or(302, |status| status.parse().unwrap())).unwrap(), [(header::LOCATION, parameter("url").unwrap())])
                .into_response()
        }
        "false" => axum::Json(json!({ "ok": false, "error": "not_in_channel" })).into_response(),
        "large" => vec![b'a'; 5 * 1024 * 1024 + 1].into_response(),
        "binary" => ([(header::CONTENT_TYPE, "image/png")], vec![0x89, b'P', 0xff]).into_response(),
        "html" => {
            ([(header::CONTENT_TYPE, "text/html"), (header::SET_COOKIE, "session=abc"), (header::ETAG, "\"1\"")], format!("<p>{echo}</p>")).into_response()
        }
        "silence" => std::future::pending().await,
        "nothing" => StatusCode::NO_CONTENT.into_response(),
        _ => axum::Json(echo).into_response(),
    }
}

fn repeated(arrived: &Arrived) -> Value {
    let headers: serde_json::Map<String, Value> =
        arrived.headers.iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned().into())).collect();
    let text = arrived.text();
    json!({
        "ok": true, "method": arrived.method.as_str(), "uri": arrived.uri.to_string(), "headers": headers,
        "body": serde_json::from_str(&text).unwrap_or(Value::String(text)),
    })
}
