//! The arguments of `hook`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::hook::command;
use crate::hook::tools;
use crate::plan::conduct::Ui;
use crate::plan::edge::Edge;
use crate::plan::tool_state::Tool;
use crate::survey::Request;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget hook install      from now on `git worktree add` makes warm worktrees
  cargo sharedtarget hook status       whether it does
  cargo sharedtarget hook uninstall    as it was before, byte for byte
  cargo sharedtarget hook install --for claude,cursor
      each new worktree of these tools is warm, also for those who have cloned the repository";

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
    tools: ToolArgs,
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
    tools: ToolArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct Places {
    /// Folders in a repository or in one of its worktrees, or folders of repositories [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct ToolArgs {
    /// In place of the git hook, the command in the file that this tool reads in the worktree; several with commas
    #[arg(long = "for", value_name = "TOOL", value_enum, value_delimiter = ',')]
    tools: Vec<Tool>,
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

/// A command that changes the files of tools.
type ChangeTools = fn(&[Tool], &Request, &Ui) -> Result<Exit>;

impl HookCommand {
    /// Runs a command about the hook.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (change, change_tools, args) = match self {
            Self::Install(args) => (
                command::install as Change,
                tools::command::install as ChangeTools,
                args,
            ),
            Self::Uninstall(args) => (
                command::uninstall as Change,
                tools::command::uninstall as ChangeTools,
                args,
            ),
            Self::Status(args) => {
                let (request, ui) = edge.prepare(args.places.find(), &args.speak, None)?;
                let program = request.environment.program.as_deref();
                return command::status(&args.tools.tools, &request, program, &ui);
            }
        };
        let (request, ui) = edge.prepare(args.places.find(), &args.speak, Some(&args.act))?;
        if !args.tools.tools.is_empty() {
            return change_tools(&args.tools.tools, &request, &ui);
        }
        change(&request, request.environment.program.as_deref(), &ui)
    }
}
