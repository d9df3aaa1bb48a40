//! Answers that several nouns share, and what the document says of every error.

use crate::domain::{Code, FieldError};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// `{deleted: true, id}`
#[derive(Serialize, ToSchema)]
pub struct Deleted<Id> {
    /// Always true.
    deleted: bool,
    /// What it was.
    id: Id,
}

impl<Id> Deleted<Id> {
    /// That `id` is gone.
    pub fn new(id: Id) -> Self {
        Self { deleted: true, id }
    }
}

/// Every failure has this form. `error.rs` writes it; this describes it.
#[derive(ToSchema)]
#[schema(as = Error, rename_all = "camelCase")]
#[expect(dead_code, reason = "a description: its fields are written by api::error")]
pub struct ErrorAnswer {
    /// One sentence for a person.
    error: String,
    /// What went wrong, for machines.
    code: Code,
    /// Facts that depend on the code.
    details: ErrorDetails,
    /// To find the request in the log. The same as the header `X-Request-Id`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
    request_id: String,
    /// What to do next, where there is something.
    #[schema(value_type = String, required = false)]
    suggestion: Option<String>,
}

/// Facts that depend on the code: `fields` with VALIDATION_ERROR, `existingId` with DUPLICATE, `candidates` with
/// AMBIGUOUS_INTEGRATION, and others.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: its fields are written by api::error")]
pub struct ErrorDetails {
    /// Which fields are wrong, and why.
    #[schema(value_type = Vec<FieldError>, required = false)]
    fields: Option<Vec<FieldError>>,
    #[serde(flatten)]
    further: BTreeMap<String, serde_json::Value>,
}

/// An error in one place of several. `error.rs` writes it; this describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: its fields are written by api::error")]
pub struct BatchRefusal {
    /// One sentence for a person.
    error: String,
    /// What went wrong, for machines.
    code: Code,
    /// Facts that depend on the code.
    details: ErrorDetails,
    /// What to do next, where there is something.
    #[schema(value_type = String, required = false)]
    suggestion: Option<String>,
}
