//! Answers why target folders are as large as they are.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use cargo_metadata::Metadata;
use jiff::Timestamp;

use crate::audit::model::{Audit, AuditedFolder};
use crate::audit::shares::Shares;
use crate::audit::{findings, unused, variants};
use crate::clean::folder_use::{Compilers, FolderUse, usage_of};
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
pub(crate) fn audit(stocks: &[FolderUse], facts: &Facts, now: Timestamp) -> Audit {
    let parts = Shares::of(stocks);
    let (packages, (unused, frees)) = rayon::join(
        || variants::packages(stocks, facts, &parts),
        || unused::unused(stocks, &facts.compilers, now),
    );
    let mut audit = Audit {
        folders: folders(stocks),
        total: parts.total.share(),
        profiles: parts.profiles.shares(),
        triples: parts.triples.shares(),
        kinds: parts.kinds.shares(),
        incremental: parts.incremental.shares(),
        packages,
        unused,
        findings: Vec::new(),
        problems: problems(stocks, facts),
    };
    audit.findings = findings::findings(&audit, &frees, stocks, facts, now);
    audit
}

/// What could not be read, and the first reason for each folder why it cannot be told what nothing uses.
fn problems(stocks: &[FolderUse], facts: &Facts) -> Vec<Problem> {
    let mut problems = facts.problems.clone();
    for stock in stocks {
        let doubts = rules::doubts(stock, &facts.compilers, &GcOptions::sure());
        problems.extend(doubts.into_iter().take(1).map(|doubt| Problem {
            path: stock.inventory.folder.clone(),
            message: format!("not all that nothing uses is known: {doubt}"),
        }));
    }
    problems
}

fn folders(stocks: &[FolderUse]) -> Vec<AuditedFolder> {
    let mut folders_with: HashMap<Identity, usize> = HashMap::new();
    let files = |stock: &FolderUse| {
        let linked = stock.files().filter(|file| file.links > 1);
        linked.map(|file| file.identity).collect::<BTreeSet<_>>()
    };
    for stock in stocks {
        for identity in files(stock) {
            *folders_with.entry(identity).or_default() += 1;
        }
    }
    let mut folders: Vec<AuditedFolder> = stocks
        .iter()
        .map(|stock| {
            let usage = usage_of(stock.files());
            let shared = usage.links.iter();
            let shared = shared.filter(|file| folders_with.get(&file.identity) > Some(&1));
            let used = |unit: &Unit| last_use(unit, stock.notes_reads).map(|(at, _)| at);
            AuditedFolder {
                path: stock.inventory.folder.clone(),
                workspaces: stock.users.clone(),
                on_disk: usage.on_disk,
                freeable: usage.freeable,
                shared: shared.map(|file| file.on_disk).sum(),
                logical: stock.inventory.totals.logical,
                entries: stock.inventory.totals.entries,
                units: stock.inventory.units.len(),
                last_use: stock.inventory.units.iter().filter_map(used).max(),
            }
        })
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.on_disk));
    folders
}
