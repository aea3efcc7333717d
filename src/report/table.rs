//! Aligned columns.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of text that is aligned by column.
pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    /// Where the last cell of a row leads, as a link for terminals that know such.
    links: BTreeMap<usize, String>,
}

const GAP: usize = 2;
const INDENT: usize = 2;
const HEADING: Style = Style::new().dimmed();

impl Table {
    pub(super) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
            links: BTreeMap::new(),
        }
    }

    /// Adds a row whose last cell leads somewhere.
    pub(super) fn linked_row(&mut self, cells: Vec<String>, link: Option<String>) {
        self.links.extend(link.map(|link| (self.rows.len(), link)));
        self.row(cells);
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    pub(super) fn write(&self, out: &mut dyn Write, width: Option<usize>) -> io::Result<()> {
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
        self.line(out, &names, &widths, Some(HEADING), None)?;
        for (at, row) in self.rows.iter().enumerate() {
            self.line(out, row, &widths, None, self.links.get(&at))?;
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
                Some(link) => format!("\u{1b}]8;;{link}\u{1b}\\{cell}\u{1b}]8;;\u{1b}\\"),
                None => cell,
            };
            match align {
                Align::Left => line.push_str(&(cell + &padding)),
                Align::Right => line.push_str(&(padding + &cell)),
            }
        }
        let style = style.unwrap_or_default();
        writeln!(out, "{style}{}{style:#}", line.trim_end())
    }
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

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut table = Table::new(&[("SIZE", Align::Right), ("FOLDER", Align::Left)]);
        table.row(vec!["1 B".into(), "a".into()]);
        table.row(vec!["12 GiB".into(), "日本".into()]);
        let mut out = Vec::new();
        table.write(&mut out, None).expect("written");
        let text =
            anstream::adapter::strip_str(std::str::from_utf8(&out).expect("text")).to_string();
        assert_eq!(text, "    SIZE  FOLDER\n     1 B  a\n  12 GiB  日本\n");
    }

    #[test]
    fn links_take_no_room() {
        let mut table = Table::new(&[("FOLDER", Align::Left)]);
        table.linked_row(vec!["a".into()], Some("file:///a".into()));
        let mut out = Vec::new();
        table.write(&mut out, Some(80)).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert!(
            text.contains("\u{1b}]8;;file:///a\u{1b}\\a\u{1b}]8;;\u{1b}\\"),
            "{text:?}"
        );
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain.trim_end(), "  FOLDER\n  a");
    }

    #[test]
    fn the_middle_goes_first() {
        assert_eq!(shorten("/a/very/long/path/target", 12), "/a/…h/target");
        assert_eq!(shorten("日本語日本語", 7), "日…本語");
        assert_eq!(shorten("short", 5), "short");
    }
}
