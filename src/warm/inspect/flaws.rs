//! Looks into the files of units, for what is wrong with them.

mod free;
pub(crate) mod local;
pub(crate) mod stray_outputs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::fs;
use crate::fs::Theirs;
use crate::plan::left::LeftReason;
use crate::size::Bytes;
use crate::target::artifact;
use crate::target::artifact::paths;
use crate::target::dep_info::RustcDepInfo;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::text::failure;
use crate::warm::decide::set_since;
pub(crate) use crate::warm::inspect::flaws::free::FreeFiles;
use crate::warm::inspect::flaws::local::Local;
use crate::warm::inspect::{MOST, without};
use crate::warm::relocate;
use crate::warm::verdict::Trace;

/// Where a donor's local units were compiled, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) workspace: &'a Path,
    /// Where it has its final programs.
    pub(crate) programs: Option<&'a Path>,
    /// It is the destination's own workspace, so that its path may be kept.
    pub(crate) same: bool,
    /// The folder is moved as a whole: nothing but its place changes, so that units are as whole and as old as they were.
    pub(crate) moves: bool,
    /// Names that distinguish its place from that of the destination.
    pub(crate) own_names: &'a [String],
    /// Files that were looked at for other folders.
    pub(crate) free: Option<&'a FreeFiles>,
    pub(crate) now: Timestamp,
}

/// The findings of an inspection of units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inspection {
    /// The flaw of each unit that has one.
    pub(crate) flaws: BTreeMap<UnitId, LeftReason>,
    /// Where local ones were compiled.
    pub(crate) traces: BTreeMap<UnitId, Trace>,
}

/// Looks into the files of those units of a donor that may be taken.
///
/// `worktree` is where the donor's sources are: like the donor itself, it may be deleted, so no path in it may be
/// kept.
#[must_use]
pub(crate) fn look_into(
    donor: &Inventory,
    wanted: &BTreeSet<&UnitId>,
    worktree: Option<&Path>,
    origin: Option<Origin<'_>>,
) -> Inspection {
    let mut dependents: HashMap<&UnitId, Vec<&Unit>> = HashMap::new();
    for unit in &donor.units {
        for id in &unit.dependencies {
            dependents.entry(id).or_default().push(unit);
        }
    }
    let names = names(donor);
    let look = Inspector {
        donor,
        dependents,
        by_id: donor.units.iter().map(|unit| (&unit.id, unit)).collect(),
        roots: roots(&names, worktree),
        local: origin.map(|origin| Local::of(origin, &names, worktree)),
        moves: origin.is_some_and(|origin| origin.moves),
        free: origin.and_then(|origin| origin.free),
        names,
        strays: stray_outputs::of(donor),
        repositories: crate::warm::inspect::repositories(donor),
        worktree,
    };
    let also = look.for_their_traces(wanted);
    let wanted = donor
        .units
        .par_iter()
        .filter(|unit| wanted.contains(&unit.id));
    let found: Vec<(UnitId, Result<Trace, LeftReason>)> = wanted
        .map(|unit| (unit.id.clone(), look.flaw(unit)))
        .collect();
    let mut findings = Inspection {
        traces: also,
        ..Inspection::default()
    };
    for (id, found) in found {
        match found {
            Ok(trace) => findings.traces.insert(id, trace).is_none(),
            Err(flaw) => findings.flaws.insert(id, flaw).is_none(),
        };
    }
    findings
}

/// The folders whose paths may not be kept in a shared unit.
fn roots(names: &[String], worktree: Option<&Path>) -> Vec<String> {
    let mut roots = names.to_owned();
    roots.extend(worktree.map(|path| path.display().to_string()));
    roots
}

/// The donor by every name that it has had.
///
/// A folder that was warmed itself, or is reached through a link, is not called what its units call it: Cargo wrote
/// down the `OUT_DIR` of each run of a build script.
#[must_use]
pub(crate) fn names(donor: &Inventory) -> Vec<String> {
    let mut roots = BTreeSet::from([donor.folder.display().to_string()]);
    let files = donor.units.iter().flat_map(|unit| &unit.files);
    for file in files.filter(|file| file.is_root_output()) {
        let text = fs::read_start(&donor.folder.join(&file.path), MOST);
        let text = text.ok().flatten().unwrap_or_default();
        if let Some(root) = root_in(file, &text).filter(|root| root.parent().is_some()) {
            roots.insert(root.display().to_string());
        }
    }
    roots.into_iter().collect()
}

/// The target folder that a `root-output` names; `None` if it does not name its own `OUT_DIR` in one.
fn root_in(file: &UnitFile, said: &[u8]) -> Option<PathBuf> {
    let said = PathBuf::from(String::from_utf8_lossy(said).into_owned());
    let out = out_dir(file);
    let depth = out.components().count();
    let names_it = said.is_absolute() && said.ends_with(&out);
    said.ancestors()
        .nth(depth)
        .filter(|_| names_it)
        .map(Path::to_owned)
}

/// The `OUT_DIR` that belongs to a `root-output`, relative to the target folder.
fn out_dir(file: &UnitFile) -> PathBuf {
    let mut folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
    if folder.ends_with("run") {
        folder.pop();
    }
    folder.join("out")
}

struct Inspector<'a> {
    donor: &'a Inventory,
    by_id: HashMap<&'a UnitId, &'a Unit>,
    dependents: HashMap<&'a UnitId, Vec<&'a Unit>>,
    names: Vec<String>,
    roots: Vec<String>,
    strays: Vec<stray_outputs::Stray<'a>>,
    repositories: Vec<PathBuf>,
    worktree: Option<&'a Path>,
    moves: bool,
    free: Option<&'a FreeFiles>,
    local: Option<Local>,
}

impl Inspector<'_> {
    fn flaw(&self, unit: &Unit) -> Result<Trace, LeftReason> {
        let built = unit.files.iter().filter(|file| is_hash_file(file));
        let built = built.filter_map(|file| file.modified()).max();
        for file in &unit.files {
            // Cargo writes the fingerprint last; only its own explanation of it comes later.
            let after = file.modified() > built && !file.is_fingerprint();
            // Of folders only those count that a build script filled: something has come or gone.
            if after && !self.moves && (file.sharing != Sharing::Folder || file.in_out_dir()) {
                return Err(damaged(file, "it has changed since it was built".into()));
            }
            self.file(unit, file)?;
        }
        self.paths(unit)
    }

    /// Whether a file is what it should be, by itself.
    fn file(&self, unit: &Unit, file: &UnitFile) -> Result<(), LeftReason> {
        let path = self.donor.folder.join(&file.path);
        if self.moves && file.sharing != Sharing::Special {
            return Ok(());
        }
        let mut repositories = self.repositories.iter();
        if let Some(top) = repositories.find(|top| file.path.starts_with(top)) {
            let why = format!("it is in the git repository `{}`", top.display());
            return Err(damaged(file, why));
        }
        match fs::theirs(&path) {
            Some(Theirs::Owner) => return Err(damaged(file, "another user owns it".into())),
            Some(Theirs::Everybody) => {
                return Err(damaged(file, "every user may write to it".into()));
            }
            Some(Theirs::Group) | None => {}
        }
        match file.sharing {
            Sharing::Folder => return Ok(()),
            Sharing::Special => {
                let target = fs::link_target(&path);
                let inside = target.components().count() == 1 && target.is_relative();
                return match inside && !target.as_os_str().is_empty() {
                    true => Ok(()),
                    false => Err(LeftReason::LinkInside {
                        file: file.path.clone(),
                    }),
                };
            }
            Sharing::Link | Sharing::Copy => {}
        }
        let name = file.name();
        // Of a program that was only checked, rustc writes metadata with nothing in it.
        let of_nothing = file.length == Bytes(0)
            && name.ends_with(".rmeta")
            && matches!(
                unit.kind,
                UnitKind::Program | UnitKind::Test | UnitKind::Bench | UnitKind::Example
            );
        if unit.kind != UnitKind::BuildScriptRun && file.is_artifact() && !of_nothing {
            let open =
                fs::open(&path).map_err(|error| damaged(file, failure::words(error.as_ref())))?;
            artifact::whole(&name, open).map_err(|why| damaged(file, why))?;
        }
        Ok(())
    }

    /// The beginning of a file that is as long as any that Cargo or a compiler writes.
    fn read(&self, file: &UnitFile) -> Result<Vec<u8>, LeftReason> {
        let bytes = fs::read_start(&self.donor.folder.join(&file.path), MOST);
        bytes.ok().flatten().ok_or_else(|| unreadable(file))
    }

    /// Looks at all of a file.
    fn with_whole<T>(
        &self,
        file: &UnitFile,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, LeftReason> {
        let found = fs::with_content(&self.donor.folder.join(&file.path), look);
        found.ok_or_else(|| unreadable(file))
    }

    /// Whether what a build script did is all there, and keeps no paths of the donor.
    fn run(&self, unit: &Unit, roots: &[&str]) -> Result<(), LeftReason> {
        if let Some(stray) = stray_outputs::made_by(unit, &self.strays) {
            return Err(LeftReason::WroteOutside {
                file: stray.path.clone(),
            });
        }
        let mut files = unit.files.iter();
        let own = files.find(|file| file.is_root_output());
        let mut said = Vec::new();
        if let Some(file) = own {
            said = self.read(file)?;
            // Cargo puts the new `OUT_DIR` in the place of what this says, and half of it would be neither.
            if root_in(file, &said).is_none() {
                return Err(damaged(file, "it does not name its folder".into()));
            }
            self.made(unit, &out_dir(file), &String::from_utf8_lossy(&said))?;
            self.notes(unit, &out_dir(file))?;
        }
        let native = |file: &&UnitFile| {
            let is_file = matches!(file.sharing, Sharing::Link | Sharing::Copy);
            let is_other = !relocate::may_be_note(&file.name()) && !file.name().ends_with(".rs");
            is_file && is_other && file.in_out_dir()
        };
        // A library that a script has linked may look for another one, or for a file, at the old place.
        for file in unit.files.iter().filter(native).filter(|_| self.moves) {
            let found = |bytes: &[u8]| paths::foreign_path(bytes, roots, &[], &is_there);
            if let Some(path) = self.with_whole(file, found)? {
                return Err(kept(file, path));
            }
        }
        let copied = |file: &&UnitFile| file.sharing == Sharing::Copy;
        for file in unit.files.iter().filter(copied) {
            if !file.is_said() && !file.name().ends_with(".rs") {
                continue;
            }
            let mut text = self.read(file)?;
            if file.is_said() {
                if watches(&text, &said) {
                    return Err(kept(file, String::from_utf8_lossy(&said).into_owned()));
                }
                text = without(&text, &said);
            }
            if paths::names_root(&text, roots) {
                return Err(kept(file, roots.join(" or ")));
            }
        }
        Ok(())
    }

    /// Whether the `OUT_DIR` still has what the package was compiled from: where it has not, Cargo compiles the
    /// package again without running the script, which fails for good.
    fn made(&self, run: &Unit, out: &Path, said: &str) -> Result<(), LeftReason> {
        let dependents = self.dependents.get(&run.id).into_iter().flatten();
        let own = dependents.filter(|unit| unit.package == run.package);
        let here = self.donor.folder.join(out);
        for file in own
            .flat_map(|unit| &unit.files)
            .filter(|file| file.is_list())
        {
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&self.read(file)?));
            for source in info.sources.iter().map(Path::new) {
                let inside = source.strip_prefix(said).or(source.strip_prefix(&here));
                let Ok(inside) = inside else { continue };
                let path = out.join(inside);
                if !run.files.iter().any(|file| file.path == path) {
                    let why = "it is gone".into();
                    return Err(LeftReason::Damaged { file: path, why });
                }
            }
        }
        Ok(())
    }

    /// Whether what the files in an `OUT_DIR` say of where it is follows when they are copied.
    fn notes(&self, run: &Unit, out: &Path) -> Result<(), LeftReason> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let inside: Vec<_> = out.iter().map(|part| part.to_string_lossy()).collect();
        let inside = inside.join("/");
        let files = run.files.iter().filter(|file| {
            let copied = file.sharing == Sharing::Copy && file.in_out_dir();
            copied && relocate::may_be_note(&file.name())
        });
        for file in files {
            let text = self.read(file)?;
            let is_text = memchr::memchr(0, &text).is_none();
            let follows = is_text && file.length <= Bytes(relocate::LONGEST);
            let stays = match follows {
                true => relocate::names_otherwise(&text, &self.names, &inside),
                false => {
                    let is_there = &is_there;
                    paths::names_something(&text, &names, is_there)
                        || (is_text && paths::names_root(&text, &names))
                }
            };
            if stays {
                return Err(kept(file, inside));
            }
        }
        Ok(())
    }

    /// Reads a list of sources, and looks whether all is there that the compiler made of them.
    fn list(&self, file: &UnitFile) -> Result<RustcDepInfo, LeftReason> {
        let text = self.read(file)?;
        let text = String::from_utf8_lossy(&text);
        for name in RustcDepInfo::products(&text) {
            let product = file.path.with_file_name(name);
            if !fs::exists(&self.donor.folder.join(&product)) {
                let why = "it is gone".into();
                return Err(LeftReason::Damaged { file: product, why });
            }
        }
        Ok(RustcDepInfo::parse(&text))
    }

    /// Whether it keeps paths of the donor.
    fn paths(&self, unit: &Unit) -> Result<Trace, LeftReason> {
        let local = self.local.as_ref().filter(|_| unit.source == Source::Local);
        let roots = local.map_or(&self.roots, |local| &local.roots);
        let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
        if let Some(local) = local.filter(|_| !self.moves)
            && let Some((file, why)) = set_since(unit, local.now)
            && !self.is_carried(unit, local)?
        {
            return Err(damaged(file, why.into()));
        }
        if unit.kind == UnitKind::BuildScriptRun {
            self.run(unit, &roots)?;
            if let (Some(local), Some(worktree)) = (local, self.worktree) {
                self.made_of_places(unit, local, worktree)?;
            }
            return local.map_or(Ok(Trace::None), |local| self.trace(unit, local));
        }
        if let Some(local) = local {
            return self.compiled_here(unit, local);
        }
        let mut sources = Vec::new();
        // A macro may have written the place down, without a script.
        let mut suspect = self.moves || self.has_out_dir(unit);
        for file in unit.files.iter().filter(|file| file.is_list()) {
            let info = self.list(file)?;
            if unit.source == Source::Directory
                && let (Some(root), Some(worktree)) = (info.root(), self.worktree)
                && Path::new(root).starts_with(worktree)
            {
                return Err(LeftReason::SourcesInside);
            }
            if let Some(name) = paths::foreign_variable(&info.env, &roots, &info.sources) {
                return Err(kept(file, format!("the value of {name}")));
            }
            let mut values = info.env.iter().filter_map(|(_, value)| value.as_deref());
            suspect |= values.any(|value| paths::names_root(value.as_bytes(), &roots));
            sources.extend(info.sources);
        }
        if !suspect {
            return Ok(Trace::None);
        }
        for file in unit.files.iter().filter(|file| file.is_artifact()) {
            let free = self.free.filter(|free| free.is_for(file, &roots));
            if free.is_some_and(|free| free.has(file)) {
                continue;
            }
            let found = self.with_whole(file, |bytes| {
                match free.is_some_and(|free| free.look(file, bytes)) {
                    true => None,
                    false => paths::foreign_path(bytes, &roots, &sources, &is_there),
                }
            });
            if let Some(path) = found? {
                return Err(kept(file, path));
            }
        }
        Ok(Trace::None)
    }

    /// The package has a build script, and the compiler got its `OUT_DIR`.
    fn has_out_dir(&self, unit: &Unit) -> bool {
        let dependencies = unit.dependencies.iter().filter_map(|id| self.by_id.get(id));
        dependencies.into_iter().any(|dependency| {
            dependency.kind == UnitKind::BuildScriptRun && dependency.package == unit.package
        })
    }
}

fn damaged(file: &UnitFile, why: String) -> LeftReason {
    LeftReason::Damaged {
        file: file.path.clone(),
        why,
    }
}

fn kept(file: &UnitFile, path: String) -> LeftReason {
    LeftReason::PathInside {
        file: file.path.clone(),
        path,
    }
}

fn unreadable(file: &UnitFile) -> LeftReason {
    damaged(file, "it cannot be read".into())
}

/// A build script told Cargo to watch a path in its own `OUT_DIR`. The path is part of its fingerprint, and so it
/// runs again wherever the path is another one.
fn watches(said: &[u8], out_dir: &[u8]) -> bool {
    let lines = said.split(|byte| *byte == b'\n');
    let mut watched = lines.filter_map(|line| {
        let word = b"rerun-if-changed=";
        let at = memchr::memmem::find(line, word)?;
        Some(&line[at + word.len()..])
    });
    !out_dir.is_empty() && watched.any(|path| path.starts_with(out_dir))
}

/// The file by which Cargo knows that a unit is complete.
pub(crate) fn is_hash_file(file: &UnitFile) -> bool {
    let name = file.name();
    file.is_fingerprint()
        && !name.ends_with(".json")
        && crate::target::fingerprint::target(&name).is_some()
}

/// Whether a path leads to anything but an empty folder.
fn is_there(path: &str) -> bool {
    let path = Path::new(path);
    fs::exists(path) && !fs::names(path).is_ok_and(|names| names.is_empty())
}
