//! Decides what becomes of what interrupted runs left.

use crate::clean::deletable;
use crate::clean::model::FinishTrash;
use crate::fs::model::{BusyReason, Usage, freeable};
use crate::plan::action::Plan;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::survey::folder::{Litter, Trash};
use crate::survey::model::{Scope, Survey};

/// Has a plan take away what interrupted runs left, whatever else it does; what else it does comes first.
///
/// Litter that another action of the plan deletes or takes up again is no action of its own.
pub(crate) fn finish_litter(survey: &Survey, scope: Scope<'_>, plan: &mut Plan) {
    for trash in &survey.trash {
        let in_scope = match scope {
            Scope::All => true,
            Scope::In(folders) => folders.iter().any(|folder| trash.path.starts_with(folder)),
            Scope::Stages => trash.kind == Litter::Stage,
        };
        if !in_scope || plan.actions.iter().any(|action| action.takes(trash)) {
            continue;
        }
        let Some(reason) = why_litter_stays(trash) else {
            plan.freeable += freeable(trash.usage.iter());
            plan.add(FinishTrash {
                kind: trash.kind,
                path: trash.path.clone(),
                usage: trash.usage.clone(),
            });
            continue;
        };
        plan.kept.push(Kept {
            subject: Subject::Trash,
            path: trash.path.clone(),
            reason,
            on_disk: trash.usage.as_ref().map(|usage| usage.on_disk),
            last_build: None,
        });
    }
}

/// Returns the reason to keep a thing that an interrupted run may have left; `None` if it may be deleted.
#[must_use]
pub(crate) fn why_litter_stays(trash: &Trash) -> Option<KeptReason> {
    if let Some(path) = &trash.tracked {
        return Some(KeptReason::TrackedInside { path: path.clone() });
    }
    if let Some(message) = &trash.tracked_unclear {
        let message = message.clone();
        return Some(KeptReason::TrackedUnclear { message });
    }
    if !trash.ours {
        return Some(KeptReason::NotOurTrash);
    }
    if let Some(busy) = &trash.busy {
        let lock = busy.lock.clone();
        return Some(match busy.why {
            BusyReason::Held => KeptReason::OtherRun { lock },
            _ => KeptReason::Busy {
                lock,
                why: busy.why.clone(),
            },
        });
    }
    let usage = trash.usage.as_ref()?;
    inside(usage).or_else(|| deletable::mounted(usage))
}

/// None was there when a folder became trash.
fn inside(usage: &Usage) -> Option<KeptReason> {
    let path = usage.git_inside.clone()?;
    Some(KeptReason::GitInside { path })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::fs::model::Busy;

    /// Gives litter a fault.
    type Spoil = fn(&mut Trash);

    fn stage() -> Trash {
        Trash {
            path: "/w/target/.sharedtarget-warm".into(),
            kind: Litter::Stage,
            ours: true,
            tracked: None,
            tracked_unclear: None,
            busy: None,
            usage: Some(Usage::default()),
        }
    }

    fn planned(trash: Trash, scope: Scope<'_>) -> Plan {
        let survey = Survey {
            trash: vec![trash],
            ..Survey::default()
        };
        let mut plan = Plan::default();
        finish_litter(&survey, scope, &mut plan);
        plan
    }

    #[test]
    fn every_doubt_keeps_and_says_why() {
        assert_eq!(why_litter_stays(&stage()), None);
        let busy = |why| Busy {
            lock: "/l".into(),
            why,
        };
        let doubts: [(&str, Spoil); 5] = [
            ("no mark", |trash| trash.ours = false),
            ("tracked", |trash| {
                trash.tracked = Some("/w/target/x".into());
            }),
            ("git silent", |trash| {
                trash.tracked_unclear = Some("x".into());
            }),
            ("git inside", |trash| {
                let usage = Usage {
                    git_inside: Some("/x/.git".into()),
                    ..Usage::default()
                };
                trash.usage = Some(usage);
            }),
            ("mounted", |trash| {
                let usage = Usage {
                    mounted: Some("/x".into()),
                    ..Usage::default()
                };
                trash.usage = Some(usage);
            }),
        ];
        for (what, spoil) in doubts {
            let mut trash = stage();
            spoil(&mut trash);
            let plan = planned(trash, Scope::All);
            assert!(plan.actions.is_empty() && plan.kept.len() == 1, "{what}");
        }
        let mut held = stage();
        held.busy = Some(busy(BusyReason::Held));
        let lock = PathBuf::from("/l");
        assert_eq!(why_litter_stays(&held), Some(KeptReason::OtherRun { lock }));
        held.busy = Some(busy(BusyReason::Unclear("x".into())));
        assert!(matches!(
            why_litter_stays(&held),
            Some(KeptReason::Busy { .. })
        ));
    }

    #[test]
    fn a_run_for_which_somebody_waits_and_one_about_other_folders_leave_the_rest() {
        let trash = Trash {
            kind: Litter::HalfDeleted,
            path: "/w/.sharedtarget-trash-x".into(),
            ..stage()
        };
        let elsewhere = [PathBuf::from("/other")];
        let here = [PathBuf::from("/w/target")];
        assert_eq!(planned(trash.clone(), Scope::All).actions.len(), 1);
        assert_eq!(planned(trash.clone(), Scope::Stages).actions.len(), 0);
        assert_eq!(planned(trash, Scope::In(&here)).actions.len(), 0);
        assert_eq!(planned(stage(), Scope::Stages).actions.len(), 1);
        assert_eq!(planned(stage(), Scope::In(&here)).actions.len(), 1);
        assert_eq!(planned(stage(), Scope::In(&elsewhere)).actions.len(), 0);
    }
}
