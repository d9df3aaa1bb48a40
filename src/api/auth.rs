//! `Authorization: Bearer wvz_…` → [`Actor`].

use super::error::ApiError;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::service::{Actor, api_keys};
use crate::vault::Secret;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

/// Who calls. Looked up once a request: what found out first leaves it in the request's extensions.
#[derive(Clone)]
pub struct Caller(pub Actor);

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let Bearer(key) = Bearer::from_request_parts(parts, state).await?;
        Ok(Self(api_keys::authenticate(&state.services, key.expose()).await?))
    }
}

/// A key that nobody has looked up yet, for the one handler that does so together with what it is asked for.
pub struct Bearer(pub Secret);

impl FromRequestParts<AppState> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let missing = || Error::new(Code::Unauthorized, "An API key is needed").suggest("Send `Authorization: Bearer wvz_…`");
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(missing)?;
        let text = header.to_str().map_err(|_| missing())?;
        let (scheme, key) = text.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing().into());
        }
        Ok(Self(Secret::new(key.trim())))
    }
}
