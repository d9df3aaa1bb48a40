//! `/actions`

use super::Answer;
use super::auth::Caller;
use super::extract::Body;
use crate::server::state::AppState;
use crate::service::actions::{self, Execute, Executed};
use axum::Json;
use axum::extract::State;

/// Execute an action
///
/// Does something at the service with a stored connection; no credential is shown. The actions of an integration and what they take are
/// in its `actions`; `custom_api_call` sends any request to the service's own hosts. The connection is found by your own ids as `resolve`
/// finds it, or by the strategy of the workspace's integration. A token that is about to end is renewed first. What the service refuses
/// is ACTION_FAILED, with its `status` and `body` in `details`.
#[utoipa::path(
    post, path = "/actions/execute", tag = "Actions", request_body = Execute,
    responses((status = 200, description = "It is done; what the service answered.", body = Executed)),
    extensions(("x-error-codes" = json!([
        "WORKSPACE_REQUIRED", "NO_OAUTH_APP", "CONNECTION_REQUIRED", "SCOPE_MISSING", "ACTION_FAILED", "EGRESS_BLOCKED", "FORBIDDEN", "SCOPE_DENIED",
        "NOT_FOUND", "CONNECTION_NOT_FOUND", "INTEGRATION_NOT_FOUND", "END_USER_NOT_FOUND", "ACTION_NOT_FOUND", "AMBIGUOUS_INTEGRATION",
        "CONNECTION_EXPIRED", "PROVIDER_ERROR", "REFRESH_FAILED"
    ]))),
)]
pub async fn execute_action(State(state): State<AppState>, Caller(actor): Caller, Body(body): Body<Execute>) -> Answer<Json<Executed>> {
    Ok(Json(actions::execute(&state.services, &actor.writer()?, body).await?))
}
