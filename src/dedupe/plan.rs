//! Decides what `dedupe` does with each folder.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::dedupe::decide::{Content, Sharer, relink};
use crate::fs::model::Identity;
use crate::plan::action::{Plan, Warning};
use crate::plan::kept::{Kept, KeptReason, Subject};

/// Plans for all folders to share the files that are the same, and says why the others are left as they are.
///
/// Reads nothing from disk: what is replaced is looked at again before.
#[must_use]
pub(crate) fn dedupe(
    sharers: &[Sharer],
    contents: &HashMap<Identity, Content>,
    kept: Vec<Kept>,
    warnings: Vec<Warning>,
) -> Plan {
    let mut plan = Plan {
        kept,
        warnings,
        ..Plan::default()
    };
    let not_compared = plan.kept.len();
    let folders = relink(sharers, contents);
    let donors = folders.iter().flat_map(|folder| &folder.from);
    let donors: BTreeSet<PathBuf> = donors.cloned().collect();
    for (sharer, folder) in sharers.iter().zip(folders) {
        if folder.units.is_empty() {
            plan.kept.push(Kept {
                subject: Subject::Folder,
                reason: KeptReason::NothingToShare {
                    units: sharer.inventory.units.len(),
                    left: folder.left,
                    left_by_rights: folder.left_by_rights,
                    donor: donors.contains(&folder.into),
                    not_compared,
                },
                path: folder.into,
                on_disk: Some(sharer.inventory.totals.on_disk),
                last_build: None,
            });
        } else {
            plan.freeable += folder.frees;
            plan.add(folder);
        }
    }
    plan
}
