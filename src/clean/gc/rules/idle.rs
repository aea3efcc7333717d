//! Units that were not used for a given time.

use jiff::{SignedDuration, Timestamp};

use crate::age::{Age, since};
use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;
use crate::plan::kept::LastUseSource;
use crate::target::unit::Unit;

/// A filesystem mounted with `relatime`, as most are, writes down that a file is read only if that was not written
/// down for a day. Source: mount(8).
const READS_NOTED_EACH: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    let Some(age) = input.options.older_than else {
        return Vec::new();
    };
    input.units_that(|unit| {
        let (since, source) = last_use(unit, input.folder.notes_reads)?;
        is_older((since, source), age, input.now).then_some(CollectReason::Idle { since, source })
    })
}

/// When a unit was last used, as far as the disk tells: when it was made, or when Cargo last read its fingerprint.
pub(crate) fn last_use(unit: &Unit, notes_reads: bool) -> Option<(Timestamp, LastUseSource)> {
    let made = unit.newest.map(|at| (at, LastUseSource::Modified));
    let read = unit.last_read.filter(|_| notes_reads);
    let read = read.map(|at| (at, LastUseSource::Read));
    made.into_iter().chain(read).max_by_key(|(at, _)| *at)
}

/// Whether a last use is as long ago. A read may have been a day later than what was written down of it.
fn is_older((at, source): (Timestamp, LastUseSource), age: Age, now: Timestamp) -> bool {
    let at = match source {
        LastUseSource::Read => at.checked_add(READS_NOTED_EACH).unwrap_or(at),
        LastUseSource::Modified => at,
    };
    since(at, now) >= age
}
