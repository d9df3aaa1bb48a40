//! Workspaces and end users.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, PageOf, RpcResult};
use crate::domain::workspace::Workspace;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A page of workspaces, newest first.
#[server(output = Answer)]
pub async fn list_workspaces(#[server(default)] cursor: Option<String>) -> RpcResult<PageOf<Workspace>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: given(cursor) };
    Ok(PageOf::from(crate::service::workspaces::list(&services, &reader, &page).await.map_err(failed)?))
}

/// How a workspace is called, for menus and lists of other things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceName {
    /// `ws_…`
    pub id: String,
    /// Taken wherever the id is.
    pub slug: String,
    /// Shown to people.
    pub name: String,
}

/// What the workspaces are called, newest first (at most 200).
#[server(output = Answer)]
pub async fn workspace_names() -> RpcResult<Vec<WorkspaceName>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let names = crate::service::workspaces::names(&services, &reader, 200).await.map_err(failed)?;
    Ok(names.into_iter().map(|known| WorkspaceName { id: known.id, slug: known.slug, name: known.name }).collect())
}

/// Creates a workspace. Field errors have the paths `name`, `slug`.
#[server(output = Answer)]
pub async fn create_workspace(name: String, slug: String) -> RpcResult<Workspace> {
    use crate::service::workspaces::{NewWorkspace, create};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let workspace = create(&services, &writer, NewWorkspace { name: Some(name), slug: Some(slug), ..NewWorkspace::default() }).await.map_err(failed)?;
    leptos_axum::redirect("/workspaces");
    Ok(workspace)
}

/// The path of a workspace's logo, if it has one that is shown on the hosted page.
#[server(output = Answer)]
pub async fn workspace_logo(id: String) -> RpcResult<Option<String>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    crate::service::logos::path_of(&services, &reader, &id).await.map_err(failed)
}

/// One workspace, by id or slug.
#[server(output = Answer)]
pub async fn get_workspace(id: String) -> RpcResult<Workspace> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    crate::service::workspaces::get(&services, &reader, &id).await.map_err(failed)
}

/// What the form of a workspace sends: all of it, every time. Lists are lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceForm {
    /// Shown to end users.
    pub name: String,
    /// Taken wherever the id is.
    pub slug: String,
    /// Origins, one a line.
    #[serde(default)]
    pub allowed_origins: String,
    /// URIs, one a line.
    #[serde(default)]
    pub redirect_uris: String,
    /// `#rrggbb`
    #[serde(default)]
    pub accent: String,
    /// Language of the hosted page; empty: the browser's.
    #[serde(default)]
    pub language: String,
}

/// Changes a workspace. Field errors have the API's paths.
#[server(output = Answer)]
pub async fn update_workspace(id: String, workspace: WorkspaceForm) -> RpcResult<Workspace> {
    use crate::service::workspaces::{NewWorkspace, update};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let lines = |text: String| Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect());
    let patch = NewWorkspace {
        name: Some(workspace.name),
        slug: Some(workspace.slug),
        allowed_origins: lines(workspace.allowed_origins),
        redirect_uris: lines(workspace.redirect_uris),
        logo_url: None,
        accent: Some(given(Some(workspace.accent))),
        language: Some(given(Some(workspace.language))),
    };
    let updated = update(&services, &writer, &id, patch).await.map_err(failed)?;
    leptos_axum::redirect(&format!("/workspaces/{}?saved=1", updated.id));
    Ok(updated)
}

/// Deletes an empty workspace.
#[server(output = Answer)]
pub async fn delete_workspace(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::workspaces::delete(&services, &writer, &id, false).await.map_err(failed)?;
    leptos_axum::redirect("/workspaces");
    Ok(())
}
