//! What warming means for the rest of a setup.

use std::collections::BTreeSet;

use crate::dedupe::model::RelinkFolder;
use crate::fs::model::Identity;
use crate::plan::action::{Action, Plan};
use crate::size::Bytes;
use crate::target::unit_file::Sharing;
use crate::warm::model::WarmFolder;

/// Puts what is warmed before what is deleted, and has each folder wait until nobody needs it any more.
pub(crate) fn insert(plan: &mut Plan, warms: Vec<WarmFolder>, relinks: Vec<RelinkFolder>) {
    for action in &mut plan.actions {
        let Action::DeleteFolder(delete) = action else {
            continue;
        };
        let needs = |warm: &&WarmFolder| {
            warm.from == delete.path || delete.workspace.as_ref() == Some(&warm.workspace)
        };
        let gave_to: BTreeSet<_> = warms.iter().filter(needs).map(|warm| &warm.into).collect();
        delete.gave_to = gave_to.into_iter().cloned().collect();
        // What others link to stays on the disk.
        let linked = linked(warms.iter().filter(|warm| warm.from == delete.path));
        if let Some(usage) = &mut delete.usage {
            usage.freeable = Bytes(usage.freeable.0.saturating_sub(linked.0));
        }
        plan.freeable = Bytes(plan.freeable.0.saturating_sub(linked.0));
    }
    let first = plan
        .actions
        .iter()
        .position(|action| matches!(action, Action::DeleteFolder(_)));
    let at = first.unwrap_or(plan.actions.len());
    let warms = warms.into_iter().map(Action::Warm);
    let relinks = relinks.into_iter().map(Action::Relink);
    let all: Vec<Action> = warms.chain(relinks).collect();
    plan.actions.splice(at..at, all);
}

/// Space of files that get another name, each once.
fn linked<'a>(warms: impl Iterator<Item = &'a WarmFolder>) -> Bytes {
    let mut seen: BTreeSet<Identity> = BTreeSet::new();
    let files = warms
        .flat_map(|warm| &warm.units)
        .flat_map(|unit| &unit.files);
    files
        .filter(|file| file.sharing == Sharing::Link && seen.insert(file.identity))
        .map(|file| file.on_disk)
        .sum()
}
