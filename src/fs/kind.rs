//! The kind of file at a path, and where a link leads.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The kind of file at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// It is a symbolic link.
    pub(crate) is_link: bool,
    /// The file itself, or the one that the link leads to.
    pub(crate) target: Target,
}

/// The kind of file at the end of all links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Nothing that can be looked at.
    None,
    File,
    Folder,
    Other,
}

/// Looks at a path by itself and by where it leads.
#[must_use]
pub(crate) fn kind(path: &Path) -> Kind {
    let own = fs::symlink_metadata(path).ok();
    let is_link = own.as_ref().is_some_and(fs::Metadata::is_symlink);
    let end = match is_link {
        true => fs::metadata(path).ok(),
        false => own,
    };
    let target = match end {
        None => Target::None,
        Some(end) if end.is_file() => Target::File,
        Some(end) if end.is_dir() => Target::Folder,
        Some(_) => Target::Other,
    };
    Kind { is_link, target }
}

/// Whether a program is a script, which may do anything; so is one that cannot be read.
#[must_use]
pub(crate) fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = fs::File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_err() || &start == b"#!"
}

/// The names in a folder as they are, in no order: [`names`](super::names) has them as text.
///
/// # Errors
///
/// The folder cannot be read.
pub(crate) fn names_exactly(dir: &Path) -> Result<Vec<OsString>> {
    let failed = || format!("failed to read the folder `{}`", dir.display());
    let entries = fs::read_dir(dir).with_context(failed)?;
    let names = entries.map(|entry| Ok(entry.with_context(failed)?.file_name()));
    names.collect()
}
