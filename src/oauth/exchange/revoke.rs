//! Ending a grant: as RFC 7009 says, or in the provider's own way.

use super::{Failure, build, encoded, retry_after};
use crate::catalog::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Revoke, TemplateError};
use crate::oauth::authorize::Provider;
use crate::oauth::http::{Answer, Http, Request};
use crate::oauth::place::{self, BuildError};
use crate::oauth::token;
use crate::vault::Secret;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use std::collections::BTreeMap;

/// What became of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The provider has no endpoint for it.
    Unsupported,
    /// The provider confirmed, or knows no such token any more.
    Confirmed,
    /// The provider will not, now or later.
    Refused(String),
    /// It could not be done now; the token must be assumed alive (RFC 7009 §2.2.1).
    Failed {
        /// In a few words.
        why: String,
        /// Seconds that the provider asks to wait.
        retry_after: Option<u64>,
    },
}

/// Ends a grant: the refresh token first, whose end is the end of the grant, then the access token for those where it is not; or with
/// the one request that the definition describes.
pub async fn end_grant(http: &Http, provider: &Provider, access_token: &Secret, refresh_token: Option<&Secret>) -> Revocation {
    if let Some(own) = provider.oauth2().ok().and_then(|oauth2| oauth2.revoke.as_ref()) {
        return end_in_their_way(http, provider, own, access_token, refresh_token).await;
    }
    let Some(refresh_token) = refresh_token else { return revoke(http, provider, access_token, "access_token").await };
    let outcome = revoke(http, provider, refresh_token, "refresh_token").await;
    if outcome == Revocation::Confirmed {
        let rest = revoke(http, provider, access_token, "access_token").await;
        tracing::debug!(integration = %provider.definition.name, ?rest, "the access token after its refresh token");
    }
    outcome
}

/// Revokes a token (RFC 7009).
async fn revoke(http: &Http, provider: &Provider, token: &Secret, hint: &'static str) -> Revocation {
    let attempt = async {
        let Some(url) = provider.revoke_url()? else { return Ok(Revocation::Unsupported) };
        let params = vec![("token", token.expose().to_owned()), ("token_type_hint", hint.to_owned())];
        let answer = http.send(build(provider, url, params, &BTreeMap::new())?).await?;
        Ok::<_, Failure>(revocation(answer.status.as_u16(), &answer.headers, &answer.body))
    };
    attempt.await.unwrap_or_else(failed)
}

fn failed(failure: Failure) -> Revocation {
    Revocation::Failed { why: failure.code().to_owned(), retry_after: None }
}

fn revocation(status: u16, headers: &HeaderMap, body: &[u8]) -> Revocation {
    let code = serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|body| Some(body.get("error")?.as_str()?.to_owned()));
    match (status, code.as_deref()) {
        (200..=299, _) | (_, Some("invalid_token" | "token_not_found" | "token_revoked" | "invalid_grant")) => Revocation::Confirmed,
        // The app may be corrected yet.
        (401 | 403 | 408 | 425 | 429 | 500.., _) | (_, Some("invalid_client" | "unauthorized_client")) => {
            Revocation::Failed { why: format!("status {status}"), retry_after: retry_after(headers) }
        }
        _ => Revocation::Refused(format!("status {status}")),
    }
}

async fn end_in_their_way(http: &Http, provider: &Provider, own: &Revoke, access_token: &Secret, refresh_token: Option<&Secret>) -> Revocation {
    if own.needs(REFRESH_TOKEN) && refresh_token.is_none() {
        return Revocation::Refused("there is no refresh token".to_owned());
    }
    // A token that is renewed with itself stands in for a refresh token, and is none.
    let is_renewable = refresh_token.is_some_and(|token| token != access_token);
    let attempt = async {
        let answer = http.send(describe(provider, own, access_token, refresh_token)?).await?;
        Ok::<_, Failure>(judge(provider, own, &answer, is_renewable))
    };
    attempt.await.unwrap_or_else(failed)
}

/// The request that the definition describes.
pub(super) fn describe(provider: &Provider, own: &Revoke, access_token: &Secret, refresh_token: Option<&Secret>) -> Result<Request, Failure> {
    let unsendable = |error: TemplateError| Failure::Unsendable(error.to_string());
    let no_header = |error: BuildError| Failure::Unsendable(error.to_string());
    let mut values = provider.values.clone();
    values.insert(CLIENT_ID.to_owned(), provider.client_id.clone());
    for (name, secret) in [(ACCESS_TOKEN, Some(access_token)), (REFRESH_TOKEN, refresh_token), (CLIENT_SECRET, provider.client_secret.as_ref())] {
        if let Some(secret) = secret {
            values.insert(name.to_owned(), secret.expose().to_owned());
        }
    }
    let url = own.url.render_url(&values).map_err(unsendable)?;
    let url = url::Url::parse(&url).map_err(|_| Failure::Unsendable("the address for revocations is not a URL".to_owned()))?;
    let method = own.method.parse().map_err(|_| Failure::Unsendable("the method for revocations is none".to_owned()))?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, template) in &own.headers {
        place::insert(&mut headers, name, &template.render(&values).map_err(unsendable)?).map_err(no_header)?;
    }
    if let Some(pair) = &own.basic {
        place::insert(&mut headers, AUTHORIZATION.as_str(), &place::basic(pair, &values).map_err(unsendable)?).map_err(no_header)?;
    }
    let mut params = Vec::new();
    for (name, template) in &own.body {
        params.push((name.as_str(), template.render_text(&values).map_err(unsendable)?));
    }
    let body = if params.is_empty() { Vec::new() } else { encoded(own.encoding, &params, &mut headers)? };
    Ok(Request { method, url, headers, body })
}

/// What the answer to such a request means.
pub(super) fn judge(provider: &Provider, own: &Revoke, answer: &Answer, is_renewable: bool) -> Revocation {
    let status = answer.status.as_u16();
    let said = provider.oauth2().ok().and_then(|oauth2| token::error_of(&answer.body, oauth2));
    // It is the access token that was not accepted. Its end is that of the grant only where nothing can make another.
    let ended = || {
        if is_renewable { Revocation::Refused("the access token has ended already".to_owned()) } else { Revocation::Confirmed }
    };
    match (status, said.as_deref()) {
        (_, Some("190" | "invalid_auth" | "token_expired" | "token_revoked" | "account_inactive" | "invalid_token")) => ended(),
        (200..=299, None) | (404 | 410, _) => Revocation::Confirmed,
        (401, _) if !own.needs(CLIENT_SECRET) => ended(),
        // The app may be corrected yet.
        (401 | 403 | 408 | 425 | 429 | 500.., _) => Revocation::Failed { why: format!("status {status}"), retry_after: retry_after(&answer.headers) },
        (200..=299, Some(code)) => Revocation::Refused(code.to_owned()),
        _ => Revocation::Refused(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_revocation_answer_means() {
        let answer = |status, body: &str| revocation(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(answer(200, ""), Revocation::Confirmed);
        assert_eq!(answer(400, r#"{"error":"invalid_token"}"#), Revocation::Confirmed, "it is gone already");
        assert!(matches!(answer(503, ""), Revocation::Failed { .. }));
        assert!(matches!(answer(401, r#"{"error":"invalid_client"}"#), Revocation::Failed { .. }));
        assert!(matches!(answer(400, r#"{"error":"unsupported_token_type"}"#), Revocation::Refused(_)));
    }
}
