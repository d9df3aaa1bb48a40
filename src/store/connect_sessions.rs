//! Runs of the hosted connect page. Transitions are single statements that name the states they may start from.

use super::sql::Sql;
use super::{Conn, Result, StoreError, json, to_json};
use crate::domain::Timestamp;
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::id::{ConnectionId, EndUserId, OAuthAppId, SessionId, WorkspaceId, WorkspaceIntegrationId};
use crate::store::connections::Owner;

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// `cs_…`
    pub id: SessionId,
    /// Hash of the `cst_` token; none for sessions started in the dashboard or the portal.
    pub token_hash: Option<String>,
    /// As stored; see [`StoredSession::status_at`].
    pub status: SessionStatus,
    /// Integration.
    pub integration_name: String,
    /// Method, unless the end user chooses.
    pub auth_method_key: Option<String>,
    /// External id of the connection to make.
    pub external_id: String,
    /// Name of the connection to make.
    pub display_name: String,
    /// Whose it will be.
    pub owner: Owner,
    /// Workspace integration it was started from.
    pub workspace_integration_id: Option<WorkspaceIntegrationId>,
    /// App to use.
    pub oauth_app_id: Option<OAuthAppId>,
    /// What it made, or (reconnect) what it is to replace.
    pub connection_id: Option<ConnectionId>,
    /// Whether it replaces the credentials of a given connection.
    pub is_reconnect: bool,
    /// Whether the person wanted a different account than the one they had just connected.
    pub is_reopened: bool,
    /// Another account signed in than before.
    pub account_changed: bool,
    /// Prefilled, locked fields: sealed JSON, or empty.
    pub props: String,
    /// Scopes to ask for instead of the app's or the definition's.
    pub scopes: Option<Vec<String>>,
    /// Where to go afterwards.
    pub success_redirect: Option<String>,
    /// Where to go on failure.
    pub error_redirect: Option<String>,
    /// Origins that may be signalled to.
    pub allowed_origins: Vec<String>,
    /// Language of the page.
    pub language: Option<String>,
    /// How it ends well.
    pub completion: Completion,
    /// Actor who made it.
    pub created_by: String,
    /// Hash of the nonce of the browser that acted first.
    pub browser: Option<String>,
    /// Origin of the page that opened it.
    pub opener_origin: Option<String>,
    /// The dashboard's handle.
    pub client_ref: Option<String>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl StoredSession {
    /// Where it is at `now`: a session that was not finished in time has expired, whether or not anybody noted it.
    pub fn status_at(&self, now: Timestamp) -> SessionStatus {
        let open = self.status.may_attempt() || self.status == SessionStatus::AwaitingConfirmation;
        if open && self.expires_at <= now { SessionStatus::Expired } else { self.status }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    token_hash: Option<String>,
    status: String,
    integration_name: String,
    auth_method_key: Option<String>,
    external_id: String,
    display_name: String,
    workspace_id: Option<String>,
    end_user_id: Option<String>,
    workspace_integration_id: Option<String>,
    oauth_app_id: Option<String>,
    connection_id: Option<String>,
    is_reconnect: i64,
    is_reopened: i64,
    account_changed: i64,
    props: String,
    scopes: Option<String>,
    success_redirect: Option<String>,
    error_redirect: Option<String>,
    allowed_origins: String,
    language: Option<String>,
    completion: String,
    created_by: String,
    browser: Option<String>,
    opener_origin: Option<String>,
    client_ref: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    finished_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
}

const SELECT: &str = "SELECT id, token_hash, status, integration_name, auth_method_key, external_id, display_name, workspace_id, end_user_id, workspace_integration_id, oauth_app_id, \
     connection_id, is_reconnect, is_reopened, account_changed, props, scopes, success_redirect, error_redirect, allowed_origins, language, completion, created_by, browser, \
     opener_origin, client_ref, error_code, error_message, finished_at, created_at, expires_at FROM connect_sessions";

impl TryFrom<Row> for StoredSession {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        const TABLE: &str = "connect_sessions";
        let inconsistent = |what| StoreError::Inconsistent { table: TABLE, row: row.id.clone(), what };
        let owner = match (&row.workspace_id, &row.end_user_id) {
            (None, None) => Owner::Organization,
            (Some(workspace), None) => Owner::Workspace(WorkspaceId::known(workspace)),
            (Some(workspace), Some(user)) => Owner::User(WorkspaceId::known(workspace), EndUserId::known(user)),
            (None, Some(_)) => return Err(inconsistent("an end user without a workspace")),
        };
        Ok(Self {
            status: SessionStatus::parse(&row.status).ok_or_else(|| inconsistent("unknown status"))?,
            completion: Completion::parse(&row.completion).ok_or_else(|| inconsistent("unknown completion"))?,
            owner,
            scopes: row.scopes.as_deref().map(|scopes| json(scopes, TABLE, &row.id)).transpose()?,
            allowed_origins: json(&row.allowed_origins, TABLE, &row.id)?,
            id: SessionId::known(row.id),
            token_hash: row.token_hash,
            integration_name: row.integration_name,
            auth_method_key: row.auth_method_key,
            external_id: row.external_id,
            display_name: row.display_name,
            workspace_integration_id: row.workspace_integration_id.map(WorkspaceIntegrationId::known),
            oauth_app_id: row.oauth_app_id.map(OAuthAppId::known),
            connection_id: row.connection_id.map(ConnectionId::known),
            is_reconnect: row.is_reconnect != 0,
            is_reopened: row.is_reopened != 0,
            account_changed: row.account_changed != 0,
            props: row.props,
            success_redirect: row.success_redirect,
            error_redirect: row.error_redirect,
            language: row.language,
            created_by: row.created_by,
            browser: row.browser,
            opener_origin: row.opener_origin,
            client_ref: row.client_ref,
            error_code: row.error_code,
            error_message: row.error_message,
            finished_at: row.finished_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        })
    }
}

/// Adds a session.
pub async fn insert(conn: &mut Conn, s: &StoredSession) -> Result<()> {
    sqlx::query(
        "INSERT INTO connect_sessions (id, token_hash, status, integration_name, auth_method_key, external_id, display_name, scope, workspace_id, end_user_id, \
         oauth_app_id, connection_id, is_reconnect, props, scopes, success_redirect, error_redirect, allowed_origins, language, created_by, browser, \
         opener_origin, client_ref, created_at, expires_at, workspace_integration_id, completion) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
    )
    .bind(s.id.as_str().to_owned())
    .bind(s.token_hash.clone())
    .bind(s.status.as_str())
    .bind(s.integration_name.clone())
    .bind(s.auth_method_key.clone())
    .bind(s.external_id.clone())
    .bind(s.display_name.clone())
    .bind(s.owner.scope().as_str())
    .bind(s.owner.workspace().map(|id| id.as_str().to_owned()))
    .bind(s.owner.end_user().map(|id| id.as_str().to_owned()))
    .bind(s.oauth_app_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(s.connection_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(i64::from(s.is_reconnect))
    .bind(s.props.clone())
    .bind(s.scopes.as_ref().map(to_json))
    .bind(s.success_redirect.clone())
    .bind(s.error_redirect.clone())
    .bind(to_json(&s.allowed_origins))
    .bind(s.language.clone())
    .bind(s.created_by.clone())
    .bind(s.browser.clone())
    .bind(s.opener_origin.clone())
    .bind(s.client_ref.clone())
    .bind(s.created_at.0)
    .bind(s.expires_at.0)
    .bind(s.workspace_integration_id.as_ref().map(|id| id.as_str().to_owned()))
    .bind(s.completion.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

/// By id.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<StoredSession>> {
    by(conn, "id = ", id).await
}

/// By the hash of its token.
pub async fn find_by_token(conn: &mut Conn, token_hash: &str) -> Result<Option<StoredSession>> {
    by(conn, "token_hash = ", token_hash).await
}

/// By the dashboard's handle.
pub async fn find_by_client_ref(conn: &mut Conn, client_ref: &str) -> Result<Option<StoredSession>> {
    by(conn, "client_ref = ", client_ref).await
}

async fn by(conn: &mut Conn, condition: &'static str, value: &str) -> Result<Option<StoredSession>> {
    let mut sql = Sql::new(SELECT);
    sql.and(condition).bind(value.to_owned());
    sql.fetch_all::<Row>(conn).await?.into_iter().next().map(StoredSession::try_from).transpose()
}

/// Binds the session to the browser that acts first. True for that browser ever after, false for any other.
pub async fn bind_browser(conn: &mut Conn, id: &SessionId, browser: &str, opener_origin: Option<&str>) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET browser = $2, opener_origin = COALESCE(opener_origin, $3) WHERE id = $1 AND (browser IS NULL OR browser = $2)",
    )
    .bind(id.as_str().to_owned())
    .bind(browser.to_owned())
    .bind(opener_origin.map(str::to_owned))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An attempt begins: `pending`, `connecting` or `failed` → `connecting`, if there is time left.
pub async fn start_attempt(conn: &mut Conn, id: &SessionId, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'connecting', error_code = NULL, error_message = NULL \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed') AND expires_at > $2",
    )
    .bind(id.as_str().to_owned())
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was agreed to waits for the application: `pending`, `connecting` or `failed` → `awaiting_confirmation`, which ends at
/// `until`. At most once, whoever else tries.
pub async fn await_confirmation(conn: &mut Conn, id: &SessionId, until: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'awaiting_confirmation', expires_at = $2, error_code = NULL, error_message = NULL \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed')",
    )
    .bind(id.as_str().to_owned())
    .bind(until.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The provider agreed, and the person has to say which of their accounts is meant: anything unfinished → `connecting`, which ends at
/// `until`. At most once, whoever else tries.
pub async fn await_choice(conn: &mut Conn, id: &SessionId, until: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'connecting', expires_at = $2, error_code = NULL, error_message = NULL \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation')",
    )
    .bind(id.as_str().to_owned())
    .bind(until.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A connection was made: anything unfinished → `completed`. At most once, whoever else tries.
pub async fn complete(conn: &mut Conn, id: &SessionId, connection: &ConnectionId, account_changed: bool, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'completed', connection_id = $2, account_changed = $3, error_code = NULL, error_message = NULL, \
         finished_at = $4, props = '' WHERE id = $1 AND status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation')",
    )
    .bind(id.as_str().to_owned())
    .bind(connection.as_str().to_owned())
    .bind(i64::from(account_changed))
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An attempt failed: anything unfinished → `failed`.
pub async fn fail(conn: &mut Conn, id: &SessionId, code: &str, message: &str, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'failed', error_code = $2, error_message = $3, finished_at = $4 \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation')",
    )
    .bind(id.as_str().to_owned())
    .bind(code.to_owned())
    .bind(message.to_owned())
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody said no: anything unfinished → `cancelled`, for good.
pub async fn cancel(conn: &mut Conn, id: &SessionId, code: &str, message: &str, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'cancelled', error_code = $2, error_message = $3, finished_at = $4 \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation')",
    )
    .bind(id.as_str().to_owned())
    .bind(code.to_owned())
    .bind(message.to_owned())
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sessions whose time ran out before `before` with nothing connected, and that nobody has noted.
pub async fn run_out(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<SessionId>> {
    let mut sql = Sql::new("SELECT id FROM connect_sessions");
    sql.and("status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation')");
    sql.and("expires_at < ").bind(before.0);
    sql.push(" ORDER BY expires_at LIMIT ").bind(limit);
    Ok(sql.fetch_all::<(String,)>(conn).await?.into_iter().map(|(id,)| SessionId::known(id)).collect())
}

/// Its time ran out before `before`: anything unfinished → `expired`. At most once, on any number of nodes.
pub async fn expire(conn: &mut Conn, id: &SessionId, before: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'expired', finished_at = expires_at, props = '' \
         WHERE id = $1 AND status IN ('pending', 'connecting', 'failed', 'awaiting_confirmation') AND expires_at < $2",
    )
    .bind(id.as_str().to_owned())
    .bind(before.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// "Use a different account": `completed` → `pending` in the same browser; the next credentials replace those just stored. Not where
/// the application confirms: it has done so once.
pub async fn reopen(conn: &mut Conn, id: &SessionId, browser: &str, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET status = 'pending', is_reconnect = 1, is_reopened = 1, finished_at = NULL \
         WHERE id = $1 AND status = 'completed' AND completion = 'auto' AND browser = $2 AND expires_at > $3",
    )
    .bind(id.as_str().to_owned())
    .bind(browser.to_owned())
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes sessions that ended before `before`.
pub async fn purge(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM connect_sessions WHERE expires_at < $1").bind(before.0).execute(conn).await?.rows_affected())
}
