//! Decides which whole target folders may be deleted, by rule.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::age::{Age, since};
use crate::clean::litter::finish_litter;
use crate::clean::stale;
use crate::clean::stale::AllDirs;
use crate::fs::model::{Usage, freeable};
use crate::plan::action::{Plan, Warning};
use crate::plan::kept::{DeleteReason, KeptReason, LastUseSource};
use crate::plan::warnings;
use crate::survey::folder::{FolderOrigin, Layout, TargetFolder};
use crate::survey::model::{Scope, Survey};

/// Which folders `clean` is asked to delete. Several rules add up.
#[derive(Clone, Debug, Default)]
pub(crate) struct CleanOptions {
    /// Folders that no build will use again.
    pub(crate) stale: bool,
    /// Only those of them whose workspace is gone.
    pub(crate) orphaned: bool,
    /// Folders in use, but not used for as long.
    pub(crate) idle: Option<Age>,
    /// Folders in use by worktrees whose branch is merged: the worktrees, each with its branch and the one that this is merged
    /// into.
    pub(crate) merged: BTreeMap<PathBuf, (String, String)>,
    pub(crate) all: bool,
    /// Top-level entries that Cargo does not make, and that may be deleted all the same.
    pub(crate) allowed_entries: Vec<String>,
}

/// Decides which target folders may be deleted, and why each other one is kept.
///
/// Every folder in `survey` stands exactly once in the plan. Reads nothing from disk: the survey may be out of
/// date when the plan runs, so [`apply`](crate::plan::apply) looks at each folder again before it touches it.
#[must_use]
pub(crate) fn clean(survey: &Survey, options: &CleanOptions, now: Timestamp) -> Plan {
    let dirs: AllDirs = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.dirs.clone())
        .collect();
    // A folder that is deleted on purpose, although a build writes into it, does not keep the folders around it.
    let stays: AllDirs = if options.all {
        Vec::new()
    } else {
        dirs.clone()
    };
    let mut plan = Plan {
        warnings: warnings(survey),
        ..Plan::default()
    };
    let mut deletions = Vec::new();
    for folder in &survey.folders {
        let decided = asked(folder, survey, &dirs, options, now)
            .and_then(|why| stale::delete(folder, why, survey, &stays, &options.allowed_entries));
        match decided {
            Ok(delete) => deletions.push(delete),
            Err(reason) => plan.kept.push(stale::kept(folder, reason)),
        }
    }
    let (mut deletions, inner) = stale::without_inner(deletions, std::iter::empty(), survey);
    plan.kept.extend(inner);
    stale::sort_by_size(&mut deletions);
    plan.freeable = freeable(deletions.iter().filter_map(|delete| delete.usage.as_ref()));
    for delete in deletions {
        plan.add(delete);
    }
    if !plan.actions.is_empty() {
        plan.warnings.push(Warning::NoWayBack);
    }
    finish_litter(survey, Scope::All, &mut plan);
    plan
}

/// Whether the rules cover a folder.
fn asked(
    folder: &TargetFolder,
    survey: &Survey,
    dirs: &AllDirs,
    options: &CleanOptions,
    now: Timestamp,
) -> Result<DeleteReason, KeptReason> {
    match stale::stale(folder, survey, dirs) {
        Ok(why) => {
            let orphaned = options.orphaned && matches!(why, DeleteReason::OwnerGone { .. });
            if options.stale || options.all || orphaned {
                Ok(why)
            } else {
                Err(KeptReason::NotAsked { why })
            }
        }
        // A folder whose owner was not surveyed is not ours to judge.
        Err(reason @ (KeptReason::OwnerElsewhere { .. } | KeptReason::OwnerMissing { .. })) => {
            Err(reason)
        }
        Err(_) if options.all => Ok(DeleteReason::All),
        Err(reason @ KeptReason::InUse { .. }) => {
            if let Some(why) = merged(folder, survey, options) {
                return Ok(why);
            }
            match options.idle {
                Some(age) => idle(folder, age, now),
                None => Err(reason),
            }
        }
        Err(reason) => Err(reason),
    }
}

/// Whether only worktrees build into a folder whose branch is merged. Into one that is not a workspace's own, others may build who
/// were not looked at.
fn merged(folder: &TargetFolder, survey: &Survey, options: &CleanOptions) -> Option<DeleteReason> {
    let (branch, into) = merged_branch(folder, survey, options).filter(|_| is_own(folder))?;
    Some(DeleteReason::Merged { branch, into })
}

fn is_own(folder: &TargetFolder) -> bool {
    match &folder.known {
        FolderOrigin::Default { .. } => true,
        FolderOrigin::Owner { owner, .. } => owner.layout == Layout::Isolated,
        _ => false,
    }
}

/// The branch of the first worktree that builds into a folder, and the one that it is merged into, if those of all are merged.
fn merged_branch(
    folder: &TargetFolder,
    survey: &Survey,
    options: &CleanOptions,
) -> Option<(String, String)> {
    let branch_of = |user: &PathBuf| {
        let mut all = survey.workspaces.iter();
        let place = all.find(|one| one.root == *user)?.place.as_ref()?;
        options.merged.get(&place.worktree)
    };
    let branches: Option<Vec<_>> = folder.users.iter().map(branch_of).collect();
    branches?.into_iter().next().cloned()
}

/// Names the folders that are kept though the branches of all that build into them are merged.
pub(crate) fn kept_though_merged(survey: &Survey, options: &CleanOptions) -> Vec<Warning> {
    let others = survey.folders.iter().filter(|folder| !is_own(folder));
    let kept = others.filter_map(|folder| {
        let (branch, _) = merged_branch(folder, survey, options)?;
        Some(Warning::Problem {
            path: folder.path.clone(),
            message: format!(
                "is kept, though `{branch}` is merged, because a configuration names it and others may build into it"
            ),
        })
    });
    kept.collect()
}

fn idle(folder: &TargetFolder, age: Age, now: Timestamp) -> Result<DeleteReason, KeptReason> {
    let used = folder.usage.as_ref().and_then(last_use);
    let Some((at, source)) = used.or(folder.last_build.map(|at| (at, LastUseSource::Modified)))
    else {
        return Err(KeptReason::Recent {
            since: now,
            source: LastUseSource::Modified,
        });
    };
    if since(at, now) >= age {
        Ok(DeleteReason::Idle { since: at, source })
    } else {
        Err(KeptReason::Recent { since: at, source })
    }
}

/// When a folder was last used: the newest build, or the newest time that Cargo looked whether it is fresh.
///
/// A build that finds everything fresh writes nothing; it only reads the fingerprints, and on a filesystem
/// mounted with `noatime` not even that leaves a trace.
fn last_use(usage: &Usage) -> Option<(jiff::Timestamp, LastUseSource)> {
    let modified = usage.newest.map(|at| (at, LastUseSource::Modified));
    let read = usage.last_read.map(|at| (at, LastUseSource::Read));
    modified.into_iter().chain(read).max_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::clean::model::DeleteFolder;
    use crate::fs::model::{Problem, Tag};
    use crate::plan::kept::Subject;
    use crate::survey::folder::{Owner, OwnerState};
    use crate::survey::sample::{folder, now, survey, workspace};

    /// Gives a folder a fault.
    type Spoil = fn(&mut TargetFolder);

    fn survey_of(folder: TargetFolder) -> Survey {
        survey(vec![workspace("/w", "/s/w/main")], vec![folder])
    }

    fn owned(path: &str, state: OwnerState) -> TargetFolder {
        let owner = Owner {
            workspace: "/gone".into(),
            worktree: None,
            common_dir: None,
            layout: Layout::Isolated,
            device: None,
            stamp: None,
        };
        folder(path, FolderOrigin::Owner { owner, state })
    }

    fn stale() -> CleanOptions {
        CleanOptions {
            stale: true,
            ..CleanOptions::default()
        }
    }

    fn shadowed() -> TargetFolder {
        folder(
            "/w/target",
            FolderOrigin::Default {
                workspace: "/w".into(),
            },
        )
    }

    /// The reason for which the only folder is kept; `None` if it would be deleted.
    fn kept(folder: TargetFolder, options: &CleanOptions) -> Option<KeptReason> {
        let plan = clean(&survey_of(folder), options, now());
        assert_eq!(
            plan.actions.len() + plan.kept.len(),
            1,
            "everything stands in the plan once: {plan:?}"
        );
        plan.kept.into_iter().next().map(|kept| kept.reason)
    }

    #[test]
    fn the_default_takes_what_no_build_will_use_again() {
        assert_eq!(kept(shadowed(), &stale()), None);
        assert_eq!(kept(owned("/s/g/main", OwnerState::Gone), &stale()), None);
        let in_use = folder("/s/w/main", FolderOrigin::SharedRoot);
        assert_eq!(
            kept(in_use, &stale()),
            Some(KeptReason::InUse { by: "/w".into() })
        );
        assert_eq!(
            kept(folder("/s/x/y", FolderOrigin::SharedRoot), &stale()),
            Some(KeptReason::NoOwner)
        );
        assert_eq!(
            kept(folder("/w/other", FolderOrigin::Found), &stale()),
            Some(KeptReason::Unclaimed)
        );
        let missing = owned("/s/g/main", OwnerState::Missing { why: "x".into() });
        assert!(matches!(
            kept(missing, &stale()),
            Some(KeptReason::OwnerMissing { .. })
        ));
        let elsewhere = owned("/s/g/main", OwnerState::Present);
        assert!(matches!(
            kept(elsewhere, &stale()),
            Some(KeptReason::OwnerElsewhere { .. })
        ));
    }

    #[test]
    fn orphaned_is_less_than_stale_and_all_is_more() {
        let orphaned = CleanOptions {
            orphaned: true,
            ..CleanOptions::default()
        };
        assert!(matches!(
            kept(shadowed(), &orphaned),
            Some(KeptReason::NotAsked { .. })
        ));
        assert_eq!(kept(owned("/s/g/main", OwnerState::Gone), &orphaned), None);
        let all = CleanOptions {
            all: true,
            ..CleanOptions::default()
        };
        assert_eq!(
            kept(folder("/s/w/main", FolderOrigin::SharedRoot), &all),
            None
        );
        assert_eq!(kept(folder("/w/other", FolderOrigin::Found), &all), None);
        assert!(kept(owned("/s/g/main", OwnerState::Present), &all).is_some());
    }

    #[test]
    fn idle_counts_to_the_second_and_reading_counts_as_use() {
        let in_use = || folder("/s/w/main", FolderOrigin::SharedRoot);
        let idle = |age: &str| CleanOptions {
            idle: Some(age.parse().expect(age)),
            ..stale()
        };
        assert_eq!(kept(in_use(), &idle("24h")), None);
        assert!(matches!(
            kept(in_use(), &idle("86401s")),
            Some(KeptReason::Recent { .. })
        ));
        let mut read = in_use();
        let an_hour_ago = now() - SignedDuration::from_hours(1);
        read.usage.as_mut().expect("measured").last_read = Some(an_hour_ago);
        let recent = KeptReason::Recent {
            since: an_hour_ago,
            source: LastUseSource::Read,
        };
        assert_eq!(kept(read, &idle("24h")), Some(recent));
        let mut unknown = in_use();
        unknown.usage = Some(Usage::default());
        unknown.last_build = None;
        assert!(
            kept(unknown, &idle("1h")).is_some(),
            "an unknown age is no age"
        );
    }

    #[test]
    fn every_doubt_keeps() {
        let doubts: [(&str, Spoil); 11] = [
            ("a link", |f| f.marks.symlink = true),
            ("a wrong tag", |f| f.marks.tag = Tag::Wrong),
            ("no marks", |f| {
                (f.marks.tag, f.marks.cargo) = (Tag::Missing, false);
            }),
            ("foreign entries", |f| {
                f.marks.foreign = vec!["notes".into()];
            }),
            ("tracked", |f| f.marks.tracked = Some("/w/target/x".into())),
            ("git silent", |f| f.marks.tracked_unclear = Some("x".into())),
            ("busy", |f| {
                let why = crate::fs::model::BusyReason::Held;
                f.marks.busy = Some(crate::fs::model::Busy {
                    lock: "/l".into(),
                    why,
                });
            }),
            ("git inside", |f| {
                f.usage.as_mut().expect("measured").git_inside = Some("/x/.git".into());
            }),
            ("sources inside", |f| {
                f.usage.as_mut().expect("measured").sources_inside = Some("/x".into());
            }),
            ("unreadable", |f| {
                let problem = Problem {
                    path: "/x".into(),
                    message: "no".into(),
                };
                f.usage.as_mut().expect("measured").unreadable = vec![problem];
            }),
            ("not looked into", |f| f.usage = None),
        ];
        for (what, spoil) in doubts {
            let mut folder = shadowed();
            spoil(&mut folder);
            let all = CleanOptions {
                all: true,
                ..stale()
            };
            assert!(kept(folder, &all).is_some(), "{what}");
        }
        let allowed = CleanOptions {
            allowed_entries: vec!["notes".into()],
            ..stale()
        };
        let mut folder = shadowed();
        folder.marks.foreign = vec!["notes".into()];
        assert_eq!(kept(folder, &allowed), None);
    }

    #[test]
    fn what_lies_around_something_precious_stays() {
        let around = |path: &str| {
            let mut found = folder(
                path,
                FolderOrigin::Member {
                    workspace: "/w".into(),
                },
            );
            found.path = path.into();
            kept(found, &stale())
        };
        assert_eq!(around("/s"), Some(KeptReason::SharedRoot));
        assert_eq!(around("/"), Some(KeptReason::SharedRoot));
        assert!(matches!(
            around("/w"),
            Some(KeptReason::SourcesInside { .. })
        ));
        assert!(matches!(around("/s/w"), Some(KeptReason::HoldsUsed { .. })));
    }

    #[test]
    fn a_folder_in_a_folder_that_goes_is_not_deleted_twice() {
        let inner = folder("/w/target/ra", FolderOrigin::Found);
        let survey = survey(vec![workspace("/w", "/s/w/main")], vec![shadowed(), inner]);
        let all = CleanOptions {
            all: true,
            ..stale()
        };
        let plan = clean(&survey, &all, now());
        assert_eq!(plan.all::<DeleteFolder>().count(), 1);
        let outer = PathBuf::from("/w/target");
        assert_eq!(plan.kept[0].reason, KeptReason::GoesWith { path: outer });
    }

    #[test]
    fn the_plan_says_what_it_is_about() {
        let plan = clean(&survey_of(shadowed()), &stale(), now());
        let delete = plan.all::<DeleteFolder>().next().expect("a deletion");
        assert_eq!(
            delete.why,
            DeleteReason::Replaced {
                by: "/s/w/main".into()
            }
        );
        assert_eq!(delete.released_by, [PathBuf::from("/w")]);
        assert!(plan.warnings.contains(&Warning::NoWayBack));
        let plan = clean(
            &survey_of(folder("/w/other", FolderOrigin::Found)),
            &stale(),
            now(),
        );
        assert_eq!(plan.kept[0].subject, Subject::Folder);
        assert!(plan.warnings.is_empty());
    }
}
