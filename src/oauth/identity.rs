//! The who-am-I call: proves a credential and says whose it is.

use super::http::{Http, HttpError, Request};
use super::place::{self, BuildError};
use super::sign::{self, Moment};
use crate::catalog::{Definition, Identity, Method, Placement, Pointers, ProbeRequest, Template, Values};
use crate::domain::connection::Account;
use crate::oauth::token::clean;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use std::collections::BTreeMap;

/// What a who-am-I call found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The credential works; whose it is, where the service says so.
    Works(Option<Account>),
    /// The service refused the credential.
    Rejected(u16),
    /// The service gave no usable answer: nothing is known.
    Unknown(String),
    /// The integration has no such call.
    NoCheck,
}

/// Asks the service who the credential in `values` belongs to. What is signed for that is signed at `moment`.
pub async fn who_am_i(http: &Http, definition: &Definition, method: &Method, values: &Values, moment: &Moment) -> Verdict {
    let call = match (&method.identity, &method.test) {
        (Some(identity), _) => Call { method: &identity.method, url: &identity.url, headers: &identity.headers, body: identity.body.as_deref() },
        (None, Some(ProbeRequest { method, url, headers, body, .. })) => Call { method, url, headers, body: body.as_deref() },
        (None, None) => return Verdict::NoCheck,
    };
    let request = match signed(definition, method, &call, values, moment) {
        Ok(request) => request,
        Err(error) => return Verdict::Unknown(error.to_string()),
    };
    match http.send(request).await {
        Ok(answer) if answer.status.is_success() => {
            let account = method.identity.as_ref().and_then(|identity| read_account(identity, &answer.body));
            let rule = method.test.as_ref().filter(|_| method.identity.is_none()).and_then(|test| test.error_when.as_ref());
            let says_no = rule.is_some_and(|rule| serde_json::from_slice(&answer.body).is_ok_and(|body| rule.holds(&body)));
            if says_no || (account.is_none() && method.identity.is_some() && is_refusal(&answer.body)) {
                return Verdict::Rejected(answer.status.as_u16());
            }
            Verdict::Works(account)
        }
        Ok(answer) if matches!(answer.status.as_u16(), 400 | 401 | 403) => Verdict::Rejected(answer.status.as_u16()),
        Ok(answer) => Verdict::Unknown(format!("status {}", answer.status.as_u16())),
        Err(HttpError::Blocked(blocked)) => Verdict::Unknown(format!("the address is blocked, {blocked}")),
        Err(error) => Verdict::Unknown(error.to_string()),
    }
}

/// A request that a definition describes.
pub(super) struct Call<'a> {
    pub method: &'a str,
    pub url: &'a Template,
    pub headers: &'a BTreeMap<String, Template>,
    pub body: Option<&'a str>,
}

fn signed(definition: &Definition, method: &Method, call: &Call<'_>, values: &Values, moment: &Moment) -> Result<Request, BuildError> {
    let values = &sign::ready(method, values.clone(), moment)?;
    let mut request = build(definition, &method.placement, call, values)?;
    sign::sign(&method.placement, &mut request, values, moment)?;
    Ok(request)
}

/// Puts such a request together, with the credential in its place.
pub(super) fn build(definition: &Definition, placement: &Placement, call: &Call<'_>, values: &Values) -> Result<Request, BuildError> {
    let mut url = place::target(definition, call.url, values)?;
    place::add_api_query(definition, values, &mut url)?;
    place::add_query(placement, values, &mut url)?;
    let mut own = Vec::new();
    for (name, template) in call.headers {
        own.push((name.as_str(), template.render(values)?));
    }
    let mut headers = place::headers(definition, placement, &own, values)?;
    let body = call.body.unwrap_or_default().as_bytes().to_vec();
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let method = call.method.parse().unwrap_or(http::Method::GET);
    Ok(Request { method, url, headers, body })
}

/// A refusal that comes with status 200: `ok: false` (Slack), `error`, `errors` (GraphQL).
fn is_refusal(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|answer| {
        answer.get("ok") == Some(&serde_json::Value::Bool(false))
            || answer.get("error").is_some_and(|e| !e.is_null())
            || answer.get("errors").is_some_and(|e| !e.is_null())
    })
}

fn read_account(identity: &Identity, body: &[u8]) -> Option<Account> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let read = |pointers: &Pointers, length: usize| {
        pointers.iter().find_map(|pointer| match answer.pointer(pointer)? {
            serde_json::Value::String(text) if !text.trim().is_empty() => Some(clean(text, length)),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let id = read(&identity.id, 200);
    let label = read(&identity.label, 200);
    Some(Account {
        label: label.clone().or_else(|| id.clone())?,
        id: id.or(label)?,
        email: read(&identity.email, 320),
        avatar_url: read(&identity.avatar, 2000).filter(|url| url.starts_with("https://")),
        tenant: read(&identity.tenant, 200),
    })
}
