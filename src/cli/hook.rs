//! Conducts `hook`.

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::prepare;
use crate::hook::args::HookCommand;
use crate::term::exit::Exit;

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
