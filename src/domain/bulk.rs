//! Doing one thing to several connections, and what became of each.

use super::connection::wire_enum;
use super::id::ConnectionId;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What is done to all of them.
    BulkAction {
        /// Asks the service whether the credential works.
        Test = "test",
        /// Renews the access token.
        Refresh = "refresh",
        /// Deletes it.
        Delete = "delete",
    }
}

wire_enum! {
    /// How it went with one of them.
    BulkOutcome {
        /// As it should.
        Done = "done",
        /// It was refused, or went wrong.
        Failed = "failed",
        /// It could not be found out, or there was nothing to do.
        Unclear = "unclear",
    }
}

/// What became of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    /// Which.
    pub id: ConnectionId,
    /// What it was called then; its id where it is not known.
    pub name: String,
    /// How it went.
    pub outcome: BulkOutcome,
    /// A sentence for a person; of a deletion what happened at the provider, in a word.
    pub message: String,
}

/// What became of all that were chosen, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkReport {
    /// What was done.
    pub action: BulkAction,
    /// One a connection.
    pub rows: Vec<BulkRow>,
}
