//! Whether a build script would do the same again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Compared, World, newest, settings, unknown};
use crate::fingerprint;
use crate::fs::{self, Source, SourceKind};
use crate::marks;
use crate::model::{LeftReason, LocalUnit, Unit, UnitKind};
use crate::sources;
use crate::survey::donors::{file_name, is_artifact, is_fingerprint, is_said};

/// The most that is read of a fingerprint or a source of a build script.
const MOST: u64 = 16 << 20;

/// A watched folder with more in it is none of sources.
const MANY: usize = 20_000;

impl World<'_> {
    /// Whether a build script ran on what the destination has, too.
    pub(super) fn run(
        &self,
        unit: &Unit,
        folder: &Path,
        compared: &Compared,
    ) -> Result<LocalUnit, LeftReason> {
        let at = self
            .ran_at(unit)
            .ok_or_else(|| unknown("nothing tells when it ran"))?;
        if let Some(file) = self.made_by_any() {
            return Err(script(format!(
                "it may have made `{}`, which is not there",
                file.display()
            )));
        }
        if let Some(file) = settings::newer(self.ask.from, at) {
            return Err(LeftReason::SourceNewer { file });
        }
        let own = self.own_sources(unit)?;
        let fingerprint = self.fingerprint(unit)?;
        let inside = |path: &String| sources::normalized(&folder.join(path));
        let mut watched = fingerprint.watched.iter();
        if watched.all(|path| inside(path).is_some_and(|path| own.contains(&path))) {
            self.says_nothing(at)?;
        }
        self.unchanged_since(at, compared, |file| {
            let inside = file.strip_prefix(folder);
            inside.is_ok_and(|inside| sources::may_be_read(inside, &unit.kind, true))
        })?;
        for path in &fingerprint.watched {
            self.watched(folder, Path::new(path), at)?;
        }
        let precalculated = fingerprint.precalculated.map(|said| {
            let there = newest::of_package(self.ask.from_worktree, folder, &self.there);
            match there {
                Some(there) if there == said => newest::of_package(self.top, folder, &self.here)
                    .ok_or_else(|| unknown("the files of its package cannot be listed")),
                _ => Err(script(
                    "it watches its whole package, in which something has changed since".into(),
                )),
            }
        });
        Ok(LocalUnit {
            watches: !fingerprint.watched.is_empty(),
            precalculated: precalculated.transpose()?,
        })
    }

    /// When a script ran; of a run that was carried over, when it was found that it would do the same.
    fn ran_at(&self, run: &Unit) -> Option<Timestamp> {
        let said = run.files.iter().find(|file| is_said(file))?.modified()?;
        let mut files = run.files.iter();
        let mark = files.find(|file| is_fingerprint(file) && file_name(file) == marks::CARRIED);
        let mark = mark.and_then(|mark| fs::read(&self.ask.donor.folder.join(&mark.path)).ok()?);
        let carried = mark.and_then(|mark| marks::carried_at(&mark, self.ask.from, said));
        Some(carried.unwrap_or(said))
    }

    /// Whether a script that says nothing of what it looks at, or nothing but itself, would find the same: it may have
    /// looked at everything.
    fn says_nothing(&self, at: Timestamp) -> Result<(), LeftReason> {
        if !self.ask.same_commit {
            return Err(script(
                "it says nothing of what it looks at, and the commit is another one".into(),
            ));
        }
        let all = self.all.as_ref();
        let all = all.ok_or_else(|| unknown("nothing is known of the rest of the worktree"))?;
        if let Some(file) = &all.different {
            return Err(LeftReason::SourceDiffers { file: file.clone() });
        }
        let top = self.packages.workspace.as_path();
        // Rust code comes and goes all the time, and is hardly what a script that watches itself looks at.
        let data = |file: &Path| file.extension().is_none_or(|end| end != "rs");
        let folder = || {
            all.newer_folder(at, |folder| {
                folder != top && !folder.as_os_str().is_empty() && all.files_in(folder).any(data)
            })
        };
        let newer = all.newer(at, |file| data(file) && !sources::is_documentation(file));
        match newer.or_else(folder) {
            Some(file) => Err(LeftReason::SourceNewer {
                file: file.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The sources of a script, if its code shows nothing that it asks for and that is in no file of its package.
    fn own_sources(&self, run: &Unit) -> Result<&BTreeSet<PathBuf>, LeftReason> {
        let nothing = || unknown("nothing tells what its build script is");
        let programs = run.dependencies.iter().filter_map(|id| self.by_id.get(id));
        let mut programs = programs.filter(|unit| unit.kind == UnitKind::BuildScript);
        let program = programs.next().ok_or_else(nothing)?;
        let named = self.named.get(&program.id);
        let named = named
            .and_then(|named| named.as_ref().ok())
            .ok_or_else(nothing)?;
        for file in &named.files {
            let code = fs::read_start(&self.top.join(file), MOST).ok().flatten();
            let code = code.ok_or_else(|| unknown("its build script cannot be read"))?;
            if let Some(what) = sources::asks_for_more(&String::from_utf8_lossy(&code)) {
                return Err(script(format!("it may ask for {what}")));
            }
        }
        for file in program.files.iter().filter(|file| is_artifact(file)) {
            let path = self.ask.donor.folder.join(&file.path);
            if fs::with_content(&path, sources::program_asks_git).unwrap_or(true) {
                return Err(script("it may ask git".into()));
            }
        }
        Ok(&named.files)
    }

    fn fingerprint(&self, unit: &Unit) -> Result<fingerprint::Fingerprint, LeftReason> {
        let mut files = unit.files.iter();
        let file = files.find(|file| is_fingerprint(file) && file_name(file).ends_with(".json"));
        let bytes = file.and_then(|file| {
            fs::read_start(&self.ask.donor.folder.join(&file.path), MOST)
                .ok()
                .flatten()
        });
        let parsed = bytes.map(|bytes| fingerprint::parse(&bytes));
        parsed
            .and_then(Result::ok)
            .ok_or_else(|| unknown("its fingerprint cannot be read"))
    }

    /// Whether what a script watches is the same in both worktrees, and was there before it ran.
    fn watched(&self, folder: &Path, path: &Path, at: Timestamp) -> Result<(), LeftReason> {
        let newer = |file: &Path| LeftReason::SourceNewer {
            file: file.to_owned(),
        };
        if path.is_absolute() {
            let inside = path.starts_with(self.ask.from_worktree)
                || path.starts_with(&self.ask.donor.folder);
            return match !inside && self.is_older(&Source::at(path), at) {
                true if !fs::is_folder(path) => Ok(()),
                _ => Err(newer(path)),
            };
        }
        let inside = sources::normalized(&folder.join(path));
        let inside = inside.ok_or_else(|| {
            script(format!(
                "it watches `{}`, outside of the worktree",
                path.display()
            ))
        })?;
        let (there, here) = (self.ask.from_worktree.join(&inside), self.top.join(&inside));
        let (mine, theirs) = (self.list(&here, &inside)?, self.list(&there, &inside)?);
        if mine != theirs {
            return Err(LeftReason::SourceDiffers { file: inside });
        }
        for part in mine {
            // A file joined with nothing is looked for in a folder of its name.
            let whole = |path: &PathBuf| match part.as_os_str().is_empty() {
                true => path.clone(),
                false => path.join(&part),
            };
            let (there, here) = (whole(&there), whole(&here));
            let (one, two) = (Source::at(&there), Source::at(&here));
            if matches!(one.what, SourceKind::Missing) {
                // Cargo runs a script each time that watches what is not there.
                return Err(script(format!(
                    "it watches `{}`, which is not there",
                    inside.display()
                )));
            }
            if !one.is_same(&there, &two, &here) {
                return Err(LeftReason::SourceDiffers {
                    file: inside.join(part),
                });
            }
            if !self.is_older(&one, at) || two.newest.is_none_or(|newest| newest >= self.begin) {
                return Err(newer(&inside.join(part)));
            }
        }
        Ok(())
    }

    /// Everything at a path, relative to it.
    fn list(&self, path: &Path, inside: &Path) -> Result<Vec<PathBuf>, LeftReason> {
        let whole = || script(format!("it watches all of `{}`", inside.display()));
        if !fs::is_folder(path) {
            return Ok(vec![PathBuf::new()]);
        }
        if self.ask.donor.folder.starts_with(path) {
            return Err(whole());
        }
        let all = fs::everything_in(path, MANY).ok_or_else(whole)?;
        let inner = all
            .into_iter()
            .map(|inner| inner.strip_prefix(path).map(Path::to_owned));
        inner.collect::<Result<_, _>>().map_err(|_| whole())
    }
}

fn script(why: String) -> LeftReason {
    LeftReason::BuildScript { why }
}
