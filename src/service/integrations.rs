//! The catalogue, as clients see it.

use super::{Reader, Result, Services, connections};
use crate::domain::integration::Integration;
use crate::store;
use std::collections::BTreeSet;

/// What of the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Prefix of a word of the name.
    pub q: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Without fields.
    pub summary: bool,
}

/// All integrations that fit, in order of name.
pub fn list(services: &Services, search: &Search) -> Vec<Integration> {
    let q = search.q.as_deref().map(str::to_lowercase);
    services
        .catalog
        .snapshot()
        .iter()
        .filter(|definition| search.category.as_ref().is_none_or(|category| definition.categories.contains(category)))
        .filter(|definition| q.as_ref().is_none_or(|q| definition.name.contains(q.as_str()) || definition.display_name.to_lowercase().contains(q.as_str())))
        .map(|definition| definition.view(services.public_url.origin(), !search.summary))
        .collect()
}

/// One integration.
pub fn get(services: &Services, name: &str) -> Result<Integration> {
    Ok(connections::find_integration(services, Some(name))?.view(services.public_url.origin(), true))
}

/// How many connections are looked at to find what was used last.
const RECENT: i64 = 100;

/// Names of the integrations that the newest connections were made with, newest first, at most `most`. Those that are gone from the
/// catalogue are not among them.
pub async fn recent(services: &Services, reader: &Reader, most: usize) -> Result<Vec<String>> {
    let limit = reader.reach().limit();
    let names = store::connections::newest_integrations(&mut *services.store.conn().await?, limit.as_deref(), RECENT).await?;
    let mut seen = BTreeSet::new();
    Ok(names.into_iter().filter(|name| seen.insert(name.clone()) && services.catalog.get(name).is_some()).take(most).collect())
}

/// Names of the integrations with an OAuth app that `reader` could use.
pub async fn with_oauth_app(services: &Services, reader: &Reader) -> Result<BTreeSet<String>> {
    let mut conn = services.store.conn().await?;
    let apps = store::oauth_apps::list(&mut conn, None, None).await?;
    Ok(apps
        .into_iter()
        .filter(|app| app.workspace_id.is_none() || reader.reach().includes(app.workspace_id.as_ref()))
        .map(|app| app.integration_name)
        .collect())
}
