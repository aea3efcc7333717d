//! Answers why target folders are as large as they are.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use cargo_metadata::Metadata;
use jiff::Timestamp;

use crate::audit::model::{Audit, AuditedFolder};
use crate::audit::shares::Shares;
use crate::audit::{findings, unused, variants};
use crate::cargo::profile::DevDebug;
use crate::clean::folder_use::{Compilers, FolderUse, usage_of};
use crate::clean::gc::rules::RuleInput;
use crate::clean::gc::rules::idle::last_use;
use crate::clean::gc::{GcOptions, rules};
use crate::fs::model::{Identity, Problem};
use crate::size::Bytes;
use crate::target::artifact::debug_info::DebugInfo;
use crate::target::unit::Unit;

/// What is known beside what lies in the folders.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The compilers of this machine.
    pub(crate) compilers: Compilers,
    /// What the workspaces that build into the folders are built from, by their roots, as far as Cargo says.
    pub(crate) resolved: HashMap<PathBuf, Metadata>,
    /// What there is of debug information.
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
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// Debug information in the artifacts, each file once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DebugFacts {
    pub(crate) third_party: DebugInfo,
    /// That of everything else, into which third-party code is linked.
    pub(crate) own: DebugInfo,
}

/// Says what is in some folders, why there are several of the same, and what could be done.
#[must_use]
pub(crate) fn audit(folders: &[FolderUse], facts: &Facts, now: Timestamp) -> Audit {
    let parts = Shares::of(folders);
    let (packages, (unused, frees)) = rayon::join(
        || variants::packages(folders, facts, &parts),
        || unused::unused(folders, &facts.compilers, now),
    );
    let mut audit = Audit {
        folders: audited_folders(folders),
        total: parts.total.share(),
        profiles: parts.profiles.shares(),
        triples: parts.triples.shares(),
        kinds: parts.kinds.shares(),
        incremental: parts.incremental.shares(),
        packages,
        unused,
        findings: Vec::new(),
        problems: problems(folders, facts, now),
    };
    audit.findings = findings::findings(&audit, &frees, folders, facts, now);
    audit
}

/// What could not be read, and the first reason for each folder why it cannot be told what nothing uses.
fn problems(folders: &[FolderUse], facts: &Facts, now: Timestamp) -> Vec<Problem> {
    let mut problems = facts.problems.clone();
    let options = GcOptions::sure();
    for folder in folders {
        let input = RuleInput::of(folder, &facts.compilers, &options, now);
        let doubts = rules::doubts(&input);
        problems.extend(doubts.into_iter().take(1).map(|doubt| Problem {
            path: folder.inventory.folder.clone(),
            message: format!("not all that nothing uses is known: {doubt}"),
        }));
    }
    problems
}

fn audited_folders(folders: &[FolderUse]) -> Vec<AuditedFolder> {
    let mut folders_with: HashMap<Identity, usize> = HashMap::new();
    let files = |folder: &FolderUse| {
        let linked = folder.files().filter(|file| file.links > 1);
        linked.map(|file| file.identity).collect::<BTreeSet<_>>()
    };
    for folder in folders {
        for identity in files(folder) {
            *folders_with.entry(identity).or_default() += 1;
        }
    }
    let mut folders: Vec<AuditedFolder> = folders
        .iter()
        .map(|folder| {
            let usage = usage_of(folder.files());
            let shared = usage.links.iter();
            let shared = shared.filter(|file| folders_with.get(&file.identity) > Some(&1));
            let used = |unit: &Unit| last_use(unit, folder.notes_reads).map(|(at, _)| at);
            AuditedFolder {
                path: folder.inventory.folder.clone(),
                workspaces: folder.users.clone(),
                on_disk: usage.on_disk,
                freeable: usage.freeable,
                shared: shared.map(|file| file.on_disk).sum(),
                logical: folder.inventory.totals.logical,
                entries: folder.inventory.totals.entries,
                units: folder.inventory.units.len(),
                last_use: folder.inventory.units.iter().filter_map(used).max(),
            }
        })
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.on_disk));
    folders
}
