//! The arguments of `store`.

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Args, Subcommand};

use crate::age::Age;
use crate::plan::conduct::Ui;
use crate::plan::edge::Edge;
use crate::process;
use crate::size::Bytes;
use crate::store::command;
use crate::store::command::{CleanOptions, HarvestOptions, PullOptions, PushOptions};
use crate::survey::Request;
use crate::term::args::{ActArgs, SpeakArgs};
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget store harvest                   keep what was built here, for worktrees to come
  cargo sharedtarget store pull                      fetch what others have built of these packages
  cargo sharedtarget store push --write              in CI, after a harvest: let others have it
  cargo sharedtarget store status                    what there is, and within which bounds
  cargo sharedtarget store clean --older-than 30d    what was not used for 30 days
  cargo sharedtarget warm                            give a worktree what the store has, too";

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Keep what a worktree has built, beyond its target folder
    #[command(after_help = EXAMPLES)]
    Harvest(HarvestArgs),
    /// Fetch from the remote store what a worktree can use
    #[command(after_help = EXAMPLES)]
    Pull(PullArgs),
    /// Put into the remote store what the local one has of a worktree
    #[command(after_help = EXAMPLES)]
    Push(PushArgs),
    /// What the store holds, and where it is
    #[command(after_help = EXAMPLES)]
    Status(StatusArgs),
    /// Delete what the store holds, by default everything
    #[command(after_help = EXAMPLES)]
    Clean(CleanStoreArgs),
}

/// Which worktree.
#[derive(Debug, Args)]
struct WorktreeArgs {
    /// The worktree, or a folder in it [default: the current folder]
    worktree: Option<PathBuf>,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HarvestArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Tell the provider of what it was told of before as well
    #[arg(long)]
    all: bool,
    /// Let every other program go first
    #[arg(long)]
    low_priority: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Ask for each package of which there is nothing, also where others have built the same ones together
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Also where the variable CI is set, and the store would only be read
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_STORE_WRITE",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    write: bool,
    /// Look for each unit, also for those that the remote store says it has
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Also what the remote store holds, if it can list that
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanStoreArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Delete in the remote store, what was put there longer ago than --older-than
    #[arg(long, requires = "older_than", conflicts_with = "max_size")]
    remote: bool,
    /// Only what was not used for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    older_than: Option<Age>,
    /// Only as much as is needed for the rest to take no more, such as 5GB; what was used longest ago goes first
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    max_size: Option<Bytes>,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

impl StoreCommand {
    /// Runs a command about the store.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        match self {
            Self::Harvest(args) => {
                if args.low_priority {
                    process::give_way();
                }
                let (request, ui) = args.about.prepare(edge, &args.speak, Some(&args.act))?;
                command::harvest(&request, HarvestOptions { all: args.all }, &ui)
            }
            Self::Pull(args) => {
                let (request, ui) = args.about.prepare(edge, &args.speak, Some(&args.act))?;
                command::pull(&request, PullOptions { all: args.all }, &ui)
            }
            Self::Push(args) => {
                let (request, ui) = args.about.prepare(edge, &args.speak, Some(&args.act))?;
                if !args.write && request.environment.in_ci {
                    let why = "where the variable CI is set, the remote store is only read; --write has it written";
                    return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, why).into());
                }
                command::push(&request, PushOptions { all: args.all }, &ui)
            }
            Self::Status(args) => {
                let (request, ui) = args.about.prepare(edge, &args.speak, None)?;
                command::status(&request, args.remote, &ui)
            }
            Self::Clean(args) => {
                let (request, ui) = args.about.prepare(edge, &args.speak, Some(&args.act))?;
                if let (true, Some(age)) = (args.remote, args.older_than) {
                    return command::clean_remote(&request, age, &ui);
                }
                let options = CleanOptions {
                    older_than: args.older_than,
                    max_size: args.max_size,
                };
                command::clean(&request, options, &ui)
            }
        }
    }
}

impl WorktreeArgs {
    fn prepare(
        self,
        edge: &dyn Edge,
        speak: &SpeakArgs,
        act: Option<&ActArgs>,
    ) -> Result<(Request, Ui)> {
        edge.about_worktree(self.worktree, self.shared_root, speak, act)
    }
}
