//! A certified OAuth server (npm oidc-provider) as a process of its own, and a person who logs in there and consents.

use super::{Answer, Browser, TestApp};
use std::collections::BTreeMap;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// Client id and secret of its confidential client.
pub const CLIENT_ID: &str = "conf";
pub const CLIENT_SECRET: &str = "conf-secret-0123456789";

/// A running provider; ends with the test.
pub struct Provider {
    pub url: String,
    _process: Child,
}

/// Where it sends browsers back to, unless a test says otherwise.
const REDIRECTS: &str =
    "http://localhost:3000/oauth/callback/demo-oauth,http://localhost:3000/oauth/callback/oidc,http://localhost:3000/oauth/callback/brought";

impl Provider {
    /// Starts one whose access tokens live `ttl` seconds.
    pub async fn start(ttl: u32) -> Self {
        Self::with(ttl, &[]).await
    }

    /// The same, taking a refresh token that has been used for `grace` seconds more.
    pub async fn with_grace(ttl: u32, grace: u32) -> Self {
        Self::with(ttl, &[("GRACE", &grace.to_string())]).await
    }

    /// The same with these redirect URIs, separated by commas.
    pub async fn start_for(ttl: u32, redirect_uris: &str) -> Self {
        Self::with(ttl, &[("REDIRECT", redirect_uris)]).await
    }

    /// Starts one where clients register themselves, and that has a protected resource, with these further settings.
    pub async fn start_registering(env: &[(&str, &str)]) -> Self {
        Self::with(3600, &[&[("REGISTER", "1")], env].concat()).await
    }

    async fn with(ttl: u32, env: &[(&str, &str)]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/end2end/peers/oidc.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .env("PORT", "0")
            .env("ISSUER", "localhost")
            .env("AT_TTL", ttl.to_string())
            .env("REDIRECT", REDIRECTS)
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs the provider; scripts/setup --tests installs what it needs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("the provider says that it is ready");
            if let Some(url) = line.strip_prefix("ready ") {
                return Self { url: url.split_whitespace().next().unwrap().to_owned(), _process: process };
            }
        }
    }

    /// How many grants of this type it has served.
    pub async fn count(&self, grant: &str) -> u64 {
        let text = reqwest::get(format!("{}/_count", self.url)).await.unwrap().text().await.unwrap();
        let counts: serde_json::Value = serde_json::from_str(&text).unwrap();
        counts[grant].as_u64().unwrap_or(0)
    }

    /// So many grants that nobody had to consent to.
    pub async fn mint(&self, count: usize) -> Vec<Minted> {
        let client = reqwest::Client::builder().build().unwrap();
        let answer = client.post(format!("{}/_mint?count={count}", self.url)).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

/// The tokens of a grant.
#[derive(serde::Deserialize)]
pub struct Minted {
    pub access_token: String,
    pub refresh_token: String,
}

/// Registers the provider's confidential client as the platform's app for `demo-oauth`.
pub async fn register(app: &TestApp) {
    let body = serde_json::json!({ "integrationName": "demo-oauth", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    app.post("/oauth-apps", body).await.expect(201);
}

/// What the person does at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    Consents,
    Denies,
}

/// Walks through the provider's pages with plain HTTP and a cookie jar; the callback URL it ends at.
pub async fn visit(authorize_url: &str, login: &str, person: Person) -> Url {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut jar: BTreeMap<String, String> = BTreeMap::new();
    let mut at = Url::parse(authorize_url).unwrap();
    let mut form: Option<Vec<(String, String)>> = None;
    for _ in 0..20 {
        let mut request = match form.take() {
            Some(fields) => {
                let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                client.post(at.clone()).header("content-type", "application/x-www-form-urlencoded").body(body)
            }
            None => client.get(at.clone()),
        };
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        request = request.header("cookie", cookies);
        let response = request.send().await.unwrap();
        for value in response.headers().get_all("set-cookie") {
            let (name, value) = value.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        if response.status().is_redirection() {
            at = at.join(response.headers()["location"].to_str().unwrap()).unwrap();
            if at.path().starts_with("/oauth/callback") {
                return at;
            }
            continue;
        }
        let status = response.status();
        let page = response.text().await.unwrap();
        let attribute = |name: &str| page.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        let action = attribute("action").unwrap_or_else(|| panic!("no form at {at} ({status}): {page}"));
        let prompt = page.split("name=\"prompt\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        if person == Person::Denies && prompt == "consent" {
            let abort = page.split("href=\"").find(|part| part.contains("/abort")).and_then(|part| part.split('"').next()).unwrap();
            at = at.join(abort).unwrap();
            continue;
        }
        at = at.join(&action).unwrap();
        let mut fields = vec![("prompt".to_owned(), prompt.clone())];
        if prompt == "login" {
            fields.extend([("login".to_owned(), login.to_owned()), ("password".to_owned(), "x".to_owned())]);
        }
        form = Some(fields);
    }
    panic!("too many pages at the provider");
}

/// A whole run: token, page, consent, callback. The session's id and the last page.
pub async fn connect(app: &TestApp, browser: &Browser, external_id: &str, login: &str) -> (String, Answer) {
    let body = serde_json::json!({ "integrationName": "demo-oauth", "connectionName": "Demo", "externalId": external_id });
    let token = app.post("/connect/token", body).await.expect(200);
    let page = browser.arrive(app, token["connectUrl"].as_str().unwrap()).await;
    let authorize_url = browser.post(app, &page, &[("method", "oauth2")]).await.location();
    let callback = visit(&authorize_url, login, Person::Consents).await;
    let end = return_to(app, browser, &callback).await.location();
    let page = browser.get(app, &end).await;
    (token["sessionId"].as_str().unwrap().to_owned(), page)
}

/// The browser follows the provider's redirect.
pub async fn return_to(app: &TestApp, browser: &Browser, callback: &Url) -> Answer {
    browser.get(app, &format!("{}?{}", callback.path(), callback.query().unwrap_or_default())).await
}
