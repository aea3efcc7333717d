//! The arguments of `hook`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::cli::{ActArgs, FindArgs, SpeakArgs, examples, prepare};
use crate::term::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum HookCommand {
    /// Put the hook in its place; one that is there already is kept and called first
    #[command(after_help = examples::HOOK)]
    Install(ChangeArgs),
    /// Take the hook out, and put the one from before back, byte for byte
    #[command(after_help = examples::HOOK)]
    Uninstall(ChangeArgs),
    /// Say how it stands with the hook
    #[command(after_help = examples::HOOK)]
    Status(StatusArgs),
}

#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
struct Places {
    /// Folders anywhere in a repository or in one of its worktrees [default: the current folder]
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

/// Where the hook looks for us if we are not on the path.
pub(super) fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

pub(super) fn run(command: HookCommand) -> Result<Exit> {
    let program = program();
    let program = program.as_deref();
    match command {
        HookCommand::Install(args) => {
            let (request, ui) = prepare(args.places.find(), &args.speak, Some(&args.act))?;
            crate::hook::command::install(&request, program, &ui)
        }
        HookCommand::Uninstall(args) => {
            let (request, ui) = prepare(args.places.find(), &args.speak, Some(&args.act))?;
            crate::hook::command::uninstall(&request, program, &ui)
        }
        HookCommand::Status(args) => {
            let (request, ui) = prepare(args.places.find(), &args.speak, None)?;
            crate::hook::command::status(&request, program, &ui)
        }
    }
}
