//! Who asks, and what they may do. A right is a value that only [`Actor`] can make: a service function that demands a [`Writer`]
//! cannot be called by somebody who may not write.

use crate::domain::id::{ApiKeyId, EndUserId, SessionId, UserId, WorkspaceId};
use crate::domain::user::Role;
use crate::domain::{Code, Error};
use serde_json::Value;

/// Who asks.
#[derive(Debug, Clone)]
pub enum Actor {
    /// An application with an API key.
    Key {
        /// Its id.
        id: ApiKeyId,
        /// What it may see.
        reach: Reach,
        /// Whether it may read credentials.
        credentials: bool,
    },
    /// A person in the dashboard.
    Admin {
        /// Who.
        id: UserId,
        /// Their address.
        email: String,
        /// What they may do.
        role: Role,
    },
    /// An end user on the hosted page, acting within one session.
    Session(SessionId),
    /// An end user with a portal token.
    EndUser {
        /// Who.
        id: EndUserId,
        /// Where.
        workspace: WorkspaceId,
    },
    /// Keyloom itself: jobs and the command line.
    System,
}

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    Organization,
    /// These workspaces and nothing else.
    Workspaces(Vec<WorkspaceId>),
}

impl Reach {
    /// Whether something of `workspace` (none: of the organisation) can be seen.
    pub fn includes(&self, workspace: Option<&WorkspaceId>) -> bool {
        match (self, workspace) {
            (Self::Organization, _) => true,
            (Self::Workspaces(ids), Some(workspace)) => ids.contains(workspace),
            (Self::Workspaces(_), None) => false,
        }
    }

    /// The one workspace it is limited to, if it is one.
    pub fn only(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Workspaces(ids) if ids.len() == 1 => ids.first(),
            Self::Workspaces(_) | Self::Organization => None,
        }
    }

    /// The ids a query is limited to; none means all.
    pub fn limit(&self) -> Option<Vec<String>> {
        match self {
            Self::Organization => None,
            Self::Workspaces(ids) => Some(ids.iter().map(|id| id.as_str().to_owned()).collect()),
        }
    }
}

/// The right to look.
#[derive(Debug, Clone)]
pub struct Reader {
    name: String,
    reach: Reach,
}

/// The right to change. Whoever may change may look.
#[derive(Debug, Clone)]
pub struct Writer(Reader);

/// The right to read credentials in the clear.
#[derive(Debug, Clone)]
pub struct SecretReader(Reader);

/// The right to say who may sign in. Whoever has it may change everything else too.
#[derive(Debug, Clone)]
pub struct Owner(Writer);

impl Reader {
    /// How far they see.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// For the log: `key:key_…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they see the whole organisation.
    pub fn sees_organization(&self) -> bool {
        self.reach == Reach::Organization
    }
}

impl std::ops::Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl std::ops::Deref for SecretReader {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl std::ops::Deref for Owner {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        &self.0
    }
}

impl Writer {
    /// Refuses those who do not see the whole organisation.
    pub fn organization(&self) -> Result<(), Error> {
        if self.sees_organization() { Ok(()) } else { Err(Error::new(Code::Forbidden, "This key is limited to workspaces and may not do this")) }
    }
}

impl Actor {
    /// For the log.
    pub fn name(&self) -> String {
        match self {
            Self::Key { id, .. } => Self::name_of_key(id),
            Self::Admin { id, .. } => format!("user:{id}"),
            Self::Session(id) => format!("session:{id}"),
            Self::EndUser { id, .. } => format!("end_user:{id}"),
            Self::System => "system".to_owned(),
        }
    }

    /// What the log calls the holder of an API key.
    pub fn name_of_key(id: &ApiKeyId) -> String {
        format!("key:{id}")
    }

    fn to_reader(&self) -> Reader {
        let reach = match self {
            Self::Key { reach, .. } => reach.clone(),
            Self::Admin { .. } | Self::System => Reach::Organization,
            Self::EndUser { workspace, .. } => Reach::Workspaces(vec![workspace.clone()]),
            Self::Session(_) => Reach::Workspaces(Vec::new()),
        };
        Reader { name: self.name(), reach }
    }

    /// The right to look at what belongs to the customer. End users see only their own page.
    pub fn reader(&self) -> Result<Reader, Error> {
        match self {
            Self::Key { .. } | Self::Admin { .. } | Self::System => Ok(self.to_reader()),
            Self::Session(_) | Self::EndUser { .. } => Err(forbidden()),
        }
    }

    /// The right to change.
    pub fn writer(&self) -> Result<Writer, Error> {
        match self {
            Self::Admin { role: Role::Viewer, .. } => Err(Error::new(Code::Forbidden, "Viewers cannot change anything. Ask an owner or admin")),
            Self::Session(_) | Self::EndUser { .. } => Err(forbidden()),
            Self::Key { .. } | Self::Admin { .. } | Self::System => Ok(Writer(self.to_reader())),
        }
    }

    /// The right to manage members. API keys never have it.
    pub fn owner(&self) -> Result<Owner, Error> {
        match self {
            Self::Admin { role: Role::Owner, .. } | Self::System => Ok(Owner(Writer(self.to_reader()))),
            _ => Err(Error::new(Code::Forbidden, "Only an owner can manage members")),
        }
    }

    /// The person, where it is one.
    pub fn person(&self) -> Result<&UserId, Error> {
        match self {
            Self::Admin { id, .. } => Ok(id),
            _ => Err(forbidden()),
        }
    }

    /// The right to read credentials.
    pub fn secret_reader(&self) -> Result<SecretReader, Error> {
        match self {
            Self::Key { credentials: false, .. } => {
                Err(Error::new(Code::Forbidden, "This key may not read credentials").suggest("Make a key with permissions {\"credentials\": {\"read\": true}}"))
            }
            Self::Admin { role: Role::Viewer, .. } | Self::Session(_) | Self::EndUser { .. } => Err(forbidden()),
            Self::Key { .. } | Self::Admin { .. } | Self::System => Ok(SecretReader(self.to_reader())),
        }
    }
}

fn forbidden() -> Error {
    Error::new(Code::Forbidden, "You may not do this")
}

/// What an API key's permissions mean. Unknown members are refused when a key is made, so none can be here.
pub fn key_rights(permissions: &Value) -> (Reach, bool) {
    let credentials = permissions.pointer("/credentials/read") == Some(&Value::Bool(true));
    let reach = if permissions.get("scope").and_then(Value::as_str) == Some("workspace") {
        let ids = permissions.get("workspaceIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Reach::Workspaces(ids.iter().filter_map(Value::as_str).map(WorkspaceId::known).collect())
    } else {
        Reach::Organization
    };
    (reach, credentials)
}
