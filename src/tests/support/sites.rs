//! A service with several sites: lists them to whoever has a token of the provider's, says whose it is at each, and repeats calls.

use super::capture::Captured;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
struct Shared {
    provider: String,
    /// Status and body of the list.
    list: Arc<Mutex<(u16, Value)>>,
    seen: Arc<Mutex<Vec<Captured>>>,
}

/// The server.
pub struct Sites {
    pub url: String,
    shared: Shared,
}

impl Sites {
    /// Starts one beside the provider at `provider`, with no site.
    pub async fn start(provider: &str) -> Self {
        let shared = Shared { provider: provider.to_owned(), list: Arc::new(Mutex::new((200, json!({ "sites": [] })))), seen: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// Sets the sites that there are from now on, by id.
    pub fn are(&self, ids: &[&str]) {
        let site = |id: &&str| json!({ "id": id, "name": format!("Site {id}"), "url": format!("https://{id}.example"), "kinds": ["a site"] });
        let mut sites: Vec<Value> = ids.iter().map(site).collect();
        sites.push(json!({ "id": "elsewhere", "name": "Another product", "kinds": ["wiki"] }));
        self.answer(200, json!({ "sites": sites }));
    }

    /// Sets what the list is answered with.
    pub fn answer(&self, status: u16, body: Value) {
        *self.shared.list.lock().unwrap() = (status, body);
    }

    /// What arrived since the last call.
    pub fn take(&self) -> Vec<Captured> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    shared.seen.lock().unwrap().push(Captured { uri: uri.clone(), headers: headers.clone() });
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Only the provider knows whether the token is good, and whose it is.
    let client = reqwest::Client::builder().build().unwrap();
    let who = client.get(format!("{}/me", shared.provider)).header("authorization", token).send().await.unwrap();
    if !who.status().is_success() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (status, body) = match uri.path() {
        "/sites" => shared.list.lock().unwrap().clone(),
        path if path.ends_with("/me") => (200, serde_json::from_str(&who.text().await.unwrap()).unwrap()),
        path => (200, json!({ "path": path })),
    };
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}
