//! Which paths a local unit keeps, and in which worktree it was compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use memchr::memmem;
use rayon::prelude::*;

use crate::plan::left::LeftReason;
use crate::target::artifact::paths;
use crate::target::dep_info::RustcDepInfo;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::decide::speaks_of;
use crate::warm::inspect::flaws::{Inspector, MOST, Origin, is_there, kept, without};
use crate::warm::relocate;
use crate::warm::verdict::Trace;
use crate::{fs, markers};

/// The traces that local units are searched for.
pub(crate) struct Local {
    workspace: String,
    same: bool,
    /// Names that distinguish the place from the destination's.
    own_names: Vec<String>,
    pub(crate) now: Timestamp,
    /// The folders whose paths may not be kept.
    pub(crate) roots: Vec<String>,
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

/// Variables by which Cargo tells a compiler where it puts something.
fn tells_where_it_builds(variable: &str) -> bool {
    variable == "CARGO_TARGET_TMPDIR" || variable.starts_with("CARGO_BIN_EXE_")
}

impl Local {
    pub(crate) fn of(origin: Origin<'_>, names: &[String], worktree: Option<&Path>) -> Self {
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
            own_names: origin.own_names.to_owned(),
            now: origin.now,
            roots,
        }
    }
}

impl Inspector<'_> {
    /// Whether a local unit keeps a path of the donor or of its worktree, and where it was compiled.
    pub(crate) fn compiled_here(&self, unit: &Unit, local: &Local) -> Result<Trace, LeftReason> {
        let roots: Vec<&str> = local.roots.iter().map(String::as_str).collect();
        let (mut sources, mut root) = (Vec::new(), None);
        for file in unit.files.iter().filter(|file| file.is_list()) {
            let info = self.list(file)?;
            let mut names = info.env.iter().map(|(name, _)| name);
            let told = names.find(|name| match local.same {
                // A unit that was built in this worktree tells where that is, and may tell where it builds.
                true => self.moves && tells_where_it_builds(name),
                false => tells_a_place(name),
            });
            if let Some(name) = told {
                return Err(kept(file, format!("the value of {name}")));
            }
            if let Some(name) = paths::foreign_variable(&info.env, &roots, &info.sources) {
                return Err(kept(file, format!("the value of {name}")));
            }
            root = root.or_else(|| info.root().map(str::to_owned));
            sources.extend(info.sources);
        }
        let separator = std::path::MAIN_SEPARATOR;
        let whole = sources.iter();
        let whole = whole.map(|source| format!("{}{separator}{source}", local.workspace));
        let sources: Vec<String> = whole.chain(sources.iter().cloned()).collect();
        for file in unit.files.iter().filter(|file| is_warnings(file)) {
            if paths::names_root(&self.read(file)?, &roots) {
                return Err(kept(file, local.roots.join(" or ")));
            }
        }
        let carried = self.is_carried(unit, local)?;
        let mut folders = BTreeSet::new();
        for file in unit.files.iter().filter(|file| file.is_artifact()) {
            let found = self.with_whole(file, |bytes| {
                if !local.same && has_coverage_map(bytes) {
                    return Some(local.workspace.clone());
                }
                if let Some(root) = root.as_ref().filter(|_| !carried) {
                    folders.extend(paths::compiled_in(bytes, root));
                }
                let foreign =
                    |sources: &[String]| paths::foreign_path(bytes, &roots, sources, &is_there);
                // A linked program names the sources of all its crates, where these may panic.
                foreign(&sources).and_then(|_| foreign(&self.sources_below(unit, &sources)))
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

    /// These sources of a unit, and those of all that it was compiled with.
    fn sources_below(&self, unit: &Unit, own: &[String]) -> Vec<String> {
        let mut all = own.to_owned();
        let mut seen: BTreeSet<&UnitId> = BTreeSet::new();
        let mut next: Vec<&UnitId> = unit.dependencies.iter().collect();
        while let Some(id) = next.pop() {
            let Some(unit) = self.by_id.get(id).filter(|_| seen.insert(id)) else {
                continue;
            };
            next.extend(&unit.dependencies);
            for file in unit.files.iter().filter(|file| file.is_list()) {
                let text = self.read(file).unwrap_or_default();
                let info = RustcDepInfo::parse(&String::from_utf8_lossy(&text));
                all.extend(info.sources);
            }
        }
        all
    }

    /// Where the other libraries of those packages were compiled that have units which are wanted.
    ///
    /// A compiled build script does not show where it was compiled.
    pub(crate) fn for_their_traces(&self, wanted: &BTreeSet<&UnitId>) -> BTreeMap<UnitId, Trace> {
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
    pub(crate) fn trace(&self, unit: &Unit, local: &Local) -> Result<Trace, LeftReason> {
        if self.is_carried(unit, local)? {
            return Ok(Trace::Carried);
        }
        let Some(list) = unit.files.iter().find(|file| file.is_list()) else {
            return Ok(Trace::None);
        };
        let list = RustcDepInfo::parse(&String::from_utf8_lossy(&self.read(list)?));
        let Some(source) = list.root() else {
            return Ok(Trace::None);
        };
        let mut folders = BTreeSet::new();
        for file in unit.files.iter().filter(|file| file.is_artifact()) {
            folders.extend(self.with_whole(file, |bytes| paths::compiled_in(bytes, source))?);
        }
        Ok(trace(folders, local))
    }

    /// Returns whether we have put the unit here, after a comparison of its sources, and no build has compiled it
    /// since.
    pub(crate) fn is_carried(&self, unit: &Unit, local: &Local) -> Result<bool, LeftReason> {
        let mark = unit
            .files
            .iter()
            .find(|file| file.is_fingerprint() && file.name() == markers::CARRIED);
        let Some(mark) = mark else {
            return Ok(false);
        };
        let dated = unit.files.iter().find(|file| is_dated(file));
        let modified = dated.and_then(|file| file.modified());
        let text = self.read(mark)?;
        let workspace = Path::new(&local.workspace);
        Ok(modified
            .is_some_and(|modified| markers::carried_at(&text, workspace, modified).is_some()))
    }

    /// The names of the worktree that show that a script asked for its place.
    ///
    /// A folder often has the name of a package in it, which a script may print whatever the place. Then it counts
    /// only for a script that may have looked at where it is: its program names the variable, or its code asks the
    /// system.
    fn telling_names<'l>(&self, run: &Unit, local: &'l Local) -> Result<Vec<&'l str>, LeftReason> {
        let plain = |name: &str| name.replace('-', "_").to_lowercase();
        let packages = self.donor.units.iter();
        let packages = packages.filter(|unit| unit.source == Source::Local);
        let packages: BTreeSet<String> = packages
            .filter_map(|unit| Some(plain(unit.package.as_deref()?)))
            .collect();
        let of_package = |name: &&String| packages.contains(&plain(name));
        let asks =
            local.own_names.iter().any(|name| of_package(&name)) && self.asks_where(run, local)?;
        let names = local.own_names.iter();
        let names = names.filter(|name| asks || !of_package(name));
        Ok(names.map(String::as_str).collect())
    }

    /// Whether a script may have looked at where it is, besides its `OUT_DIR`.
    fn asks_where(&self, run: &Unit, local: &Local) -> Result<bool, LeftReason> {
        let scripts = run.dependencies.iter().filter_map(|id| self.by_id.get(id));
        for script in scripts.filter(|unit| unit.kind == UnitKind::BuildScript) {
            for file in script.files.iter().filter(|file| file.is_artifact()) {
                let named = |bytes: &[u8]| memmem::find(bytes, b"CARGO_MANIFEST_").is_some();
                if self.with_whole(file, named)? {
                    return Ok(true);
                }
            }
            for list in script.files.iter().filter(|file| file.is_list()) {
                let list = RustcDepInfo::parse(&String::from_utf8_lossy(&self.read(list)?));
                let asks = list.sources.iter().any(|source| {
                    let path = Path::new(&local.workspace).join(source);
                    let code = fs::read_start(&path, MOST).ok().flatten();
                    // Code that cannot be read may ask.
                    code.is_none_or(|code| asks_the_system(&code))
                });
                if asks {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether what the build script of a local package has made keeps a path of its worktree, besides those of its
    /// `OUT_DIR`, which may lie in there.
    pub(crate) fn made_of_places(
        &self,
        run: &Unit,
        local: &Local,
        worktree: &Path,
    ) -> Result<(), LeftReason> {
        if local.same {
            return Ok(());
        }
        let worktree = worktree.display().to_string();
        let own_names = self.telling_names(run, local)?;
        let made = run.files.iter();
        let made = made.filter(|file| file.sharing == Sharing::Copy);
        for file in made.filter(|file| file.is_said() || file.in_out_dir()) {
            let note = !file.is_said() && relocate::may_be_note(&file.name());
            let found = self.with_whole(file, |bytes| {
                let mut rest = bytes.to_owned();
                for name in &self.names {
                    rest = without(&rest, name.as_bytes());
                }
                let path = match () {
                    () if file.is_said() => None,
                    () if note => paths::names_root(&rest, &[&worktree]).then(|| worktree.clone()),
                    () => paths::foreign_path(bytes, &[&worktree], &[], &is_there),
                };
                // Whole paths were handled above, and are harmless in debug information of native code.
                let rest = without(&rest, worktree.as_bytes());
                let mut names = own_names.iter();
                path.or_else(|| {
                    names
                        .find(|name| speaks_of(&rest, name))
                        .map(ToString::to_string)
                })
            });
            if let Some(path) = found? {
                return Err(kept(file, path));
            }
        }
        Ok(())
    }
}

/// Whether an artifact counts what is run of it: then it holds, packed, where its sources are.
fn has_coverage_map(artifact: &[u8]) -> bool {
    const SECTIONS: [&[u8]; 2] = [b"__llvm_covmap", b".lcovmap"];
    let mut sections = SECTIONS.iter();
    sections.any(|section| memmem::find(artifact, section).is_some())
}

/// Whether code asks the system for where it is.
fn asks_the_system(code: &[u8]) -> bool {
    const CALLS: [&str; 4] = ["current_dir", "canonicalize", "absolute", "current_exe"];
    let mut calls = CALLS.iter();
    calls.any(|call| memmem::find(code, call.as_bytes()).is_some())
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

/// Returns whether a file holds the warnings of a unit, which Cargo prints again each time that it finds the unit
/// fresh.
fn is_warnings(file: &UnitFile) -> bool {
    file.sharing == Sharing::Copy && file.is_fingerprint() && file.name().starts_with("output-")
}
