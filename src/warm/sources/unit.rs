//! The files that a unit was compiled from, and whether they are still there.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use crate::fs;
use crate::fs::{Source, SourceKind};
use crate::git::sources;
use crate::plan::left::LeftReason;
use crate::target::artifact::abilities::Reach;
use crate::target::dep_info::{Base, DepInfo, RustcDepInfo};
use crate::target::unit::Unit;
use crate::target::unit_file::UnitFile;
use crate::warm::sources::{Ask, World, unknown};
use crate::warm::verdict::LocalUnit;

/// The most that is read of a dep-info. Real ones are a thousand times smaller.
const MOST: u64 = 16 << 20;

/// The files that a unit was compiled from, as far as the compiler told.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) at: Timestamp,
    /// Files in the worktree, relative to its top.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Files elsewhere.
    outside: Vec<PathBuf>,
    /// Clippy made it, with this `CLIPPY_CONF_DIR`, if there was one.
    clippy: Option<Option<String>>,
}

/// The folder of a unit's package, relative to the workspace: what comes before its root source's path in the package
/// where the compiler, which ran in the workspace, named it. `None` if nothing tells, or it lies elsewhere.
pub(crate) fn folder_in_workspace(ask: Ask<'_>, unit: &Unit) -> Option<PathBuf> {
    let is_list = |file: &&UnitFile| file.is_list();
    let list = unit.files.iter().find(is_list)?;
    let text = fs::read_start(&ask.donor.folder.join(&list.path), MOST).ok()??;
    let text = RustcDepInfo::parse(&String::from_utf8_lossy(&text));
    let root = PathBuf::from(text.root()?);
    let (info, _) = dep_info(ask, unit)?;
    let mut inside = info.files.iter().filter(|file| file.base == Base::Package);
    let folder = inside.find_map(|file| {
        let path = Path::new(&file.path);
        let above = root.ancestors().nth(path.components().count())?;
        root.ends_with(path).then(|| above.to_owned())
    })?;
    let manifest = fs::read(&ask.from.join(&folder).join("Cargo.toml")).ok()??;
    let manifest = String::from_utf8(manifest).ok()?;
    let manifest = toml_edit::Document::parse(manifest.as_str()).ok()?;
    let name = manifest.get("package")?.get("name")?.as_str()?;
    (folder.is_relative() && unit.package.as_deref() == Some(name)).then_some(folder)
}

/// Whether clippy made something, and what `CLIPPY_CONF_DIR` said then: it has the compiler note what it goes by. Source:
/// `track_clippy_args` and `track_conf_dir` in clippy's `driver.rs`.
fn clippy(env: &[(String, Option<String>)]) -> Option<Option<String>> {
    let of = |name: &str| env.iter().find(|(known, _)| known == name);
    let folder = of("CLIPPY_CONF_DIR");
    (of("CLIPPY_ARGS").is_some() || folder.is_some())
        .then(|| folder.and_then(|(_, value)| value.clone()))
}

/// The configuration that clippy finds from a folder. Source: `lookup_conf_file` in clippy's `clippy_config/src/conf.rs`.
fn clippy_configuration(folder: &Path) -> Option<PathBuf> {
    let mut all = folder
        .ancestors()
        .flat_map(|above| [".clippy.toml", "clippy.toml"].map(|name| above.join(name)));
    all.find(|file| fs::exists(file) && !fs::is_folder_behind(file))
}

/// Whether a path in a target folder is in the `OUT_DIR` of a build script.
fn is_in_out_dir(path: &Path) -> bool {
    let mut parts = path.iter().skip_while(|part| *part != "build").skip(2);
    parts.any(|part| part == "out")
}

/// The list of a unit's sources, and when the compiler began.
fn dep_info(ask: Ask<'_>, unit: &Unit) -> Option<(DepInfo, Timestamp)> {
    let is_info = |file: &&UnitFile| file.is_dep_info();
    let mut infos = unit.files.iter().filter(is_info);
    let (file, None) = (infos.next()?, infos.next()) else {
        return None;
    };
    let bytes = fs::read_start(&ask.donor.folder.join(&file.path), MOST).ok()??;
    DepInfo::parse(&bytes).zip(file.modified())
}

impl World<'_> {
    /// The files that a unit of the package in `folder` was compiled from.
    pub(crate) fn names_of(&self, unit: &Unit, folder: &Path) -> Result<Named, LeftReason> {
        let nothing = || unknown("its source files are unknown");
        let (info, at) = dep_info(self.ask, unit).ok_or_else(nothing)?;
        let mut named = Named {
            at,
            files: BTreeSet::new(),
            outside: Vec::new(),
            clippy: clippy(&info.env),
        };
        let outside =
            |path: &Path| unknown(&format!("`{}` is outside the worktree", path.display()));
        let workspace = self.workspace();
        for file in info.files {
            let path = Path::new(&file.path);
            match file.base {
                Base::Package | Base::Workspace => {
                    let of = match file.base {
                        Base::Workspace => workspace,
                        _ => folder,
                    };
                    let inside = sources::normalized(&of.join(path));
                    named.files.insert(inside.ok_or_else(|| outside(path))?);
                }
                // Files that a build script has made come along with the run.
                Base::Build if path.is_relative() && is_in_out_dir(path) => {}
                Base::Build if path.is_relative() => {
                    return Err(unknown(&format!(
                        "it was compiled from `{}` of the target folder",
                        file.path
                    )));
                }
                Base::Build => match path.strip_prefix(self.ask.from_worktree) {
                    // It follows to the destination.
                    Ok(inside) => {
                        let inside = sources::normalized(inside);
                        named.files.insert(inside.ok_or_else(|| outside(path))?);
                    }
                    Err(_) => named.outside.push(path.to_owned()),
                },
            }
        }
        named.files.extend(self.as_written(unit));
        let git = |path: &&PathBuf| path.iter().any(|part| part == ".git");
        if let Some(file) = named.files.iter().chain(&named.outside).find(git) {
            let file = file.clone();
            return Err(LeftReason::SourceDiffers { file });
        }
        match named.files.is_empty() {
            true => Err(nothing()),
            false => Ok(named),
        }
    }

    /// The workspace's folder in the worktree.
    fn workspace(&self) -> &Path {
        let place = self.ask.workspace.place.as_ref();
        place.map_or(Path::new(""), |place| &place.path)
    }

    /// The sources of a unit as the compiler wrote them down: a link by its own name, since there may be something
    /// else by that name in another worktree. Cargo's list has the file that it leads to.
    fn as_written(&self, unit: &Unit) -> Vec<PathBuf> {
        let mut all = Vec::new();
        let workspace = self.workspace();
        for list in unit.files.iter().filter(|file| file.is_list()) {
            let text = fs::read_start(&self.ask.donor.folder.join(&list.path), MOST);
            let text = text.ok().flatten().unwrap_or_default();
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&text));
            for source in info.sources.iter().map(Path::new) {
                let inside = match source.is_absolute() {
                    true => source
                        .strip_prefix(self.ask.from_worktree)
                        .ok()
                        .map(Path::to_owned),
                    // Where the compiler ran.
                    false => Some(workspace.join(source)),
                };
                // Cargo's list has the paths that lead out of the worktree.
                let inside = inside.filter(|inside| sources::normalized(inside).is_some());
                let inside = inside.map(|inside| self.without_detours(inside));
                let made = |inside: &PathBuf| {
                    let path = self.ask.from_worktree.join(inside);
                    path.starts_with(&self.ask.donor.folder)
                };
                all.extend(inside.filter(|inside| !made(inside)));
            }
        }
        all
    }

    /// A path without `..` as far as that leads back from a folder that is no link in either worktree: `src/../etc` is
    /// `etc`, and not something in a folder `src/..` that has the time of the worktree itself.
    fn without_detours(&self, path: PathBuf) -> PathBuf {
        let tops = [self.ask.from_worktree, self.top];
        let is_real = |folder: &Path| tops.iter().all(|top| fs::is_folder(&top.join(folder)));
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir if is_real(&plain) => drop(plain.pop()),
                Component::ParentDir => return path,
                part => plain.push(part),
            }
        }
        plain
    }

    /// Whether a unit was compiled from what its sources are now, and nothing else went into it that is not the same.
    pub(crate) fn compiled(&self, unit: &Unit, folder: &Path) -> Result<LocalUnit, LeftReason> {
        let named = self.named.get(&unit.id);
        let named = named
            .ok_or_else(|| unknown("its kind is unknown"))?
            .as_ref();
        let named = named.map_err(Clone::clone)?;
        for file in &named.files {
            if !self.compared.has(file) {
                return Err(LeftReason::SourceDiffers { file: file.clone() });
            }
            self.compared.same(file)?;
            self.is_the_only(file)?;
        }
        let newer = self
            .compared
            .newer(named.at, |file| named.files.contains(file));
        if let Some(file) = newer {
            let file = file.to_owned();
            return Err(LeftReason::SourceNewer { file });
        }
        for path in &named.outside {
            if !self.is_older(&Source::at(path), named.at) {
                return Err(LeftReason::SourceNewer { file: path.clone() });
            }
        }
        if let Some(from) = &named.clippy {
            self.same_to_clippy(folder, from.as_deref(), named.at)?;
        }
        let mut flags = unit.rustflags.iter();
        if let Some(word) = flags.find_map(|flag| self.in_worktree(flag, folder)) {
            return Err(unknown(&format!(
                "an argument of rustc names `{word}` of the worktree"
            )));
        }
        let able = self.able_of(unit);
        if able.reach >= Reach::Variables {
            self.manifests(folder, named.at)?;
        }
        if able.reach == Reach::Programs {
            return Err(unknown(
                "one of its macros can start programs, which may read anything",
            ));
        }
        if able.knows_place {
            return Err(unknown("one of its macros can find out its worktree"));
        }
        if able.reach == Reach::Files {
            let mut sources = named.files.clone();
            sources.insert(folder.join("Cargo.toml"));
            self.same_altogether(named.at, unit, &sources)?;
        }
        Ok(LocalUnit::default())
    }

    /// Returns whether clippy finds the same configuration for both, and found it then. The compiler's list names a
    /// configuration that is gone.
    fn same_to_clippy(
        &self,
        folder: &Path,
        from: Option<&str>,
        at: Timestamp,
    ) -> Result<(), LeftReason> {
        let (there, here) = match from.filter(|from| !from.is_empty()) {
            Some(from) => (self.ask.from.join(from), self.ask.workspace.root.join(from)),
            None => (self.ask.from_worktree.join(folder), self.top.join(folder)),
        };
        match (clippy_configuration(&there), clippy_configuration(&here)) {
            (None, None) => Ok(()),
            (Some(one), Some(two)) => {
                let (there, here) = (Source::at(&one), Source::at(&two));
                match () {
                    () if one != two && !there.is_same(&one, &here, &two) => {
                        Err(LeftReason::SourceDiffers { file: two })
                    }
                    () if there.newest.is_none_or(|newest| newest >= at) => {
                        Err(LeftReason::SourceNewer { file: one })
                    }
                    () => Ok(()),
                }
            }
            (Some(file), None) | (None, Some(file)) => Err(LeftReason::SourceDiffers { file }),
        }
    }

    /// Whether a module's file is the only one that rustc may take for it: of `a.rs` and `a/mod.rs` there must be one.
    fn is_the_only(&self, file: &Path) -> Result<(), LeftReason> {
        let other = match file.file_name().and_then(|name| name.to_str()) {
            Some("mod.rs") => file.parent().map(|folder| folder.with_extension("rs")),
            Some(name) if name.ends_with(".rs") => Some(file.with_extension("").join("mod.rs")),
            _ => None,
        };
        let is_there = |other: &PathBuf| fs::exists(&self.top.join(other));
        match other.filter(is_there) {
            Some(file) => Err(LeftReason::SourceDiffers { file }),
            None => Ok(()),
        }
    }

    /// Whether something outside of both worktrees is there and was so before a moment, and before the look.
    pub(crate) fn is_older(&self, source: &Source, at: Timestamp) -> bool {
        let is_there = !matches!(source.what, SourceKind::Missing | SourceKind::Other);
        is_there
            && source
                .newest
                .is_some_and(|newest| newest < at && newest < self.begin)
    }
}
