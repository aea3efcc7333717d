//! Conducts `store`.

use std::path::PathBuf;

use anyhow::Result;
use clap::CommandFactory as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::plan::conduct::Ui;
use crate::store::args::{StoreCommand, WorktreeArgs};
use crate::store::command;
use crate::store::command::{CleanOptions, HarvestOptions, PullOptions, PushOptions};
use crate::survey::Request;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::term::exit::Exit;
use crate::{process, survey};

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
