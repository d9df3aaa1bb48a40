//! An authorization server that says whatever a test wants it to say, for what no certified one does.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Status, headers, body.
type Canned = (u16, Vec<(&'static str, String)>, String);

#[derive(Default)]
struct Inner {
    routes: BTreeMap<String, Canned>,
    seen: Vec<String>,
}

/// The server. What it has nothing to say to is answered 404.
pub struct Authority {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Authority {
    pub async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, inner }
    }

    /// What it answers at `path` from now on. In `body`, `{n}` is how often it was asked there.
    pub fn says(&self, path: &str, status: u16, body: &Value) {
        self.says_with(path, status, &[], body);
    }

    /// The same with headers.
    pub fn says_with(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: &Value) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.inner.lock().unwrap().routes.insert(path.to_owned(), (status, headers, body.to_string()));
    }

    /// Metadata of the issuer at `path`, with these members instead; null takes one away.
    pub fn metadata(&self, path: &str, instead: Value) -> Value {
        let issuer = format!("{}{path}", self.url);
        let mut metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{}/authorize", self.url), "token_endpoint": format!("{}/token", self.url),
            "registration_endpoint": format!("{}/register", self.url), "code_challenge_methods_supported": ["S256"],
            "response_types_supported": ["code"], "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        });
        metadata.as_object_mut().unwrap().extend(instead.as_object().unwrap().clone());
        metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        metadata
    }

    /// How often it was asked at `path`.
    pub fn asked(&self, path: &str) -> usize {
        self.inner.lock().unwrap().seen.iter().filter(|seen| *seen == path).count()
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, uri: Uri) -> Response {
    let mut inner = inner.lock().unwrap();
    let path = uri.path().to_owned();
    inner.seen.push(path.clone());
    let count = inner.seen.iter().filter(|seen| **seen == path).count();
    let Some((status, headers, body)) = inner.routes.get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = (StatusCode::from_u16(*status).unwrap(), body.replace("{n}", &count.to_string())).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}
