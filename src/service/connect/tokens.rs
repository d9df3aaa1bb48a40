//! `POST /connect/token`: what an application may ask of a session.

use super::DEFAULT_LIFE;
use crate::catalog::{Definition, Method};
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::connection::Scope;
use crate::domain::id::{ConnectionId, OAuthAppId, SessionId, WorkspaceId, WorkspaceIntegrationId};
use crate::domain::workspace::Workspace;
use crate::domain::workspace_integration::OAuthAppMode;
use crate::domain::{Code, Error, Timestamp};
use crate::service::connections::{find_integration, parse_scope, plain_values, resolve_owner, visible};
use crate::service::oauth_apps::{check_scopes, for_owner};
use crate::service::workspaces::LANGUAGES;
use crate::service::{About, Reader, Result, Services, Writer, form, oauth_apps, origin, text, workspace_integrations, workspaces};
use crate::store::connect_sessions::StoredSession;
use crate::store::connections::{Owner, StoredConnection};
use crate::store::{self, Conn};
use crate::vault::{Place, Secret, token};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of `POST /connect/token`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSession {
    /// Integration.
    pub integration_name: Option<String>,
    /// Name of the connection to make.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub connection_name: Option<String>,
    /// External id of the connection to make.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub external_id: Option<String>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// End user, the customer's id or ours; registered if unknown.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub end_user_id: Option<String>,
    /// USER, WORKSPACE or ORGANIZATION.
    #[schema(value_type = Option<Scope>)]
    pub scope: Option<String>,
    /// Method; default: the OAuth one if there is one, else the end user chooses.
    pub auth_method_key: Option<String>,
    /// Take integration, method and app from this workspace integration.
    #[schema(value_type = Option<WorkspaceIntegrationId>)]
    pub workspace_integration_id: Option<String>,
    /// `weavz_managed` (the platform's app) or `custom` (the workspace's).
    #[schema(value_type = Option<OAuthAppMode>)]
    pub oauth_app_mode: Option<String>,
    /// The app to use.
    #[schema(value_type = Option<OAuthAppId>)]
    pub oauth_app_id: Option<String>,
    /// Scopes to ask for.
    pub scopes: Option<Vec<String>>,
    /// Prefilled, locked fields.
    pub props: Option<BTreeMap<String, serde_json::Value>>,
    /// Where to go afterwards.
    #[schema(format = "uri", max_length = 2000)]
    pub success_redirect_uri: Option<String>,
    /// Where to go on failure.
    #[schema(format = "uri", max_length = 2000)]
    pub error_redirect_uri: Option<String>,
    /// Origins that may be signalled to.
    pub allowed_origins: Option<Vec<String>>,
    /// Seconds, 60 to 604800.
    #[schema(minimum = 60, maximum = 604_800, default = 1800)]
    pub expires_in: Option<i64>,
    /// Language of the page.
    #[schema(pattern = "^(en|de|fr|es|pt|ja)$")]
    pub language: Option<String>,
    /// `auto`, or `verified`: nothing is redeemed before your backend has called `complete` with the end user who came back.
    #[schema(value_type = Option<Completion>)]
    pub completion: Option<String>,
    /// Replace the credentials of this connection.
    #[schema(value_type = Option<ConnectionId>)]
    pub connection_id: Option<String>,
    /// Accepted and ignored, for the published clients.
    #[schema(deprecated)]
    pub partial_ids: Option<serde_json::Value>,
}

/// A connect token, shown once.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    /// `cst_…`
    pub token: Secret,
    /// To ask for the result.
    pub session_id: SessionId,
    /// Where to send the end user.
    pub connect_url: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Makes a session and the token that opens it.
pub async fn create_token(services: &Services, writer: &Writer, input: NewSession) -> Result<IssuedSession> {
    let input = with_workspace_integration(services, writer, input).await?;
    let expires_in = input.expires_in.unwrap_or(DEFAULT_LIFE);
    if !(60..=604_800).contains(&expires_in) {
        return Err(Error::field("expiresIn", "expiresIn must be between 60 and 604800 seconds"));
    }
    let completion = match input.completion.as_deref() {
        None => Completion::Auto,
        Some(text) => Completion::parse(text).ok_or_else(|| Error::field("completion", "completion must be auto or verified"))?,
    };
    let language = input.language.clone();
    if language.as_deref().is_some_and(|language| !LANGUAGES.contains(&language)) {
        return Err(Error::field("language", format!("language must be one of {}", LANGUAGES.join(", "))));
    }
    let plain = token::generate(token::CONNECT, services.entropy.as_ref());
    let now = services.now();
    let expires_at = now.plus_seconds(expires_in);
    let mut session = draft(services, writer, &input, now, expires_at).await?;
    session.token_hash = Some(token::hash(plain.expose()));
    session.language = language;
    session.completion = completion;
    if completion == Completion::Verified && session.owner.end_user().is_none() {
        return Err(Error::field("endUserId", "completion verified needs an end user: it is the application's word on who connected")
            .suggest("Name the end user in endUserId, or use completion auto"));
    }
    let mut tx = services.store.begin_write().await?;
    store::connect_sessions::insert(&mut tx, &session).await?;
    let about = About { connection: session.connection_id.as_ref().map(ConnectionId::as_str), workspace: session.owner.workspace().map(WorkspaceId::as_str) };
    let data = serde_json::json!({ "sessionId": session.id, "integrationName": session.integration_name, "externalId": session.external_id });
    services.record(&mut tx, "connect.session.created", writer.name(), about, data).await?;
    tx.commit().await?;
    let connect_url = Secret::new(services.public_url.join(&format!("/connect?token={}", plain.expose())));
    Ok(IssuedSession { token: plain, session_id: session.id, connect_url, expires_at })
}

/// Fills in what the named workspace integration says and the request does not.
pub(super) async fn with_workspace_integration(services: &Services, reader: &Reader, mut input: NewSession) -> Result<NewSession> {
    let Some(id) = &input.workspace_integration_id else { return Ok(input) };
    let workspace = workspaces::given_or_only(services, reader, input.workspace_id.as_deref()).await?;
    let workspace = workspace.ok_or_else(|| Error::new(Code::WorkspaceRequired, "workspaceIntegrationId needs workspaceId"))?;
    let wi = workspace_integrations::in_workspace(&mut *services.store.conn().await?, &workspace, id).await?;
    if input.integration_name.as_ref().is_some_and(|name| *name != wi.integration_name) {
        return Err(Error::field("integrationName", "integrationName and workspaceIntegrationId name different integrations"));
    }
    input.integration_name = Some(wi.integration_name);
    input.auth_method_key = input.auth_method_key.or(wi.auth_method_key);
    input.oauth_app_id = input.oauth_app_id.or(wi.oauth_app_id.map(Into::into));
    // Not said means: the workspace's own app where there is one. Only a wish for the workspace's own narrows that.
    if input.oauth_app_mode.is_none() && wi.oauth_app_mode == OAuthAppMode::Custom {
        input.oauth_app_mode = Some(wi.oauth_app_mode.as_str().to_owned());
    }
    Ok(input)
}

/// A session as asked for, not stored yet and without a token.
pub(super) async fn draft(services: &Services, writer: &Writer, input: &NewSession, now: Timestamp, expires_at: Timestamp) -> Result<StoredSession> {
    let reconnect = if let Some(id) = &input.connection_id { Some(visible(&mut *services.store.conn().await?, writer, id).await?) } else { None };
    let named = input.integration_name.as_deref().or(reconnect.as_ref().map(|connection| connection.integration_name.as_str()));
    let definition = find_integration(services, named)?;
    if reconnect.as_ref().is_some_and(|connection| connection.integration_name != definition.name) {
        return Err(Error::field("connectionId", format!("this connection is not a {} connection", definition.display_name)));
    }
    let owner = if let Some(connection) = &reconnect {
        same_owner(services, writer, connection, input).await?;
        connection.owner.clone()
    } else {
        let scope: Option<Scope> = parse_scope(input.scope.as_deref())?;
        resolve_owner(services, writer, scope, input.workspace_id.as_deref(), input.end_user_id.as_deref()).await?
    };
    let workspace = match owner.workspace() {
        Some(id) => store::workspaces::find(&mut *services.store.conn().await?, &services.org, id.as_str()).await?,
        None => None,
    };
    let external_id = match &reconnect {
        Some(connection) => connection.external_id.clone(),
        None => text("externalId", input.external_id.as_deref().unwrap_or_default(), 255)?,
    };
    let display_name = match (&input.connection_name, &reconnect) {
        (Some(name), _) => text("connectionName", name, 200)?,
        (None, Some(connection)) => connection.display_name.clone(),
        (None, None) => definition.display_name.clone(),
    };
    let key = input.auth_method_key.as_deref().or(reconnect.as_ref().map(|connection| connection.auth_method_key.as_str()));
    let method = pick_method(&definition, key)?;
    let app = match &method {
        Some(method) if method.oauth2.is_some() => Some(pick_app(services, writer, &definition, &owner, input).await?),
        _ => None,
    };
    let id = SessionId::from_bits(services.new_id_bits());
    let props = prefilled(services, &id, method.as_ref(), &definition, &owner, input.props.as_ref()).await?;
    let redirect = |path: &str, uri: &Option<String>| uri.as_deref().map(|uri| origin::redirect_uri(path, uri, workspace.as_ref())).transpose();
    Ok(StoredSession {
        id,
        token_hash: None,
        status: SessionStatus::Pending,
        integration_name: definition.name.clone(),
        auth_method_key: method.map(|method| method.key),
        external_id,
        display_name,
        owner,
        workspace_integration_id: input.workspace_integration_id.clone().map(WorkspaceIntegrationId::known),
        oauth_app_id: app,
        is_reconnect: reconnect.is_some(),
        connection_id: reconnect.map(|connection| connection.id),
        is_reopened: false,
        account_changed: false,
        props,
        scopes: check_scopes(input.scopes.clone())?,
        success_redirect: redirect("successRedirectUri", &input.success_redirect_uri)?,
        error_redirect: redirect("errorRedirectUri", &input.error_redirect_uri)?,
        allowed_origins: input.allowed_origins.iter().flatten().map(|text| origin::origin("allowedOrigins", text)).collect::<Result<_>>()?,
        language: None,
        completion: Completion::Auto,
        created_by: writer.name().to_owned(),
        browser: None,
        opener_origin: None,
        client_ref: None,
        error_code: None,
        error_message: None,
        finished_at: None,
        created_at: now,
        expires_at,
    })
}

/// Refuses a workspace or an end user that the connection to replace does not belong to: whoever names them means another one.
async fn same_owner(services: &Services, reader: &Reader, connection: &StoredConnection, input: &NewSession) -> Result<()> {
    let mut conn = services.store.conn().await?;
    let other = |path: &str| Error::new(Code::ScopeDenied, format!("the connection to reconnect does not belong to this {path}")).with("field", path);
    if let Some(id) = &input.workspace_id {
        let workspace = workspaces::visible(services, reader, &mut conn, id).await?;
        if connection.owner.workspace() != Some(&workspace.id) {
            return Err(other("workspaceId"));
        }
    }
    if let Some(id) = &input.end_user_id {
        let named = match connection.owner.workspace() {
            Some(workspace) => store::end_users::find_in(&mut conn, workspace, id).await?,
            None => None,
        };
        if named.is_none() || named.as_ref().map(|user| &user.id) != connection.owner.end_user() {
            return Err(other("endUserId"));
        }
    }
    Ok(())
}

/// The method asked for; else the OAuth one; else the only one; else none (the end user chooses).
fn pick_method(definition: &Definition, key: Option<&str>) -> Result<Option<Method>> {
    if let Some(key) = key {
        let known = || definition.auth.iter().map(|method| method.key.as_str()).collect::<Vec<_>>().join(", ");
        let method = definition
            .method(key)
            .ok_or_else(|| Error::field("authMethodKey", format!("{} has no method {key:?}; there are {}", definition.display_name, known())))?;
        return Ok(Some(method.clone()));
    }
    if definition.auth.is_empty() {
        return Err(Error::field("integrationName", format!("{} needs no connection", definition.display_name)));
    }
    let oauth = definition.oauth_method().map(|(method, _)| method.clone());
    Ok(oauth.or_else(|| definition.auth.first().filter(|_| definition.auth.len() == 1).cloned()))
}

/// The app asked for; else the workspace's own; else the platform's; else an error at once, not on the page.
async fn pick_app(services: &Services, reader: &Reader, definition: &Definition, owner: &Owner, input: &NewSession) -> Result<OAuthAppId> {
    let mut conn = services.store.conn().await?;
    if let Some(id) = &input.oauth_app_id {
        let app = oauth_apps::visible(services, reader, &mut conn, id).await?;
        let fits = app.integration_name == definition.name && (app.workspace_id.is_none() || app.workspace_id.as_ref() == owner.workspace());
        return if fits { Ok(app.id) } else { Err(Error::field("oauthAppId", "this OAuth app belongs to another integration or workspace")) };
    }
    let missing = || {
        Error::new(Code::NoOAuthApp, format!("There is no OAuth app for {}", definition.display_name))
            .suggest(format!("Register one: in the dashboard under Integrations, {}, or with POST /api/v1/oauth-apps", definition.display_name))
    };
    let app = match input.oauth_app_mode.as_deref() {
        None => for_owner(&mut conn, &definition.name, owner, false).await?,
        Some("weavz_managed") => for_owner(&mut conn, &definition.name, owner, true).await?,
        Some("custom") => for_owner(&mut conn, &definition.name, owner, false).await?.filter(|app| app.workspace_id.is_some()),
        Some(_) => return Err(Error::field("oauthAppMode", "oauthAppMode must be weavz_managed or custom")),
    };
    app.map(|app| app.id).ok_or_else(missing)
}

/// Checks prefilled fields one by one and seals them: they may hold secrets.
async fn prefilled(
    services: &Services,
    id: &SessionId,
    method: Option<&Method>,
    definition: &Definition,
    owner: &Owner,
    props: Option<&BTreeMap<String, serde_json::Value>>,
) -> Result<String> {
    let values = plain_values("props", props)?;
    if values.is_empty() {
        return Ok(String::new());
    }
    let mut checked = BTreeMap::new();
    for (name, value) in values {
        // Which of several accounts is meant, said by the application beforehand.
        if let Some(choose) = method.and_then(|method| method.choose.as_ref()).filter(|choose| choose.prop == name) {
            if !choose.fits(&name, &value) {
                return Err(Error::field(format!("props.{name}"), format!("{name} does not have the expected form")));
            }
            checked.insert(name, value);
            continue;
        }
        let field = method.into_iter().chain(definition.auth.iter()).flat_map(|method| &method.fields).find(|field| field.key == name);
        let field = field.ok_or_else(|| Error::field(format!("props.{name}"), format!("{name} is not a field of {}", definition.display_name)))?;
        let value = form::check_field(field, Some(&value)).map_err(|wrong| Error::field(format!("props.{name}"), wrong.sentence(&field.label)))?;
        checked.extend(value.map(|value| (name, value)));
    }
    seal_props(services, &mut *services.store.conn().await?, id, owner, &checked).await
}

pub(super) async fn seal_props(services: &Services, conn: &mut Conn, id: &SessionId, owner: &Owner, props: &BTreeMap<String, String>) -> Result<String> {
    let key_owner = services.key_owner(owner.workspace());
    services.ensure_key(conn, key_owner).await?;
    let plain = zeroize::Zeroizing::new(store::to_json(props));
    let place = Place { table: "connect_sessions", column: "props", row: id.as_str() };
    Ok(services.vault.seal(key_owner, place, plain.as_bytes(), services.entropy.as_ref())?)
}

pub(super) async fn open_props(services: &Services, conn: &mut Conn, session: &StoredSession) -> Result<BTreeMap<String, String>> {
    if session.props.is_empty() || session.props == "{}" {
        return Ok(BTreeMap::new());
    }
    let key_owner = services.key_owner(session.owner.workspace());
    let place = Place { table: "connect_sessions", column: "props", row: session.id.as_str() };
    let plain = services.unseal(conn, key_owner, place, &session.props).await?;
    serde_json::from_slice(&plain).map_err(|_| Error::internal())
}

/// The workspace that asks, for the page and for origins.
pub(super) async fn workspace_of(services: &Services, conn: &mut Conn, session: &StoredSession) -> Result<Option<Workspace>> {
    match session.owner.workspace() {
        Some(id) => Ok(store::workspaces::find(conn, &services.org, id.as_str()).await?),
        None => Ok(None),
    }
}
