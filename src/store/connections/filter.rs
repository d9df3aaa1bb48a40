//! What lists are narrowed to, and the lists.

use super::search::Search;
use super::{StoredConnection, all, select};
use crate::domain::Timestamp;
use crate::domain::connection::{ConnectionType, EXPIRING_SECONDS, Health, REVOKED_CODES, Scope, Status};
use crate::store::sql::{Page, Sql};
use crate::store::{Conn, Result};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in these workspaces (a limited key's reach); none: everywhere.
    pub workspaces: Option<Vec<String>>,
    /// Integration.
    pub integration_name: Option<String>,
    /// End user, our id.
    pub end_user_id: Option<String>,
    /// Status.
    pub status: Option<Status>,
    /// Health.
    pub health: Option<Health>,
    /// Whatever is other than well.
    pub needs_attention: bool,
    /// Scope.
    pub scope: Option<Scope>,
    /// Kind of credential.
    pub kind: Option<ConnectionType>,
    /// External id.
    pub external_id: Option<String>,
    /// Prefix of name, external id or account.
    pub search: Option<Search>,
}

impl Filter {
    fn only_searches(&self) -> bool {
        let Self { workspaces, integration_name, end_user_id, status, health, needs_attention, scope, kind, external_id, search: _ } = self;
        let texts = [integration_name, end_user_id, external_id].iter().all(|text| text.is_none());
        texts && workspaces.is_none() && status.is_none() && health.is_none() && !needs_attention && scope.is_none() && kind.is_none()
    }

    fn apply(&self, sql: &mut Sql, now: Timestamp) {
        // SQLite takes every indexed column for as selective as any other. Where a better one is there, those that many rows share are
        // written so that no index fits them, and are looked at in the rows that the better one finds.
        let few = self.end_user_id.is_some() || self.external_id.is_some();
        let unwell = self.needs_attention || self.status == Some(Status::Error) || self.health.is_some_and(|health| health != Health::Ok);
        let some = few || self.workspaces.is_some() || self.search.as_ref().is_some_and(Search::is_narrow) || unwell;
        if let Some(ids) = &self.workspaces {
            // What needs attention is counted with every look at the list, however large the workspace: few of any need it.
            sql.and_in(if few || self.needs_attention { "c.workspace_id || ''" } else { "c.workspace_id" }, ids);
        }
        let integration = if some { "c.integration_name || '' = " } else { "c.integration_name = " };
        for (column, value) in [(integration, &self.integration_name), ("c.end_user_id = ", &self.end_user_id), ("c.external_id = ", &self.external_id)] {
            if let Some(value) = value {
                sql.and(column).bind(value.clone());
            }
        }
        if let Some(scope) = self.scope {
            let other = some || self.integration_name.is_some() || self.kind.is_some();
            sql.and(if other { "c.scope || '' = " } else { "c.scope = " }).bind(scope.as_str());
        }
        if let Some(kind) = self.kind {
            let other = some || self.integration_name.is_some();
            sql.and(if other { "c.kind || '' = " } else { "c.kind = " }).bind(kind.as_str());
        }
        if let Some(search) = &self.search {
            search.apply(sql);
        }
        if let Some(status) = self.status {
            if status == Status::Error {
                sql.and(WATCHED);
            }
            sql.and(if status == Status::Error { "(" } else { "NOT (" });
            sql.push("c.error_is_final = 1 OR (c.renewable = 0 AND c.expires_at IS NOT NULL AND c.expires_at <= ").bind(now.0).push("))");
        }
        if let Some(health) = self.health {
            health_condition(sql, health, now);
        }
        if self.needs_attention {
            // Every health but `Ok`, in few words.
            sql.and(WATCHED);
            sql.and("(c.error_code IS NOT NULL OR c.scopes_missing = 1 OR (c.renewable = 0 AND c.expires_at < ")
                .bind(now.plus_seconds(EXPIRING_SECONDS).0)
                .push("))");
        }
    }
}

/// True of all that are other than well and of those that time alone makes so. Said besides the narrower condition, word for word as the
/// index `connections_watched` has it, so that the database sees that this short index will do.
pub(super) const WATCHED: &str = "(c.error_code IS NOT NULL OR c.scopes_missing = 1 OR (c.renewable = 0 AND c.expires_at IS NOT NULL))";

/// The rules of `HealthFacts::judge`, in SQL. A test compares the two.
pub(super) fn health_condition(sql: &mut Sql, health: Health, now: Timestamp) {
    let week = now.plus_seconds(EXPIRING_SECONDS);
    let [invalid_grant, revoked] = REVOKED_CODES;
    let usable = |sql: &mut Sql| {
        sql.and("c.error_is_final = 0");
        sql.and("(c.renewable = 1 OR c.expires_at IS NULL OR c.expires_at > ").bind(now.0).push(")");
    };
    let not_expiring = |sql: &mut Sql| {
        sql.and("(c.renewable = 1 OR c.expires_at IS NULL OR c.error_code IS NOT NULL OR c.expires_at >= ").bind(week.0).push(")");
    };
    if health != Health::Ok {
        sql.and(WATCHED);
    }
    match health {
        Health::Revoked => {
            sql.and("c.error_is_final = 1");
            sql.and("c.error_code IN (").bind(invalid_grant).push(", ").bind(revoked).push(")");
        }
        Health::Error => {
            sql.and("c.error_is_final = 1");
            sql.and("c.error_code NOT IN (").bind(invalid_grant).push(", ").bind(revoked).push(")");
        }
        Health::Expired => {
            sql.and("c.error_is_final = 0");
            sql.and("c.renewable = 0");
            sql.and("c.expires_at <= ").bind(now.0);
        }
        Health::Expiring => {
            usable(sql);
            sql.and("c.renewable = 0");
            sql.and("c.error_code IS NULL");
            sql.and("c.expires_at < ").bind(week.0);
        }
        Health::Degraded => {
            usable(sql);
            not_expiring(sql);
            sql.and("(c.error_code IS NOT NULL OR c.scopes_missing = 1)");
        }
        Health::Ok => {
            usable(sql);
            not_expiring(sql);
            sql.and("c.error_code IS NULL");
            sql.and("c.scopes_missing = 0");
        }
    }
}

/// How far a filtered list is counted.
pub const COUNT_LIMIT: i64 = 10_000;

/// A page, newest first.
pub async fn list(conn: &mut Conn, filter: &Filter, page: &Page, now: Timestamp) -> Result<Vec<StoredConnection>> {
    let mut sql = select();
    filter.apply(&mut sql, now);
    if let Some(before) = &page.before {
        sql.and("c.id < ").bind(before.clone());
    }
    sql.push(" ORDER BY c.id DESC LIMIT ").bind(page.limit).push(" OFFSET ").bind(page.offset);
    all(sql.fetch_all(conn).await?)
}

/// How many a filter leaves, counted no further than one past `limit`.
pub async fn count(conn: &mut Conn, filter: &Filter, limit: i64, now: Timestamp) -> Result<i64> {
    if let (Some(search), true) = (&filter.search, filter.only_searches()) {
        return search.count(conn, limit).await;
    }
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM connections c");
    filter.apply(&mut sql, now);
    sql.push(" LIMIT ").bind(limit + 1).push(") AS counted");
    sql.fetch_count(conn).await
}

/// How many there are in all.
pub async fn count_all(conn: &mut Conn) -> Result<i64> {
    Sql::new("SELECT COUNT(*) FROM connections").fetch_count(conn).await
}

/// The integrations of the newest `limit` connections, newest first, each as often as it is there.
pub async fn newest_integrations(conn: &mut Conn, workspaces: Option<&[String]>, limit: i64) -> Result<Vec<String>> {
    let mut sql = Sql::new("SELECT c.integration_name FROM connections c");
    if let Some(ids) = workspaces {
        sql.and_in("c.workspace_id", ids);
    }
    sql.push(" ORDER BY c.id DESC LIMIT ").bind(limit);
    Ok(sql.fetch_all::<(String,)>(conn).await?.into_iter().map(|(name,)| name).collect())
}
