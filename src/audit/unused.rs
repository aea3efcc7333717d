//! What nothing uses: the rules of `gc`, one at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::audit::model::Unused;
use crate::audit::shares::Part;
use crate::clean::folder_use::{Compilers, FolderUse};
use crate::clean::gc::rules::RuleInput;
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
    folders: &[FolderUse],
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
    for folder in folders {
        let mut known = vec![false; folder.inventory.units.len()];
        let mut known_others: HashSet<PathBuf> = HashSet::new();
        for (options, command) in &rules {
            let input = RuleInput::of(folder, compilers, options, now);
            let reasons = rules::reasons(&input);
            for (at, why) in reasons.units.iter().enumerate() {
                let Some(why) = why else { continue };
                if std::mem::replace(&mut known[at], true) {
                    continue;
                }
                let unit = &folder.inventory.units[at];
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
            let kept = input.folder.inventory.units.iter().enumerate();
            let kept = kept.filter(|(at, _)| reasons.units[*at].is_none() && !known[*at]);
            for unit in kept.map(|(_, unit)| unit).filter(|_| options.unfinished) {
                for file in rules::leaked::files(unit) {
                    if !known_others.insert(file.path.clone()) {
                        continue;
                    }
                    let word = word(&CollectReason::Leaked, &unit.kind);
                    let one = found.entry((word, *command)).or_default();
                    one.count += 1;
                    one.why.get_or_insert(CollectReason::Leaked);
                    let first = file.links <= 1 || seen.insert(file.identity);
                    one.part.add(file, first);
                    by_command.entry(command).or_default().add(file, first);
                    let name = unit.package.clone().unwrap_or_else(|| unit.id.to_string());
                    *one.names.entry(name).or_default() += file.on_disk;
                }
            }
            for (other, why) in input.others.iter().zip(&reasons.others) {
                let Some(why) = why else { continue };
                if !known_others.insert(other.path.clone()) {
                    continue;
                }
                let name = other.path.file_name().unwrap_or_default().to_string_lossy();
                let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
                let word = word(why, &UnitKind::Library);
                let one = found.entry((word, *command)).or_default();
                one.count += 1;
                one.why.get_or_insert_with(|| why.clone());
                let freed = by_command.entry(command).or_default();
                for file in &other.files {
                    let first = file.links <= 1 || seen.insert(file.identity);
                    one.part.add(file, first);
                    freed.add(file, first);
                }
                *one.names.entry(name.to_owned()).or_default() +=
                    other.files.iter().map(|file| file.on_disk).sum();
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
        CollectReason::Leaked => "left by rustc after earlier builds",
        CollectReason::CrateGone => "incremental data of crates that are gone",
        _ => "other",
    }
}
