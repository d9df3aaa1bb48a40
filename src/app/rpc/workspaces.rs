//! Workspaces and end users.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

use super::RpcResult;
#[cfg(feature = "ssr")]
use super::server::{context, failed};
use crate::domain::end_user::EndUser;
use crate::domain::workspace::Workspace;
use leptos::prelude::*;

/// All workspaces, newest first (at most 200).
#[server]
pub async fn list_workspaces() -> RpcResult<Vec<Workspace>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let page = crate::store::Page { limit: 200, offset: 0, before: None };
    Ok(crate::service::workspaces::list(&services, &reader, &page).await.map_err(failed)?.items)
}

/// Creates a workspace. Field errors have the paths `name`, `slug`.
#[server]
pub async fn create_workspace(name: String, slug: String) -> RpcResult<Workspace> {
    use crate::service::workspaces::{NewWorkspace, create};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let workspace = create(&services, &writer, NewWorkspace { name: Some(name), slug: Some(slug), ..NewWorkspace::default() }).await.map_err(failed)?;
    leptos_axum::redirect("/workspaces");
    Ok(workspace)
}

/// Deletes an empty workspace.
#[server]
pub async fn delete_workspace(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::workspaces::delete(&services, &writer, &id, false).await.map_err(failed)?;
    leptos_axum::redirect("/workspaces");
    Ok(())
}

/// End users, newest first (at most 200).
#[server]
pub async fn list_end_users(workspace: Option<String>) -> RpcResult<Vec<EndUser>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let page = crate::store::Page { limit: 200, offset: 0, before: None };
    let workspace = super::server::given(workspace);
    Ok(crate::service::end_users::list(&services, &reader, workspace.as_deref(), &page).await.map_err(failed)?.items)
}
