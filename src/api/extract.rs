//! Reading bodies and queries strictly: a typo is refused with its name, never ignored.

use super::error::ApiError;
use crate::domain::{Code, Error, FieldError};
use crate::server::state::AppState;
use crate::store::Page;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Largest body.
pub const MAX_BODY: usize = 1024 * 1024;

/// Query parameters that the published clients send and that mean nothing here.
const IGNORED: [&str; 1] = ["includeSuspended"];

/// A JSON object. An absent body equals `{}`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        // Bodies are read last: a query that nobody has read until now is meant for nothing.
        if request.extensions().get::<QueryRead>().is_none() {
            decode::<Nothing>(pairs(request.uri().query())?)?;
        }
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
        let bytes = read_bytes(request, state).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return read(b"{}").map(Self).map_err(ApiError);
        }
        let is_json = content_type.as_deref().is_some_and(|text| {
            let media = text.split(';').next().unwrap_or_default().trim();
            media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
        });
        if !is_json {
            return Err(Error::new(Code::UnsupportedMediaType, "The body must be JSON").suggest("Send `Content-Type: application/json`").into());
        }
        read(&bytes).map(Self).map_err(ApiError)
    }
}

/// The whole body.
pub async fn read_bytes(request: Request, state: &AppState) -> Result<Bytes, Error> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status().as_u16() {
        413 => Error::new(Code::PayloadTooLarge, "The body is larger than 1 MiB"),
        _ => Error::new(Code::Validation, "The body could not be read"),
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Error::new(Code::Validation, "The body must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { data_error(&path, &inner.to_string()) } else { Error::new(Code::Validation, format!("The body is not valid JSON: {inner}")) }
    })?;
    deserializer.end().map_err(|error| Error::new(Code::Validation, format!("The body is not valid JSON: {error}")))?;
    refuse_nul(bytes)?;
    Ok(value)
}

/// Members that hold whatever the customer likes.
const FREE: [&str; 2] = ["metadata", "settings"];

/// U+0000 is in no name, id or key, and PostgreSQL cannot even compare with it. JSON can only write it as an escape.
fn refuse_nul(bytes: &[u8]) -> Result<(), Error> {
    if !bytes.windows(6).any(|window| window == br"\u0000") {
        return Ok(());
    }
    let body: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
    let mut members = body.iter().filter(|(name, _)| !FREE.contains(&name.as_str()));
    match members.find(|(_, value)| has_nul(value)) {
        Some((name, _)) => Err(Error::field(name.clone(), format!("{name} must not contain control characters"))),
        None => Ok(()),
    }
}

fn has_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// serde's words, with the field that they are about.
fn data_error(path: &str, message: &str) -> Error {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(str::to_owned);
    if let Some(name) = quoted("missing field `") {
        return Error::required(if path == "." { name } else { format!("{path}.{name}") });
    }
    if let Some(name) = quoted("unknown field `") {
        let at = path.rsplit_once('.').map_or_else(|| name.clone(), |(parent, _)| format!("{parent}.{name}"));
        return Error::fields(vec![FieldError { path: at, code: "UNKNOWN".to_owned(), message: format!("{name} is not a parameter here") }]);
    }
    if let Some(name) = quoted("duplicate field `") {
        return Error::field(name.clone(), format!("{name} is there twice"));
    }
    let path = if path == "." { String::new() } else { path.to_owned() };
    Error::fields(vec![FieldError { message: format!("{path}: {message}"), path, code: "INVALID".to_owned() }])
}

/// Left in the request by whoever read its query.
#[derive(Clone)]
struct QueryRead;

/// Query parameters.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        parts.extensions.insert(QueryRead);
        Ok(Self(decode(pairs(parts.uri.query())?)?))
    }
}

/// Query parameters of a list: `limit`, `offset`, `cursor` and the list's own.
pub struct ListParams<T> {
    /// Which part.
    pub page: Page,
    /// Narrowed to what.
    pub filter: T,
}

impl<T: DeserializeOwned> FromRequestParts<AppState> for ListParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        parts.extensions.insert(QueryRead);
        let mut pairs = pairs(parts.uri.query())?;
        let mut take = |name: &str| pairs.iter().position(|(key, _)| key == name).map(|index| pairs.remove(index).1);
        let (limit, offset, cursor) = (take("limit"), take("offset"), take("cursor"));
        let number = |path: &str, text: Option<String>, default: i64, range: std::ops::RangeInclusive<i64>| -> Result<i64, Error> {
            let Some(text) = text else { return Ok(default) };
            let out_of_range = || {
                Error::fields(vec![FieldError {
                    path: path.to_owned(),
                    code: "OUT_OF_RANGE".to_owned(),
                    message: format!("{path} must be a number from {} to {}", range.start(), range.end()),
                }])
            };
            text.parse().ok().filter(|value| range.contains(value)).ok_or_else(out_of_range)
        };
        if offset.is_some() && cursor.is_some() {
            return Err(Error::field("cursor", "give offset or cursor, not both").into());
        }
        let cursor_fits = |cursor: &String| cursor.len() <= 80 && cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if cursor.as_ref().is_some_and(|cursor| !cursor_fits(cursor)) {
            return Err(Error::field("cursor", "cursor is not one that a list answered with").into());
        }
        let page = Page { limit: number("limit", limit, 50, 1..=200)?, offset: number("offset", offset, 0, 0..=10_000_000)?, before: cursor };
        Ok(Self { page, filter: decode(pairs)? })
    }
}

fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.unwrap_or_default()).map_err(|_| Error::new(Code::Validation, "The query is not valid"))?;
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in &pairs {
        if ["access_token", "api_key", "apiKey", "token"].contains(&name.as_str()) {
            return Err(Error::field(name.clone(), "secrets do not belong in a URL: send the key in the Authorization header"));
        }
        if !seen.insert(name.clone()) {
            return Err(Error::field(name.clone(), format!("{name} is there twice")));
        }
        if value.chars().any(char::is_control) {
            return Err(Error::field(name.clone(), format!("{name} must not contain control characters")));
        }
    }
    Ok(pairs.into_iter().filter(|(name, _)| !IGNORED.contains(&name.as_str())).collect())
}

fn decode<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Error> {
    let map: serde_json::Map<_, _> = pairs.into_iter().map(|(name, value)| (name, serde_json::Value::String(value))).collect();
    from_value(serde_json::Value::Object(map))
}

/// Reads a value as strictly as a body.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        data_error(&path, &error.into_inner().to_string())
    })
}

/// No parameters at all.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `true` or `false`.
pub fn flag(path: &str, text: Option<&str>) -> Result<bool, Error> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::field(path, format!("{path} must be true or false"))),
    }
}
