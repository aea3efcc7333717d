//! `store` and its arguments.

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Subcommand};

use crate::age::Age;
use crate::cli::args::{ActArgs, Cli, FindArgs, SpeakArgs};
use crate::cli::examples;
use crate::plan::conduct::Ui;
use crate::size::Bytes;
use crate::store::command;
use crate::store::command::{CleanOptions, HarvestOptions, PullOptions, PushOptions};
use crate::survey::Request;
use crate::term::exit::Exit;
use crate::{process, survey};

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Keep what a worktree has built, beyond its target folder
    #[command(after_help = examples::STORE)]
    Harvest(HarvestArgs),
    /// Fetch from the remote store what a worktree can use
    #[command(after_help = examples::STORE)]
    Pull(PullArgs),
    /// Put into the remote store what the local one has of a worktree
    #[command(after_help = examples::STORE)]
    Push(PushArgs),
    /// What the store holds, and where it is
    #[command(after_help = examples::STORE)]
    Status(StatusArgs),
    /// Delete what the store holds, by default everything
    #[command(after_help = examples::STORE)]
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
pub(super) struct HarvestArgs {
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
pub(super) struct PullArgs {
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
pub(super) struct PushArgs {
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
pub(super) struct StatusArgs {
    #[command(flatten)]
    about: WorktreeArgs,
    /// Also what the remote store holds, if it can list that
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct CleanStoreArgs {
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

pub(super) fn run(command: StoreCommand) -> Result<Exit> {
    match command {
        StoreCommand::Harvest(args) => {
            if args.low_priority {
                process::give_way();
            }
            let (request, ui) = about(args.about, &args.speak, Some(&args.act))?;
            command::harvest(&request, HarvestOptions { all: args.all }, &ui)
        }
        StoreCommand::Pull(args) => {
            let (request, ui) = about(args.about, &args.speak, Some(&args.act))?;
            command::pull(&request, PullOptions { all: args.all }, &ui)
        }
        StoreCommand::Push(args) => {
            let (request, ui) = about(args.about, &args.speak, Some(&args.act))?;
            if !args.write && in_ci() {
                let why = "where the variable CI is set, the remote store is only read; --write has it written";
                let error = Cli::command().error(ErrorKind::MissingRequiredArgument, why);
                crate::cli::mistakes::print(&error);
                return Ok(Exit::Usage);
            }
            command::push(&request, PushOptions { all: args.all }, &ui)
        }
        StoreCommand::Status(args) => {
            let (request, ui) = about(args.about, &args.speak, None)?;
            command::status(&request, args.remote, &ui)
        }
        StoreCommand::Clean(args) => {
            let (request, ui) = about(args.about, &args.speak, Some(&args.act))?;
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

/// Whether this runs on a server that builds for others: what it builds may be anybody's.
fn in_ci() -> bool {
    let said = std::env::var_os("CI").unwrap_or_default();
    !said.is_empty() && said != "false" && said != "0"
}

/// What a command needs that is about the store, and one worktree.
fn about(args: WorktreeArgs, speak: &SpeakArgs, act: Option<&ActArgs>) -> Result<(Request, Ui)> {
    let worktree = args.worktree.unwrap_or_else(|| PathBuf::from("."));
    let worktree = survey::worktree_at(&worktree)?;
    let find = FindArgs::about(&worktree, args.shared_root);
    let (mut request, ui) = crate::cli::prepare(find, speak, act)?;
    (request.sizes, request.to_act) = (false, false);
    request.focus = Some(worktree);
    Ok((request, ui))
}
