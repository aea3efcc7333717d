//! Groups of flags that several commands have in common.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use crate::term::ui::Format;

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Folders to start from [default: the current folder]
    #[arg(value_name = "ROOT")]
    pub(crate) roots: Vec<PathBuf>,
    /// Pass over folders that match, by path or by path under the root
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Search")]
    pub(crate) exclude: Vec<String>,
    /// Search no deeper than this many folders below the root
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) max_depth: Option<usize>,
    /// Leave the worktrees that lie outside the roots
    #[arg(long, help_heading = "Search")]
    pub(crate) inside_root_only: bool,
    /// The folder that holds all target folders [default: the one already configured, else ROOT/.shared-target]
    #[arg(long, value_name = "DIR", help_heading = "Search")]
    pub(crate) shared_root: Option<PathBuf>,
}

impl FindArgs {
    /// One worktree, and all of it.
    pub(crate) fn about(worktree: &Path, shared_root: Option<PathBuf>) -> Self {
        Self {
            roots: vec![worktree.to_owned()],
            exclude: Vec::new(),
            max_depth: None,
            inside_root_only: false,
            shared_root,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Delete a target folder even if it holds an entry of this name, which Cargo does not make
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_entry: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LocalArgs {
    /// Take third-party crates only, also where a local crate has the same sources
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_NO_LOCAL",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) no_local: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ActArgs {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SpeakArgs {
    /// The format of the answer
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) tone: ToneArgs,
}

impl SpeakArgs {
    /// Nothing is said.
    pub(crate) fn silent() -> Self {
        Self {
            format: Format::Human,
            tone: ToneArgs {
                quiet: true,
                verbose: 0,
                color: None,
            },
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ToneArgs {
    /// Say only what was done and what went wrong
    #[arg(
        short,
        long,
        env = "CARGO_TERM_QUIET",
        hide_env = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// Say everything; twice: log what is asked, decided and done as well
    #[arg(
        short,
        long,
        env = "CARGO_TERM_VERBOSE",
        hide_env = true,
        help_heading = "Output",
        action = ArgAction::Count,
        value_parser = verbosity
    )]
    pub(crate) verbose: u8,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"], help_heading = "Output")]
    pub(crate) color: Option<String>,
}

/// Reads how often a flag was given, or whether Cargo's variable is set to `true`.
fn verbosity(text: &str) -> Result<u8, &'static str> {
    match text {
        "true" => Ok(1),
        "false" => Ok(0),
        count => count.parse().map_err(|_| "expected true or false"),
    }
}

/// A bad pattern is a mistake on the command line, so it is found while that is read.
fn glob(pattern: &str) -> Result<String, globset::Error> {
    globset::Glob::new(pattern).map(|_| pattern.to_owned())
}
