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
                "no action is needed; for one shared root all the same, pass --edit-tracked, or pass --layout \
                     build-dir --config-at DIR (or cargo-home), or commit `{include}` (Cargo 1.93)"
            ));
        }
        KeptReason::CargoInside { tracked: true, .. } => {
            "no action is needed; to use the layout isolated, which changes a file that git tracks, pass \
                 --edit-tracked, and --shared-root DIR with a folder outside every worktree"
        }
        KeptReason::CargoInside { .. } => {
            "pass --shared-root DIR with a folder outside every worktree to use the layout isolated"
        }
        KeptReason::OldCargo { tracked: true }
        | KeptReason::FixtureInside { tracked: true, .. } => {
            "no action is needed; to set them up all the same, which changes a file that git tracks, pass \
                 --layout isolated --edit-tracked"
        }
        KeptReason::OldCargo { .. } | KeptReason::FixtureInside { .. } => {
            "pass --layout isolated to set them up all the same"
        }
        KeptReason::ConfigSet { .. } => "pass --replace to replace these settings",
        KeptReason::TargetElsewhere { .. } => {
            "pass --shared-root DIR with a folder there to set them up there, or --replace to set them up with \
                 the others"
        }
        KeptReason::Alone => "run without --worktrees-only to set them up too",
        KeptReason::ConfigSymlink { .. } => {
            "edit the file that the link points to, or replace the link with a \
            file"
        }
        KeptReason::ConfigReadOnly { .. } => "make them writable, and run again",
        KeptReason::ConfigInvalid { .. } => "fix these files, and run again",
        KeptReason::ForeignEntries { .. } => {
            "move them out, or allow their deletion with --allow-entry NAME"
        }
        KeptReason::FlatUnsafe { .. } => {
            "use the layout isolated, or accept the risk with --allow-unsafe-sharing"
        }
        KeptReason::FlatSameName { .. } => {
            "use the layout isolated, or accept the risk with --allow-unsafe-sharing"
        }
        KeptReason::Unclaimed
        | KeptReason::NoOwner
        | KeptReason::MayServeOthers { .. }
        | KeptReason::MayComeBack { .. }
        | KeptReason::HoldsUsed { .. } => "`cargo sharedtarget clean --all` deletes these too",
        KeptReason::InUse { .. } => {
            "`cargo sharedtarget clean --idle AGE` deletes those not used for that long; --all deletes all"
        }
        KeptReason::Recent { .. } => "pass --idle with a shorter time to delete these too",
        KeptReason::NotAsked {
            why: DeleteReason::OwnerGone { .. },
        } => "`cargo sharedtarget clean --orphaned` deletes these",
        KeptReason::NotAsked { .. } => "`cargo sharedtarget clean` deletes these",
        KeptReason::NamedByEnv { .. } => "unset the variable, and run again",
        KeptReason::NamedByStranger { .. } => {
            "fix or delete the project beside that file, and run again"
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
        KeptReason::IgnoredByGit => "name one's folder as ROOT to set it up all the same",
        KeptReason::NeverBuilt { .. } => {
            "build them once, then run again to give each a target folder"
        }
        KeptReason::Busy { why, .. } => match why {
            BusyReason::Held => "run again when the build has finished",
            BusyReason::Runs => "run again when the program has ended",
            BusyReason::Mounted => "unmount it, and run again",
            BusyReason::Unclear(_) => return None,
        },
        KeptReason::NotOurTrash => "inspect it, and delete it yourself if you do not need it",
        KeptReason::OtherRun { .. } => "that run deletes it when it ends",
        KeptReason::DonorBusy {
            why: BusyReason::Unclear(_),
            ..
        } => "build without warming, or keep target folders on a filesystem with locks",
        KeptReason::DonorBusy { .. } => "run again when the build has finished, or pass --wait",
        KeptReason::LockInvalid { .. } => "fix these files, and run again",
        KeptReason::NothingHarvested => "build it, then run `cargo sharedtarget store harvest`",
        KeptReason::NoDonor | KeptReason::NothingFits { .. } => {
            "build once in any worktree, or name a donor with --from DIR"
        }
        KeptReason::ChangedByHand | KeptReason::OutsideMoved { .. } => {
            "remove the lines of cargo-sharedtarget by hand"
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
