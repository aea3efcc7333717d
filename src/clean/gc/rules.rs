//! What each rule is about, one folder at a time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::age::{Age, since};
use crate::cargo::lockfile::Lock;
use crate::clean::folder_use::{Compilers, FolderUse, Graph};
use crate::clean::gc::{GcOptions, Going, is_clear};
use crate::clean::model::{CollectReason, KeptUnitReason};
use crate::plan::kept::LastUseSource;
use crate::target::layout;
use crate::target::unit::{Group, Other, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// A filesystem mounted with `relatime`, as most are, writes down that a file is read only if that was not written
/// down for a day. Source: mount(8).
const READS_NOTED_EACH: SignedDuration = SignedDuration::from_hours(24);

/// Crates that only the standard library is built with (`-Zbuild-std`): what they need stands in no `Cargo.lock`.
const OF_THE_STANDARD_LIBRARY: [&str; 3] = ["core", "std", "compiler_builtins"];

/// What the rules are about in a folder, without budgets.
pub(crate) fn going(
    stock: &FolderUse,
    graph: &Graph,
    compilers: &Compilers,
    options: &GcOptions,
    now: Timestamp,
) -> Going {
    let units = &stock.inventory.units;
    let mut why: Vec<Option<CollectReason>> = vec![None; units.len()];
    let mut name = |at: usize, reason: CollectReason| {
        let unit = &units[at];
        if why[at].is_none()
            && is_clear(unit).is_ok()
            && options.covers(&stock.inventory.folder, &unit.id.profile)
        {
            why[at] = Some(reason);
        }
    };
    if options.unfinished {
        let unfinished = units.iter().enumerate();
        for (at, unit) in unfinished.filter(|(_, unit)| unit.unfinished && !has_run(unit)) {
            debug_assert!(matches!(unit.kind, UnitKind::Unknown { .. }));
            name(at, CollectReason::Unfinished);
        }
    }
    if options.unreferenced && unreferenced_doubt(stock).is_none() {
        for (at, reason) in unreferenced(stock, graph) {
            name(at, reason);
        }
    }
    if options.toolchain_gone && toolchain_doubt(stock, compilers).is_none() {
        for (at, unit) in units.iter().enumerate() {
            if let Some(rustc) = unit.rustc.filter(|rustc| is_gone(*rustc, stock, compilers)) {
                let toolchain = compilers.made_by.get(&rustc).cloned();
                name(at, CollectReason::ToolchainGone { toolchain });
            }
        }
    }
    if options.superseded {
        // Two workspaces may each have a package of that name.
        let told = |at: &usize| stock.users.len() <= 1 || units[*at].source != Source::Local;
        for (at, by) in superseded(units).into_iter().filter(|(at, _)| told(at)) {
            name(at, CollectReason::Superseded { by });
        }
    }
    if let Some(age) = options.older_than {
        for (at, unit) in units.iter().enumerate() {
            let Some((since, source)) = last_use(unit, stock.notes_reads) else {
                continue;
            };
            if is_older((since, source), age, now) {
                name(at, CollectReason::Idle { since, source });
            }
        }
    }
    if options.is_profile_alone() {
        (0..units.len()).for_each(|at| name(at, CollectReason::Profile));
    }
    let kept = keep_what_is_needed(units, graph, &mut why);
    let others = stock.inventory.others.iter();
    let incremental = Sessions::of(stock);
    let mut going = Going {
        units: why,
        kept,
        others: others
            .map(|other| self::other(other, stock, &incremental, options, now))
            .collect(),
    };
    crate::clean::gc::keep_what_runs(stock, graph, options, &mut going);
    going
}

/// Whether a build script has written something. One error empties the fingerprints of all that is to be made anew, and
/// what a script finds in its folder when it is run again may save it most of its work.
fn has_run(unit: &Unit) -> bool {
    let mut files = unit.files.iter();
    files.any(|file| layout::in_profile(&file.path, &unit.id.profile, layout::is_of_a_run))
}

/// Takes back what units that stay were made with, and says of each unit that stays why.
fn keep_what_is_needed(
    units: &[Unit],
    graph: &Graph,
    why: &mut [Option<CollectReason>],
) -> Vec<KeptUnitReason> {
    let mut kept: Vec<KeptUnitReason> = units
        .iter()
        .map(|unit| match is_clear(unit) {
            Ok(()) => KeptUnitReason::NoRule,
            Err(why) => KeptUnitReason::Unclear { why },
        })
        .collect();
    let stay: Vec<usize> = (0..units.len()).filter(|at| why[*at].is_none()).collect();
    Graph::spread(&graph.dependencies, stay, |at, by| {
        if let (Some(by), Some(_)) = (by, why[at].take()) {
            let by = units[by].id.clone();
            kept[at] = KeptUnitReason::Needed { by };
        }
        true
    });
    kept
}

/// Units that no build can ask for: no `Cargo.lock` names their package, or that of something they were made with.
/// The name of a unit comes from all that it was made with, so that a build that makes the same has the same in it.
fn unreferenced(stock: &FolderUse, graph: &Graph) -> Vec<(usize, CollectReason)> {
    let Ok(locks) = &stock.wanted.locks else {
        return Vec::new();
    };
    let units = &stock.inventory.units;
    let named = |unit: &Unit| match &unit.source {
        Source::Unknown => true,
        Source::Local => {
            let package = unit.package.as_deref();
            // By `paths` in a configuration, a package at a path takes the place of one that is locked.
            let is_named =
                |lock: &Lock, package: &str| lock.names_local(package) || lock.names(package);
            package.is_none_or(|package| locks.iter().any(|lock| is_named(lock, package)))
        }
        _ => locks.iter().any(|lock| lock.covers(unit)),
    };
    let roots = (0..units.len()).filter(|at| !named(&units[*at]));
    let mut found = Vec::new();
    let mut package: HashMap<usize, String> = HashMap::new();
    Graph::spread(&graph.dependents, roots, |at, by| {
        let reason = match by.and_then(|by| package.get(&by).cloned()) {
            Some(from) if named(&units[at]) => {
                package.insert(at, from.clone());
                CollectReason::MadeWithUnreferenced { package: from }
            }
            _ => {
                let own = units[at].package.clone().unwrap_or_default();
                package.insert(at, own);
                CollectReason::Unreferenced
            }
        };
        found.push((at, reason));
        true
    });
    found
}

/// Why it cannot be told which units no build asks for.
fn unreferenced_doubt(stock: &FolderUse) -> Option<String> {
    if let Err(why) = &stock.wanted.locks {
        return Some(why.clone());
    }
    let standard = stock.inventory.units.iter().find(|unit| {
        let package = unit.package.as_deref().unwrap_or_default();
        unit.source == Source::Local && OF_THE_STANDARD_LIBRARY.contains(&package)
    });
    standard.map(|unit| {
        let profile = &unit.id.profile;
        format!("the standard library was built in `{profile}`, and what it needs stands in no Cargo.lock")
    })
}

fn is_gone(rustc: u64, stock: &FolderUse, compilers: &Compilers) -> bool {
    let asked_for = stock.wanted.compilers.as_ref();
    !compilers.installed.contains_key(&rustc) && asked_for.is_ok_and(|all| !all.contains(&rustc))
}

/// Why it cannot be told which compilers are gone.
fn toolchain_doubt(stock: &FolderUse, compilers: &Compilers) -> Option<String> {
    compilers
        .unsure
        .clone()
        .or_else(|| stock.wanted.compilers.as_ref().err().cloned())
}

/// Why rules that were asked for do not count in a folder.
pub(crate) fn doubts(stock: &FolderUse, compilers: &Compilers, options: &GcOptions) -> Vec<String> {
    let mut doubts = Vec::new();
    if options.unreferenced {
        doubts.extend(unreferenced_doubt(stock));
    }
    if options.toolchain_gone {
        doubts.extend(toolchain_doubt(stock, compilers));
    }
    if options.crate_gone || options.incremental.is_some() || options.is_profile_alone() {
        doubts.extend(foreign_to_the_compiler(stock));
    }
    if options.crate_gone {
        doubts.extend(stock.wanted.crates.as_ref().err().cloned());
    }
    doubts.dedup();
    doubts
}

/// The caches of the compiler that stay because of something in them which the compiler does not make.
fn foreign_to_the_compiler(stock: &FolderUse) -> Vec<String> {
    let sessions = Sessions::of(stock).0;
    let mut foreign: Vec<PathBuf> = sessions
        .into_values()
        .filter_map(|session| session.foreign)
        .collect();
    foreign.sort_unstable();
    let said = |path: PathBuf| format!("rustc makes no `{}`, so that it stays", path.display());
    foreign.into_iter().map(said).collect()
}

/// The units of which a newer one is there: of the same target of the same package, in the same profile folder, of
/// which as much was made (a checked one does not supersede one that was built).
pub(crate) fn superseded(units: &[Unit]) -> Vec<(usize, UnitId)> {
    let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        let known = !matches!(unit.kind, UnitKind::Unknown { .. } | UnitKind::Doc);
        if known && unit.newest.is_some() && unit.package.is_some() {
            let key = (
                &unit.id.profile,
                &unit.package,
                &unit.version,
                &unit.source,
                &unit.targets,
                is_checked(unit),
            );
            alike.entry(key).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for mut all in alike.into_values().filter(|all| all.len() > 1) {
        all.sort_by_key(|at| Reverse(units[*at].newest));
        let newest = &units[all[0]];
        let older = all
            .iter()
            .skip(1)
            .filter(|at| units[**at].newest < newest.newest);
        found.extend(older.map(|at| (*at, newest.id.clone())));
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found
}

/// Whether a unit was only checked: there are metadata, and nothing that is linked.
pub(crate) fn is_checked(unit: &Unit) -> bool {
    let mut metadata = false;
    for file in &unit.files {
        match file.path.extension().and_then(OsStr::to_str) {
            Some("rmeta") => metadata = true,
            Some("rlib" | "so" | "dylib" | "dll") => return false,
            _ => {}
        }
    }
    metadata && unit.kind != UnitKind::BuildScriptRun
}

/// When a unit was last used, as far as the disk tells: when it was made, or when Cargo last read its fingerprint.
pub(crate) fn last_use(unit: &Unit, notes_reads: bool) -> Option<(Timestamp, LastUseSource)> {
    let made = unit.newest.map(|at| (at, LastUseSource::Modified));
    let read = unit.last_read.filter(|_| notes_reads);
    let read = read.map(|at| (at, LastUseSource::Read));
    made.into_iter().chain(read).max_by_key(|(at, _)| *at)
}

/// Whether a last use is as long ago. A read may have been a day later than what was written down of it.
fn is_older((at, source): (Timestamp, LastUseSource), age: Age, now: Timestamp) -> bool {
    let at = match source {
        LastUseSource::Read => at.checked_add(READS_NOTED_EACH).unwrap_or(at),
        LastUseSource::Modified => at,
    };
    since(at, now) >= age
}

/// The compiler's caches in a folder.
struct Sessions(HashMap<PathBuf, Session>);

/// A cache of the compiler's for one crate.
#[derive(Default)]
struct Session {
    /// The newest modification in it.
    newest: Option<Timestamp>,
    /// Something in it that the compiler does not make, so that all of it stays.
    foreign: Option<PathBuf>,
}

impl Sessions {
    fn of(stock: &FolderUse) -> Self {
        let mut all = HashMap::new();
        for other in &stock.inventory.others {
            if matches!(other.group, Group::Incremental { .. }) {
                let session: &mut Session = all.entry(crate::clean::gc::whole(other)).or_default();
                session.newest = session.newest.max(other.file.modified());
                if session.foreign.is_none() && !is_of_the_compiler(other) {
                    session.foreign = Some(other.file.path.clone());
                }
            }
        }
        Self(all)
    }
}

fn is_of_the_compiler(other: &Other) -> bool {
    let names = other.file.path.iter().map(OsStr::to_string_lossy);
    let names: Vec<_> = names
        .skip_while(|name| name != "incremental")
        .skip(1)
        .collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    // The folder of all caches itself stays in any case.
    let shape = |folder| names.is_empty() || layout::is_of_the_compiler(&names, folder);
    match other.file.sharing {
        Sharing::Special => false,
        sharing => shape(sharing == Sharing::Folder),
    }
}

/// Whether something that belongs to no unit may go.
fn other(
    other: &Other,
    stock: &FolderUse,
    sessions: &Sessions,
    options: &GcOptions,
    now: Timestamp,
) -> Option<CollectReason> {
    if !matches!(other.group, Group::Incremental { .. } | Group::Unhashed) {
        return None;
    }
    let mut names = other.file.path.iter().filter_map(|name| name.to_str());
    let profile: Vec<&str> = names
        .by_ref()
        .take_while(|name| *name != "incremental")
        .collect();
    let alone = options.is_profile_alone();
    let folder = &stock.inventory.folder;
    let in_profile =
        |depth: usize| options.covers(folder, &profile[..depth.min(profile.len())].join("/"));
    match &other.group {
        Group::Incremental { name } => {
            let whole = crate::clean::gc::whole(other);
            // The folder of all caches itself stays.
            if whole.file_name()? == "incremental" || !options.covers(folder, &profile.join("/")) {
                return None;
            }
            let session = sessions.0.get(&whole)?;
            if session.foreign.is_some() {
                return None;
            }
            if alone {
                return Some(CollectReason::Profile);
            }
            let gone = stock.wanted.crates.as_ref();
            if options.crate_gone && gone.is_ok_and(|crates| !crates.contains(name)) {
                return Some(CollectReason::CrateGone);
            }
            let newest = session.newest?;
            let asked = options.incremental?;
            (since(newest, now) >= asked).then_some(CollectReason::Incremental)
        }
        Group::Unhashed if alone && is_artifact(&other.file) => {
            let depth = other.file.path.components().count() - 1;
            let within = (1..=depth.min(2)).any(in_profile);
            within.then_some(CollectReason::Profile)
        }
        _ => None,
    }
}

/// Whether a file without a hash in its name is one that the compiler writes, by how its name ends. What has no end
/// cannot be told from what somebody put there, and what lies in a folder that the compiler does not make is not its:
/// a library in a repository is no artifact.
fn is_artifact(file: &UnitFile) -> bool {
    const ENDS: [&str; 13] = [
        "d", "so", "dylib", "dll", "a", "lib", "exp", "pdb", "exe", "wasm", "js", "rlib", "rmeta",
    ];
    let names = file.path.iter().map(OsStr::to_string_lossy);
    let names: Vec<_> = names.skip_while(|name| name != "deps").collect();
    let above = match &names[..] {
        [_, _] => true,
        [_, folder, _] => folder.starts_with("rmeta"),
        _ => false,
    };
    let end = file.path.extension().and_then(OsStr::to_str);
    above && file.sharing != Sharing::Special && end.is_some_and(|end| ENDS.contains(&end))
}
