//! A service that answers as it was told to, answer by answer, and keeps what it is sent. With nothing left to say it says `{}`.

use super::echo::Arrived;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Status, headers, body.
type Said = (u16, Vec<(&'static str, String)>, Value);

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Arrived>>,
    answers: Mutex<VecDeque<Said>>,
}

/// The server.
pub struct Script {
    pub url: String,
    shared: Arc<Shared>,
}

impl Script {
    pub async fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// What it says next, after what it was told to say before.
    pub fn then(&self, status: u16, headers: Vec<(&'static str, String)>, body: Value) {
        self.shared.answers.lock().unwrap().push_back((status, headers, body));
    }

    /// What arrived since the last call.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }
}

async fn answer(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    shared.seen.lock().unwrap().push(Arrived { method, uri, headers, body: body.to_vec() });
    let (status, headers, body) = shared.answers.lock().unwrap().pop_front().unwrap_or((200, Vec::new(), json!({})));
    let headers: HeaderMap = headers.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap())).collect();
    (StatusCode::from_u16(status).unwrap(), headers, axum::Json(body)).into_response()
}
