//! What packages are compiled with, besides their own files.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cargo::inherited;
use crate::fs;
use crate::fs::Source;
use crate::plan::left::LeftReason;

/// Whether the manifests of two workspaces say the same of one of their packages, whose own manifest is the same.
pub(crate) fn same_manifests(
    from: &Path,
    into: &Path,
    top: &Path,
    folder: &Path,
) -> Result<(), LeftReason> {
    let read = |path: &Path| {
        let text = fs::read(path).ok().flatten();
        text.map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let file = into.join("Cargo.toml");
    let (there, here) = (read(&from.join("Cargo.toml")), read(&file));
    let said = |root: &Option<String>| {
        let package = read(&top.join(folder).join("Cargo.toml"))?;
        inherited::from_workspace(root.as_deref()?, &package)
    };
    if there.is_some() && there == here {
        return Ok(());
    }
    match (said(&there), said(&here)) {
        (Some(there), Some(here)) if there == here => Ok(()),
        _ => Err(LeftReason::OtherSettings { file }),
    }
}

/// The donor's root manifest, with which its packages are compiled besides their own files, if it has changed since `at`.
/// Of configurations, the circumstances tell.
pub(crate) fn newer(from: &Path, at: Timestamp) -> Option<PathBuf> {
    let manifest = from.join("Cargo.toml");
    let newest = Source::at(&manifest).newest;
    newest.is_none_or(|newest| newest >= at).then_some(manifest)
}
