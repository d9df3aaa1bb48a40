//! Puts credentials into requests, and keeps them to the hosts of their integration: for who-am-I calls and for actions.

use super::sign::SignError;
use crate::catalog::{BasicPlacement, Definition, JsonTemplate, Placement, Template, TemplateError, Values};
use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

/// Why a request could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A value is missing, or would change the meaning of what it is put into.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What came of it is no URL.
    #[error("the address is not a URL")]
    BadUrl,
    /// Line breaks and the like.
    #[error("a header has characters that no header may hold")]
    BadHeader,
    /// The credential would go to somebody else.
    #[error("the host {0} is not one of this integration's")]
    ForeignHost(String),
    /// What was entered cannot sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Where the API of a connection begins, without a slash at the end.
pub fn base_url(definition: &Definition, values: &Values) -> Result<Option<String>, BuildError> {
    let base = definition.api.as_ref().map(|api| api.base_url.render_url(values)).transpose()?;
    Ok(base.map(|base| base.trim_end_matches('/').to_owned()))
}

/// Where a template leads: a path under the base URL, or a whole URL. Never to a host that is not the integration's.
pub fn target(definition: &Definition, template: &Template, values: &Values) -> Result<Url, BuildError> {
    // A whole URL may do without: where a base URL needs the account that is being chosen, the list of accounts is at one.
    let (base, rendered) = if template.source().starts_with('/') {
        let base = base_url(definition, values)?.ok_or(BuildError::BadUrl)?;
        let rendered = format!("{base}{}", render_path(template, values)?);
        (Some(base), rendered)
    } else {
        (base_url(definition, values).ok().flatten(), template.render_url(values)?)
    };
    let url = Url::parse(&rendered).map_err(|_| BuildError::BadUrl)?;
    confine(definition, base.as_deref(), template, &url)?;
    Ok(url)
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
    let literal = Url::parse(template.source()).ok().is_some_and(|literal| literal.host_str() == Some(host));
    let discovered = template.source() == "{{userinfo}}";
    let base_host = base.and_then(|base| Url::parse(base).ok()).and_then(|base| base.host_str().map(str::to_owned));
    if base_host.as_deref() == Some(host) || is_listed(definition, host) || literal || discovered {
        Ok(())
    } else {
        Err(BuildError::ForeignHost(host.to_owned()))
    }
}

/// Whether the definition lists this host beside that of the base URL.
pub fn is_listed(definition: &Definition, host: &str) -> bool {
    definition.api.as_ref().is_some_and(|api| api.allowed_hosts.iter().any(|allowed| allowed == host))
}

/// All headers of a request: those of the API, the request's `own`, and the credential's last, so that nothing takes their place.
pub fn headers(definition: &Definition, placement: &Placement, own: &[(&str, String)], values: &Values) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, template) in definition.api.iter().flat_map(|api| &api.headers).filter(|(_, template)| has_all(template, values)) {
        insert(&mut headers, name, &template.render(values)?)?;
    }
    for (name, value) in own {
        insert(&mut headers, name, value)?;
    }
    for (name, value) in credential_headers(placement, values)? {
        insert(&mut headers, name, &value)?;
    }
    Ok(headers)
}

/// Whether everything that the template names is there.
pub(super) fn has_all(template: &Template, values: &Values) -> bool {
    template.names().all(|name| values.contains_key(name))
}

/// JSON without the members that name something which was not entered.
pub(super) fn fill(part: &JsonTemplate, values: &Values) -> Result<Option<Value>, TemplateError> {
    Ok(match part {
        JsonTemplate::Object(members) => {
            let mut filled = Map::new();
            for (name, part) in members {
                if let Some(value) = fill(part, values)? {
                    filled.insert(name.clone(), value);
                }
            }
            Some(Value::Object(filled))
        }
        JsonTemplate::Text(template) if !has_all(template, values) => None,
        other => other.fill(&Map::new(), values)?,
    })
}

/// Adds what the API wants in every query, unless the request says it itself.
pub fn add_api_query(definition: &Definition, values: &Values, url: &mut Url) -> Result<(), BuildError> {
    for (name, template) in definition.api.iter().flat_map(|api| &api.query).filter(|(_, template)| has_all(template, values)) {
        if !url.query_pairs().any(|(given, _)| given == name.as_str()) {
            url.query_pairs_mut().append_pair(name, &template.render(values)?);
        }
    }
    Ok(())
}

/// The headers that hold the credential.
pub fn credential_headers<'a>(placement: &'a Placement, values: &Values) -> Result<Vec<(&'a str, String)>, BuildError> {
    let mut headers = Vec::new();
    for (name, template) in &placement.headers {
        headers.push((name.as_str(), template.render(values)?));
    }
    if let Some(pair) = &placement.basic {
        headers.push((AUTHORIZATION.as_str(), basic(pair, values)?));
    }
    Ok(headers)
}

/// `Authorization` of HTTP Basic.
pub(super) fn basic(pair: &BasicPlacement, values: &Values) -> Result<String, TemplateError> {
    let pair = format!("{}:{}", pair.username.render(values)?, pair.password.render(values)?);
    Ok(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

/// Adds the query parameters that hold the credential.
pub fn add_query(placement: &Placement, values: &Values, url: &mut Url) -> Result<(), BuildError> {
    for (name, template) in &placement.query {
        url.query_pairs_mut().append_pair(name, &template.render(values)?);
    }
    Ok(())
}

/// Adds a header that no log shows.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), BuildError> {
    let name = HeaderName::try_from(name).map_err(|_| BuildError::BadHeader)?;
    let mut value = HeaderValue::try_from(value).map_err(|_| BuildError::BadHeader)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
