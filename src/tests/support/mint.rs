//! A service that gives short-lived tokens for a user name and password, or a client's id and secret, and knows nobody else.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Definition of the service, and the name of its method. `{mint}` is its address.
pub const DEFINITION: &str = include_str!("integrations/demo-login.toml");

struct Facts {
    password: String,
    life_ms: i64,
    logins: u64,
    valid: BTreeSet<String>,
    down: Option<u16>,
}

/// The server.
#[derive(Clone)]
pub struct Mint {
    pub url: String,
    facts: Arc<Mutex<Facts>>,
}

impl Mint {
    /// Starts one whose tokens live so many seconds.
    pub async fn start(life: i64) -> Self {
        let facts = Facts { password: "pw-0123".to_owned(), life_ms: life * 1000, logins: 0, valid: BTreeSet::new(), down: None };
        let facts = Arc::new(Mutex::new(facts));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&facts));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, facts }
    }

    /// The definition with this server's address.
    pub fn integration(&self) -> (String, String) {
        ("demo-login".to_owned(), DEFINITION.replace("{mint}", &self.url))
    }

    /// How many logins were asked for, accepted or not.
    pub fn logins(&self) -> u64 {
        self.facts.lock().unwrap().logins
    }

    /// All tokens end, whatever was said of their life.
    pub fn end_tokens(&self) {
        self.facts.lock().unwrap().valid.clear();
    }

    /// The password is another one from now on.
    pub fn set_password(&self, password: &str) {
        password.clone_into(&mut self.facts.lock().unwrap().password);
    }

    /// It answers everything with this status.
    pub fn set_down(&self, status: Option<u16>) {
        self.facts.lock().unwrap().down = status;
    }
}

async fn answer(State(facts): State<Arc<Mutex<Facts>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    // So that those who ask at the same moment really do.
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let mut facts = facts.lock().unwrap();
    let json = |status: u16, body: Value| (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    if uri.path() == "/login" {
        facts.logins += 1;
    }
    if let Some(status) = facts.down {
        return json(status, json!({ "message": "a bad day" }));
    }
    if uri.path() == "/login" {
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        if sent["user"] != "ada" || sent["secret"]["password"] != facts.password {
            // As some do, it repeats what it was sent.
            return json(200, json!({ "ok": false, "message": format!("{} is wrong", sent["secret"]["password"]) }));
        }
        let token = format!("token-{}", facts.logins);
        facts.valid.insert(token.clone());
        return json(200, json!({ "ok": true, "data": { "token": token, "ttl": facts.life_ms, "shard": format!("s{}", facts.logins) } }));
    }
    let token = headers.get("x-session").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if facts.valid.contains(token) {
        json(200, json!({ "id": "u1", "name": "Ada", "path": uri.path() }))
    } else {
        json(401, json!({ "message": "who are you?" }))
    }
}
