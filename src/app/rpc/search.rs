//! Looking for anything at all: pages, things to make, connections, integrations, end users.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, RpcResult};
use crate::app::components::PLACES;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HitKind {
    /// A page of the dashboard.
    Page,
    /// A form that makes something.
    Create,
    /// A connection.
    Connection,
    /// A service of the catalogue.
    Integration,
    /// An end user.
    EndUser,
}

impl HitKind {
    /// All, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Page, Self::Create, Self::Connection, Self::Integration, Self::EndUser];

    /// Beside one of them.
    pub fn word(self) -> &'static str {
        match self {
            Self::Page => "Page",
            Self::Create => "Create",
            Self::Connection => "Connection",
            Self::Integration => "Integration",
            Self::EndUser => "End user",
        }
    }

    /// Above several.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Page => "Pages",
            Self::Create => "Create",
            Self::Connection => "Connections",
            Self::Integration => "Integrations",
            Self::EndUser => "End users",
        }
    }
}

/// One thing found, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its name.
    pub title: String,
    /// What tells it from others of that name.
    pub detail: String,
    /// Its page.
    pub href: String,
    /// Path of the service's logo.
    pub logo: Option<String>,
}

/// Forms that make something, and where they are.
const CREATE: [(&str, &str); 5] = [
    ("/connections/new", "Create connection"),
    ("/workspaces#create", "Create workspace"),
    ("/api-keys#create", "Create API key"),
    ("/webhooks#create", "Add webhook"),
    ("/settings#invite", "Invite a colleague"),
];

/// Pages, and for those who may change things the forms, whose name has every word of `q`. Known without asking the server.
pub fn places(q: &str, may_write: bool) -> Vec<Hit> {
    let words: Vec<String> = q.split_whitespace().map(str::to_lowercase).collect();
    let pages = PLACES.iter().map(|(href, title, _)| (HitKind::Page, *href, *title));
    let forms = CREATE.iter().filter(|_| may_write).map(|(href, title)| (HitKind::Create, *href, *title));
    pages
        .chain(forms)
        .filter(|(.., title)| words.iter().all(|word| title.to_lowercase().contains(word)))
        .map(|(kind, href, title)| Hit { kind, title: title.to_owned(), detail: String::new(), href: href.to_owned(), logo: None })
        .collect()
}

/// Connections (by the beginning of name, external id or account), integrations (by a part of the name), end users (by the beginning
/// of the external id): a few of each. Nothing for nothing.
#[server(output = Answer)]
pub async fn search_all(q: String) -> RpcResult<Vec<Hit>> {
    use crate::service::connections::ListQuery;
    use crate::service::{connections, end_users, integrations};
    /// How many of each kind: whoever sees more than these types another letter.
    const EACH: usize = 6;
    /// Longer is no name of anything.
    const LONGEST: usize = 200;
    let (services, actor) = context().await?;
    let reader = actor.reader().map_err(failed)?;
    let Some(q) = given(Some(q)) else { return Ok(Vec::new()) };
    let q: String = q.chars().take(LONGEST).collect();
    let logo_of = |url: &Option<String>| url.as_deref().and_then(|url| url.strip_prefix(services.public_url.origin())).map(str::to_owned);
    let page = crate::store::Page { limit: i64::try_from(EACH).unwrap_or(1), offset: 0, before: None };
    let query = ListQuery { q: Some(q.clone()), ..ListQuery::default() };
    let mut hits = Vec::new();
    for connection in connections::list(&services, &reader, &query, &page).await.map_err(failed)?.items {
        // An integration that is gone from the catalogue does not hide its connections.
        let known = integrations::get(&services, &connection.integration_name).ok();
        let service = known.as_ref().map_or_else(|| connection.integration_name.clone(), |known| known.display_name.clone());
        let account = connection.account.map(|account| account.label).unwrap_or(connection.external_id);
        hits.push(Hit {
            kind: HitKind::Connection,
            href: format!("/connections/{}", connection.id),
            title: connection.display_name,
            detail: format!("{service} · {account}"),
            logo: known.and_then(|known| logo_of(&known.logo_url)),
        });
    }
    let found = integrations::list(&services, &integrations::Search { q: Some(q.clone()), summary: true, ..integrations::Search::default() });
    hits.extend(found.into_iter().take(EACH).map(|integration| Hit {
        kind: HitKind::Integration,
        href: format!("/integrations/{}", integration.name),
        logo: logo_of(&integration.logo_url),
        title: integration.display_name,
        detail: integration.description,
    }));
    for user in end_users::search(&services, &reader, &q, page.limit).await.map_err(failed)? {
        let detail: Vec<String> = [user.display_name, user.email].into_iter().flatten().collect();
        hits.push(Hit {
            kind: HitKind::EndUser,
            href: format!("/connections?workspace={}&endUser={}", user.workspace_id, user.id),
            title: user.external_id,
            detail: detail.join(" · "),
            logo: None,
        });
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_words_and_forms_only_by_those_who_may_use_them() {
        let titles = |q: &str, may_write| places(q, may_write).into_iter().map(|hit| hit.title).collect::<Vec<_>>();
        assert_eq!(titles("API", true), ["API keys", "Create API key"]);
        assert_eq!(titles("key create", true), ["Create API key"]);
        assert_eq!(titles("api", false), ["API keys"]);
        assert_eq!(titles("  ", false).len(), PLACES.len());
        assert!(titles("nothing of this kind", true).is_empty());
    }
}
