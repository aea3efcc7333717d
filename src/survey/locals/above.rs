//! What lies above two worktrees, where a relative path may lead.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use jiff::Timestamp;

use super::{Ask, unknown};
use crate::fs::{self, Source, SourceKind};
use crate::model::LeftReason;

/// With more in a folder, nothing of it is compared.
const MANY: usize = 2_000;

/// Something in one of the folders that one of the worktrees lies in.
struct Entry {
    name: String,
    /// How many folders up from the top of its worktree it lies.
    up: usize,
    /// It is that for the donor's worktree.
    there: Option<PathBuf>,
    /// It is that for the destination's.
    here: Option<PathBuf>,
}

/// Whether what lies in the folders above both worktrees, and is named in one of the `texts` (of programs and of sources),
/// is the same and has been since a moment.
///
/// Of folders those count that are named after as many `../` as lead there, since names such as `src` stand in every
/// program.
pub(super) fn same(
    ask: Ask<'_>,
    top: &Path,
    at: Timestamp,
    begin: Timestamp,
    texts: &[PathBuf],
) -> Result<(), LeftReason> {
    let entries = entries(ask.from_worktree, top);
    let patterns = entries.iter().map(|entry| {
        let is_folder = [&entry.there, &entry.here]
            .into_iter()
            .flatten()
            .any(|path| fs::is_folder_behind(path));
        match is_folder {
            true => format!("{}{}", "../".repeat(entry.up), entry.name),
            false => entry.name.clone(),
        }
    });
    let names = AhoCorasick::new(patterns);
    let names = names.map_err(|_| unknown("there is too much above its worktree"))?;
    let mut named: BTreeSet<usize> = BTreeSet::new();
    for text in texts {
        let found = fs::with_content(text, |bytes| {
            let found = names.find_overlapping_iter(bytes);
            found
                .map(|found| found.pattern().as_usize())
                .collect::<BTreeSet<usize>>()
        });
        named.extend(found.ok_or_else(|| unknown("what it was made by cannot be read"))?);
    }
    for entry in named.into_iter().filter_map(|at| entries.get(at)) {
        unchanged(entry, at, begin)?;
    }
    Ok(())
}

/// Everything directly in the folders above both, but for those that lead to one of the worktrees.
fn entries(from: &Path, top: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (mut there, mut here) = (from.ancestors().skip(1), top.ancestors().skip(1));
    for up in 1.. {
        let (one, two) = (there.next(), here.next());
        if one.is_none() && two.is_none() {
            break;
        }
        let listed = |folder: Option<&Path>| {
            let names = folder.and_then(|folder| fs::names(folder).ok());
            names.unwrap_or_default()
        };
        let names: BTreeSet<String> = listed(one).into_iter().chain(listed(two)).collect();
        for name in names {
            let at = |folder: Option<&Path>| {
                let path = folder?.join(&name);
                let leads = from.starts_with(&path) || top.starts_with(&path);
                (!leads && fs::exists(&path)).then_some(path)
            };
            let (there, here) = (at(one), at(two));
            if there.is_some() || here.is_some() {
                entries.push(Entry {
                    name,
                    up,
                    there,
                    here,
                });
            }
        }
    }
    entries
}

fn unchanged(entry: &Entry, at: Timestamp, begin: Timestamp) -> Result<(), LeftReason> {
    let some = entry.there.as_ref().or(entry.here.as_ref());
    let file = some.cloned().unwrap_or_default();
    let differs = LeftReason::SourceDiffers { file: file.clone() };
    let (Some(there), Some(here)) = (&entry.there, &entry.here) else {
        return Err(differs);
    };
    let (one, two) = (Source::at(there), Source::at(here));
    let is_folder = fs::is_folder_behind(there);
    if there != here && (is_folder || !one.is_same(there, &two, here)) {
        return Err(differs);
    }
    let newest = |source: &Source| source.newest.filter(|_| source.what != SourceKind::Other);
    let older =
        |path: &Path| newest(&Source::at(path)).is_some_and(|newest| newest < at && newest < begin);
    let all = match is_folder {
        true => fs::everything_in(there, MANY),
        false => Some(vec![there.clone()]),
    };
    match all.is_some_and(|all| all.iter().all(|path| older(path))) && newest(&two) < Some(begin) {
        true => Ok(()),
        false => Err(LeftReason::SourceNewer { file }),
    }
}
