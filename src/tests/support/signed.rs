//! Judges signatures as services do, by what the RFCs and AWS's documentation say and with nothing of the code that makes them.

use axum::http::{HeaderMap, HeaderName, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyloom::catalog::{Field, Jwt, JwtAlgorithm, Method, Placement, Template, Values};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use ring::{digest, hmac};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const RSA: &str = include_str!("keys/rsa.pem");
pub const EC: &str = include_str!("keys/ec.pem");
pub const EC_P384: &str = include_str!("keys/ec-p384.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("keys/rsa-public.der");
const EC_PUBLIC: &[u8] = include_bytes!("keys/ec-public.bin");
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The secret of HS256, in hexadecimal.
pub const HEX: &str = "00112233445566778899aabbccddeeff";

/// A request as it arrived.
pub struct Seen<'a> {
    pub method: &'a str,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl Seen<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What a person would paste for this field of a method that signs JWTs with it.
pub fn sample_key(method: &Method, jwt: &Jwt) -> (String, String) {
    let name = jwt.key.names().next().unwrap();
    let field: &Field = method.field_of(name).unwrap();
    let key = match (jwt.algorithm, jwt.key_encoding) {
        (JwtAlgorithm::Rs256, _) => RSA.to_owned(),
        (JwtAlgorithm::Es256, _) => EC.to_owned(),
        (JwtAlgorithm::Hs256, _) => HEX.to_owned(),
    };
    let part = |part: &String| if part == name { key.clone() } else { "abc0123".to_owned() };
    let whole = match &field.separator {
        _ if field.parts.is_empty() => key.clone(),
        Some(separator) => field.parts.iter().map(part).collect::<Vec<_>>().join(separator),
        None => Value::Object(field.parts.iter().map(|name| (name.clone(), part(name).into())).collect()).to_string(),
    };
    (field.key.clone(), whole)
}

/// Header and claims of a JWT, if one of the keys here has signed it.
pub fn jwt(token: &str) -> Option<(Value, Value)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let part = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (header, claims) = signed.split_once('.')?;
    let (header, claims) = (part(header)?, part(claims)?);
    match header["alg"].as_str()? {
        "RS256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, RSA_PUBLIC).verify(signed.as_bytes(), &signature).ok()?,
        "ES256" => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, EC_PUBLIC).verify(signed.as_bytes(), &signature).ok()?,
        "HS256" => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &unhex(HEX)), signed.as_bytes(), &signature).ok()?,
        _ => return None,
    }
    Some((header, claims))
}

/// The parameters of an OAuth 1.0 `Authorization`, if they are signed with these secrets (RFC 5849 §3.2).
pub fn oauth1(seen: &Seen<'_>, consumer_secret: &str, token_secret: &str) -> Option<BTreeMap<String, String>> {
    let parameters = seen.header("authorization").strip_prefix("OAuth ")?;
    let parameters: BTreeMap<String, String> = parameters
        .split(", ")
        .map(|pair| {
            let (name, value) = pair.split_once("=\"")?;
            Some((name.to_owned(), percent_decode_str(value.strip_suffix('"')?).decode_utf8().ok()?.into_owned()))
        })
        .collect::<Option<_>>()?;
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let mut all: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| !["realm", "oauth_signature"].contains(&name.as_str()))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    let mut add = |pairs: &[u8]| all.extend(url::form_urlencoded::parse(pairs).map(|(name, value)| (encode(&name), encode(&value))));
    add(seen.uri.query().unwrap_or_default().as_bytes());
    if seen.header("content-type") == "application/x-www-form-urlencoded" {
        add(seen.body);
    }
    all.sort();
    let all = all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let url = format!("http://{}{}", seen.header("host"), seen.uri.path());
    let base = format!("{}&{}&{}", seen.method, encode(&url), encode(&all));
    let kind = match parameters.get("oauth_signature_method")?.as_str() {
        "HMAC-SHA1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "HMAC-SHA256" => hmac::HMAC_SHA256,
        _ => return None,
    };
    let key = hmac::Key::new(kind, format!("{}&{}", encode(consumer_secret), encode(token_secret)).as_bytes());
    hmac::verify(&key, base.as_bytes(), &STANDARD.decode(parameters.get("oauth_signature")?).ok()?).ok()?;
    Some(parameters)
}

/// The credential scope of an AWS `Authorization`, if it is signed with this secret and covers what it must.
pub fn sigv4(seen: &Seen<'_>, secret: &str, s3: bool) -> Option<String> {
    let parts: BTreeMap<&str, &str> =
        seen.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ")?.split(", ").filter_map(|part| part.split_once('=')).collect();
    let (_, scope) = parts.get("Credential")?.split_once('/')?;
    let names: Vec<&str> = parts.get("SignedHeaders")?.split(';').collect();
    let must = |name: &str| name == "host" || name == "content-type" || name.starts_with("x-amz-");
    if !seen.headers.keys().map(HeaderName::as_str).filter(|name| must(name)).all(|name| names.contains(&name)) {
        return None;
    }
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let path = if s3 { seen.uri.path().to_owned() } else { seen.uri.path().split('/').map(encode).collect::<Vec<_>>().join("/") };
    let mut query: Vec<&str> = seen.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let sha256 = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
    let payload = sha256(seen.body);
    if s3 && seen.header("x-amz-content-sha256") != payload {
        return None;
    }
    let line = |name: &&str| format!("{name}:{}\n", seen.header(name).split_whitespace().collect::<Vec<_>>().join(" "));
    let lines = names.iter().map(line).collect::<Vec<_>>().concat();
    let canonical = format!("{}\n{path}\n{}\n{lines}\n{}\n{payload}", seen.method, query.join("&"), names.join(";"));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", seen.header("x-amz-date"), sha256(canonical.as_bytes()));
    let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part));
    (hex(&sign(&key, &to_sign)) == *parts.get("Signature")?).then(|| scope.to_owned())
}

/// Whether `placement` has signed what arrived, with `values`.
pub fn is_signed(placement: &Placement, values: &Values, seen: &Seen<'_>) -> bool {
    let text = |template: &Template| template.render(values).unwrap();
    let token_secret = |secret: &Option<Template>| secret.as_ref().map(text).unwrap_or_default();
    match (&placement.oauth1, &placement.aws_sigv4) {
        (Some(keys), _) => oauth1(seen, &text(&keys.consumer_secret), &token_secret(&keys.token_secret))
            .is_some_and(|sent| sent["oauth_consumer_key"] == text(&keys.consumer_key) && sent.get("oauth_token").cloned() == keys.token.as_ref().map(text)),
        (None, Some(keys)) => sigv4(seen, &text(&keys.secret_access_key), keys.s3).is_some(),
        (None, None) => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A service account's key file.
pub fn service_account() -> String {
    let file = json!({ "type": "service_account", "project_id": "p-1", "private_key_id": "kid-1", "private_key": RSA, "client_email": "loom@p-1.example" });
    format!("{file:#}")
}
