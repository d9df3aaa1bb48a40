//! The real program, as a process of its own beside the test's server, on the same database.

use super::{Answer, TestApp};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// A running server; killed with the test.
pub struct Node {
    pub caller: Caller,
    process: Child,
    /// It has come to its fail point.
    reached: Arc<Semaphore>,
}

/// How often credentials were asked for, and how often that brought no token.
#[derive(Debug, Default)]
pub struct Tally {
    pub callers: AtomicU64,
    pub failed: AtomicU64,
}

impl Tally {
    /// Counts one.
    pub fn note(&self, served: bool) {
        self.callers.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(!served), Ordering::Relaxed);
    }
}

/// An application that uses it.
#[derive(Clone)]
pub struct Caller {
    url: String,
    key: String,
    client: reqwest::Client,
    pub tally: Arc<Tally>,
}

impl Caller {
    /// Reads the credential of a connection.
    pub async fn credentials(&self, id: &str) -> reqwest::Result<Answer> {
        let answer = self.post(&format!("/connections/{id}/credentials"), json!({})).await;
        self.tally.note(answer.as_ref().is_ok_and(|answer| answer.status == StatusCode::OK));
        answer
    }

    /// Any POST to the API.
    pub async fn post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.post_once(path, body, None).await
    }

    /// The same with an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, body: Value, key: Option<&str>) -> reqwest::Result<Answer> {
        let mut request = self.client.post(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.key);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await?;
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        Ok(Answer { status, headers: HeaderMap::new(), text: answer.text().await? })
    }
}

/// The program with the database, catalogue and keys of `app`.
pub fn command(app: &TestApp, arguments: &[&str]) -> Command {
    let config = &app.config;
    // `scripts/soak` works with a copy, which nobody replaces by building.
    let program = std::env::var("KEYLOOM_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_keyloom").to_owned());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_remove("KEYLOOM_BIN")
        .env("KEYLOOM_LISTEN", "127.0.0.1:0")
        .env("KEYLOOM_DATA_DIR", &config.data_dir)
        .env("KEYLOOM_DATABASE_URL", &config.database_url)
        .env("KEYLOOM_ENCRYPTION_KEY_FILE", config.data_dir.join("encryption.key"))
        .env("KEYLOOM_INTEGRATIONS_DIR", config.integrations_dir.as_ref().unwrap())
        .env("KEYLOOM_EGRESS_MODE", "allowlist")
        .env("KEYLOOM_EGRESS_ALLOW", "localhost,127.0.0.1")
        .kill_on_drop(true);
    command
}

impl Node {
    /// Starts one on the database, catalogue and keys of `app`, with this in its environment, and waits until it listens.
    pub async fn start(app: &TestApp, environment: &[(&str, &str)]) -> Self {
        let mut process = command(app, &["serve"])
            .env("KEYLOOM_ADMIN_EMAIL", "node@example.test")
            .env("KEYLOOM_ADMIN_PASSWORD", "a password for tests only")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().expect("the server says where it listens");
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            if entry["message"] == "listening" {
                break format!("http://{}", entry["address"].as_str().unwrap());
            }
        };
        // It goes on writing, and must not be stopped by a full pipe.
        let reached = Arc::new(Semaphore::new(0));
        let signal = Arc::clone(&reached);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("\"fail point\"") {
                    signal.add_permits(1);
                }
                eprintln!("node: {line}");
            }
        });
        // A server answers within 30 s or is gone; a client that waits for ever would make the test wait with it.
        let client = reqwest::Client::builder().timeout(std::time::Duration::from_mins(2)).build().unwrap();
        Self { caller: Caller { url, key: app.key.clone(), client, tally: Arc::default() }, process, reached }
    }

    /// Waits until it has come to its fail point.
    pub async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Reads the credential of a connection.
    pub async fn credentials(&self, id: &str) -> reqwest::Result<Answer> {
        self.caller.credentials(id).await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id().unwrap()
    }

    /// Sends it a signal (`TERM`, `KILL`).
    pub async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), pid]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> ExitStatus {
        self.process.wait().await.unwrap()
    }
}
