//! Decides which local units were compiled where they lie.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Home, LeftReason, Source, Trace, Unit, UnitId};

/// Which of a donor's local units may have been compiled in another worktree, by what was found in them.
///
/// One folder for several worktrees holds what the last one compiled, and nothing that Cargo writes down tells which
/// one that was: only debug information and metadata name the folder. Where one unit names another worktree, none
/// is believed; and one that names none is believed if its package has one that does, or we made the folder for one
/// worktree.
#[must_use]
pub fn of_other_worktrees<'a>(
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
    let of = |unit: &&Unit| (unit.id.profile.clone(), unit.package.clone());
    let named: BTreeSet<_> = units
        .iter()
        .filter(|unit| traces.get(&unit.id) == Some(&Trace::Own))
        .map(of)
        .collect();
    let carried = |unit: &&&Unit| traces.get(&unit.id) == Some(&Trace::Carried);
    let doubtful = units
        .iter()
        .filter(|unit| !carried(unit) && !named.contains(&of(unit)));
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
    use crate::model::UnitKind;

    fn unit(hash: &str, package: &str) -> Unit {
        Unit {
            package: Some(package.into()),
            source: Source::Local,
            ..Unit::sample("debug", hash, UnitKind::Program)
        }
    }

    #[track_caller]
    fn assert_left(traces: &[(&str, Trace)], home: Home, expected: &[&str]) {
        let units = [unit("a1", "a"), unit("a2", "a"), unit("b1", "b")];
        let traces = traces.iter().map(|(hash, trace)| {
            let id = UnitId {
                profile: "debug".into(),
                hash: (*hash).into(),
            };
            (id, trace.clone())
        });
        let left = of_other_worktrees(units.iter(), &traces.collect(), home);
        let left: Vec<&str> = left.keys().map(|id| id.hash.as_str()).collect();
        assert_eq!(left, expected);
    }

    #[test]
    fn a_package_is_believed_by_one_of_its_units() {
        let own = [("a1", Trace::Own), ("a2", Trace::None), ("b1", Trace::None)];
        assert_left(&own, Home::Single, &["b1"]);
        assert_left(&own, Home::Owned, &[]);
        assert_left(&own, Home::Several, &["a1", "a2", "b1"]);
        assert_left(&[], Home::Single, &["a1", "a2", "b1"]);
    }

    /// What we have put there is believed, and says nothing of what others have.
    #[test]
    fn carried_ones() {
        let carried = [("a1", Trace::Carried)];
        assert_left(&carried, Home::Single, &["a2", "b1"]);
    }

    #[test]
    fn one_of_another_worktree_spoils_all() {
        let mixed = [("a1", Trace::Own), ("b1", Trace::Other("/other".into()))];
        for home in [Home::Owned, Home::Single, Home::Several] {
            assert_left(&mixed, home, &["a1", "a2", "b1"]);
        }
    }
}
