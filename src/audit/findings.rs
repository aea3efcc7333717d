//! Changes that would save space, with how much each would save.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::age::since;
use crate::audit::decide::Facts;
use crate::audit::model::{Audit, AuditedPackage, Difference, Finding, FindingKind, Variant};
use crate::cargo::profile::{DebugLevel, DevDebug};
use crate::clean::folder_use::FolderUse;
use crate::size::Bytes;
use crate::target::unit::{Group, Inventory, Other, Source};

/// A folder is rarely used if nothing was built in it for as long.
const RARELY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A saving below this, and below a hundredth of all, is no advice.
const LITTLE: Bytes = Bytes(50 << 20);

/// So many names are given as examples.
const NAMED: usize = 3;

/// All findings, the largest saving first. `duplicates` is what several folders have of the same libraries, each its own.
pub(crate) fn findings(
    audit: &Audit,
    frees: &BTreeMap<String, Bytes>,
    caches: &Caches,
    at_once: &AtOnce,
    duplicates: Bytes,
    facts: &Facts,
    now: Timestamp,
) -> Vec<Finding> {
    let mut all = Vec::new();
    all.extend(unused(audit, frees));
    all.extend(debug_info(facts));
    all.extend(features(&audit.packages));
    all.extend(all_features(&audit.packages));
    all.extend(versions(&audit.packages, at_once));
    all.extend(rarely_used(caches, now));
    all.extend(flat(facts));
    all.extend(of_duplicates(duplicates));
    all.extend(wrapper(audit, facts));
    all.retain(|finding| !is_trifle(finding, audit.total.on_disk));
    all.extend(budget(audit, facts));
    all.sort_by_key(|finding| Reverse(finding.saves));
    all
}

/// Whether following an advice changes hardly anything.
fn is_trifle(finding: &Finding, total: Bytes) -> bool {
    let little = |saves: Bytes| saves < LITTLE && saves.0.saturating_mul(100) < total.0;
    finding.saves.is_some_and(little)
}

fn unused(audit: &Audit, frees: &BTreeMap<String, Bytes>) -> Vec<Finding> {
    let commands = frees.iter();
    commands
        .map(|(command, bytes)| {
            let of_command = audit
                .unused
                .iter()
                .filter(|unused| unused.command == *command);
            let names: Vec<&str> = of_command.map(|unused| &*unused.share.name).collect();
            Finding {
                kind: FindingKind::Unused,
                saves: Some(*bytes),
                at_most: false,
                what: format!("unused: {}", names.join(", ")),
                change: command.clone(),
                file: None,
                more_files: Vec::new(),
            }
        })
        .collect()
}

/// The saving of less debug information, measured by the sections of the artifacts. Nothing where all manifests ask for no
/// more than that already.
fn debug_info(facts: &Facts) -> Vec<Finding> {
    let (third_party, own) = (facts.debug.third_party, facts.debug.own);
    let of_dependencies = third_party.line_tables + third_party.other;
    let finding = |kind, saves: Bytes, what: String, change: &str| {
        let asks_for_more = |asked: &DevDebug| match kind {
            FindingKind::DependencyDebugInfo => asked.third_party > DebugLevel::None,
            _ => asked.own > DebugLevel::LineTables,
        };
        let manifests = facts.manifests.iter();
        let more = manifests.filter(|(_, asked)| asks_for_more(asked));
        let mut more = more.map(|(manifest, _)| manifest.clone());
        let file = more.next();
        let told = facts.manifests.is_empty() || file.is_some();
        (saves > Bytes(0) && told).then(|| Finding {
            kind,
            saves: Some(saves),
            at_most: true,
            what,
            change: change.to_owned(),
            file,
            more_files: more.collect(),
        })
    };
    let dependencies = finding(
        FindingKind::DependencyDebugInfo,
        of_dependencies,
        format!(
            "third-party libraries and build scripts contain {of_dependencies} of debug information, {} of it line tables",
            third_party.line_tables
        ),
        "[profile.dev.package.\"*\"]\ndebug = false",
    );
    let of_own = finding(
        FindingKind::OwnDebugInfo,
        own.other,
        format!(
            "your own crates and programs contain {} of debug information; line tables, which backtraces need, \
                 are {} of it",
            own.line_tables + own.other,
            own.line_tables
        ),
        "[profile.dev]\ndebug = \"line-tables-only\"",
    );
    dependencies.into_iter().chain(of_own).collect()
}

/// Variants that differ in nothing but features, and in what follows from that.
fn features(packages: &[AuditedPackage]) -> Option<Finding> {
    let third_party = packages
        .iter()
        .filter(|package| package.source.is_third_party());
    let mut found: Vec<(&AuditedPackage, Bytes)> = third_party
        .filter_map(|package| {
            let of_features = |variant: &&Variant| {
                let [Difference::Features { .. }] = &variant.differs[..] else {
                    return false;
                };
                true
            };
            let less: Bytes = package
                .variants
                .iter()
                .filter(of_features)
                .map(|variant| variant.on_disk)
                .sum();
            (less > Bytes(0)).then_some((package, less))
        })
        .collect();
    found.sort_by_key(|(_, bytes)| Reverse(*bytes));
    let saves: Bytes = found.iter().map(|(_, bytes)| *bytes).sum();
    let names = named(found.iter().map(|(package, _)| package.name.as_str()));
    (!found.is_empty()).then(|| Finding {
        kind: FindingKind::DifferingFeatures,
        saves: Some(saves),
        at_most: true,
        what: format!(
            "{} built with several sets of features: {names}",
            packages_are(found.len(), "was", "were")
        ),
        change:
            "cargo hakari init workspace-hack && cargo hakari generate && cargo hakari manage-deps"
                .to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// A package of the workspace's own that was built with all of its features, and with fewer.
fn all_features(packages: &[AuditedPackage]) -> Option<Finding> {
    let mut names = BTreeSet::new();
    let mut saves = Bytes(0);
    for package in packages
        .iter()
        .filter(|package| package.source == Source::Local)
    {
        let most = package
            .variants
            .iter()
            .map(|variant| variant.features.len())
            .max();
        let Some(most) = most.filter(|most| *most > 1) else {
            continue;
        };
        let all = |variant: &&Variant| variant.all_features && variant.features.len() == most;
        let with_all = package.variants.iter().filter(all);
        let of_all: Bytes = with_all.map(|variant| variant.on_disk).sum();
        let fewer = package
            .variants
            .iter()
            .any(|variant| variant.features.len() < most);
        if of_all > Bytes(0) && fewer {
            names.insert(package.name.as_str());
            saves += of_all;
        }
    }
    (!names.is_empty()).then(|| Finding {
        kind: FindingKind::AllFeatures,
        saves: Some(saves),
        at_most: false,
        what: format!(
            "built with and without --all-features: {}; that compiles variants of every dependent crate, and \
                 often of dependencies",
            named(names.iter().copied())
        ),
        change: "use one set of features in daily work, or build the other with `--target-dir` and delete that \
            folder"
            .to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// Several versions of a third-party package that one folder has for one workspace. In each folder all but the largest one
/// could go. Versions of several worktrees, and of earlier times, are no duplicates.
fn versions(packages: &[AuditedPackage], at_once: &AtOnce) -> Option<Finding> {
    let on_disk: BTreeMap<(&str, &str), Bytes> = packages
        .iter()
        .filter(|package| package.source.is_third_party())
        .map(|package| {
            let version = package.version.as_deref().unwrap_or_default();
            ((&*package.name, version), package.share.on_disk)
        })
        .collect();
    let of = |name: &str, version: &str| on_disk.get(&(name, version)).copied().unwrap_or_default();
    let mut found: Vec<(&str, Bytes)> = Vec::new();
    for (name, folders) in &at_once.0 {
        let largest = |all: &'_ BTreeSet<String>| {
            let largest = all.iter().max_by_key(|version| of(name, version));
            largest.cloned()
        };
        let stay: BTreeSet<String> = folders.iter().filter_map(largest).collect();
        let all: BTreeSet<&String> = folders.iter().flatten().collect();
        let go = all.into_iter().filter(|version| !stay.contains(*version));
        found.push((name, go.map(|version| of(name, version)).sum()));
    }
    found.retain(|(_, bytes)| *bytes > Bytes(0));
    found.sort_by_key(|(_, bytes)| Reverse(*bytes));
    (!found.is_empty()).then(|| Finding {
        kind: FindingKind::DuplicateVersions,
        saves: Some(found.iter().map(|(_, bytes)| *bytes).sum()),
        at_most: true,
        what: format!(
            "{} several versions: {}",
            packages_are(found.len(), "has", "have"),
            named(found.iter().map(|(name, _)| *name))
        ),
        change: "cargo tree --duplicates".to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// The packages that one workspace has in several versions at once: by name, the versions of each folder.
#[derive(Debug, Default)]
pub(crate) struct AtOnce(BTreeMap<String, BTreeSet<BTreeSet<String>>>);

impl AtOnce {
    /// Adds those of the workspaces that build into a folder: by each `Cargo.lock`, or where these are not known, by the
    /// folder alone.
    ///
    /// Only versions that the folder has count. A `Cargo.lock` also names versions for other systems and for features
    /// that are off, and `cargo tree --duplicates` shows none of them.
    pub(crate) fn add(&mut self, folder: &FolderUse) {
        let units = folder.inventory.units.iter();
        let built: BTreeSet<(String, String)> = units
            .filter(|unit| unit.source.is_third_party())
            .filter_map(|unit| Some((unit.package.clone()?, unit.version.clone()?)))
            .collect();
        match &folder.wanted.locks {
            Ok(locks) => {
                for lock in locks {
                    let all = lock.third_party().into_iter();
                    let all = all.map(|package| (package.name, package.version));
                    self.add_all(all.filter(|package| built.contains(package)));
                }
            }
            Err(_) => self.add_all(built.into_iter()),
        }
    }

    fn add_all(&mut self, all: impl Iterator<Item = (String, String)>) {
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, version) in all {
            versions.entry(name).or_default().insert(version);
        }
        for (name, all) in versions.into_iter().filter(|(_, all)| all.len() > 1) {
            self.0.entry(name).or_default().insert(all);
        }
    }
}

/// The compiler's caches of each profile folder: what they take, and the newest modification in them.
#[derive(Debug, Default)]
pub(crate) struct Caches(BTreeMap<PathBuf, (Bytes, Option<Timestamp>)>);

impl Caches {
    /// Adds those of a target folder.
    pub(crate) fn add(&mut self, inventory: &Inventory) {
        let is_cache = |other: &&Other| matches!(other.group, Group::Incremental { .. });
        let others: Vec<&Other> = inventory.others.iter().filter(is_cache).collect();
        // They come by path.
        for of_profile in others.chunk_by(|one, other| one.profile_path().eq(other.profile_path()))
        {
            let path: PathBuf = of_profile[0].profile_path().collect();
            let (bytes, newest) = self.0.entry(inventory.folder.join(path)).or_default();
            for other in of_profile {
                *bytes += other.file.on_disk;
                *newest = (*newest).max(other.file.modified());
            }
        }
    }
}

/// The compiler's cache in profiles in which nothing was built for long.
fn rarely_used(caches: &Caches, now: Timestamp) -> Option<Finding> {
    let old = |newest: Option<Timestamp>| newest.is_some_and(|at| since(at, now).0 >= RARELY);
    let old: Vec<(&PathBuf, Bytes)> = caches
        .0
        .iter()
        .filter(|(_, (_, newest))| old(*newest))
        .map(|(profile, (bytes, _))| (profile, *bytes))
        .collect();
    let first = old.first()?.0.display().to_string();
    Some(Finding {
        kind: FindingKind::RarelyUsedIncremental,
        saves: Some(old.iter().map(|(_, bytes)| *bytes).sum()),
        at_most: false,
        what: format!(
            "incremental data in {} profile folders where nothing was built for two weeks, such as `{first}`",
            old.len()
        ),
        change: "cargo sharedtarget gc --incremental=14d".to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// Folders into which several worktrees build.
fn flat(facts: &Facts) -> impl Iterator<Item = Finding> + '_ {
    facts.shared.iter().map(|(folder, worktrees)| Finding {
        kind: FindingKind::FlatSharing,
        saves: None,
        at_most: false,
        what: format!(
            "{worktrees} worktrees of one repository build into `{}`: Cargo can run one worktree's code for another's, and \
             builds wait for each other",
            folder.display()
        ),
        change: "cargo sharedtarget setup --replace".to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// Libraries of one name and one length that several folders have, each its own.
fn of_duplicates(saves: Bytes) -> Option<Finding> {
    (saves > Bytes(0)).then(|| Finding {
        kind: FindingKind::Duplicates,
        saves: Some(saves),
        at_most: true,
        what: "several folders have copies of the same third-party libraries".to_owned(),
        change: "cargo sharedtarget dedupe".to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

/// A compiler cache stores again what incremental data are there for already.
fn wrapper(audit: &Audit, facts: &Facts) -> Option<Finding> {
    let wrapper = facts.wrapper.as_ref()?;
    let incremental = audit.kinds.iter().find(|kind| kind.name == "incremental")?;
    Some(Finding {
        kind: FindingKind::CompilerCache,
        saves: None,
        at_most: false,
        what: format!(
            "Cargo runs the compiler through `{wrapper}`, which does not cache incremental compilation; there are \
                 {} of incremental data",
            incremental.on_disk
        ),
        change: "[profile.dev]\nincremental = false".to_owned(),
        file: None,
        more_files: Vec::new(),
    })
}

fn budget(audit: &Audit, facts: &Facts) -> Option<Finding> {
    let budget = facts.budget?;
    let over = audit
        .total
        .on_disk
        .0
        .checked_sub(budget.0)
        .filter(|over| *over > 0)?;
    Some(Finding {
        kind: FindingKind::OverBudget,
        saves: Some(Bytes(over)),
        at_most: false,
        what: format!(
            "the folders take {}; the limit is {budget}",
            audit.total.on_disk
        ),
        change: format!("cargo sharedtarget gc --max-size {}", budget.exact()),
        file: None,
        more_files: Vec::new(),
    })
}

fn packages_are(count: usize, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 third-party package {one}"),
        _ => format!("{count} third-party packages {several}"),
    }
}

/// The first few names, and how many more there are.
fn named<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
