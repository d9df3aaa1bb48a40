//! `/integrations`

use super::Answer;
use super::auth::Caller;
use super::extract::{ListParams, Nothing, Params, flag};
use crate::server::state::AppState;
use crate::service::integrations::{self, Search};
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Deserialize;
use serde_json::{Value, json};

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
