//! The arguments of `doctor`.

use anyhow::Result;
use clap::Args;

use crate::doctor::command;
use crate::plan::edge::Edge;
use crate::term::args::{ActArgs, FindArgs, SpeakArgs};
use crate::term::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  cargo sharedtarget doctor ~/code    name each problem, its effect and its fix
  cargo sharedtarget doctor --fix     apply the fixes that can be undone";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Fix the problems whose fix can be undone: configurations of worktrees that share a folder, and the git hook
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

impl DoctorArgs {
    /// Runs `doctor`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (mut request, ui) = edge.prepare(self.find, &self.speak, Some(&self.act))?;
        // To ask each Cargo, and what git tracks.
        request.to_act = true;
        (request.looks_only, request.configures) = (!self.fix, self.fix);
        let program = request.environment.program.as_deref();
        match self.fix {
            true => command::fix(&request, program, &ui),
            false => command::run(&request, program, &ui),
        }
    }
}
