//! API keys.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, RpcResult};
use crate::domain::api_key::ApiKey;
use leptos::prelude::*;

/// All API keys, newest first.
#[server(output = Answer)]
pub async fn list_api_keys() -> RpcResult<Vec<ApiKey>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    crate::service::api_keys::list(&services, &reader).await.map_err(failed)
}

/// Makes a key; the answer holds it in the clear, once. `workspace` (an id, or empty) limits it. Field errors: `name`.
///
/// The one server function whose answer is a secret: it is the answer to a form, never loaded by a resource, so it is not
/// written into a page.
#[server(output = Answer)]
pub async fn create_api_key(name: String, #[server(default)] workspace: String, #[server(default)] credentials_read: bool) -> RpcResult<(ApiKey, String)> {
    use crate::service::api_keys::{NewApiKey, create};
    let (services, actor) = context().await?;
    let mut permissions = match given(Some(workspace)) {
        Some(id) => serde_json::json!({ "scope": "workspace", "workspaceIds": [id] }),
        None => serde_json::json!({ "scope": "org" }),
    };
    if credentials_read {
        permissions["credentials"] = serde_json::json!({ "read": true });
    }
    let (key, plain) = create(&services, &actor, NewApiKey { name: Some(name), expires_at: None, permissions: Some(permissions) }).await.map_err(failed)?;
    Ok((key, plain.expose().to_owned()))
}

/// Ends a key at once.
#[server(output = Answer)]
pub async fn delete_api_key(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    crate::service::api_keys::delete(&services, &writer, &id).await.map_err(failed)?;
    leptos_axum::redirect("/api-keys");
    Ok(())
}
