//! A server per test: its own database, a clock that can be moved, requests without a socket.

pub mod authority;
pub mod capture;
pub mod contract;
pub mod echo;
pub mod fault;
pub mod mail;
pub mod mint;
pub mod notary;
pub mod process;
pub mod provider;
pub mod receiver;
pub mod script;
pub mod signed;
pub mod sites;
pub mod statements;

use axum::body::Body;
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use keyloom::api::RateLimits;
use keyloom::config::{Config, EgressMode, PublicUrl, Rates, RefreshMode};
use keyloom::server::state::AppState;
use keyloom::server::{router, serve};
use keyloom::service::{Actor, Services, api_keys};
use keyloom::vault::Secret;
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::net::SocketAddr;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy)]
pub enum Db {
    Sqlite,
    Postgres,
}

/// Makes each async function into two tests: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: $ty:ty) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn run($app: $ty) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(<$ty>::start($crate::support::Db::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(<$ty>::start($crate::support::Db::Postgres).await).await;
            }
        }
    )*};
}

/// The same for functions that are given the database, and start the server themselves.
#[macro_export]
macro_rules! run_on_both_databases {
    ($($name:ident)*) => {$(
        mod $name {
            use $crate::support::Db;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(Db::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(Db::Postgres).await;
            }
        }
    )*};
}

/// A server.
pub struct TestApp {
    pub services: Services,
    pub router: axum::Router,
    /// An organisation-wide key that may read credentials.
    pub key: String,
    pub config: Config,
    /// Its files; removed when the test ends.
    _folder: tempfile::TempDir,
}

/// Integrations that only tests know. `{provider}`, `{tokens}`, `{capture}` and `{echo}` are filled in.
pub const INTEGRATIONS: [(&str, &str); 6] = [
    ("demo-key", include_str!("integrations/demo-key.toml")),
    ("demo-basic", include_str!("integrations/demo-basic.toml")),
    ("demo-custom", include_str!("integrations/demo-custom.toml")),
    ("demo-checked", include_str!("integrations/demo-checked.toml")),
    ("demo-oauth", include_str!("integrations/demo-oauth.toml")),
    ("demo-echo", include_str!("integrations/demo-echo.toml")),
];

/// What a test's server should be like.
#[derive(Default)]
pub struct Setup {
    /// Base URL of an OAuth provider.
    pub provider: Option<String>,
    /// Base URL under which the token and revocation endpoints are, where it is not the provider's.
    pub tokens: Option<String>,
    /// Base URL of a capturing server.
    pub capture: Option<String>,
    /// Base URL of an echo server.
    pub echo: Option<String>,
    /// Further integrations: name and text.
    pub integrations: Vec<(String, String)>,
    /// A mail server.
    pub smtp_url: Option<String>,
    /// References that client secrets may be.
    pub secret_refs: Vec<String>,
    /// Rate limits.
    pub rates: Rates,
    /// Whether PostgreSQL tells the plan of every statement (`statements::watch`).
    pub tell_plans: bool,
}

impl TestApp {
    pub async fn start(db: Db) -> Self {
        Self::start_with(db, Setup::default()).await
    }

    pub async fn start_with(db: Db, setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let integrations = folder.path().join("integrations");
        std::fs::create_dir(&integrations).unwrap();
        let provider = setup.provider.unwrap_or_else(|| "http://localhost:9".to_owned());
        let tokens = setup.tokens.unwrap_or_else(|| provider.clone());
        let capture = setup.capture.unwrap_or_else(|| "http://localhost:9".to_owned());
        let echo = setup.echo.unwrap_or_else(|| "http://localhost:9".to_owned());
        let further = setup.integrations.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in INTEGRATIONS.into_iter().chain(further) {
            let text = text.replace("{provider}", &provider).replace("{tokens}", &tokens).replace("{capture}", &capture).replace("{echo}", &echo);
            std::fs::write(integrations.join(format!("{name}.toml")), text).unwrap();
        }
        let database_url = match db {
            Db::Sqlite => format!("sqlite:{}?mode=rwc", folder.path().join("keyloom.db").display()),
            Db::Postgres => create_database(setup.tell_plans).await,
        };
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: PublicUrl::parse("http://localhost:3000").unwrap(),
            data_dir: folder.path().to_owned(),
            database_url,
            encryption_key: None,
            encryption_key_file: None,
            integrations_dir: Some(integrations),
            egress_mode: EgressMode::Allowlist,
            egress_allow: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            secret_refs: setup.secret_refs,
            refresh: RefreshMode::On,
            admin: None,
            trusted_proxies: Vec::new(),
            platform_apps: std::collections::BTreeMap::new(),
            smtp_url: setup.smtp_url.map(Secret::new),
            metrics_token: None,
            rates: setup.rates,
        };
        // The key is made first, as on a first start of PostgreSQL an operator would.
        let services = serve::open(&config).await.unwrap();
        let router = router_of(&services, &config);
        let permissions = json!({ "scope": "org", "credentials": { "read": true } });
        let key = make_key(&services, permissions).await;
        Self { services, router, key, config, _folder: folder }
    }

    /// Another server on the same database.
    pub async fn another_node(&self) -> axum::Router {
        self.another_process().await.1
    }

    /// What another server on the same database has, with a clock of its own.
    pub async fn another_services(&self) -> Services {
        self.another_process().await.0
    }

    /// The same with this one's clock.
    pub async fn twin_services(&self) -> Services {
        Services { clock: self.services.clock.clone(), ..self.another_services().await }
    }

    /// Both: nothing in it is shared with this one but the database.
    pub async fn another_process(&self) -> (Services, axum::Router) {
        let services = serve::open(&self.config).await.unwrap();
        let router = router_of(&services, &self.config);
        (services, router)
    }

    /// A key with these permissions.
    pub async fn key_with(&self, permissions: Value) -> String {
        make_key(&self.services, permissions).await
    }

    /// Sends a request with the organisation's key.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_as(&self.key, method, path, body).await
    }

    /// Sends a request with a key.
    pub async fn send_as(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.raw(request(key, method, path, body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends anything.
    pub async fn raw(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = ask(self.router.clone(), request).await;
        contract::check(&method, &path, &answer);
        answer
    }

    /// A workspace; its id.
    pub async fn workspace(&self, slug: &str) -> String {
        let answer = self.post("/workspaces", json!({ "name": slug, "slug": slug })).await;
        answer.expect(201)["workspace"]["id"].as_str().unwrap().to_owned()
    }

    /// A SECRET_TEXT connection; its id. `extra` is merged into the body.
    pub async fn secret_text(&self, external_id: &str, extra: Value) -> String {
        let mut body = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": external_id, "secretText": format!("sk-{external_id}") });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.post("/connections", body).await.expect(201)["connection"]["id"].as_str().unwrap().to_owned()
    }
}

/// A request to the API with a key.
pub fn request(key: &str, method: Method, path: &str, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}")).header(header::AUTHORIZATION, format!("Bearer {key}"));
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

/// Sends a request to a server.
pub async fn ask(router: axum::Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

/// Sends requests at the same moment, each in a task of its own, to the servers in turn.
pub async fn all_at_once(routers: &[axum::Router], requests: impl IntoIterator<Item = Request<Body>>) -> Vec<Answer> {
    let tasks = requests.into_iter().zip(routers.iter().cycle().cloned()).map(|(request, router)| tokio::spawn(ask(router, request)));
    futures::future::try_join_all(tasks.collect::<Vec<_>>()).await.unwrap()
}

fn router_of(services: &Services, config: &Config) -> axum::Router {
    let state = AppState {
        services: services.clone(),
        limits: RateLimits::new(config.rates),
        leptos: serve::leptos_options().unwrap(),
        config: Arc::new(config.clone()),
        metrics: None,
    };
    router(state).layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
}

async fn make_key(services: &Services, permissions: Value) -> String {
    let input = api_keys::NewApiKey { name: Some("test".to_owned()), expires_at: None, permissions: Some(permissions) };
    let (_, plain) = api_keys::create(services, &Actor::System, input).await.unwrap();
    plain.expose().to_owned()
}

/// A new database on the test's PostgreSQL server.
async fn create_database(tell_plans: bool) -> String {
    let server = std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names the PostgreSQL server for tests; scripts/test starts one");
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    if tell_plans {
        for setting in
            // Costs as of a disk without a moving head and of one process: else the plan hangs on which rows ANALYZE happened to look at.
            [
                "session_preload_libraries = 'auto_explain'",
                "auto_explain.log_min_duration = 0",
                "auto_explain.log_analyze = on",
                "client_min_messages = 'log'",
                "random_page_cost = 1.1",
                "max_parallel_workers_per_gather = 0",
            ]
        {
            sqlx::query(sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} SET {setting}"))).execute(&mut connection).await.unwrap();
        }
    }
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// An answer, read completely.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON, if the status is as expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Checks status and error code, and that the body has the form of every error.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        assert!(body["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
        assert_eq!(self.headers["x-request-id"], body["requestId"].as_str().unwrap());
        body
    }

    /// Checks that it is a validation error about exactly this field.
    #[track_caller]
    pub fn expect_field(&self, path: &str) -> Value {
        let body = self.expect_error(400, "VALIDATION_ERROR");
        let paths: Vec<_> = body["details"]["fields"].as_array().into_iter().flatten().map(|field| field["path"].clone()).collect();
        assert_eq!(paths, [path], "{body}");
        body
    }

    /// Where it redirects to.
    #[track_caller]
    pub fn location(&self) -> String {
        assert!(self.status.is_redirection(), "{} {}", self.status, self.text);
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }
}

/// A browser: cookies, and the headers that say where a request comes from.
#[derive(Default)]
pub struct Browser {
    cookies: std::sync::Mutex<std::collections::BTreeMap<String, String>>,
}

impl Browser {
    pub async fn get(&self, app: &TestApp, path: &str) -> Answer {
        let request = Request::builder().uri(path).header("sec-fetch-site", "none");
        self.send(app, request.body(Body::empty()).unwrap()).await
    }

    /// Submits a form of ours.
    pub async fn post(&self, app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, "http://localhost:3000")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(app, request.body(Body::from(body)).unwrap()).await
    }

    pub async fn send(&self, app: &TestApp, mut request: Request<Body>) -> Answer {
        let cookies = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.parse().unwrap());
        }
        request.headers_mut().entry(header::HOST).or_insert("localhost:3000".parse().unwrap());
        let answer = app.raw(request).await;
        let mut jar = self.cookies.lock().unwrap();
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens a connect URL as a person who types it, says yes if asked whether they started it, and follows to the page; its path.
    pub async fn arrive(&self, app: &TestApp, connect_url: &str) -> String {
        let page = self.follow(app, connect_url, &[("sec-fetch-site", "none")]).await;
        let yes = format!("{page}/started");
        if self.get(app, &page).await.text.contains(&format!("action=\"{yes}\"")) {
            assert_eq!(self.post(app, &yes, &[]).await.location(), page);
        }
        page
    }

    /// Opens a connect URL with these headers, and answers nothing; the path of the page.
    pub async fn follow(&self, app: &TestApp, connect_url: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri(connect_url.strip_prefix("http://localhost:3000").unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(app, request.body(Body::empty()).unwrap()).await.location()
    }

    /// How many cookies it has.
    pub fn cookie_count(&self) -> usize {
        self.cookies.lock().unwrap().len()
    }
}
