//! JWTs of a person's key (RFC 7515, RFC 7519).

use super::super::place::{BuildError, fill, has_all};
use super::{Moment, SignError};
use crate::catalog::{Jwt, JwtAlgorithm, KeyEncoding, Method, NONCE, TemplateError, Values};
use crate::vault::Secret;
use crate::vault::signing::{KeyError, SigningKey, from_hex};
use serde_json::{Map, Value};

/// The JWT that `declared` makes of `values`.
pub(super) fn mint(declared: &Jwt, values: &Values, moment: &Moment) -> Result<String, BuildError> {
    let key = key(declared, values)?.map_err(|error| SignError::Key(key_name(declared), error))?;
    let mut header = Map::from_iter([("alg".to_owned(), declared.algorithm.name().into()), ("typ".to_owned(), "JWT".into())]);
    for (name, template) in declared.headers.iter().filter(|(_, template)| has_all(template, values)) {
        header.insert(name.clone(), template.render_text(values)?.into());
    }
    let mut with_nonce = values.clone();
    with_nonce.insert(NONCE.to_owned(), moment.nonce.clone());
    let mut claims = Map::new();
    for (name, part) in &declared.claims {
        if let Some(value) = fill(part, &with_nonce)? {
            claims.insert(name.clone(), value);
        }
    }
    let issued = moment.seconds() - declared.backdate_seconds;
    claims.extend([("iat".to_owned(), issued.into()), ("exp".to_owned(), (issued + declared.lifetime_seconds).into())]);
    key.jwt(&Value::Object(header).to_string(), &Value::Object(claims).to_string()).ok_or(BuildError::Sign(SignError::Failed))
}

/// Whether what was entered is a key of the kind that `method` signs with: else the field that it is in, and what is wrong.
pub fn check_key(method: &Method, values: &Values) -> Result<(), (String, KeyError)> {
    let Some(declared) = &method.jwt else { return Ok(()) };
    let field = method.field_of(&key_name(declared)).map_or_else(|| key_name(declared), |field| field.key.clone());
    match key(declared, values) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err((field, error)),
        // What is absent or has no place there has been told already.
        Err(_) => Err((field, KeyError::Empty)),
    }
}

fn key_name(declared: &Jwt) -> String {
    declared.key.names().next().unwrap_or_default().to_owned()
}

fn key(declared: &Jwt, values: &Values) -> Result<Result<SigningKey, KeyError>, TemplateError> {
    let text = Secret::new(declared.key.render_text(values)?);
    Ok(match (declared.algorithm, declared.key_encoding) {
        (JwtAlgorithm::Rs256, _) => SigningKey::rsa(text.expose()),
        (JwtAlgorithm::Es256, _) => SigningKey::ecdsa_p256(text.expose()),
        (JwtAlgorithm::Hs256, KeyEncoding::Text) => SigningKey::hmac(text.expose().as_bytes()),
        (JwtAlgorithm::Hs256, KeyEncoding::Hex) => from_hex(text.expose()).and_then(|secret| SigningKey::hmac(&secret)),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::Timestamp;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    const AT: Timestamp = Timestamp(1_800_000_000_999);

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn parts(token: &str) -> (Value, Value) {
        let part = |index: usize| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap();
        (part(0), part(1))
    }

    #[test]
    fn claims_are_what_is_declared_and_the_moment_says() {
        let declared: Jwt = toml::from_str(
            "algorithm = \"HS256\"\nkey = \"{{secret}}\"\nkey_encoding = \"hex\"\nlifetime_seconds = 300\nbackdate_seconds = 60\nheaders = { kid = \"{{id}}\", x = \"{{absent}}\" }\n\
             claims = { iss = \"{{id}}\", aud = [\"/admin/\", \"a\"], sub = \"{{absent}}\", jti = \"{{nonce}}\", deep = { a = \"{{id}}-1\", b = \"{{absent}}\" }, n = 1 }",
        )
        .unwrap();
        let moment = Moment::new(AT, [0xab; 16]);
        let token = mint(&declared, &values(&[("secret", "00ff"), ("id", "k\"1")]), &moment).unwrap();
        let (header, claims) = parts(&token);
        assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT", "kid": "k\"1" }));
        let issued = 1_800_000_000 - 60;
        let jti = "abababababababababababababababab";
        assert_eq!(
            claims,
            json!({ "iss": "k\"1", "aud": ["/admin/", "a"], "jti": jti, "deep": { "a": "k\"1-1" }, "n": 1, "iat": issued, "exp": issued + 300 })
        );
        assert_eq!(token, mint(&declared, &values(&[("secret", "00FF"), ("id", "k\"1")]), &moment).unwrap(), "the same at the same moment");
        let wrong = mint(&declared, &values(&[("secret", "no hex"), ("id", "k")]), &moment).unwrap_err();
        assert!(wrong.to_string().starts_with("secret is not hexadecimal"), "{wrong}");
        assert!(mint(&declared, &values(&[("id", "k")]), &moment).is_err());
    }
}
