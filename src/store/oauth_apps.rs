//! OAuth apps (RFC 6749 clients).

use super::sql::Sql;
use super::{Conn, Result, json, to_json};
use crate::domain::Timestamp;
use crate::domain::id::{OAuthAppId, WorkspaceId};
use crate::domain::oauth_app::{AppProblem, ClientRegistration};
use std::collections::BTreeMap;

/// An app as it is stored, secret sealed.
#[derive(Debug, Clone)]
pub struct StoredApp {
    /// `oap_…`
    pub id: OAuthAppId,
    /// Which integration it is for.
    pub integration_name: String,
    /// None: the platform's.
    pub workspace_id: Option<WorkspaceId>,
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// Sealed.
    pub client_secret: Option<String>,
    /// Where the secret is kept instead.
    pub client_secret_ref: Option<String>,
    /// When it ends, as far as was noted.
    pub client_secret_expires_at: Option<Timestamp>,
    /// Instead of the definition's.
    pub scopes: Option<Vec<String>>,
    /// Beyond id and secret.
    pub config: BTreeMap<String, String>,
    /// Managed by environment variables.
    pub from_environment: bool,
    /// What the provider has against it.
    pub problem: Option<AppProblem>,
    /// Of a client that registered itself.
    pub registration: Option<ClientRegistration>,
    /// It registered anew in place of a client that was refused, or tried to, and has not been accepted since: not again.
    pub is_on_trial: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    integration_name: String,
    workspace_id: Option<String>,
    client_id: String,
    client_secret: Option<String>,
    client_secret_ref: Option<String>,
    client_secret_expires_at: Option<i64>,
    scopes: Option<String>,
    config: String,
    from_environment: i64,
    problem: Option<String>,
    registration: Option<String>,
    registration_on_trial: i64,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str = "SELECT id, integration_name, workspace_id, client_id, client_secret, client_secret_ref, client_secret_expires_at, scopes, config, \
     from_environment, problem, registration, registration_on_trial, created_at, updated_at FROM oauth_apps";

impl StoredApp {
    /// Whether it has a secret, here or elsewhere.
    pub fn has_secret(&self) -> bool {
        self.client_secret.is_some() || self.client_secret_ref.is_some()
    }
}

impl TryFrom<Row> for StoredApp {
    type Error = super::StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            scopes: row.scopes.as_deref().map(|scopes| json(scopes, "oauth_apps", &row.id)).transpose()?,
            config: json(&row.config, "oauth_apps", &row.id)?,
            problem: row.problem.as_deref().map(|problem| json(problem, "oauth_apps", &row.id)).transpose()?,
            registration: row.registration.as_deref().map(|registration| json(registration, "oauth_apps", &row.id)).transpose()?,
            is_on_trial: row.registration_on_trial != 0,
            id: OAuthAppId::known(row.id),
            integration_name: row.integration_name,
            workspace_id: row.workspace_id.map(WorkspaceId::known),
            client_id: row.client_id,
            client_secret: row.client_secret,
            client_secret_ref: row.client_secret_ref,
            client_secret_expires_at: row.client_secret_expires_at.map(Timestamp),
            from_environment: row.from_environment != 0,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// Adds an app.
pub async fn insert(conn: &mut Conn, app: &StoredApp) -> Result<()> {
    const INSERT: &str = "INSERT INTO oauth_apps (id, integration_name, workspace_id, client_id, client_secret, client_secret_ref, client_secret_expires_at, \
         scopes, config, from_environment, created_at, updated_at, registration) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    sqlx::query(INSERT)
        .bind(app.id.as_str().to_owned())
        .bind(app.integration_name.clone())
        .bind(app.workspace_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(app.client_id.clone())
        .bind(app.client_secret.clone())
        .bind(app.client_secret_ref.clone())
        .bind(app.client_secret_expires_at.map(|at| at.0))
        .bind(app.scopes.as_ref().map(to_json))
        .bind(to_json(&app.config))
        .bind(i64::from(app.from_environment))
        .bind(app.created_at.0)
        .bind(app.updated_at.0)
        .bind(app.registration.as_ref().map(to_json))
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes what may change. A problem that the app had is over: what it was about may be what changed.
pub async fn update(conn: &mut Conn, app: &StoredApp) -> Result<()> {
    const UPDATE: &str = "UPDATE oauth_apps SET client_id = $2, client_secret = $3, client_secret_ref = $4, client_secret_expires_at = $5, scopes = $6, \
         config = $7, from_environment = $8, updated_at = $9, registration = $10, problem = NULL WHERE id = $1";
    sqlx::query(UPDATE)
        .bind(app.id.as_str().to_owned())
        .bind(app.client_id.clone())
        .bind(app.client_secret.clone())
        .bind(app.client_secret_ref.clone())
        .bind(app.client_secret_expires_at.map(|at| at.0))
        .bind(app.scopes.as_ref().map(to_json))
        .bind(to_json(&app.config))
        .bind(i64::from(app.from_environment))
        .bind(app.updated_at.0)
        .bind(app.registration.as_ref().map(to_json))
        .execute(conn)
        .await?;
    Ok(())
}

/// Claims the one new registration in place of the client that `app` has; tells whether it is the caller's to make.
pub async fn claim_registration(conn: &mut Conn, app: &StoredApp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE oauth_apps SET registration_on_trial = 1 WHERE id = $1 AND client_id = $2 AND registration IS NOT NULL AND registration_on_trial = 0",
    )
    .bind(app.id.as_str().to_owned())
    .bind(app.client_id.clone())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts what the new registration gave in place of the client that `app` had; tells whether that was still there.
pub async fn replace_client(conn: &mut Conn, app: &StoredApp, before: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE oauth_apps SET client_id = $2, client_secret = $3, registration = $4, updated_at = $5, problem = NULL \
         WHERE id = $1 AND client_id = $6 AND registration IS NOT NULL",
    )
    .bind(app.id.as_str().to_owned())
    .bind(app.client_id.clone())
    .bind(app.client_secret.clone())
    .bind(app.registration.as_ref().map(to_json))
    .bind(app.updated_at.0)
    .bind(before.to_owned())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the provider accepted a client: should it be refused one day, it may register anew again.
pub async fn end_trial(conn: &mut Conn, app: &StoredApp) -> Result<()> {
    sqlx::query("UPDATE oauth_apps SET registration_on_trial = 0 WHERE id = $1 AND client_id = $2")
        .bind(app.id.as_str().to_owned())
        .bind(app.client_id.clone())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes what the provider has against an app, as it was when `app` was read: an app that was changed since has a clean slate. Tells
/// whether this is news.
pub async fn set_problem(conn: &mut Conn, app: &StoredApp, problem: &AppProblem) -> Result<bool> {
    let done = sqlx::query("UPDATE oauth_apps SET problem = $2, problem_checked_at = $3 WHERE id = $1 AND updated_at = $4 AND problem IS NULL")
        .bind(app.id.as_str().to_owned())
        .bind(to_json(problem))
        .bind(problem.at.0)
        .bind(app.updated_at.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the provider has nothing against an app; tells whether this is news.
pub async fn clear_problem(conn: &mut Conn, id: &OAuthAppId) -> Result<bool> {
    let done = sqlx::query("UPDATE oauth_apps SET problem = NULL WHERE id = $1 AND problem IS NOT NULL").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Claims the apps whose problem was last looked at before `before`, for a look at `now`.
pub async fn claim_problems(conn: &mut Conn, before: Timestamp, now: Timestamp) -> Result<Vec<OAuthAppId>> {
    let mut sql = Sql::new("UPDATE oauth_apps SET problem_checked_at = ");
    sql.bind(now.0);
    sql.and("problem IS NOT NULL").and("problem_checked_at <= ").bind(before.0).push(" RETURNING id");
    Ok(sql.fetch_all::<(String,)>(conn).await?.into_iter().map(|(id,)| OAuthAppId::known(id)).collect())
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<StoredApp>> {
    let mut sql = Sql::new(SELECT);
    sql.and("id = ").bind(id.to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredApp::try_from).transpose()
}

/// The platform's app for an integration.
pub async fn find_platform(conn: &mut Conn, integration: &str) -> Result<Option<StoredApp>> {
    let mut sql = Sql::new(SELECT);
    sql.and("workspace_id IS NULL");
    sql.and("integration_name = ").bind(integration.to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredApp::try_from).transpose()
}

/// The newest app of a workspace for an integration.
pub async fn find_custom(conn: &mut Conn, workspace: &WorkspaceId, integration: &str) -> Result<Option<StoredApp>> {
    let mut sql = Sql::new(SELECT);
    sql.and("workspace_id = ").bind(workspace.as_str().to_owned());
    sql.and("integration_name = ").bind(integration.to_owned());
    sql.push(" ORDER BY id DESC LIMIT 1");
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredApp::try_from).transpose()
}

/// All that a caller may see, newest first; `workspaces` none means all.
pub async fn list(conn: &mut Conn, workspaces: Option<&[String]>, integration: Option<&str>) -> Result<Vec<StoredApp>> {
    let mut sql = Sql::new(SELECT);
    if let Some(ids) = workspaces {
        sql.and_in("workspace_id", ids);
    }
    if let Some(name) = integration {
        sql.and("integration_name = ").bind(name.to_owned());
    }
    sql.push(" ORDER BY id DESC");
    sql.fetch_all::<Row>(conn).await?.into_iter().map(StoredApp::try_from).collect()
}

/// Removes an app.
pub async fn delete(conn: &mut Conn, id: &OAuthAppId) -> Result<()> {
    sqlx::query("DELETE FROM oauth_apps WHERE id = $1").bind(id.as_str().to_owned()).execute(conn).await?;
    Ok(())
}
