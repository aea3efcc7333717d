//! Adds up the files that nothing uses: by the rules of `gc`, one at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use crate::audit::model::Unused;
use crate::audit::shares::Part;
use crate::clean::folder_use::Compilers;
use crate::clean::gc::rules::RuleInput;
use crate::clean::gc::{GcOptions, rules};
use crate::clean::model::CollectReason;
use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::unit::UnitKind;
use crate::target::unit_file::UnitFile;

/// The files of some folders that nothing uses, while they are added up. Each unit counts once, for the first rule
/// that is about it.
#[derive(Default)]
pub(crate) struct UnusedSums {
    /// Findings by their name and by the options of `gc`.
    found: BTreeMap<(&'static str, &'static str), Found>,
    /// The files that each command deletes: the compiler's cache may have files in common with a unit, which are
    /// freed if both are deleted.
    by_command: BTreeMap<&'static str, Part>,
    /// The files with several links that were met.
    seen: HashSet<Identity>,
}

/// The findings for one reason.
#[derive(Default)]
struct Found {
    why: Option<CollectReason>,
    /// The compiler of the unit that the reason is about.
    rustc: Option<u64>,
    count: usize,
    part: Part,
    names: BTreeMap<String, Bytes>,
}

impl UnusedSums {
    /// Adds a folder.
    pub(crate) fn add(&mut self, input: RuleInput<'_>) {
        let sure = GcOptions::sure();
        let superseded = GcOptions {
            superseded: true,
            ..GcOptions::sure()
        };
        let mut units = vec![false; input.folder.inventory.units.len()];
        let mut leaked = units.clone();
        let mut others = vec![false; input.others.len()];
        let mut input = input.with_options(&sure);
        for (options, command) in [(&sure, ""), (&superseded, "--superseded")] {
            input = input.with_options(options);
            let reasons = rules::reasons(&input);
            for (at, why) in reasons.units.iter().enumerate() {
                let Some(why) = why else { continue };
                if std::mem::replace(&mut units[at], true) {
                    continue;
                }
                let unit = &input.folder.inventory.units[at];
                let name = unit.package.clone().unwrap_or_else(|| unit.id.to_string());
                let left = unit.leaked.iter().filter(|_| !leaked[at]);
                let files = unit.files.iter().chain(left);
                let found = self.count((word(why, &unit.kind), command), name, files);
                if found.why.is_none() {
                    (found.why, found.rustc) = (Some(why.clone()), unit.rustc);
                }
            }
            let kept = (0..units.len()).filter(|at| !units[*at] && options.unfinished);
            for at in kept {
                let unit = &input.folder.inventory.units[at];
                let files: Vec<&UnitFile> = rules::leaked::files(unit).collect();
                if files.is_empty() || std::mem::replace(&mut leaked[at], true) {
                    continue;
                }
                let name = unit.package.clone().unwrap_or_else(|| unit.id.to_string());
                let word = word(&CollectReason::Leaked, &unit.kind);
                let found = self.count((word, command), name, files);
                found.why.get_or_insert(CollectReason::Leaked);
            }
            for (at, (other, why)) in input.others.iter().zip(&reasons.others).enumerate() {
                let Some(why) = why else { continue };
                if std::mem::replace(&mut others[at], true) {
                    continue;
                }
                let name = other.path.file_name().unwrap_or_default().to_string_lossy();
                let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
                let word = word(why, &UnitKind::Library);
                let files = other.files.iter().copied();
                let found = self.count((word, command), name.to_owned(), files);
                found.why.get_or_insert_with(|| why.clone());
            }
        }
    }

    fn count<'a>(
        &mut self,
        (word, command): (&'static str, &'static str),
        name: String,
        files: impl IntoIterator<Item = &'a UnitFile>,
    ) -> &mut Found {
        let found = self.found.entry((word, command)).or_default();
        let by_command = self.by_command.entry(command).or_default();
        found.count += 1;
        let of_name = found.names.entry(name).or_default();
        for file in files {
            let first = file.links <= 1 || self.seen.insert(file.identity);
            found.part.add(file, first);
            by_command.add(file, first);
            *of_name += file.on_disk;
        }
        found
    }

    /// The files that nothing uses, by reason, and the space that each command frees.
    pub(crate) fn finish(self, compilers: &Compilers) -> (Vec<Unused>, BTreeMap<String, Bytes>) {
        let unused = self
            .found
            .into_iter()
            .filter_map(|((word, command), found)| {
                let mut names: Vec<(String, Bytes)> = found.names.into_iter().collect();
                names.sort_by_key(|(_, bytes)| Reverse(*bytes));
                let mut share = found.part.share();
                share.name = word.to_owned();
                let mut why = found.why?;
                // While the folders were looked at, not all names of compilers were known.
                if let (CollectReason::ToolchainGone { toolchain }, Some(rustc)) =
                    (&mut why, &found.rustc)
                {
                    *toolchain = compilers.made_by.get(rustc).cloned();
                }
                Some(Unused {
                    why,
                    count: found.count,
                    share,
                    names: names.into_iter().map(|(name, _)| name).collect(),
                    command: full(command),
                })
            });
        let mut unused: Vec<Unused> = unused.collect();
        unused.sort_by_key(|unused| Reverse(unused.share.on_disk));
        let frees = self.by_command.into_iter();
        let frees = frees.map(|(command, part)| (full(command), part.share().freeable));
        (unused, frees.collect())
    }
}

fn full(options: &str) -> String {
    format!("cargo sharedtarget gc {options}")
        .trim_end()
        .to_owned()
}

/// The name of a reason in the report.
fn word(why: &CollectReason, kind: &UnitKind) -> &'static str {
    match why {
        CollectReason::Unreferenced => "packages in no Cargo.lock",
        CollectReason::MadeWithUnreferenced { .. } => "depending on packages in no Cargo.lock",
        CollectReason::ToolchainGone { .. } => "compilers that are not installed",
        CollectReason::Superseded { .. } if matches!(kind, UnitKind::Test | UnitKind::Bench) => {
            "older test programs"
        }
        CollectReason::Superseded { .. } => "superseded builds",
        // Of a build that was interrupted, or of one that `setup` has moved to another path.
        CollectReason::Unfinished => "incomplete units",
        CollectReason::Leaked => "remnants of rustc",
        CollectReason::CrateGone => "incremental data of removed crates",
        _ => "other",
    }
}
