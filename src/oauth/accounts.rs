//! The accounts that a consent covers, asked for with the fresh token where an API has to be told which of them is meant.

use super::http::{Http, HttpError};
use super::identity::{Call, build};
use crate::catalog::{Choose, Definition, Listed, Method, Values};

/// Why there is no list, for people: what comes after "it did not say which accounts there are".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoList(pub String);

/// Asks the service for the accounts that the token in `values` is good for.
pub async fn list(http: &Http, definition: &Definition, method: &Method, choose: &Choose, values: &Values) -> Result<Vec<Listed>, NoList> {
    let call = Call { method: &choose.method, url: &choose.url, headers: &choose.headers, body: choose.body.as_deref() };
    let request = build(definition, &method.placement, &call, values).map_err(|error| NoList(error.to_string()))?;
    match http.send(request).await {
        Ok(answer) if answer.status.is_success() => {
            let read = serde_json::from_slice(&answer.body).ok().and_then(|answer| choose.read(&answer));
            read.ok_or_else(|| NoList("its answer holds no list".to_owned()))
        }
        Ok(answer) => Err(NoList(format!("status {}", answer.status.as_u16()))),
        Err(HttpError::Blocked(blocked)) => Err(NoList(format!("the address is blocked, {blocked}"))),
        Err(error) => Err(NoList(error.to_string())),
    }
}
