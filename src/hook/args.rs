//! The arguments of `hook`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::hook::command;
use crate::plan::conduct::Ui;
use crate::plan::edge::Edge;
use crate::survey::Request;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget hook install      from now on `git worktree add` makes warm worktrees
  cargo sharedtarget hook status       whether it does
  cargo sharedtarget hook uninstall    as it was before, byte for byte";

#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Put the hook in its place; one that is there already is kept and called first
    #[command(after_help = EXAMPLES)]
    Install(ChangeArgs),
    /// Take the hook out, and put the one from before back, byte for byte
    #[command(after_help = EXAMPLES)]
    Uninstall(ChangeArgs),
    /// Say how it stands with the hook
    #[command(after_help = EXAMPLES)]
    Status(StatusArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct Places {
    /// Folders in a repository or in one of its worktrees, or folders of repositories [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Places {
    fn find(self) -> FindArgs {
        FindArgs {
            roots: self.paths,
            exclude: Vec::new(),
            max_depth: None,
            inside_root_only: true,
            shared_root: None,
        }
    }
}

/// A command that changes the hook, which looks for us at a path if we are not on the `PATH`.
type Change = fn(&Request, Option<&Path>, &Ui) -> Result<Exit>;

impl HookCommand {
    /// Runs a command about the hook.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (change, args) = match self {
            Self::Install(args) => (command::install as Change, args),
            Self::Uninstall(args) => (command::uninstall as Change, args),
            Self::Status(args) => {
                let (request, ui) = edge.prepare(args.places.find(), &args.speak, None)?;
                return command::status(&request, request.environment.program.as_deref(), &ui);
            }
        };
        let (request, ui) = edge.prepare(args.places.find(), &args.speak, Some(&args.act))?;
        change(&request, request.environment.program.as_deref(), &ui)
    }
}
