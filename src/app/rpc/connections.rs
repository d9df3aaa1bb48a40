//! Connections.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, generated_external_id, given, logo_path};
use super::{Answer, RpcResult};
use crate::domain::Timestamp;
use crate::domain::bulk::BulkReport;
use crate::domain::connection::{Connection, ConnectionType, Health, Outlook};
use crate::domain::event::Event;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In place of a health: every health but `ok`.
pub const ATTENTION: &str = "attention";

/// What a list is narrowed to. Everything in it is in the page's address too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionFilter {
    /// Prefix of name, external id or account.
    #[serde(default)]
    pub q: Option<String>,
    /// Integration.
    #[serde(default)]
    pub integration: Option<String>,
    /// Workspace, id or slug.
    #[serde(default)]
    pub workspace: Option<String>,
    /// End user, our id or, with a workspace, the customer's.
    #[serde(default)]
    pub end_user: Option<String>,
    /// Health, or [`ATTENTION`].
    #[serde(default)]
    pub health: Option<String>,
    /// Where the page starts.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A row of the list: what it shows, and no more, since all of it is written into the page as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// `conn_…`
    pub id: String,
    /// What people call it.
    pub display_name: String,
    /// The customer's identifier.
    pub external_id: String,
    /// What the service is called.
    pub service: String,
    /// Path of its logo.
    pub logo: Option<String>,
    /// Kind of credential.
    pub kind: ConnectionType,
    /// How it is doing.
    pub health: Health,
    /// Whose account it is.
    pub account: Option<String>,
    /// Of which company, where that says more.
    pub tenant: Option<String>,
    /// Who it belongs to.
    pub owner: String,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When its access ends.
    pub expires_at: Option<Timestamp>,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionPage {
    /// When it was so, by the server's clock.
    pub at: Timestamp,
    /// The rows.
    pub items: Vec<ConnectionRow>,
    /// How many there are.
    pub total: i64,
    /// True when there are more than `total`.
    pub total_is_minimum: bool,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
    /// How many need attention, of the workspace that is looked at; a hundred means that or more.
    pub alarming: i64,
}

/// A page of connections, newest first.
#[server(output = Answer)]
pub async fn list_connections(#[server(default)] filter: ConnectionFilter) -> RpcResult<ConnectionPage> {
    use crate::app::words;
    use crate::service::connections::{ListQuery, Rows, rows};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let query = ListQuery {
        integration_name: given(filter.integration),
        workspace_id: given(filter.workspace),
        end_user_id: given(filter.end_user),
        needs_attention: filter.health.as_deref() == Some(ATTENTION),
        health: given(filter.health).filter(|health| health != ATTENTION),
        q: given(filter.q),
        ..ListQuery::default()
    };
    let page = crate::store::Page { limit: 50, offset: 0, before: given(filter.cursor) };
    let at = services.now();
    let Rows { listed, workspaces, alarming } = rows(&services, &reader, &query, &page).await.map_err(failed)?;
    let row = |connection: Connection| {
        let definition = services.catalog.get(&connection.integration_name);
        let owner = words::owner(&connection, connection.workspace_id.as_ref().and_then(|id| workspaces.get(id.as_str())).map(String::as_str));
        let (account, tenant) = connection.account.map_or((None, None), |account| (Some(account.label), account.tenant));
        ConnectionRow {
            service: definition.as_ref().map_or_else(|| connection.integration_name.clone(), |known| known.display_name.clone()),
            logo: definition.and_then(|known| logo_path(&known)),
            tenant: tenant.filter(|tenant| Some(tenant) != account.as_ref()),
            account,
            owner,
            id: connection.id.into(),
            display_name: connection.display_name,
            external_id: connection.external_id,
            kind: connection.kind,
            health: connection.health,
            last_used_at: connection.last_used_at,
            expires_at: connection.expires_at,
        }
    };
    Ok(ConnectionPage {
        at,
        items: listed.items.into_iter().map(row).collect(),
        total: listed.total,
        total_is_minimum: listed.total_is_minimum,
        next_cursor: listed.next_cursor,
        alarming,
    })
}

/// One connection, what is going to happen to it, what did, and when that was so.
#[server(output = Answer)]
pub async fn get_connection(id: String) -> RpcResult<(Connection, Outlook, Vec<Event>, Timestamp)> {
    use crate::service::connections::{events, get, outlook};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let at = services.now();
    let connection = get(&services, &reader, &id).await.map_err(failed)?;
    let outlook = outlook(&services, &reader, &id).await.map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: None };
    let events = events(&services, &reader, &id, &page).await.map_err(failed)?.items;
    Ok((connection, outlook, events, at))
}

/// Does one thing (`test`, `refresh`, `delete`) to those that were chosen, and leads back to the list, `back` being what it is
/// narrowed to, with the report. Field errors: `ids`.
#[server(output = Answer)]
pub async fn bulk_connections(#[server(default)] ids: Vec<String>, action: String, #[server(default)] back: String) -> RpcResult<BulkReport> {
    use crate::domain::Error;
    use crate::domain::bulk::BulkAction;
    use crate::service::connections::{bulk, keep_report};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let action = BulkAction::parse(&action).ok_or_else(|| failed(Error::field("action", "action must be test, refresh or delete")))?;
    let report = bulk(&services, &writer, action, &ids).await.map_err(failed)?;
    let id = keep_report(&services, &writer, &report).await.map_err(failed)?;
    // Only what narrows the list is taken over from what the form says.
    let known = ["q", "integration", "workspace", "endUser", "health", "cursor"];
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(url::form_urlencoded::parse(back.trim_start_matches('?').as_bytes()).filter(|(name, _)| known.contains(&name.as_ref())));
    query.append_pair("report", &id);
    leptos_axum::redirect(&format!("/connections?{}", query.finish()));
    Ok(report)
}

/// What became of those that were chosen; none once it is forgotten.
#[server(output = Answer)]
pub async fn get_bulk_report(id: String) -> RpcResult<Option<BulkReport>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    crate::service::connections::report(&services, &reader, &id).await.map_err(failed)
}

/// What the create form sends. Secrets travel only in this direction.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionForm {
    /// Integration.
    pub integration: String,
    /// Method.
    pub method: String,
    /// Default: the integration's name.
    #[serde(default)]
    pub display_name: String,
    /// Made up when empty.
    #[serde(default)]
    pub external_id: String,
    /// Workspace, id or slug; empty for the organisation.
    #[serde(default)]
    pub workspace: String,
    /// End user; empty for none.
    #[serde(default)]
    pub end_user: String,
    /// The fields of the method.
    #[serde(default)]
    pub props: BTreeMap<String, String>,
}

impl std::fmt::Debug for ConnectionForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionForm").field("integration", &self.integration).field("method", &self.method).finish_non_exhaustive()
    }
}

/// Creates a connection from a form. The service is asked first whether it accepts the credentials. Field errors have the
/// paths `display_name`, `external_id`, `workspace`, `end_user` and `props.{field}`.
#[server(output = Answer)]
pub async fn create_connection(new: ConnectionForm) -> RpcResult<Connection> {
    use crate::domain::{Code, Error};
    use crate::service::connections::{CreateMode, NewConnection, create};
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let option = crate::service::integrations::get(&services, &new.integration).map_err(failed)?;
    let kind = option.auth_options.iter().find(|option| option.key == new.method).map(|option| option.kind.as_str().to_owned());
    let mut props = new.props;
    let mut take = |name: &str| props.remove(name).filter(|value| !value.trim().is_empty());
    let (secret_text, username, password) = (take("secretText"), take("username"), take("password"));
    let text = |value: String| given(Some(value));
    let input = NewConnection {
        kind,
        integration_name: Some(new.integration),
        auth_method_key: Some(new.method),
        external_id: text(new.external_id).or_else(|| Some(generated_external_id(&services))),
        display_name: text(new.display_name),
        workspace_id: text(new.workspace),
        end_user_id: text(new.end_user),
        secret_text: secret_text.map(Secret::new),
        username,
        password: password.map(Secret::new),
        props: Some(props.into_iter().map(|(name, value)| (name, serde_json::Value::String(value))).collect()),
        ..NewConnection::default()
    };
    let created = create(&services, &writer, input, CreateMode { upsert: false, validate: true }).await.map_err(|mut error| {
        if error.code == Code::WorkspaceRequired {
            error = Error::field("workspace", "Choose the workspace that the end user belongs to");
        }
        for field in &mut error.fields {
            field.path = match field.path.as_str() {
                "displayName" => "display_name".to_owned(),
                "externalId" => "external_id".to_owned(),
                "workspaceId" => "workspace".to_owned(),
                "endUserId" => "end_user".to_owned(),
                own @ ("secretText" | "username" | "password") => format!("props.{own}"),
                other => other.to_owned(),
            };
        }
        failed(error)
    })?;
    // The list says what became of it: in the address, so that it works without WebAssembly too.
    leptos_axum::redirect(&format!("/connections?created={}", created.connection.id));
    Ok(created.connection)
}

/// Deletes a connection; tells what happened at the provider: `revoked`, `unsupported`, `not_applicable`, `failed: …`.
#[server(output = Answer)]
pub async fn delete_connection(id: String) -> RpcResult<String> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let (_, report) = crate::service::connections::delete(&services, &writer, &id).await.map_err(failed)?;
    let word = report.result.split(':').next().unwrap_or_default();
    leptos_axum::redirect(&format!("/connections?deleted={word}"));
    Ok(report.result)
}

/// Renames a connection.
#[server(output = Answer)]
pub async fn rename_connection(id: String, display_name: String) -> RpcResult<Connection> {
    use crate::service::connections::{ConnectionPatch, update};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    update(&services, &writer, &id, ConnectionPatch { display_name: Some(display_name), metadata: None }).await.map_err(failed)
}

/// Asks the service whether the credential works. `(ok, sentence)`; `None` means that it could not be found out.
#[server(output = Answer)]
pub async fn test_connection(id: String) -> RpcResult<(Option<bool>, String)> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let (report, _) = crate::service::connections::test(&services, &writer, &id).await.map_err(failed)?;
    Ok((report.ok, report.message))
}

/// Renews the access token now.
#[server(output = Answer)]
pub async fn refresh_connection(id: String) -> RpcResult<Connection> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::credentials::refresh_now(&services, &writer, &id).await.map_err(failed)
}

/// A credential in the clear, for somebody who knows their password: names and values. Recorded before it is answered.
///
/// A secret as the answer to a form, never loaded by a resource, so never written into a page. Field errors: `password`.
#[server(output = Answer)]
pub async fn reveal_connection(id: String, password: String) -> RpcResult<Vec<(String, String)>> {
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let reader = actor.secret_reader().map_err(failed)?;
    crate::service::login::confirm_password(&services, &actor, Secret::new(password)).await.map_err(failed)?;
    let (plain, _) = crate::service::credentials::read(&services, &reader, &id).await.map_err(failed)?;
    Ok(plain.shown().into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect())
}
