//! Stub.
use std::collections::BTreeSet;
/// Stub.
#[must_use]
pub fn asked_by(
    _: &cargo_metadata::Metadata,
    _: &str,
    _: &str,
    _: &BTreeSet<String>,
) -> Vec<crate::model::AskedBy> {
    Vec::new()
}
