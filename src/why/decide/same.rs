//! The very unit elsewhere: its fingerprint, and the rules of `warm`.

use crate::plan::left::LeftReason;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Unit, UnitKind};
use crate::warm::decide::name;
use crate::why::decide::{Search, unknown};
use crate::why::model::{Cause, ComparedFolder};
use crate::why::session;

impl Search<'_> {
    /// The difference between this unit and the same one in another folder.
    pub(super) fn same_elsewhere(&mut self, at: usize) -> Option<Cause> {
        let id = &self.unit(at).id;
        let mut best: Option<(u8, Cause)> = None;
        for donor in 0..self.facts.donors.len() {
            let Some(other) = self.in_donors[donor].get(id).copied() else {
                continue;
            };
            if matches!(other.kind, UnitKind::Unknown { .. }) {
                continue;
            }
            let cause = self.against(at, donor, other);
            let rank = rank(&cause);
            if best.as_ref().is_none_or(|(best, _)| rank < *best) {
                best = Some((rank, cause));
            }
        }
        best.map(|(_, cause)| cause)
    }

    fn against(&mut self, at: usize, donor: usize, other: &Unit) -> Cause {
        if let Some(cause) = self.fields(at, donor) {
            return cause;
        }
        let facts = self.facts;
        let nearest = facts.donors[donor].folder.clone();
        let there_since = session::there_since(other);
        let later = there_since.filter(|since| self.began(at).is_some_and(|began| *since > began));
        match (facts.donors[donor].rules.get(&other.id), later) {
            (Some(Err(reason)), Some(_)) if !is_passing(reason) && was_there_before(other) => {
                by_rule(reason, &nearest)
            }
            (Some(_), Some(since)) => Cause::BuiltLater { nearest, at: since },
            (Some(Err(reason)), None) => by_rule(reason, &nearest),
            (Some(Ok(())), None) => Cause::NotWarmed {
                nearest,
                there_since,
                warmed: self.warmed,
            },
            (None, _) => match &facts.no_rules {
                Some(why) => unknown(why),
                None => unknown("it was already here when the last build started"),
            },
        }
    }

    /// The cause that the fingerprints of a unit here and in a donor show, if they differ in more than in what each
    /// worktree has for itself.
    fn fields(&mut self, at: usize, donor: usize) -> Option<Cause> {
        let facts = self.facts;
        let id = &self.unit(at).id;
        let nearest = || facts.donors[donor].folder.clone();
        let found = match facts.donors[donor].fields.get(id)? {
            Ok(found) => found,
            Err(why) => return Some(unknown(why)),
        };
        let is_dependency =
            |one: &&FieldDifference| matches!(one, FieldDifference::Dependency { .. });
        let is_soft = |one: &&FieldDifference| **one == FieldDifference::SourceState;
        let own = found
            .iter()
            .filter(|one| !is_dependency(one) && !is_soft(one));
        let own: Vec<FieldDifference> = own.cloned().collect();
        if !own.is_empty() {
            return Some(Cause::OtherFingerprint {
                nearest: nearest(),
                differences: own,
            });
        }
        // Dependencies cannot lead back, but what is on disk may say so.
        if !self.open.insert((at, donor)) {
            return None;
        }
        let mut untold = Vec::new();
        let mut cause = None;
        for one in found.iter().filter(is_dependency) {
            let FieldDifference::Dependency { here, .. } = one else {
                continue;
            };
            let dependency = here.and_then(|hash| self.by_fingerprint.get(&hash).copied());
            let compared = dependency.filter(|dependency| {
                let id = &self.unit(*dependency).id;
                facts.donors[donor].fields.contains_key(id)
            });
            let Some(dependency) = compared else {
                untold.push(one.clone());
                continue;
            };
            match self.fields(dependency, donor) {
                None => {}
                Some(found @ Cause::Dependency { .. }) => cause = Some(found),
                Some(found) => {
                    cause = Some(Cause::Dependency {
                        package: name(self.unit(dependency)),
                        because: Box::new(found),
                    });
                }
            }
            if cause.is_some() {
                break;
            }
        }
        self.open.remove(&(at, donor));
        let untold = (!untold.is_empty()).then(|| Cause::OtherFingerprint {
            nearest: nearest(),
            differences: untold,
        });
        cause.or(untold)
    }
}

/// Whether the reason may not have held when the build began.
fn is_passing(reason: &LeftReason) -> bool {
    matches!(reason.root(), LeftReason::ChangedElsewhere { .. })
}

/// Whether a unit that has been compiled anew was in its folder before.
fn was_there_before(unit: &Unit) -> bool {
    session::compiled(unit).is_some_and(|began| session::before(unit, began).is_some())
}

/// How near a cause is to sharing the unit, the nearest first.
fn rank(cause: &Cause) -> u8 {
    match cause.root() {
        Cause::NotWarmed { .. } => 0,
        Cause::Left { .. } => 1,
        Cause::SourceDiffers { .. } => 2,
        Cause::OtherFingerprint { .. } => 3,
        Cause::BuiltLater { .. } => 4,
        _ => 5,
    }
}

/// A reason of `warm` as a cause.
fn by_rule(reason: &LeftReason, nearest: &ComparedFolder) -> Cause {
    let nearest = nearest.clone();
    match reason {
        LeftReason::DependsOn { root, because } => Cause::Dependency {
            package: root.clone(),
            because: Box::new(by_rule(because, &nearest)),
        },
        LeftReason::SourceDiffers { file } => {
            let file = file.clone();
            Cause::SourceDiffers { nearest, file }
        }
        left => {
            let left = left.clone();
            Cause::Left { nearest, left }
        }
    }
}
