//! Our cookies: `__Host-` and Secure on https; the same names without either on http loopback, where Safari keeps no Secure ones.

use crate::config::PublicUrl;
use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// Sign-in to the dashboard.
pub const LOGIN: &str = "keyloom";

/// The name as it goes over the wire.
pub fn name(public_url: &PublicUrl, base: &str) -> String {
    if public_url.is_secure() { format!("__Host-{base}") } else { base.to_owned() }
}

/// Reads a cookie of ours.
pub fn read(headers: &HeaderMap, public_url: &PublicUrl, base: &str) -> Option<String> {
    let wanted = name(public_url, base);
    all(headers).find(|cookie| cookie.name() == wanted).map(|cookie| cookie.value().to_owned())
}

/// Names (without prefix) of our cookies that start with `base`.
pub fn names_starting(headers: &HeaderMap, public_url: &PublicUrl, base: &str) -> Vec<String> {
    let prefix = if public_url.is_secure() { "__Host-" } else { "" };
    all(headers).filter_map(|cookie| cookie.name().strip_prefix(prefix).filter(|name| name.starts_with(base)).map(str::to_owned)).collect()
}

fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(Cookie::split_parse).filter_map(Result::ok)
}

/// A `Set-Cookie` value: HttpOnly, Lax, whole site, for `seconds` (none: until the browser closes).
pub fn set(public_url: &PublicUrl, base: &str, value: &str, seconds: Option<i64>) -> HeaderValue {
    let mut builder =
        Cookie::build((name(public_url, base), value.to_owned())).path("/").http_only(true).same_site(SameSite::Lax).secure(public_url.is_secure());
    if let Some(seconds) = seconds {
        builder = builder.max_age(time::Duration::seconds(seconds));
    }
    HeaderValue::try_from(builder.build().to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A `Set-Cookie` value that removes it.
pub fn remove(public_url: &PublicUrl, base: &str) -> HeaderValue {
    set(public_url, base, "", Some(0))
}
