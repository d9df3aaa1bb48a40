//! `/integrations`

use super::Answer;
use super::answers::Deleted;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params, flag, from_value};
use super::openapi::PageParams;
use super::path::At;
use crate::domain::discovery::Discovery;
use crate::domain::integration::Integration;
use crate::server::state::AppState;
use crate::service::bring_your_own::{self, Address, Brought, NewService};
use crate::service::custom_integrations::{self, Given};
use crate::service::integrations::{self, Search};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Query of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct IntegrationParams {
    /// Answer this one integration.
    name: Option<String>,
    /// Leave the fields of the methods out.
    #[param(value_type = Option<bool>, default = false)]
    summary: Option<String>,
    /// What the name contains, whatever the case.
    q: Option<String>,
    /// Only of this category.
    category: Option<String>,
}

/// `{integration}`
#[derive(Serialize, ToSchema)]
pub struct IntegrationAnswer {
    integration: Integration,
}

/// `{integrations, total, registered, nextCursor}`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationList {
    /// In order of name.
    integrations: Vec<Integration>,
    /// How many fit.
    total: usize,
    /// The names of all that fit.
    registered: Vec<String>,
    /// Where the next page starts; null on the last.
    next_cursor: Option<String>,
}

/// A list, or with `name` one integration.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IntegrationsAnswer {
    /// Without `name`.
    List(IntegrationList),
    /// With `name`.
    One(Box<IntegrationAnswer>),
}

/// `{configured}`
#[derive(Serialize, ToSchema)]
pub struct OAuthStatus {
    /// Names of the integrations with an OAuth app that the key could use.
    configured: BTreeSet<String>,
}

/// List integrations
///
/// The whole catalogue unless `limit` is given. With `name` it answers that one integration instead.
#[utoipa::path(
    get, path = "/integrations", tag = "Integrations", params(IntegrationParams, PageParams),
    responses((status = 200, description = "The integrations; with `name` that integration.", body = IntegrationsAnswer)),
    extensions(("x-error-codes" = json!(["INTEGRATION_NOT_FOUND"]))),
)]
pub async fn list_integrations(
    State(state): State<AppState>,
    Caller(actor): Caller,
    RawQuery(raw): RawQuery,
    list: ListParams<IntegrationParams>,
) -> Answer<Json<IntegrationsAnswer>> {
    actor.reader()?;
    if let Some(name) = &list.filter.name {
        let integration = integrations::get(&state.services, name)?;
        return Ok(Json(IntegrationsAnswer::One(Box::new(IntegrationAnswer { integration }))));
    }
    let search = Search { q: list.filter.q, category: list.filter.category, summary: flag("summary", list.filter.summary.as_deref())? };
    let mut found = integrations::list(&state.services, &search);
    let total = found.len();
    let registered: Vec<String> = found.iter().map(|integration| integration.name.clone()).collect();
    let paged = raw.is_some_and(|raw| raw.split('&').any(|pair| pair.starts_with("limit=")));
    let mut next_cursor = None;
    if paged {
        let limit = usize::try_from(list.page.limit).unwrap_or(usize::MAX);
        let after = list.page.before.map(|cursor| cursor.replace('_', "-"));
        found = found
            .into_iter()
            .filter(|integration| after.as_ref().is_none_or(|after| integration.name > *after))
            .skip(usize::try_from(list.page.offset).unwrap_or(0))
            .collect();
        if found.len() > limit {
            found.truncate(limit);
            // Cursors are opaque and hold no dashes.
            next_cursor = found.last().map(|integration| integration.name.replace('-', "_"));
        }
    }
    Ok(Json(IntegrationsAnswer::List(IntegrationList { integrations: found, total, registered, next_cursor })))
}

/// Which integrations can use OAuth
///
/// Those with an OAuth app that the key could use.
#[utoipa::path(
    get, path = "/integrations/oauth-status", tag = "Integrations",
    responses((status = 200, description = "Their names.", body = OAuthStatus)),
)]
pub async fn get_oauth_status(State(state): State<AppState>, Caller(actor): Caller, _: Params<Nothing>) -> Answer<Json<OAuthStatus>> {
    Ok(Json(OAuthStatus { configured: integrations::with_oauth_app(&state.services, &actor.reader()?).await? }))
}

/// Body of `POST` and `PUT /integrations/{name}`. The format of the catalogue's files as JSON, hence its members' spelling.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: catalog::Definition reads it")]
pub struct IntegrationDefinition {
    /// Left out, or what the path says.
    name: Option<String>,
    /// What people call it.
    #[schema(min_length = 1)]
    display_name: String,
    /// One sentence.
    #[schema(min_length = 1)]
    description: String,
    /// From the catalogue's own list, the main one first.
    #[schema(min_items = 1)]
    categories: Vec<String>,
    /// Name of a logo.
    icon: Option<String>,
    /// The provider's documentation.
    #[schema(pattern = "^https://")]
    docs_url: String,
    /// The day it was last compared with that, `YYYY-MM-DD`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    checked_at: Option<String>,
    /// Where an OAuth app or a key is to be had.
    setup_url: Option<String>,
    /// What to do there, a sentence a step.
    #[schema(value_type = Vec<String>, required = false)]
    setup_steps: Vec<String>,
    /// How its API is reached: `base_url`, `headers`, `query`, `allowed_hosts`.
    #[schema(value_type = Option<Object>)]
    api: (),
    /// The ways to connect, the recommended one first: `key`, `type`, `label`, `fields`, `oauth2`, `choose`, `placement`, `identity`, `test`.
    #[schema(value_type = Vec<Object>, required = false)]
    auth: (),
}

/// The body of `POST` and `PUT`: a definition with the keys of the TOML format. Its name is that of the path.
fn given(name: &str, mut body: Map<String, Value>) -> Answer<Given> {
    body.entry("name").or_insert_with(|| Value::String(name.to_owned()));
    let value = Value::Object(body);
    Ok(Given { text: value.to_string(), definition: from_value(value)? })
}

/// Create an integration
///
/// One of your own: the body has the keys of the format of the catalogue's files (`docs/adding-an-integration.md`) as JSON.
/// Organisation keys only.
#[utoipa::path(
    post, path = "/integrations/{name}", tag = "Integrations", params(("name" = String, Path, description = "What it is to be called.")),
    request_body = IntegrationDefinition,
    responses((status = 201, description = "The integration as applications see it.", body = IntegrationAnswer)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "DUPLICATE"]))),
)]
pub async fn create_integration(State(state): State<AppState>, Caller(actor): Caller, At(name): At<String>, Body(body): Body<Map<String, Value>>) -> Answer {
    let integration = custom_integrations::create(&state.services, &actor.writer()?, &name, given(&name, body)?).await?;
    Ok((StatusCode::CREATED, Json(IntegrationAnswer { integration })).into_response())
}

/// Replace an integration
///
/// One of your own. Where connections or OAuth apps use it the key needs `credentials.read`: the definition says where their
/// secrets are sent.
#[utoipa::path(
    put, path = "/integrations/{name}", tag = "Integrations", params(("name" = String, Path, description = "What it is called.")),
    request_body = IntegrationDefinition,
    responses((status = 200, description = "The integration as it is now.", body = IntegrationAnswer)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "INTEGRATION_NOT_FOUND"]))),
)]
pub async fn replace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(name): At<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<IntegrationAnswer>> {
    Ok(Json(IntegrationAnswer { integration: custom_integrations::update(&state.services, &actor, &name, given(&name, body)?).await? }))
}

/// Delete an integration
///
/// One of your own, with its OAuth apps and its places in workspaces. Connections stop it: 409.
#[utoipa::path(
    delete, path = "/integrations/{name}", tag = "Integrations", params(("name" = String, Path, description = "What it is called.")),
    responses((status = 200, description = "It is gone.", body = Deleted<String>)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "INTEGRATION_NOT_FOUND", "NOT_EMPTY"]))),
)]
pub async fn delete_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    At(name): At<String>,
    _: Params<Nothing>,
) -> Answer<Json<Deleted<String>>> {
    custom_integrations::delete(&state.services, &actor.writer()?, &name).await?;
    Ok(Json(Deleted::new(name)))
}

/// `{discovery}`
#[derive(Serialize, ToSchema)]
pub struct DiscoveryAnswer {
    discovery: Discovery,
}

/// Discover a service
///
/// Looks what is at an address: the metadata of an authorization server (RFC 8414, OpenID Connect Discovery), or a protected resource that
/// names its authorization server (RFC 9728), as MCP servers do. Nothing is kept. Organisation keys only.
#[utoipa::path(
    post, path = "/integrations/discover", tag = "Integrations", request_body = Address,
    responses((status = 200, description = "What was found.", body = DiscoveryAnswer)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "EGRESS_BLOCKED", "PROVIDER_ERROR"]))),
)]
pub async fn discover_integration(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<Address>) -> Answer<Json<DiscoveryAnswer>> {
    Ok(Json(DiscoveryAnswer { discovery: bring_your_own::discover(&state.services, &actor.writer()?, body).await? }))
}

/// Create an integration from an address
///
/// Discovers what is there, registers a client (RFC 7591) unless `clientId` is given, and makes a custom integration and its OAuth app of it.
/// Connect with it as with any other. Organisation keys only.
#[utoipa::path(
    post, path = "/integrations/from-url", tag = "Integrations", request_body = NewService,
    responses((status = 201, description = "The integration, its OAuth app, and what was found.", body = Brought)),
    extensions(("x-error-codes" = json!(["FORBIDDEN", "NOT_FOUND", "DUPLICATE", "EGRESS_BLOCKED", "PROVIDER_ERROR"]))),
)]
pub async fn create_integration_from_url(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<NewService>) -> Answer {
    let brought = bring_your_own::create(&state.services, &actor.writer()?, body).await?;
    Ok((StatusCode::CREATED, Json(brought)).into_response())
}
