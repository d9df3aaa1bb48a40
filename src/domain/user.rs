//! People who sign in to the dashboard.

use super::Timestamp;
use super::connection::wire_enum;
use super::id::UserId;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What a person may do.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but managing members.
        Admin = "admin",
        /// Look, but change nothing and reveal nothing.
        Viewer = "viewer",
    }
}

/// Somebody who may sign in, or was invited to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `usr_…`; none while only invited.
    pub id: Option<UserId>,
    /// Lower case.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// When the invitation ends, while it is not taken up.
    pub invited_until: Option<Timestamp>,
    /// Whether it is the one who looks.
    pub is_me: bool,
}

/// One of a person's own sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last used, to about a minute.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_this: bool,
}
