//! What went wrong, in the language of the page. The exact words, which the API has too, are English and stand under "Details".

use super::{document, fill};
use crate::domain::{Code, Error};
use crate::hosted::texts::{Texts, texts};
use crate::server::trace::current_request_id;
use crate::service::connect::Trouble;
use crate::service::form::Wrong;
use crate::service::logos::Theme;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// What is said under "Details": the code, and the exact words.
#[derive(Debug, Clone)]
pub struct Exactly {
    /// For machines.
    pub code: String,
    /// For people, in English.
    pub message: String,
}

impl From<&Error> for Exactly {
    fn from(error: &Error) -> Self {
        let message = match &error.suggestion {
            Some(suggestion) => format!("{}. {suggestion}", error.message),
            None => error.message.clone(),
        };
        Self { code: error.code.as_str().to_owned(), message }
    }
}

/// One sentence about `trouble`. `values` are `service` and `asker`.
pub(super) fn sentence(t: &'static Texts, trouble: Trouble, values: &[(&str, &str)]) -> String {
    let text = match trouble {
        Trouble::NotGranted => t.not_granted,
        Trouble::Rejected => t.rejected,
        Trouble::Unreachable => t.unreachable,
        Trouble::NotSetUp => t.not_set_up,
        Trouble::NotCompleted => t.not_completed,
        Trouble::Ended => t.not_working,
        Trouble::Other => t.trouble,
    };
    fill(text, values)
}

/// What is wrong with a field.
pub(super) fn field_error(t: &'static Texts, label: &str, wrong: &Wrong) -> AnyView {
    let text = match wrong {
        Wrong::Required => t.required,
        Wrong::TooLong => t.too_long,
        Wrong::NotOneLine => t.one_line,
        Wrong::NotANumber => t.number,
        Wrong::NotAHost => t.host,
        Wrong::HostOutside(_) => t.ending,
        Wrong::Refused => t.refused,
        // A browser sends the others only if somebody has changed the form.
        Wrong::NotABoolean | Wrong::NotAnOption(_) | Wrong::Form(_) | Wrong::NoSuchField(_) => t.unfit,
    };
    let endings = if let Wrong::HostOutside(suffixes) = wrong { suffixes.join(", ") } else { String::new() };
    let text = fill(text, &[("field", label), ("endings", &endings)]);
    match wrong {
        // The catalogue speaks English, and says more than the sentence for all fields does.
        Wrong::Form(Some(own)) if t.code == "en" => own.clone().into_any(),
        Wrong::Form(Some(own)) => view! { {text} " (" <span lang="en">{own.clone()}</span> ")" }.into_any(),
        _ => text.into_any(),
    }
}

/// A message above a form or a list.
pub(super) fn problem_box(t: &'static Texts, text: String, exactly: Option<Exactly>) -> AnyView {
    view! { <div class="problem" role="alert"><p>{text}</p>{exactly.map(|exactly| details(t, exactly))}</div> }.into_any()
}

fn details(t: &'static Texts, exactly: Exactly) -> AnyView {
    view! {
        <details>
            <summary>{t.details}</summary>
            <p lang="en">{exactly.message}</p>
            <p><code>{exactly.code}</code>" · "<code>{current_request_id()}</code></p>
        </details>
    }
    .into_any()
}

/// Something that cannot go on: what, and what to do.
pub fn problem(error: &Error, language: &str) -> Response {
    let t = texts(language);
    let (heading, help) = match error.code {
        Code::InvalidToken | Code::MissingToken | Code::NotFound => (t.bad_link, t.bad_link_help),
        Code::SessionExpired => (t.expired, t.start_again),
        Code::SessionAlreadyOpen => (t.other_browser, t.other_browser_help),
        _ => (t.trouble, t.trouble_help),
    };
    let body = view! { <h1>{heading}</h1> <p>{help}</p> {details(t, Exactly::from(error))} };
    document(t.code, heading, Theme::default(), status_of(error), body)
}

/// The same for those who work in the dashboard: the exact words, at once.
pub fn refusal(error: &Error) -> Response {
    let help = error.suggestion.clone().map(|suggestion| view! { <p>{suggestion}</p> });
    let body = view! {
        <h1>{error.message.clone()}</h1>
        {help}
        <details><summary>"Details"</summary><p><code>{error.code.as_str()}</code>" · "<code>{current_request_id()}</code></p></details>
    };
    document("en", &error.message, Theme::default(), status_of(error), body)
}

pub(super) fn status_of(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
