//! A customer's server: it keeps the webhooks it is sent, answers as it is told, and checks signatures with the published library.

use super::TestApp;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use keyloom::domain::webhook::WebhookDelivery;
use keyloom::service::{Services, webhook_sender};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Message {
    pub headers: HeaderMap,
    pub body: String,
}

impl Message {
    /// Whether a receiver with `secret` takes it.
    pub fn verifies(&self, secret: &str) -> bool {
        standardwebhooks::Webhook::new(secret).unwrap().verify(self.body.as_bytes(), &self.headers).is_ok()
    }

    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

type Answers = Arc<Mutex<VecDeque<(u16, &'static str)>>>;

/// The server.
pub struct Receiver {
    pub url: String,
    answers: Answers,
    messages: tokio::sync::Mutex<UnboundedReceiver<Message>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let (sender, messages) = unbounded_channel();
        let answers = Answers::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
        let app = axum::Router::new().fallback(keep).with_state((sender, Arc::clone(&answers)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, answers, messages: tokio::sync::Mutex::new(messages) }
    }

    /// How it answers next, in this order: status and `Retry-After`. Afterwards 204 again.
    pub fn answer(&self, answers: impl IntoIterator<Item = (u16, &'static str)>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// The next message, which must come soon.
    pub async fn next(&self) -> Message {
        tokio::time::timeout(Duration::from_secs(20), self.messages.lock().await.recv()).await.expect("no message came").unwrap()
    }

    /// What has come and was not looked at.
    pub async fn rest(&self) -> Vec<Message> {
        let mut messages = self.messages.lock().await;
        std::iter::from_fn(|| messages.try_recv().ok()).collect()
    }

    /// Registers it; id and secret. `extra` is merged into the body.
    pub async fn register(&self, app: &TestApp, extra: Value) -> (String, String) {
        let mut body = json!({ "url": self.url });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let made = app.post("/webhooks", body).await.expect(201);
        (made["webhook"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }
}

async fn keep(State((sender, answers)): State<(UnboundedSender<Message>, Answers)>, headers: HeaderMap, body: String) -> Response {
    sender.send(Message { headers, body }).unwrap();
    match answers.lock().unwrap().pop_front() {
        Some((status, "")) => (StatusCode::from_u16(status).unwrap(), "so it is").into_response(),
        Some((status, retry_after)) => (StatusCode::from_u16(status).unwrap(), [("retry-after", retry_after)], "so it is").into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Sends what is due, once each; what became of them.
pub async fn send_due(services: &Services) -> Vec<WebhookDelivery> {
    let mut sent = Vec::new();
    for (id, _) in webhook_sender::due(services, &[], 1000).await.unwrap() {
        let claimed = webhook_sender::start(services, &id).await.unwrap().unwrap();
        sent.extend(webhook_sender::deliver(services, claimed).await.unwrap());
    }
    sent
}

/// Runs the job that sends, until the guard is dropped.
pub fn keep_sending(services: &Services) -> DropGuard {
    let stop = CancellationToken::new();
    tokio::spawn(keyloom::jobs::webhooks::run(services.clone(), stop.clone()));
    stop.drop_guard()
}
