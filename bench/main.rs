//! What `scripts/bench` needs besides the server: a database that is full, and the least that could answer the same question.
#![expect(clippy::expect_used, reason = "a benchmark that cannot go on should stop")]

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use keyloom::domain::api_key::ApiKey;
use keyloom::domain::connection::Connection;
use keyloom::domain::id::{ApiKeyId, OrgId};
use keyloom::domain::{Code, Error};
use keyloom::server::entropy::{Clock, SystemEntropy};
use keyloom::store::resolve::{Ask, Asker, look_up};
use keyloom::store::{self, Backend, Store};
use keyloom::vault::token;

/// Many, so that no key reaches its rate limit.
const KEYS: u128 = 64;

/// The last: some more that the dashboard's filters find, one in ten of them broken.
const ROWS: [&str; 4] = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) \
     INSERT INTO workspaces (id, slug, name, created_at, updated_at) SELECT 'ws_' || CAST(1000 + i AS TEXT), 'w' || CAST(i AS TEXT), 'Workspace', 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= $1) INSERT INTO end_users (id, workspace_id, external_id, created_at, updated_at) \
     SELECT 'eu_' || CAST(100000000 + i AS TEXT), 'ws_' || CAST(1001 + i % 100 AS TEXT), 'user-' || CAST(i AS TEXT), 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= $1) INSERT INTO connections (id, external_id, display_name, integration_name, \
     auth_method_key, kind, scope, workspace_id, end_user_id, secret, version, created_at, updated_at, search_name, search_external_id) \
     SELECT 'conn_' || CAST(100000000 + i AS TEXT), 'ext-' || CAST(i AS TEXT), 'Connection', 'github', 'api-key', 'SECRET_TEXT', 'USER', \
     'ws_' || CAST(1001 + i % 100 AS TEXT), 'eu_' || CAST(100000000 + i AS TEXT), 'not opened here', 1, 0, 0, 'connection', 'ext-' || CAST(i AS TEXT) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= $1 / 50) INSERT INTO connections (id, external_id, display_name, integration_name, \
     auth_method_key, kind, scope, workspace_id, secret, version, error_code, error_message, error_at, error_is_final, created_at, updated_at, search_name, search_external_id) \
     SELECT 'conn_' || CAST(200000000 + i AS TEXT), 'team-' || CAST(i AS TEXT), 'Team ' || CAST(i AS TEXT), 'slack', 'oauth2', 'OAUTH2', 'WORKSPACE', \
     'ws_' || CAST(1001 + i % 100 AS TEXT), 'not opened here', 1, CASE WHEN i % 10 = 0 THEN 'invalid_grant' END, CASE WHEN i % 10 = 0 THEN 'The grant was withdrawn' END, \
     CASE WHEN i % 10 = 0 THEN 0 END, CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END, 0, 0, 'team ' || CAST(i AS TEXT), 'team-' || CAST(i AS TEXT) FROM n",
];

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", url, count] => fill(url, count.parse().expect("a number")).await,
        ["minimal", url, address] => minimal(url, address).await,
        ["echo", address] => echo(address).await,
        _ => panic!("fill DATABASE_URL COUNT | minimal DATABASE_URL ADDRESS | echo ADDRESS"),
    }
}

/// Fills a migrated database, one connection an end user, and prints the API keys.
async fn fill(url: &str, count: i64) {
    let store = Store::open(url, 1).await.expect("a database");
    let mut conn = store.conn().await.expect("a connection");
    for (index, statement) in ROWS.into_iter().enumerate() {
        let query = sqlx::query(statement);
        let query = if index == 0 { query } else { query.bind(count - 1) };
        query.execute(&mut *conn).await.expect("rows");
    }
    for index in 0..KEYS {
        let plain = token::generate(token::API_KEY, &SystemEntropy);
        let key = ApiKey {
            id: ApiKeyId::from_bits(index),
            org_id: OrgId::from_bits(0),
            name: "bench".to_owned(),
            key_prefix: plain.expose().chars().take(8).collect(),
            permissions: serde_json::json!({ "scope": "org", "credentials": { "read": true } }),
            last_used_at: None,
            expires_at: None,
            created_at: Clock::default().now(),
        };
        store::api_keys::insert(&mut conn, &key, &token::hash(plain.expose()), None).await.expect("a key");
        println!("{}", plain.expose());
    }
    if store.backend() == Backend::Postgres {
        sqlx::query("VACUUM ANALYZE").execute(&mut *conn).await.expect("statistics");
    }
    drop(conn);
    store.close().await;
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    integration_name: String,
    external_id: Option<String>,
    workspace_id: Option<String>,
    end_user_id: Option<String>,
}

#[derive(serde::Serialize)]
struct Answer {
    connection: Connection,
}

/// Parses, hashes the key, runs the same statement, serialises: no layers, no rules, no log.
async fn minimal(url: &str, address: &str) {
    let store = Store::open(url, if url.starts_with("sqlite") { 8 } else { 16 }).await.expect("a database");
    let app = axum::Router::new().route("/api/v1/connections/resolve", post(answer)).with_state(store);
    let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
    axum::serve(listener, app).await.expect("a server");
}

/// A service to do something with: it repeats what it is sent.
async fn echo(address: &str) {
    let app = axum::Router::new()
        .route("/messages", post(|Json(body): Json<serde_json::Value>| async move { Json(serde_json::json!({ "ok": true, "sent": body })) }));
    let listener = tokio::net::TcpListener::bind(address).await.expect("a free port");
    axum::serve(listener, app).await.expect("a server");
}

async fn answer(State(store): State<Store>, headers: HeaderMap, Json(request): Json<Request>) -> Result<Json<Answer>, StatusCode> {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let hash = token::hash(key.ok_or(StatusCode::UNAUTHORIZED)?);
    let ask = Ask {
        integration: &request.integration_name,
        external_id: request.external_id.as_deref(),
        method: None,
        workspace: request.workspace_id.as_deref(),
        end_user: request.end_user_id.as_deref(),
    };
    let failed = |error: Error| StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut conn = store.conn().await.map_err(|error| failed(error.into()))?;
    let found = look_up(&mut conn, Asker::Key(&hash), &ask).await.map_err(|error| failed(error.into()))?;
    found.key.ok_or(StatusCode::UNAUTHORIZED)?;
    let connection = found.candidates.first().ok_or_else(|| failed(Error::new(Code::ConnectionNotFound, "")))?;
    Ok(Json(Answer { connection: connection.view(Clock::default().now()) }))
}
