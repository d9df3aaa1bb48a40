//! Parts of the path.

use super::error::ApiError;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Ids in the path. What cannot be one (not UTF-8, control characters) names nothing: the answer is the one for a path that is
/// not there, and never the framework's own.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let nothing = || ApiError(Error::new(Code::NotFound, "There is nothing at this path"));
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| nothing())?;
        if raw.iter().any(|(_, value)| value.chars().any(char::is_control)) {
            return Err(nothing());
        }
        let Path(ids) = Path::from_request_parts(parts, state).await.map_err(|_| nothing())?;
        Ok(Self(ids))
    }
}
