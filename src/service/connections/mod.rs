//! Connections: create, list, find, resolve, change, test, delete.

mod bulk;
mod create;
mod enter;
mod find;
mod probe;
mod save;

pub use bulk::{bulk, keep_report, report};
pub use create::{CreateMode, Created, NewConnection, create};
pub(super) use create::{find_integration, parse_scope, plain_values, resolve_owner};
pub(super) use enter::{Entry, enter};
pub use find::{LARGEST_BATCH, ListQuery, Listed, Resolve, ResolveBatch, Rows, changed_since, list, resolve_batch, rows};
pub(super) use find::{cut, one_more};
pub use probe::{TestReport, test};
pub(super) use probe::{check_later, test_now};
pub(super) use save::{Draft, Replace, save, save_in, template_values, values_of};

use super::{About, Reader, Result, SecretReader, Services, Writer, metadata, text};
use crate::domain::connection::{Connection, Outlook};
use crate::domain::event::Event;
use crate::domain::id::{ConnectionId, WorkspaceId};
use crate::domain::{Code, Error};
use crate::store::connections::{Filter, StoredConnection};
use crate::store::{self, Conn, Page};
use serde::Deserialize;
use utoipa::ToSchema;

/// A connection that `reader` may see.
pub async fn visible(conn: &mut Conn, reader: &Reader, id: &str) -> Result<StoredConnection> {
    store::connections::find(conn, id)
        .await?
        .filter(|connection| reader.reach().includes(connection.owner.workspace()))
        .ok_or_else(|| Error::new(Code::ConnectionNotFound, format!("There is no connection {id:?}")))
}

/// One connection.
pub async fn get(services: &Services, reader: &Reader, id: &str) -> Result<Connection> {
    let mut conn = services.store.conn().await?;
    Ok(visible(&mut conn, reader, id).await?.view(services.now()))
}

/// What is going to happen to a connection.
pub async fn outlook(services: &Services, reader: &Reader, id: &str) -> Result<Outlook> {
    let connection = visible(&mut *services.store.conn().await?, reader, id).await?;
    let definition = services.catalog.get(&connection.integration_name);
    let oauth2 = definition.as_ref().and_then(|definition| definition.method(&connection.auth_method_key)?.oauth2.clone());
    Ok(Outlook {
        renewable: connection.renewable && !connection.error.as_ref().is_some_and(|error| error.is_final),
        renewed_at: connection.refresh.due_at,
        next_try_at: connection.refresh.not_before.filter(|at| *at > services.now()),
        idle_days: oauth2.and_then(|oauth2| oauth2.refresh_idle_days),
        held: services.hold.why().map(super::refresh::Held::sentence),
        wanted_scopes: connection.wanted_scopes,
    })
}

pub use super::resolve::{resolve, resolve_with_key};

/// Body of `PATCH /connections/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionPatch {
    /// New name.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<String>,
    /// New data, replacing the old.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Renames a connection or changes the customer's data.
pub async fn update(services: &Services, writer: &Writer, id: &str, patch: ConnectionPatch) -> Result<Connection> {
    let mut tx = services.store.begin_write().await?;
    let mut connection = visible(&mut tx, writer, id).await?;
    if let Some(name) = &patch.display_name {
        connection.display_name = text("displayName", name, 200)?;
    }
    if patch.metadata.is_some() {
        connection.metadata = metadata("metadata", patch.metadata)?;
    }
    connection.updated_at = services.now();
    store::connections::set_details(&mut tx, &connection).await?;
    services.record(&mut tx, "connection.updated", writer.name(), About::from(&connection), serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(connection.view(services.now()))
}

pub use super::revocation::RevocationReport;

/// Deletes a connection and its secrets at once, and tells the provider that the grant is over: now, and if that fails, later again.
pub async fn delete(services: &Services, writer: &Writer, id: &str) -> Result<(ConnectionId, RevocationReport)> {
    let mut tx = services.store.begin_write().await?;
    let connection = visible(&mut tx, writer, id).await?;
    // In the same transaction: should this process die now, the job finds it.
    let ending = super::revocation::prepare(services, &mut tx, &connection).await?;
    // Before it is gone: webhooks are told what it was.
    let data = serde_json::json!({ "integrationName": connection.integration_name });
    services.record(&mut tx, "connection.deleted", writer.name(), About::from(&connection), data).await?;
    store::connections::delete(&mut tx, &connection.id).await?;
    services.commit(tx).await?;
    Ok((connection.id, super::revocation::finish(services, ending).await))
}

/// A page of the health timeline, newest first.
pub async fn events(services: &Services, reader: &Reader, id: &str, page: &Page) -> Result<Listed<Event>> {
    let mut conn = services.store.conn().await?;
    let connection = visible(&mut conn, reader, id).await?;
    let filter = store::events::Filter { connection_id: Some(connection.id.into()), ..store::events::Filter::default() };
    super::events::page_of(&mut conn, &filter, page).await
}

/// The same right to look at one workspace's connections, for those who hold the right to read secrets.
pub async fn visible_to_secret_reader(conn: &mut Conn, reader: &SecretReader, id: &str) -> Result<StoredConnection> {
    visible(conn, reader, id).await
}

/// Connections of an end user.
pub async fn of_end_user(services: &Services, conn: &mut Conn, workspace: &WorkspaceId, end_user_id: &str) -> Result<Vec<StoredConnection>> {
    let filter = Filter { workspaces: Some(vec![workspace.as_str().to_owned()]), end_user_id: Some(end_user_id.to_owned()), ..Filter::default() };
    let page = Page { limit: 200, offset: 0, before: None };
    Ok(store::connections::list(conn, &filter, &page, services.now()).await?)
}
