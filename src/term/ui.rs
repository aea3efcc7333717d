//! How a run speaks with its user.

use std::io;
use std::io::{IsTerminal as _, Write};

use anyhow::Result;
use clap::ValueEnum;

use crate::term::{Screen, View};

/// Where messages go: beside the answer, and with nothing in them that a terminal obeys.
pub(crate) fn beside() -> impl Write + use<> {
    Screen::new(anstream::AutoStream::auto(io::stderr()).lock())
}

/// The format of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON document for programs
    Json,
}

/// The format of the answer of a command that can also write a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// Text for people
    #[default]
    Human,
    /// One JSON document for programs
    Json,
    /// Tables in Markdown, for the summary of a CI job
    Markdown,
}

/// How a run speaks with its user.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    /// The format of the answer.
    pub(crate) format: Format,
    /// The answer is a summary in Markdown, in place of text for people.
    pub(crate) markdown: bool,
    /// Show the plan and do nothing.
    pub(crate) dry_run: bool,
    pub(crate) yes: bool,
    /// Say only what went wrong.
    pub(crate) quiet: bool,
    /// The width of the terminal that previews go to; `None` if that is none.
    pub(crate) preview_width: Option<usize>,
    /// Whether progress may be shown.
    pub(crate) progress: bool,
    pub(crate) view: View,
}

impl Ui {
    /// Where the answer goes.
    pub(crate) fn answer(&self) -> impl Write + use<> {
        Screen::new(anstream::AutoStream::auto(io::stdout()).lock())
    }

    /// Where a preview goes when the answer is still to come.
    pub(crate) fn preview(&self) -> impl Write + use<> {
        beside()
    }

    /// How previews are rendered.
    pub(crate) fn preview_view(&self) -> View {
        View {
            width: self.preview_width,
            ..self.view.clone()
        }
    }

    /// Says something beside the answer.
    pub(crate) fn narrate(&self, text: &str) -> Result<()> {
        writeln!(self.preview(), "{text}")?;
        Ok(())
    }

    /// Says something beside the answer, by a function that writes it.
    pub(crate) fn warn(&self, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        Ok(write(&mut self.preview())?)
    }

    /// Returns whether a user is there to answer a question.
    pub(crate) fn can_ask(&self) -> bool {
        self.format == Format::Human && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// No person is there, as in a hook.
    pub(crate) fn is_unattended(&self) -> bool {
        self.yes && self.quiet && !io::stdin().is_terminal()
    }

    /// Progress is shown.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress && !self.quiet && io::stderr().is_terminal()
    }

    /// Asks a question; anything but a clear yes means no.
    pub(crate) fn ask(&self, question: &str) -> Result<bool> {
        write!(self.preview(), "{question} [y/N] ")?;
        self.preview().flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}
