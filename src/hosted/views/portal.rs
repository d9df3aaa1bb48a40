//! The portal: an end user’s own connections.

use super::trouble::{Exactly, problem_box, sentence, status_of};
use super::{document, fill, logo};
use crate::catalog::Definition;
use crate::domain::Error;
use crate::domain::connection::Status;
use crate::hosted::texts::{Texts, texts};
use crate::service::connect::Trouble;
use crate::service::end_users::PortalVisit;
use crate::service::portal::PortalItem;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// What a page has to say about the last action.
#[derive(Debug, Clone)]
pub enum Said {
    /// What a test found: works, does not, could not be found out.
    Tested(Option<bool>),
    /// Something failed, with this service.
    Problem(Error, String),
}

fn said_box(t: &'static Texts, visit: &PortalVisit, said: Option<Said>) -> (StatusCode, Option<AnyView>) {
    let news = |text: &'static str| view! { <p class="news" role="status">{text}</p> }.into_any();
    match said {
        None => (StatusCode::OK, None),
        Some(Said::Tested(Some(true))) => (StatusCode::OK, Some(news(t.works))),
        Some(Said::Tested(None)) => (StatusCode::OK, Some(news(t.unsure))),
        Some(Said::Tested(Some(false))) => (StatusCode::BAD_REQUEST, Some(problem_box(t, t.not_working.to_owned(), None))),
        Some(Said::Problem(error, service)) => {
            let text = sentence(t, Trouble::from(&error), &[("service", &service), ("asker", &visit.workspace.name)]);
            (status_of(&error), Some(problem_box(t, text, Some(Exactly::from(&error)))))
        }
    }
}

pub(in crate::hosted) fn portal_user(visit: &PortalVisit) -> String {
    visit.user.display_name.clone().or_else(|| visit.user.email.clone()).unwrap_or_else(|| visit.user.external_id.clone())
}

/// `/connect/portal` for the one service that the token names.
pub fn portal_one(visit: &PortalVisit, definition: &Definition, language: &str, said: Option<Said>) -> Response {
    let t = texts(visit.workspace.language.as_deref().unwrap_or(language));
    let (service, user) = (definition.display_name.as_str(), portal_user(visit));
    let values = [("service", service), ("asker", visit.workspace.name.as_str()), ("user", user.as_str())];
    let title = fill(t.connect, &values);
    let (status, said) = said_box(t, visit, said);
    let body = view! {
        {logo(service, definition.icon.as_deref())}
        <h1>{title.clone()}</h1>
        <p>{fill(t.asks_for, &values)}</p>
        {said}
        <form method="post" action="/connect/portal/start"><button class="primary">{title.clone()}</button></form>
    };
    document(t.code, &title, visit.theme(), status, body)
}

/// `/connect/portal` for everything: the workspace's services, and the person's own connections.
pub fn portal_all(visit: &PortalVisit, items: &[PortalItem], language: &str, said: Option<Said>) -> Response {
    let t = texts(visit.workspace.language.as_deref().unwrap_or(language));
    let title = fill(t.your_connections, &[("asker", &visit.workspace.name)]);
    let (status, said) = said_box(t, visit, said);
    let rows: Vec<_> = items.iter().map(|item| portal_item(t, item)).collect();
    let empty = rows.is_empty().then(|| view! { <p>{fill(t.nothing_to_connect, &[("asker", &visit.workspace.name)])}</p> });
    let body = view! {
        <h1>{title.clone()}</h1>
        <p>{portal_user(visit)}</p>
        {said}
        {empty}
        <ul class="services">{rows}</ul>
    };
    document(t.code, &title, visit.theme(), status, body)
}

pub(super) fn portal_item(t: &'static Texts, item: &PortalItem) -> AnyView {
    let name = item.definition.name.clone();
    let connections: Vec<_> = item
        .connections
        .iter()
        .map(|connection| {
            let label = connection.account.as_ref().map_or_else(|| connection.display_name.clone(), |account| account.label.clone());
            let action = |path: &'static str, text: &'static str| {
                let named = format!("{text}: {} {label}", item.display_name);
                view! {
                    <form method="post" action=path>
                        <input type="hidden" name="integration" value=name.clone()/>
                        <input type="hidden" name="connection" value=connection.id.as_str().to_owned()/>
                        <button class="link" aria-label=named>{text}</button>
                    </form>
                }
            };
            let broken = (connection.status == Status::Error).then(|| view! { <p class="error">{t.not_working}</p> });
            view! {
                <li>
                    <span class="account">{label.clone()}</span>
                    {broken}
                    <span class="actions">
                        {action("/connect/portal/start", t.reconnect)}
                        {action("/connect/portal/test", t.test)}
                        {action("/connect/portal/disconnect", t.disconnect)}
                    </span>
                </li>
            }
        })
        .collect();
    let label = fill(t.connect, &[("service", &item.display_name)]);
    let more = if connections.is_empty() { label.clone() } else { t.another_account.to_owned() };
    view! {
        <li>
            <span class="service">{logo(&item.display_name, item.definition.icon.as_deref())}<strong>{item.display_name.clone()}</strong></span>
            <ul class="accounts">{connections}</ul>
            <form method="post" action="/connect/portal/start">
                <input type="hidden" name="integration" value=name/>
                <button class="secondary" aria-label=format!("{more} ({})", item.display_name)>{more.clone()}</button>
            </form>
        </li>
    }
    .into_any()
}
