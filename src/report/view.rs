//! How text is rendered: widths, colours, counts and ages.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use super::Paths;
use crate::age::since;

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();

/// How to render.
#[derive(Clone, Debug)]
pub struct View {
    /// How paths are shortened.
    pub paths: Paths,
    /// The width of the terminal; `None` where there is none, and then nothing is cut.
    pub width: Option<usize>,
    /// Say everything.
    pub verbose: bool,
    /// The time to count ages from.
    pub now: Timestamp,
}

pub(super) type Out<'a> = &'a mut dyn Write;

pub(super) fn ago(at: Option<Timestamp>, view: &View) -> String {
    at.map_or_else(|| "never".into(), |at| since(at, view.now).to_string())
}

pub(super) fn wrapped(
    out: Out<'_>,
    text: &str,
    indent: &str,
    width: Option<usize>,
) -> io::Result<()> {
    let room = width.map_or(usize::MAX, |width| {
        width.saturating_sub(indent.len()).max(30)
    });
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{indent}{line}")
}

/// `1 folder`, `2 folders`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
