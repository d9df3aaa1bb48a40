//! A token's life when things go wrong: against a certified provider that rotates refresh tokens and ends the whole grant when an old one
//! is used again, behind a proxy that breaks what passes.

mod clocks;
mod deletion;
mod dialect;
mod faults;
mod first;
mod herd;
mod journal;
mod kills;
mod nodes;
mod rotation;
mod schedule;
mod soak;

use crate::support::fault::FaultProxy;
use crate::support::process::{Node, Tally};
use crate::support::provider::{self, Provider};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use keyloom::domain::id::ConnectionId;
use keyloom::service::Services;
use keyloom::service::refresh::{When, fresh};
use keyloom::store::connections::StoredConnection;
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server, a provider, and the proxy between them.
struct Case {
    app: TestApp,
    provider: Provider,
    proxy: FaultProxy,
    /// Of the test's own server, and of each process beside it.
    tallies: Mutex<Vec<Arc<Tally>>>,
}

/// What a scenario came to.
#[derive(Debug, Default)]
struct Report {
    /// Refreshes that the provider did.
    refreshes: u64,
    /// Who asked for a token, and who of these was given none.
    callers: u64,
    failed: u64,
    /// Connections that ended.
    dead: u64,
    /// Those of them that the provider still honours. There must be none.
    wronged: u64,
}

impl Case {
    /// With access tokens that live `ttl` seconds.
    async fn start(db: Db, ttl: u32) -> Self {
        Self::with_grace(db, ttl, 0).await
    }

    /// The same, at a provider that takes a used refresh token for `grace` seconds more.
    async fn with_grace(db: Db, ttl: u32, grace: u32) -> Self {
        let provider = Provider::with_grace(ttl, grace).await;
        let proxy = FaultProxy::start(&provider.url).await;
        let setup = Setup { provider: Some(provider.url.clone()), tokens: Some(proxy.url.clone()), ..Setup::default() };
        let app = TestApp::start_with(db, setup).await;
        provider::register(&app).await;
        Self { app, provider, proxy, tallies: Mutex::new(vec![Arc::default()]) }
    }

    /// With one connection; its id.
    async fn connected(db: Db, ttl: u32) -> (Self, String) {
        Self::connected_with_grace(db, ttl, 0).await
    }

    async fn connected_with_grace(db: Db, ttl: u32, grace: u32) -> (Self, String) {
        let case = Self::with_grace(db, ttl, grace).await;
        let id = case.connect("t", "alice").await;
        (case, id)
    }

    async fn connect(&self, external_id: &str, login: &str) -> String {
        let (session, _) = provider::connect(&self.app, &Browser::default(), external_id, login).await;
        let view = self.app.get(&format!("/connect/session/{session}")).await.expect(200);
        view["connection"]["id"].as_str().unwrap().to_owned()
    }

    async fn stored(&self, id: &str) -> Option<StoredConnection> {
        let mut conn = self.app.services.store.conn().await.unwrap();
        keyloom::store::connections::find(&mut conn, id).await.unwrap()
    }

    /// Its token ends now, on every clock.
    async fn expire(&self, id: &str) {
        let mut conn = self.app.services.store.conn().await.unwrap();
        let done = sqlx::query("UPDATE connections SET expires_at = 1000 WHERE id = $1").bind(id.to_owned()).execute(&mut *conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    async fn shown(&self, id: &str) -> Value {
        self.app.get(&format!("/connections/{id}")).await.expect(200)["connection"].take()
    }

    /// Reads the credential over the API.
    async fn read(&self, id: &str) -> crate::support::Answer {
        let answer = self.app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await;
        self.tallies.lock().unwrap()[0].note(answer.status == 200);
        answer
    }

    /// A process on the same database, with this in its environment.
    async fn node(&self, environment: &[(&str, &str)]) -> Node {
        let node = Node::start(&self.app, environment).await;
        self.tallies.lock().unwrap().push(Arc::clone(&node.caller.tally));
        node
    }

    /// Waits until the credential has been replaced so often.
    async fn wait_for_version(&self, id: &str, version: i64) {
        let waiting = async {
            while self.stored(id).await.unwrap().version < version {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("a new credential");
    }

    /// Whether the provider would take the stored refresh token.
    async fn is_honoured(&self, id: &str) -> bool {
        let stored = self.stored(id).await.unwrap();
        let credential = self.app.services.open_credential(&mut self.app.services.store.conn().await.unwrap(), &stored).await.unwrap();
        let token = credential.tokens.unwrap().refresh_token.unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        let asked = client
            .post(format!("{}/token/introspection", self.provider.url))
            .basic_auth(provider::CLIENT_ID, Some(provider::CLIENT_SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={}", token.expose()));
        let answer: Value = serde_json::from_str(&asked.send().await.unwrap().text().await.unwrap()).unwrap();
        answer["active"] == true
    }

    /// What it came to. Of every scenario it must be true that no connection has ended which the provider still honours.
    async fn report(&self) -> Report {
        let ended: Vec<(String,)> = {
            let mut conn = self.app.services.store.conn().await.unwrap();
            sqlx::query_as("SELECT id FROM connections WHERE error_is_final = 1").fetch_all(&mut *conn).await.unwrap()
        };
        let mut report = Report { refreshes: self.provider.count("refresh_token").await, ..Report::default() };
        for (id,) in &ended {
            report.dead += 1;
            report.wronged += u64::from(self.is_honoured(id).await);
        }
        for tally in self.tallies.lock().unwrap().iter() {
            report.callers += tally.callers.load(Ordering::Relaxed);
            report.failed += tally.failed.load(Ordering::Relaxed);
        }
        assert_eq!(report.wronged, 0, "ended, and still honoured by the provider");
        report
    }

    /// Whether the provider still honours it: one more refresh, and the new token works.
    async fn is_alive(&self, id: &str) -> bool {
        self.expire(id).await;
        let answer = self.read(id).await;
        if answer.status != 200 {
            return false;
        }
        let token = answer.expect(200)["credentials"]["accessToken"].as_str().unwrap().to_owned();
        self.accepts(&token).await
    }

    /// Whether the provider accepts an access token.
    async fn accepts(&self, token: &str) -> bool {
        let client = reqwest::Client::builder().build().unwrap();
        client.get(format!("{}/me", self.provider.url)).bearer_auth(token).send().await.unwrap().status().is_success()
    }

    /// Work that outlives requests is done.
    async fn settle(&self) {
        self.app.services.tasks.close();
        self.app.services.tasks.wait().await;
        self.app.services.tasks.reopen();
    }
}

/// The access token as a node gives it.
async fn token_from(services: &Services, id: &str) -> Result<String, keyloom::domain::Error> {
    let (_, credential) = fresh(services, &ConnectionId::known(id), When::NearExpiry).await?;
    Ok(credential.tokens.unwrap().access_token.expose().to_owned())
}
