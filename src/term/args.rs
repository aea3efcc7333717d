//! Groups of flags that several commands have in common.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use globset::{GlobBuilder, GlobSetBuilder};

use crate::fs::Looking;
use crate::term::ui::{Format, SummaryFormat};

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Folders to search [default: the workspace around the current folder, else that folder]
    #[arg(value_name = "ROOT")]
    pub(crate) roots: Vec<PathBuf>,
    /// Skip folders whose path, absolute or below the root, matches
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Search")]
    pub(crate) exclude: Vec<String>,
    /// Search at most this many levels below the root
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) max_depth: Option<usize>,
    /// Leave out worktrees outside the roots
    #[arg(long, help_heading = "Search")]
    pub(crate) inside_root_only: bool,
    /// The folder that contains all target folders [default: the configured one, else ROOT/.shared-target]
    #[arg(long, value_name = "DIR", help_heading = "Search")]
    pub(crate) shared_root: Option<PathBuf>,
}

impl FindArgs {
    /// Where to look, and how deep.
    pub(crate) fn looking(&self) -> Result<Looking> {
        Ok(Looking {
            exclude: globs(&self.exclude)?,
            max_depth: self.max_depth,
        })
    }

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
    /// Delete a target folder even if it contains an entry NAME, which Cargo does not create
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_entry: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LocalArgs {
    /// Take third-party crates only, even where a local crate has the same sources
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
    /// Show the plan, and change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Delete without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SpeakArgs {
    /// The format of the output
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) tone: ToneArgs,
}

impl SpeakArgs {
    /// Options with which nothing is printed.
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
pub(crate) struct SummaryArgs {
    /// The format of the output
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: SummaryFormat,
    #[command(flatten)]
    tone: ToneArgs,
}

impl SummaryArgs {
    /// These flags as every command has them, and whether the answer is a summary in Markdown.
    pub(crate) fn speak(self) -> (SpeakArgs, bool) {
        let format = match self.format {
            SummaryFormat::Json => Format::Json,
            SummaryFormat::Human | SummaryFormat::Markdown => Format::Human,
        };
        let tone = self.tone;
        let markdown = self.format == SummaryFormat::Markdown;
        (SpeakArgs { format, tone }, markdown)
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ToneArgs {
    /// Print only the outcome and problems
    #[arg(
        short,
        long,
        env = "CARGO_TERM_QUIET",
        hide_env = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// Print every item; if given twice, also log each query, decision and action
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

fn globs(patterns: &[String]) -> Result<globset::GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // As in a gitignore, a name alone means that name at any depth.
        let anywhere = if pattern.contains('/') {
            pattern.clone()
        } else {
            format!("**/{pattern}")
        };
        let glob = GlobBuilder::new(anywhere.trim_end_matches('/'))
            .literal_separator(true)
            .build();
        set.add(glob.with_context(|| format!("expected a glob for --exclude: `{pattern}`"))?);
    }
    set.build().context("failed to read the globs of --exclude")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_without_a_slash_matches_anywhere() {
        let set = globs(&["node_modules".into(), "a/*/c".into()]).expect("globs");
        assert!(set.is_match("x/node_modules"));
        assert!(set.is_match("a/b/c"));
        assert!(!set.is_match("x/a/b/c"));
    }
}
