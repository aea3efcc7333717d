//! The settings that packages are compiled with, besides their own files.

use std::path::Path;

use jiff::Timestamp;

use crate::cargo::inherited;
use crate::fs;
use crate::fs::Source;
use crate::plan::left::LeftReason;
use crate::survey::model::CargoAnswer;
use crate::warm::sources::{World, unknown};

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

impl World<'_> {
    /// Whether the manifests said at a moment what they say now of the package in `folder`, to what reads variables.
    ///
    /// Cargo sets variables to values of the manifests, and of some no fingerprint tells: `CARGO_PKG_README`, or
    /// `CARGO_PKG_LICENSE` by way of `[workspace.package]`. Source: `Metadata` in `src/cargo/core/compiler/fingerprint/mod.rs`
    /// of Cargo has four of them. A crate's own `env!` is compared by Cargo.
    pub(crate) fn manifests(&self, folder: &Path, at: Timestamp) -> Result<(), LeftReason> {
        let root = self.ask.from.join("Cargo.toml");
        let changed = Source::at(&root).newest.is_none_or(|newest| newest >= at);
        if changed {
            return Err(LeftReason::SourceNewer { file: root });
        }
        let own = folder.join("Cargo.toml");
        if self.compared.newer(at, |file| file == own).is_some() {
            return Err(LeftReason::SourceNewer { file: own });
        }
        let path = self.top.join(&own);
        let text = fs::read(&path).ok().flatten().unwrap_or_default();
        let takes_over = inherited::takes_over(&String::from_utf8_lossy(&text));
        if !self.is_member(folder) && takes_over != Some(false) {
            return Err(unknown(
                "its package inherits values from another workspace than the one that is built",
            ));
        }
        Ok(())
    }

    fn is_member(&self, folder: &Path) -> bool {
        let CargoAnswer::Said { packages, .. } = &self.ask.workspace.cargo else {
            return false;
        };
        let folder = self.top.join(folder);
        packages.iter().any(|package| package.folder == folder)
    }
}
