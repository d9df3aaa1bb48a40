//! A token's life when things go wrong: against a certified provider that rotates refresh tokens and ends the whole grant when an old one
//! is used again, behind a proxy that breaks what passes.

mod deletion;
mod faults;
mod journal;
mod nodes;
mod rotation;
mod schedule;
mod soak;

use crate::support::fault::FaultProxy;
use crate::support::provider::{self, Provider};
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use keyloom::domain::id::ConnectionId;
use keyloom::service::Services;
use keyloom::service::refresh::{When, fresh};
use keyloom::store::connections::StoredConnection;
use serde_json::Value;

/// A server, a provider, and the proxy between them.
struct Case {
    app: TestApp,
    provider: Provider,
    proxy: FaultProxy,
}

impl Case {
    /// With access tokens that live `ttl` seconds.
    async fn start(db: Db, ttl: u32) -> Self {
        let provider = Provider::start(ttl).await;
        let proxy = FaultProxy::start(&provider.url).await;
        let setup = Setup { provider: Some(provider.url.clone()), tokens: Some(proxy.url.clone()), ..Setup::default() };
        let app = TestApp::start_with(db, setup).await;
        provider::register(&app).await;
        Self { app, provider, proxy }
    }

    /// With one connection; its id.
    async fn connected(db: Db, ttl: u32) -> (Self, String) {
        let case = Self::start(db, ttl).await;
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
        self.app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await
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
