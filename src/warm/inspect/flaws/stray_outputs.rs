//! Files in a donor that no unit accounts for: a build script may have put them there.
//!
//! Some copy a shared library beside the program that will load it, some only if it is not there yet. The library that
//! goes with such a script is fresh wherever its unit goes, and the file would be missing there.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::fs::model::Identity;
use crate::target::layout;
use crate::target::unit::{Group, Inventory, Unit, UnitKind};
use crate::target::unit_file::{Role, Sharing, UnitFile};

/// A file that nothing explains.
pub(crate) struct Stray<'a> {
    file: &'a UnitFile,
    /// The profile folder that it lies in.
    profile: Option<&'a str>,
    /// The packages with a build script that ran while it came about, however many runs they have.
    packages: BTreeSet<Option<&'a str>>,
}

/// The files that nothing explains: they are no product of a local target, and Cargo has not written down beside them
/// what they were made from.
pub(crate) fn of(donor: &Inventory) -> Vec<Stray<'_>> {
    let explained = Explained::of(donor);
    let profiles: BTreeSet<&str> = donor
        .units
        .iter()
        .map(|unit| unit.id.profile.as_str())
        .collect();
    let runs = donor
        .units
        .iter()
        .filter(|unit| unit.kind == UnitKind::BuildScriptRun);
    let runs: Vec<(&Unit, (Timestamp, Timestamp))> =
        runs.filter_map(|run| Some((run, span(run)?))).collect();
    let others = donor.others.iter();
    let strays = others
        .filter(|other| is_candidate(&other.group))
        .map(|other| &other.file)
        .filter(|file| file.sharing != Sharing::Folder && !explained.is_product(file));
    strays
        .map(|file| Stray {
            file,
            profile: profiles
                .iter()
                .copied()
                .rfind(|profile| file.path.starts_with(profile)),
            packages: runs
                .iter()
                .filter(|(_, span)| came_about(file, *span))
                .map(|(run, _)| run.package.as_deref())
                .collect(),
        })
        .collect()
}

fn is_candidate(group: &Group) -> bool {
    matches!(group, Group::Unhashed | Group::Final | Group::Foreign)
}

/// The files that Cargo makes besides units.
struct Explained {
    /// The names of local targets. Of third-party crates Cargo brings nothing to the top.
    targets: BTreeSet<String>,
    /// The files to which a list of sources belongs, without an end.
    listed: HashSet<PathBuf>,
    /// The files of units that have several names.
    linked: HashSet<Identity>,
}

impl Explained {
    fn of(donor: &Inventory) -> Self {
        let local = donor
            .units
            .iter()
            .filter(|unit| !unit.source.is_third_party());
        let targets = local.flat_map(|unit| &unit.targets);
        let targets = targets.filter_map(|target| crate::target::fingerprint::target(target));
        let lists = donor.others.iter().map(|other| &other.file);
        let lists = lists.filter(|file| file.path.extension().is_some_and(|end| end == "d"));
        let files = donor.units.iter().flat_map(|unit| &unit.files);
        Self {
            targets: targets.map(|(_, name)| name.replace('-', "_")).collect(),
            listed: lists.map(|file| bare(&file.path)).collect(),
            linked: files
                .filter(|file| file.links > 1)
                .map(|file| file.identity)
                .collect(),
        }
    }

    /// Whether a file is what Cargo makes of a target, by its name (`app`, `app.d`, `libapp.rlib`, `app.dll.lib`), by the
    /// list of sources beside it, or as another name of a unit's file.
    fn is_product(&self, file: &UnitFile) -> bool {
        let name = file.name();
        let stem = name.split('.').next().unwrap_or_default().replace('-', "_");
        let of_target = |stem: &str| self.targets.contains(stem);
        // The debugger's data beside a program on macOS are a folder.
        let mut above = file.path.ancestors();
        of_target(&stem)
            || stem.strip_prefix("lib").is_some_and(of_target)
            || (file.links > 1 && self.linked.contains(&file.identity))
            || above.any(|path| self.listed.contains(&bare(path)) || is_of_a_compiler(path))
    }
}

/// Whether this is the folder in which a compiler that was stopped had put its metadata together.
fn is_of_a_compiler(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("rmeta") && path.parent().is_some_and(|deps| deps.ends_with("deps"))
}

/// A path without all ends of its name, as Cargo names both a product and its list of sources.
fn bare(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    path.with_file_name(stem.replace('-', "_"))
}

/// The time during which a build script ran: from the stamp that Cargo puts down before, to the fingerprint that it
/// writes afterwards. (The script's output gets the time of the stamp.)
fn span(run: &Unit) -> Option<(Timestamp, Timestamp)> {
    let stamp = |file: &&UnitFile| file.role == Role::Noted && file.name() == layout::STAMP;
    let begin = run.files.iter().find(stamp)?.modified()?;
    let hashes = run
        .files
        .iter()
        .filter(|file| crate::warm::inspect::flaws::is_hash_file(file));
    Some((begin, hashes.filter_map(|file| file.modified()).max()?))
}

fn came_about(file: &UnitFile, (begin, end): (Timestamp, Timestamp)) -> bool {
    let mut times = [file.modified(), file.changed()].into_iter().flatten();
    times.any(|time| begin <= time && time <= end)
}

/// A stray that a build script may have put there, or may have found there: it came about while one of its package ran,
/// with whatever features; or nothing tells whose it is.
pub(crate) fn made_by<'a>(run: &Unit, strays: &[Stray<'a>]) -> Option<&'a UnitFile> {
    let may = |stray: &&Stray<'_>| match stray.packages.is_empty() {
        true => stray.profile == Some(run.id.profile.as_str()),
        false => stray.packages.contains(&run.package.as_deref()),
    };
    strays.iter().find(may).map(|stray| stray.file)
}
