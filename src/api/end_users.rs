//! `/end-users`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params};
use super::openapi::PageParams;
use super::path::At;
use crate::domain::Timestamp;
use crate::domain::connection::Connection;
use crate::domain::end_user::EndUser;
use crate::domain::id::EndUserId;
use crate::server::state::AppState;
use crate::service::connections::Listed;
use crate::service::end_users::{self, EndUserPatch, Invitation, IssuedToken, NewEndUser, NewPortalToken};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `{endUser}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndUserAnswer {
    end_user: EndUser,
}

/// `{endUsers, total, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndUserList {
    /// Newest first.
    end_users: Vec<EndUser>,
    /// How many there are.
    total: i64,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// `{endUser, connections}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndUserWithConnections {
    end_user: EndUser,
    /// Their own.
    connections: Vec<Connection>,
}

/// `{deleted, id, connectionsDeleted}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletedEndUser {
    /// Always true.
    deleted: bool,
    /// Who it was.
    id: EndUserId,
    /// How many connections went with them.
    connections_deleted: usize,
}

/// `{token, connectUrl, expiresAt}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PortalTokenAnswer {
    /// `eut_…`, shown this once.
    token: String,
    /// Where to send the end user.
    connect_url: String,
    /// When it ends.
    expires_at: Timestamp,
}

/// `{token, connectUrl, expiresAt, emailSent}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationAnswer {
    /// `eut_…`, shown this once.
    token: String,
    /// Where to send the end user.
    connect_url: String,
    /// When it ends.
    expires_at: Timestamp,
    /// False where no mail is set up or it could not be sent: give them the link yourself.
    email_sent: bool,
}

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndUserParams {
    /// Only of this workspace, id or slug.
    workspace_id: Option<String>,
}

/// List end users
///
/// Newest first.
#[utoipa::path(
    get, path = "/end-users", tag = "End users", params(EndUserParams, PageParams),
    responses((status = 200, description = "A page of end users.", body = EndUserList)),
    extensions(("x-error-codes" = json!(["NOT_FOUND"]))),
)]
pub async fn list_end_users(State(state): State<AppState>, Caller(actor): Caller, list: ListParams<EndUserParams>) -> Answer<Json<EndUserList>> {
    let Listed { items, total, next_cursor, .. } = end_users::list(&state.services, &actor.reader()?, list.filter.workspace_id.as_deref(), &list.page).await?;
    Ok(Json(EndUserList { end_users: items, total, next_cursor }))
}

/// Create an end user
///
/// The external id is unique in the workspace. A connection that names an unknown one registers it too.
#[utoipa::path(
    post, path = "/end-users", tag = "End users", request_body = NewEndUser,
    responses((status = 201, description = "The end user.", body = EndUserAnswer)),
    extensions(("x-error-codes" = json!(["WORKSPACE_REQUIRED", "NOT_FOUND", "DUPLICATE"]))),
)]
pub async fn create_end_user(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewEndUser>) -> Answer {
    let end_user = end_users::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(EndUserAnswer { end_user })).into_response())
}

/// Get an end user
///
/// With their own connections.
#[utoipa::path(
    get, path = "/end-users/{id}", tag = "End users", params(("id" = EndUserId, Path, description = "The end user's id, ours.")),
    responses((status = 200, description = "The end user.", body = EndUserWithConnections)),
    extensions(("x-error-codes" = json!(["END_USER_NOT_FOUND"]))),
)]
pub async fn get_end_user(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    _: Params<Nothing>,
) -> Answer<Json<EndUserWithConnections>> {
    let (end_user, connections) = end_users::get(&state.services, &actor.reader()?, &id).await?;
    Ok(Json(EndUserWithConnections { end_user, connections }))
}

/// Change an end user
///
/// What is absent stays; null clears.
#[utoipa::path(
    patch, path = "/end-users/{id}", tag = "End users", params(("id" = EndUserId, Path, description = "The end user's id, ours.")),
    request_body = EndUserPatch,
    responses((status = 200, description = "The end user as they are now.", body = EndUserAnswer)),
    extensions(("x-error-codes" = json!(["END_USER_NOT_FOUND"]))),
)]
pub async fn update_end_user(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(id): At<String>,
    Body(patch): Body<EndUserPatch>,
) -> Answer<Json<EndUserAnswer>> {
    Ok(Json(EndUserAnswer { end_user: end_users::update(&state.services, &actor.writer()?, &id, patch).await? }))
}

/// Delete an end user
///
/// With their connections, each as its own delete would, and their tokens.
#[utoipa::path(
    delete, path = "/end-users/{id}", tag = "End users", params(("id" = EndUserId, Path, description = "The end user's id, ours.")),
    responses((status = 200, description = "They are gone.", body = DeletedEndUser)),
    extensions(("x-error-codes" = json!(["END_USER_NOT_FOUND", "CONNECTION_NOT_FOUND"]))),
)]
pub async fn delete_end_user(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, _: Params<Nothing>) -> Answer<Json<DeletedEndUser>> {
    let (id, connections_deleted) = end_users::delete(&state.services, &actor.writer()?, &id).await?;
    Ok(Json(DeletedEndUser { deleted: true, id, connections_deleted }))
}

/// Invite an end user
///
/// A portal token, sent by e-mail where the operator has set mail up. The address is kept as the end user's.
#[utoipa::path(
    post, path = "/end-users/{id}/invite", tag = "End users", params(("id" = EndUserId, Path, description = "The end user's id, ours.")),
    request_body = Invitation,
    responses((status = 200, description = "The token, and whether it was sent.", body = InvitationAnswer)),
    extensions(("x-error-codes" = json!(["END_USER_NOT_FOUND", "INTEGRATION_NOT_FOUND"]))),
)]
pub async fn invite_end_user(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(body): Body<Invitation>) -> Answer {
    let (IssuedToken { token, connect_url, expires_at }, email_sent) = end_users::invite(&state.services, &actor.writer()?, &id, body).await?;
    let body = InvitationAnswer { token: token.expose().to_owned(), connect_url: connect_url.expose().to_owned(), expires_at, email_sent };
    Ok(no_store(Json(body).into_response()))
}

/// Create a portal token
///
/// Opens the end user's portal: the workspace's integrations and their own connections. With an integration it opens straight on
/// that one. Reusable until it ends.
#[utoipa::path(
    post, path = "/end-users/{id}/connect-token", tag = "End users", params(("id" = EndUserId, Path, description = "The end user's id, ours.")),
    request_body = NewPortalToken,
    responses((status = 200, description = "The token, shown this once.", body = PortalTokenAnswer)),
    extensions(("x-error-codes" = json!(["END_USER_NOT_FOUND", "INTEGRATION_NOT_FOUND"]))),
)]
pub async fn create_end_user_token(State(state): State<AppState>, Caller(actor): Caller, At(id): At<String>, Body(body): Body<NewPortalToken>) -> Answer {
    let IssuedToken { token, connect_url, expires_at } = end_users::issue_token(&state.services, &actor.writer()?, &id, body).await?;
    let body = PortalTokenAnswer { token: token.expose().to_owned(), connect_url: connect_url.expose().to_owned(), expires_at };
    Ok(no_store(Json(body).into_response()))
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
