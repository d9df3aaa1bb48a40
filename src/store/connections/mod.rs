//! Connections: the secret is an opaque sealed text here.

mod filter;
mod search;

pub use filter::{COUNT_LIMIT, Filter, count, count_all, list, newest_integrations};
pub use search::Search;

use super::sql::Sql;
use super::{Conn, Result, StoreError, json, to_json};
use crate::domain::Timestamp;
use crate::domain::connection::{Account, Connection, ConnectionError, ConnectionType, EXPIRING_SECONDS, HealthFacts, Scope};
use crate::domain::id::{ConnectionId, EndUserId, OAuthAppId, WorkspaceId};
use std::collections::BTreeMap;

/// A connection as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredConnection {
    /// `conn_…`
    pub id: ConnectionId,
    /// The customer's identifier.
    pub external_id: String,
    /// What people call it.
    pub display_name: String,
    /// Integration.
    pub integration_name: String,
    /// Method.
    pub auth_method_key: String,
    /// Kind of credential.
    pub kind: ConnectionType,
    /// Whose it is.
    pub owner: Owner,
    /// The customer's id of the end user (read only, joined).
    pub end_user_external_id: Option<String>,
    /// App it was made with.
    pub oauth_app_id: Option<OAuthAppId>,
    /// Sealed credential.
    pub secret: String,
    /// The sealed credential before this one.
    pub previous_secret: Option<String>,
    /// Counts changes of `secret`.
    pub version: i64,
    /// Non-secret fields and captured values.
    pub props: BTreeMap<String, String>,
    /// Whose account it is.
    pub account: Option<Account>,
    /// Asked for.
    pub wanted_scopes: Vec<String>,
    /// Got.
    pub granted_scopes: Vec<String>,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
    /// When it was last renewed.
    pub last_refreshed_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// What is wrong with it.
    pub error: Option<StoredError>,
    /// When, and when not, its token is renewed.
    pub refresh: Schedule,
    /// The customer's data.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who a connection belongs to: the scope with exactly the ids that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The whole installation.
    Organization,
    /// A workspace.
    Workspace(WorkspaceId),
    /// An end user of a workspace.
    User(WorkspaceId, EndUserId),
}

impl Owner {
    /// The scope's name.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Organization => Scope::Organization,
            Self::Workspace(_) => Scope::Workspace,
            Self::User(..) => Scope::User,
        }
    }

    /// The workspace, unless it is the organisation's.
    pub fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Organization => None,
            Self::Workspace(workspace) | Self::User(workspace, _) => Some(workspace),
        }
    }

    /// The end user, if it is one's.
    pub fn end_user(&self) -> Option<&EndUserId> {
        match self {
            Self::User(_, end_user) => Some(end_user),
            Self::Organization | Self::Workspace(_) => None,
        }
    }

    fn keys(&self) -> (String, String) {
        let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
        (text(self.workspace().map(WorkspaceId::as_str)), text(self.end_user().map(EndUserId::as_str)))
    }
}

/// What is wrong with a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredError {
    /// For machines.
    pub code: String,
    /// For people.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
    /// Only a person can mend it.
    pub is_final: bool,
}

/// When a connection's token is renewed by itself, and what became of the last tries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schedule {
    /// When the job renews it; none: not by itself.
    pub due_at: Option<Timestamp>,
    /// Failures in a row.
    pub failures: i64,
    /// Nobody asks the provider again before this.
    pub not_before: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    external_id: String,
    display_name: String,
    integration_name: String,
    auth_method_key: String,
    kind: String,
    scope: String,
    workspace_id: Option<String>,
    end_user_id: Option<String>,
    end_user_external_id: Option<String>,
    oauth_app_id: Option<String>,
    secret: String,
    previous_secret: Option<String>,
    version: i64,
    props: String,
    account: Option<String>,
    wanted_scopes: String,
    granted_scopes: String,
    expires_at: Option<i64>,
    renewable: i64,
    last_refreshed_at: Option<i64>,
    last_used_at: Option<i64>,
    error_code: Option<String>,
    error_message: Option<String>,
    error_at: Option<i64>,
    error_is_final: i64,
    refresh_due_at: Option<i64>,
    refresh_failures: i64,
    refresh_not_before: Option<i64>,
    metadata: String,
    created_at: i64,
    updated_at: i64,
}

/// What makes a [`Row`], of `connections c` and its `end_users e`.
pub(super) const COLUMNS: &str = "c.id, c.external_id, c.display_name, c.integration_name, c.auth_method_key, c.kind, c.scope, c.workspace_id, c.end_user_id, \
     e.external_id AS end_user_external_id, c.oauth_app_id, c.secret, c.previous_secret, c.version, c.props, c.account, c.wanted_scopes, c.granted_scopes, \
     c.expires_at, c.renewable, c.last_refreshed_at, c.last_used_at, c.error_code, c.error_message, c.error_at, c.error_is_final, \
     c.refresh_due_at, c.refresh_failures, c.refresh_not_before, c.metadata, c.created_at, c.updated_at";

fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM connections c LEFT JOIN end_users e ON e.id = c.end_user_id");
    sql
}

impl TryFrom<Row> for StoredConnection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        const TABLE: &str = "connections";
        let inconsistent = |what| StoreError::Inconsistent { table: TABLE, row: row.id.clone(), what };
        let owner = match (Scope::parse(&row.scope), &row.workspace_id, &row.end_user_id) {
            (Some(Scope::Organization), None, None) => Owner::Organization,
            (Some(Scope::Workspace), Some(workspace), None) => Owner::Workspace(WorkspaceId::known(workspace)),
            (Some(Scope::User), Some(workspace), Some(user)) => Owner::User(WorkspaceId::known(workspace), EndUserId::known(user)),
            _ => return Err(inconsistent("scope and ids do not go together")),
        };
        let error = match (row.error_code, row.error_message, row.error_at) {
            (Some(code), Some(message), Some(at)) => Some(StoredError { code, message, at: Timestamp(at), is_final: row.error_is_final != 0 }),
            (None, None, None) => None,
            _ => return Err(inconsistent("an error has only some of its parts")),
        };
        Ok(Self {
            kind: ConnectionType::parse(&row.kind).ok_or_else(|| inconsistent("unknown kind"))?,
            owner,
            props: json(&row.props, TABLE, &row.id)?,
            account: row.account.as_deref().map(|account| json(account, TABLE, &row.id)).transpose()?,
            wanted_scopes: json(&row.wanted_scopes, TABLE, &row.id)?,
            granted_scopes: json(&row.granted_scopes, TABLE, &row.id)?,
            metadata: json(&row.metadata, TABLE, &row.id)?,
            id: ConnectionId::known(row.id),
            external_id: row.external_id,
            display_name: row.display_name,
            integration_name: row.integration_name,
            auth_method_key: row.auth_method_key,
            end_user_external_id: row.end_user_external_id,
            oauth_app_id: row.oauth_app_id.map(OAuthAppId::known),
            secret: row.secret,
            previous_secret: row.previous_secret,
            version: row.version,
            expires_at: row.expires_at.map(Timestamp),
            renewable: row.renewable != 0,
            last_refreshed_at: row.last_refreshed_at.map(Timestamp),
            last_used_at: row.last_used_at.map(Timestamp),
            error,
            refresh: Schedule { due_at: row.refresh_due_at.map(Timestamp), failures: row.refresh_failures, not_before: row.refresh_not_before.map(Timestamp) },
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

impl StoredConnection {
    /// Whether fewer scopes were granted than asked for.
    pub fn scopes_missing(&self) -> bool {
        !self.granted_scopes.is_empty() && self.wanted_scopes.iter().any(|scope| !self.granted_scopes.contains(scope))
    }

    /// What clients see.
    pub fn view(&self, now: Timestamp) -> Connection {
        let (status, health) = HealthFacts {
            error_code: self.error.as_ref().map(|error| error.code.as_str()),
            error_is_final: self.error.as_ref().is_some_and(|error| error.is_final),
            expires_at: self.expires_at,
            renewable: self.renewable,
            scopes_missing: self.scopes_missing(),
            now,
        }
        .judge();
        Connection {
            id: self.id.clone(),
            external_id: self.external_id.clone(),
            display_name: self.display_name.clone(),
            integration_name: self.integration_name.clone(),
            auth_method_key: self.auth_method_key.clone(),
            kind: self.kind,
            status,
            health,
            scope: self.owner.scope(),
            workspace_id: self.owner.workspace().cloned(),
            end_user_id: self.end_user_external_id.clone(),
            oauth_app_id: self.oauth_app_id.clone(),
            account: self.account.clone(),
            granted_scopes: self.granted_scopes.clone(),
            expires_at: self.expires_at,
            last_refreshed_at: self.last_refreshed_at,
            last_used_at: self.last_used_at,
            error: self.error.as_ref().map(|e| ConnectionError { code: e.code.clone(), message: e.message.clone(), at: e.at }),
            metadata: self.metadata.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Adds a connection; `Duplicate` where its scope has that external id already. A transaction can go on after that and find it.
pub async fn insert(conn: &mut Conn, c: &StoredConnection) -> Result<()> {
    let done = sqlx::query(
        "INSERT INTO connections (id, external_id, display_name, integration_name, auth_method_key, kind, scope, workspace_id, end_user_id, oauth_app_id, \
         secret, version, props, account, wanted_scopes, granted_scopes, scopes_missing, expires_at, renewable, metadata, created_at, updated_at, \
         search_name, search_external_id, search_account, refresh_due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) ON CONFLICT DO NOTHING",
    )
    .bind(c.id.as_str().to_owned())
    .bind(c.external_id.clone())
    .bind(c.display_name.clone())
    .bind(c.integration_name.clone())
    .bind(c.auth_method_key.clone())
    .bind(c.kind.as_str())
    .bind(c.owner.scope().as_str())
    .bind(c.owner.workspace().map(|id| id.as_str().to_owned()))
    .bind(c.owner.end_user().map(|id| id.as_str().to_owned()))
    .bind(c.oauth_app_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(c.secret.clone())
    .bind(c.version)
    .bind(to_json(&c.props))
    .bind(c.account.as_ref().map(to_json))
    .bind(to_json(&c.wanted_scopes))
    .bind(to_json(&c.granted_scopes))
    .bind(i64::from(c.scopes_missing()))
    .bind(c.expires_at.map(|at| at.0))
    .bind(i64::from(c.renewable))
    .bind(to_json(&c.metadata))
    .bind(c.created_at.0)
    .bind(c.updated_at.0)
    .bind(c.display_name.to_lowercase())
    .bind(c.external_id.to_lowercase())
    .bind(c.account.as_ref().map(searched))
    .bind(c.refresh.due_at.map(|at| at.0))
    .execute(conn)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Duplicate) }
}

/// Writes a new credential and what came with it, if the stored one is still of `c.version - 1`. Clears the error. Tells
/// whether it was written: false means that somebody else wrote in between. Its refreshes start anew, with `c.refresh.due_at`.
pub async fn replace_credential(conn: &mut Conn, c: &StoredConnection) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connections SET secret = $3, previous_secret = $4, version = $2, kind = $5, oauth_app_id = $6, props = $7, account = $8, wanted_scopes = $9, \
         granted_scopes = $10, scopes_missing = $11, expires_at = $12, renewable = $13, last_refreshed_at = $14, \
         error_code = NULL, error_message = NULL, error_at = NULL, error_is_final = 0, updated_at = $15, search_account = $16, expiry_told = 0, \
         refresh_due_at = $17, refresh_failures = 0, refresh_not_before = NULL WHERE id = $1 AND version = $2 - 1",
    )
    .bind(c.id.as_str().to_owned())
    .bind(c.version)
    .bind(c.secret.clone())
    .bind(c.previous_secret.clone())
    .bind(c.kind.as_str())
    .bind(c.oauth_app_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(to_json(&c.props))
    .bind(c.account.as_ref().map(to_json))
    .bind(to_json(&c.wanted_scopes))
    .bind(to_json(&c.granted_scopes))
    .bind(i64::from(c.scopes_missing()))
    .bind(c.expires_at.map(|at| at.0))
    .bind(i64::from(c.renewable))
    .bind(c.last_refreshed_at.map(|at| at.0))
    .bind(c.updated_at.0)
    .bind(c.account.as_ref().map(searched))
    .bind(c.refresh.due_at.map(|at| at.0))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes what is wrong, or with `None` that nothing is.
pub async fn set_error(conn: &mut Conn, id: &ConnectionId, error: Option<&StoredError>, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE connections SET error_code = $2, error_message = $3, error_at = $4, error_is_final = $5, updated_at = $6 WHERE id = $1")
        .bind(id.as_str().to_owned())
        .bind(error.map(|e| e.code.clone()))
        .bind(error.map(|e| e.message.clone()))
        .bind(error.map(|e| e.at.0))
        .bind(i64::from(error.is_some_and(|e| e.is_final)))
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// How the end of a connection's access is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Within a week.
    Near,
    /// It is over.
    Over,
}

/// Connections whose access ends without being renewed, and that this has not been told of.
pub async fn ending(conn: &mut Conn, ending: Ending, now: Timestamp, limit: i64) -> Result<Vec<(ConnectionId, Timestamp)>> {
    let mut sql = Sql::new("SELECT id, expires_at FROM connections");
    sql.and("renewable = 0").and("expires_at IS NOT NULL").and("expiry_told < 2").and("error_is_final = 0");
    match ending {
        Ending::Near => {
            sql.and("expiry_told = 0").and("error_code IS NULL").and("expires_at > ").bind(now.0);
            sql.and("expires_at < ").bind(now.plus_seconds(EXPIRING_SECONDS).0);
        }
        Ending::Over => {
            sql.and("expires_at <= ").bind(now.0);
        }
    }
    sql.push(" ORDER BY expires_at LIMIT ").bind(limit);
    Ok(sql.fetch_all::<(String, i64)>(conn).await?.into_iter().map(|(id, at)| (ConnectionId::known(id), Timestamp(at))).collect())
}

/// Notes that it has been told that the access which ends at `expires_at` is ending. At most once, on any number of nodes.
pub async fn set_ending(conn: &mut Conn, id: &ConnectionId, ending: Ending, expires_at: Timestamp) -> Result<bool> {
    let done = sqlx::query("UPDATE connections SET expiry_told = $2 WHERE id = $1 AND expires_at = $3 AND expiry_told < $2")
        .bind(id.as_str().to_owned())
        .bind(match ending {
            Ending::Near => 1_i64,
            Ending::Over => 2,
        })
        .bind(expires_at.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes whose account it is.
pub async fn set_account(conn: &mut Conn, id: &ConnectionId, account: &Account, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE connections SET account = $2, updated_at = $3, search_account = $4 WHERE id = $1")
        .bind(id.as_str().to_owned())
        .bind(to_json(account))
        .bind(now.0)
        .bind(searched(account))
        .execute(conn)
        .await?;
    Ok(())
}

/// Renames it, or changes the customer's data; leaves everything else alone, so that a refresh in between is not undone.
pub async fn set_details(conn: &mut Conn, c: &StoredConnection) -> Result<()> {
    sqlx::query("UPDATE connections SET display_name = $2, metadata = $3, updated_at = $4, search_name = $5 WHERE id = $1")
        .bind(c.id.as_str().to_owned())
        .bind(c.display_name.clone())
        .bind(to_json(&c.metadata))
        .bind(c.updated_at.0)
        .bind(c.display_name.to_lowercase())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that it was used, once a minute.
pub async fn touch(conn: &mut Conn, id: &ConnectionId, minute: Timestamp) -> Result<()> {
    sqlx::query("UPDATE connections SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
        .bind(id.as_str().to_owned())
        .bind(minute.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<StoredConnection>> {
    let mut sql = select();
    sql.and("c.id = ").bind(id.to_owned());
    one(sql.fetch_all(conn).await?)
}

/// The one with exactly this identity.
pub async fn find_same(conn: &mut Conn, integration: &str, method: &str, external_id: &str, owner: &Owner) -> Result<Option<StoredConnection>> {
    let (workspace, end_user) = owner.keys();
    let mut sql = select();
    sql.and("c.integration_name = ").bind(integration.to_owned());
    sql.and("COALESCE(c.workspace_id, '') = ").bind(workspace);
    sql.and("COALESCE(c.end_user_id, '') = ").bind(end_user);
    sql.and("c.external_id = ").bind(external_id.to_owned());
    sql.and("c.auth_method_key = ").bind(method.to_owned());
    one(sql.fetch_all(conn).await?)
}

/// Whether the external id exists for the integration in another scope that lies in `workspaces` (none: anywhere).
pub async fn exists_elsewhere(conn: &mut Conn, integration: &str, external_id: &str, method: Option<&str>, workspaces: Option<&[String]>) -> Result<bool> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM connections c");
    sql.and("c.integration_name = ").bind(integration.to_owned());
    sql.and("c.external_id = ").bind(external_id.to_owned());
    if let Some(method) = method {
        sql.and("c.auth_method_key = ").bind(method.to_owned());
    }
    if let Some(ids) = workspaces {
        sql.and_in("COALESCE(c.workspace_id, '')", ids);
    }
    sql.push(" LIMIT 1) AS found");
    Ok(sql.fetch_count(conn).await? > 0)
}

/// Removes it and its ciphertexts; tells whether there was one.
pub async fn delete(conn: &mut Conn, id: &ConnectionId) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM connections WHERE id = $1").bind(id.as_str().to_owned()).execute(conn).await?.rows_affected() == 1)
}

/// Whether another connection stands on the same grant: made with the same app, of the same account.
pub async fn shares_grant(conn: &mut Conn, c: &StoredConnection) -> Result<bool> {
    let (Some(app), Some(account)) = (&c.oauth_app_id, &c.account) else { return Ok(false) };
    // An account is stored as JSON that starts with its id.
    let start = format!("{{\"id\":{},", to_json(&account.id));
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM connections");
    sql.and("oauth_app_id = ").bind(app.as_str().to_owned());
    sql.and("id <> ").bind(c.id.as_str().to_owned());
    sql.and("SUBSTR(account, 1, CAST(").bind(i64::try_from(start.chars().count()).unwrap_or(i64::MAX)).push(" AS INTEGER)) = ").bind(start);
    sql.push(" LIMIT 1) AS found");
    Ok(sql.fetch_count(conn).await? > 0)
}

/// What a search finds an account by.
fn searched(account: &Account) -> String {
    account.label.to_lowercase()
}

fn all(rows: Vec<Row>) -> Result<Vec<StoredConnection>> {
    rows.into_iter().map(StoredConnection::try_from).collect()
}

fn one(rows: Vec<Row>) -> Result<Option<StoredConnection>> {
    rows.into_iter().next().map(StoredConnection::try_from).transpose()
}
