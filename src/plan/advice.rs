//! Advice: the way out of each reason to keep something.

use std::path::Path;

use crate::cargo::model::missing_toolchain;
use crate::fs::model::BusyReason;
use crate::plan::hook_state;
use crate::plan::kept::{DeleteReason, KeptReason};
use crate::plan::tool_state;
use crate::text::shell;

/// The way out for the user; the same for all that are kept for this kind of reason.
pub(crate) fn advice(reason: &KeptReason) -> Option<String> {
    let advice = match reason {
        KeptReason::ConfigTracked { include, .. } => {
            return Some(format!(
                "nothing is missing for that; to have the folders under one shared root all the same, --edit-tracked edits \
                 the file; --layout build-dir --config-at DIR (or cargo-home) puts one config above them; or their maintainers \
                 commit `{include}` (cargo 1.93)"
            ));
        }
        KeptReason::CargoInside { .. } => {
            "--shared-root DIR with a folder outside of every worktree sets them up isolated"
        }
        KeptReason::OldCargo | KeptReason::FixtureInside { .. } => {
            "--layout isolated sets them up all the same"
        }
        KeptReason::ConfigSet { .. } => "--replace puts ours in their place",
        KeptReason::TargetElsewhere { .. } => {
            "--shared-root DIR, with a folder there, sets them up there; --replace where all others are"
        }
        KeptReason::Alone => "without --worktrees-only they are set up as well",
        KeptReason::ConfigSymlink { .. } => "edit where they lead to, or put a file in their place",
        KeptReason::ConfigReadOnly { .. } => "make them writable, and run again",
        KeptReason::ConfigInvalid { .. } => "mend these files, and run again",
        KeptReason::ForeignEntries { .. } => {
            "move them out, or name what may go with --allow-entry NAME"
        }
        KeptReason::FlatUnsafe { .. } => {
            "use the layout isolated, or take the risk with --allow-unsafe-sharing"
        }
        KeptReason::FlatSameName { .. } => {
            "use the layout isolated, or take the risk with --allow-unsafe-sharing"
        }
        KeptReason::Unclaimed
        | KeptReason::NoOwner
        | KeptReason::MayServeOthers { .. }
        | KeptReason::MayComeBack { .. }
        | KeptReason::HoldsUsed { .. } => "`cargo sharedtarget clean --all` takes these too",
        KeptReason::InUse { .. } => {
            "`cargo sharedtarget clean --idle AGE` takes those that were not used for so long, --all takes all"
        }
        KeptReason::Recent { .. } => "--idle with a shorter time takes these too",
        KeptReason::NotAsked {
            why: DeleteReason::OwnerGone { .. },
        } => "`cargo sharedtarget clean --orphaned` takes these",
        KeptReason::NotAsked { .. } => "`cargo sharedtarget clean` takes these",
        KeptReason::NamedByEnv { .. } => "unset the variable, and run again",
        KeptReason::NamedByStranger { .. } => {
            "mend or delete what is beside that file, and run again"
        }
        KeptReason::OwnerElsewhere { .. } => {
            "name the folders of both as ROOT, without --exclude and --inside-root-only"
        }
        KeptReason::CargoRefused {
            submodules: true, ..
        } => "run `git submodule update --init`, then `cargo sharedtarget onboard`",
        KeptReason::CargoRefused { message, .. } => {
            let name = missing_toolchain(message)?;
            return Some(format!(
                "`rustup toolchain install {}`, and run again",
                shell::word(Path::new(name))
            ));
        }
        KeptReason::IgnoredByGit => "name the folder of one to set it up all the same",
        KeptReason::NeverBuilt { .. } => {
            "build them once and run again, and they get a target folder each"
        }
        KeptReason::Busy { why, .. } => match why {
            BusyReason::Held => "run again when the build is over",
            BusyReason::Runs => "run again when the program has ended",
            BusyReason::Mounted => "unmount it, and run again",
            BusyReason::Unclear(_) => return None,
        },
        KeptReason::NotOurTrash => "look into it, and delete it yourself if you do not need it",
        KeptReason::OtherRun { .. } => "that run removes it when it is over",
        KeptReason::DonorBusy {
            why: BusyReason::Unclear(_),
            ..
        } => "build there yourself, or keep target folders on a filesystem with locks",
        KeptReason::DonorBusy { .. } => "run again when the build is over, or with --wait",
        KeptReason::LockInvalid { .. } => "mend these files, and run again",
        KeptReason::NothingHarvested => {
            "build it, and run `cargo sharedtarget store harvest`, which keeps what was built"
        }
        KeptReason::NoDonor | KeptReason::NothingFits { .. } => {
            "build once in any worktree, or name a donor with --from DIR"
        }
        KeptReason::ChangedByHand | KeptReason::OutsideMoved { .. } => {
            "take out by hand what cargo-sharedtarget put in"
        }
        KeptReason::SourcesInside { .. } | KeptReason::GitInside { .. } => {
            "move what you need out of them, and run again"
        }
        KeptReason::Hook { hook: state } => hook_state::advice(state)?,
        KeptReason::Tool { tool, setting } => return tool_state::advice(*tool, setting),
        _ => return None,
    };
    Some(advice.to_owned())
}
