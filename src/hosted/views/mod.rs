//! How hosted pages look. Leptos views rendered to text, no hydration; the stylesheet is `public/connect.css`, the few lines of
//! script `public/connect.js`.

mod choose;
mod link;
mod portal;
mod sign_in;
mod trouble;

pub use link::connect_link;
pub(super) use portal::portal_user;
pub use portal::{Said, portal_all, portal_one};
pub use sign_in::{SignInForm, setup, sign_in};
use trouble::{Exactly, field_error, problem_box, sentence};
pub use trouble::{problem, refusal};

use super::texts::{Texts, texts};
use crate::domain::connect_session::{Completion, SessionStatus};
use crate::domain::integration::{AuthOption, FieldView};
use crate::domain::{Code, Error};
use crate::server::security::HOSTED_POLICY;
use crate::service::connect::{NOT_STARTED, PageView, Trouble};
use crate::service::form::Wrong;
use crate::service::logos::Theme;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What a person typed, and what was wrong with it.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    /// The chosen method.
    pub method: Option<String>,
    /// Values by field; secret ones are not shown again.
    pub values: BTreeMap<String, String>,
    /// Fields that are wrong, and why.
    pub wrong: Vec<(String, Wrong)>,
    /// What was wrong else.
    pub error: Option<Error>,
}

/// Puts values into a text.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A whole page.
pub(super) fn document(language: &'static str, title: &str, theme: Theme<'_>, status: StatusCode, body: impl IntoView + 'static) -> Response {
    let owner = Owner::new();
    let html = owner.with(|| {
        let accent = theme.accent.and_then(|accent| accent.strip_prefix('#')).map(|hex| format!("/connect/accent/{hex}.css"));
        let logo = theme.logo.map(|src| view! { <img class="asker" src=src.to_owned() alt=""/> });
        view! {
            <html lang=language dir="ltr">
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1"/>
                    <meta name="robots" content="noindex"/>
                    <meta name="color-scheme" content="light dark"/>
                    <title>{title.to_owned()}</title>
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                    <link rel="stylesheet" href="/connect.css"/>
                    {accent.map(|href| view! { <link rel="stylesheet" href=href/> })}
                    <script src="/connect.js" defer></script>
                </head>
                <body>
                    <main class="card">{logo}{body}</main>
                </body>
            </html>
        }
        .to_html()
    });
    let mut response = (status, Html(finished(&html))).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HOSTED_POLICY));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Rendered markup as a whole document. Leptos marks where text ends for hydration; in a title the mark would be read as text.
fn finished(html: &str) -> String {
    format!("<!DOCTYPE html>{}", html.replace("<!></title>", "</title>"))
}

/// The logo of a service, or its first letter.
pub(super) fn logo(name: &str, icon: Option<&str>) -> AnyView {
    match icon {
        Some(icon) => view! { <span class="logo"><img src=format!("/logos/{icon}.svg") alt="" width="28" height="28"/></span> }.into_any(),
        None => view! { <span class="logo" aria-hidden="true">{name.chars().next().unwrap_or('?').to_uppercase().to_string()}</span> }.into_any(),
    }
}

/// `/connect/{cs_…}`, in whichever state it is.
pub fn connect(page: &PageView, language: &str, form: &FormState, status: StatusCode) -> Response {
    let t = texts(page.session.language.as_deref().unwrap_or(language));
    let service = page.definition.display_name.as_str();
    let values = [("service", service), ("asker", page.asker.as_str()), ("user", page.end_user.as_deref().unwrap_or_default())];
    let say = |text: &str| fill(text, &values);
    let icon = logo(service, page.definition.icon.as_deref());
    let title = say(t.connect);
    let gone = |heading: String, help: String, status: StatusCode| {
        let icon = logo(service, page.definition.icon.as_deref());
        document(t.code, &title, page.theme(), status, view! { {icon} <h1>{heading}</h1> <p>{help}</p> })
    };
    if !page.is_ours {
        return gone(say(t.elsewhere), say(t.elsewhere_help), StatusCode::CONFLICT);
    }
    match page.status {
        SessionStatus::Expired => with_result(page, t, &title, StatusCode::GONE, view! { {icon} <h1>{say(t.expired)}</h1> <p>{say(t.expired_help)}</p> }),
        // Whoever answers so did not come from the application: they are not sent there.
        SessionStatus::Cancelled if page.session.error_code.as_deref() == Some(NOT_STARTED) => {
            gone(say(t.not_started), say(t.not_started_help), StatusCode::OK)
        }
        SessionStatus::Cancelled => {
            let by_them = page.session.error_code.as_deref().is_none_or(|code| code == "cancelled");
            let heading = if by_them { say(t.cancelled) } else { say(t.failed) };
            with_result(page, t, &title, StatusCode::OK, view! { {icon} <h1>{heading}</h1> <p data-closing>{say(t.can_close)}</p> })
        }
        SessionStatus::AwaitingConfirmation => {
            let body = view! { {icon} <div role="status"><h1>{say(t.confirming)}</h1></div> <p>{say(t.confirming_help)}</p> };
            with_result(page, t, &title, StatusCode::OK, body)
        }
        SessionStatus::Completed => {
            let heading = match &page.account {
                Some(account) => fill(t.connected_as, &[("account", &account.label)]),
                None => say(t.connected),
            };
            let detail = page.account.as_ref().and_then(|account| {
                let parts: Vec<_> = [account.email.clone(), account.tenant.clone()].into_iter().flatten().filter(|part| *part != account.label).collect();
                (!parts.is_empty()).then(|| parts.join(" · "))
            });
            let changed = page.session.account_changed.then(|| view! { <p class="notice">{t.account_changed}</p> });
            let different = page.session.auth_method_key.as_ref().filter(|_| page.session.completion == Completion::Auto).map(|_| {
                view! {
                    <form method="post" action=format!("/connect/{}/different", page.session.id)>
                        <button class="link">{t.different}</button>
                    </form>
                }
            });
            let body = view! {
                <span class="check" aria-hidden="true">"✓"</span>
                <div role="status"><h1>{heading}</h1></div>
                {detail.map(|detail| view! { <p>{detail}</p> })}
                {changed}
                <p data-closing>{say(t.can_close)}</p>
                {different}
            };
            with_result(page, t, &title, StatusCode::OK, body)
        }
        SessionStatus::Pending | SessionStatus::Connecting | SessionStatus::Failed => {
            let body = match &page.question {
                Some(question) => choose::body(page, t, question, form, icon, &say),
                None => ask(page, t, form, icon, &say),
            };
            document(t.code, &title, page.theme(), status, body)
        }
    }
}

/// A final page: tells the page that opened it, then closes or goes back. Without JavaScript: a refresh and a link. Final here, too,
/// is what waits for the application: the browser takes the code there.
fn with_result(page: &PageView, t: &'static Texts, title: &str, status: StatusCode, body: impl IntoView + 'static) -> Response {
    let session = &page.session;
    let completed = page.status == SessionStatus::Completed;
    let awaiting = page.status == SessionStatus::AwaitingConfirmation;
    let code = page.code.as_ref().map(|code| code.expose().to_owned());
    let error = (!completed && !awaiting).then(|| session.error_message.clone().unwrap_or_else(|| fill(t.expired, &[])));
    let target = if completed || awaiting { &session.success_redirect } else { &session.error_redirect };
    let target = target.as_deref().and_then(|uri| url::Url::parse(uri).ok()).map(|mut url| {
        url.query_pairs_mut().append_pair("sessionId", session.id.as_str());
        match (&session.connection_id, completed) {
            (Some(id), true) => url.query_pairs_mut().append_pair("connectionId", id.as_str()),
            _ if awaiting => url.query_pairs_mut().extend_pairs(code.as_ref().map(|code| ("code", code))),
            _ => url.query_pairs_mut().append_pair("error", session.error_code.as_deref().unwrap_or("expired")),
        };
        String::from(url)
    });
    let back = target.clone().map(|href| view! { <p><a class="link" href=href>{fill(t.go_back, &[("asker", &page.asker)])}</a></p> });
    let refresh = target.clone().map(|href| view! { <noscript><meta http-equiv="refresh" content=format!("3;url={href}")/></noscript> });
    let result = view! {
        <div
            id="result"
            data-window=session.client_ref.as_ref().map(|_| "1")
            data-status=if completed { "success" } else if awaiting { "awaiting" } else { "error" }
            data-code=code.filter(|_| target.is_none())
            data-session-status=page.status.as_str()
            data-session-id=session.id.as_str().to_owned()
            data-connection-id=session.connection_id.as_ref().filter(|_| completed).map(|id| id.as_str().to_owned())
            data-integration-name=session.integration_name.clone()
            data-external-id=session.external_id.clone()
            data-error=error
            data-origins=page.origins.join(" ")
            data-redirect=target
        ></div>
    };
    document(t.code, title, page.theme(), status, view! { {body} {back} {refresh} {result} })
}

/// The question: who asks, for whom, which service, what for; one button.
fn ask(page: &PageView, t: &'static Texts, form: &FormState, icon: AnyView, say: &dyn Fn(&str) -> String) -> AnyView {
    let failed = page.status == SessionStatus::Failed;
    let problem = problem_of(page, t, form, say);
    let chosen = form.method.clone().or_else(|| page.methods.first().map(|method| method.key.clone()));
    let choose = page.methods.len() > 1;
    let action = format!("/connect/{}", page.session.id);
    let forms: Vec<_> = page
        .methods
        .iter()
        .map(|method| {
            let open = chosen.as_deref() == Some(method.key.as_str());
            let inner = method_form(page, t, form, method, &action, open, say);
            if choose {
                view! { <details class="method" name="method" open=open><summary>{method.display_name.clone()}</summary>{inner}</details> }.into_any()
            } else {
                inner
            }
        })
        .collect();
    view! {
        {icon}
        <h1>{if failed { say(t.failed) } else { say(t.connect) }}</h1>
        <p>{if page.end_user.is_some() { say(t.asks_for) } else { say(t.asks) }}</p>
        {problem}
        {choose.then(|| view! { <p class="how">{t.how}</p> })}
        {forms}
        <form method="post" action=format!("/connect/{}/cancel", page.session.id)>
            <button class="link">{t.cancel}</button>
        </form>
    }
    .into_any()
}

/// What went wrong with the form that was sent, or else with the last attempt.
fn problem_of(page: &PageView, t: &'static Texts, form: &FormState, say: &dyn Fn(&str) -> String) -> Option<AnyView> {
    let values = [("service", page.definition.display_name.as_str()), ("asker", page.asker.as_str())];
    if form.error.is_none() && !form.wrong.is_empty() {
        return Some(problem_box(t, say(t.check_fields), None));
    }
    match &form.error {
        // Without a choice there is nothing else to say.
        Some(error) if error.code == Code::Validation && error.fields.iter().any(|field| field.path == "method") => Some(problem_box(t, say(t.how), None)),
        Some(error) => {
            let exactly = (error.code != Code::CredentialsRejected).then(|| Exactly::from(error));
            Some(problem_box(t, sentence(t, Trouble::from(error), &values), exactly))
        }
        None => {
            let text = sentence(t, Trouble::of_session(&page.session)?, &values);
            let (code, message) = (page.session.error_code.clone().unwrap_or_default(), page.session.error_message.clone().unwrap_or_default());
            Some(problem_box(t, text, Some(Exactly { code, message })))
        }
    }
}

fn method_form(page: &PageView, t: &'static Texts, form: &FormState, method: &AuthOption, action: &str, open: bool, say: &dyn Fn(&str) -> String) -> AnyView {
    let is_oauth = method.oauth2.is_some();
    let errors = if open { form.wrong.as_slice() } else { &[] };
    let inputs: Vec<_> = method
        .fields
        .iter()
        .filter(|field| !page.locked.contains_key(&field.name))
        .map(|field| {
            let typed = form.values.get(&field.name).filter(|_| open && !field.secret).cloned();
            let error = errors.iter().find(|(name, _)| *name == field.name).map(|(_, wrong)| field_error(t, &field.label, wrong));
            input(t, &method.key, field, typed, error)
        })
        .collect();
    let locked: Vec<_> = method
        .fields
        .iter()
        .filter_map(|field| {
            let shown = page.locked.get(&field.name)?.clone().unwrap_or_else(|| "••••••••".to_owned());
            Some(view! { <p class="locked"><span>{field.label.clone()}</span><span>{shown}</span></p> })
        })
        .collect();
    let scopes = (is_oauth && !page.scopes.is_empty()).then(|| {
        let items: Vec<_> = page.scopes.iter().map(|scope| view! { <li><code>{scope.clone()}</code></li> }).collect();
        view! { <details class="scopes"><summary>{say(t.will_allow)}</summary><ul>{items}</ul></details> }
    });
    let label = if is_oauth && page.status == SessionStatus::Failed {
        t.try_again.to_owned()
    } else if is_oauth {
        say(t.continue_to)
    } else {
        t.save.to_owned()
    };
    view! {
        <form method="post" action=action.to_owned() autocomplete="off">
            <input type="hidden" name="method" value=method.key.clone()/>
            {method.description.clone().map(|text| view! { <p>{text}</p> })}
            {locked}
            {inputs}
            {scopes}
            <button class="primary">{label}</button>
            {(!is_oauth).then(|| view! { <p class="small">{say(t.kept_safe)}</p> })}
        </form>
    }
    .into_any()
}

fn input(t: &'static Texts, method: &str, field: &FieldView, typed: Option<String>, error: Option<AnyView>) -> AnyView {
    let id = format!("{method}-{}", field.name);
    let name = format!("props.{}", field.name);
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described: Vec<_> = [field.help.is_some().then(|| help_id.clone()), error.is_some().then(|| error_id.clone())].into_iter().flatten().collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = error.is_some().then_some("true");
    let value = typed.or_else(|| field.default.clone());
    let control = match field.kind.as_str() {
        "select" => {
            let options: Vec<_> = field
                .options
                .iter()
                .map(|option| view! { <option value=option.value.clone() selected=value.as_deref() == Some(option.value.as_str())>{option.label.clone()}</option> })
                .collect();
            view! { <select id=id.clone() name=name required=field.required aria-describedby=described aria-invalid=invalid>{options}</select> }.into_any()
        }
        "boolean" => {
            view! { <input id=id.clone() name=name type="checkbox" value="true" checked=value.as_deref() == Some("true") aria-describedby=described/> }
                .into_any()
        }
        kind => {
            let kind = if kind == "secret" { "password" } else { "text" };
            let mode = if field.kind == "number" { Some("decimal") } else { None };
            let control = view! {
                <input
                    id=id.clone() name=name type=kind inputmode=mode required=field.required value=value
                    placeholder=field.placeholder.clone() autocomplete=if field.secret { "new-password" } else { "off" }
                    autocapitalize="none" spellcheck="false" aria-describedby=described aria-invalid=invalid
                />
            };
            if field.secret {
                view! { <span class="secret">{control}<button type="button" class="link" data-show=id.clone() aria-pressed="false" hidden>{t.show}</button></span> }.into_any()
            } else {
                control.into_any()
            }
        }
    };
    let optional = (!field.required && field.kind != "boolean").then(|| view! { " " <span class="small">"("{t.optional}")"</span> });
    let link = field.help_url.clone().map(|href| view! { " " <a href=href target="_blank" rel="noopener noreferrer">{t.where_to_find}</a> });
    view! {
        <div class="field">
            <label for=id>{field.label.clone()}{optional}</label>
            {control}
            {error.map(|error| view! { <p class="error" id=error_id>{error}</p> })}
            {field.help.clone().map(|help| view! { <p class="small" id=help_id>{help}{link}</p> })}
        </div>
    }
    .into_any()
}

/// A callback that belongs to no attempt of this browser.
pub fn refused(other_browser: bool, language: &str) -> Response {
    let t = texts(language);
    let (heading, help) = if other_browser { (t.other_browser, t.other_browser_help) } else { (t.used, t.used_help) };
    document(t.code, heading, Theme::default(), StatusCode::BAD_REQUEST, view! { <h1>{heading}</h1> <p>{help}</p> })
}

/// `form_post`: the same once more, from our own page, so that the browser sends our cookie along.
pub fn repost(action: &str, pairs: &[(String, String)], mark: &'static str, language: &str) -> Response {
    let t = texts(language);
    let inputs: Vec<_> = pairs.iter().map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> }).collect();
    let body = view! {
        <h1>{t.one_more_click}</h1>
        <form method="post" action=action.to_owned() data-autosubmit>
            {inputs}
            <input type="hidden" name=mark value="1"/>
            <button class="primary">{fill(t.continue_to, &[("service", "Keyloom")])}</button>
        </form>
    };
    document(t.code, t.one_more_click, Theme::default(), StatusCode::OK, body)
}

/// A path that there is nothing at.
pub fn not_found() -> Response {
    let owner = Owner::new();
    let body = owner.with(|| {
        view! {
            <html lang="en" dir="ltr">
                <head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/><title>"Not found · Keyloom"</title><link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                    <link rel="stylesheet" href="/connect.css"/></head>
                <body><main class="card"><h1>"There is nothing here"</h1><p><a href="/connections">"Go to connections"</a></p></main></body>
            </html>
        }
        .to_html()
    });
    let mut response = (StatusCode::NOT_FOUND, Html(finished(&body))).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HOSTED_POLICY));
    response
}
