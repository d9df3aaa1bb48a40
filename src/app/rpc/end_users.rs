//! End users.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, generated_external_id, given};
use super::{Answer, PageOf, RpcResult};
use crate::domain::Timestamp;
use crate::domain::connection::Connection;
use crate::domain::end_user::EndUser;
use leptos::prelude::*;

/// A page of end users, newest first.
#[server(output = Answer)]
pub async fn list_end_users(workspace: Option<String>, cursor: Option<String>) -> RpcResult<PageOf<EndUser>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: given(cursor) };
    let listed = crate::service::end_users::list(&services, &reader, given(workspace).as_deref(), &page).await.map_err(failed)?;
    Ok(PageOf::from(listed))
}

/// One end user, what their workspace is called, and their connections.
#[server(output = Answer)]
pub async fn get_end_user(id: String) -> RpcResult<(EndUser, String, Vec<Connection>)> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let (user, connections) = crate::service::end_users::get(&services, &reader, &id).await.map_err(failed)?;
    let workspace = crate::service::workspaces::get(&services, &reader, user.workspace_id.as_str()).await.map_err(failed)?;
    Ok((user, workspace.name, connections))
}

/// Makes a link that leads an end user to connect `integration`, or (empty) whatever they choose; until when it is good.
///
/// A secret as the answer to a form, as that of `create_api_key`: never loaded by a resource, so never written into a page.
#[server(output = Answer)]
pub async fn make_connect_link(user: String, #[server(default)] integration: String, expires_in: i64) -> RpcResult<(String, Timestamp)> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let external_id = generated_external_id(&services);
    let link = crate::service::connect::link_for(&services, &writer, &user, given(Some(integration)), external_id, expires_in).await.map_err(failed)?;
    Ok((link.url.expose().to_owned(), link.expires_at))
}
