//! Signs with what a person entered: JWTs, which are a value like any other (`{{jwt}}`), and whole requests, when everything else of
//! them is known. Time and nonce are arguments; what comes of them is told, so that it can be kept out of what is passed back.

mod jwt;
mod oauth1;
mod sigv4;

pub use jwt::check_key;

use super::http::Request;
use super::place::{BuildError, has_all};
use crate::catalog::{JWT, Method, Placement, Template, TemplateError, UNRESERVED, Values};
use crate::domain::Timestamp;
use crate::vault::Secret;
use crate::vault::signing::KeyError;
use http::header::AUTHORIZATION;

/// When something is signed, and what makes it different from all else that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// Hexadecimal, used once.
    pub nonce: String,
}

impl Moment {
    /// With 128 random bits.
    pub fn new(now: Timestamp, random: [u8; 16]) -> Self {
        Self { now, nonce: hex::encode(random) }
    }

    fn seconds(&self) -> i64 {
        self.now.0.div_euclid(1000)
    }
}

/// Why nothing could be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key, by the name that templates have for it.
    #[error("{0} {1}")]
    Key(String, KeyError),
    /// It fits and does not work.
    #[error("the key does not sign")]
    Failed,
}

/// `values` with what is made of them: parts of what was entered, and the JWT. Never log them.
pub fn ready(method: &Method, mut values: Values, moment: &Moment) -> Result<Values, BuildError> {
    method.add_parts(&mut values);
    if let Some(declared) = &method.jwt {
        let minted = jwt::mint(declared, &values, moment)?;
        values.insert(JWT.to_owned(), minted);
    }
    Ok(values)
}

/// Signs `request`, where `placement` says so: the last that is done to it. Tells the signature.
pub fn sign(placement: &Placement, request: &mut Request, values: &Values, moment: &Moment) -> Result<Option<Secret>, BuildError> {
    let text = |template: &Template| template.render(values);
    let given = |template: &Option<Template>| -> Result<Option<String>, TemplateError> {
        template.as_ref().filter(|template| has_all(template, values)).map(text).transpose()
    };
    let (header, signature) = if let Some(declared) = &placement.oauth1 {
        let keys = oauth1::Keys {
            consumer_key: text(&declared.consumer_key)?,
            consumer_secret: Secret::new(text(&declared.consumer_secret)?),
            token: given(&declared.token)?,
            token_secret: given(&declared.token_secret)?.map(Secret::new),
            realm: given(&declared.realm)?,
            method: declared.signature_method,
        };
        keys.sign(request, moment)
    } else if let Some(declared) = &placement.aws_sigv4 {
        let elsewhere = request.url.host_str().and_then(|host| declared.hosts.get(host));
        let keys = sigv4::Keys {
            access_key_id: text(&declared.access_key_id)?,
            secret_access_key: Secret::new(text(&declared.secret_access_key)?),
            session_token: given(&declared.session_token)?.map(Secret::new),
            service: elsewhere.map_or_else(|| text(&declared.service), |scope| Ok(scope.service.clone()))?,
            region: elsewhere.map_or_else(|| text(&declared.region), |scope| Ok(scope.region.clone()))?,
            s3: declared.s3 && elsewhere.is_none(),
        };
        keys.sign(request, moment)?
    } else {
        return Ok(None);
    };
    super::place::insert(&mut request.headers, AUTHORIZATION.as_str(), &header)?;
    Ok(Some(Secret::new(signature)))
}

/// Percent-encodes as RFC 3986 has it: all but letters, digits and `-._~`. Both ways of signing build on it.
fn encode(text: &[u8]) -> String {
    percent_encoding::percent_encode(text, UNRESERVED).to_string()
}

/// Host and port as the `Host` header has them.
fn authority(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
