//! A real HTTP server that keeps what it is sent, in place of services that cannot be called here.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use std::sync::{Arc, Mutex};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Captured {
    pub uri: Uri,
    pub headers: HeaderMap,
}

type Seen = Arc<Mutex<Vec<Captured>>>;
/// Status and body.
type Canned = Arc<Mutex<(u16, String)>>;

/// The server.
pub struct Capture {
    pub url: String,
    seen: Seen,
    answer: Canned,
}

impl Capture {
    /// Starts one that answers `{"id": "u1", "name": "Ada"}`.
    pub async fn start() -> Self {
        let seen = Seen::default();
        let answer = Arc::new(Mutex::new((200, r#"{"id":"u1","name":"Ada","email":"ada@example.com"}"#.to_owned())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(keep).with_state((Arc::clone(&seen), Arc::clone(&answer)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen, answer }
    }

    /// Sets what it answers from now on.
    pub fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// What it was sent so far.
    pub fn seen(&self) -> Vec<Captured> {
        self.seen.lock().unwrap().clone()
    }
}

async fn keep(State((seen, answer)): State<(Seen, Canned)>, uri: Uri, headers: HeaderMap) -> Response {
    seen.lock().unwrap().push(Captured { uri, headers });
    let (status, body) = answer.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body).into_response()
}
