//! Units that no build has used since a moment, such as the begin of a CI job.
//!
//! Cargo writes nothing into a unit that it finds fresh, but reads the hash in its fingerprint, and the filesystem writes
//! that down as the file's time of access. With `relatime`, it does so only for the first read after the file was written
//! or changed, and then once a day. So a unit was used if that time is after the moment, and was not used if the time is
//! before it and a read would have been written down. Everything else is not known, and is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::clean::folder_use::FolderUse;
use crate::clean::gc::GcOptions;
use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::{CollectReason, KeptUnitReason, UnknownUse};
use crate::fs::model::ReadsNoted;
use crate::plan::kept::LastUseSource;
use crate::target::unit::{Group, ReadTimes, Unit};
use crate::term::view::counted;

/// After so long, a read is written down again. Source: `relatime_need_update` in Linux's `fs/inode.c`.
const READS_NOTED_EACH: SignedDuration = SignedDuration::from_hours(24);

/// The coarsest clock of a filesystem is that of FAT, which counts in two seconds; most count in a few milliseconds, and a
/// time that they write down lies as far behind.
const COARSEST: SignedDuration = SignedDuration::from_secs(2);

/// Whether a build has used a unit since the moment that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnitUse {
    /// Then, as far as this tells.
    Used(Timestamp, LastUseSource),
    Unused,
    Unknown(UnknownUse),
}

/// The use of all units of a folder since a moment.
pub(super) struct Uses {
    since: Timestamp,
    units: Vec<UnitUse>,
    /// The crates of units that were used, or may have been, with their profile folders.
    crates: BTreeSet<(String, String)>,
}

impl Uses {
    /// The uses since the moment that was asked for; `None` if none was.
    pub(super) fn of(folder: &FolderUse, options: &GcOptions, now: Timestamp) -> Option<Self> {
        let since = options.unused_since?;
        let units = &folder.inventory.units;
        let of_unit = |unit| unit_use(unit, since, &folder.reads_noted, now);
        let mut uses: Vec<UnitUse> = units.iter().map(of_unit).collect();
        // Where nothing was used, there was no build, or its reads left no trace. Without it, all would be deleted.
        let has = |used: fn(&UnitUse) -> bool| uses.iter().any(used);
        let used = has(|one| matches!(one, UnitUse::Used(..)));
        let doubt = match folder.reads_noted {
            _ if !used => Some(UnknownUse::NothingUsed),
            // The layer of a file is unknown, and a unit that shows a read says nothing about other units.
            ReadsNoted::InUpperLayer => Some(UnknownUse::NotNoted(
                "an overlay filesystem does not record reads of files in a lower layer",
            )),
            _ => None,
        };
        if let Some(doubt) = doubt {
            for one in uses.iter_mut().filter(|one| **one == UnitUse::Unused) {
                *one = UnitUse::Unknown(doubt);
            }
        }
        let kept = units.iter().zip(&uses);
        let kept = kept.filter(|(_, one)| **one != UnitUse::Unused);
        let crates = kept.flat_map(|(unit, _)| crates(unit));
        Some(Self {
            since,
            crates: crates.collect(),
            units: uses,
        })
    }
}

/// The crates that a unit may be of, with its profile folder.
fn crates(unit: &Unit) -> impl Iterator<Item = (String, String)> {
    // `lib-some-name`, `test-bin-app`: what is left after each of the words before the name is one of them.
    let names = unit.targets.iter().flat_map(|target| {
        let at = target.match_indices('-').map(|(at, _)| at + 1);
        at.map(|at| target[at..].replace('-', "_"))
    });
    names.map(|name| (unit.id.profile.clone(), name))
}

fn unit_use(unit: &Unit, since: Timestamp, noted: &ReadsNoted, now: Timestamp) -> UnitUse {
    if since > now {
        return UnitUse::Unknown(UnknownUse::AheadOfTheClock);
    }
    let early = earliest(since);
    if let Some(made) = unit.newest.filter(|made| *made >= early) {
        return UnitUse::Used(made, LastUseSource::Modified);
    }
    // A build that wanted it would have made it anew.
    if unit.unfinished {
        return UnitUse::Unused;
    }
    if let ReadsNoted::No(why) = noted {
        return UnitUse::Unknown(UnknownUse::NotNoted(why));
    }
    if unit.hash_times.is_empty() {
        return UnitUse::Unknown(UnknownUse::NoFingerprint);
    }
    let uses = unit.hash_times.iter().map(|times| file_use(times, since));
    let rank = |one: &UnitUse| match one {
        UnitUse::Used(at, _) => (2, Some(*at)),
        UnitUse::Unknown(_) => (1, None),
        UnitUse::Unused => (0, None),
    };
    uses.max_by_key(rank).unwrap_or(UnitUse::Unused)
}

/// The earliest time that a filesystem may have written down for something that happened at a moment or later.
fn earliest(since: Timestamp) -> Timestamp {
    let whole = Timestamp::from_second(since.as_second()).unwrap_or(since);
    whole.checked_sub(COARSEST).unwrap_or(Timestamp::MIN)
}

/// When files were put there at the latest that were restored before a moment. A whole second was mostly cut, as by
/// `date +%s`, so that a cache may have been restored in it; no build reads a fingerprint, and then something else changes
/// it, in that second.
fn put_there_until(since: Timestamp) -> Timestamp {
    match since.subsec_nanosecond() {
        0 => since
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(since),
        _ => since,
    }
}

/// Whether a file was read since a moment.
fn file_use(times: &ReadTimes, since: Timestamp) -> UnitUse {
    let ReadTimes {
        accessed,
        modified,
        changed,
    } = *times;
    let a_day_before = since.checked_sub(READS_NOTED_EACH);
    // The first read after the file was put there is written down, and there is none.
    let never_read = accessed <= changed;
    let is_noted_anyhow = accessed <= modified || a_day_before.is_ok_and(|day| accessed <= day);
    match never_read {
        true if changed <= put_there_until(since) => UnitUse::Unused,
        false if accessed >= earliest(since) => UnitUse::Used(accessed, LastUseSource::Read),
        _ if accessed < since && is_noted_anyhow => UnitUse::Unused,
        true => UnitUse::Unknown(UnknownUse::ChangedSince),
        false => UnitUse::Unknown(UnknownUse::ReadBefore),
    }
}

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    let Some(uses) = &input.uses else {
        return Vec::new();
    };
    let unused = uses.units.iter().enumerate();
    let unused = unused.filter(|(_, one)| **one == UnitUse::Unused);
    let since = uses.since;
    unused
        .map(|(at, _)| (at, CollectReason::Unused { since }))
        .collect()
}

/// Why a unit is kept, where its use was asked for.
pub(super) fn kept(input: &RuleInput<'_>, at: usize) -> Option<KeptUnitReason> {
    match input.uses.as_ref()?.units[at] {
        UnitUse::Used(at, source) => Some(KeptUnitReason::Used { at, source }),
        UnitUse::Unknown(because) => Some(KeptUnitReason::UseUnknown { because }),
        UnitUse::Unused => None,
    }
}

/// The compiler's caches of crates whose units are deleted, where no compilation has written to them since.
pub(super) fn other(input: &RuleInput<'_>, other: &WholeOther<'_>) -> Option<CollectReason> {
    let uses = input.uses.as_ref()?;
    let Group::Incremental { name } = other.group else {
        return None;
    };
    let known = uses
        .units
        .iter()
        .any(|one| matches!(one, UnitUse::Used(..)));
    let is_kept = uses.crates.contains(&(other.profile.clone(), name.clone()));
    let is_old = other.newest()? < earliest(uses.since);
    let since = uses.since;
    (known && is_old && !is_kept).then_some(CollectReason::Unused { since })
}

/// The reasons why the use of some units is unknown.
pub(super) fn doubts(input: &RuleInput<'_>) -> Vec<String> {
    let Some(uses) = &input.uses else {
        return Vec::new();
    };
    let mut unknown: BTreeMap<UnknownUse, usize> = BTreeMap::new();
    for one in &uses.units {
        if let UnitUse::Unknown(because) = one {
            *unknown.entry(*because).or_default() += 1;
        }
    }
    let said = |(because, count): (UnknownUse, usize)| {
        let units = counted(count, "unit");
        format!("the use of {units} is unknown: {}", because.words())
    };
    unknown.into_iter().map(said).collect()
}
