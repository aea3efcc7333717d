//! The ground that tests stand on: sandboxes with real git and real Cargo, and a registry of crates beside them.

#[cfg(unix)]
pub(crate) mod registry;
pub(crate) mod sandbox;
pub(crate) mod schemas;
