//! Connections: create, list, find, resolve, change, test, delete.

use super::{About, Reader, Result, SecretReader, Services, Writer, end_users, form, metadata, oauth_apps, optional_text, text, workspaces};
use crate::catalog::{Definition, Method, PASSWORD, SECRET_TEXT, USERNAME, Values};
use crate::domain::connection::{Account, Connection, ConnectionType, Health, Scope, Status};
use crate::domain::event::Event;
use crate::domain::id::{ConnectionId, OAuthAppId, WorkspaceId};
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::store::connections::{COUNT_LIMIT, Filter, Owner, Schedule, StoredConnection, StoredError};
use crate::store::{self, Conn, Page};
use crate::vault::{Credential, OAuthTokens, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Body of `POST /connections`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConnection {
    /// Kind of credential.
    #[serde(rename = "type")]
    #[schema(value_type = ConnectionType)]
    pub kind: Option<String>,
    /// Integration.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub integration_name: Option<String>,
    /// The customer's identifier.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub external_id: Option<String>,
    /// Default: the integration's name.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<String>,
    /// Needed where several methods have that type.
    pub auth_method_key: Option<String>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// End user, the customer's id or ours; registered if unknown.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub end_user_id: Option<String>,
    /// USER, WORKSPACE or ORGANIZATION.
    #[schema(value_type = Option<Scope>)]
    pub scope: Option<String>,
    /// The customer's data.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// SECRET_TEXT.
    #[schema(value_type = Option<String>, write_only, min_length = 1)]
    pub secret_text: Option<Secret>,
    /// BASIC_AUTH.
    pub username: Option<String>,
    /// BASIC_AUTH.
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<Secret>,
    /// Fields.
    pub props: Option<BTreeMap<String, serde_json::Value>>,
    /// OAUTH2 import.
    #[schema(value_type = Option<String>, write_only, min_length = 1, pattern = "^[!-~]*$")]
    pub access_token: Option<Secret>,
    /// OAUTH2 import.
    #[schema(value_type = Option<String>, write_only)]
    pub refresh_token: Option<Secret>,
    /// OAUTH2 import.
    #[schema(max_length = 40)]
    pub token_type: Option<String>,
    /// OAUTH2 import: seconds.
    #[schema(minimum = 0, maximum = 315_360_000)]
    pub expires_in: Option<i64>,
    /// OAUTH2 import: granted scopes, separated by spaces.
    #[serde(rename = "scope_oauth")]
    pub scope_oauth: Option<String>,
    /// OAUTH2 import: captured values (`instanceUrl`).
    pub data: Option<BTreeMap<String, serde_json::Value>>,
    /// OAUTH2 import: the app to refresh with.
    #[schema(value_type = Option<OAuthAppId>)]
    pub oauth_app_id: Option<String>,
    /// Accepted and ignored, for the published clients.
    #[serde(rename = "partialIds")]
    #[schema(deprecated)]
    pub partial_ids: Option<serde_json::Value>,
}

/// How to create.
#[derive(Debug, Clone, Copy, Default)]
pub struct CreateMode {
    /// Replace the credentials of one that exists.
    pub upsert: bool,
    /// Ask the service first, and store nothing if it refuses.
    pub validate: bool,
}

/// What a create did.
#[derive(Debug, Clone)]
pub struct Created {
    /// The connection.
    pub connection: Connection,
    /// False where an existing one was given new credentials.
    pub is_new: bool,
}

/// Creates a connection from credentials that the caller has.
pub async fn create(services: &Services, writer: &Writer, input: NewConnection, mode: CreateMode) -> Result<Created> {
    let definition = find_integration(services, input.integration_name.as_deref())?;
    let kind = parse_kind(input.kind.as_deref())?;
    let method = pick_method(&definition, kind, input.auth_method_key.as_deref())?;
    let external_id = text("externalId", input.external_id.as_deref().unwrap_or_default(), 255)?;
    let display_name = optional_text("displayName", input.display_name.as_deref(), 200)?.unwrap_or_else(|| definition.display_name.clone());
    let metadata = metadata("metadata", input.metadata.clone())?;
    let checked = credential_of(&method, kind, &input)?;
    let owner = owner_of(services, writer, &input).await?;
    let app = import_app(services, writer, &definition, kind, &owner, &input).await?;

    let now = services.now();
    let id = ConnectionId::from_bits(services.new_id_bits());
    let mut draft = Draft {
        definition,
        method_key: method.key.clone(),
        external_id,
        display_name,
        kind,
        owner,
        oauth_app_id: app,
        credential: checked.credential,
        props: checked.props,
        wanted_scopes: Vec::new(),
        granted_scopes: input.scope_oauth.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        expires_at: input.expires_in.map(|seconds| now.plus_seconds(seconds)),
        account: None,
        metadata,
    };
    if mode.validate {
        match who_am_i(&services.http, &draft.definition, &method, &draft.values()).await {
            Verdict::Works(account) => draft.account = account,
            Verdict::Rejected(status) => {
                return Err(Error::new(
                    Code::CredentialsRejected,
                    format!("{} does not accept these credentials (status {status})", draft.definition.display_name),
                )
                .suggest("Check that they are complete and still valid, and try again"));
            }
            Verdict::Unknown(_) | Verdict::NoCheck => {}
        }
    }
    let replace = if mode.upsert { Replace::Same } else { Replace::Never };
    let saved = save(services, id, draft, replace, writer.name()).await?;
    if !mode.validate {
        check_later(services, saved.connection.id.clone());
    }
    Ok(Created { connection: saved.connection.view(services.now()), is_new: saved.is_new })
}

/// A connection about to be stored.
pub(super) struct Draft {
    pub definition: Arc<Definition>,
    pub method_key: String,
    pub external_id: String,
    pub display_name: String,
    pub kind: ConnectionType,
    pub owner: Owner,
    pub oauth_app_id: Option<OAuthAppId>,
    pub credential: Credential,
    pub props: BTreeMap<String, String>,
    pub wanted_scopes: Vec<String>,
    pub granted_scopes: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub account: Option<Account>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl Draft {
    /// Values for templates.
    pub fn values(&self) -> Values {
        template_values(&self.props, &self.credential)
    }
}

/// Values for templates: what may be shown, and the secrets. Never log them.
pub(super) fn template_values(props: &BTreeMap<String, String>, credential: &Credential) -> Values {
    let mut values: Values = props.clone();
    values.extend(credential.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    if let Some(tokens) = &credential.tokens {
        values.insert(crate::catalog::ACCESS_TOKEN.to_owned(), tokens.access_token.expose().to_owned());
    }
    values
}

/// Values for templates of a stored connection, with what its OAuth app and discovery add. Never log them.
pub(super) async fn values_of(services: &Services, method: &Method, connection: &StoredConnection, credential: &Credential) -> Result<Values> {
    let mut values = template_values(&connection.props, credential);
    if method.oauth2.as_ref().is_some_and(|oauth2| oauth2.issuer.is_some() || !oauth2.app_fields.is_empty())
        && let Some(app) = { oauth_apps::of_connection(&mut *services.store.conn().await?, connection).await? }
    {
        let provider = oauth_apps::provider(services, &app, &connection.props).await?;
        values.extend(provider.values);
    }
    Ok(values)
}

/// What may be overwritten.
pub(super) enum Replace {
    /// Nothing: an equal identity is a duplicate.
    Never,
    /// The one with the same identity.
    Same,
    /// Exactly this one (reconnect); its identity stays as it is.
    This(ConnectionId),
}

/// What `save` did.
pub(super) struct Saved {
    pub connection: StoredConnection,
    pub is_new: bool,
    pub account_changed: bool,
}

/// Stores a draft in one transaction, as a new connection or over an old one, and notes it in the log.
pub(super) async fn save(services: &Services, id: ConnectionId, draft: Draft, replace: Replace, actor: &str) -> Result<Saved> {
    let mut tx = services.store.begin_write().await?;
    let saved = save_in(services, &mut tx, id, draft, replace, actor).await?;
    services.commit(tx).await?;
    Ok(saved)
}

/// As [`save`], inside the caller's transaction.
pub(super) async fn save_in(services: &Services, conn: &mut Conn, id: ConnectionId, draft: Draft, replacing: Replace, actor: &str) -> Result<Saved> {
    let existing = match &replacing {
        Replace::This(existing) => {
            let found = store::connections::find(conn, existing.as_str()).await?;
            Some(found.ok_or_else(|| Error::new(Code::ConnectionNotFound, "The connection to reconnect has been deleted"))?)
        }
        Replace::Never | Replace::Same => {
            store::connections::find_same(conn, &draft.definition.name, &draft.method_key, &draft.external_id, &draft.owner).await?
        }
    };
    if let (Some(existing), Replace::Never) = (&existing, &replacing) {
        return Err(duplicate(&existing.id, &draft));
    }
    services.ensure_key(conn, services.key_owner(draft.owner.workspace())).await?;
    let now = services.now();
    let renewable = draft.credential.tokens.as_ref().is_some_and(|tokens| tokens.refresh_token.is_some()) && draft.oauth_app_id.is_some();
    if let Some(old) = existing {
        return replace(services, conn, old, draft, renewable, actor).await;
    }
    let end_user_external_id = match draft.owner.end_user() {
        Some(end_user) => store::end_users::find(conn, end_user.as_str()).await?.map(|user| user.external_id),
        None => None,
    };
    let connection = StoredConnection {
        secret: services.seal_credential(&draft.owner, id.as_str(), "secret", &draft.credential)?,
        id,
        external_id: draft.external_id.clone(),
        display_name: draft.display_name.clone(),
        integration_name: draft.definition.name.clone(),
        auth_method_key: draft.method_key.clone(),
        kind: draft.kind,
        owner: draft.owner.clone(),
        end_user_external_id,
        oauth_app_id: draft.oauth_app_id.clone(),
        previous_secret: None,
        version: 1,
        props: draft.props.clone(),
        account: draft.account.clone(),
        wanted_scopes: draft.wanted_scopes.clone(),
        granted_scopes: draft.granted_scopes.clone(),
        expires_at: draft.expires_at,
        renewable,
        last_refreshed_at: None,
        last_used_at: None,
        error: None,
        refresh: Schedule::default(),
        metadata: draft.metadata.clone(),
        created_at: now,
        updated_at: now,
    };
    let connection = super::refresh::scheduled(services, connection);
    match store::connections::insert(conn, &connection).await {
        Ok(()) => {}
        // Lost a race with an equal create, whose row can be seen by now.
        Err(store::StoreError::Duplicate) => {
            let winner = store::connections::find_same(conn, &draft.definition.name, &draft.method_key, &draft.external_id, &draft.owner).await?;
            let winner = winner.ok_or_else(Error::internal)?;
            return match replacing {
                Replace::Never => Err(duplicate(&winner.id, &draft)),
                Replace::Same | Replace::This(_) => replace(services, conn, winner, draft, renewable, actor).await,
            };
        }
        Err(other) => return Err(other.into()),
    }
    let data = serde_json::json!({ "type": connection.kind, "integrationName": connection.integration_name, "grantedScopes": connection.granted_scopes });
    services.record(conn, "connection.created", actor, About::from(&connection), data).await?;
    Ok(Saved { connection, is_new: true, account_changed: false })
}

/// Gives an existing connection the draft's credential.
async fn replace(services: &Services, conn: &mut Conn, old: StoredConnection, draft: Draft, renewable: bool, actor: &str) -> Result<Saved> {
    let now = services.now();
    let before = old.account.clone().filter(|before| draft.account.as_ref().is_some_and(|after| after.id != before.id));
    let account_changed = before.is_some();
    let secret = services.seal_credential(&old.owner, old.id.as_str(), "secret", &draft.credential)?;
    let connection = StoredConnection {
        kind: draft.kind,
        oauth_app_id: draft.oauth_app_id,
        secret,
        previous_secret: None,
        version: old.version + 1,
        props: draft.props,
        account: draft.account,
        wanted_scopes: draft.wanted_scopes,
        granted_scopes: draft.granted_scopes,
        expires_at: draft.expires_at,
        renewable,
        last_refreshed_at: Some(now),
        error: None,
        updated_at: now,
        ..old
    };
    let connection = super::refresh::scheduled(services, connection);
    if !store::connections::replace_credential(conn, &connection).await? {
        return Err(Error::new(Code::PreconditionFailed, "The connection changed at the same moment. Try again"));
    }
    let data = serde_json::json!({ "accountChanged": account_changed, "grantedScopes": connection.granted_scopes });
    services.record(conn, "connection.reconnected", actor, About::from(&connection), data).await?;
    if let (Some(before), Some(after)) = (before, &connection.account) {
        let who = |account: &Account| serde_json::json!({ "id": account.id, "label": account.label });
        let data = serde_json::json!({ "before": who(&before), "after": who(after) });
        services.record(conn, "connection.account_changed", actor, About::from(&connection), data).await?;
    }
    Ok(Saved { connection, is_new: false, account_changed })
}

fn duplicate(existing: &ConnectionId, draft: &Draft) -> Error {
    Error::new(Code::Duplicate, format!("{} is connected already in this scope with externalId {:?}", draft.definition.display_name, draft.external_id))
        .with("existingId", existing.as_str())
        .suggest("Use another externalId, or ?upsert=true to replace the credentials of the existing one")
}

/// The integration, or the error that says there is none.
pub(super) fn find_integration(services: &Services, name: Option<&str>) -> Result<Arc<Definition>> {
    let name = name.map(str::trim).filter(|name| !name.is_empty()).ok_or_else(|| Error::required("integrationName"))?;
    services.catalog.get(name).ok_or_else(|| {
        Error::new(Code::IntegrationNotFound, format!("There is no integration {name:?}")).suggest("GET /api/v1/integrations lists those there are")
    })
}

fn parse_kind(kind: Option<&str>) -> Result<ConnectionType> {
    let kind = kind.ok_or_else(|| Error::required("type"))?;
    ConnectionType::parse(kind).ok_or_else(|| {
        let known: Vec<_> = ConnectionType::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::field("type", format!("type must be one of {}", known.join(", ")))
    })
}

fn pick_method(definition: &Definition, kind: ConnectionType, key: Option<&str>) -> Result<Method> {
    let fitting: Vec<&Method> = definition.methods_of(kind).filter(|method| key.is_none_or(|key| method.key == key)).collect();
    match (fitting.as_slice(), key) {
        ([one], _) => Ok((*one).clone()),
        ([], Some(key)) => Err(Error::field("authMethodKey", format!("{} has no method {key:?} of type {}", definition.display_name, kind.as_str()))),
        ([], None) => {
            let known: Vec<_> = definition.auth.iter().map(|method| method.kind.connection_type().as_str()).collect();
            let known = if known.is_empty() { "no authentication".to_owned() } else { known.join(", ") };
            Err(Error::field("type", format!("{} is not connected with {} but with {known}", definition.display_name, kind.as_str())))
        }
        (several, _) => {
            let keys: Vec<_> = several.iter().map(|method| method.key.as_str()).collect();
            Err(Error::field("authMethodKey", format!("{} has several methods of that type: say which of {}", definition.display_name, keys.join(", "))))
        }
    }
}

/// Checks the body's credential members against the type, and their values against the method's fields.
fn credential_of(method: &Method, kind: ConnectionType, input: &NewConnection) -> Result<form::Checked> {
    let given = [
        ("secretText", input.secret_text.is_some(), kind == ConnectionType::SecretText),
        ("username", input.username.is_some(), kind == ConnectionType::BasicAuth),
        ("password", input.password.is_some(), kind == ConnectionType::BasicAuth),
        ("accessToken", input.access_token.is_some(), kind.is_oauth()),
        ("refreshToken", input.refresh_token.is_some(), kind.is_oauth()),
        ("tokenType", input.token_type.is_some(), kind.is_oauth()),
        ("expiresIn", input.expires_in.is_some(), kind.is_oauth()),
        ("scope_oauth", input.scope_oauth.is_some(), kind.is_oauth()),
        ("data", input.data.is_some(), kind.is_oauth()),
        ("oauthAppId", input.oauth_app_id.is_some(), kind.is_oauth()),
    ];
    let stray: Vec<FieldError> = given
        .iter()
        .filter(|(_, given, allowed)| *given && !*allowed)
        .map(|(name, ..)| FieldError {
            path: (*name).to_owned(),
            code: "UNKNOWN".to_owned(),
            message: format!("{name} does not go with type {}", kind.as_str()),
        })
        .collect();
    if !stray.is_empty() {
        return Err(Error::fields(stray));
    }
    let mut values = plain_values("props", input.props.as_ref())?;
    for reserved in [SECRET_TEXT, USERNAME, PASSWORD] {
        if values.contains_key(reserved) && kind != ConnectionType::CustomAuth {
            return Err(Error::field(format!("props.{reserved}"), format!("{reserved} is a member of its own, not one of props")));
        }
    }
    let own = [
        (SECRET_TEXT, input.secret_text.as_ref().map(Secret::expose)),
        (USERNAME, input.username.as_deref()),
        (PASSWORD, input.password.as_ref().map(Secret::expose)),
    ];
    values.extend(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
    let mut checked = form::check(method, &values, |name| {
        if [SECRET_TEXT, USERNAME, PASSWORD].contains(&name) && kind != ConnectionType::CustomAuth { name.to_owned() } else { format!("props.{name}") }
    })?;
    if kind.is_oauth() {
        let access_token = input.access_token.clone().filter(|token| !token.is_empty()).ok_or_else(|| Error::required("accessToken"))?;
        if input.expires_in.is_some_and(|seconds| !(0..=315_360_000).contains(&seconds)) {
            return Err(Error::field("expiresIn", "expiresIn must be between 0 and 315360000 seconds"));
        }
        checked.props.extend(plain_values("data", input.data.as_ref())?);
        checked.credential.tokens = Some(OAuthTokens {
            access_token: header_safe("accessToken", access_token)?,
            refresh_token: input.refresh_token.clone().filter(|token| !token.is_empty()),
            token_type: optional_text("tokenType", input.token_type.as_deref(), 40)?.unwrap_or_else(|| "Bearer".to_owned()),
        });
    }
    Ok(checked)
}

fn header_safe(path: &str, token: Secret) -> Result<Secret> {
    let safe = token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if safe { Ok(token) } else { Err(Error::field(path, format!("{path} must not contain spaces, line breaks or other than ASCII characters"))) }
}

/// Strings, numbers and booleans as text.
pub(super) fn plain_values(path: &str, values: Option<&BTreeMap<String, serde_json::Value>>) -> Result<BTreeMap<String, String>> {
    let mut plain = BTreeMap::new();
    for (name, value) in values.into_iter().flatten() {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(flag) => flag.to_string(),
            serde_json::Value::Null => continue,
            _ => return Err(Error::field(format!("{path}.{name}"), format!("{path}.{name} must be text, a number or a boolean"))),
        };
        plain.insert(name.clone(), text);
    }
    Ok(plain)
}

async fn owner_of(services: &Services, writer: &Writer, input: &NewConnection) -> Result<Owner> {
    let scope = parse_scope(input.scope.as_deref())?;
    resolve_owner(services, writer, scope, input.workspace_id.as_deref(), input.end_user_id.as_deref()).await
}

/// Parses `scope`.
pub(super) fn parse_scope(scope: Option<&str>) -> Result<Option<Scope>> {
    scope.map(|scope| Scope::parse(scope).ok_or_else(|| Error::field("scope", "scope must be one of ORGANIZATION, WORKSPACE, USER"))).transpose()
}

/// The owner that scope, workspace and end user name, by the rules of the contract ("Scope"). An unknown end user is registered.
pub(super) async fn resolve_owner(
    services: &Services,
    reader: &Reader,
    scope: Option<Scope>,
    workspace_id: Option<&str>,
    end_user_id: Option<&str>,
) -> Result<Owner> {
    if let (Some(scope @ (Scope::Organization | Scope::Workspace)), Some(_)) = (scope, end_user_id) {
        return Err(Error::field("endUserId", format!("endUserId does not go with scope {}", scope.as_str())));
    }
    if scope == Some(Scope::Organization) {
        return if reader.sees_organization() {
            Ok(Owner::Organization)
        } else {
            Err(Error::new(Code::Forbidden, "A key limited to workspaces cannot use organization connections"))
        };
    }
    let workspace = workspaces::given_or_only(services, reader, workspace_id).await?;
    match (scope, workspace, end_user_id) {
        (None | Some(Scope::User), Some(workspace), Some(end_user)) => {
            let user = end_users::named(services, &workspace, end_user, true).await?;
            Ok(Owner::User(workspace.id, user.id))
        }
        (_, None, Some(_)) | (Some(Scope::Workspace | Scope::User), None, _) => {
            Err(Error::new(Code::WorkspaceRequired, "workspaceId is required here").suggest("Name the workspace by id or slug"))
        }
        (Some(Scope::User), Some(_), None) => Err(Error::required("endUserId")),
        (None | Some(Scope::Workspace), Some(workspace), _) => Ok(Owner::Workspace(workspace.id)),
        (None, None, None) => {
            if reader.sees_organization() {
                Ok(Owner::Organization)
            } else {
                Err(Error::new(Code::WorkspaceRequired, "workspaceId is required here"))
            }
        }
        (Some(Scope::Organization), ..) => Ok(Owner::Organization),
    }
}

async fn import_app(
    services: &Services,
    writer: &Writer,
    definition: &Definition,
    kind: ConnectionType,
    owner: &Owner,
    input: &NewConnection,
) -> Result<Option<OAuthAppId>> {
    if !kind.is_oauth() {
        return Ok(None);
    }
    let mut conn = services.store.conn().await?;
    let app = match &input.oauth_app_id {
        Some(id) => Some(oauth_apps::visible(services, writer, &mut conn, id).await?),
        // OAUTH2 means the customer's own app: a token of theirs is never tried with the platform's.
        None if kind == ConnectionType::OAuth2 => oauth_apps::custom_of(&mut conn, &definition.name, owner).await?,
        None => oauth_apps::for_owner(&mut conn, &definition.name, owner, true).await?,
    };
    if let Some(app) = &app
        && app.integration_name != definition.name
    {
        return Err(Error::field("oauthAppId", "this OAuth app belongs to another integration"));
    }
    if app.is_none() && input.refresh_token.is_some() {
        return Err(Error::field("refreshToken", format!("a refresh token needs the OAuth app that issued it; there is none for {}", definition.display_name))
            .suggest("Register the app first (POST /api/v1/oauth-apps) and name it in oauthAppId, or leave the refresh token out"));
    }
    Ok(app.map(|app| app.id))
}

/// Asks the service in the background whose credential it is.
pub(super) fn check_later(services: &Services, id: ConnectionId) {
    let services = services.clone();
    services.tasks.clone().spawn(async move {
        if let Err(error) = test_now(&services, &id, "system").await {
            tracing::debug!(connection = %id, %error, "background check");
        }
    });
}

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
    let wrong = |path: &str, known: Vec<&'static str>| Error::field(path, format!("{path} must be one of {}", known.join(", ")));
    let mut conn = services.store.conn().await?;
    let mut filter = Filter {
        workspaces: reader.reach().limit(),
        integration_name: query.integration_name.clone(),
        external_id: query.external_id.clone(),
        search: query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
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
        Some(id) => Some(workspaces::visible(services, reader, &mut conn, id).await?),
        None => None,
    };
    if let Some(end_user) = &query.end_user_id {
        let user = match &workspace {
            Some(workspace) => store::end_users::find_in(&mut conn, &workspace.id, end_user).await?,
            None => store::end_users::find(&mut conn, end_user).await?.filter(|user| reader.reach().includes(Some(&user.workspace_id))),
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
    let now = services.now();
    let mut rows = store::connections::list(&mut conn, &filter, &one_more(page), now).await?;
    let unfiltered = query_is_empty(query) && reader.sees_organization();
    let counted = if unfiltered { store::connections::count_all(&mut conn).await? } else { store::connections::count(&mut conn, &filter, now).await? };
    let total_is_minimum = !unfiltered && counted > COUNT_LIMIT;
    let next_cursor = cut(&mut rows, page, |row| row.id.as_str());
    Ok(Listed {
        items: rows.iter().map(|row| row.view(now)).collect(),
        total: if total_is_minimum { COUNT_LIMIT } else { counted },
        total_is_minimum,
        next_cursor,
    })
}

fn query_is_empty(query: &ListQuery) -> bool {
    let ListQuery { integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q } = query;
    [integration_name, workspace_id, end_user_id, status, health, scope, kind, external_id, q].iter().all(|value| value.is_none())
}

/// The page to ask the store for: one row more than wanted tells whether there is a next page.
pub(super) fn one_more(page: &Page) -> Page {
    Page { limit: page.limit + 1, ..page.clone() }
}

/// Cuts off the row too many; the id that the next page starts before, if there was one.
pub(super) fn cut<T>(rows: &mut Vec<T>, page: &Page, id: impl Fn(&T) -> &str) -> Option<String> {
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

pub use super::resolve::{resolve, resolve_with_key};

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
    tx.commit().await.map_err(store::StoreError::from)?;
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

/// What a live test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// True: works; false: refused; null: could not be found out.
    pub ok: Option<bool>,
    /// A sentence for a person.
    pub message: String,
}

/// Asks the service whether the credential works and whose it is.
pub async fn test(services: &Services, reader: &Writer, id: &str) -> Result<(TestReport, Connection)> {
    let id = {
        let mut conn = services.store.conn().await?;
        visible(&mut conn, reader, id).await?.id
    };
    let report = test_now(services, &id, reader.name()).await?;
    Ok((report, get(services, reader, id.as_str()).await?))
}

/// Code of the error that a refused test leaves.
const REJECTED: &str = "credentials_rejected";

pub(super) async fn test_now(services: &Services, id: &ConnectionId, actor: &str) -> Result<TestReport> {
    let (connection, credential) = super::refresh::fresh(services, id, super::refresh::When::NearExpiry).await?;
    let not_found = || Error::new(Code::IntegrationNotFound, "The integration of this connection is gone");
    let definition = services.catalog.get(&connection.integration_name).ok_or_else(not_found)?;
    let method = definition.method(&connection.auth_method_key).cloned().ok_or_else(not_found)?;
    let values = values_of(services, &method, &connection, &credential).await?;
    let verdict = who_am_i(&services.http, &definition, &method, &values).await;
    let service = &definition.display_name;
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    let was_rejected = connection.error.as_ref().is_some_and(|error| error.code == REJECTED);
    let (report, kind) = match verdict {
        Verdict::Works(account) => {
            if let Some(account) = &account {
                store::connections::set_account(&mut tx, id, account, now).await?;
            }
            if was_rejected {
                store::connections::set_error(&mut tx, id, None, now).await?;
            }
            let whose = account.map_or_else(String::new, |account| format!(" It belongs to {}.", account.label));
            (TestReport { ok: Some(true), message: format!("{service} accepts this credential.{whose}") }, "connection.tested")
        }
        Verdict::Rejected(status) => {
            let message = format!("{service} does not accept this credential (status {status}). Connect it again with a valid one.");
            let error = StoredError { code: REJECTED.to_owned(), message: message.clone(), at: now, is_final: true };
            store::connections::set_error(&mut tx, id, Some(&error), now).await?;
            (TestReport { ok: Some(false), message }, "connection.error")
        }
        Verdict::Unknown(why) => (TestReport { ok: None, message: format!("{service} gave no usable answer: {why}.") }, "connection.tested"),
        Verdict::NoCheck => (TestReport { ok: None, message: format!("{service} offers no way to test a credential.") }, "connection.tested"),
    };
    let about = About::from(&connection);
    let data = serde_json::json!({ "ok": report.ok, "message": report.message });
    if was_rejected && report.ok == Some(false) {
        // Known already: it is on record, and webhooks are not told again.
        services.note(&mut tx, kind, actor, about, data).await?;
    } else {
        services.record(&mut tx, kind, actor, about, data).await?;
    }
    if was_rejected && report.ok == Some(true) {
        services.record(&mut tx, "connection.recovered", actor, about, serde_json::json!({ "code": REJECTED })).await?;
    }
    services.commit(tx).await?;
    Ok(report)
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
