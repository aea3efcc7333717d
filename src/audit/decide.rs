//! Answers why target folders are as large as they are.

use std::collections::HashMap;
use std::path::PathBuf;

use cargo_metadata::Metadata;
use jiff::Timestamp;

use crate::audit::findings;
use crate::audit::findings::{AtOnce, Caches};
use crate::audit::model::{Audit, AuditedFolder};
use crate::audit::shares::Shares;
use crate::audit::unused::UnusedSums;
use crate::audit::variants::Variants;
use crate::cargo::profile::DevDebug;
use crate::clean::folder_use::{Compilers, FolderUse, usage_of};
use crate::clean::gc::rules::RuleInput;
use crate::clean::gc::rules::idle::last_use;
use crate::clean::gc::{GcOptions, rules};
use crate::fs::model::{Identity, Problem};
use crate::size::Bytes;
use crate::target::artifact::debug_info::DebugInfo;
use crate::target::unit::Unit;

/// Facts that an audit needs besides the content of the folders.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The compilers of this machine.
    pub(crate) compilers: Compilers,
    /// Cargo's answers about the workspaces that build into the folders, by their roots, as far as Cargo answers.
    pub(crate) resolved: HashMap<PathBuf, Metadata>,
    /// The sizes of debug information.
    pub(crate) debug: DebugFacts,
    /// The manifests of the workspaces that build into the folders, each in its main worktree where there is one, with what
    /// they ask for.
    pub(crate) manifests: Vec<(PathBuf, DevDebug)>,
    /// The folders into which several worktrees of one repository build, with how many these are.
    pub(crate) shared: Vec<(PathBuf, usize)>,
    /// The program that Cargo has run in place of the compiler, as the configuration says.
    pub(crate) wrapper: Option<String>,
    /// How much all folders may take.
    pub(crate) budget: Option<Bytes>,
    /// The files that could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// Debug information in the artifacts, each file once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DebugFacts {
    pub(crate) third_party: DebugInfo,
    /// Debug information of everything else, into which third-party code is linked.
    pub(crate) own: DebugInfo,
}

/// The sums over some target folders, added up one by one. The folders themselves, which may hold millions of files,
/// are not kept.
#[derive(Default)]
pub(crate) struct Sums {
    folders: Vec<Counted>,
    shares: Shares,
    variants: Variants,
    unused: UnusedSums,
    caches: Caches,
    at_once: AtOnce,
    /// The files that could not be read.
    problems: Vec<Problem>,
    /// The first reason for each folder why unused units cannot be recognised.
    doubts: Vec<Problem>,
}

/// A folder, with its files that have several names: others of the folders may have them as well.
struct Counted {
    folder: AuditedFolder,
    linked: Vec<(Identity, Bytes)>,
}

impl Sums {
    /// Adds a folder. The space of a file in several folders counts for the first one. Where a build runs (`is_built`),
    /// nothing counts as unused, as with `gc`: the build is about to finish the units that look unfinished.
    pub(crate) fn add(
        &mut self,
        folder: &FolderUse,
        is_built: bool,
        compilers: &Compilers,
        now: Timestamp,
    ) {
        self.folders.push(counted(folder));
        self.shares.add(folder);
        self.variants.add(folder);
        self.caches.add(&folder.inventory);
        self.at_once.add(folder);
        let problems = folder.inventory.problems.iter();
        self.problems.extend(problems.cloned());
        let options = GcOptions::sure();
        let input = RuleInput::of(folder, compilers, &options, now);
        let runs = is_built.then(|| "a build is running in it".to_owned());
        let doubt = runs.or_else(|| rules::doubts(&input).into_iter().next());
        self.doubts.extend(doubt.map(|doubt| Problem {
            path: folder.inventory.folder.clone(),
            message: format!("the list of unused files may be incomplete: {doubt}"),
        }));
        if !is_built {
            self.unused.add(input);
        }
    }

    /// The workspaces that build into the folders.
    pub(crate) fn users(&self) -> impl Iterator<Item = &PathBuf> {
        let folders = self.folders.iter();
        folders.flat_map(|counted| &counted.folder.workspaces)
    }
}

/// Says what is in some folders, why there are several of the same, and what could be done.
#[must_use]
pub(crate) fn audit(sums: Sums, facts: &Facts, now: Timestamp) -> Audit {
    let mut shares = sums.shares;
    let (unused, frees) = sums.unused.finish(&facts.compilers);
    let duplicates = match sums.folders.len() {
        0 | 1 => Bytes(0),
        _ => shares.duplicates(),
    };
    let mut audit = Audit {
        folders: audited_folders(sums.folders),
        total: shares.total.share(),
        profiles: shares.profiles.shares(),
        triples: shares.triples.shares(),
        kinds: shares.kinds.shares(),
        incremental: shares.incremental.shares(),
        packages: sums.variants.packages(facts, &shares),
        unused,
        findings: Vec::new(),
        problems: facts.problems.clone(),
    };
    audit.problems.extend(sums.problems);
    audit.problems.extend(sums.doubts);
    audit.findings = findings::findings(
        &audit,
        &frees,
        &sums.caches,
        &sums.at_once,
        duplicates,
        facts,
        now,
    );
    audit
}

fn counted(folder: &FolderUse) -> Counted {
    let usage = usage_of(folder.files());
    let used = |unit: &Unit| last_use(unit, folder.notes_reads).map(|(at, _)| at);
    let inventory = &folder.inventory;
    Counted {
        folder: AuditedFolder {
            path: inventory.folder.clone(),
            workspaces: folder.users.clone(),
            on_disk: usage.on_disk,
            freeable: usage.freeable,
            shared: Bytes(0),
            logical: inventory.totals.logical,
            entries: inventory.totals.entries,
            units: inventory.units.len(),
            last_use: inventory.units.iter().filter_map(used).max(),
        },
        linked: usage
            .links
            .iter()
            .map(|file| (file.identity, file.on_disk))
            .collect(),
    }
}

/// The folders, the largest first, with what several of them have.
fn audited_folders(all: Vec<Counted>) -> Vec<AuditedFolder> {
    let mut folders_with: HashMap<Identity, usize> = HashMap::new();
    for (identity, _) in all.iter().flat_map(|counted| &counted.linked) {
        *folders_with.entry(*identity).or_default() += 1;
    }
    let folders = all.into_iter().map(|Counted { folder, linked }| {
        let several = linked
            .iter()
            .filter(|(identity, _)| folders_with[identity] > 1);
        let shared = several.map(|(_, on_disk)| *on_disk).sum();
        AuditedFolder { shared, ..folder }
    });
    let mut folders: Vec<AuditedFolder> = folders.collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.on_disk));
    folders
}
