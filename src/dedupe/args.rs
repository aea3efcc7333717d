//! The arguments of `dedupe`.

use anyhow::Result;
use clap::Args;

use crate::dedupe::command;
use crate::plan::edge::Edge;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget dedupe -n ~/code    show what several folders could store once";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DedupeArgs {
    #[command(flatten)]
    find: FindArgs,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

impl DedupeArgs {
    /// Runs `dedupe`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (request, ui) = edge.about_folders(self.find, &self.speak, Some(&self.act))?;
        command::run(&request, &ui)
    }
}
