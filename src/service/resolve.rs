//! Finding the connection that an application means, by the rules of the contract ("Scope"). The vault stays shut. The question of who
//! asks is answered by the same statement as what is asked: this is the call that applications make all the time.

use super::connections::{Resolve, find_integration};
use super::{Reach, Reader, Result, Services, api_keys, text};
use crate::catalog::Definition;
use crate::domain::connection::Connection;
use crate::domain::{Code, Error};
use crate::store::connections::{Owner, exists_elsewhere};
use crate::store::resolve::{Ask, Asker, Found, look_up};
use crate::vault::Secret;
use std::sync::Arc;

/// A request that can be looked up.
struct Question {
    definition: Arc<Definition>,
    external_id: Option<String>,
    method: Option<String>,
    workspace: Option<String>,
    end_user: Option<String>,
    whose: Whose,
}

/// How far to look where no external id says which connection is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// From the end user to the workspace to the organisation.
    Widening,
    /// Only the end user's own, where one is named.
    Theirs,
}

impl Question {
    fn new(services: &Services, input: &Resolve) -> Result<Self> {
        Ok(Self {
            definition: find_integration(services, input.integration_name.as_deref())?,
            external_id: input.external_id.as_deref().map(|id| text("externalId", id, 255)).transpose()?,
            method: input.auth_method_key.clone(),
            workspace: input.workspace_id.clone(),
            end_user: input.end_user_id.as_deref().map(|id| text("endUserId", id, 255)).transpose()?,
            whose: Whose::Widening,
        })
    }

    fn ask(&self) -> Ask<'_> {
        Ask {
            integration: &self.definition.name,
            external_id: self.external_id.as_deref(),
            method: self.method.as_deref(),
            workspace: self.workspace.as_deref(),
            end_user: self.end_user.as_deref(),
        }
    }
}

/// For somebody who is known already.
pub async fn resolve(services: &Services, reader: &Reader, input: &Resolve) -> Result<Connection> {
    find(services, reader, input, Whose::Widening).await
}

/// As [`resolve`], looking no further than is said.
pub(super) async fn find(services: &Services, reader: &Reader, input: &Resolve, whose: Whose) -> Result<Connection> {
    let mut question = Question { whose, ..Question::new(services, input)? };
    if question.workspace.is_none() {
        question.workspace = reader.reach().only().map(|id| id.as_str().to_owned());
    }
    let found = look_up(&mut *services.store.conn().await?, Asker::Known, &question.ask()).await?;
    judge(services, reader, &question, found).await
}

/// For the holder of an API key, whoever that is.
pub async fn resolve_with_key(services: &Services, key: &Secret, input: &Resolve) -> Result<Connection> {
    let hash = api_keys::hash_of(key.expose())?;
    let mut question = match Question::new(services, input) {
        Ok(question) => question,
        Err(error) => {
            api_keys::authenticate(services, key.expose()).await?;
            return Err(error);
        }
    };
    let mut found = look_up(&mut *services.store.conn().await?, Asker::Key(&hash), &question.ask()).await?;
    let reader = api_keys::admit(services, found.key.take())?.reader()?;
    if question.workspace.is_none() {
        question.workspace = reader.reach().only().map(|id| id.as_str().to_owned());
    }
    judge(services, &reader, &question, found).await
}

/// What may be answered of what was found.
async fn judge(services: &Services, reader: &Reader, question: &Question, found: Found) -> Result<Connection> {
    let name = &question.definition.display_name;
    let owners = owners(reader, question, &found)?;
    for owner in &owners {
        let fitting: Vec<_> = found.candidates.iter().filter(|connection| connection.owner == *owner).collect();
        match fitting.as_slice() {
            [] => {}
            [one] => return Ok(one.view(services.now())),
            several => {
                let candidates: Vec<_> = several
                    .iter()
                    .map(|c| serde_json::json!({ "id": c.id, "externalId": c.external_id, "authMethodKey": c.auth_method_key, "displayName": c.display_name }))
                    .collect();
                return Err(Error::new(Code::AmbiguousIntegration, format!("Several {name} connections fit"))
                    .with("candidates", candidates)
                    .suggest("Name one by externalId, or by authMethodKey where the ids are equal"));
            }
        }
    }
    if let Some(external_id) = &question.external_id {
        let mut conn = services.store.conn().await?;
        let reach = reader.reach().limit();
        if exists_elsewhere(&mut conn, &question.definition.name, external_id, question.method.as_deref(), reach.as_deref()).await? {
            return Err(Error::new(Code::ScopeDenied, format!("{external_id:?} exists, but not in the scope that was asked for"))
                .suggest("Pass the same workspaceId and endUserId as when the connection was created"));
        }
    }
    let place = found.workspace.map_or_else(String::new, |(_, slug)| format!(" in workspace {slug}"));
    Err(Error::new(Code::ConnectionNotFound, format!("There is no such {name} connection{place}")))
}

/// Where to look, in order.
fn owners(reader: &Reader, question: &Question, found: &Found) -> Result<Vec<Owner>> {
    let visible = found.workspace.as_ref().filter(|(id, _)| reader.reach().includes(Some(id)));
    let (workspace, slug) = match (&question.workspace, reader.reach(), visible) {
        (Some(_), _, Some(workspace)) => workspace,
        (Some(name), _, None) => return Err(Error::new(Code::NotFound, format!("There is no workspace {name:?}"))),
        (None, Reach::Organization, _) if question.end_user.is_none() => return Ok(vec![Owner::Organization]),
        (None, Reach::Organization, _) => {
            return Err(Error::new(Code::WorkspaceRequired, "workspaceId is required here").suggest("Name the workspace by id or slug"));
        }
        (None, Reach::Workspaces(ids), _) => {
            return Err(Error::new(Code::WorkspaceRequired, "This key is limited to several workspaces: say which in workspaceId")
                .with("workspaceIds", ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()));
        }
    };
    let mut owners = Vec::new();
    if let Some(end_user) = &question.end_user {
        let user = found.end_user.clone().ok_or_else(|| {
            Error::new(Code::EndUserNotFound, format!("There is no end user {end_user:?} in workspace {slug}")).suggest("POST /api/v1/end-users registers one")
        })?;
        owners.push(Owner::User(workspace.clone(), user));
        if question.external_id.is_some() || question.whose == Whose::Theirs {
            return Ok(owners);
        }
    }
    owners.push(Owner::Workspace(workspace.clone()));
    if reader.sees_organization() {
        owners.push(Owner::Organization);
    }
    Ok(owners)
}
