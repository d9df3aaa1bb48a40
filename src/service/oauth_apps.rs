//! OAuth apps: the operator's (platform), one per integration, and those of workspaces (custom). `secret.rs` has their secrets.

mod secret;

pub(super) use secret::check_own as check_secret;
pub(super) use secret::seal as seal_secret;
pub use secret::unreadable as unreadable_secrets;

use super::{About, Reader, Result, Services, Writer, form, nullable, text, workspaces};
use crate::catalog::{OAuth2, Values};
use crate::config::PlatformApp;
use crate::domain::id::{OAuthAppId, WorkspaceId};
use crate::domain::oauth_app::{OAuthApp, SecretStatus};
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::oauth::authorize::{Provider, ProviderError};
use crate::store::connections::{Owner, StoredConnection};
use crate::store::oauth_apps::{StoredApp, find, find_custom, find_platform};
use crate::store::{self, Conn};
use crate::vault::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of `POST /oauth-apps`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApp {
    /// Integration.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub integration_name: Option<String>,
    /// Workspace, id or slug; none for the platform's app.
    pub workspace_id: Option<String>,
    /// RFC 6749 `client_id`.
    #[schema(value_type = String, min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_id: Option<String>,
    /// RFC 6749 `client_secret`; none for public clients. Or where it is kept, `env:NAME` or `file:/path`, which the operator must
    /// have allowed (`KEYLOOM_SECRET_REFS`; organisation keys only).
    #[schema(value_type = Option<String>, write_only, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_secret: Option<Secret>,
    /// When the secret ends, where the provider says so: from 30 days before there is a warning.
    pub client_secret_expires_at: Option<Timestamp>,
    /// Instead of the definition's scopes.
    pub scopes: Option<Vec<String>>,
    /// What the definition asks of an app.
    pub config: Option<BTreeMap<String, serde_json::Value>>,
}

/// Body of `PATCH /oauth-apps/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppPatch {
    /// New client id.
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_id: Option<String>,
    /// New secret, or where it is kept.
    #[schema(value_type = Option<String>, write_only, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_secret: Option<Secret>,
    /// When the secret ends; null forgets it, and so does a new secret without one.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    pub client_secret_expires_at: Option<Option<Timestamp>>,
    /// New scopes.
    pub scopes: Option<Vec<String>>,
    /// New configuration, replacing the old.
    pub config: Option<BTreeMap<String, serde_json::Value>>,
}

/// The last segment of the callback path: the integration's name for the platform's app, the app's id for a custom one. A
/// provider's answer is only accepted on the path of the app that asked.
pub fn app_path(app: &StoredApp) -> &str {
    if app.workspace_id.is_none() { &app.integration_name } else { app.id.as_str() }
}

/// What to register at the provider.
pub fn callback_url(services: &Services, app: &StoredApp) -> String {
    services.public_url.join(&format!("/oauth/callback/{}", app_path(app)))
}

/// What clients see.
pub fn view(services: &Services, app: &StoredApp) -> OAuthApp {
    OAuthApp {
        id: app.id.clone(),
        integration_name: app.integration_name.clone(),
        workspace_id: app.workspace_id.clone(),
        client_id: app.client_id.clone(),
        has_client_secret: app.has_secret(),
        client_secret_ref: app.client_secret_ref.clone(),
        client_secret_expires_at: app.client_secret_expires_at,
        client_secret_status: app.client_secret_expires_at.map(|end| SecretStatus::at(services.now(), end)),
        scopes: app.scopes.clone(),
        config: app.config.clone(),
        callback_url: callback_url(services, app),
        from_environment: app.from_environment,
        problem: app.problem.clone(),
        registration: app.registration.clone(),
        created_at: app.created_at,
        updated_at: app.updated_at,
    }
}

/// Registers an app.
pub async fn create(services: &Services, writer: &Writer, input: NewApp) -> Result<OAuthApp> {
    let definition = super::connections::find_integration(services, input.integration_name.as_deref())?;
    let (_, oauth2) =
        definition.oauth_method().ok_or_else(|| Error::new(Code::NotOAuth2, format!("{} is not connected with OAuth", definition.display_name)))?;
    let client_id = text("clientId", input.client_id.as_deref().unwrap_or_default(), 500)?;
    let scopes = check_scopes(input.scopes)?;
    let config = check_config(oauth2, input.config.as_ref())?;
    let given = secret::check(services, writer, &definition.name, input.client_secret).await?;
    let workspace = if input.workspace_id.is_some() {
        workspaces::given_or_only(services, writer, input.workspace_id.as_deref()).await?.map(|workspace| workspace.id)
    } else {
        writer.organization()?;
        None
    };
    let mut tx = services.store.begin_write().await?;
    let id = OAuthAppId::from_bits(services.new_id_bits());
    let now = services.now();
    let mut app = StoredApp {
        client_secret: None,
        client_secret_ref: None,
        client_secret_expires_at: input.client_secret_expires_at,
        id,
        integration_name: definition.name.clone(),
        workspace_id: workspace,
        client_id,
        scopes,
        config,
        from_environment: false,
        problem: None,
        registration: None,
        is_on_trial: false,
        created_at: now,
        updated_at: now,
    };
    if let Some(given) = given {
        secret::put(services, &mut tx, &mut app, given).await?;
    }
    secret::check_expiry(&app)?;
    if app.workspace_id.is_none()
        && let Some(existing) = find_platform(&mut tx, &app.integration_name).await?
    {
        return Err(Error::new(Code::Duplicate, format!("{} has a platform OAuth app already", definition.display_name))
            .with("existingId", existing.id.as_str())
            .suggest("Change that one with PATCH"));
    }
    store::oauth_apps::insert(&mut tx, &app).await?;
    record(services, &mut tx, "oauth_app.created", writer, &app).await?;
    tx.commit().await?;
    Ok(view(services, &app))
}

/// Changes an app.
pub async fn update(services: &Services, writer: &Writer, id: &str, patch: AppPatch) -> Result<OAuthApp> {
    let given = {
        let app = changeable(services, writer, &mut *services.store.conn().await?, id).await?;
        secret::check(services, writer, &app.integration_name, patch.client_secret).await?
    };
    let mut tx = services.store.begin_write().await?;
    let mut app = changeable(services, writer, &mut tx, id).await?;
    if app.client_secret_ref.is_some() {
        // What is the operator's is sent where an app's id and configuration say.
        writer.organization()?;
    }
    let definition = super::connections::find_integration(services, Some(&app.integration_name))?;
    if let Some(client_id) = &patch.client_id {
        let client_id = text("clientId", client_id, 500)?;
        if client_id != app.client_id {
            // Whoever names another client looks after it.
            app.registration = None;
        }
        app.client_id = client_id;
    }
    if patch.scopes.is_some() {
        app.scopes = check_scopes(patch.scopes)?;
    }
    if let (Some(config), Some((_, oauth2))) = (&patch.config, definition.oauth_method()) {
        app.config = check_config(oauth2, Some(config))?;
    }
    if let Some(given) = given {
        secret::put(services, &mut tx, &mut app, given).await?;
        app.client_secret_expires_at = None;
        app.registration = None;
    }
    if let Some(end) = patch.client_secret_expires_at {
        app.client_secret_expires_at = end;
    }
    secret::check_expiry(&app)?;
    // A problem it had may have been what is changed here: the next refresh tells.
    app.problem = None;
    app.updated_at = services.now();
    store::oauth_apps::update(&mut tx, &app).await?;
    record(services, &mut tx, "oauth_app.updated", writer, &app).await?;
    tx.commit().await?;
    Ok(view(services, &app))
}

/// Removes an app. Connections made with it stay, and can no longer be refreshed.
pub async fn delete(services: &Services, writer: &Writer, id: &str) -> Result<OAuthAppId> {
    let mut tx = services.store.begin_write().await?;
    let app = changeable(services, writer, &mut tx, id).await?;
    store::oauth_apps::delete(&mut tx, &app.id).await?;
    record(services, &mut tx, "oauth_app.deleted", writer, &app).await?;
    tx.commit().await?;
    Ok(app.id)
}

/// One app.
pub async fn get(services: &Services, reader: &Reader, id: &str) -> Result<OAuthApp> {
    let mut conn = services.store.conn().await?;
    Ok(view(services, &visible(services, reader, &mut conn, id).await?))
}

/// All apps that `reader` may see.
pub async fn list(services: &Services, reader: &Reader, integration: Option<&str>) -> Result<Vec<OAuthApp>> {
    let mut conn = services.store.conn().await?;
    let apps = store::oauth_apps::list(&mut conn, reader.reach().limit().as_deref(), integration).await?;
    Ok(apps.iter().map(|app| view(services, app)).collect())
}

/// An app that `reader` may see.
pub async fn visible(_services: &Services, reader: &Reader, conn: &mut Conn, id: &str) -> Result<StoredApp> {
    find(conn, id)
        .await?
        .filter(|app| reader.reach().includes(app.workspace_id.as_ref()))
        .ok_or_else(|| Error::new(Code::NotFound, format!("There is no OAuth app {id:?}")))
}

async fn changeable(services: &Services, writer: &Writer, conn: &mut Conn, id: &str) -> Result<StoredApp> {
    let app = visible(services, writer, conn, id).await?;
    if app.from_environment {
        return Err(Error::new(Code::Forbidden, "This OAuth app comes from environment variables (KEYLOOM_OAUTH_…) and is changed there"));
    }
    Ok(app)
}

pub(super) async fn record(services: &Services, conn: &mut Conn, kind: &str, writer: &Writer, app: &StoredApp) -> Result<()> {
    let about = About { connection: None, workspace: app.workspace_id.as_ref().map(WorkspaceId::as_str) };
    services.record(conn, kind, writer.name(), about, serde_json::json!({ "oauthAppId": app.id, "integrationName": app.integration_name })).await
}

fn not_with_custom() -> Error {
    Error::new(Code::NoOAuthApp, "The operator's OAuth app is never used with a custom integration, whose addresses are not the operator's")
        .suggest("Register an OAuth app of your own (POST /api/v1/oauth-apps)")
}

/// Scope tokens of RFC 6749 §3.3: printable, no spaces, no quotes.
pub(super) fn check_scopes(scopes: Option<Vec<String>>) -> Result<Option<Vec<String>>> {
    if let Some(bad) =
        scopes.iter().flatten().find(|scope| scope.is_empty() || scope.len() > 500 || !scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'))
    {
        return Err(Error::field("scopes", format!("{bad:?} is not a scope")));
    }
    Ok(scopes)
}

fn check_config(oauth2: &OAuth2, config: Option<&BTreeMap<String, serde_json::Value>>) -> Result<BTreeMap<String, String>> {
    let given = super::connections::plain_values("config", config)?;
    let mut errors: Vec<FieldError> = Vec::new();
    for name in given.keys().filter(|name| !oauth2.app_fields.iter().any(|field| field.key == **name)) {
        errors.push(FieldError {
            path: format!("config.{name}"),
            code: "UNKNOWN".to_owned(),
            message: format!("{name} is not a setting of this integration's OAuth apps"),
        });
    }
    let mut checked = BTreeMap::new();
    for field in &oauth2.app_fields {
        match form::check_field(field, given.get(&field.key).map(String::as_str)) {
            Ok(Some(value)) => {
                checked.insert(field.key.clone(), value);
            }
            Ok(None) => {}
            Err(wrong) => {
                let (code, message) = (wrong.code().to_owned(), wrong.sentence(&field.label));
                errors.push(FieldError { path: format!("config.{}", field.key), code, message });
            }
        }
    }
    if errors.is_empty() { Ok(checked) } else { Err(Error::fields(errors)) }
}

/// The workspace's own app.
pub(super) async fn custom_of(conn: &mut Conn, integration: &str, owner: &Owner) -> Result<Option<StoredApp>> {
    match owner.workspace() {
        Some(workspace) => Ok(find_custom(conn, workspace, integration).await?),
        None => Ok(None),
    }
}

/// The app that connections of `owner` are made with: the workspace's own before the platform's.
pub(super) async fn for_owner(conn: &mut Conn, integration: &str, owner: &Owner, platform_only: bool) -> Result<Option<StoredApp>> {
    if let (Some(workspace), false) = (owner.workspace(), platform_only)
        && let Some(app) = find_custom(conn, workspace, integration).await?
    {
        return Ok(Some(app));
    }
    Ok(find_platform(conn, integration).await?)
}

/// The app that a connection was made with.
pub(super) async fn of_connection(conn: &mut Conn, connection: &StoredConnection) -> Result<Option<StoredApp>> {
    match &connection.oauth_app_id {
        Some(id) => Ok(find(conn, id.as_str()).await?),
        None => Ok(None),
    }
}

/// Makes an app ready for use, with the values of one connection.
pub(super) async fn provider(services: &Services, app: &StoredApp, props: &BTreeMap<String, String>) -> Result<Provider> {
    let definition = super::connections::find_integration(services, Some(&app.integration_name))?;
    if app.from_environment && services.catalog.is_custom(&app.integration_name) {
        return Err(not_with_custom());
    }
    let (method, oauth2) = definition.oauth_method().ok_or_else(|| Error::new(Code::NotOAuth2, "This integration is no longer connected with OAuth"))?;
    let client_secret = secret::open(services, app, &definition.display_name).await?;
    let mut values: Values = props.clone();
    for field in &oauth2.app_fields {
        if let Some(value) = app.config.get(&field.key).or(field.default.as_ref()) {
            values.insert(field.key.clone(), value.clone());
        }
    }
    let provider = Provider {
        method_key: method.key.clone(),
        definition: definition.clone(),
        client_id: app.client_id.clone(),
        client_secret,
        token_auth: app.registration.as_ref().map(|registration| registration.token_endpoint_auth_method),
        app_scopes: app.scopes.clone(),
        values,
        metadata: None,
    };
    provider.discover(&services.discovery, &services.http, services.now()).await.map_err(|error| provider_error(&definition.display_name, error))
}

/// What a provider error means to a caller.
pub(super) fn provider_error(service: &str, error: ProviderError) -> Error {
    match error {
        ProviderError::Discovery(error) => Error::new(Code::Provider, format!("{service} cannot be used: {error}")),
        other => Error::new(Code::Validation, format!("{service} cannot be used: {other}")).suggest("Complete the OAuth app's settings"),
    }
}

/// Brings the platform apps in line with the environment, at start.
pub async fn sync_environment(services: &Services, apps: &BTreeMap<String, PlatformApp>) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    for stale in store::oauth_apps::list(&mut tx, None, None).await?.into_iter().filter(|app| app.from_environment && !apps.contains_key(&app.integration_name))
    {
        store::oauth_apps::delete(&mut tx, &stale.id).await?;
    }
    for (integration, given) in apps {
        let definition = super::connections::find_integration(services, Some(integration))?;
        if services.catalog.is_custom(integration) {
            let message =
                format!("there is an OAuth app in the environment for {integration}, which is a custom integration: its addresses are not the operator's");
            return Err(Error::new(Code::NoOAuthApp, message));
        }
        let Some((_, oauth2)) = definition.oauth_method() else {
            return Err(Error::new(Code::NotOAuth2, format!("there is an OAuth app in the environment for {integration}, which is not connected with OAuth")));
        };
        let defaults = oauth2.app_fields.iter().filter_map(|field| Some((field.key.clone(), field.default.clone()?))).collect();
        let existing = find_platform(&mut tx, integration).await?;
        let id = existing.as_ref().map_or_else(|| OAuthAppId::from_bits(services.new_id_bits()), |app| app.id.clone());
        let now = services.now();
        let app = StoredApp {
            client_secret: secret::seal(services, &mut tx, &id, None, given.client_secret.clone()).await?,
            client_secret_ref: None,
            client_secret_expires_at: None,
            id,
            integration_name: integration.clone(),
            workspace_id: None,
            client_id: given.client_id.clone(),
            scopes: existing.as_ref().and_then(|app| app.scopes.clone()),
            config: existing.as_ref().map_or(defaults, |app| app.config.clone()),
            from_environment: true,
            problem: None,
            registration: None,
            is_on_trial: false,
            created_at: existing.as_ref().map_or(now, |app| app.created_at),
            updated_at: now,
        };
        match existing {
            Some(_) => store::oauth_apps::update(&mut tx, &app).await?,
            None => store::oauth_apps::insert(&mut tx, &app).await?,
        }
    }
    tx.commit().await?;
    Ok(())
}
