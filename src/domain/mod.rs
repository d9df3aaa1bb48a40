//! The product's vocabulary: plain types, no I/O, no framework. Compiled for the server and for the browser.
//!
//! Types that cross the wire derive serde in camelCase and are exactly what `docs/api.md` promises.

pub mod api_key;
pub mod bulk;
pub mod connect_session;
pub mod connection;
pub mod discovery;
pub mod end_user;
pub mod error;
pub mod event;
pub mod finding;
pub mod id;
pub mod integration;
pub mod oauth_app;
#[cfg(feature = "ssr")]
pub mod schema;
pub mod time;
pub mod user;
pub mod webhook;
pub mod workspace;
pub mod workspace_integration;

pub use error::{Code, Error, FieldError};
pub use time::Timestamp;
