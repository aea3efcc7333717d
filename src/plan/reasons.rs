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
        DeleteReason::MemberOf { .. } => "member",
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
            format!(
                "Cargo now puts its intermediate artifacts into {}",
                paths.show(to)
            )
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
        DeleteReason::All => "--all selects every folder".into(),
    }
}

fn by(source: LastUseSource) -> &'static str {
    match source {
        LastUseSource::Modified => "the newest mtime",
        LastUseSource::Read => "the newest atime",
    }
}

/// The reason why something is kept.
pub(crate) fn kept(reason: &KeptReason, paths: &Paths, now: Timestamp) -> String {
    match reason {
        KeptReason::UpToDate { layout: l } => format!("is up to date ({})", layout(*l)),
        KeptReason::InPlaceAsked => {
            "needs no configuration (in-place)".into()
        }
        KeptReason::Unreachable { why } => {
            format!("keeps its own `target` (in-place), because the shared root is not writable from here: {why}")
        }
        KeptReason::InPlaceDecided { file } => {
            format!("keeps its own `target` (in-place), as set in {}", paths.show(file))
        }
        KeptReason::ServedAbove { file } => format!("is configured by {}", paths.show(file)),
        KeptReason::NotServed { file } => {
            format!(
                "is not configured by {}: it is outside, has a nearer configuration, or its Cargo is older than \
                     1.91",
                paths.show(file)
            )
        }
        KeptReason::NotMoved { to } => format!(
            "cannot be moved to {}: something exists there, it is on another filesystem, or other workspaces \
                 build into it",
            paths.show(to)
        ),
        KeptReason::CargoInside { by, .. } => format!(
            "its tests or build scripts may run Cargo in its target folder (see {}); in a shared root inside a \
                 worktree, Cargo would read the configuration of that worktree, so the layout is in-place",
            paths.show(by)
        ),
        KeptReason::FixtureInside { inside, .. } => format!(
            "its tests run Cargo on {}, which a configuration would redirect, so the layout is in-place",
            paths.show(inside)
        ),
        KeptReason::Fixture { around } => {
            format!("is a fixture for the tests of {}", paths.show(around))
        }
        KeptReason::ConfigTracked { .. } => {
            "git tracks the configuration, so the layout is in-place: each worktree keeps its own target \
                 folder, and shares units with the others"
                .into()
        }
        KeptReason::TrackedUnclear { message } => {
            format!("git cannot tell whether it tracks the configuration: {message}")
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
                "{} cannot be edited without changing other parts of it",
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
            format!("you have linked its `target` to {}", paths.show(to))
        }
        KeptReason::Alone => "has no other worktree to share with".into(),
        KeptReason::NeverBuilt { around } => {
            format!(
                "was never built, and gets its configuration from {}",
                paths.show(around)
            )
        }
        KeptReason::IgnoredByGit => "is in a folder that git ignores".into(),
        KeptReason::OldCargo { .. } => {
            "its Cargo is older than 1.91, so a worktree inside it would share its folder"
                .into()
        }
        KeptReason::CargoRefused { message, .. } => format!("Cargo says: {message}"),
        KeptReason::PartOf { workspace } => {
            format!("is a member of {}, according to Cargo", paths.show(workspace))
        }
        KeptReason::Unwritable { path } => {
            format!(
                "{} cannot be written into a configuration or exclude file",
                paths.show(path)
            )
        }
        KeptReason::FlatUnsafe { worktrees } => format!(
            "{worktrees} worktrees in one folder: Cargo would silently run another worktree's code, overwrite its \
                 programs, and wait for its builds"
        ),
        KeptReason::FlatSameName { package, other } => {
            format!(
                "a package `{}` is also in {}; in one folder, Cargo would take one for the other",
                shown(package),
                paths.show(other)
            )
        }
        KeptReason::InUse { by } => format!("{} builds into it", paths.show(by)),
        KeptReason::NamedByEnv { variable } => format!("{variable} names it"),
        KeptReason::MayServeOthers { file } => {
            format!(
                "{} names it, and other workspaces may read that file",
                paths.show(file)
            )
        }
        KeptReason::Unclaimed => {
            "no configuration names it, but --target-dir or a tool may use it".into()
        }
        KeptReason::NoOwner => "no owner file names its workspace".into(),
        KeptReason::NamedByStranger { file } => format!(
            "{} names it, but belongs to no known workspace",
            paths.show(file)
        ),
        KeptReason::OwnerMissing { workspace, why }
        | KeptReason::MayComeBack { workspace, why } => {
            format!("{} is missing, but {why}", paths.show(workspace))
        }
        KeptReason::OwnerElsewhere { workspace } => {
            format!(
                "belongs to {}, which this run did not search",
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
            format!("contains {shown}{more}, which Cargo does not create")
        }
        KeptReason::TrackedInside { path } => format!("git tracks {}", paths.show(path)),
        KeptReason::NotADonor { because } => {
            format!("is not used as a donor: {}", kept(because, paths, now))
        }
        KeptReason::OthersOwn { path } => format!("another user owns {}", paths.show(path)),
        KeptReason::OthersWrite { path } => {
            format!("other users can write to {}", paths.show(path))
        }
        KeptReason::GitInside { path } => format!("contains a git repository: {}", paths.show(path)),
        KeptReason::SourcesInside { path } => format!("contains sources: {}", paths.show(path)),
        KeptReason::Unreadable { path, message } => {
            format!("{} cannot be read: {message}", paths.show(path))
        }
        KeptReason::HoldsUsed { path } => format!("contains {}, which is in use", paths.show(path)),
        KeptReason::SharedRoot => "is or contains the shared root".into(),
        KeptReason::Busy { lock, why } => match why {
            BusyReason::Held => {
                format!("a build is running in it ({} is locked)", paths.show(lock))
            }
            BusyReason::Runs => format!("a program in it is running: {}", paths.show(lock)),
            BusyReason::Mounted => format!("another filesystem is mounted at {}", paths.show(lock)),
            BusyReason::Unclear(message) => {
                format!(
                    "it is unknown whether a build is running: {}: {message}",
                    paths.show(lock)
                )
            }
        },
        KeptReason::GoesWith { path } => {
            format!("is deleted together with {}, which contains it", paths.show(path))
        }
        KeptReason::NotAsked { why } => {
            format!(
                "could be deleted ({}), but this run does not select it",
                delete_long(why, paths, now)
            )
        }
        KeptReason::Recent { since: at, source } => {
            format!("was used {}, by {}", since(*at, now), by(*source))
        }
        KeptReason::NotOurTrash => {
            "is named like a remnant of an interrupted run, but lacks our marker".into()
        }
        KeptReason::OtherRun { lock } => {
            format!("another run is working in it ({} is locked)", paths.show(lock))
        }
        KeptReason::OutsideMoved { from } => format!(
            "is outside the project, which was moved from {}",
            paths.show(from)
        ),
        KeptReason::ChangedByHand => "was changed by hand since".into(),
        KeptReason::StillNamed => "the configuration beside it still names it, so builds would fail without it: \
            remove `rustc-wrapper` from that configuration, and run again".into(),
        KeptReason::StillNeeded => "hides a file from git that is kept".into(),
        KeptReason::AsItWas => "already has its earlier content".into(),
        KeptReason::TimerAsAsked => "is up to date".into(),
        KeptReason::WorktreeGone => "its worktree is gone".into(),
        KeptReason::Warm { from, units, .. } => format!(
            "is already warm: it has the {} that {} offers", counted(*units, "unit"),
            paths.show(from)
        ),
        KeptReason::NothingToShare { donor: true, .. } => {
            "is unchanged; other folders share its files".into()
        }
        KeptReason::NothingToShare {
            units,
            left,
            left_by_rights,
            not_compared,
            ..
        } => {
            let left = match left {
                0 => String::new(),
                left => format!("; {} not shared, since Cargo would take a link for stale", counted(*left, "unit")),
            };
            let rights = match left_by_rights {
                0 => String::new(),
                left => format!("; {} not shared, since the owner or mode differs", counted(*left, "unit")),
            };
            let others = match not_compared {
                0 => String::new(),
                others => format!("; {} left out of the comparison", counted(*others, "other folder")),
            };
            format!("has nothing more to share in {}{left}{rights}{others}", counted(*units, "unit"))
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
                    format!("; not applied: {}", doubts.join("; "))
                }
            };
            let about = match units {
                0 => "it has no units".to_owned(),
                1 => "no rule selects its only unit".to_owned(),
                units => format!("no rule selects any of its {units} units"),
            };
            format!("is unchanged: {about}{asked}")
        }
        KeptReason::Harvested { units, left } => {
            let kept = format!("the store already has {} of it", counted(*units, "unit"));
            match left.len() {
                0 => kept,
                1 => format!("{kept}; 1 unit cannot be kept (--verbose says why)"),
                left => format!("{kept}; {left} units cannot be kept (--verbose says why)"),
            }
        }
        KeptReason::NothingRemote { from } => format!("{from} has no unit for it"),
        KeptReason::Pushed { units, to } => {
            format!("{to} already has {} of it", counted(*units, "unit"))
        }
        KeptReason::NothingHarvested => "the local store has no unit of it".into(),
        KeptReason::NoLock => "has no Cargo.lock, so its packages are unknown".into(),
        KeptReason::NoCompiler { why } => format!("has no compiler: {why}"),
        KeptReason::NoDonor => "is not warmed: no other target folder has a unit that fits".into(),
        KeptReason::NothingFits { from, .. } => format!(
            "is not warmed: no unit of {} can be taken (--verbose says why)",
            paths.show(from)
        ),
        KeptReason::DonorBusy { folder, why } => match why {
            BusyReason::Unclear(message) => format!(
                "is not warmed: it is unknown whether a build holds {}: {message}",
                paths.show(folder)
            ),
            _ => format!("is not warmed: a build holds {}", paths.show(folder)),
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
                "{variable}={} is set in this shell and beats every configuration file: unset it to share",
                shown(value)
            )
        }
        Warning::SharedByWorktrees { folder, workspaces } => format!(
            "{} worktrees build into {}: Cargo can run one worktree's code for another's (first: {})",
            workspaces.len(),
            paths.show(folder),
            workspaces
                .first()
                .map(|path| paths.show(path))
                .unwrap_or_default()
        ),
        Warning::Provider { program, why } => {
            format!("the provider `{}` was not used: {why}", shown(program))
        }
        Warning::NoStore { why } => format!("the store was not used: {why}"),
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
            format!("{whose} has unusable units of {first}{more}: {why}")
        }
        Warning::NoRecord { root, files } => {
            let shown: Vec<String> = files.iter().take(5).map(|file| paths.show(file)).collect();
            let more = match files.len().saturating_sub(shown.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "no record has the earlier content of {}{more}, configured for the shared root {}, so undo \
                     changes nothing there: if setup ran with another HOME or XDG_STATE_HOME, run undo with that \
                     one; otherwise remove `target-dir` and `build-dir` by hand, then the lines of \
                     cargo-sharedtarget in git's exclude file (.git/info/exclude)",
                shown.join(", "),
                paths.show(root)
            )
        }
        Warning::StayBehind { folders } => {
            let first = folders.first().map(|folder| paths.show(folder));
            let first = first.unwrap_or_default();
            let (what, stay, them) = match folders.len() {
                1 => (first, "stays", "it"),
                many => (format!("{first} and {} more", many - 1), "stay", "them"),
            };
            format!(
                "{what} {stay}, since no workspace builds there: `cargo sharedtarget clean` shows and deletes {them}"
            )
        }
        Warning::NoWayBack => "undo does not restore deleted folders".into(),
        Warning::ColdStart { workspaces: 1 } => "the next build of 1 workspace starts cold".into(),
        Warning::ColdStart { workspaces } => {
            format!("the next builds of {workspaces} workspaces start cold")
        }
        Warning::Unreachable { why, in_place } => {
            let so = match in_place {
                true => "so the layout is in-place",
                false => {
                    "and builds write there (onboard --layout in-place needs only the worktree)"
                }
            };
            format!("the shared root is not writable from here, {so}: {why}")
        }
        Warning::FlagsTwice { worktrees, file } => {
            let first = worktrees.first().map(|one| paths.show(one));
            format!(
                "{} inside another one: Cargo joins the rustflags in {} with those of the inner worktree, and \
                     compiles everything again; a worktree beside it would share (first: {})",
                counted(worktrees.len(), "worktree"),
                paths.show(file),
                first.unwrap_or_default()
            )
        }
        Warning::NoGuard { workspaces } => format!(
            "no guard is written for {}: a worktree inside shares the folder until it is set up (a guard needs \
                 Cargo 1.91 or later)",
            counted(*workspaces, "workspace")
        ),
        Warning::OtherWorktrees { folders } => {
            let are = if *folders == 1 { "is" } else { "are" };
            format!(
                "{} of other worktrees of this repository {are} left out: name their folders, or a folder that \
                     contains them all",
                counted(*folders, "target folder")
            )
        }
        Warning::OverBudget { bytes } => format!(
            "the folders exceed the budget of the settings by {bytes}; meeting it would delete units in use, so \
                 nothing is deleted for it"
        ),
        Warning::LowSpace { bytes } => format!(
            "the filesystem still lacks {bytes} of the `min-free` of the settings: all other units are in use, or \
                 were used within a day"
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
                "since {}, the timer has deleted {} of removed worktrees ({freed}): {}{more}",
                since.strftime("%F"),
                counted(folders.len(), "target folder"),
                first.unwrap_or_default()
            )
        }
        Warning::HookGoesByItsName { file } => format!(
            "{} seems to read its own name ($0); from now on it runs as post-checkout.before-sharedtarget",
            paths.show(file)
        ),
        Warning::Problem { path, message } => format!("{}: {message}", paths.show(path)),
    }
}
