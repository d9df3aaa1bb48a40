//! What a service answered, as an output or an error.

use super::patience::Heard;
use super::redact::Redactor;
use super::{Done, Plan};
use crate::catalog::{Action, Definition};
use crate::domain::{Code, Error};
use crate::oauth::http::Answer;
use crate::oauth::token::clean;
use crate::service::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, LINK};
use serde_json::{Map, Value, json};

/// Most of a refusal's body that is passed on.
const MOST_OF_A_REFUSAL: usize = 16 * 1024;

/// What a service answered to `action` (any request, where there is none).
pub(super) fn judge(plan: &Plan, action: Option<&Action>, answer: Answer, heard: Heard, secrets: &Redactor) -> Result<Done> {
    let definition = &plan.definition;
    let status = answer.status.as_u16();
    let headers = answer.headers;
    let (kind, body) = read(&headers, answer.body, secrets);
    let rule = action.and_then(|action| action.error_when.as_ref()).or_else(|| definition.api.as_ref()?.error_when.as_ref());
    match action {
        _ if heard.throttled => Err(refusal(definition, &plan.action, status, heard, body)),
        Some(action) if (200..300).contains(&status) && !rule.is_some_and(|rule| rule.holds(&body)) => {
            let next = definition.next_of(action).and_then(|next| {
                let input = action.input.complete(plan.input.clone());
                next.after(&action.input, &input, &links(&headers, secrets), &body)
            });
            Ok(Done { output: action.output.pick(body), next })
        }
        // To who asks for a request of their own a redirect is an answer.
        None if (200..400).contains(&status) => {
            let output = json!({ "status": status, "headers": shown(&headers, secrets), "body": body, "bodyType": kind });
            Ok(Done { output, next: None })
        }
        _ => Err(refusal(definition, &plan.action, status, heard, body)),
    }
}

/// The header `Link`, of which there may be several.
fn links(headers: &HeaderMap, secrets: &Redactor) -> String {
    let all: Vec<_> = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).collect();
    secrets.text(all.join(", "))
}

/// The body without secrets, and what it is.
fn read(headers: &HeaderMap, body: Vec<u8>, secrets: &Redactor) -> (&'static str, Value) {
    if body.is_empty() {
        return ("empty", Value::Null);
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let is_text = media.is_empty() || media.starts_with("text/") || ["json", "xml", "javascript", "urlencoded"].iter().any(|kind| media.contains(kind));
    // Some answer with JSON and call it text.
    if is_text && let Ok(value) = serde_json::from_slice(&body) {
        return ("json", secrets.json(value));
    }
    match String::from_utf8(body) {
        Ok(text) => ("text", Value::String(secrets.text(text))),
        Err(error) => ("base64", Value::String(STANDARD.encode(secrets.bytes(error.into_bytes())))),
    }
}

/// Headers for the caller: not those between us and the service, no cookies.
fn shown(headers: &HeaderMap, secrets: &Redactor) -> Value {
    const HIDDEN: [&str; 13] = [
        "set-cookie",
        "set-cookie2",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        // Of the body as it was sent, which is not what is passed on.
        "content-encoding",
        "content-length",
    ];
    let mut shown = Map::new();
    for (name, value) in headers.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())) {
        let value = secrets.text(String::from_utf8_lossy(value.as_bytes()).into_owned());
        let both = shown.get(name.as_str()).and_then(Value::as_str).map(|before| format!("{before}, {value}"));
        shown.insert(name.as_str().to_owned(), Value::String(both.unwrap_or(value)));
    }
    Value::Object(shown)
}

fn refusal(definition: &Definition, action: &str, status: u16, heard: Heard, body: Value) -> Error {
    let service = &definition.display_name;
    let said = sentence(&body).map_or_else(String::new, |said| format!(": {said}"));
    let error = match status {
        _ if heard.throttled => Error::new(Code::ActionFailed, format!("{service} is asked too often (status {status}){said}")).with("throttled", true),
        500.. => Error::new(Code::Provider, format!("{service} failed at {action} (status {status}){said}")),
        401 => Error::new(Code::ActionFailed, format!("{service} refused {action} (status 401){said}")).suggest("If it goes on, connect the account again"),
        _ => Error::new(Code::ActionFailed, format!("{service} refused {action} (status {status}){said}")),
    };
    Error { retry_after: heard.seconds(), ..error.with("status", status).with("body", capped(body)) }
}

/// What a person should read of a refusal, in the places where services put it.
fn sentence(body: &Value) -> Option<String> {
    const PLACES: [&str; 12] = [
        "/error/message",
        "/error_description",
        "/message",
        "/errors/0/message",
        "/errors/0/detail",
        "/error/description",
        "/error",
        "/errors/0",
        "/detail",
        "/title",
        "/description",
        "/reason",
    ];
    let text = PLACES.iter().find_map(|place| body.pointer(place)?.as_str()).or_else(|| body.as_str().filter(|text| !text.trim_start().starts_with('<')))?;
    Some(clean(text, 200)).filter(|text| !text.is_empty())
}

fn capped(body: Value) -> Value {
    let text = match &body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= MOST_OF_A_REFUSAL {
        return body;
    }
    let end = (0..=MOST_OF_A_REFUSAL).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Value::String(format!("{}…", &text[..end]))
}
