//! Tests through the real router, on both databases. Paths mirror URLs: `api/connections.rs` is `/api/v1/connections`.
//!
//! SQLite needs nothing. PostgreSQL comes from `TEST_POSTGRES_URL` (a server where databases can be created), which
//! `scripts/test` starts; without it those tests fail and say so.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]
#![recursion_limit = "256"]

mod actions;
mod api;
mod architecture;
mod arrival;
mod catalog;
mod choice;
mod completion;
mod configuration;
mod connect;
mod dashboard;
mod hosted;
mod lifecycle;
mod logins;
mod members;
mod openapi;
mod reference;
mod refresh;
mod scale;
mod signing;
mod store;
mod support;
mod webhooks;
