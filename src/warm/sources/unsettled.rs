//! Changes that may come to the destination without looking any newer.
//!
//! Tools that make worktrees copy what is not committed from another one, and keep the times of its files: to Cargo it
//! then looks older than what was put there when git made the worktree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::git::sources;
use crate::markers::CARGO_FOLDER;
use crate::plan::left::LeftReason;
use crate::target::artifact::abilities::Reach;
use crate::target::unit::{Unit, UnitId};
use crate::text::failure;
use crate::warm::sources::altogether::own_ignored;
use crate::warm::sources::{World, unknown};
use crate::warm::verdict::LocalUnit;
use crate::{fs, git};

/// The files of one worktree that are not committed.
struct Changes {
    /// Tracked files that were changed, and others that git does not ignore.
    files: Vec<PathBuf>,
    /// Files and folders that git ignores, but for those that Cargo and we have made, and other worktrees.
    ignored: Vec<PathBuf>,
}

impl World<'_> {
    /// Leaves the units of packages that have changes in another worktree.
    pub(crate) fn leave_unsettled(
        &self,
        units: &[&Unit],
        verdicts: &mut BTreeMap<UnitId, Result<LocalUnit, LeftReason>>,
    ) {
        if !self.ask.unsettled || !verdicts.values().any(Result::is_ok) {
            return;
        }
        let others = self.ask.others.par_iter();
        let changes: Vec<(&Path, Result<Changes, LeftReason>)> = others
            .map(|top| (top.as_path(), self.changes(top)))
            .collect();
        for unit in units {
            if let Some(verdict) = verdicts.get_mut(&unit.id)
                && verdict.is_ok()
                && let Err(reason) = self.settled(unit, &changes)
            {
                *verdict = Err(reason);
            }
        }
    }

    fn changes(&self, top: &Path) -> Result<Changes, LeftReason> {
        if !fs::exists(&top.join(".git")) {
            return Err(unknown("git does not list all worktrees of its repository"));
        }
        let (files, listing) = rayon::join(|| git::changes(top), || git::listing(top));
        let failed = |error: anyhow::Error| unknown(&failure::words(error.as_ref()));
        let listing = listing.map_err(failed)?;
        let mut ignored = own_ignored(self.ask, &[top], self.top, &listing);
        // The build environment covers these; and each worktree has its own.
        ignored.retain(|path| !sources::is_configuration(path) && !is_configured(top, path));
        Ok(Changes {
            files: files.map_err(failed)?,
            ignored,
        })
    }

    fn settled(
        &self,
        unit: &Unit,
        changes: &[(&Path, Result<Changes, LeftReason>)],
    ) -> Result<(), LeftReason> {
        for (worktree, changes) in changes {
            let changes = changes.as_ref().map_err(Clone::clone)?;
            let mut files = changes.files.iter();
            let mut ignored = changes.ignored.iter();
            let file = files
                .find(|file| self.may_matter(unit, file))
                .or_else(|| ignored.find(|path| self.may_matter_though_ignored(unit, path)));
            if let Some(file) = file {
                return Err(LeftReason::ChangedElsewhere {
                    file: file.clone(),
                    worktree: worktree.to_path_buf(),
                });
            }
        }
        Ok(())
    }

    /// Whether an ignored file or folder may matter. People keep much in a worktree that is no source, so that a place in the
    /// package alone says nothing.
    fn may_matter_though_ignored(&self, unit: &Unit, path: &Path) -> bool {
        let is_module = path.extension().is_some_and(|end| end == "rs");
        self.looks_at_files(unit)
            || self.names(unit, path)
            || (is_module && self.may_matter(unit, path))
    }

    /// Whether a macro or a build script that runs while it is made may look at any file.
    fn looks_at_files(&self, unit: &Unit) -> bool {
        self.able_of(unit).reach >= Reach::Files
    }

    /// Whether a unit was compiled from a file, or from one in a folder.
    fn names(&self, unit: &Unit, path: &Path) -> bool {
        let named = self.named.get(&unit.id);
        let named = named.and_then(|named| named.as_ref().ok());
        named.is_some_and(|named| named.files.iter().any(|file| file.starts_with(path)))
    }

    fn may_matter(&self, unit: &Unit, file: &Path) -> bool {
        if self.looks_at_files(unit) {
            return true;
        }
        let is_named = self.names(unit, file);
        // A file that comes to a package may be one of its modules.
        let folder = self.folder(unit);
        let own = folder.is_none_or(|folder| file.starts_with(folder));
        // Cargo reads it at each build, however old it looks.
        let own = own && file.file_name() != Some("Cargo.lock".as_ref());
        is_named || own || file.ends_with("Cargo.toml")
    }
}

/// Whether a folder holds nothing but Cargo's configuration.
fn is_configured(top: &Path, path: &Path) -> bool {
    // A folder that cannot be read may hold anything.
    path.ends_with(CARGO_FOLDER)
        && fs::names(&top.join(path)).is_ok_and(|names| {
            let mut names = names.iter();
            names.all(|name| sources::is_configuration(&path.join(name)))
        })
}
