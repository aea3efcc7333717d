//! What is made from the arguments themselves: completions for shells, and manual pages.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::fs;
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo-sharedtarget completions bash > ~/.local/share/bash-completion/completions/cargo-sharedtarget
  cargo-sharedtarget completions fish > ~/.config/fish/completions/cargo-sharedtarget.fish

They complete `cargo-sharedtarget`: what follows `cargo sharedtarget` is completed by Cargo's own script, if at all.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The folder to write them into
    folder: PathBuf,
}

/// The command as it is called without Cargo.
fn called_directly() -> Command {
    Cli::command().bin_name("cargo-sharedtarget")
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut called_directly(),
        "cargo-sharedtarget",
        &mut script,
    );
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &ManArgs) -> Result<Exit> {
    fs::create_folder(&args.folder)?;
    let command = called_directly().disable_help_subcommand(true);
    clap_mangen::generate_to(command, &args.folder)
        .with_context(|| format!("failed to write into `{}`", args.folder.display()))?;
    Ok(Exit::Done)
}
