//! "Did you start this?": asked of whoever comes with a link from somewhere that is not known to be the application's own page.
//! Why: `service::connect::arrival`.

use super::texts::{Texts, texts};
use super::views::{document, fill, logo, portal_user};
use crate::service::connect::{PageView, Standing};
use crate::service::end_users::PortalVisit;
use crate::service::logos::Theme;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

struct Question<'a> {
    t: &'static Texts,
    asker: &'a str,
    theme: Theme<'a>,
    /// Above the heading.
    icon: AnyView,
    ask: String,
    help: String,
    /// Path that the answers go below.
    action: String,
}

/// Of a session.
pub fn connect(page: &PageView, standing: Standing, language: &str) -> Response {
    let t = texts(page.session.language.as_deref().unwrap_or(language));
    let user = page.end_user.as_deref().unwrap_or_default();
    let values = [("asker", page.asker.as_str()), ("user", user)];
    let question = Question {
        t,
        asker: &page.asker,
        theme: page.theme(),
        icon: logo(&page.definition.display_name, page.definition.icon.as_deref()),
        ask: fill(if user.is_empty() { t.started } else { t.started_for }, &values),
        help: fill(t.started_help, &values),
        action: format!("/connect/{}", page.session.id),
    };
    question.answer(standing)
}

/// Of an end user's own page. They may have been invited there: what is asked is who they are, not what they began.
pub fn portal(visit: &PortalVisit, standing: Standing, language: &str) -> Response {
    let t = texts(visit.workspace.language.as_deref().unwrap_or(language));
    let user = portal_user(visit);
    let values = [("asker", visit.workspace.name.as_str()), ("user", user.as_str())];
    let question = Question {
        t,
        asker: &visit.workspace.name,
        theme: visit.theme(),
        icon: ().into_any(),
        ask: fill(t.is_it_you, &values),
        help: fill(t.is_it_you_help, &values),
        action: "/connect/portal".to_owned(),
    };
    question.answer(standing)
}

/// After a no on an end user's own page.
pub fn closed(visit: &PortalVisit, language: &str) -> Response {
    let t = texts(visit.workspace.language.as_deref().unwrap_or(language));
    let body = view! { <h1>{t.not_started}</h1> <p>{t.not_started_help}</p> };
    document(t.code, t.not_started, visit.theme(), StatusCode::OK, body)
}

impl Question<'_> {
    fn answer(self, standing: Standing) -> Response {
        let Self { t, asker, theme, icon, ask, help, action } = self;
        if standing == Standing::Refused {
            let help = fill(t.foreign_help, &[("asker", asker)]);
            return document(t.code, t.foreign, theme, StatusCode::FORBIDDEN, view! { {icon} <h1>{t.foreign}</h1> <p>{help}</p> });
        }
        let title = ask.clone();
        let body = view! {
            {icon}
            <h1>{ask}</h1>
            <p>{help}</p>
            <form method="post" action=format!("{action}/started")><button class="primary">{t.yes}</button></form>
            <form method="post" action=format!("{action}/not-started")><button class="link">{t.no}</button></form>
        };
        document(t.code, &title, theme, StatusCode::OK, body)
    }
}
