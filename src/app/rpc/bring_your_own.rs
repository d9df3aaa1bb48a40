//! Bringing a service that is not in the catalogue.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, failed, given};
use super::{Answer, RpcResult};
use crate::domain::discovery::Discovery;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// As it says itself.
    pub discovery: Discovery,
    /// What a client registered by hand has to name, where the suggested name is kept and no workspace is chosen.
    pub callback_url: String,
}

/// Looks what is at an address; nothing where there is none yet. Field errors: `url`, `issuer`.
#[server(output = Answer)]
pub async fn discover_service(url: String, #[server(default)] issuer: String) -> RpcResult<Option<Found>> {
    use crate::domain::{Code, Error};
    use crate::service::bring_your_own::{Address, discover};
    let (services, actor) = context().await?;
    if url.trim().is_empty() {
        return Ok(None);
    }
    let writer = actor.writer().map_err(failed)?;
    // The page looks as soon as it is opened: somebody else's link must not choose whom this server calls.
    let is_foreign = use_context::<http::request::Parts>().is_some_and(|parts| parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site"));
    if is_foreign {
        return Err(failed(Error::new(Code::Forbidden, "Another site's link has led here. Look at the address, and press the button if it is yours")));
    }
    let discovery = discover(&services, &writer, Address { url: Some(url), issuer: given(Some(issuer)) }).await.map_err(failed)?;
    let callback_url = services.public_url.join(&format!("/oauth/callback/{}", discovery.suggested_name));
    Ok(Some(Found { discovery, callback_url }))
}

/// What the form sends.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceForm {
    /// Address.
    pub url: String,
    /// Which authorization server.
    #[serde(default)]
    pub issuer: String,
    /// The integration's name.
    #[serde(default)]
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub display_name: String,
    /// Workspace, id or slug; empty for the platform's app.
    #[serde(default)]
    pub workspace: String,
    /// Scopes that were ticked.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Further ones, separated by spaces.
    #[serde(default)]
    pub more_scopes: String,
    /// RFC 6749 `client_id`; empty to have a client registered.
    #[serde(default)]
    pub client_id: String,
    /// RFC 6749 `client_secret`.
    #[serde(default)]
    pub client_secret: String,
}

impl std::fmt::Debug for ServiceForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceForm").field("url", &self.url).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Makes an integration of what is at an address; its name. Field errors have the paths of the API: `url`, `name`, `displayName`, `scopes`,
/// `clientId`, `clientSecret`, `workspaceId`.
#[server(output = Answer)]
pub async fn bring_service(new: ServiceForm) -> RpcResult<String> {
    use crate::service::bring_your_own::{NewService, create};
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let writer = actor.writer().map_err(failed)?;
    let more = new.more_scopes.split([' ', ',', '\n']).map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned);
    let mut scopes = new.scopes;
    scopes.extend(more);
    let input = NewService {
        url: given(Some(new.url)),
        issuer: given(Some(new.issuer)),
        name: given(Some(new.name)),
        display_name: given(Some(new.display_name)),
        workspace_id: given(Some(new.workspace)),
        scopes: Some(scopes),
        client_id: given(Some(new.client_id)),
        client_secret: given(Some(new.client_secret)).map(Secret::new),
    };
    let brought = create(&services, &writer, input).await.map_err(failed)?;
    leptos_axum::redirect(&format!("/integrations/{}?brought=1", brought.integration.name));
    Ok(brought.integration.name)
}
