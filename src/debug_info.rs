//! Stub.
use crate::size::Bytes;
/// Stub.
#[derive(Clone, Copy, Debug, Default)]
pub struct DebugInfo {
    /// Stub.
    pub line_tables: Bytes,
    /// Stub.
    pub other: Bytes,
}
/// Stub.
pub fn sections<R: std::io::Read + std::io::Seek>(_: &str, _: R) -> DebugInfo {
    DebugInfo::default()
}
/// Stub.
#[must_use]
pub fn compiler_name(_: &std::path::Path) -> Option<String> {
    None
}
