//! How text is rendered: widths, colours, counts and ages.

use std::io::Write;
use std::path::Path;
use std::{fmt, io};

use anstyle::AnsiColor;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_width::UnicodeWidthStr as _;

use crate::age::since;
use crate::term::Paths;
use crate::text::{marks, shown};

pub(crate) const HEADING: Style = Style(0);
pub(crate) const WARNING: Style = Style(1);
pub(crate) const ERROR: Style = Style(2);
pub(crate) const GOOD: Style = Style(3);
pub(crate) const COLUMN: Style = Style(4);
pub(crate) const HINT: Style = Style(5);

/// The styles, by their numbers.
const STYLES: [anstyle::Style; 6] = [
    anstyle::Style::new().bold(),
    AnsiColor::Yellow.on_default().bold(),
    AnsiColor::Red.on_default().bold(),
    AnsiColor::Green.on_default().bold(),
    anstyle::Style::new().dimmed(),
    AnsiColor::Cyan.on_default().bold(),
];

/// How something is set off. Shown, it is a mark for the screen, and `{:#}` is the one that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style(u8);

impl Style {
    /// The style that a mark begins.
    pub(crate) fn of_mark(mark: char) -> Option<Self> {
        let at = u32::from(mark).checked_sub(u32::from(marks::STYLES))?;
        let at = u8::try_from(at).ok()?;
        (usize::from(at) < STYLES.len()).then_some(Self(at))
    }

    fn style(self) -> anstyle::Style {
        STYLES.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// The escape sequence that begins the style.
    pub(crate) fn begin(self) -> String {
        self.style().render().to_string()
    }

    /// The escape sequence that ends the style.
    pub(crate) fn end(self) -> String {
        self.style().render_reset().to_string()
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match f.alternate() {
            true => Some(marks::PLAIN),
            false => char::from_u32(u32::from(marks::STYLES) + u32::from(self.0)),
        };
        mark.map_or(Ok(()), |mark| write!(f, "{mark}"))
    }
}

/// How to render.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) paths: Paths,
    /// The width of the terminal; `None` where there is none, and then nothing is cut.
    pub(crate) width: Option<usize>,
    pub(crate) links: bool,
    pub(crate) verbose: bool,
    /// The time to count ages from.
    pub(crate) now: Timestamp,
}

impl View {
    /// A link to a path, for a terminal that knows such.
    pub(crate) fn link(&self, path: &Path) -> Option<String> {
        // Windows begins a path with a drive, and takes its separators for others'.
        let text = path.to_str().filter(|_| self.links)?.replace('\\', "/");
        let path = utf8_percent_encode(text.trim_start_matches('/'), IN_PATHS);
        Some(format!("file:///{path}"))
    }
}

/// Characters that stand for themselves in the path of a URL. Source: RFC 3986, `pchar`.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b':')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) type Out<'a> = &'a mut dyn Write;

pub(crate) fn ago(at: Option<Timestamp>, view: &View) -> String {
    at.map_or_else(|| "never".into(), |at| since(at, view.now).to_string())
}

/// Text of others is wrapped too: lines of its own are indented further.
pub(crate) fn wrapped(
    out: Out<'_>,
    text: &str,
    indent: &str,
    width: Option<usize>,
) -> io::Result<()> {
    write!(out, "{indent}")?;
    wrapped_after(out, indent.len(), text, indent, width)
}

/// The same, where a line was begun that has so many columns already.
pub(crate) fn wrapped_after(
    out: Out<'_>,
    begun: usize,
    text: &str,
    indent: &str,
    width: Option<usize>,
) -> io::Result<()> {
    let room = width.map_or(usize::MAX, |width| width.max(indent.len() + 30));
    let mut used = begun;
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            writeln!(out)?;
            write!(out, "{indent}  ")?;
            used = indent.len() + 2;
        }
        for (at, word) in shown(line).split(' ').enumerate() {
            let length = word.width();
            if at > 0 && used + 1 + length > room {
                writeln!(out)?;
                write!(out, "{indent}")?;
                used = indent.len();
            } else if at > 0 {
                write!(out, " ")?;
                used += 1;
            }
            write!(out, "{word}")?;
            used += length;
        }
    }
    writeln!(out)
}

/// `1 folder`, `2 folders`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `1 file or folder`, `2 files and folders`.
pub(crate) fn entries(count: u64) -> String {
    match count {
        1 => "1 file or folder".into(),
        _ => format!("{count} files and folders"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let set = |begun: usize, text: &str, width| {
            let mut out = Vec::new();
            wrapped_after(&mut out, begun, text, "  ", width).expect("written");
            String::from_utf8(out).expect("text")
        };
        let text = "one two three four five six seven eight nine ten";
        assert_eq!(set(0, text, None), format!("{text}\n"));
        let broken = "one two three four five six\n  seven eight nine ten\n";
        assert_eq!(set(6, text, Some(33)), broken);
        assert_eq!(set(40, "long", Some(33)), "long\n", "a word is not broken");
    }

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
