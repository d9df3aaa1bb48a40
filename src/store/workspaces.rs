//! Workspaces.

use super::sql::{Page, Sql};
use super::{Conn, Result, json, to_json};
use crate::domain::Timestamp;
use crate::domain::id::{OrgId, WorkspaceId};
use crate::domain::workspace::Workspace;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    slug: String,
    name: String,
    allowed_origins: String,
    redirect_uris: String,
    logo_url: Option<String>,
    accent: Option<String>,
    language: Option<String>,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str = "SELECT id, slug, name, allowed_origins, redirect_uris, logo_url, accent, language, created_at, updated_at FROM workspaces";

impl Row {
    fn domain(self, org: &OrgId) -> Result<Workspace> {
        Ok(Workspace {
            allowed_origins: json(&self.allowed_origins, "workspaces", &self.id)?,
            redirect_uris: json(&self.redirect_uris, "workspaces", &self.id)?,
            id: WorkspaceId::known(self.id),
            org_id: org.clone(),
            name: self.name,
            slug: self.slug,
            logo_url: self.logo_url,
            accent: self.accent,
            language: self.language,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

/// Adds a workspace.
pub async fn insert(conn: &mut Conn, workspace: &Workspace) -> Result<()> {
    sqlx::query("INSERT INTO workspaces (id, slug, name, allowed_origins, redirect_uris, logo_url, accent, language, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(workspace.id.as_str().to_owned())
        .bind(workspace.slug.clone())
        .bind(workspace.name.clone())
        .bind(to_json(&workspace.allowed_origins))
        .bind(to_json(&workspace.redirect_uris))
        .bind(workspace.logo_url.clone())
        .bind(workspace.accent.clone())
        .bind(workspace.language.clone())
        .bind(workspace.created_at.0)
        .bind(workspace.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes everything but id and creation.
pub async fn update(conn: &mut Conn, workspace: &Workspace) -> Result<()> {
    sqlx::query("UPDATE workspaces SET slug = $2, name = $3, allowed_origins = $4, redirect_uris = $5, logo_url = $6, accent = $7, language = $8, updated_at = $9 WHERE id = $1")
        .bind(workspace.id.as_str().to_owned())
        .bind(workspace.slug.clone())
        .bind(workspace.name.clone())
        .bind(to_json(&workspace.allowed_origins))
        .bind(to_json(&workspace.redirect_uris))
        .bind(workspace.logo_url.clone())
        .bind(workspace.accent.clone())
        .bind(workspace.language.clone())
        .bind(workspace.updated_at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// By id or by slug.
pub async fn find(conn: &mut Conn, org: &OrgId, id_or_slug: &str) -> Result<Option<Workspace>> {
    let mut sql = Sql::new(SELECT);
    sql.and("(id = ").bind(id_or_slug.to_owned()).push(" OR slug = ").bind(id_or_slug.to_owned()).push(")");
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(|row| row.domain(org)).transpose()
}

/// How a workspace is called.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Name {
    /// Its id.
    pub id: String,
    /// Taken wherever the id is.
    pub slug: String,
    /// Shown to people.
    pub name: String,
}

/// What they are called, newest first, of `only` if given.
pub async fn names(conn: &mut Conn, only: Option<&[String]>, limit: i64) -> Result<Vec<Name>> {
    let mut sql = Sql::new("SELECT id, slug, name FROM workspaces");
    if let Some(ids) = only {
        sql.and_in("id", ids);
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(limit);
    sql.fetch_all(conn).await
}

/// A page of them, newest first, of `only` if given; and how many there are in all.
pub async fn list(conn: &mut Conn, org: &OrgId, only: Option<&[String]>, page: &Page) -> Result<(Vec<Workspace>, i64)> {
    let mut count = Sql::new("SELECT COUNT(*) FROM workspaces");
    let mut sql = Sql::new(SELECT);
    if let Some(ids) = only {
        count.and_in("id", ids);
        sql.and_in("id", ids);
    }
    if let Some(before) = &page.before {
        sql.and("id < ").bind(before.clone());
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    let rows = sql.fetch_all::<Row>(conn).await?;
    let workspaces = rows.into_iter().map(|row| row.domain(org)).collect::<Result<_>>()?;
    Ok((workspaces, count.fetch_count(conn).await?))
}

/// Removes a workspace; what refers to it must be gone.
pub async fn delete(conn: &mut Conn, id: &WorkspaceId) -> Result<()> {
    for statement in [
        "DELETE FROM webhook_deliveries WHERE webhook_id IN (SELECT id FROM webhooks WHERE workspace_id = $1)",
        "DELETE FROM webhooks WHERE workspace_id = $1",
        "DELETE FROM workspace_integrations WHERE workspace_id = $1",
        "DELETE FROM end_users WHERE workspace_id = $1",
        "DELETE FROM oauth_apps WHERE workspace_id = $1",
        "DELETE FROM workspace_logos WHERE workspace_id = $1",
        "DELETE FROM workspaces WHERE id = $1",
    ] {
        sqlx::query(statement).bind(id.as_str().to_owned()).execute(&mut *conn).await?;
    }
    Ok(())
}
