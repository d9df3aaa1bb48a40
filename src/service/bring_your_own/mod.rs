//! A service that nobody has described: somebody pastes an address, and what its authorization server says of itself becomes a custom
//! integration with an OAuth app. `found.rs` looks and judges, `clients.rs` registers the client (RFC 7591), and anew where it has ended.
//!
//! Nothing of what a caller says was found is believed: it is looked up again when it is saved.

pub mod clients;
mod found;

use super::custom_integrations::{self, Given};
use super::{About, Result, Services, Writer, oauth_apps, optional_text, text, workspaces};
use crate::catalog::Definition;
use crate::domain::discovery::{Discovery, FoundKind};
use crate::domain::id::OAuthAppId;
use crate::domain::integration::Integration;
use crate::domain::oauth_app::OAuthApp;
use crate::domain::workspace::Workspace;
use crate::domain::{Code, Error};
use crate::store;
use crate::store::oauth_apps::StoredApp;
use crate::vault::Secret;
use clients::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Longest address.
const LONGEST_URL: usize = 2000;
/// Most scopes that a definition offers beside those it asks for.
const MOST_OFFERED: usize = 100;

/// Body of `POST /integrations/discover`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Of an authorization server (its issuer), an MCP server or another API that says which authorization server it trusts.
    #[schema(value_type = String, min_length = 1, max_length = 2000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub url: Option<String>,
    /// Which one, where a resource names several authorization servers. Default: the first.
    #[schema(max_length = 2000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub issuer: Option<String>,
}

/// Body of `POST /integrations/from-url`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewService {
    /// Of an authorization server (its issuer), an MCP server or another API that says which authorization server it trusts.
    #[schema(value_type = String, min_length = 1, max_length = 2000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub url: Option<String>,
    /// Which one, where a resource names several authorization servers. Default: the first.
    #[schema(max_length = 2000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub issuer: Option<String>,
    /// The integration's name. Default: after the host.
    #[schema(min_length = 1, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub name: Option<String>,
    /// What people call it. Default: as it calls itself, else the host.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<String>,
    /// Workspace that the OAuth app belongs to, id or slug; none for the platform's app, which serves all workspaces.
    pub workspace_id: Option<String>,
    /// What to ask for. Default: what was suggested.
    pub scopes: Option<Vec<String>>,
    /// RFC 6749 `client_id` of a client that was registered there by hand. Needed where the server registers none by itself.
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_id: Option<String>,
    /// RFC 6749 `client_secret` of that client; none for public clients.
    #[schema(value_type = Option<String>, write_only, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub client_secret: Option<Secret>,
}

/// A service that was brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    /// The integration that was made.
    pub integration: Integration,
    /// Its OAuth app.
    pub oauth_app: OAuthApp,
    /// What was found.
    pub discovery: Discovery,
}

/// Looks what is at an address. Nothing is kept.
pub async fn discover(services: &Services, writer: &Writer, address: Address) -> Result<Discovery> {
    writer.organization()?;
    found::look(services, address.url.as_deref(), address.issuer.as_deref()).await
}

/// Makes an integration and its OAuth app of what is at an address, and registers the client there if none is given.
pub async fn create(services: &Services, writer: &Writer, input: NewService) -> Result<Brought> {
    writer.organization()?;
    let workspace = match &input.workspace_id {
        Some(_) => workspaces::given_or_only(services, writer, input.workspace_id.as_deref()).await?,
        None => None,
    };
    let scopes = oauth_apps::check_scopes(input.scopes)?;
    let display_name = optional_text("displayName", input.display_name.as_deref(), 200)?;
    let client_id = input.client_id.as_deref().map(|id| text("clientId", id, 500)).transpose()?;
    let client_secret = oauth_apps::check_secret(input.client_secret)?;
    if client_secret.is_some() && client_id.is_none() {
        return Err(Error::field("clientSecret", "clientSecret goes with clientId: give both, or neither, to have a client registered"));
    }
    let found = found::look(services, input.url.as_deref(), input.issuer.as_deref()).await?;
    let name = input.name.unwrap_or_else(|| found.suggested_name.clone());
    let row = custom_integrations::judge(&name, definition(&name, display_name, scopes, &found)?)?;
    if services.catalog.get(&name).is_some() {
        return Err(custom_integrations::exists(&name));
    }
    let id = OAuthAppId::from_bits(services.new_id_bits());
    let now = services.now();
    let mut app = StoredApp {
        id,
        integration_name: name.clone(),
        workspace_id: workspace.map(|workspace: Workspace| workspace.id),
        client_id: String::new(),
        client_secret: None,
        client_secret_ref: None,
        client_secret_expires_at: None,
        scopes: None,
        config: std::collections::BTreeMap::new(),
        from_environment: false,
        problem: None,
        registration: None,
        is_on_trial: false,
        created_at: now,
        updated_at: now,
    };
    let callback = oauth_apps::callback_url(services, &app);
    let client = match client_id {
        Some(id) => Client::by_hand(id, client_secret),
        None => clients::register(services, &found, &callback).await.map_err(|error| match app.workspace_id {
            // The callback URL of a workspace's app has an id in it that nobody knows yet.
            Some(_) => error,
            None => error.with("callbackUrl", callback.as_str()),
        })?,
    };
    if !found.pkce && client.secret.is_none() {
        return Err(Error::field("clientSecret", "the server does not say that it supports PKCE (S256), without which a public client is not protected")
            .suggest("Register a confidential client there, and give its clientId and clientSecret"));
    }
    let mut tx = services.store.begin_write().await?;
    custom_integrations::insert(services, &mut tx, writer, &row).await?;
    client.put_into(services, &mut tx, &mut app).await?;
    store::oauth_apps::insert(&mut tx, &app).await?;
    oauth_apps::record(services, &mut tx, "oauth_app.created", writer, &app).await?;
    tx.commit().await?;
    custom_integrations::reload(services).await?;
    Ok(Brought { integration: super::integrations::get(services, &name)?, oauth_app: oauth_apps::view(services, &app), discovery: found })
}

/// The definition, as if somebody had sent it.
fn definition(name: &str, display_name: Option<String>, scopes: Option<Vec<String>>, found: &Discovery) -> Result<Given> {
    let display_name = display_name.unwrap_or_else(|| found.suggested_display_name.clone());
    let scopes = scopes.unwrap_or_else(|| found.suggested_scopes.clone());
    let offered: Vec<_> = found.scopes.iter().filter(|scope| !scopes.contains(scope)).take(MOST_OFFERED).collect();
    let mut oauth2 = json!({ "issuer": found.issuer, "scopes": scopes, "optional_scopes": offered });
    let mut method = json!({ "key": "oauth2", "type": "OAUTH2", "label": format!("Sign in with {display_name}") });
    let mut body = json!({
        "name": name,
        "display_name": display_name,
        "description": match found.kind {
            FoundKind::Issuer => format!("Brought by its issuer, {}", found.issuer),
            FoundKind::Resource => format!("Brought by its address, {}", found.resource.as_deref().unwrap_or_default()),
        },
        "categories": ["other"],
        "docs_url": docs_url(found),
    });
    if let Some(resource) = &found.resource {
        // RFC 8707: the tokens are for this resource and good for nothing else.
        for params in ["authorize_params", "token_params", "refresh_params"] {
            oauth2[params] = json!({ "resource": resource });
        }
        body["api"] = json!({ "base_url": resource.split('?').next() });
    } else if found.userinfo_endpoint.is_some() && oauth2["scopes"].as_array().is_some_and(|scopes| scopes.contains(&Value::from("openid"))) {
        method["identity"] = json!({
            "url": "{{userinfo}}", "id": "/sub", "label": ["/name", "/email", "/preferred_username", "/sub"], "email": "/email", "avatar": "/picture",
        });
    }
    method["oauth2"] = oauth2;
    body["auth"] = json!([method]);
    let definition: Definition =
        serde_json::from_value(body.clone()).map_err(|error| Error::new(Code::Validation, format!("What was found there makes no integration: {error}")))?;
    Ok(Given { text: body.to_string(), definition })
}

/// A page about it: of those that a definition may link to.
fn docs_url(found: &Discovery) -> &str {
    if found.issuer.starts_with("https://") { &found.issuer } else { "https://www.rfc-editor.org/rfc/rfc8414" }
}

/// What an app's event is about.
fn about(app: &StoredApp) -> About<'_> {
    About { connection: None, workspace: app.workspace_id.as_ref().map(crate::domain::id::WorkspaceId::as_str) }
}
