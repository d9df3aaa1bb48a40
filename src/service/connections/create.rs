//! Making a connection of what a caller sends.

use super::{Draft, Replace, check_later, enter, save};
use crate::catalog::{Definition, Method, PASSWORD, SECRET_TEXT, USERNAME};
use crate::domain::connection::{Connection, ConnectionType, Scope};
use crate::domain::id::{ConnectionId, OAuthAppId};
use crate::domain::{Code, Error, FieldError};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::service::{Reader, Result, Services, Writer, end_users, form, metadata, oauth_apps, optional_text, text, workspaces};
use crate::store::connections::Owner;
use crate::vault::{OAuthTokens, Secret};
use serde::Deserialize;
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
    let mut checked = credential_of(&method, kind, &input)?;
    let owner = owner_of(services, writer, &input).await?;
    let app = import_app(services, writer, &definition, kind, &owner, &input).await?;
    let entry = enter(services, &definition, &method, &mut checked, |name| path_of(kind, name)).await?;

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
        granted_scopes: match &input.scope_oauth {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            None => entry.granted_scopes,
        },
        expires_at: input.expires_in.map(|seconds| now.plus_seconds(seconds)).or(entry.expires_at),
        account: None,
        metadata,
    };
    if mode.validate {
        match who_am_i(&services.http, &draft.definition, &method, &draft.values(), &services.moment()).await {
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

/// The integration, or the error that says there is none.
pub(in crate::service) fn find_integration(services: &Services, name: Option<&str>) -> Result<Arc<Definition>> {
    let name = name.map(str::trim).filter(|name| !name.is_empty()).ok_or_else(|| Error::required("integrationName"))?;
    services.catalog.get(name).ok_or_else(|| {
        Error::new(Code::IntegrationNotFound, format!("There is no integration {name:?}")).suggest("GET /api/v1/integrations lists those there are")
    })
}

pub(super) fn parse_kind(kind: Option<&str>) -> Result<ConnectionType> {
    let kind = kind.ok_or_else(|| Error::required("type"))?;
    ConnectionType::parse(kind).ok_or_else(|| {
        let known: Vec<_> = ConnectionType::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::field("type", format!("type must be one of {}", known.join(", ")))
    })
}

pub(super) fn pick_method(definition: &Definition, kind: ConnectionType, key: Option<&str>) -> Result<Method> {
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
pub(super) fn credential_of(method: &Method, kind: ConnectionType, input: &NewConnection) -> Result<form::Checked> {
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
    let mut checked = form::check(method, &values, |name| path_of(kind, name))?;
    if kind.is_oauth() {
        let access_token = input.access_token.clone().filter(|token| !token.is_empty()).ok_or_else(|| Error::required("accessToken"))?;
        if input.expires_in.is_some_and(|seconds| !(0..=315_360_000).contains(&seconds)) {
            return Err(Error::field("expiresIn", "expiresIn must be between 0 and 315360000 seconds"));
        }
        let data = plain_values("data", input.data.as_ref())?;
        if let Some(choose) = &method.choose
            && let Some((name, _)) = data.iter().find(|(name, value)| choose.props().any(|prop| prop == name.as_str()) && !choose.fits(name, value))
        {
            return Err(Error::field(format!("data.{name}"), format!("{name} does not have the expected form")));
        }
        checked.props.extend(data);
        checked.credential.tokens = Some(OAuthTokens {
            access_token: header_safe("accessToken", access_token)?,
            refresh_token: input.refresh_token.clone().filter(|token| !token.is_empty()),
            token_type: optional_text("tokenType", input.token_type.as_deref(), 40)?.unwrap_or_else(|| "Bearer".to_owned()),
        });
    }
    Ok(checked)
}

/// What a body of this type calls a field.
fn path_of(kind: ConnectionType, name: &str) -> String {
    if [SECRET_TEXT, USERNAME, PASSWORD].contains(&name) && kind != ConnectionType::CustomAuth { name.to_owned() } else { format!("props.{name}") }
}

pub(super) fn header_safe(path: &str, token: Secret) -> Result<Secret> {
    let safe = token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if safe { Ok(token) } else { Err(Error::field(path, format!("{path} must not contain spaces, line breaks or other than ASCII characters"))) }
}

/// Strings, numbers and booleans as text.
pub(in crate::service) fn plain_values(path: &str, values: Option<&BTreeMap<String, serde_json::Value>>) -> Result<BTreeMap<String, String>> {
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

pub(super) async fn owner_of(services: &Services, writer: &Writer, input: &NewConnection) -> Result<Owner> {
    let scope = parse_scope(input.scope.as_deref())?;
    resolve_owner(services, writer, scope, input.workspace_id.as_deref(), input.end_user_id.as_deref()).await
}

/// Parses `scope`.
pub(in crate::service) fn parse_scope(scope: Option<&str>) -> Result<Option<Scope>> {
    scope.map(|scope| Scope::parse(scope).ok_or_else(|| Error::field("scope", "scope must be one of ORGANIZATION, WORKSPACE, USER"))).transpose()
}

/// The owner that scope, workspace and end user name, by the rules of the contract ("Scope"). An unknown end user is registered.
pub(in crate::service) async fn resolve_owner(
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

pub(super) async fn import_app(
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
