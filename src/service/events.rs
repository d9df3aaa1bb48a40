//! The organisation's log, as clients read it.

use super::connections::{Listed, cut, one_more};
use super::{Reader, Result, Services, workspaces};
use crate::domain::event::Event;
use crate::domain::{Error, Timestamp};
use crate::store::events::{COUNT_LIMIT, Filter};
use crate::store::{self, Conn, Page};

/// Filters of the log as clients give them.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Kind: `connection.created`.
    pub kind: Option<String>,
    /// About this connection, which may be gone.
    pub connection_id: Option<String>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// RFC 3339: from then on.
    pub since: Option<String>,
    /// RFC 3339: before that.
    pub until: Option<String>,
}

/// A page of the log, newest first. Limited keys see what happened in their workspaces.
pub async fn list(services: &Services, reader: &Reader, query: &EventQuery, page: &Page) -> Result<Listed<Event>> {
    if query.connection_id.as_deref().is_some_and(|id| !id.starts_with("conn_")) {
        return Err(Error::field("connectionId", "connectionId begins with conn_"));
    }
    let mut conn = services.store.conn().await?;
    let mut filter = Filter {
        workspaces: reader.reach().limit(),
        connection_id: query.connection_id.clone(),
        kind: query.kind.clone(),
        since: time("since", query.since.as_deref())?,
        until: time("until", query.until.as_deref())?,
    };
    if let Some(id) = &query.workspace_id {
        filter.workspaces = Some(vec![workspaces::visible(services, reader, &mut conn, id).await?.id.into()]);
    }
    page_of(&mut conn, &filter, page).await
}

/// What a filter leaves, a page of it. An unfiltered log is counted to its end.
pub(super) async fn page_of(conn: &mut Conn, filter: &Filter, page: &Page) -> Result<Listed<Event>> {
    let mut items = store::events::list(conn, filter, &one_more(page)).await?;
    let is_unfiltered = filter.is_empty();
    let counted = if is_unfiltered { store::events::count_after(conn, None).await? } else { store::events::count(conn, filter).await? };
    let total_is_minimum = !is_unfiltered && counted > COUNT_LIMIT;
    let next_cursor = cut(&mut items, page, |event| event.id.as_str());
    Ok(Listed { items, total: if total_is_minimum { COUNT_LIMIT } else { counted }, total_is_minimum, next_cursor })
}

fn time(path: &str, text: Option<&str>) -> Result<Option<Timestamp>> {
    let wrong = || Error::field(path, format!("{path} must be an RFC 3339 time such as 2026-11-24T09:30:00Z"));
    text.map(|text| crate::domain::time::parse(text).ok_or_else(wrong)).transpose()
}
