//! Which connection an action is done with.

use super::Execute;
use crate::catalog::Definition;
use crate::domain::id::ConnectionId;
use crate::domain::workspace_integration::{ConnectionStrategy, WorkspaceIntegration};
use crate::domain::{Code, Error};
use crate::service::connections::Resolve;
use crate::service::resolve::{Whose, find};
use crate::service::{Reader, Result, Services, workspaces};
use crate::store;

/// The integration as the workspace has set it up, if it has: named by id or alias, or the one of that integration.
pub(super) async fn setup(services: &Services, reader: &Reader, request: &Execute) -> Result<Option<WorkspaceIntegration>> {
    let is_named = request.workspace_integration_id.is_some() || request.integration_alias.is_some();
    let Some(workspace) = workspaces::given_or_only(services, reader, request.workspace_id.as_deref()).await? else {
        return if is_named {
            Err(Error::new(Code::WorkspaceRequired, "A workspace integration is named, so workspaceId is required").suggest("Name the workspace by id or slug"))
        } else {
            Ok(None)
        };
    };
    let mut all = store::workspace_integrations::list(&mut *services.store.conn().await?, &workspace.id).await?;
    if !is_named {
        all.retain(|setup| Some(setup.integration_name.as_str()) == request.integration_name.as_deref().map(str::trim));
        // The default alias is the integration's name: who names that means the one that is called so.
        if let Some(index) = all.iter().position(|setup| setup.alias == setup.integration_name) {
            return Ok(Some(all.swap_remove(index)));
        }
        if all.len() > 1 {
            let aliases: Vec<_> = all.iter().map(|setup| setup.alias.clone()).collect();
            return Err(Error::new(Code::AmbiguousIntegration, format!("Workspace {} has set this integration up more than once", workspace.slug))
                .with("aliases", aliases)
                .suggest("Name one by integrationAlias or workspaceIntegrationId"));
        }
        return Ok(all.pop());
    }
    let fits = |setup: &WorkspaceIntegration| {
        request.workspace_integration_id.as_deref().is_none_or(|id| setup.id.as_str() == id)
            && request.integration_alias.as_deref().is_none_or(|alias| setup.alias == alias)
    };
    let named = request.workspace_integration_id.as_deref().or(request.integration_alias.as_deref()).unwrap_or_default();
    let found = all.into_iter().find(fits);
    let found = found.ok_or_else(|| Error::new(Code::NotFound, format!("There is no integration {named:?} in workspace {}", workspace.slug)))?;
    if request.integration_name.as_deref().is_some_and(|name| name.trim() != found.integration_name) {
        return Err(Error::field("integrationName", format!("{named:?} is an integration with {}, not this one", found.integration_name)));
    }
    Ok(Some(found))
}

/// Whether the workspace lets its applications do that.
pub(super) fn check_enabled(setup: Option<&WorkspaceIntegration>, action: &str) -> Result<()> {
    let Some(setup) = setup else { return Ok(()) };
    match &setup.enabled_actions {
        Some(enabled) if !enabled.iter().any(|name| name == action) => {
            Err(Error::new(Code::Forbidden, format!("{action} is not enabled for {:?} in this workspace", setup.alias))
                .with("enabledActions", enabled.clone())
                .suggest("Add it to enabledActions of the workspace integration"))
        }
        _ => Ok(()),
    }
}

/// The connection: by the strategy of the workspace's integration, else as `connections/resolve` finds one.
pub(super) async fn connection(
    services: &Services,
    reader: &Reader,
    definition: &Definition,
    setup: Option<&WorkspaceIntegration>,
    request: &Execute,
) -> Result<ConnectionId> {
    let method = method_of(setup, request)?;
    let ask = |whose: Whose| {
        let input = Resolve {
            integration_name: Some(definition.name.clone()),
            external_id: request.connection_external_id.clone(),
            workspace_id: request.workspace_id.clone(),
            end_user_id: request.end_user_id.clone(),
            auth_method_key: method.clone(),
        };
        async move { find(services, reader, &input, whose).await.map(|connection| connection.id) }
    };
    let missing = |error: Error| match error.code {
        Code::ConnectionNotFound => required(definition, request, error.message),
        _ => error,
    };
    // Who names a connection means that one; the strategies say which one is meant where nobody does.
    let Some(setup) = setup else { return ask(Whose::Widening).await.map_err(missing) };
    let named = request.connection_external_id.is_some();
    match setup.connection_strategy {
        ConnectionStrategy::PerUser if named || request.end_user_id.is_some() => ask(Whose::Theirs).await.map_err(missing),
        ConnectionStrategy::PerUser => {
            Err(required(definition, request, format!("{:?} uses each end user's own connection, and no end user is named", setup.alias)))
        }
        ConnectionStrategy::PerUserWithFallback if named => ask(Whose::Theirs).await.map_err(missing),
        ConnectionStrategy::PerUserWithFallback if request.end_user_id.is_some() => match ask(Whose::Theirs).await {
            Err(error) if error.code == Code::ConnectionNotFound && setup.connection_id.is_some() => fixed(services, definition, setup, request).await,
            other => other.map_err(missing),
        },
        ConnectionStrategy::Fixed | ConnectionStrategy::PerUserWithFallback => fixed(services, definition, setup, request).await,
    }
}

fn method_of(setup: Option<&WorkspaceIntegration>, request: &Execute) -> Result<Option<String>> {
    let set = setup.and_then(|setup| setup.auth_method_key.as_ref());
    match (set, &request.auth_method_key) {
        (Some(set), Some(asked)) if set != asked => Err(Error::field("authMethodKey", format!("the workspace uses this integration with method {set:?} only"))),
        (set, asked) => Ok(asked.as_ref().or(set).cloned()),
    }
}

/// The connection that the workspace's integration names. It may be the organisation's: naming it there is what lets the workspace use it.
async fn fixed(services: &Services, definition: &Definition, setup: &WorkspaceIntegration, request: &Execute) -> Result<ConnectionId> {
    let found = match &setup.connection_id {
        Some(id) => store::connections::find(&mut *services.store.conn().await?, id.as_str()).await?,
        None => None,
    };
    let found = found.ok_or_else(|| required(definition, request, format!("{:?} names no connection", setup.alias)))?;
    let other_id = request.connection_external_id.as_ref().is_some_and(|id| *id != found.external_id);
    if other_id {
        return Err(Error::field("connectionExternalId", format!("{:?} always uses its own connection: leave this out", setup.alias)));
    }
    if request.auth_method_key.as_ref().is_some_and(|key| *key != found.auth_method_key) {
        return Err(Error::field("authMethodKey", format!("{:?} always uses its own connection, made with method {:?}", setup.alias, found.auth_method_key)));
    }
    Ok(found.id)
}

fn required(definition: &Definition, request: &Execute, message: String) -> Error {
    let suggestion = match (&request.end_user_id, &request.connection_external_id) {
        (Some(_), _) => format!("Let the end user connect {}: POST /api/v1/end-users/{{id}}/connect-token makes a link", definition.display_name),
        (None, Some(_)) => "Pass the same workspaceId and endUserId as when the connection was created".to_owned(),
        (None, None) => format!("Pass endUserId or connectionExternalId, or connect {} first: POST /api/v1/connect/token", definition.display_name),
    };
    Error::new(Code::ConnectionRequired, message).suggest(suggestion)
}
