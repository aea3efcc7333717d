//! Facts about a target folder and about the workspaces that build into it, down to its units.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::cargo::lockfile::Lock;
use crate::fs::model::{Identity, LinkedFile, ReadsNoted, Usage};
use crate::plan::kept::KeptReason;
use crate::target::unit::{Inventory, Other, Unit, UnitId};
use crate::target::unit_file::UnitFile;

/// A target folder that is looked at unit by unit.
#[derive(Clone, Debug)]
pub(crate) struct FolderUse {
    /// Which folder it was when it was looked at.
    pub(crate) identity: Identity,
    pub(crate) inventory: Inventory,
    /// Final products of its units that lie in another folder, each with its path in that.
    pub(crate) apart: Vec<Other>,
    /// The workspaces whose builds write into it, as far as they are known.
    pub(crate) users: Vec<PathBuf>,
    /// The packages, crates and compilers that its builds can ask for.
    pub(crate) wanted: Wanted,
    /// The filesystem writes down when a file is read.
    pub(crate) notes_reads: bool,
    /// How far it does so for certain.
    pub(crate) reads_noted: ReadsNoted,
    /// The reason why nothing in it may be deleted, whatever the rule.
    pub(crate) obstacle: Option<KeptReason>,
}

impl FolderUse {
    /// Every file and folder in it, once.
    pub(crate) fn files(&self) -> impl Iterator<Item = &UnitFile> {
        let units = self.inventory.units.iter().flat_map(Unit::with_leaked);
        units.chain(self.inventory.others.iter().map(|other| &other.file))
    }
}

/// The packages, crates and compilers that the builds into a folder can ask for, by the files of all worktrees that
/// may build into it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The `Cargo.lock` of the same workspace in each worktree; or the reason, as a fragment, why the needs of their
    /// builds are unknown.
    pub(crate) locks: Result<Vec<Lock>, String>,
    /// The names of the workspaces' own crates, with `_` for `-`: libraries, programs, tests, build scripts. Or why
    /// they are not known.
    pub(crate) crates: Result<BTreeSet<String>, String>,
    /// The hashes of the compilers that a plain build there would use; or the reason why one is unknown.
    pub(crate) compilers: Result<BTreeSet<u64>, String>,
}

/// The compilers of this machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compilers {
    /// Each one's hash, as it stands in fingerprints, with its name.
    pub(crate) installed: BTreeMap<u64, String>,
    /// The names of those that made units, installed or not, as far as an artifact tells.
    pub(crate) made_by: BTreeMap<u64, String>,
    /// Why there may be more of them, as a fragment; `None` if these are all.
    pub(crate) unsure: Option<String>,
}

/// The units of an inventory by their place in it, and how they hang together.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The units that each one was compiled with.
    pub(crate) dependencies: Vec<Vec<usize>>,
    /// The units that were compiled with each one.
    pub(crate) dependents: Vec<Vec<usize>>,
}

impl Graph {
    /// Of units, by their places.
    #[must_use]
    pub(crate) fn of(units: &[Unit]) -> Self {
        let places: HashMap<&UnitId, usize> = units
            .iter()
            .enumerate()
            .map(|(at, unit)| (&unit.id, at))
            .collect();
        let dependencies: Vec<Vec<usize>> = units
            .iter()
            .map(|unit| {
                let known = unit.dependencies.iter().filter_map(|id| places.get(id));
                known.copied().collect()
            })
            .collect();
        let mut dependents = vec![Vec::new(); units.len()];
        for (at, all) in dependencies.iter().enumerate() {
            for dependency in all {
                dependents[*dependency].push(at);
            }
        }
        Self {
            dependencies,
            dependents,
        }
    }

    /// Visits what can be reached from some places, each once, in the order in which it is found; `from` included.
    pub(crate) fn spread(
        edges: &[Vec<usize>],
        from: impl IntoIterator<Item = usize>,
        mut visit: impl FnMut(usize, Option<usize>) -> bool,
    ) {
        let mut seen = vec![false; edges.len()];
        let mut next: Vec<(usize, Option<usize>)> = from.into_iter().map(|at| (at, None)).collect();
        while let Some((at, by)) = next.pop() {
            if std::mem::replace(&mut seen[at], true) || !visit(at, by) {
                continue;
            }
            next.extend(edges[at].iter().map(|to| (*to, Some(at))));
        }
    }
}

/// The space that some files take together: each inode once.
#[must_use]
pub(crate) fn usage_of<'a>(files: impl IntoIterator<Item = &'a UnitFile>) -> Usage {
    let mut usage = Usage::default();
    let mut links: BTreeMap<Identity, LinkedFile> = BTreeMap::new();
    for file in files {
        usage.logical += file.length;
        usage.entries += 1;
        if file.links <= 1 {
            usage.on_disk += file.on_disk;
            continue;
        }
        let linked = links.entry(file.identity).or_insert(LinkedFile {
            identity: file.identity,
            on_disk: file.on_disk,
            links: file.links,
            seen: 0,
        });
        linked.seen += 1;
    }
    usage.add_linked(links.into_values());
    usage
}
