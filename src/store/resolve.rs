//! One statement for everything that a resolve asks: whose key it is, which workspace and end user are meant, which connections fit.

use super::api_keys::PresentedKey;
use super::connections::{COLUMNS, Row, StoredConnection};
use super::sql::Sql;
use super::{Conn, Result};
use crate::domain::id::{EndUserId, WorkspaceId};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// The holder of the API key with this hash. Where a request names no workspace, the key's only one is meant.
    Key(&'a str),
    /// Somebody known already.
    Known,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Integration.
    pub integration: &'a str,
    /// The customer's identifier.
    pub external_id: Option<&'a str>,
    /// Method.
    pub method: Option<&'a str>,
    /// Workspace, id or slug.
    pub workspace: Option<&'a str>,
    /// End user, the customer's id or ours.
    pub end_user: Option<&'a str>,
}

/// What there is.
#[derive(Debug, Default)]
pub struct Found {
    /// The key, if there is such a key.
    pub key: Option<PresentedKey>,
    /// The workspace, and its slug.
    pub workspace: Option<(WorkspaceId, String)>,
    /// The end user, in that workspace.
    pub end_user: Option<EndUserId>,
    /// What fits in the end user's, the workspace's and the organisation's name, in this order, newest first. Not everybody may see
    /// all of it.
    pub candidates: Vec<StoredConnection>,
}

/// Enough to name the several that fit equally well.
const MOST_CANDIDATES: i64 = 20;

struct Line {
    key: Option<PresentedKey>,
    workspace: Option<(WorkspaceId, String)>,
    end_user: Option<EndUserId>,
    connection: Option<StoredConnection>,
}

impl FromRow<'_, AnyRow> for Line {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let decode = |error: super::StoreError| sqlx::Error::Decode(error.into());
        let key: Option<String> = row.try_get("key_id")?;
        let key = key.map(|id| Ok::<_, sqlx::Error>((id, row.try_get("key_permissions")?, row.try_get("key_last_used_at")?, row.try_get("key_expires_at")?)));
        let workspace: Option<String> = row.try_get("asked_workspace_id")?;
        let connection: Option<String> = row.try_get("id")?;
        Ok(Self {
            key: key.transpose()?.map(PresentedKey::try_from).transpose().map_err(decode)?,
            workspace: workspace.map(|id| Ok::<_, sqlx::Error>((WorkspaceId::known(id), row.try_get("asked_workspace_slug")?))).transpose()?,
            end_user: row.try_get::<Option<String>, _>("asked_end_user_id")?.map(EndUserId::known),
            connection: connection.map(|_| Row::from_row(row)).transpose()?.map(StoredConnection::try_from).transpose().map_err(decode)?,
        })
    }
}

/// Looks everything up at once.
pub async fn look_up(conn: &mut Conn, asker: Asker<'_>, ask: &Ask<'_>) -> Result<Found> {
    let mut sql = Sql::new("SELECT ");
    sql.push(match asker {
        Asker::Key(_) => "k.id AS key_id, k.permissions AS key_permissions, k.last_used_at AS key_last_used_at, k.expires_at AS key_expires_at, ",
        Asker::Known => "CAST(NULL AS TEXT) AS key_id, ",
    });
    sql.push("w.id AS asked_workspace_id, w.slug AS asked_workspace_slug, ");
    sql.push(if ask.end_user.is_some() { "u.id AS asked_end_user_id, " } else { "CAST(NULL AS TEXT) AS asked_end_user_id, " });
    sql.push(COLUMNS).push(match asker {
        Asker::Key(_) => " FROM api_keys k LEFT JOIN workspaces w ON ",
        Asker::Known => " FROM (SELECT 1 AS one) AS k LEFT JOIN workspaces w ON ",
    });
    match (ask.workspace, asker) {
        (Some(name), _) => sql.push("(w.id = ").bind(name.to_owned()).push(" OR w.slug = ").bind(name.to_owned()).push(")"),
        (None, Asker::Key(_)) => sql.push("w.id = k.only_workspace_id"),
        (None, Asker::Known) => sql.push("1 = 0"),
    };
    if let Some(name) = ask.end_user {
        sql.push(" LEFT JOIN end_users u ON u.id = (SELECT n.id FROM end_users n WHERE n.workspace_id = w.id AND (n.external_id = ");
        sql.bind(name.to_owned()).push(" OR n.id = ").bind(name.to_owned());
        // A customer may call one of their users like one of our ids: their own naming wins.
        sql.push(") ORDER BY CASE WHEN n.external_id = ").bind(name.to_owned()).push(" THEN 0 ELSE 1 END LIMIT 1)");
    }
    sql.push(" LEFT JOIN connections c ON c.integration_name = ").bind(ask.integration.to_owned());
    // No workspace and no end user: NULL in the list, which nothing equals.
    sql.push(" AND COALESCE(c.workspace_id, '') IN (w.id, '') AND COALESCE(c.end_user_id, '') IN (");
    sql.push(if ask.end_user.is_some() { "u.id, '')" } else { "'')" });
    if let Some(external_id) = ask.external_id {
        sql.push(" AND c.external_id = ").bind(external_id.to_owned());
    }
    if let Some(method) = ask.method {
        sql.push(" AND c.auth_method_key = ").bind(method.to_owned());
    }
    sql.push(" LEFT JOIN end_users e ON e.id = c.end_user_id");
    if let Asker::Key(hash) = asker {
        sql.and("k.key_hash = ").bind(hash.to_owned());
    }
    sql.push(" ORDER BY CASE WHEN c.end_user_id IS NOT NULL THEN 0 WHEN c.workspace_id IS NOT NULL THEN 1 ELSE 2 END, c.id DESC LIMIT ").bind(MOST_CANDIDATES);
    let mut lines = sql.fetch_all::<Line>(conn).await?.into_iter();
    let Some(first) = lines.next() else { return Ok(Found::default()) };
    let candidates = first.connection.into_iter().chain(lines.filter_map(|line| line.connection)).collect();
    Ok(Found { key: first.key, workspace: first.workspace, end_user: first.end_user, candidates })
}
