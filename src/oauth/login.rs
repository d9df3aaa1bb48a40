//! Getting a short-lived access token with what a person entered: the client credentials or the JWT bearer grant, or a login request of
//! the service's own.

use super::exchange::{self, Failure, retry_after};
use super::http::{Answer, Http, Request};
use super::place;
use super::sign::{self, Moment};
use super::token::{self, Refusal, Tokens};
use crate::catalog::{
    self, BodyEncoding, ClientAuth, ClientCredentials, Definition, ExpiresUnit, FieldType, JWT, JWT_BEARER, JwtBearer, Login, LoginRequest, Method, Template,
    TokenBody, TokenErrors, Values,
};
use crate::domain::{Timestamp, time};
use crate::vault::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;

/// Logs in with `values`, what was entered for `method`.
pub async fn log_in(http: &Http, definition: &Definition, method: &Method, values: &Values, moment: &Moment) -> Result<Tokens, Failure> {
    let login = method.login.as_ref().ok_or_else(|| Failure::Unsendable("the integration has no login any more".to_owned()))?;
    let values = &sign::ready(method, values.clone(), moment).map_err(unsendable)?;
    let request = build(definition, login, values)?;
    let outcome = read(login, &http.send(request).await?, moment.now);
    outcome.map_err(|failure| without_secrets(failure, method, values))
}

/// Where the login goes.
pub fn address(definition: &Definition, login: &Login, values: &Values) -> Result<Url, Failure> {
    let (_, url) = login.url().ok_or_else(|| Failure::Unsendable("the integration does not say how to log in".to_owned()))?;
    if url.source().starts_with('/') {
        return place::target(definition, url, values).map_err(unsendable);
    }
    Url::parse(&url.render_url(values).map_err(unsendable)?).map_err(unsendable)
}

/// The values of an answer that are kept as props.
pub fn captured(login: &Login, answer: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let unusable = |name| Refusal { code: "unexpected_answer".to_owned(), description: Some(format!("no usable value for {name}")) };
    catalog::captured(&login.capture, |pointer| catalog::text_at(answer, pointer)).map_err(|name| Failure::Refused(unusable(name)))
}

fn build(definition: &Definition, login: &Login, values: &Values) -> Result<Request, Failure> {
    let url = address(definition, login, values)?;
    match (&login.client_credentials, &login.jwt_bearer, &login.request) {
        (Some(grant), ..) => grant_request(url, grant, values),
        (None, Some(grant), _) => bearer_request(url, grant, values),
        (None, None, Some(request)) => own_request(url, request, values),
        (None, None, None) => Err(Failure::Unsendable("the integration does not say how to log in".to_owned())),
    }
}

fn grant_request(url: Url, grant: &ClientCredentials, values: &Values) -> Result<Request, Failure> {
    let mut params = params_of(&grant.params, grant.scope.as_ref(), values)?;
    params.insert("grant_type", grant.grant_type.clone());
    let mut headers = headers_of(&grant.headers, values)?;
    let id = grant.client_id.render_text(values).map_err(unsendable)?;
    let secret = grant.client_secret.as_ref().map(|secret| secret.render_text(values).map_err(unsendable)).transpose()?;
    match secret {
        Some(secret) if grant.client_auth == ClientAuth::Body => params.extend([("client_id", id), ("client_secret", secret)]),
        Some(secret) => {
            headers.insert(AUTHORIZATION, exchange::basic(grant.client_auth, &id, &secret)?);
        }
        None => {
            const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            params.extend([("client_id", id), ("client_assertion_type", KIND.to_owned()), ("client_assertion", jwt(values)?)]);
        }
    }
    exchange::with_params(url, grant.token_body, &params.into_iter().collect::<Vec<_>>(), headers)
}

fn bearer_request(url: Url, grant: &JwtBearer, values: &Values) -> Result<Request, Failure> {
    let mut params = params_of(&grant.params, grant.scope.as_ref(), values)?;
    params.extend([("grant_type", JWT_BEARER.to_owned()), ("assertion", jwt(values)?)]);
    let headers = headers_of(&grant.headers, values)?;
    exchange::with_params(url, TokenBody::Form, &params.into_iter().collect::<Vec<_>>(), headers)
}

fn jwt(values: &Values) -> Result<String, Failure> {
    values.get(JWT).cloned().ok_or_else(|| Failure::Unsendable("the integration does not say how its JWT is signed".to_owned()))
}

fn params_of<'a>(own: &'a BTreeMap<String, Template>, scope: Option<&Template>, values: &Values) -> Result<BTreeMap<&'a str, String>, Failure> {
    let mut params = BTreeMap::new();
    for (name, template) in own.iter().map(|(name, template)| (name.as_str(), template)).chain(scope.map(|scope| ("scope", scope))) {
        if place::has_all(template, values) {
            params.insert(name, template.render_text(values).map_err(unsendable)?);
        }
    }
    Ok(params)
}

fn own_request(url: Url, login: &LoginRequest, values: &Values) -> Result<Request, Failure> {
    let mut headers = headers_of(&login.headers, values)?;
    if let Some(pair) = &login.basic {
        place::insert(&mut headers, AUTHORIZATION.as_str(), &place::basic(pair, values).map_err(unsendable)?).map_err(unsendable)?;
    }
    let mut members = Map::new();
    for (name, part) in &login.body {
        if let Some(value) = place::fill(part, values).map_err(unsendable)? {
            members.insert(name.clone(), value);
        }
    }
    let body = match login.encoding {
        _ if login.body.is_empty() => None,
        BodyEncoding::Json => Some(("application/json", Value::Object(members).to_string())),
        BodyEncoding::Form => {
            let pairs = members.into_iter().map(|(name, value)| (name, if let Value::String(text) = value { text } else { value.to_string() }));
            Some(("application/x-www-form-urlencoded", serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).map_err(unsendable)?))
        }
    };
    if let Some((kind, _)) = &body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let method = login.method.parse().map_err(unsendable)?;
    Ok(Request { method, url, headers, body: body.map(|(_, body)| body.into_bytes()).unwrap_or_default() })
}

fn headers_of(own: &BTreeMap<String, Template>, values: &Values) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, template) in own.iter().filter(|(_, template)| place::has_all(template, values)) {
        place::insert(&mut headers, name, &template.render(values).map_err(unsendable)?).map_err(unsendable)?;
    }
    Ok(headers)
}

fn unsendable(error: impl std::fmt::Display) -> Failure {
    Failure::Unsendable(error.to_string())
}

fn read(login: &Login, answer: &Answer, now: Timestamp) -> Result<Tokens, Failure> {
    let status = answer.status.as_u16();
    let body = token::parse_body(&answer.body).filter(Value::is_object);
    let says_no = login.error_when.as_ref().is_some_and(|rule| body.as_ref().is_some_and(|body| rule.holds(body)));
    if !answer.status.is_success() || says_no {
        return Err(classify(login, status, body.as_ref(), &answer.headers));
    }
    let Some(body) = body else { return Err(Failure::Transport(format!("the answer with status {status} is not JSON"))) };
    let found = login.token.iter().find_map(|pointer| body.pointer(pointer)?.as_str());
    let Some(access_token) = found.filter(|token| token::is_header_safe(token)).map(Secret::new) else {
        // A second factor is asked for, say: what else it may be, only a person can tell.
        let said = token::refusal(&body, &TokenErrors::default()).description.unwrap_or_else(|| "there is no token in its answer".to_owned());
        return Err(Failure::Refused(Refusal { code: "no_token".to_owned(), description: Some(said) }));
    };
    let expires_in = lifetime(login, &body, &answer.headers, now).or(login.default_expires_in);
    Ok(Tokens {
        access_token,
        refresh_token: None,
        token_type: "Bearer".to_owned(),
        expires_in,
        ends_at: None,
        scopes: token::scopes(&body),
        id_token: None,
        raw: body,
    })
}

/// Seconds that the token lives.
fn lifetime(login: &Login, body: &Value, headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let found = login.expires.pointer.iter().find_map(|pointer| body.pointer(pointer))?;
    let seconds = match login.expires.unit {
        ExpiresUnit::Seconds => token::number(found)?,
        ExpiresUnit::Milliseconds => token::number(found)? / 1000,
        // After the answer's own date, so that clocks need not agree.
        ExpiresUnit::Datetime => time::parse(found.as_str()?)?.seconds_since(date(headers).unwrap_or(now)),
        ExpiresUnit::Jwt => {
            let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(found.as_str()?.split('.').nth(1)?).ok()?).ok()?;
            let begins = claims.get("iat").and_then(token::number).unwrap_or(date(headers).unwrap_or(now).0 / 1000);
            token::number(claims.get("exp")?)?.saturating_sub(begins)
        }
    };
    Some(seconds.clamp(0, token::MAX_LIFETIME))
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = ::time::OffsetDateTime::parse(text, &::time::format_description::well_known::Rfc2822).ok()?;
    Some(Timestamp(date.unix_timestamp().saturating_mul(1000)))
}

/// What an answer without a token means. A refusal ends it for the connection, so what may be a bad day of the service is none.
fn classify(login: &Login, status: u16, body: Option<&Value>, headers: &HeaderMap) -> Failure {
    let mut refusal = body.map_or_else(|| Refusal { code: String::new(), description: None }, |body| token::refusal(body, &TokenErrors::default()));
    let is_named = !refusal.code.is_empty() && refusal.code != "malformed_answer";
    if !is_named {
        refusal.code = format!("status {status}");
    }
    match (refusal.code.as_str(), status) {
        (_, 429) => Failure::Throttled(retry_after(headers).unwrap_or(30)),
        ("temporarily_unavailable" | "server_error" | "slow_down", _) => Failure::ProviderDown(status),
        (_, 503) => retry_after(headers).map_or(Failure::ProviderDown(status), Failure::Throttled),
        (_, 408 | 425 | 500..) => Failure::ProviderDown(status),
        ("invalid_client" | "unauthorized_client" | "invalid_grant" | "access_denied", _) | (_, 401) => Failure::LoginRefused(refusal),
        // About what is asked for, not about who asks (RFC 6749 §5.2, RFC 8707).
        ("invalid_scope" | "invalid_request" | "unsupported_grant_type" | "invalid_target", _) if login.is_grant() => Failure::Refused(refusal),
        (_, 200..=299 | 400 | 403 | 404 | 422) if body.is_some() => Failure::LoginRefused(refusal),
        // A page of somebody who stands in between: a proxy, a wall against robots.
        _ => Failure::Refused(refusal),
    }
}

/// Some repeat what they were sent.
fn without_secrets(failure: Failure, method: &Method, values: &Values) -> Failure {
    let entered = method.fields.iter().filter(|field| field.kind == FieldType::Secret).map(|field| field.key.as_str());
    let signed_with = method.jwt.iter().flat_map(|jwt| jwt.key.names());
    // What is long is cut off when it is repeated: the JWT is known by its beginning.
    let jwt = values.get(JWT).and_then(|jwt| jwt.split('.').next());
    let secrets = entered.chain(signed_with).filter_map(|name| values.get(name)).map(String::as_str).chain(jwt);
    let secrets: Vec<&str> = secrets.filter(|secret| secret.len() > 3).collect();
    let clean = |refusal: Refusal| {
        let shows = |text: &str| secrets.iter().any(|secret| text.contains(*secret));
        Refusal { code: if shows(&refusal.code) { "refused".to_owned() } else { refusal.code }, description: refusal.description.filter(|text| !shows(text)) }
    };
    match failure {
        Failure::LoginRefused(refusal) => Failure::LoginRefused(clean(refusal)),
        Failure::Refused(refusal) => Failure::Refused(clean(refusal)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::StatusCode;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn login(more: &str) -> Login {
        toml::from_str(more).unwrap()
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const REQUEST: &str = "[request]\nurl = \"https://a.example/login\"\n";
    const GRANT: &str = "[client_credentials]\ntoken_url = \"https://a.example/token\"\nclient_id = \"{{id}}\"\nclient_secret = \"{{secret}}\"\n";

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_lifetime_in_every_unit() {
        let life = |expires: &str, body: Value| read(&login(&format!("{expires}\n{REQUEST}")), &answer(200, &body.to_string()), NOW).unwrap().expires_in;
        let token = "access_token";
        assert_eq!(life("", json!({ token: "t", "expires_in": 60 })), Some(60));
        assert_eq!(life("", json!({ token: "t", "expires_in": "60" })), Some(60));
        assert_eq!(life("", json!({ token: "t" })), None);
        assert_eq!(life("default_expires_in = 90", json!({ token: "t" })), Some(90));
        assert_eq!(life("expires = { pointer = \"/ms\", unit = \"milliseconds\" }", json!({ token: "t", "ms": 31_536_000_000_i64 })), Some(31_536_000));
        let at = NOW.plus_seconds(120).rfc3339();
        assert_eq!(life("expires = { pointer = \"/at\", unit = \"datetime\" }", json!({ token: "t", "at": at })), Some(120));
        let jwt = |claims: Value| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let by_jwt = "expires = { pointer = \"/access_token\", unit = \"jwt\" }\ndefault_expires_in = 7";
        assert_eq!(life(by_jwt, json!({ token: jwt(json!({ "iat": 1000, "exp": 1600 })) })), Some(600));
        assert_eq!(life(by_jwt, json!({ token: jwt(json!({ "exp": NOW.0 / 1000 + 30 })) })), Some(30));
        assert_eq!(life(by_jwt, json!({ token: "opaque" })), Some(7), "what is no JWT says nothing");
    }

    #[test]
    fn the_date_of_the_answer_counts() {
        let mut answer = answer(200, r#"{"access_token":"t","at":"2026-11-24T13:00:00Z"}"#);
        answer.headers.insert(DATE, HeaderValue::from_static("Tue, 24 Nov 2026 12:00:00 GMT"));
        let login = login(&format!("expires = {{ pointer = \"/at\", unit = \"datetime\" }}\n{REQUEST}"));
        assert_eq!(read(&login, &answer, NOW).unwrap().expires_in, Some(3600), "whatever our clock says");
    }

    #[test]
    fn what_an_answer_without_a_token_means() {
        let meant = |kind: &str, status: u16, body: &str| read(&login(kind), &answer(status, body), NOW).unwrap_err();
        let refused = |failure: Failure| matches!(failure, Failure::LoginRefused(_));
        assert!(refused(meant(GRANT, 401, r#"{"error":"invalid_client"}"#)));
        assert!(refused(meant(GRANT, 400, r#"{"error":"invalid_client"}"#)));
        assert!(refused(meant(GRANT, 401, "")));
        assert!(refused(meant(GRANT, 400, r#"{"error":"unauthorized_client"}"#)));
        assert!(matches!(meant(GRANT, 400, r#"{"error":"invalid_scope"}"#), Failure::Refused(_)), "the secret may be right");
        assert!(refused(meant(REQUEST, 400, r#"{"message":"wrong password"}"#)));
        assert!(refused(meant(REQUEST, 403, r#"{"message":"no"}"#)));
        assert!(matches!(meant(REQUEST, 403, "<html>are you a robot?</html>"), Failure::Refused(_)));
        assert!(matches!(meant(REQUEST, 200, r#"{"twoFactor":true}"#), Failure::Refused(_)));
        assert!(matches!(meant(REQUEST, 200, "<html></html>"), Failure::Transport(_)));
        for status in [500, 502, 503, 408] {
            assert!(matches!(meant(GRANT, status, r#"{"error":"invalid_client"}"#), Failure::ProviderDown(_)), "{status}");
        }
        assert_eq!(meant(GRANT, 429, ""), Failure::Throttled(30));
        let by_flag = format!("error_when = {{ pointer = \"/ok\", equals = false }}\n{REQUEST}");
        assert!(refused(meant(&by_flag, 200, r#"{"ok":false,"access_token":"t"}"#)));
        assert!(meant(REQUEST, 200, r#"{"access_token":"a\r\nb"}"#).code() == "no_token", "no token has line breaks");
    }

    #[test]
    fn what_was_not_entered_is_not_sent() {
        let grant = login(&format!("{GRANT}scope = \"{{{{scope}}}}\"\nparams = {{ audience = \"{{{{audience}}}}\", fixed = \"1\" }}"));
        let definition: Definition =
            toml::from_str("name = \"a\"\ndisplay_name = \"A\"\ndescription = \"d\"\ncategories = [\"ai\"]\ndocs_url = \"https://a.example\"").unwrap();
        let sent = |login: &Login, values: &Values| String::from_utf8(build(&definition, login, values).unwrap().body).unwrap();
        assert_eq!(sent(&grant, &values(&[("id", "i"), ("secret", "s&")])), "client_id=i&client_secret=s%26&fixed=1&grant_type=client_credentials");
        assert!(sent(&grant, &values(&[("id", "i"), ("secret", "s"), ("scope", "a b")])).ends_with("&scope=a+b"));
        let own = login(&format!(
            "{REQUEST}body = {{ user = \"{{{{user}}}}\", domain = \"{{{{domain}}}}\", deep = {{ kind = \"x\", pw = \"{{{{pw}}}}\", no = \"{{{{domain}}}}\" }} }}"
        ));
        assert_eq!(sent(&own, &values(&[("user", "u\""), ("pw", "p")])), r#"{"deep":{"kind":"x","pw":"p"},"user":"u\""}"#);
    }

    #[test]
    fn captures_fit_their_patterns() {
        let login = login(&format!("{REQUEST}[[capture]]\nname = \"host\"\nfrom = \"/host\"\npattern = '[a-z]+\\.example'\nrequired = true\n"));
        assert_eq!(captured(&login, &json!({ "host": "eu.example" })).unwrap()["host"], "eu.example");
        for evil in [json!({ "host": "evil.com/#.example" }), json!({ "host": "" }), json!({})] {
            assert!(captured(&login, &evil).is_err(), "{evil}");
        }
    }
}
