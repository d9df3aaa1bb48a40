//! Reading token answers. RFC 6749 §5 says what they should look like; this accepts what providers really send, within limits,
//! and never panics whatever the bytes are. The `oauth2` crate's parser refuses a third of what is out there, and prints bodies.

use crate::catalog::{OAuth2, Pointers, TokenErrors};
use crate::domain::Timestamp;
use crate::vault::Secret;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a provider gave.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the API.
    pub access_token: Secret,
    /// For the next one.
    pub refresh_token: Option<Secret>,
    /// As it goes before the token: `Bearer`.
    pub token_type: String,
    /// Seconds it lives; 0 or less means that it has ended already.
    pub expires_in: Option<i64>,
    /// The moment of its end, from providers that name that instead.
    pub ends_at: Option<Timestamp>,
    /// What was granted; none: as asked (RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
    /// OpenID Connect identity token.
    pub id_token: Option<Secret>,
    /// The whole answer, for captures. Secret.
    pub raw: Value,
}

impl Tokens {
    /// When the access token ends, if it was given at `now` and ends at all.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = now.plus_seconds(MAX_LIFETIME);
        self.ends_at.map(|end| end.clamp(now, latest)).or_else(|| self.expires_in.map(|seconds| now.plus_seconds(seconds)))
    }
}

/// The provider's refusal (RFC 6749 §5.2), or what it sent instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `invalid_grant`, `invalid_client`, …, or ours: `malformed_answer`.
    pub code: String,
    /// The provider's words, cut to 200 characters, no control characters.
    pub description: Option<String>,
}

/// Largest lifetime believed: ten years. Providers send 2^63 for "never".
pub(super) const MAX_LIFETIME: i64 = 10 * 365 * 86_400;

/// Reads an answer with `status`.
pub fn parse(status: u16, body: &[u8], definition: &OAuth2) -> Result<Tokens, Refusal> {
    let Some(Value::Object(top)) = parse_body(body) else {
        return Err(Refusal { code: if (200..300).contains(&status) { "malformed_answer" } else { "no_usable_answer" }.to_owned(), description: None });
    };
    let top = Value::Object(top);
    let root = definition.token_root.as_deref().and_then(|pointer| top.pointer(pointer)).unwrap_or(&top);
    if definition.error_when.as_ref().is_some_and(|rule| rule.holds(&top)) {
        return Err(refusal(&top, &definition.errors));
    }
    let answer = &definition.token_answer;
    let access_token = part(root, answer.access_token.as_deref(), "access_token").and_then(non_empty).filter(|token| is_header_safe(token));
    let Some(access_token) = access_token.filter(|_| (200..300).contains(&status)) else {
        return Err(refusal(&top, &definition.errors));
    };
    let ends_at = answer.expires_at.as_deref().and_then(|pointer| moment(root.pointer(pointer)?));
    Ok(Tokens {
        access_token: Secret::new(access_token),
        refresh_token: part(root, answer.refresh_token.as_deref(), "refresh_token").and_then(non_empty).map(Secret::new),
        token_type: text(root, &["token_type"]).filter(|kind| !matches!(kind.as_str(), "bot" | "user")).unwrap_or_else(|| "Bearer".to_owned()),
        expires_in: part(root, answer.expires_in.as_deref(), "expires_in").and_then(lifetime).or(definition.default_expires_in),
        ends_at,
        scopes: scopes(root).or_else(|| scopes(&top)),
        id_token: text(root, &["id_token"]).map(Secret::new),
        raw: top,
    })
}

/// The code of an error in an answer that need not hold tokens; none where it does not speak of one.
pub fn error_of(body: &[u8], definition: &OAuth2) -> Option<String> {
    let top = serde_json::from_slice::<Value>(body).ok()?;
    let speaks = top.get("error").is_some_and(|error| !error.is_null()) || definition.error_when.as_ref().is_some_and(|rule| rule.holds(&top));
    speaks.then(|| refusal(&top, &definition.errors).code)
}

/// JSON whatever the content type says, else form encoding.
pub(super) fn parse_body(body: &[u8]) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return Some(value);
    }
    let text = std::str::from_utf8(body).ok()?;
    if !text.contains('=') || text.trim_start().starts_with(['<', '{', '[']) {
        return None;
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text.trim()).ok()?;
    Some(Value::Object(pairs.into_iter().map(|(key, value)| (key, Value::String(value))).collect::<Map<_, _>>()))
}

/// What the definition points at, else what has the standard name.
fn part<'a>(root: &'a Value, pointer: Option<&str>, name: &str) -> Option<&'a Value> {
    pointer.and_then(|pointer| root.pointer(pointer)).or_else(|| root.get(name))
}

fn non_empty(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A non-empty string under one of `keys`.
fn text(root: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| root.get(*key)?.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// No control characters, no spaces: it is going to be in a header.
pub(super) fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Seconds of a lifetime.
fn lifetime(value: &Value) -> Option<i64> {
    Some(number(value)?.clamp(0, MAX_LIFETIME))
}

/// A number, a float, or text that is one.
#[expect(clippy::cast_possible_truncation, reason = "a float beyond i64 saturates, which is what is wanted")]
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse::<i64>().ok().or_else(|| text.trim().parse::<f64>().ok().filter(|f| f.is_finite()).map(|f| f as i64)),
        _ => None,
    }
}

/// A moment: RFC 3339, or seconds since 1970, or milliseconds, which are later than the year 5000 if they were seconds.
fn moment(value: &Value) -> Option<Timestamp> {
    const SECONDS_END: i64 = 100_000_000_000;
    if let Some(number) = number(value) {
        let ms = if number < SECONDS_END { number.saturating_mul(1000) } else { number };
        return (ms > 0).then_some(Timestamp(ms));
    }
    let at = OffsetDateTime::parse(value.as_str()?.trim(), &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp)
}

/// A list, or text with spaces or commas between.
pub(super) fn scopes(root: &Value) -> Option<Vec<String>> {
    let list: Vec<String> = match root.get("scope").or_else(|| root.get("scopes"))? {
        Value::String(text) => text.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    (!list.is_empty()).then_some(list)
}

/// `error` is a string (RFC 6749), an object (Meta), or missing; or it is all where the definition says.
pub(super) fn refusal(top: &Value, theirs: &TokenErrors) -> Refusal {
    let error = top.get("error");
    let code = pointed(top, &theirs.code).or_else(|| match error {
        Some(Value::String(code)) => Some(code.clone()),
        // Meta: the type is the same for a dead token and for a bad day.
        Some(Value::Object(object)) if object.get("code").and_then(Value::as_i64) == Some(190) => Some("190".to_owned()),
        Some(Value::Object(object)) => ["type", "code", "status"].iter().find_map(|key| word(object.get(*key)?)),
        _ => None,
    });
    let description = pointed(top, &theirs.message)
        .or_else(|| text(top, &["error_description", "message", "error_message"]))
        .or_else(|| error.and_then(|error| text(error, &["message", "error_description"])));
    Refusal { code: code.map_or_else(|| "malformed_answer".to_owned(), |code| clean(&code, 60)), description: description.map(|text| clean(&text, 200)) }
}

/// What the first of the pointers finds that finds something.
fn pointed(top: &Value, pointers: &Pointers) -> Option<String> {
    pointers.iter().find_map(|pointer| word(top.pointer(pointer)?))
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Provider text as we keep it: no control characters, not too long.
pub fn clean(text: &str, length: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(length).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn plain() -> OAuth2 {
        toml::from_str("authorize_url = \"https://a.example/a\"\ntoken_url = \"https://a.example/t\"").unwrap()
    }

    fn with(extra: &str) -> OAuth2 {
        toml::from_str(&format!("authorize_url = \"https://a.example/a\"\ntoken_url = \"https://a.example/t\"\n{extra}")).unwrap()
    }

    #[test]
    fn what_providers_really_send() {
        let expires = |body: &str| parse(200, body.as_bytes(), &plain()).unwrap().expires_in;
        assert_eq!(expires(r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#), Some(3600));
        assert_eq!(expires(r#"{"access_token":"a","expires_in":"3600"}"#), Some(3600));
        assert_eq!(expires(r#"{"access_token":"a","expires_in":3599.7}"#), Some(3599));
        assert_eq!(expires(r#"{"access_token":"a","expires_in":-1}"#), Some(0));
        assert_eq!(expires(r#"{"access_token":"a","expires_in":18446744073709551615}"#), Some(MAX_LIFETIME));
        assert_eq!(expires(r#"{"access_token":"a","expires_in":null}"#), None);
        assert_eq!(expires("access_token=a&expires_in=60&scope=read,write"), Some(60));
        let tokens = parse(201, br#"{"access_token":"a","refresh_token":"","token_type":null,"scope":["x","y"]}"#, &plain()).unwrap();
        assert!(tokens.refresh_token.is_none(), "an empty refresh token is none");
        assert_eq!(tokens.token_type, "Bearer");
        assert_eq!(tokens.scopes.unwrap(), ["x", "y"]);
    }

    #[test]
    fn what_is_an_error_although_it_says_200() {
        let code = |status: u16, body: &str, definition: &OAuth2| parse(status, body.as_bytes(), definition).unwrap_err().code;
        assert_eq!(code(200, r#"{"error":"bad_verification_code"}"#, &plain()), "bad_verification_code");
        assert_eq!(
            code(200, r#"{"ok":false,"error":"invalid_code","access_token":"x"}"#, &with("error_when = { pointer = \"/ok\", equals = false }")),
            "invalid_code"
        );
        assert_eq!(code(400, r#"{"error":{"type":"OAuthException","code":190,"message":"no"}}"#, &plain()), "190");
        assert_eq!(code(400, r#"{"error":{"type":"OAuthException","code":2,"message":"no"}}"#, &plain()), "OAuthException");
        assert_eq!(code(200, "<html>=</html>", &plain()), "malformed_answer");
        assert_eq!(code(502, "", &plain()), "no_usable_answer");
        assert_eq!(code(200, r#"{"access_token":"a\r\nX-Evil: 1"}"#, &plain()), "malformed_answer");
        assert_eq!(code(400, r#"{"access_token":"a"}"#, &plain()), "malformed_answer");
    }

    #[test]
    fn nested_tokens() {
        let tokens = parse(200, br#"{"ok":true,"authed_user":{"access_token":"xoxp"},"scope":"a,b"}"#, &with("token_root = \"/authed_user\"")).unwrap();
        assert_eq!(tokens.access_token.expose(), "xoxp");
        assert_eq!(tokens.scopes.unwrap(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn no_answer_panics(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(status, &body, &plain());
        }

        #[test]
        fn nothing_nested_panics(status in 100_u16..600, depth in 0_usize..3000, key in "[a-z_]{0,12}", leaf in any::<i64>()) {
            let body = format!("{}{leaf}{}", format!("{{\"{key}\":").repeat(depth), "}".repeat(depth));
            let _ = parse(status, body.as_bytes(), &plain());
            let list = format!("{{\"expires_in\":{}{}, \"access_token\":\"a\"}}", "[".repeat(depth), "]".repeat(depth));
            let _ = parse(status, list.as_bytes(), &with("token_root = \"/data\""));
        }

        #[test]
        fn a_token_is_header_safe_and_a_life_is_in_bounds(token in ".{0,40}", expires in any::<i64>()) {
            let body = serde_json::json!({ "access_token": token, "expires_in": expires });
            if let Ok(tokens) = parse(200, body.to_string().as_bytes(), &plain()) {
                prop_assert!(tokens.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!((0..=MAX_LIFETIME).contains(&tokens.expires_in.unwrap()));
            }
        }

        #[test]
        fn no_json_panics(expires in any::<f64>(), text in ".*") {
            let body = serde_json::json!({ "access_token": text, "expires_in": expires, "error": text, "scope": text });
            let _ = parse(200, body.to_string().as_bytes(), &plain());
        }
    }
}
