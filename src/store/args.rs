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
  cargo sharedtarget store harvest                   keep crates built here
  cargo sharedtarget store pull                      fetch crates others built
  cargo sharedtarget store push --write              upload crates, in CI
  cargo sharedtarget store status                    show content and limits
  cargo sharedtarget store clean --older-than 30d    delete idle units
  cargo sharedtarget warm                            fill this worktree";

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Put the third-party crates that a worktree has built into the store
    #[command(after_help = EXAMPLES)]
    Harvest(HarvestArgs),
    /// Fetch units that a worktree can use from the remote store
    #[command(after_help = EXAMPLES)]
    Pull(PullArgs),
    /// Upload a worktree's units from the local store to the remote store
    #[command(after_help = EXAMPLES)]
    Push(PushArgs),
    /// Show the content, place and limits of the store
    #[command(after_help = EXAMPLES)]
    Status(StatusArgs),
    /// Delete units from the store, by default all
    #[command(after_help = EXAMPLES)]
    Clean(CleanStoreArgs),
}

/// Which worktree.
#[derive(Debug, Args)]
struct WorktreeArgs {
    /// The worktree, or a folder in it [default: the current folder]
    worktree: Option<PathBuf>,
    /// The folder that holds all target folders [default: the configured one]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HarvestArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Notify the provider of all units, including those of earlier notifications
    #[arg(long)]
    all: bool,
    /// Run at low priority
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
    /// Query each missing package, even where the remote store lists a complete set for this Cargo.lock
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
    /// Upload even if the variable CI is set, which makes the remote store read-only
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_STORE_WRITE",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    write: bool,
    /// Check for each unit, even those that the remote store lists
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
    /// Also show the content of the remote store, if it can list that
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanStoreArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Delete from the remote store units that were uploaded longer ago than --older-than
    #[arg(long, requires = "older_than", conflicts_with = "max_size")]
    remote: bool,
    /// Only units that were not used for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    older_than: Option<Age>,
    /// Only the least recently used units, until the rest fits in SIZE, such as 5GB
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
                    let why = "the variable CI is set, so the remote store is read-only; --write uploads all the \
                        same";
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
