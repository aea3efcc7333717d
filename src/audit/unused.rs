//! What nothing uses: the rules of `gc`, one at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::audit::model::Unused;
use crate::audit::shares::Part;
use crate::clean::folder_use::{Compilers, FolderUse, Graph};
use crate::clean::gc::{GcOptions, rules};
use crate::clean::model::CollectReason;
use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::unit::UnitKind;

/// What is found for one reason.
#[derive(Default)]
struct Found {
    why: Option<CollectReason>,
    count: usize,
    part: Part,
    names: BTreeMap<String, Bytes>,
}

/// What nothing uses, by reason. Each unit stands in it once, for the first rule that is about it.
///
/// And what each command frees: the compiler's cache may have files in common with a unit, which are freed if both go.
pub(crate) fn unused(
    stocks: &[FolderUse],
    compilers: &Compilers,
    now: Timestamp,
) -> (Vec<Unused>, BTreeMap<String, Bytes>) {
    let rules = [
        (GcOptions::sure(), ""),
        (
            GcOptions {
                superseded: true,
                ..GcOptions::sure()
            },
            "--superseded",
        ),
    ];
    let mut found: BTreeMap<(&'static str, &'static str), Found> = BTreeMap::new();
    let mut by_command: BTreeMap<&'static str, Part> = BTreeMap::new();
    let mut seen: HashSet<Identity> = HashSet::new();
    for stock in stocks {
        let graph = Graph::of(&stock.inventory.units);
        let mut known = vec![false; stock.inventory.units.len()];
        let mut known_others = vec![false; stock.inventory.others.len()];
        for (options, command) in &rules {
            let going = rules::going(stock, &graph, compilers, options, now);
            for (at, why) in going.units.iter().enumerate() {
                let Some(why) = why else { continue };
                if std::mem::replace(&mut known[at], true) {
                    continue;
                }
                let unit = &stock.inventory.units[at];
                let name = unit.package.clone().unwrap_or_else(|| unit.id.to_string());
                let one = found.entry((word(why, &unit.kind), *command)).or_default();
                one.count += 1;
                one.why.get_or_insert_with(|| why.clone());
                let freed = by_command.entry(command).or_default();
                for file in &unit.files {
                    let first = file.links <= 1 || seen.insert(file.identity);
                    one.part.add(file, first);
                    freed.add(file, first);
                }
                *one.names.entry(name).or_default() +=
                    unit.files.iter().map(|file| file.on_disk).sum();
            }
            let mut caches: HashSet<PathBuf> = HashSet::new();
            for (at, why) in going.others.iter().enumerate() {
                let Some(why) = why else { continue };
                if std::mem::replace(&mut known_others[at], true) {
                    continue;
                }
                let other = &stock.inventory.others[at];
                let whole = crate::clean::gc::whole(other);
                let name = whole.file_name().unwrap_or_default().to_string_lossy();
                let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
                let one = found
                    .entry((word(why, &UnitKind::Library), *command))
                    .or_default();
                one.why.get_or_insert_with(|| why.clone());
                let first = other.file.links <= 1 || seen.insert(other.file.identity);
                one.part.add(&other.file, first);
                by_command
                    .entry(command)
                    .or_default()
                    .add(&other.file, first);
                match one.names.get_mut(name) {
                    Some(bytes) => *bytes += other.file.on_disk,
                    None => drop(one.names.insert(name.to_owned(), other.file.on_disk)),
                }
                one.count += usize::from(caches.insert(whole));
            }
        }
    }
    let mut all: Vec<Unused> = found
        .into_iter()
        .filter_map(|((word, command), found)| {
            let mut names: Vec<(String, Bytes)> = found.names.into_iter().collect();
            names.sort_by_key(|(_, bytes)| Reverse(*bytes));
            let mut share = found.part.share();
            share.name = word.to_owned();
            Some(Unused {
                why: found.why?,
                count: found.count,
                share,
                names: names.into_iter().map(|(name, _)| name).collect(),
                command: format!("cargo sharedtarget gc {command}")
                    .trim_end()
                    .to_owned(),
            })
        })
        .collect();
    all.sort_by_key(|unused| Reverse(unused.share.on_disk));
    let frees = by_command.into_iter();
    let frees = frees.map(|(command, part)| (full(command), part.share().freeable));
    (all, frees.collect())
}

fn full(options: &str) -> String {
    format!("cargo sharedtarget gc {options}")
        .trim_end()
        .to_owned()
}

/// What to call it.
fn word(why: &CollectReason, kind: &UnitKind) -> &'static str {
    match why {
        CollectReason::Unreferenced => "packages in no Cargo.lock",
        CollectReason::MadeWithUnreferenced { .. } => "made with packages in no Cargo.lock",
        CollectReason::ToolchainGone { .. } => "compilers that are not installed",
        CollectReason::Superseded { .. } if matches!(kind, UnitKind::Test | UnitKind::Bench) => {
            "older test programs"
        }
        CollectReason::Superseded { .. } => "older builds of the same",
        CollectReason::Unfinished => "builds that did not end",
        CollectReason::CrateGone => "incremental data of crates that are gone",
        _ => "other",
    }
}
