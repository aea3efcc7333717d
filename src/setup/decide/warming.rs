//! The effect of warming on the rest of a setup.

use std::collections::BTreeSet;

use crate::clean::model::DeleteFolder;
use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::unit_file::Sharing;
use crate::warm::model::WarmFolder;

/// Has each folder wait until no other one needs it any more, and counts as freed only what no other one links to.
pub(crate) fn wait(deletions: &mut [DeleteFolder], warms: &[WarmFolder], freeable: &mut Bytes) {
    for delete in deletions {
        let needs = |warm: &&WarmFolder| {
            warm.from == delete.path || delete.workspace.as_ref() == Some(&warm.workspace)
        };
        let gave_to: BTreeSet<_> = warms.iter().filter(needs).map(|warm| &warm.into).collect();
        delete.gave_to = gave_to.into_iter().cloned().collect();
        // Files that others link to are not freed.
        let linked = linked(warms.iter().filter(|warm| warm.from == delete.path));
        if let Some(usage) = &mut delete.usage {
            usage.freeable = Bytes(usage.freeable.0.saturating_sub(linked.0));
        }
        *freeable = Bytes(freeable.0.saturating_sub(linked.0));
    }
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
