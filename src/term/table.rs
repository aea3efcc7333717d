//! Aligned columns.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::term::view::{COLUMN, Style};
use crate::text::{marks, shown};

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of text that is aligned by column.
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    /// Where the last cell of a row leads, as a link for terminals that know such.
    links: BTreeMap<usize, String>,
}

const GAP: usize = 2;
const INDENT: usize = 2;

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
            links: BTreeMap::new(),
        }
    }

    /// Adds a row whose last cell leads somewhere.
    pub(crate) fn linked_row(&mut self, cells: Vec<String>, link: Option<String>) {
        self.links.extend(link.map(|link| (self.rows.len(), link)));
        self.row(cells);
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        let cells = cells.iter().map(|cell| shown(cell).into_owned());
        self.rows.push(cells.collect());
    }

    pub(crate) fn write(&self, out: &mut dyn Write, width: Option<usize>) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut widths: Vec<usize> = self.columns.iter().map(|(name, _)| name.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(width) = width {
            self.fit(&mut widths, width);
        }
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        self.line(out, &names, &widths, Some(COLUMN), None)?;
        for (at, row) in self.rows.iter().enumerate() {
            self.line(out, row, &widths, None, self.links.get(&at))?;
        }
        Ok(())
    }

    /// Writes the table as GitHub shows it in a job summary; nothing without rows. Names are text there and nothing else.
    pub(crate) fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let names = self.columns.iter().map(|(name, _)| {
            let (first, rest) = name.split_at(1);
            format!("{first}{}", rest.to_lowercase())
        });
        markdown_row(out, names)?;
        let sides = self.columns.iter().map(|(_, align)| match align {
            Align::Left => ":--".to_owned(),
            Align::Right => "--:".to_owned(),
        });
        markdown_row(out, sides)?;
        for row in &self.rows {
            markdown_row(out, row.iter().map(|cell| markdown(cell)))?;
        }
        Ok(())
    }

    /// Narrows the widest columns of text until a line fits, as far as they can still be read.
    fn fit(&self, widths: &mut [usize], width: usize) {
        const READABLE: usize = 16;
        let gaps = INDENT + GAP * (widths.len() - 1);
        while gaps + widths.iter().sum::<usize>() > width {
            let text = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(_, (_, align))| *align == Align::Left);
            match text.map(|(width, _)| width).max_by_key(|width| **width) {
                Some(widest) if *widest > READABLE => *widest -= 1,
                _ => break,
            }
        }
    }

    fn line(
        &self,
        out: &mut dyn Write,
        cells: &[String],
        widths: &[usize],
        style: Option<Style>,
        link: Option<&String>,
    ) -> io::Result<()> {
        let mut line = " ".repeat(INDENT);
        for (at, ((cell, width), (_, align))) in
            cells.iter().zip(widths).zip(&self.columns).enumerate()
        {
            if at > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let cell = shorten(cell, *width);
            let padding = " ".repeat(width - cell.width().min(*width));
            let cell = match link.filter(|_| at + 1 == cells.len()) {
                Some(link) => format!("{}{link}{}{cell}{}", marks::LINK, marks::TO, marks::UNLINK),
                None => cell,
            };
            match align {
                Align::Left => line.push_str(&(cell + &padding)),
                Align::Right => line.push_str(&(padding + &cell)),
            }
        }
        match style {
            Some(style) => writeln!(out, "{style}{}{style:#}", line.trim_end()),
            None => writeln!(out, "{}", line.trim_end()),
        }
    }
}

fn markdown_row(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let cells: Vec<String> = cells.collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Text in Markdown that shows as it is: on one line, and no character of it ends a cell or begins a code, a link, a tag or a
/// formula.
///
/// Source: the GitHub Flavored Markdown specification, on backslash escapes and on tables; GitHub's documentation on
/// mathematical expressions.
#[must_use]
pub(crate) fn markdown(text: &str) -> String {
    let text = shown(text);
    let mut all = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // Within a word it means nothing, and many names have it.
        let in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
        let means = match c {
            '_' => !(before.is_alphanumeric() && in_word(rest.peek())),
            c => "\\`*[]<>|~$&".contains(c),
        };
        if means {
            all.push('\\');
        }
        all.push(c);
        before = c;
    }
    all
}

/// Takes the middle out of what is too long, since both ends of a path say most.
fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let tail_room = room - room / 3;
    let mut head = String::new();
    for c in text.chars() {
        if head.width() + c.width().unwrap_or(0) > room / 3 {
            break;
        }
        head.push(c);
    }
    let mut tail: Vec<char> = Vec::new();
    let mut used = 0;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > tail_room {
            break;
        }
        tail.push(c);
    }
    head + "…" + &tail.into_iter().rev().collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Screen;

    /// A table as it comes to the terminal, without colours and links.
    fn on_screen(table: &Table, width: Option<usize>) -> (String, String) {
        let mut out = Vec::new();
        table
            .write(&mut Screen::new(&mut out), width)
            .expect("written");
        let text = String::from_utf8(out).expect("text");
        let plain = anstream::adapter::strip_str(&text).to_string();
        (text, plain)
    }

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut table = Table::new(&[("SIZE", Align::Right), ("FOLDER", Align::Left)]);
        table.row(vec!["1 B".into(), "a".into()]);
        table.row(vec!["12 GiB".into(), "日本".into()]);
        let (_, plain) = on_screen(&table, None);
        assert_eq!(plain, "    SIZE  FOLDER\n     1 B  a\n  12 GiB  日本\n");
    }

    #[test]
    fn links_take_no_room() {
        let mut table = Table::new(&[("FOLDER", Align::Left)]);
        table.linked_row(vec!["a".into()], Some("file:///a".into()));
        let (text, plain) = on_screen(&table, Some(80));
        assert!(
            text.contains("\u{1b}]8;;file:///a\u{1b}\\a\u{1b}]8;;\u{1b}\\"),
            "{text:?}"
        );
        assert_eq!(plain.trim_end(), "  FOLDER\n  a");
    }

    /// Names with a carriage return, a tab, an escape, of ten thousand characters, of wide ones, and of such that are not seen.
    #[test]
    fn columns_line_up_whatever_the_names_are() {
        let long = "x".repeat(10_000);
        let wide = "日".repeat(10_000);
        let names = [
            "a",
            "a\rb",
            "\t\t",
            "\u{1b}[31mred",
            &long,
            &wide,
            "a\u{200b}b\u{202e}c",
            "e\u{301}",
        ];
        let columns = [
            ("SIZE", Align::Right),
            ("NAME", Align::Left),
            ("END", Align::Left),
        ];
        let mut table = Table::new(&columns);
        for name in names {
            table.row(vec!["1 B".into(), name.into(), "|".into()]);
        }
        let (_, plain) = on_screen(&table, Some(80));
        let ends = plain.lines().skip(1).map(|line| {
            let (before, _) = line.rsplit_once('|').expect("its last column");
            before.width()
        });
        let ends: Vec<usize> = ends.collect();
        assert_eq!(ends.len(), names.len());
        assert!(
            ends.iter().all(|end| *end == ends[0] && *end < 80),
            "{ends:?}\n{plain}"
        );
    }

    #[test]
    fn markdown_shows_names_as_they_are() {
        for (text, written) in [
            ("target/my_crate-1.0", "target/my_crate-1.0"),
            ("_a_", "\\_a\\_"),
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("`rm`", "\\`rm\\`"),
            ("<b>&lt;", "\\<b\\>\\&lt;"),
            ("[x](y) *z* ~/a $q$", "\\[x\\](y) \\*z\\* \\~/a \\$q\\$"),
            ("a\nb\u{1b}c", "a\\\\nb\\\\u{1b}c"),
        ] {
            assert_eq!(markdown(text), written);
        }
        let mut table = Table::new(&[("ON DISK", Align::Right), ("WHY", Align::Left)]);
        table.row(vec!["1 B".into(), "a|b".into()]);
        let mut out = Vec::new();
        table.write_markdown(&mut out).expect("written");
        let written = String::from_utf8(out).expect("text");
        assert_eq!(
            written,
            "| On disk | Why |\n| --: | :-- |\n| 1 B | a\\|b |\n"
        );
    }

    #[test]
    fn the_middle_goes_first() {
        assert_eq!(shorten("/a/very/long/path/target", 12), "/a/…h/target");
        assert_eq!(shorten("日本語日本語", 7), "日…本語");
        assert_eq!(shorten("short", 5), "short");
    }
}
