//! How the installation is.

#[cfg(feature = "ssr")]
use super::server::{context, failed};
use super::{Answer, RpcResult};
use crate::domain::finding::Finding;
use leptos::prelude::*;

/// What `keyloom doctor` would say, for those who may change things.
#[server(output = Answer)]
pub async fn check_installation() -> RpcResult<Vec<Finding>> {
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let config = expect_context::<crate::server::state::AppState>().config;
    crate::service::doctor::look(&services, &writer, &config).await.map_err(failed)
}
