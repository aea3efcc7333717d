//! Which paths a local unit keeps, and in which worktree it was compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Look, Origin, is_there, kept, without};
use crate::dep_info::RustcDepInfo;
use crate::embedded;
use crate::marks;
use crate::model::{LeftReason, Sharing, Source, Trace, Unit, UnitFile, UnitId, UnitKind};
use crate::relocate;
use crate::survey::donors::file_name;

/// What is looked for in local units.
pub(super) struct Local {
    workspace: String,
    same: bool,
    /// The folders of which no path may be kept.
    pub(super) roots: Vec<String>,
}

/// Variables by which Cargo tells a compiler where something lies in the worktree, or where it will be put.
///
/// Source: `prepare_rustc` and `compilation_env` in `src/cargo/core/compiler` of Cargo. It leaves those that it sets
/// itself out when it asks whether a unit is fresh.
fn tells_a_place(variable: &str) -> bool {
    const NAMES: [&str; 3] = [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_TARGET_TMPDIR",
    ];
    NAMES.contains(&variable) || variable.starts_with("CARGO_BIN_EXE_")
}

impl Local {
    pub(super) fn of(origin: Origin<'_>, names: &[String], worktree: Option<&Path>) -> Self {
        let text = |path: &Path| path.display().to_string();
        let mut roots = names.to_owned();
        roots.extend(origin.programs.map(text));
        if !origin.same {
            roots.push(text(origin.workspace));
            roots.extend(worktree.map(text));
        }
        Self {
            workspace: text(origin.workspace),
            same: origin.same,
            roots,
        }
    }
}

impl Look<'_> {
    /// Whether a local unit keeps a path of the donor or of its worktree, and where it was compiled.
    pub(super) fn compiled_here(&self, unit: &Unit, local: &Local) -> Result<Trace, LeftReason> {
        let roots: Vec<&str> = local.roots.iter().map(String::as_str).collect();
        let mut sources = Vec::new();
        for file in unit.files.iter().filter(|file| file.is_list()) {
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&self.read(file)?));
            let mut names = info.env.iter().map(|(name, _)| name);
            if let (Some(name), false) = (names.find(|name| tells_a_place(name)), local.same) {
                return Err(kept(file, format!("the value of {name}")));
            }
            if let Some(name) = embedded::foreign_variable(&info.env, &roots, &info.sources) {
                return Err(kept(file, format!("the value of {name}")));
            }
            sources.extend(info.sources);
        }
        let root = sources.first().cloned();
        let separator = std::path::MAIN_SEPARATOR;
        let whole = sources.iter();
        let whole = whole.map(|source| format!("{}{separator}{source}", local.workspace));
        let sources: Vec<String> = whole.chain(sources.iter().cloned()).collect();
        for file in unit.files.iter().filter(|file| is_warnings(file)) {
            if embedded::names_root(&self.read(file)?, &roots) {
                return Err(kept(file, local.roots.join(" or ")));
            }
        }
        let carried = self.is_carried(unit, local)?;
        let mut folders = BTreeSet::new();
        for file in unit.files.iter().filter(|file| file.is_artifact()) {
            let found = self.with_whole(file, |bytes| {
                if let Some(root) = root.as_ref().filter(|_| !carried) {
                    folders.extend(embedded::compiled_in(bytes, root));
                }
                embedded::foreign_path(bytes, &roots, &sources, &is_there)
            });
            if let Some(path) = found? {
                return Err(kept(file, path));
            }
        }
        Ok(match carried {
            true => Trace::Carried,
            false => trace(folders, local),
        })
    }

    /// Where the other libraries of those packages were compiled that have units which are wanted.
    ///
    /// What a build script is compiled to says nothing of where that was.
    pub(super) fn for_their_traces(&self, wanted: &BTreeSet<&UnitId>) -> BTreeMap<UnitId, Trace> {
        let Some(local) = &self.local else {
            return BTreeMap::new();
        };
        let units = || {
            self.donor
                .units
                .iter()
                .filter(|unit| unit.source == Source::Local)
        };
        let of = |unit: &Unit| (unit.id.profile.clone(), unit.package.clone());
        let packages: BTreeSet<_> = units()
            .filter(|unit| wanted.contains(&unit.id))
            .map(of)
            .collect();
        let others = units().filter(|unit| {
            unit.kind == UnitKind::Library
                && !wanted.contains(&unit.id)
                && packages.contains(&of(unit))
        });
        let others: Vec<&Unit> = others.collect();
        let traces = others.into_par_iter().filter_map(|unit| {
            let trace = self.trace(unit, local).ok()?;
            (trace != Trace::None).then(|| (unit.id.clone(), trace))
        });
        traces.collect()
    }

    /// Where a unit was compiled: its root source has the folder beside its name.
    pub(super) fn trace(&self, unit: &Unit, local: &Local) -> Result<Trace, LeftReason> {
        if self.is_carried(unit, local)? {
            return Ok(Trace::Carried);
        }
        let Some(list) = unit.files.iter().find(|file| file.is_list()) else {
            return Ok(Trace::None);
        };
        let list = RustcDepInfo::parse(&String::from_utf8_lossy(&self.read(list)?));
        let Some(source) = list.sources.first() else {
            return Ok(Trace::None);
        };
        let mut folders = BTreeSet::new();
        for file in unit.files.iter().filter(|file| file.is_artifact()) {
            folders.extend(self.with_whole(file, |bytes| embedded::compiled_in(bytes, source))?);
        }
        Ok(trace(folders, local))
    }

    /// Whether it was put here by us, who compared its sources with those here, and nobody has compiled it since.
    fn is_carried(&self, unit: &Unit, local: &Local) -> Result<bool, LeftReason> {
        let mark = unit
            .files
            .iter()
            .find(|file| file.is_fingerprint() && file_name(file) == marks::CARRIED);
        let Some(mark) = mark else {
            return Ok(false);
        };
        let dated = unit.files.iter().find(|file| is_dated(file));
        let modified = dated.and_then(|file| file.modified());
        let text = self.read(mark)?;
        let workspace = Path::new(&local.workspace);
        Ok(
            modified
                .is_some_and(|modified| marks::carried_at(&text, workspace, modified).is_some()),
        )
    }

    /// Whether what the build script of a local package has made keeps a path of its worktree, besides those of its
    /// `OUT_DIR`, which may lie in there.
    pub(super) fn made_of_places(
        &self,
        run: &Unit,
        local: &Local,
        worktree: &Path,
    ) -> Result<(), LeftReason> {
        if local.same {
            return Ok(());
        }
        let name = worktree.file_name().unwrap_or_default().to_string_lossy();
        let worktree = worktree.display().to_string();
        for file in run.files.iter().filter(|file| file.is_said()) {
            let mut said = self.read(file)?;
            for name in &self.names {
                said = without(&said, name.as_bytes());
            }
            if has_word(&String::from_utf8_lossy(&said), &name) {
                return Err(kept(file, name.into_owned()));
            }
        }
        let made = run.files.iter();
        for file in made.filter(|file| file.sharing == Sharing::Copy && file.in_out_dir()) {
            let note = relocate::may_be_note(&file_name(file));
            let found = self.with_whole(file, |bytes| {
                if !note {
                    return embedded::foreign_path(bytes, &[&worktree], &[], &is_there);
                }
                let mut bytes = bytes.to_owned();
                for name in &self.names {
                    bytes = without(&bytes, name.as_bytes());
                }
                embedded::names_root(&bytes, &[&worktree]).then(|| worktree.clone())
            });
            if let Some(path) = found? {
                return Err(kept(file, path));
            }
        }
        Ok(())
    }
}

/// Whether a text has a word, as in a name that was made of it.
fn has_word(text: &str, word: &str) -> bool {
    let mut words = text.split(|char: char| !char.is_alphanumeric());
    !word.is_empty()
        && (words.any(|found| found == word)
            || (word.contains(['-', '_', '.']) && text.contains(word)))
}

fn trace(mut folders: BTreeSet<String>, local: &Local) -> Trace {
    match folders.pop_first() {
        None => Trace::None,
        Some(first) if first == local.workspace || folders.contains(&local.workspace) => Trace::Own,
        Some(first) => Trace::Other(PathBuf::from(first)),
    }
}

/// The file by whose time Cargo tells whether the sources of a unit are newer.
fn is_dated(file: &UnitFile) -> bool {
    file.is_said() || file.is_dep_info()
}

/// What the compiler had to say of a unit, which Cargo says again each time that it finds the unit fresh.
fn is_warnings(file: &UnitFile) -> bool {
    file.sharing == Sharing::Copy && file.is_fingerprint() && file_name(file).starts_with("output-")
}
