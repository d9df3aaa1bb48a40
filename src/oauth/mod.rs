//! Talking to providers. [`http`] is the only module of the crate that leaves the machine.

pub mod accounts;
pub mod app_check;
pub mod authorize;
pub mod discovery;
pub mod egress;
pub mod exchange;
pub mod http;
pub mod identity;
pub mod login;
pub mod place;
pub mod registration;
pub mod resource;
pub mod sign;
pub mod token;
