//! The who-am-I call: proves a credential and says whose it is. Also puts credentials into requests.

use super::http::{Http, HttpError, Request};
use crate::catalog::{Definition, Identity, Method, Placement, Pointers, ProbeRequest, Template, TemplateError, Values};
use crate::domain::connection::Account;
use crate::oauth::token::clean;
use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use url::Url;

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

/// Asks the service who the credential in `values` belongs to.
pub async fn who_am_i(http: &Http, definition: &Definition, method: &Method, values: &Values) -> Verdict {
    let call = match (&method.identity, &method.test) {
        (Some(identity), _) => Call { method: &identity.method, url: &identity.url, headers: &identity.headers, body: identity.body.as_deref() },
        (None, Some(ProbeRequest { method, url, headers, body })) => Call { method, url, headers, body: body.as_deref() },
        (None, None) => return Verdict::NoCheck,
    };
    let request = match build(definition, &method.placement, &call, values) {
        Ok(request) => request,
        Err(error) => return Verdict::Unknown(error.to_string()),
    };
    match http.send(request).await {
        Ok(answer) if answer.status.is_success() => {
            let account = method.identity.as_ref().and_then(|identity| read_account(identity, &answer.body));
            if account.is_none() && method.identity.is_some() && is_refusal(&answer.body) {
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

struct Call<'a> {
    method: &'a str,
    url: &'a Template,
    headers: &'a BTreeMap<String, Template>,
    body: Option<&'a str>,
}

/// Why a request could not be put together.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the address is not a URL")]
    BadUrl,
    #[error("a header has characters that no header may hold")]
    BadHeader,
    #[error("the host {0} is not one of this integration's")]
    ForeignHost(String),
}

fn build(definition: &Definition, placement: &Placement, call: &Call<'_>, values: &Values) -> Result<Request, BuildError> {
    let api = definition.api.as_ref();
    let base = api.map(|api| api.base_url.render_url(values)).transpose()?;
    let rendered = if call.url.source().starts_with('/') {
        format!("{}{}", base.as_deref().ok_or(BuildError::BadUrl)?.trim_end_matches('/'), render_path(call.url, values)?)
    } else {
        call.url.render_url(values)?
    };
    let mut url = Url::parse(&rendered).map_err(|_| BuildError::BadUrl)?;
    confine(definition, base.as_deref(), call.url, &url)?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for templates in [api.map(|api| &api.headers), Some(&placement.headers), Some(call.headers)].into_iter().flatten() {
        for (name, template) in templates {
            insert_header(&mut headers, name, &template.render(values)?)?;
        }
    }
    if let Some(basic) = &placement.basic {
        let pair = format!("{}:{}", basic.username.render(values)?, basic.password.render(values)?);
        insert_header(&mut headers, AUTHORIZATION.as_str(), &format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))?;
    }
    for (name, template) in &placement.query {
        url.query_pairs_mut().append_pair(name, &template.render(values)?);
    }
    let body = call.body.unwrap_or_default().as_bytes().to_vec();
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let method = call.method.parse().unwrap_or(http::Method::GET);
    Ok(Request { method, url, headers, body })
}

/// A path template is rendered as if behind a host, so that its values are percent-encoded.
fn render_path(template: &Template, values: &Values) -> Result<String, TemplateError> {
    const HOST: &str = "https://h";
    let whole = Template::parse(&format!("{HOST}{}", template.source()))?.render_url(values)?;
    Ok(whole[HOST.len()..].to_owned())
}

/// The credential only goes to hosts that the definition names: that of the base URL, a literal one, the listed ones; and to
/// whatever discovery named for an issuer that the operator chose.
fn confine(definition: &Definition, base: Option<&str>, template: &Template, url: &Url) -> Result<(), BuildError> {
    let host = url.host_str().unwrap_or_default();
    let base_host = base.and_then(|base| Url::parse(base).ok()).and_then(|base| base.host_str().map(str::to_owned));
    let listed = definition.api.as_ref().is_some_and(|api| api.allowed_hosts.iter().any(|allowed| allowed == host));
    let literal = Url::parse(template.source()).ok().is_some_and(|literal| literal.host_str() == Some(host));
    let discovered = template.source() == "{{userinfo}}";
    if base_host.as_deref() == Some(host) || listed || literal || discovered { Ok(()) } else { Err(BuildError::ForeignHost(host.to_owned())) }
}

fn insert_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), BuildError> {
    let name = HeaderName::try_from(name).map_err(|_| BuildError::BadHeader)?;
    let mut value = HeaderValue::try_from(value).map_err(|_| BuildError::BadHeader)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
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
