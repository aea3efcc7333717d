//! The arguments of `dedupe`.

use clap::Args;

use crate::term::args::{ActArgs, FindArgs, SpeakArgs};

pub(crate) const DEDUPE: &str = "\
Examples:
  cargo sharedtarget dedupe -n ~/code    what several folders could store once";

#[derive(Debug, Args)]
pub(crate) struct DedupeArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}
