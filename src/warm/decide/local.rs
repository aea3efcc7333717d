//! Decides which local units were compiled where they lie.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::left::LeftReason;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};
use crate::warm::decide::Times;
use crate::warm::verdict::{Home, Trace};

/// Which of a donor's local units may have been compiled in another worktree, by what was found in them.
///
/// One folder for several worktrees holds what the last one compiled, and nothing that Cargo writes down tells which
/// one that was: only debug information and metadata name the folder. Where one unit names another worktree, none
/// is believed. One that names none is believed if we made the folder for one worktree; else if it is a build script
/// or the run of one, and something of its package that names the right one was compiled with it.
#[must_use]
pub(crate) fn of_other_worktrees<'a>(
    units: impl Iterator<Item = &'a Unit>,
    traces: &BTreeMap<UnitId, Trace>,
    home: Home,
) -> BTreeMap<UnitId, LeftReason> {
    let units: Vec<&Unit> = units.filter(|unit| unit.source == Source::Local).collect();
    let all = |worktree| {
        let reason = LeftReason::OtherWorktree { worktree };
        let each = units.iter().map(|unit| (unit.id.clone(), reason.clone()));
        each.collect()
    };
    let other = traces.values().find_map(|trace| match trace {
        Trace::Other(worktree) => Some(worktree.clone()),
        Trace::None | Trace::Own | Trace::Carried => None,
    });
    if home == Home::Several || other.is_some() {
        return all(other);
    }
    if home == Home::Owned {
        return BTreeMap::new();
    }
    // The units that are believed; and through them the runs, and then the scripts, that they were compiled with.
    let mut believed: BTreeSet<&UnitId> = BTreeSet::new();
    let mut vouching: Vec<&Unit> = Vec::new();
    for unit in &units {
        match traces.get(&unit.id) {
            Some(Trace::Own) => vouching.push(unit),
            Some(Trace::Carried) => drop(believed.insert(&unit.id)),
            _ => {}
        }
    }
    while let Some(unit) = vouching.pop() {
        if !believed.insert(&unit.id) {
            continue;
        }
        let scripts = units.iter().filter(|other| {
            let script = [UnitKind::BuildScript, UnitKind::BuildScriptRun].contains(&other.kind);
            // A newer unit was made anew since, perhaps by another worktree.
            script
                && other.package == unit.package
                && unit.dependencies.contains(&other.id)
                && Times::of(other).needed(unit, other) <= Times::of(unit).newest
        });
        vouching.extend(scripts);
    }
    let doubtful = units.iter().filter(|unit| !believed.contains(&unit.id));
    doubtful
        .map(|unit| {
            (
                unit.id.clone(),
                LeftReason::OtherWorktree { worktree: None },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::unit::UnitKind;

    /// A library `a1` with a build script that ran, and a program `b1` of another package.
    fn units() -> Vec<Unit> {
        let unit = |hash: &str, package: &str, kind, needs: &[&str]| Unit {
            package: Some(package.into()),
            source: Source::Local,
            dependencies: needs.iter().map(|hash| id(hash)).collect(),
            ..Unit::sample("debug", hash, kind)
        };
        vec![
            unit("a1", "a", UnitKind::Library, &["a2"]),
            unit("a2", "a", UnitKind::BuildScriptRun, &["a3"]),
            unit("a3", "a", UnitKind::BuildScript, &[]),
            unit("a4", "a", UnitKind::Test, &["a1"]),
            unit("b1", "b", UnitKind::Program, &["a1"]),
        ]
    }

    fn id(hash: &str) -> UnitId {
        UnitId {
            profile: "debug".into(),
            hash: hash.into(),
        }
    }

    #[track_caller]
    fn assert_left(traces: &[(&str, Trace)], home: Home, expected: &[&str]) {
        let traces = traces.iter().map(|(hash, trace)| (id(hash), trace.clone()));
        let left = of_other_worktrees(units().iter(), &traces.collect(), home);
        let left: Vec<&str> = left.keys().map(|id| id.hash.as_str()).collect();
        assert_eq!(left, expected);
    }

    const ALL: [&str; 5] = ["a1", "a2", "a3", "a4", "b1"];

    #[test]
    fn scripts_are_believed_by_what_was_compiled_with_them() {
        let own = [("a1", Trace::Own), ("a4", Trace::None)];
        assert_left(&own, Home::Single, &["a4", "b1"]);
        assert_left(&own, Home::Owned, &[]);
        assert_left(&own, Home::Several, &ALL);
        assert_left(
            &[("b1", Trace::Own)],
            Home::Single,
            &["a1", "a2", "a3", "a4"],
        );
        assert_left(&[], Home::Single, &ALL);
    }

    /// Units that we have put there are believed, and say nothing of others.
    #[test]
    fn carried_ones() {
        let carried = [("a1", Trace::Carried)];
        assert_left(&carried, Home::Single, &["a2", "a3", "a4", "b1"]);
    }

    #[test]
    fn one_of_another_worktree_spoils_all() {
        let mixed = [("a1", Trace::Own), ("b1", Trace::Other("/other".into()))];
        for home in [Home::Owned, Home::Single, Home::Several] {
            assert_left(&mixed, home, &ALL);
        }
    }
}
