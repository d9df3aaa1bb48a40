//! Connections.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, generated_external_id, given};
use super::{PageOf, RpcResult};
use crate::domain::connection::{Connection, Outlook};
use crate::domain::event::Event;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Health.
    #[serde(default)]
    pub health: Option<String>,
    /// Where the page starts.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of connections, newest first.
#[server]
pub async fn list_connections(#[server(default)] filter: ConnectionFilter) -> RpcResult<PageOf<Connection>> {
    use crate::service::connections::{ListQuery, list};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let query = ListQuery {
        integration_name: given(filter.integration),
        workspace_id: given(filter.workspace),
        end_user_id: given(filter.end_user),
        health: given(filter.health),
        q: given(filter.q),
        ..ListQuery::default()
    };
    let page = crate::store::Page { limit: 50, offset: 0, before: given(filter.cursor) };
    let listed = list(&services, &reader, &query, &page).await.map_err(failed)?;
    Ok(PageOf { items: listed.items, total: listed.total, total_is_minimum: listed.total_is_minimum, next_cursor: listed.next_cursor })
}

/// One connection, what is going to happen to it, and what did.
#[server]
pub async fn get_connection(id: String) -> RpcResult<(Connection, Outlook, Vec<Event>)> {
    use crate::service::connections::{events, get, outlook};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let connection = get(&services, &reader, &id).await.map_err(failed)?;
    let outlook = outlook(&services, &reader, &id).await.map_err(failed)?;
    let page = crate::store::Page { limit: 50, offset: 0, before: None };
    let events = events(&services, &reader, &id, &page).await.map_err(failed)?.items;
    Ok((connection, outlook, events))
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
#[server]
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
#[server]
pub async fn delete_connection(id: String) -> RpcResult<String> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let (_, report) = crate::service::connections::delete(&services, &writer, &id).await.map_err(failed)?;
    let word = report.result.split(':').next().unwrap_or_default();
    leptos_axum::redirect(&format!("/connections?deleted={word}"));
    Ok(report.result)
}

/// Renames a connection.
#[server]
pub async fn rename_connection(id: String, display_name: String) -> RpcResult<Connection> {
    use crate::service::connections::{ConnectionPatch, update};
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    update(&services, &writer, &id, ConnectionPatch { display_name: Some(display_name), metadata: None }).await.map_err(failed)
}

/// Asks the service whether the credential works. `(ok, sentence)`; `None` means that it could not be found out.
#[server]
pub async fn test_connection(id: String) -> RpcResult<(Option<bool>, String)> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let (report, _) = crate::service::connections::test(&services, &writer, &id).await.map_err(failed)?;
    Ok((report.ok, report.message))
}

/// Renews the access token now.
#[server]
pub async fn refresh_connection(id: String) -> RpcResult<Connection> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::credentials::refresh_now(&services, &writer, &id).await.map_err(failed)
}

/// A credential in the clear, for somebody who knows their password: names and values. Recorded before it is answered.
///
/// A secret as the answer to a form, never loaded by a resource, so never written into a page. Field errors: `password`.
#[server]
pub async fn reveal_connection(id: String, password: String) -> RpcResult<Vec<(String, String)>> {
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let reader = actor.secret_reader().map_err(failed)?;
    crate::service::login::confirm_password(&services, &actor, Secret::new(password)).await.map_err(failed)?;
    let (plain, _) = crate::service::credentials::read(&services, &reader, &id).await.map_err(failed)?;
    Ok(plain.shown().into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect())
}
