//! `/integrations`

use super::Answer;
use super::auth::Caller;
use super::extract::{Body, ListParams, Nothing, Params, flag, from_value};
use crate::server::state::AppState;
use crate::service::custom_integrations::{self, Given};
use crate::service::integrations::{self, Search};
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Query of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationParams {
    name: Option<String>,
    summary: Option<String>,
    q: Option<String>,
    category: Option<String>,
}

/// `GET /integrations`: the whole catalogue unless `limit` is given; `?name=` for one.
pub async fn list_integrations(
    State(state): State<AppState>,
    Caller(actor): Caller,
    RawQuery(raw): RawQuery,
    list: ListParams<IntegrationParams>,
) -> Answer<Json<Value>> {
    actor.reader()?;
    if let Some(name) = &list.filter.name {
        return Ok(Json(json!({ "integration": integrations::get(&state.services, name)? })));
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
    Ok(Json(json!({ "integrations": found, "total": total, "registered": registered, "nextCursor": next_cursor })))
}

/// `GET /integrations/oauth-status`
pub async fn get_oauth_status(State(state): State<AppState>, Caller(actor): Caller, _: Params<Nothing>) -> Answer<Json<Value>> {
    Ok(Json(json!({ "configured": integrations::with_oauth_app(&state.services, &actor.reader()?).await? })))
}

/// The body of `POST` and `PUT`: a definition with the keys of the TOML format. Its name is that of the path.
fn given(name: &str, mut body: Map<String, Value>) -> Answer<Given> {
    body.entry("name").or_insert_with(|| Value::String(name.to_owned()));
    let value = Value::Object(body);
    Ok(Given { text: value.to_string(), definition: from_value(value)? })
}

/// `POST /integrations/{name}`
pub async fn create_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer {
    let integration = custom_integrations::create(&state.services, &actor.writer()?, &name, given(&name, body)?).await?;
    Ok((StatusCode::CREATED, Json(json!({ "integration": integration }))).into_response())
}

/// `PUT /integrations/{name}`
pub async fn replace_integration(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    Ok(Json(json!({ "integration": custom_integrations::update(&state.services, &actor, &name, given(&name, body)?).await? })))
}

/// `DELETE /integrations/{name}`
pub async fn delete_integration(State(state): State<AppState>, Caller(actor): Caller, Path(name): Path<String>, _: Params<Nothing>) -> Answer<Json<Value>> {
    custom_integrations::delete(&state.services, &actor.writer()?, &name).await?;
    Ok(Json(json!({ "deleted": true, "id": name })))
}
