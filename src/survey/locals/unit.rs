//! What a unit was compiled from, and whether that is still there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{World, unknown};
use crate::dep_info::{Base, DepInfo};
use crate::fs::{self, Source, SourceKind};
use crate::model::{LeftReason, LocalUnit, Unit, UnitFile};
use crate::sources;
use crate::survey::donors::{file_name, is_fingerprint};

/// The most that is read of a dep-info. Real ones are a thousand times smaller.
const MOST: u64 = 16 << 20;

/// What a unit was compiled from, as far as the compiler told.
#[derive(Debug)]
pub(super) struct Named {
    /// When the compiler began.
    pub(super) at: Timestamp,
    /// Files in the worktree, relative to its top.
    pub(super) files: BTreeSet<PathBuf>,
    /// Files elsewhere.
    outside: Vec<PathBuf>,
}

impl World<'_> {
    /// What a unit of the package in `folder` was compiled from.
    pub(super) fn names_of(&self, unit: &Unit, folder: &Path) -> Result<Named, LeftReason> {
        let is_info =
            |file: &&UnitFile| is_fingerprint(file) && file_name(file).starts_with("dep-");
        let nothing = || unknown("nothing tells which files it was compiled from");
        let mut infos = unit.files.iter().filter(is_info);
        let (Some(file), None) = (infos.next(), infos.next()) else {
            return Err(nothing());
        };
        let bytes = fs::read_start(&self.ask.donor.folder.join(&file.path), MOST);
        let info = bytes
            .ok()
            .flatten()
            .and_then(|bytes| DepInfo::parse(&bytes));
        let (info, at) = info.zip(file.modified).ok_or_else(nothing)?;
        let mut named = Named {
            at,
            files: BTreeSet::new(),
            outside: Vec::new(),
        };
        for file in info.files {
            let path = Path::new(&file.path);
            match file.base {
                Base::Package => {
                    let inside = sources::normalized(&folder.join(path));
                    named.files.insert(inside.ok_or_else(|| {
                        unknown(&format!("`{}` lies outside of the worktree", file.path))
                    })?);
                }
                // What a build script has made: it comes along with the run.
                Base::Build if path.is_relative() => {}
                Base::Build => named.outside.push(path.to_owned()),
            }
        }
        match named.files.is_empty() {
            true => Err(nothing()),
            false => Ok(named),
        }
    }

    /// Whether a unit was compiled from what the files of its package are now.
    pub(super) fn compiled(
        &self,
        unit: &Unit,
        folder: &Path,
        compared: &super::Compared,
    ) -> Result<LocalUnit, LeftReason> {
        let named = self.named.get(&unit.id);
        let named = named
            .ok_or_else(|| unknown("nothing tells what it is"))?
            .as_ref();
        let named = named.map_err(Clone::clone)?;
        for file in &named.files {
            if !compared.has(file) {
                return Err(LeftReason::SourceDiffers { file: file.clone() });
            }
        }
        let counts = |file: &Path| {
            let inside = file.strip_prefix(folder);
            named.files.contains(file)
                || inside.is_ok_and(|inside| sources::may_be_read(inside, &unit.kind))
        };
        self.unchanged_since(named.at, compared, counts)?;
        for path in &named.outside {
            let inside = path.starts_with(self.ask.from_worktree);
            let source = Source::at(path);
            if inside || !self.is_older(&source, named.at) {
                return Err(LeftReason::SourceNewer { file: path.clone() });
            }
        }
        // What is in a folder decides which file a module is, and what a macro finds there.
        let folders: BTreeSet<&Path> = named
            .files
            .iter()
            .filter_map(|file| file.parent())
            .collect();
        for inner in folders {
            if inner == folder || !inner.starts_with(folder) {
                continue;
            }
            let modified = fs::info(&self.ask.from_worktree.join(inner)).ok().flatten();
            let modified = modified.and_then(|info| info.modified);
            if modified.is_none_or(|modified| modified >= named.at) {
                return Err(LeftReason::SourceNewer {
                    file: inner.to_owned(),
                });
            }
        }
        Ok(LocalUnit::default())
    }

    /// Whether none of the donor's files that count has changed since a moment.
    pub(super) fn unchanged_since(
        &self,
        at: Timestamp,
        compared: &super::Compared,
        counts: impl FnMut(&Path) -> bool,
    ) -> Result<(), LeftReason> {
        let newer = compared.newer(at, counts);
        let newer = newer.or_else(|| self.everybodys.newer(at, |_| true));
        match newer {
            Some(file) => Err(LeftReason::SourceNewer {
                file: file.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Whether something outside of both worktrees is there and was so before a moment, and before the look.
    pub(super) fn is_older(&self, source: &Source, at: Timestamp) -> bool {
        let is_there = !matches!(source.what, SourceKind::Missing | SourceKind::Other);
        is_there
            && source
                .newest
                .is_some_and(|newest| newest < at && newest < self.begin)
    }
}
