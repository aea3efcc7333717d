//! Puts units together beside the place where Cargo looks for them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::dep_info::DepInfo;
use crate::target::layout;
use crate::target::unit::UnitKind;
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::model::{Method, TakenUnit};
use crate::warm::place::unchanged;
use crate::warm::relocate;
use crate::warm::verdict::Dated;
use crate::{fs, markers};

/// The space of a unit.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) shared: Bytes,
    pub(crate) copied: Bytes,
}

pub(crate) struct Staging<'a> {
    pub(crate) from: &'a Path,
    pub(crate) stage: &'a Path,
    pub(crate) method: Method,
    pub(crate) names: &'a [String],
    /// Files that are not those of the plan, since we have written them anew.
    pub(crate) rewritten: &'a BTreeSet<PathBuf>,
    pub(crate) into: String,
    /// The time of what is as new as the look at the sources.
    pub(crate) looked_at: Option<Timestamp>,
    /// When the configurations here last changed, and when they were compared with the donor's.
    pub(crate) configured: Option<(Timestamp, Timestamp)>,
    pub(crate) worktrees: Option<&'a (PathBuf, PathBuf)>,
    pub(crate) workspace: &'a Path,
}

impl Staging<'_> {
    /// Makes the folders of all units, once each. A unit whose folder cannot be made says so itself.
    pub(crate) fn folders(&self, units: &[TakenUnit]) {
        let files = units.iter().flat_map(|unit| &unit.files);
        let folders = files.filter_map(|file| match file.sharing {
            Sharing::Folder => Some(file.path.as_path()),
            _ => file.path.parent(),
        });
        for folder in folders.collect::<BTreeSet<&Path>>() {
            let _ = fs::create_folder(&self.stage.join(folder));
        }
    }

    /// Puts a unit together, and looks whether its files are those of the plan.
    pub(crate) fn unit(&self, unit: &TakenUnit) -> anyhow::Result<Shared> {
        let mut total = Shared::default();
        let mut copies: HashMap<Identity, PathBuf> = HashMap::new();
        let mut counted: HashSet<Identity> = HashSet::new();
        for file in &unit.files {
            let (from, to) = (self.from.join(&file.path), self.stage.join(&file.path));
            if file.sharing == Sharing::Folder {
                fs::create_folder(&to)?;
                if self.method != Method::Clones {
                    total.copied += file.on_disk;
                }
                continue;
            }
            self.unchanged(&from, file)?;
            match file.sharing {
                Sharing::Special => fs::copy_link(&from, &to)?,
                _ => {
                    // Cargo gives some files two names, which stay two names of one file.
                    let known = copies.get(&file.identity).filter(|_| file.links > 1);
                    if let Some(known) = known {
                        fs::link_file(known, &to)?;
                        continue;
                    }
                    if let Some(text) = self.relocated(unit, file)? {
                        fs::write_like(&from, &to, &text)?;
                        total.copied += file.on_disk;
                    } else if self.file(file.sharing, &from, &to)? {
                        if file.links <= 1 || counted.insert(file.identity) {
                            total.shared += file.length;
                        }
                    } else {
                        total.copied += file.on_disk;
                        copies.insert(file.identity, to);
                    }
                }
            }
            // It may have been replaced or written to while it was copied.
            self.unchanged(&from, file)?;
        }
        self.date(unit)?;
        if let Some(compared) = unit.marked(self.looked_at, self.configured) {
            self.mark(unit, compared)?;
            if self.method != Method::Clones {
                total.copied += unit.mark();
            }
        }
        // A folder becomes newer when a file is put into it, so each folder is dated after all that is in it.
        for file in unit.files.iter().rev() {
            if let (Sharing::Folder, Some(modified)) = (file.sharing, file.modified()) {
                fs::date_folder(&self.stage.join(&file.path), modified);
            }
        }
        Ok(total)
    }

    /// Whether a file is that of the plan.
    fn unchanged(&self, path: &Path, file: &UnitFile) -> anyhow::Result<()> {
        match self.rewritten.contains(&file.path) {
            true => Ok(()),
            false => unchanged(path, file),
        }
    }

    /// Has files look as new as the look at the sources. All are the destination's own: links have the donor's times.
    fn date(&self, unit: &TakenUnit) -> anyhow::Result<()> {
        let Some(at) = self.looked_at.filter(|_| unit.dated != Dated::AsTheyWere) else {
            return Ok(());
        };
        let run = unit.kind == UnitKind::BuildScriptRun;
        let copies = unit
            .files
            .iter()
            .filter(|file| file.sharing == Sharing::Copy);
        for file in copies {
            let is_output = || {
                layout::in_profile(&file.path, &unit.id.profile, |path| {
                    layout::is_output(path, run)
                })
            };
            let dated = match unit.dated {
                Dated::Whole => file.is_fingerprint() || is_output(),
                _ => file.is_dep_info(),
            };
            let path = self.stage.join(&file.path);
            if file.is_dep_info() {
                self.follow(&path)?;
            }
            if dated {
                fs::date_file(&path, at)?;
            }
        }
        Ok(())
    }

    /// Leaves a mark by which we know later that it was us who put a unit here.
    fn mark(&self, unit: &TakenUnit, looked_at: Timestamp) -> anyhow::Result<()> {
        let (mut fingerprint, mut dated) = (None, None);
        for file in &unit.files {
            if file.is_fingerprint() {
                fingerprint = file.path.parent();
            }
            if file.is_dep_info() || file.is_said() {
                dated = fs::info(&self.stage.join(&file.path))?.and_then(|info| info.modified);
            }
        }
        if let (Some(folder), Some(at)) = (fingerprint, dated) {
            let text = markers::carried(self.workspace, at, looked_at);
            fs::write_own(
                &self.stage.join(folder).join(markers::CARRIED),
                text.as_bytes(),
            )?;
        }
        Ok(())
    }

    /// Has a list of sources name those of the destination, where it names the donor's by absolute paths.
    fn follow(&self, path: &Path) -> anyhow::Result<()> {
        let Some((from, into)) = self.worktrees else {
            return Ok(());
        };
        let bytes = fs::read(path)?.unwrap_or_default();
        let (from, into) = (from.display().to_string(), into.display().to_string());
        match DepInfo::relocated(&bytes, &from, &into) {
            Some(new) => fs::write_like(path, path, &new),
            None => Ok(()),
        }
    }

    /// A text file that a build script has made, if it says where it lies: what it says there follows.
    fn relocated(&self, unit: &TakenUnit, file: &UnitFile) -> anyhow::Result<Option<Vec<u8>>> {
        let note = relocate::may_be_note(&file.name());
        let short = file.length <= Bytes(relocate::LONGEST);
        if unit.kind != UnitKind::BuildScriptRun || !file.in_out_dir() || !note || !short {
            return Ok(None);
        }
        let text = fs::read(&self.from.join(&file.path))?;
        Ok(text.and_then(|text| relocate::relocate(&text, self.names, &self.into)))
    }

    /// Gives one file, and says whether its storage is shared.
    fn file(&self, sharing: Sharing, from: &Path, to: &Path) -> anyhow::Result<bool> {
        match (self.method, sharing) {
            // A file may be excluded from what the filesystem can do.
            (Method::Clones, _) if fs::clone_file(from, to).is_ok() => Ok(true),
            // A file has no more than so many names, and some filesystems know one only.
            (Method::Links, Sharing::Link) if fs::link_file(from, to).is_ok() => Ok(true),
            (Method::Copies, _) => {
                fs::copy_far(from, to)?;
                Ok(false)
            }
            (Method::Clones | Method::Links, _) => {
                fs::copy_file(from, to)?;
                Ok(false)
            }
        }
    }
}
