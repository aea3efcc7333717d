//! The arguments of `why`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::fs;
use crate::plan::edge::Edge;
use crate::term::args::SpeakArgs;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::why::spec::Spec;
use crate::why::{command, gather};

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget why                  list what the last build compiled
  cargo sharedtarget why serde            explain each unit of one package
  cargo sharedtarget why serde@1.0.219    explain one version";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WhyArgs {
    /// The package, as in Cargo's commands [default: all packages that the last build compiled]
    #[arg(value_name = "PACKAGE")]
    package: Option<Spec>,
    /// The worktree, or a folder in it [default: the current folder]
    #[arg(long, value_name = "DIR")]
    worktree: Option<PathBuf>,
    /// The folder that holds all target folders [default: the configured one]
    #[arg(long, value_name = "DIR")]
    shared_root: Option<PathBuf>,
    #[command(flatten)]
    speak: SpeakArgs,
}

impl WhyArgs {
    /// Runs `why`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let at = self.worktree.as_deref().unwrap_or(Path::new("."));
        let at = fs::folder(at).hint("--worktree takes a worktree, or a folder in it")?;
        let top = gather::top(&at);
        let (request, ui) = edge.about_worktree(Some(top), self.shared_root, &self.speak, None)?;
        command::run(&request, &at, self.package.as_ref(), &ui)
    }
}
