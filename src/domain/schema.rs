//! What the OpenAPI document says of types that macros make, and of those that write themselves.

use super::Timestamp;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};

/// An enum: its wire values, each with what it means.
pub fn wire_enum(description: &str, meanings: &[(&str, &str)]) -> RefOr<Schema> {
    let list: Vec<_> = meanings.iter().map(|(wire, meaning)| format!("\n- `{wire}`:{meaning}")).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("{}\n{}", description.trim(), list.concat())))
        .enum_values(Some(meanings.iter().map(|(wire, _)| *wire)))
        .into()
}

/// An id: its prefix and 128 bits in hex.
pub fn id(description: &str, prefix: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("Id: {}", description.trim())))
        .pattern(Some(format!("^{prefix}[0-9a-f]{{32}}$")))
        .examples([example_id(prefix)])
        .into()
}

/// An id as examples show it.
pub fn example_id(prefix: &str) -> String {
    format!("{prefix}019ab3f27c5c7e0e9b1fd38d4f0a6b21")
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339. Answers are in UTC, with milliseconds and `Z`."))
            .examples(["2026-11-24T09:30:00.000Z"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}
