//! The arguments of `hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::term::args::{ActArgs, FindArgs, SpeakArgs};

pub(crate) const HOOK: &str = "\
Examples:
  cargo sharedtarget hook install      from now on `git worktree add` makes warm worktrees
  cargo sharedtarget hook status       whether it does
  cargo sharedtarget hook uninstall    as it was before, byte for byte";

#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Put the hook in its place; one that is there already is kept and called first
    #[command(after_help = HOOK)]
    Install(ChangeArgs),
    /// Take the hook out, and put the one from before back, byte for byte
    #[command(after_help = HOOK)]
    Uninstall(ChangeArgs),
    /// Say how it stands with the hook
    #[command(after_help = HOOK)]
    Status(StatusArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Places {
    /// Folders anywhere in a repository or in one of its worktrees [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Places {
    pub(crate) fn find(self) -> FindArgs {
        FindArgs {
            roots: self.paths,
            exclude: Vec::new(),
            max_depth: None,
            inside_root_only: true,
            shared_root: None,
        }
    }
}
