//! One place that knows a target folder: what Cargo and rustc write into it, and how to read it.
//!
//! Cargo documents none of this. Each fact here was read in Cargo's source, tried, and is held by a test with real
//! builds. The unit of everything is a [`unit::Unit`]: what one call of rustc, or one run of a build script, has written.
//!
//! - [`layout`] has the two shapes of a profile folder: the classic one (`.fingerprint`, `build`, `deps`) and the one of
//!   `-Zbuild-dir-new-layout` (`build/<package>/<hash>`), and says which file of a folder belongs to which unit.
//! - [`mod@read`] walks a folder once and gives an [`unit::Inventory`]. It opens fingerprints and, for the
//!   linker's name, procedural macros and build scripts.
//! - [`fingerprint`] reads the JSON and the hash that make a unit fresh, and can compute the hash anew.
//! - [`dep_info`] reads Cargo's own lists of sources (binary) and rustc's (`.d`).
//! - [`linked`] says which programs may be one file in several folders.
//! - [`identify`] tells package, version and target of a unit from the names of its files.
//! - [`artifact`] opens libraries and programs: which compiler made them, which absolute paths they have compiled in,
//!   what their code can do.
//!
//! [`mod@read`] alone reads the disk; the others are given bytes.

pub(crate) mod abilities_record;
pub mod artifact;
pub mod dep_info;
pub mod fingerprint;
pub(crate) mod identify;
pub mod layout;
pub(crate) mod leaked;
pub(crate) mod linked;
pub mod read;
pub mod unit;
pub mod unit_file;
