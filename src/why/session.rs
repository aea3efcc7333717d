//! Which units the last build compiled.
//!
//! Cargo writes `invoked.timestamp` just before it starts rustc or a build script, and the unit's fingerprint when that is
//! done. While a build runs, something is compiled at each moment; so what began before the last unit was done, and has not
//! much time between, is of the same build. Cargo writes down nothing else of a build.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::target::layout;
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::{Role, Sharing, UnitFile};

/// The longest time within one build in which nothing is compiled.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// How much later a file may have changed than it was written, by a filesystem that keeps both times apart.
const APART: SignedDuration = SignedDuration::from_millis(10);

/// How a unit came to be in its target folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A build in this folder compiled it.
    Compiled(Span),
    /// Something else has put it there, such as `warm`, at this moment.
    Put(Timestamp),
    /// Its times are not there.
    Unknown,
}

/// The time from the start of a compiler to the end of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
}

/// How a unit came to be there. `marked` says that `warm` has left a mark beside it that still holds.
pub(crate) fn origin(unit: &Unit, marked: bool) -> Origin {
    let (Some(began), Some(hash)) = (stamp(unit), hash(unit)) else {
        return Origin::Unknown;
    };
    let Some(ended) = hash.modified() else {
        return Origin::Unknown;
    };
    // A copy keeps the time of its content, and not that of its last change.
    let put = hash.changed().filter(|changed| *changed > ended + APART);
    match put {
        Some(at) => Origin::Put(at),
        None if marked => Origin::Put(ended),
        None if ended < began => Origin::Unknown,
        None => Origin::Compiled(Span { began, ended }),
    }
}

/// When the compiler was started for a unit, as far as that is known.
pub(crate) fn compiled(unit: &Unit) -> Option<Timestamp> {
    stamp(unit)
}

/// When a unit came to be in its folder, whether it was compiled or copied there.
pub(crate) fn there_since(unit: &Unit) -> Option<Timestamp> {
    let hash = hash(unit)?;
    hash.modified().max(hash.changed())
}

/// When a unit was first there, if a build has compiled it anew since: Cargo writes to the files that are there, so that
/// their folder is as old as they are. `build` is when that build began. `None` if the unit was not there before, or
/// nothing tells.
///
/// In the new layout each build writes a file of warnings anew, so that the folder of the fingerprint is young. The folder
/// around it is as old as the unit, but Cargo makes that one before it compiles anything.
pub(crate) fn before(unit: &Unit, build: Timestamp) -> Option<Timestamp> {
    let began = stamp(unit)?;
    let print = hash(unit)?.path.parent()?;
    let made = |path: &Path| {
        let mut files = unit.files.iter();
        let folder = files.find(|file| file.sharing == Sharing::Folder && file.path == path);
        folder?.modified()
    };
    let classic = made(print).filter(|at| *at < began);
    let is_new = print.file_name().is_some_and(|name| name == "fingerprint");
    let around = print.parent().filter(|_| is_new).and_then(made);
    classic.or(around.filter(|at| *at + PAUSE < build))
}

/// The last build: its first and its last moment, and which of these are of it, by index.
pub(crate) fn last(all: &[Option<Span>]) -> Option<(Span, Vec<usize>)> {
    let known = all.iter().enumerate();
    let mut known: Vec<(usize, Span)> = known
        .filter_map(|(at, span)| Some((at, (*span)?)))
        .collect();
    known.sort_by_key(|(_, span)| std::cmp::Reverse(span.ended));
    let (_, newest) = *known.first()?;
    let mut build = newest;
    let mut units = Vec::new();
    for (at, span) in known {
        if span.ended + PAUSE < build.began {
            break;
        }
        build.began = build.began.min(span.began);
        units.push(at);
    }
    units.sort_unstable();
    Some((build, units))
}

fn stamp(unit: &Unit) -> Option<Timestamp> {
    let run = unit.kind == UnitKind::BuildScriptRun;
    let is_stamp = |file: &&UnitFile| {
        let beside = file.role == Role::Noted || (!run && file.is_fingerprint());
        beside && file.name() == layout::STAMP
    };
    unit.files.iter().find(is_stamp)?.modified()
}

/// The file that Cargo writes last: the hash of the fingerprint.
fn hash(unit: &Unit) -> Option<&UnitFile> {
    let is_hash = |file: &&UnitFile| {
        file.is_fingerprint() && unit.targets.iter().any(|name| *name == file.name())
    };
    let hashes = unit.files.iter().filter(is_hash);
    hashes.max_by_key(|file| file.modified())
}
