//! An end user's own page: the workspace's integrations and their own connections there. Everything is judged by the portal token: one
//! end user of one workspace, looked up anew each time.

use super::connections::{self, RevocationReport, TestReport};
use super::end_users::PortalVisit;
use super::{Actor, Result, Services};
use crate::catalog::Definition;
use crate::domain::connection::Connection;
use crate::domain::{Code, Error};
use crate::store;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A service on the page.
#[derive(Debug, Clone)]
pub struct PortalItem {
    /// The service.
    pub definition: Arc<Definition>,
    /// What the workspace calls it.
    pub display_name: String,
    /// Theirs.
    pub connections: Vec<Connection>,
}

/// The workspace's integrations in their order, then whatever else they have connected.
pub async fn items(services: &Services, visit: &PortalVisit) -> Result<Vec<PortalItem>> {
    let mut conn = services.store.conn().await?;
    let now = services.now();
    let own: Vec<Connection> =
        connections::of_end_user(services, &mut conn, &visit.workspace.id, visit.user.id.as_str()).await?.iter().map(|row| row.view(now)).collect();
    let set_up = store::workspace_integrations::list(&mut conn, &visit.workspace.id).await?;
    let mut names: Vec<(String, Option<String>)> = set_up.into_iter().map(|wi| (wi.integration_name, wi.display_name)).collect();
    let known: BTreeSet<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let further: BTreeSet<String> = own.iter().map(|connection| connection.integration_name.clone()).filter(|name| !known.contains(name)).collect();
    names.extend(further.into_iter().map(|name| (name, None)));
    let mut seen = BTreeSet::new();
    Ok(names
        .into_iter()
        .filter(|(name, _)| seen.insert(name.clone()))
        .filter_map(|(name, display_name)| {
            let definition = services.catalog.get(&name)?;
            let connections = own.iter().filter(|connection| connection.integration_name == name).cloned().collect();
            Some(PortalItem { display_name: display_name.unwrap_or_else(|| definition.display_name.clone()), definition, connections })
        })
        .collect())
}

/// One of their own connections; anybody else's is not there.
pub async fn own_connection(services: &Services, visit: &PortalVisit, id: &str) -> Result<Connection> {
    let found = store::connections::find(&mut *services.store.conn().await?, id).await?;
    let own = found.filter(|connection| connection.owner.end_user() == Some(&visit.user.id));
    own.map(|connection| connection.view(services.now())).ok_or_else(|| Error::new(Code::ConnectionNotFound, "There is no such connection"))
}

/// Asks the service whether their connection works.
pub async fn test(services: &Services, visit: &PortalVisit, id: &str) -> Result<TestReport> {
    let connection = own_connection(services, visit, id).await?;
    connections::test_now(services, &connection.id, &visit.actor().name()).await
}

/// Deletes their connection.
pub async fn disconnect(services: &Services, visit: &PortalVisit, id: &str) -> Result<RevocationReport> {
    let connection = own_connection(services, visit, id).await?;
    // The page acts for the customer, within the one end user that its token names.
    let writer = Actor::System.writer()?;
    Ok(connections::delete(services, &writer, connection.id.as_str()).await?.1)
}
