//! Lists, and resolving several at once.

use super::resolve;
use crate::domain::connection::{Connection, ConnectionType, Health, Scope, Status};
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::service::{Reader, Result, Services, workspaces};
use crate::store::connections::{COUNT_LIMIT, Filter, Search};
use crate::store::{self, Conn, Page};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Filters of a list as clients give them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListQuery {
    /// Integration.
    pub integration_name: Option<String>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// End user, the customer's id or ours.
    pub end_user_id: Option<String>,
    /// ACTIVE or ERROR.
    pub status: Option<String>,
    /// Health.
    pub health: Option<String>,
    /// Scope.
    pub scope: Option<String>,
    /// Kind of credential.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// External id.
    pub external_id: Option<String>,
    /// Prefix of name, external id or account.
    pub q: Option<String>,
    /// Whatever is other than well. The dashboard's: the API has no such parameter.
    #[serde(skip)]
    pub needs_attention: bool,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are.
    pub total: i64,
    /// True when `total` was counted no further.
    pub total_is_minimum: bool,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// A page of connections, newest first.
pub async fn list(services: &Services, reader: &Reader, query: &ListQuery, page: &Page) -> Result<Listed<Connection>> {
    let mut conn = services.store.conn().await?;
    let filter = filter_of(services, reader, query, &mut conn).await?;
    let now = services.now();
    let mut rows = store::connections::list(&mut conn, &filter, &one_more(page), now).await?;
    let unfiltered = query_is_empty(query) && reader.sees_organization();
    let counted =
        if unfiltered { store::connections::count_all(&mut conn).await? } else { store::connections::count(&mut conn, &filter, COUNT_LIMIT, now).await? };
    let total_is_minimum = !unfiltered && counted > COUNT_LIMIT;
    let next_cursor = cut(&mut rows, page, |row| row.id.as_str());
    Ok(Listed {
        items: rows.iter().map(|row| row.view(now)).collect(),
        total: if total_is_minimum { COUNT_LIMIT } else { counted },
        total_is_minimum,
        next_cursor,
    })
}

/// How far the dashboard counts: a person wants to know whether there are many.
const GLANCE: i64 = 1000;

/// How far those are counted that need attention.
pub const ALARMING: i64 = 100;

/// What the dashboard's list shows.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The page.
    pub listed: Listed<Connection>,
    /// Names of the workspaces that its rows belong to, by id.
    pub workspaces: BTreeMap<String, String>,
    /// How many need attention, of the workspace that is looked at, counted no further than [`ALARMING`].
    pub alarming: i64,
}

/// The same for the dashboard, which is looked at often: nothing is counted that the page itself tells, nor further than a person
/// cares to know.
pub async fn rows(services: &Services, reader: &Reader, query: &ListQuery, page: &Page) -> Result<Rows> {
    let mut conn = services.store.conn().await?;
    let filter = filter_of(services, reader, query, &mut conn).await?;
    let now = services.now();
    let unwell = Filter { workspaces: filter.workspaces.clone(), needs_attention: true, ..Filter::default() };
    let alarming = store::connections::count(&mut conn, &unwell, ALARMING - 1, now).await?;
    let mut rows = store::connections::list(&mut conn, &filter, &one_more(page), now).await?;
    let next_cursor = cut(&mut rows, page, |row| row.id.as_str());
    let is_all = next_cursor.is_none() && page.before.is_none() && page.offset == 0;
    let counted = if is_all { i64::try_from(rows.len()).unwrap_or(GLANCE) } else { store::connections::count(&mut conn, &filter, GLANCE, now).await? };
    let ids: BTreeSet<String> = rows.iter().filter_map(|row| row.owner.workspace()).map(|id| id.as_str().to_owned()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let workspaces = if ids.is_empty() {
        BTreeMap::new()
    } else {
        store::workspaces::names(&mut conn, Some(&ids), GLANCE).await?.into_iter().map(|name| (name.id, name.name)).collect()
    };
    let items = rows.iter().map(|row| row.view(now)).collect();
    let listed = Listed { items, total: counted.min(GLANCE), total_is_minimum: counted > GLANCE, next_cursor };
    Ok(Rows { listed, workspaces, alarming })
}

/// Longest time that is looked back for changes, in seconds. Whoever was away for longer looks at everything again.
const LOOK_BACK: i64 = 120;
/// What was written this long ago may have been committed only now, in seconds.
const LATE: i64 = 3;

/// Whether something happened to connections since then: to any, or to the one with this id. It may say yes once more than needed.
pub async fn changed_since(services: &Services, reader: &Reader, since: Timestamp, connection: Option<&str>) -> Result<bool> {
    if services.now().seconds_since(since) > LOOK_BACK {
        return Ok(true);
    }
    let limit = reader.reach().limit();
    let mut conn = services.store.conn().await?;
    Ok(store::events::any_of_connections(&mut conn, limit.as_deref(), connection, since.plus_seconds(-LATE)).await?)
}

async fn filter_of(services: &Services, reader: &Reader, query: &ListQuery, conn: &mut Conn) -> Result<Filter> {
    let wrong = |path: &str, known: Vec<&'static str>| Error::field(path, format!("{path} must be one of {}", known.join(", ")));
    let mut filter = Filter {
        workspaces: reader.reach().limit(),
        integration_name: query.integration_name.clone(),
        external_id: query.external_id.clone(),
        needs_attention: query.needs_attention,
        ..Filter::default()
    };
    if let Some(status) = &query.status {
        filter.status = Some(Status::parse(status).ok_or_else(|| wrong("status", Status::ALL.iter().map(|s| s.as_str()).collect()))?);
    }
    if let Some(health) = &query.health {
        filter.health = Some(Health::parse(health).ok_or_else(|| wrong("health", Health::ALL.iter().map(|s| s.as_str()).collect()))?);
    }
    if let Some(scope) = &query.scope {
        filter.scope = Some(Scope::parse(scope).ok_or_else(|| wrong("scope", Scope::ALL.iter().map(|s| s.as_str()).collect()))?);
    }
    if let Some(kind) = &query.kind {
        filter.kind = Some(ConnectionType::parse(kind).ok_or_else(|| wrong("type", ConnectionType::ALL.iter().map(|s| s.as_str()).collect()))?);
    }
    let workspace = match &query.workspace_id {
        Some(id) => Some(workspaces::visible(services, reader, conn, id).await?),
        None => None,
    };
    if let Some(end_user) = &query.end_user_id {
        let user = match &workspace {
            Some(workspace) => store::end_users::find_in(conn, &workspace.id, end_user).await?,
            None => store::end_users::find(conn, end_user).await?.filter(|user| reader.reach().includes(Some(&user.workspace_id))),
        };
        match (user, &workspace) {
            (Some(user), _) => filter.end_user_id = Some(user.id.into()),
            (None, None) => return Err(Error::new(Code::WorkspaceRequired, "endUserId needs workspaceId")),
            (None, Some(_)) => return Err(Error::new(Code::EndUserNotFound, format!("There is no end user {end_user:?} in this workspace"))),
        }
    }
    if let Some(workspace) = workspace {
        filter.workspaces = Some(vec![workspace.id.into()]);
    }
    if let Some(text) = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        filter.search = Some(Search::of(conn, text).await?);
    }
    Ok(filter)
}

pub(super) fn query_is_empty(query: &ListQuery) -> bool {
    let ListQuery { integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q, needs_attention } = query;
    !needs_attention && [integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q].iter().all(|value| value.is_none())
}

/// The page to ask the store for: one row more than wanted tells whether there is a next page.
pub(in crate::service) fn one_more(page: &Page) -> Page {
    Page { limit: page.limit + 1, ..page.clone() }
}

/// Cuts off the row too many; the id that the next page starts before, if there was one.
pub(in crate::service) fn cut<T>(rows: &mut Vec<T>, page: &Page, id: impl Fn(&T) -> &str) -> Option<String> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(|row| id(row).to_owned())
}

/// Body of `POST /connections/resolve`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolve {
    /// Integration.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub integration_name: Option<String>,
    /// The customer's identifier.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub external_id: Option<String>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// End user, the customer's id or ours.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub end_user_id: Option<String>,
    /// Method.
    pub auth_method_key: Option<String>,
}

/// Body of `POST /connections/resolve-batch`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveBatch {
    /// One to a hundred.
    #[schema(value_type = Vec<Resolve>, min_items = 1, max_items = 100)]
    pub requests: Option<Vec<Resolve>>,
}

/// Most connections that one call finds.
pub const LARGEST_BATCH: usize = 100;

/// Finds several connections, each as [`resolve`] would: the answers are in the order of the requests, and one that is refused
/// does not touch the others. A failure of ours fails the whole.
pub async fn resolve_batch(services: &Services, reader: &Reader, batch: &ResolveBatch) -> Result<Vec<Result<Connection>>> {
    let requests = batch.requests.as_ref().ok_or_else(|| Error::required("requests"))?;
    if requests.is_empty() || requests.len() > LARGEST_BATCH {
        let message = format!("requests must hold 1 to {LARGEST_BATCH} requests, not {}", requests.len());
        return Err(Error::fields(vec![FieldError { path: "requests".to_owned(), code: "OUT_OF_RANGE".to_owned(), message }]));
    }
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        match resolve(services, reader, request).await {
            Err(error) if error.code == Code::Internal => return Err(error),
            answer => answers.push(answer),
        }
    }
    Ok(answers)
}
