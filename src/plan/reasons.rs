//! Reasons in words.

use jiff::Timestamp;

use crate::age::since;
use crate::fs::model::BusyReason;
use crate::plan::action::Warning;
use crate::plan::hook_state;
use crate::plan::kept::{DeleteReason, KeptReason, LastUseSource};
use crate::plan::tool_state;
use crate::survey::folder::Layout;
use crate::term::Paths;
use crate::term::view::counted;
use crate::text::shown;

/// A layout by the name that the command line knows it by.
pub(crate) fn layout(layout: Layout) -> &'static str {
    match layout {
        Layout::Isolated => "isolated",
        Layout::InPlace => "in-place",
        Layout::BuildDir => "build-dir",
        Layout::Flat => "flat",
    }
}

/// The reason of a deletion, in one word for a column.
pub(crate) fn delete(why: &DeleteReason) -> &'static str {
    match why {
        DeleteReason::Replaced { .. } => "replaced",
        DeleteReason::BuildDirMoved { .. } => "moved",
        DeleteReason::MemberOf { .. } => "member's",
        DeleteReason::OwnerGone { .. } => "orphaned",
        DeleteReason::Idle { .. } => "idle",
        DeleteReason::Merged { .. } => "merged",
        DeleteReason::All => "asked for",
    }
}

/// The reason of a deletion, in a sentence.
pub(crate) fn delete_long(why: &DeleteReason, paths: &Paths, now: Timestamp) -> String {
    match why {
        DeleteReason::Replaced { by } => format!("the workspace builds into {}", paths.show(by)),
        DeleteReason::BuildDirMoved { to } => {
            format!("its intermediate artifacts go to {}", paths.show(to))
        }
        DeleteReason::MemberOf { workspace } => {
            format!(
                "its package is a member of {}, which builds elsewhere",
                paths.show(workspace)
            )
        }
        DeleteReason::OwnerGone { workspace } => {
            format!("its workspace {} is gone", paths.show(workspace))
        }
        DeleteReason::Idle { since: at, source } => {
            format!("last used {}, by {}", since(*at, now), by(*source))
        }
        DeleteReason::Merged { branch, into } => format!("`{branch}` is merged into `{into}`"),
        DeleteReason::All => "everything was asked for".into(),
    }
}

fn by(source: LastUseSource) -> &'static str {
    match source {
        LastUseSource::Modified => "the newest modification",
        LastUseSource::Read => "the newest access",
    }
}

/// The reason why something is kept.
pub(crate) fn kept(reason: &KeptReason, paths: &Paths, now: Timestamp) -> String {
    match reason {
        KeptReason::UpToDate { layout: l } => format!("is as it should be ({})", layout(*l)),
        KeptReason::InPlaceAsked => {
            "is left as it is (in-place)".into()
        }
        KeptReason::Unreachable { why } => {
            format!("builds into its own target (in-place): the shared root cannot be written from here: {why}")
        }
        KeptReason::InPlaceDecided { file } => {
            format!("builds into its own target (in-place), as {} says", paths.show(file))
        }
        KeptReason::ServedAbove { file } => format!("is served by {}", paths.show(file)),
        KeptReason::NotServed { file } => {
            format!(
                "is not served by {}: it lies elsewhere, decides for itself, or its cargo is older than 1.91",
                paths.show(file)
            )
        }
        KeptReason::NotMoved { to } => format!(
            "cannot be moved to {}: something is there, it is on another filesystem, or others build into it",
            paths.show(to)
        ),
        KeptReason::CargoInside { by } => format!(
            "its tests or build scripts may run cargo in its target folder, by {}: in a shared root inside a worktree they would \
             get the configuration of that worktree, so the layout is in-place",
            paths.show(by)
        ),
        KeptReason::FixtureInside { inside } => format!(
            "its tests run cargo on {}, which a configuration would lead elsewhere, so the layout is in-place",
            paths.show(inside)
        ),
        KeptReason::Fixture { around } => {
            format!("is there for the tests of {}", paths.show(around))
        }
        KeptReason::ConfigTracked { .. } => {
            "git tracks the configuration, so the layout is in-place: each worktree keeps its own target, and shares in \
             it what others have compiled"
                .into()
        }
        KeptReason::TrackedUnclear { message } => {
            format!("git does not say whether it tracks it: {message}")
        }
        KeptReason::ConfigSymlink { file, to } => {
            format!(
                "{} is a symbolic link (to {})",
                paths.show(file),
                paths.show(to)
            )
        }
        KeptReason::ConfigReadOnly { file } => format!("{} is read-only", paths.show(file)),
        KeptReason::ConfigInvalid { file, problem } => {
            format!("{}:{problem}", paths.show(file))
        }
        KeptReason::ConfigUnsure { file } => {
            format!(
                "{} cannot be edited without touching something else",
                paths.show(file)
            )
        }
        KeptReason::ConfigSet { file, key, value } => {
            format!(
                "{key} is set to `{}` in {}",
                shown(value),
                paths.show(file)
            )
        }
        KeptReason::TargetElsewhere { to } => {
            format!("its target leads to {}, by your own choice", paths.show(to))
        }
        KeptReason::Alone => "has no other worktree to share with".into(),
        KeptReason::NeverBuilt { around } => {
            format!(
                "was never built, and takes its configuration from {}",
                paths.show(around)
            )
        }
        KeptReason::IgnoredByGit => "lies in a folder that git ignores".into(),
        KeptReason::OldCargo => {
            "its cargo is older than 1.91, with which a worktree inside it would share its folder"
                .into()
        }
        KeptReason::CargoRefused { message, .. } => format!("cargo says: {message}"),
        KeptReason::PartOf { workspace } => {
            format!("belongs to {}, says cargo", paths.show(workspace))
        }
        KeptReason::Unwritable { path } => {
            format!(
                "{} cannot be written into a configuration or exclude file",
                paths.show(path)
            )
        }
        KeptReason::FlatUnsafe { worktrees } => format!(
            "{worktrees} worktrees in one folder: cargo would run another worktree's code without a word, \
             overwrite its programs, and wait for its builds"
        ),
        KeptReason::FlatSameName { package, other } => {
            format!(
                "a package `{}` is also in {}, and in one folder cargo takes one for the other",
                shown(package),
                paths.show(other)
            )
        }
        KeptReason::InUse { by } => format!("{} builds into it", paths.show(by)),
        KeptReason::NamedByEnv { variable } => format!("{variable} names it"),
        KeptReason::MayServeOthers { file } => {
            format!(
                "{} names it, which others than these workspaces may read",
                paths.show(file)
            )
        }
        KeptReason::Unclaimed => {
            "no configuration names it; --target-dir or a tool may use it".into()
        }
        KeptReason::NoOwner => "no owner file says whose it is".into(),
        KeptReason::NamedByStranger { file } => format!(
            "{} names it, and no workspace is known there",
            paths.show(file)
        ),
        KeptReason::OwnerMissing { workspace, why }
        | KeptReason::MayComeBack { workspace, why } => {
            format!("{} is not there, but {why}", paths.show(workspace))
        }
        KeptReason::OwnerElsewhere { workspace } => {
            format!(
                "belongs to {}, which this run did not look at",
                paths.show(workspace)
            )
        }
        KeptReason::NotATarget { why } => format!("is not clearly a target folder: {why}"),
        KeptReason::ForeignEntries { names } => {
            let shown = names
                .iter()
                .take(3)
                .map(|name| format!("`{}`", shown(name)))
                .collect::<Vec<_>>()
                .join(", ");
            let more = names.len().saturating_sub(3);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("holds {shown}{more}, which cargo does not make")
        }
        KeptReason::TrackedInside { path } => format!("git tracks {}", paths.show(path)),
        KeptReason::NotADonor { because } => {
            format!("gives nothing: {}", kept(because, paths, now))
        }
        KeptReason::OthersOwn { path } => format!("another user owns {}", paths.show(path)),
        KeptReason::OthersWrite { path } => {
            format!("other users can write to {}", paths.show(path))
        }
        KeptReason::GitInside { path } => format!("holds a git repository: {}", paths.show(path)),
        KeptReason::SourcesInside { path } => format!("holds sources: {}", paths.show(path)),
        KeptReason::Unreadable { path, message } => {
            format!("{} cannot be read: {message}", paths.show(path))
        }
        KeptReason::HoldsUsed { path } => format!("holds {}, which is in use", paths.show(path)),
        KeptReason::SharedRoot => "is the shared root, or around it".into(),
        KeptReason::Busy { lock, why } => match why {
            BusyReason::Held => {
                format!("a build is running in it ({} is locked)", paths.show(lock))
            }
            BusyReason::Runs => format!("a program in it is running: {}", paths.show(lock)),
            BusyReason::Mounted => format!("another filesystem is mounted at {}", paths.show(lock)),
            BusyReason::Unclear(message) => {
                format!(
                    "nobody can tell whether a build is running: {}: {message}",
                    paths.show(lock)
                )
            }
        },
        KeptReason::GoesWith { path } => {
            format!("goes with {}, in which it lies", paths.show(path))
        }
        KeptReason::NotAsked { why } => {
            format!(
                "could go ({}), but that was not asked for",
                delete_long(why, paths, now)
            )
        }
        KeptReason::Recent { since: at, source } => {
            format!("was used {}, by {}", since(*at, now), by(*source))
        }
        KeptReason::NotOurTrash => {
            "has the name of something that an interrupted run leaves, but not our mark".into()
        }
        KeptReason::OtherRun { lock } => {
            format!("another run is at work in it ({} is locked)", paths.show(lock))
        }
        KeptReason::OutsideMoved { from } => format!(
            "lies outside of the project, which was moved from {}",
            paths.show(from)
        ),
        KeptReason::ChangedByHand => "was changed by hand since".into(),
        KeptReason::StillNamed => "is named by the configuration beside it, and builds would fail without it: take `rustc-wrapper` out of that, and run again".into(),
        KeptReason::StillNeeded => "hides a file from git that stays".into(),
        KeptReason::AsItWas => "is as it was".into(),
        KeptReason::TimerAsAsked => "has the timer as it was asked for".into(),
        KeptReason::WorktreeGone => "its worktree is gone".into(),
        KeptReason::Warm { from, units, .. } => format!(
            "is warm: it has the {units} units that {} has for it",
            paths.show(from)
        ),
        KeptReason::NothingToShare { donor: true, .. } => {
            "stays as it is, and others share what it has".into()
        }
        KeptReason::NothingToShare {
            units,
            left,
            left_by_rights,
            ..
        } => {
            let left = match left {
                0 => String::new(),
                left => format!("; {left} are the same elsewhere, but would look stale as links"),
            };
            let rights = match left_by_rights {
                0 => String::new(),
                left => format!("; {left} are the same elsewhere, but for another owner or mode"),
            };
            format!("has nothing to share in {}{left}{rights}", counted(*units, "unit"))
        }
        KeptReason::NothingToCollect { units, doubts } => {
            let asked = match &doubts[..] {
                [] => String::new(),
                doubts => {
                    // One doubt may be the cause of another, whose text then names it.
                    let causes = |one: &&String| {
                        let others = || doubts.iter().filter(|other| other != one);
                        !others().any(|other| other.contains(one.as_str()))
                    };
                    let doubts: Vec<&str> = doubts.iter().filter(causes).map(String::as_str).collect();
                    format!("; not asked: {}", doubts.join("; "))
                }
            };
            let about = match units {
                0 => "it holds no units".to_owned(),
                1 => "no rule is about its only unit".to_owned(),
                units => format!("no rule is about any of its {units} units"),
            };
            format!("stays as it is: {about}{asked}")
        }
        KeptReason::Harvested { units, left } => {
            let kept = format!("is in the store with {}", counted(*units, "unit"));
            match left.len() {
                0 => kept,
                1 => format!("{kept}; 1 is not kept (--verbose says why)"),
                left => format!("{kept}; {left} are not kept (--verbose says why)"),
            }
        }
        KeptReason::NothingRemote { from } => format!("gets nothing: {from} has nothing for it"),
        KeptReason::Pushed { units, to } => {
            format!("is in {to} with {}", counted(*units, "unit"))
        }
        KeptReason::NothingHarvested => "has nothing in the store".into(),
        KeptReason::NoLock => "has no Cargo.lock, and so nothing says which packages it has".into(),
        KeptReason::NoCompiler { why } => format!("has no compiler: {why}"),
        KeptReason::NoDonor => "stays as it is: nothing that was built elsewhere fits".into(),
        KeptReason::NothingFits { from, .. } => format!(
            "stays as it is: nothing that {} has can be taken (--verbose says why)",
            paths.show(from)
        ),
        KeptReason::DonorBusy { folder, why } => match why {
            BusyReason::Unclear(message) => format!(
                "stays as it is: nobody can tell whether a build holds {}: {message}",
                paths.show(folder)
            ),
            _ => format!("stays as it is: a build holds {}", paths.show(folder)),
        },
        KeptReason::LockInvalid { file, problem } => format!("{}:{problem}", paths.show(file)),
        KeptReason::Hook { hook: state } => hook_state::state(state, paths),
        KeptReason::Tool { tool, setting } => tool_state::state(*tool, setting, paths),
    }
}

/// The line of the advice that the user copies as it is.
pub(crate) fn line(reason: &KeptReason) -> Option<&str> {
    match reason {
        KeptReason::Hook { hook: state } => hook_state::line(state),
        KeptReason::Tool { setting, .. } => tool_state::lines(setting),
        _ => None,
    }
}

/// A warning in a sentence or two.
pub(crate) fn warning(warning: &Warning, paths: &Paths) -> String {
    match warning {
        Warning::EnvOverride { variable, value } => {
            format!(
                "{variable}={} is set here and beats every configuration file: unset it to share",
                shown(value)
            )
        }
        Warning::SharedByWorktrees { folder, workspaces } => format!(
            "{} worktrees build into {}: cargo can run one's code for another's (first: {})",
            workspaces.len(),
            paths.show(folder),
            workspaces
                .first()
                .map(|path| paths.show(path))
                .unwrap_or_default()
        ),
        Warning::Provider { program, why } => {
            format!("the provider `{}` was of no use: {why}", shown(program))
        }
        Warning::NoStore { why } => format!("the store was of no use: {why}"),
        Warning::StoreLeft {
            program,
            packages,
            first,
            why,
        } => {
            let more = match packages {
                1 => String::new(),
                more => format!(" and {} more", more - 1),
            };
            let whose = match program {
                Some(program) => format!("the provider `{program}`"),
                None => "the store".into(),
            };
            format!("{whose} has {first}{more}, which cannot be used: {why}")
        }
        Warning::NoRecord { root, files } => {
            let shown: Vec<String> = files.iter().take(5).map(|file| paths.show(file)).collect();
            let more = match files.len().saturating_sub(shown.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "no record says what {}{more} held before, which lead into the shared root {}, so they stay: if setup                  wrote them under another HOME or XDG_STATE_HOME, run undo with that; else take `target-dir` and                  `build-dir` out of them by hand, and after that the lines of cargo-sharedtarget out of the exclude                  file of git (.git/info/exclude)",
                shown.join(", "),
                paths.show(root)
            )
        }
        Warning::NoWayBack => "deleted folders do not come back, not even by undo".into(),
        Warning::ColdStart { workspaces: 1 } => "the next build of 1 workspace starts cold".into(),
        Warning::ColdStart { workspaces } => {
            format!("the next build of each of {workspaces} workspaces starts cold")
        }
        Warning::Unreachable { why, in_place } => {
            let so = match in_place {
                true => "so the layout is in-place",
                false => {
                    "and builds lead there (onboard --layout in-place needs only the worktree)"
                }
            };
            format!("the shared root cannot be written from here, {so}: {why}")
        }
        Warning::FlagsTwice { worktrees, file } => {
            let first = worktrees.first().map(|one| paths.show(one));
            format!(
                "{} inside another one: Cargo adds the rustflags in {} to its own, so that it compiles everything by \
                 itself, where a worktree beside would share (first: {})",
                counted(worktrees.len(), "worktree"),
                paths.show(file),
                first.unwrap_or_default()
            )
        }
        Warning::NoGuard { workspaces } => format!(
            "no guard is written for {}: a worktree inside shares the folder until it is set up itself (a guard needs \
             Cargo 1.91 or later)",
            counted(*workspaces, "workspace")
        ),
        Warning::OtherWorktrees { folders } => {
            let are = if *folders == 1 { "is" } else { "are" };
            format!(
                "{} of other worktrees of the same repository {are} left out: name their folders, or one that holds them \
                 all",
                counted(*folders, "target folder")
            )
        }
        Warning::OverBudget { bytes } => format!(
            "{bytes} are over the budget of the settings, and would take what is in use: nothing goes for it"
        ),
        Warning::LowSpace { bytes } => format!(
            "{bytes} less than `min-free` of the settings are free then: everything else is in use, or was used within a day"
        ),
        Warning::OrphansDeleted {
            folders,
            freed,
            since,
        } => {
            let first = folders.first().map(|folder| paths.show(folder));
            let more = match folders.len() {
                0 | 1 => String::new(),
                more => format!(" and {} more", more - 1),
            };
            format!(
                "since {} the timer has deleted {} whose worktrees are gone, {freed}: {}{more}",
                since.strftime("%F"),
                counted(folders.len(), "target folder"),
                first.unwrap_or_default()
            )
        }
        Warning::HookGoesByItsName { file } => format!(
            "{} seems to look at its own name ($0), and is called as post-checkout.before-sharedtarget from now on",
            paths.show(file)
        ),
        Warning::Problem { path, message } => format!("{}: {message}", paths.show(path)),
    }
}
