//! `/connections`

use super::Answer;
use super::auth::{Bearer, Caller};
use super::error::ApiError;
use super::extract::{Body, ListParams, Nothing, Params, flag};
use crate::domain::connection::Connection;
use crate::domain::event::Event;
use crate::domain::{Error, Timestamp};
use crate::server::state::AppState;
use crate::service;
use crate::service::api_keys;
use crate::service::connections::{self, ConnectionPatch, CreateMode, ListQuery, Listed, NewConnection, Resolve, ResolveBatch, TestReport};
use crate::service::credentials::{self, Plain};
use crate::vault::Secret;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `{connection}`
#[derive(Serialize)]
pub struct ConnectionAnswer {
    connection: Connection,
}

/// `{connections, total, nextCursor}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    connections: Vec<Connection>,
    total: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_minimum: bool,
    next_cursor: Option<String>,
}

/// Query of a create.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateParams {
    upsert: Option<String>,
    validate: Option<String>,
}

/// `POST /connections`
pub async fn create_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Params(params): Params<CreateParams>,
    Body(body): Body<NewConnection>,
) -> Answer {
    let mode = CreateMode { upsert: flag("upsert", params.upsert.as_deref())?, validate: flag("validate", params.validate.as_deref())? };
    let created = connections::create(&state.services, &actor.writer()?, body, mode).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(ConnectionAnswer { connection: created.connection })).into_response())
}

/// `GET /connections`, and `GET /connections?id=` for the published clients.
pub async fn list_connections(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<ListParamsOfConnections>) -> Answer {
    let reader = actor.reader()?;
    let ListParamsOfConnections { id, integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q } = list.filter;
    if let Some(id) = id {
        return Ok(Json(ConnectionAnswer { connection: connections::get(&state.services, &reader, &id).await? }).into_response());
    }
    let query = ListQuery { integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q };
    let Listed { items, total, total_is_minimum, next_cursor } = connections::list(&state.services, &reader, &query, &list.page).await?;
    Ok(Json(ConnectionList { connections: items, total, total_is_minimum, next_cursor }).into_response())
}

/// Query of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListParamsOfConnections {
    id: Option<String>,
    integration_name: Option<String>,
    workspace_id: Option<String>,
    end_user_id: Option<String>,
    status: Option<String>,
    health: Option<String>,
    scope: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    external_id: Option<String>,
    q: Option<String>,
}

/// `GET /connections/{id}`
pub async fn get_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    _: Params<Nothing>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: connections::get(&state.services, &actor.reader()?, &id).await? }))
}

/// `PATCH /connections/{id}`
pub async fn update_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Body(patch): Body<ConnectionPatch>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: connections::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// `DELETE /connections/{id}`
pub async fn delete_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    _: Params<Nothing>,
) -> Answer<Json<serde_json::Value>> {
    let (id, revocation) = connections::delete(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(serde_json::json!({ "deleted": true, "id": id, "revocation": revocation })))
}

/// `POST /connections/resolve`
pub async fn resolve_connection(State(state): State<AppState>, Bearer(key): Bearer, body: Result<Body<Resolve>, ApiError>) -> Answer<Json<ConnectionAnswer>> {
    match body {
        Ok(Body(body)) => Ok(Json(ConnectionAnswer { connection: connections::resolve_with_key(&state.services, &key, &body).await? })),
        // Strangers are told that they are, not what is wrong with their body.
        Err(error) => {
            api_keys::authenticate(&state.services, key.expose()).await?;
            Err(error)
        }
    }
}

/// An item of `{results}`: what `resolve` would have answered.
#[derive(Serialize)]
#[serde(untagged)]
enum BatchResult {
    Found { connection: Box<Connection> },
    Refused(serde_json::Value),
}

/// `{results}`
#[derive(Serialize)]
pub struct BatchAnswer {
    results: Vec<BatchResult>,
}

/// `POST /connections/resolve-batch`
pub async fn resolve_connections(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<ResolveBatch>) -> Answer<Json<BatchAnswer>> {
    let answers = connections::resolve_batch(&state.services, &actor.reader()?, &body).await?;
    let result = |answer: service::Result<Connection>| match answer {
        Ok(connection) => BatchResult::Found { connection: Box::new(connection) },
        Err(error) => BatchResult::Refused(ApiError(error).body()),
    };
    Ok(Json(BatchAnswer { results: answers.into_iter().map(result).collect() }))
}

/// The one answer of the product that holds credentials in the clear.
#[derive(Serialize)]
struct CredentialsAnswer {
    credentials: PlainCredentials,
    connection: Connection,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum PlainCredentials {
    #[serde(rename = "SECRET_TEXT", rename_all = "camelCase")]
    SecretText { secret_text: String, props: BTreeMap<String, String> },
    #[serde(rename = "BASIC_AUTH")]
    BasicAuth { username: String, password: String, props: BTreeMap<String, String> },
    #[serde(rename = "CUSTOM_AUTH")]
    CustomAuth { props: BTreeMap<String, String> },
    #[serde(rename = "OAUTH2")]
    OAuth2(PlainTokens),
    #[serde(rename = "PLATFORM_OAUTH2")]
    PlatformOAuth2(PlainTokens),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlainTokens {
    access_token: String,
    token_type: String,
    expires_at: Option<Timestamp>,
    scopes: Vec<String>,
    props: BTreeMap<String, String>,
}

impl From<Plain> for PlainCredentials {
    fn from(plain: Plain) -> Self {
        let text = |secret: Secret| secret.expose().to_owned();
        let map = |props: BTreeMap<String, Secret>| props.into_iter().map(|(name, value)| (name, text(value))).collect();
        match plain {
            Plain::SecretText { secret_text, props } => Self::SecretText { secret_text: text(secret_text), props: map(props) },
            Plain::BasicAuth { username, password, props } => Self::BasicAuth { username: text(username), password: text(password), props: map(props) },
            Plain::CustomAuth { props } => Self::CustomAuth { props: map(props) },
            Plain::OAuth2 { kind, access_token, token_type, expires_at, scopes, props } => {
                let tokens = PlainTokens { access_token: text(access_token), token_type, expires_at, scopes, props: map(props) };
                if kind == crate::domain::connection::ConnectionType::OAuth2 { Self::OAuth2(tokens) } else { Self::PlatformOAuth2(tokens) }
            }
        }
    }
}

/// `POST /connections/{id}/credentials`
pub async fn read_credentials(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Body(_): Body<Nothing>) -> Answer {
    // Visibility is judged before rights: what a key cannot see is not there.
    connections::get(&state.services, &actor.reader()?, &id).await?;
    let (plain, connection) = credentials::read(&state.services, &actor.secret_reader()?, &id).await?;
    let mut response: Response = Json(CredentialsAnswer { credentials: plain.into(), connection }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /connections/{id}/refresh`
pub async fn refresh_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Body(_): Body<Nothing>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: credentials::refresh_now(&state.services, &actor.writer()?, &id).await? }))
}

/// `{test, connection}`
#[derive(Serialize)]
pub struct TestAnswer {
    test: TestReport,
    connection: Connection,
}

/// `POST /connections/{id}/test`
pub async fn test_connection(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>, Body(_): Body<Nothing>) -> Answer<Json<TestAnswer>> {
    let (test, connection) = connections::test(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(TestAnswer { test, connection }))
}

/// `{events, total, nextCursor}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventList {
    events: Vec<Event>,
    total: usize,
    next_cursor: Option<String>,
}

/// `GET /connections/{id}/events`
pub async fn list_connection_events(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    list: ListParams<Nothing>,
) -> Answer<Json<EventList>> {
    if list.page.offset > 0 || list.page.before.is_some() {
        return Err(Error::field("offset", "the timeline has one page only: use limit").into());
    }
    let events = connections::events(&state.services, &actor.reader()?, &id, list.page.limit).await?;
    Ok(Json(EventList { total: events.len(), events, next_cursor: None }))
}
