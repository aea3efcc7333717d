//! The arguments of `store`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};

use crate::age::Age;
use crate::size::Bytes;
use crate::term::args::{ActArgs, SpeakArgs};

pub(crate) const STORE: &str = "\
Examples:
  cargo sharedtarget store harvest                   keep what was built here, for worktrees to come
  cargo sharedtarget store pull                      fetch what others have built of these packages
  cargo sharedtarget store push --yes --write        in CI, after a harvest: let others have it
  cargo sharedtarget store status                    what there is, and within which bounds
  cargo sharedtarget store clean --older-than 30d    what was not used for 30 days
  cargo sharedtarget warm --yes                      give a worktree what the store has, too";

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Keep what a worktree has built, beyond its target folder
    #[command(after_help = STORE)]
    Harvest(HarvestArgs),
    /// Fetch from the remote store what a worktree can use
    #[command(after_help = STORE)]
    Pull(PullArgs),
    /// Put into the remote store what the local one has of a worktree
    #[command(after_help = STORE)]
    Push(PushArgs),
    /// What the store holds, and where it is
    #[command(after_help = STORE)]
    Status(StatusArgs),
    /// Delete what the store holds, by default everything
    #[command(after_help = STORE)]
    Clean(CleanStoreArgs),
}

/// Which worktree.
#[derive(Debug, Args)]
pub(crate) struct WorktreeArgs {
    /// The worktree, or a folder in it [default: the current folder]
    pub(crate) worktree: Option<PathBuf>,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    pub(crate) shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HarvestArgs {
    #[command(flatten)]
    pub(crate) about: WorktreeArgs,
    /// Tell the provider of what it was told of before as well
    #[arg(long)]
    pub(crate) all: bool,
    /// Let every other program go first
    #[arg(long)]
    pub(crate) low_priority: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) about: WorktreeArgs,
    /// Ask for each package of which there is nothing, also where others have built the same ones together
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    pub(crate) about: WorktreeArgs,
    /// Also where the variable CI is set, and the store would only be read
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_STORE_WRITE",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) write: bool,
    /// Look for each unit, also for those that the remote store says it has
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) about: WorktreeArgs,
    /// Also what the remote store holds, if it can list that
    #[arg(long)]
    pub(crate) remote: bool,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanStoreArgs {
    #[command(flatten)]
    pub(crate) about: WorktreeArgs,
    /// Delete in the remote store, what was put there longer ago than --older-than
    #[arg(long, requires = "older_than", conflicts_with = "max_size")]
    pub(crate) remote: bool,
    /// Only what was not used for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    pub(crate) older_than: Option<Age>,
    /// Only as much as is needed for the rest to take no more, such as 5GB; what was used longest ago goes first
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub(crate) max_size: Option<Bytes>,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}
