//! `/connections`

use super::Answer;
use super::answers::BatchRefusal;
use super::auth::{Bearer, Caller};
use super::error::ApiError;
use super::events::EventList;
use super::extract::{Body, ListParams, Nothing, Params, flag};
use super::path::At;
use crate::domain::Timestamp;
use crate::domain::connection::{Connection, ConnectionType, Health, Scope, Status};
use crate::domain::id::ConnectionId;
use crate::server::state::AppState;
use crate::service;
use crate::service::api_keys;
use crate::service::connections::{self, ConnectionPatch, CreateMode, ListQuery, Listed, NewConnection, Resolve, ResolveBatch, RevocationReport, TestReport};
use crate::service::credentials::{self, Plain};
use crate::vault::Secret;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// `{connection}`
#[derive(Serialize, ToSchema)]
pub struct ConnectionAnswer {
    connection: Connection,
}

/// `{connections, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    /// Newest first.
    connections: Vec<Connection>,
    /// How many there are: exact unfiltered, exact to 10 000 when filtered.
    total: i64,
    /// True where there are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_minimum: bool,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// A list, or with `id` one connection.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConnectionsAnswer {
    /// Without `id`.
    List(ConnectionList),
    /// With `id`.
    One(Box<ConnectionAnswer>),
}

/// Query of a create.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CreateParams {
    /// Replace the credentials of one that exists with the same integration, method, external id and scope.
    #[param(value_type = Option<bool>, default = false)]
    upsert: Option<String>,
    /// Ask the service first, and store nothing if it refuses.
    #[param(value_type = Option<bool>, default = false)]
    validate: Option<String>,
}

/// Create a connection
///
/// Stores credentials that you have. SECRET_TEXT takes `secretText`, BASIC_AUTH `username` and `password`, CUSTOM_AUTH `props`;
/// every type may carry `props` for its further fields. OAUTH2 and PLATFORM_OAUTH2 import tokens that exist: `accessToken` and
/// the members beside it. The service is asked whose account it is after the answer; with `validate=true` before.
#[utoipa::path(
    post, path = "/connections", tag = "Connections", params(CreateParams), request_body = NewConnection,
    responses(
        (status = 201, description = "The new connection.", body = ConnectionAnswer),
        (status = 200, description = "With `upsert=true`: the connection that existed, with the new credentials.", body = ConnectionAnswer),
    ),
    extensions(("x-error-codes" = json!([
        "WORKSPACE_REQUIRED", "CREDENTIALS_REJECTED", "FORBIDDEN", "NOT_FOUND", "INTEGRATION_NOT_FOUND", "DUPLICATE", "PRECONDITION_FAILED"
    ]))),
)]
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

/// List connections
///
/// Newest first, narrowed by filters. With `id` it answers that one connection instead.
#[utoipa::path(
    get, path = "/connections", tag = "Connections", params(ListParamsOfConnections, super::openapi::PageParams),
    responses((status = 200, description = "A page of connections; with `id` that connection.", body = ConnectionsAnswer)),
    extensions(("x-error-codes" = json!(["WORKSPACE_REQUIRED", "NOT_FOUND", "CONNECTION_NOT_FOUND", "END_USER_NOT_FOUND"]))),
)]
pub async fn list_connections(
    State(state): State<AppState>,
    Caller(actor): Caller,
    list: ListParams<ListParamsOfConnections>,
) -> Answer<Json<ConnectionsAnswer>> {
    let reader = actor.reader()?;
    let ListParamsOfConnections { id, integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q } = list.filter;
    if let Some(id) = id {
        let connection = connections::get(&state.services, &reader, &id).await?;
        return Ok(Json(ConnectionsAnswer::One(Box::new(ConnectionAnswer { connection }))));
    }
    let query = ListQuery { integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q, needs_attention: false };
    let Listed { items, total, total_is_minimum, next_cursor } = connections::list(&state.services, &reader, &query, &list.page).await?;
    Ok(Json(ConnectionsAnswer::List(ConnectionList { connections: items, total, total_is_minimum, next_cursor })))
}

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListParamsOfConnections {
    /// Answer this one connection, as `GET /connections/{id}` does.
    #[param(value_type = Option<ConnectionId>)]
    id: Option<String>,
    /// Only of this integration.
    integration_name: Option<String>,
    /// Only of this workspace, id or slug.
    workspace_id: Option<String>,
    /// Only of this end user, your id (with `workspaceId`) or ours.
    end_user_id: Option<String>,
    /// Only those that can be used, or that cannot.
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    /// Only those doing like this.
    #[param(value_type = Option<Health>)]
    health: Option<String>,
    /// Only those that belong like this.
    #[param(value_type = Option<Scope>)]
    scope: Option<String>,
    /// Only of this kind of credential.
    #[serde(rename = "type")]
    #[param(value_type = Option<ConnectionType>)]
    kind: Option<String>,
    /// Only with this external id.
    external_id: Option<String>,
    /// What name, external id or account starts with, whatever the case.
    q: Option<String>,
}

/// Get a connection
///
/// Everything but its credentials.
#[utoipa::path(
    get, path = "/connections/{id}", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    responses((status = 200, description = "The connection.", body = ConnectionAnswer)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND"]))),
)]
pub async fn get_connection(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: connections::get(&state.services, &actor.reader()?, &id).await? }))
}

/// Change a connection
///
/// Its name or your own data. Credentials are replaced by connecting again, or by a create with `upsert=true`.
#[utoipa::path(
    patch, path = "/connections/{id}", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    request_body = ConnectionPatch,
    responses((status = 200, description = "The connection as it is now.", body = ConnectionAnswer)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND"]))),
)]
pub async fn update_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(patch): Body<ConnectionPatch>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: connections::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// `{deleted, id, revocation}`
#[derive(Serialize, ToSchema)]
pub struct DeletedConnection {
    /// Always true.
    deleted: bool,
    /// What it was.
    id: ConnectionId,
    /// What happened at the provider.
    revocation: RevocationReport,
}

/// Delete a connection
///
/// Its secrets are gone at once. Then the provider is told that the grant is over, where it takes that.
#[utoipa::path(
    delete, path = "/connections/{id}", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    responses((status = 200, description = "It is gone; what happened at the provider.", body = DeletedConnection)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND"]))),
)]
pub async fn delete_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    _: Params<Nothing>,
) -> Answer<Json<DeletedConnection>> {
    let (id, revocation) = connections::delete(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(DeletedConnection { deleted: true, id, revocation }))
}

/// Find a connection
///
/// The one that you mean, by your own ids. With `externalId`: that of the end user if one is named; else the workspace's, else
/// the organisation's. Without: the end user's own, else the workspace's, else the organisation's. One that exists in another
/// scope is 403. Connections of any status are found, and no credential is read.
#[utoipa::path(
    post, path = "/connections/resolve", tag = "Connections", request_body = Resolve,
    responses((status = 200, description = "The connection.", body = ConnectionAnswer)),
    extensions(("x-error-codes" = json!([
        "WORKSPACE_REQUIRED", "SCOPE_DENIED", "NOT_FOUND", "CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "END_USER_NOT_FOUND",
        "AMBIGUOUS_INTEGRATION"
    ]))),
)]
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
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchResult {
    /// Found.
    Found(Box<ConnectionAnswer>),
    /// Refused: an error without its `requestId`, which is that of the whole answer.
    #[schema(value_type = BatchRefusal)]
    Refused(serde_json::Value),
}

/// `{results}`
#[derive(Serialize, ToSchema)]
pub struct BatchAnswer {
    /// In the order of the requests.
    results: Vec<BatchResult>,
}

/// Find several connections
///
/// One to a hundred at once, each as `resolve` would find it. One that is refused does not touch the others: its place in the
/// answer holds the error.
#[utoipa::path(
    post, path = "/connections/resolve-batch", tag = "Connections", request_body = ResolveBatch,
    responses((status = 200, description = "What each request found, in their order.", body = BatchAnswer)),
)]
pub async fn resolve_connections(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<ResolveBatch>) -> Answer<Json<BatchAnswer>> {
    let answers = connections::resolve_batch(&state.services, &actor.reader()?, &body).await?;
    let result = |answer: service::Result<Connection>| match answer {
        Ok(connection) => BatchResult::Found(Box::new(ConnectionAnswer { connection })),
        Err(error) => BatchResult::Refused(ApiError(error).body()),
    };
    Ok(Json(BatchAnswer { results: answers.into_iter().map(result).collect() }))
}

/// The one answer of the product that holds credentials in the clear.
#[derive(Serialize, ToSchema)]
pub struct CredentialsAnswer {
    credentials: PlainCredentials,
    connection: Connection,
}

/// Credentials in the clear, by type. `props` holds the further fields.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum PlainCredentials {
    /// One key or token.
    #[serde(rename = "SECRET_TEXT", rename_all = "camelCase")]
    SecretText {
        /// The key.
        secret_text: String,
        /// Further fields.
        props: BTreeMap<String, String>,
    },
    /// User name and password.
    #[serde(rename = "BASIC_AUTH")]
    BasicAuth {
        /// User name.
        username: String,
        /// Password.
        password: String,
        /// Further fields.
        props: BTreeMap<String, String>,
    },
    /// Several fields.
    #[serde(rename = "CUSTOM_AUTH")]
    CustomAuth {
        /// All fields.
        props: BTreeMap<String, String>,
    },
    /// A token of the customer's own OAuth app, or an imported one. Never the refresh token.
    #[serde(rename = "OAUTH2", rename_all = "camelCase")]
    OAuth2 {
        /// For the service's API.
        access_token: String,
        /// Goes before it: `Bearer`.
        token_type: String,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
        /// What was granted.
        scopes: Vec<String>,
        /// Further values, such as the account's own host.
        props: BTreeMap<String, String>,
    },
    /// A token of the operator's OAuth app. Never the refresh token.
    #[serde(rename = "PLATFORM_OAUTH2", rename_all = "camelCase")]
    PlatformOAuth2 {
        /// For the service's API.
        access_token: String,
        /// Goes before it: `Bearer`.
        token_type: String,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
        /// What was granted.
        scopes: Vec<String>,
        /// Further values, such as the account's own host.
        props: BTreeMap<String, String>,
    },
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
                let (access_token, props) = (text(access_token), map(props));
                if kind == ConnectionType::OAuth2 {
                    Self::OAuth2 { access_token, token_type, expires_at, scopes, props }
                } else {
                    Self::PlatformOAuth2 { access_token, token_type, expires_at, scopes, props }
                }
            }
        }
    }
}

/// Read credentials
///
/// The credential in the clear, refreshed first when it ends soon, and never a refresh token. Needs a key with
/// `credentials.read`. Each read is on record before it is answered.
#[utoipa::path(
    post, path = "/connections/{id}/credentials", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    request_body = Nothing,
    responses((status = 200, description = "The credential, with `Cache-Control: no-store`.", body = CredentialsAnswer)),
    extensions(("x-error-codes" = json!([
        "FORBIDDEN", "CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "CONNECTION_EXPIRED", "REFRESH_FAILED", "PROVIDER_ERROR"
    ]))),
)]
pub async fn read_credentials(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(_): Body<Nothing>) -> Answer {
    // Visibility is judged before rights: what a key cannot see is not there.
    connections::get(&state.services, &actor.reader()?, &id).await?;
    let (plain, connection) = credentials::read(&state.services, &actor.secret_reader()?, &id).await?;
    let mut response: Response = Json(CredentialsAnswer { credentials: plain.into(), connection }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Renew a token
///
/// Renews an OAuth connection's access token now, due or not.
#[utoipa::path(
    post, path = "/connections/{id}/refresh", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    request_body = Nothing,
    responses((status = 200, description = "The connection as it is now.", body = ConnectionAnswer)),
    extensions(("x-error-codes" = json!([
        "NOT_OAUTH2", "CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "CONNECTION_EXPIRED", "REFRESH_FAILED", "PROVIDER_ERROR"
    ]))),
)]
pub async fn refresh_connection(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(_): Body<Nothing>,
) -> Answer<Json<ConnectionAnswer>> {
    Ok(Json(ConnectionAnswer { connection: credentials::refresh_now(&state.services, &actor.writer()?, &id).await? }))
}

/// `{test, connection}`
#[derive(Serialize, ToSchema)]
pub struct TestAnswer {
    test: TestReport,
    connection: Connection,
}

/// Test a connection
///
/// Asks the service now whether it accepts the credential and whose account it is. `ok` is null where that cannot be found out.
#[utoipa::path(
    post, path = "/connections/{id}/test", tag = "Connections", params(("id" = ConnectionId, Path, description = "The connection's id.")),
    request_body = Nothing,
    responses((status = 200, description = "What the service said, and the connection as it is now.", body = TestAnswer)),
    extensions(("x-error-codes" = json!([
        "NOT_OAUTH2", "CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "CONNECTION_EXPIRED", "REFRESH_FAILED", "PROVIDER_ERROR"
    ]))),
)]
pub async fn test_connection(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(_): Body<Nothing>) -> Answer<Json<TestAnswer>> {
    let (test, connection) = connections::test(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(TestAnswer { test, connection }))
}

/// List a connection's events
///
/// Its health timeline: connected, refreshed, read, tested, broken, with cause.
#[utoipa::path(
    get, path = "/connections/{id}/events", tag = "Connections",
    params(("id" = ConnectionId, Path, description = "The connection's id."), super::openapi::PageParams),
    responses((status = 200, description = "A page of events.", body = EventList)),
    extensions(("x-error-codes" = json!(["CONNECTION_NOT_FOUND"]))),
)]
pub async fn list_connection_events(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    list: ListParams<Nothing>,
) -> Answer<Json<EventList>> {
    Ok(Json(connections::events(&state.services, &actor.reader()?, &id, &list.page).await?.into()))
}
