//! The ground that tests stand on: sandboxes with real git and real Cargo, and a registry of crates beside them.

pub(crate) mod profile;
#[cfg(unix)]
pub(crate) mod registry;
pub(crate) mod sandbox;
pub(crate) mod schemas;
