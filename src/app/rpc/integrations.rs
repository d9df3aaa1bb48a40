//! The catalogue and OAuth apps.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, RpcResult};
use crate::domain::integration::Integration;
use crate::domain::oauth_app::{AppCheck, OAuthApp};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An integration in a list: enough to find and recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationCard {
    /// `slack`
    pub name: String,
    /// `Slack`
    pub display_name: String,
    /// One sentence.
    pub description: String,
    /// Path of the logo: `/logos/slack.svg`.
    pub logo: Option<String>,
    /// Main one first.
    pub categories: Vec<String>,
    /// Wire names of the kinds of credential: `OAUTH2`, `SECRET_TEXT`.
    pub kinds: Vec<String>,
    /// Whether there is an OAuth app that could be used.
    pub has_oauth_app: bool,
    /// Whether the client secret of one of its apps ends within 30 days, or has ended.
    pub secret_ends: bool,
}

/// The whole catalogue, in order of name.
#[server(output = Answer)]
pub async fn list_integrations() -> RpcResult<Vec<IntegrationCard>> {
    use crate::service::integrations::{Search, list, with_oauth_app};
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let apps = with_oauth_app(&services, &reader).await.map_err(failed)?;
    let own = crate::service::oauth_apps::list(&services, &reader, None).await.map_err(failed)?;
    let ending: std::collections::BTreeSet<_> = own.iter().filter(|app| app.secret_warning().is_some()).map(|app| app.integration_name.as_str()).collect();
    Ok(list(&services, &Search { summary: true, ..Search::default() })
        .into_iter()
        .map(|integration| IntegrationCard {
            has_oauth_app: apps.contains(&integration.name),
            secret_ends: ending.contains(integration.name.as_str()),
            logo: integration.logo_url.as_deref().and_then(|url| url.strip_prefix(services.public_url.origin())).map(str::to_owned),
            kinds: integration.auth_options.iter().map(|option| option.kind.as_str().to_owned()).collect(),
            name: integration.name,
            display_name: integration.display_name,
            description: integration.description,
            categories: integration.categories,
        })
        .collect())
}

/// How an integration is called, for lists of other things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationName {
    /// `slack`
    pub name: String,
    /// `Slack`
    pub display_name: String,
}

/// The names of the whole catalogue, in order.
#[server(output = Answer)]
pub async fn integration_names() -> RpcResult<Vec<IntegrationName>> {
    let (services, actor) = context().await?;
    actor.reader().map_err(failed)?;
    let name = |known: &crate::catalog::Definition| IntegrationName { name: known.name.clone(), display_name: known.display_name.clone() };
    Ok(services.catalog.snapshot().iter().map(|known| name(known)).collect())
}

/// Names of the integrations that were connected last, newest first, at most six.
#[server(output = Answer)]
pub async fn recent_integrations() -> RpcResult<Vec<String>> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    crate::service::integrations::recent(&services, &reader, 6).await.map_err(failed)
}

/// One integration with its forms, and the OAuth apps it has. `callback_url` is what a new platform app would have to register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegrationDetail {
    /// The integration.
    pub integration: Integration,
    /// Path of the logo.
    pub logo: Option<String>,
    /// Its apps.
    pub apps: Vec<OAuthApp>,
    /// Callback URL of the platform's app; none where OAuth is not used.
    pub callback_url: Option<String>,
    /// Whether a client secret may say where it is kept.
    pub secret_refs: bool,
}

/// One integration.
#[server(output = Answer)]
pub async fn get_integration(name: String) -> RpcResult<IntegrationDetail> {
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let integration = crate::service::integrations::get(&services, &name).map_err(failed)?;
    let apps = crate::service::oauth_apps::list(&services, &reader, Some(&name)).await.map_err(failed)?;
    let oauth = integration.auth_options.iter().any(|option| option.oauth2.is_some());
    Ok(IntegrationDetail {
        callback_url: oauth.then(|| services.public_url.join(&format!("/oauth/callback/{name}"))),
        logo: integration.logo_url.as_deref().and_then(|url| url.strip_prefix(services.public_url.origin())).map(str::to_owned),
        integration,
        apps,
        secret_refs: services.secret_refs.are_allowed(),
    })
}

/// What the OAuth app form sends.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthAppForm {
    /// Integration.
    pub integration: String,
    /// App to change; empty for a new one.
    #[serde(default)]
    pub id: String,
    /// Workspace of a custom app, id or slug; empty for the platform's.
    #[serde(default)]
    pub workspace: String,
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// RFC 6749 `client_secret`, or where it is kept; empty leaves a stored one alone.
    #[serde(default)]
    pub client_secret: String,
    /// The day the secret ends, `2026-11-24`; empty: not known.
    #[serde(default)]
    pub secret_ends: String,
    /// Scopes, separated by spaces; empty for the definition's.
    #[serde(default)]
    pub scopes: String,
    /// What the definition asks of an app.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

impl std::fmt::Debug for OAuthAppForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuthAppForm").field("integration", &self.integration).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Registers an OAuth app or changes one. Field errors have the paths `clientId`, `clientSecret`,
/// `clientSecretExpiresAt`, `scopes`, `config.{field}`.
#[server(output = Answer)]
pub async fn save_oauth_app(app: OAuthAppForm) -> RpcResult<OAuthApp> {
    use crate::service::oauth_apps::{AppPatch, NewApp, create, update};
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let scopes: Vec<String> = app.scopes.split([' ', ',', '\n']).map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let scopes = (!scopes.is_empty()).then_some(scopes);
    let client_secret = given(Some(app.client_secret)).map(Secret::new);
    let config: BTreeMap<_, _> = app.config.into_iter().map(|(name, value)| (name, serde_json::Value::String(value))).collect();
    let page = format!("/integrations/{}", app.integration);
    let ends = match given(Some(app.secret_ends)) {
        Some(day) => {
            let wrong = || crate::domain::Error::field("clientSecretExpiresAt", "Write a day like 2026-11-24");
            Some(crate::domain::time::parse(&format!("{day}T00:00:00Z")).ok_or_else(wrong).map_err(failed)?)
        }
        None => None,
    };
    let saved = if app.id.is_empty() {
        let input = NewApp {
            integration_name: Some(app.integration),
            workspace_id: given(Some(app.workspace)),
            client_id: Some(app.client_id),
            client_secret,
            client_secret_expires_at: ends,
            scopes,
            config: Some(config),
        };
        create(&services, &writer, input).await
    } else {
        let patch = AppPatch { client_id: Some(app.client_id), client_secret, client_secret_expires_at: Some(ends), scopes, config: Some(config) };
        update(&services, &writer, &app.id, patch).await
    };
    let saved = saved.map_err(failed)?;
    leptos_axum::redirect(&page);
    Ok(saved)
}

/// Removes an OAuth app.
#[server(output = Answer)]
pub async fn delete_oauth_app(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let app = crate::service::oauth_apps::get(&services, &writer, &id).await.map_err(failed)?;
    crate::service::oauth_apps::delete(&services, &writer, &id).await.map_err(failed)?;
    leptos_axum::redirect(&format!("/integrations/{}", app.integration_name));
    Ok(())
}

/// Asks the service what it thinks of an app: whether it is the client or the redirect URI that is wrong. With the app's id.
#[server(output = Answer)]
pub async fn check_oauth_app(id: String) -> RpcResult<(String, AppCheck)> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let check = crate::service::oauth_app_check::check(&services, &writer, &id).await.map_err(failed)?;
    Ok((id, check))
}
