//! Which compiler made a file.

use std::path::Path;

use crate::fs;
use crate::target::artifact::compiler_name;

/// The compiler that made metadata or a library, by the name that `rustc --version` says; `None` if the file cannot be
/// read or does not say it.
#[must_use]
pub fn of(path: &Path) -> Option<String> {
    compiler_name::compiler_name(fs::open(path).ok()?)
}
