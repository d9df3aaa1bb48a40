//! Wiring.
pub mod entropy;
