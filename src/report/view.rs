//! How text is rendered: widths, colours, counts and ages.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
    /// The terminal knows links.
    pub links: bool,
    /// Say everything.
    pub verbose: bool,
    /// The time to count ages from.
    pub now: Timestamp,
}

impl View {
    /// A link to a path, for a terminal that knows such.
    pub(super) fn link(&self, path: &Path) -> Option<String> {
        // Windows begins a path with a drive, and takes its separators for others'.
        let text = path.to_str().filter(|_| self.links)?.replace('\\', "/");
        let path = utf8_percent_encode(text.trim_start_matches('/'), IN_PATHS);
        Some(format!("file:///{path}"))
    }
}

/// What stands for itself in the path of a URL. Source: RFC 3986, `pchar`.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b':')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files() {
        let view = |links| View {
            paths: Paths::default(),
            width: None,
            links,
            verbose: false,
            now: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(view(false).link(Path::new("/a")), None);
        for (path, link) in [
            (
                "/home/me/a b/ü%.toml",
                "file:///home/me/a%20b/%C3%BC%25.toml",
            ),
            ("C:\\code\\target", "file:///C:/code/target"),
            ("/x\n\u{1b}]8", "file:///x%0A%1B%5D8"),
        ] {
            assert_eq!(view(true).link(Path::new(path)).as_deref(), Some(link));
        }
    }
}
