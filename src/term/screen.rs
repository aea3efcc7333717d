//! The only way of text to a terminal.

use std::io::Write;
use std::{fmt, io};

use crate::term::view::Style;
use crate::text;
use crate::text::marks;

/// Writes lines in which nothing is that a terminal obeys, but for our own colours and links.
///
/// These come as [`marks`], and no text can say more by them than we do: something is bold until its line ends, or is
/// a link to a file. A [`Drop`] writes a line that was begun, such as a question.
#[derive(Debug)]
pub(crate) struct Screen<W: Write> {
    out: W,
    line: Vec<u8>,
}

/// Indentation after a line end inside one statement's text, so that the text begins no line of its own.
const INSIDE: &str = "\n    ";

impl<W: Write> Screen<W> {
    /// In front of a stream that takes colours, or takes them out.
    pub(crate) fn new(out: W) -> Self {
        let line = Vec::new();
        Self { out, line }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out
            .write_all(rendered(&String::from_utf8_lossy(&line)).as_bytes())
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend(part.strip_suffix(b"\n").unwrap_or(part));
            if part.ends_with(b"\n") {
                self.write_line()?;
                self.out.write_all(b"\n")?;
            }
        }
        Ok(bytes.len())
    }

    /// One statement writes one line. Line ends inside of it came with what it was given.
    fn write_fmt(&mut self, what: fmt::Arguments<'_>) -> io::Result<()> {
        let text = what.to_string();
        let (inside, end) = match text.strip_suffix('\n') {
            Some(inside) => (inside, "\n"),
            None => (&text[..], ""),
        };
        self.write_all(inside.replace('\n', INSIDE).as_bytes())?;
        self.write_all(end.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_line()?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // The reader is gone.
        let _ = self.flush();
    }
}

/// A line with colours and links in place of marks, and with everything else as it is shown.
fn rendered(line: &str) -> String {
    const UNLINK: &str = "\u{1b}]8;;\u{1b}\\";
    let mut all = String::with_capacity(line.len());
    let (mut styled, mut linked) = (None::<Style>, false);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            marks::LINK => {
                let Some((to, behind)) = rest.split_once(marks::TO) else {
                    continue;
                };
                rest = behind;
                let to_a_file =
                    to.starts_with("file:///") && to.chars().all(|c| c.is_ascii_graphic());
                if to_a_file && !linked {
                    all.push_str(&format!("\u{1b}]8;;{to}\u{1b}\\"));
                    linked = true;
                }
            }
            marks::UNLINK if linked => {
                all.push_str(UNLINK);
                linked = false;
            }
            marks::PLAIN => all.extend(styled.take().map(Style::end)),
            c => match Style::of_mark(c) {
                Some(style) => {
                    all.extend(styled.replace(style).map(Style::end));
                    all.push_str(&style.begin());
                }
                None => text::put(&mut all, c),
            },
        }
    }
    if linked {
        all.push_str(UNLINK);
    }
    all.extend(styled.map(Style::end));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::view::{GOOD, HEADING};

    fn screen(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        write(&mut screen).expect("written");
        drop(screen);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn only_our_own_colours_get_through() {
        let hostile = "\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\r";
        let text = screen(|out| writeln!(out, "{HEADING}a{HEADING:#} {GOOD}{hostile}{GOOD:#}"));
        assert_eq!(
            text,
            "\u{1b}[1ma\u{1b}[0m \u{1b}[1m\u{1b}[32m\\u{1b}[31m\\u{1b}]0;t\\u{7}\\u{9b}2J\\u{202e}\\r\u{1b}[0m\n"
        );
    }

    #[test]
    fn marks_in_text_do_nothing_beyond_their_line() {
        assert_eq!(
            screen(|out| writeln!(out, "\u{fdd0}x")),
            "\u{1b}[1mx\u{1b}[0m\n"
        );
        for (to, seen) in [
            ("https://evil", "x\n"),
            ("file:///a\u{1b}\\", "x\n"),
            (
                "file:///a",
                "\u{1b}]8;;file:///a\u{1b}\\x\u{1b}]8;;\u{1b}\\\n",
            ),
        ] {
            let text = screen(|out| writeln!(out, "\u{fdd9}{to}\u{fdda}x"));
            assert_eq!(text, seen);
        }
        assert_eq!(
            screen(|out| writeln!(out, "a\u{fddb}\u{fdd8}\u{fdda}b")),
            "a\\u{fddb}\\u{fdda}b\n"
        );
    }

    #[test]
    fn one_statement_writes_one_line() {
        let name = "a\nwarning: run this";
        let text = screen(|out| {
            writeln!(out, "error: {name}")?;
            write!(out, "Proceed? ")
        });
        assert_eq!(text, "error: a\n    warning: run this\nProceed? ");
    }

    #[test]
    fn characters_in_pieces_and_bytes_that_are_none() {
        let text = screen(|out| {
            for byte in "日本\n".bytes() {
                out.write_all(&[byte])?;
            }
            out.write_all(b"\xff\xc2\n")
        });
        assert_eq!(text, "日本\n\u{fffd}\u{fffd}\n");
    }
}
