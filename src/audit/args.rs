//! The arguments of `audit` and `list`.

use anyhow::Result;
use clap::Args;

use crate::audit::command::{AuditFormat, AuditOptions};
use crate::audit::{command, list};
use crate::plan::edge::Edge;
use crate::size::Bytes;
use crate::survey::Request;
use crate::term::args::{FindArgs, SpeakArgs, SummaryArgs, ToneArgs};
use crate::term::exit::Exit;
use crate::term::ui::Format;

const LIST: &str = "\
Examples:
  cargo sharedtarget list ~/code                     sizes and last changes
  cargo sharedtarget list --no-size --format json    fast, for programs";

const AUDIT: &str = "\
Examples:
  cargo sharedtarget audit                                      explain the size
  cargo sharedtarget audit --format html ~/code > audit.html    write a page
  cargo sharedtarget audit --max-size 20GB                      fail if larger";

#[derive(Debug, Args)]
#[command(after_help = LIST)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Do not measure sizes, which is much faster
    #[arg(long)]
    no_size: bool,
    #[command(flatten)]
    speak: SummaryArgs,
}

#[derive(Debug, Args)]
#[command(after_help = AUDIT)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    find: FindArgs,
    /// Show at most this many rows of each table
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    top: usize,
    /// Exit with 1 if there is a suggestion
    #[arg(long)]
    check: bool,
    /// Exit with 1 if all folders together are larger than this, such as 20GB
    #[arg(long, value_name = "SIZE")]
    max_size: Option<Bytes>,
    /// The format of the output
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    format: AuditFormat,
    #[command(flatten)]
    tone: ToneArgs,
}

impl ListArgs {
    /// Runs `list`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let (speak, markdown) = self.speak.speak();
        let (mut request, mut ui) = edge.prepare(self.find, &speak, None)?;
        ui.markdown = markdown;
        request.sizes = !self.no_size;
        take_in_overrides(&mut request);
        list::run(&request, &ui)
    }
}

impl AuditArgs {
    /// Runs `audit`.
    pub(crate) fn run(self, edge: &dyn Edge) -> Result<Exit> {
        let speak = SpeakArgs {
            format: match self.format {
                AuditFormat::Json => Format::Json,
                AuditFormat::Human | AuditFormat::Html | AuditFormat::Markdown => Format::Human,
            },
            tone: self.tone,
        };
        let (mut request, ui) = edge.about_folders(self.find, &speak, None)?;
        // To know what is busy, and what git tracks.
        (request.to_act, request.looks_only) = (true, true);
        if !request.only_folders {
            take_in_overrides(&mut request);
        }
        let options = AuditOptions {
            format: self.format,
            top: self.top,
            check: self.check,
            max_size: self.max_size,
        };
        command::run(&request, &options, &ui)
    }
}

/// Has a run look at the folders as well that Cargo builds into from this shell, by variables.
fn take_in_overrides(request: &mut Request) {
    let named = request.environment.overrides.iter();
    let named: Vec<_> = named.map(|one| one.folder.clone()).collect();
    request.folders.extend(named);
}
