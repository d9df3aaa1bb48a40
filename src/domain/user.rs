//! People who sign in to the dashboard.

use super::connection::wire_enum;

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
