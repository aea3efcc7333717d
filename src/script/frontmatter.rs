//! Cargo's frontmatter: a manifest between two lines of dashes at the top of a script.
//!
//! Cargo decides its form, its keys, and the words of each mistake. Source:
//! `src/util/frontmatter.rs` and `src/workspace/parser/{embedded,mod}.rs` of Cargo 1.101.

use std::ops::Range;

use toml_edit::{Document, TableLike};

/// Where a frontmatter stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frontmatter {
    /// All of it, without the end of its last line.
    pub(super) whole: Range<usize>,
    /// The manifest.
    pub(super) inside: Range<usize>,
}

/// A mistake, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) message: String,
}

/// The most dashes of a line.
const MOST: usize = 255;

/// Finds a frontmatter that begins at a place or after empty lines. Nothing where the text goes on with something else: a
/// line that begins with one dash or two is taken for code, unless there is nothing else in it.
pub(super) fn find(text: &str, from: usize) -> Result<Option<Frontmatter>, Mistake> {
    let mistake = |at: Range<usize>, message: String| Err(Mistake { at, message });
    let start = from + empty_lines(&text[from..]);
    let dashes = dashes(&text[start..]);
    let open_end = start + dashes;
    let line_end = text[open_end..].find('\n').map(|end| open_end + end);
    let info = text[open_end..line_end.unwrap_or(text.len())].trim_end_matches('\r');
    let info_start = open_end + (info.len() - info.trim_start_matches(is_blank).len());
    let info = info.trim_matches(is_blank);
    if dashes == 0 || (dashes < 3 && !matches!(info, "" | "cargo")) {
        return Ok(None);
    }
    let fence = &text[start..open_end];
    if dashes < 3 {
        let message = format!("found {dashes} `-` in rust frontmatter, expected at least 3");
        return mistake(end_of(text), message);
    }
    if dashes > MOST {
        let message = format!(
            "too many `-` symbols: frontmatter openings may be delimited by up to {MOST} `-` symbols, but found {dashes}"
        );
        return mistake(start..open_end, message);
    }
    let unclosed = || mistake(end_of(text), unclosed(fence));
    let Some(line_end) = line_end else {
        return unclosed();
    };
    let begins_line = |with: &str| {
        let found = text[line_end..].find(&format!("\n{with}"));
        found.map(|at| line_end + at + 1)
    };
    let Some(close) = begins_line(fence) else {
        let shorter = (1..dashes)
            .rev()
            .find_map(|few| Some((begins_line(&fence[..few])?, few)));
        let Some((at, few)) = shorter else {
            return unclosed();
        };
        let less = dashes - few;
        let message = format!("closing code fence has {less} less `-` than the opening fence");
        return mistake(at..at + few, message);
    };
    let end = close + dashes;
    let close_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let after = &text[end..close_end];
    let more = self::dashes(after);
    if more > 0 {
        let message = format!("closing code fence has {more} more `-` than the opening fence");
        return mistake(end..end + more, message);
    }
    let after = after.trim_end_matches('\r');
    if !after.trim_matches(is_blank).is_empty() {
        let at = end + (after.len() - after.trim_start_matches(is_blank).len());
        let message = "unexpected characters after frontmatter close".to_owned();
        return mistake(at..close_end, message);
    }
    let rest = (close_end + 1).min(text.len());
    let second = rest + empty_lines(&text[rest..]);
    let of_second = self::dashes(&text[second..]);
    if of_second >= 3 {
        let message = "only one frontmatter is supported".to_owned();
        return mistake(second..second + of_second, message);
    }
    if !matches!(info, "" | "cargo") {
        let message = match info.strip_prefix("cargo,") {
            Some(attributes) => {
                format!("unsupported frontmatter infostring attributes: `{attributes}`")
            }
            None => format!(
                "unsupported frontmatter infostring `{info}`; specify `cargo` for embedding a manifest"
            ),
        };
        return mistake(info_start..info_start + info.len(), message);
    }
    Ok(Some(Frontmatter {
        whole: start..end + after.len(),
        inside: line_end + 1..close,
    }))
}

/// Where a text ends, in its last line.
fn end_of(text: &str) -> Range<usize> {
    let end = text.strip_suffix('\n').unwrap_or(text).len();
    end..end
}

fn unclosed(fence: &str) -> String {
    format!("unclosed frontmatter; expected `{fence}`")
}

fn dashes(text: &str) -> usize {
    text.len() - text.trim_start_matches('-').len()
}

/// How many bytes a text begins with that are lines with nothing but white space.
fn empty_lines(text: &str) -> usize {
    let end = text.len() - text.trim_start_matches(is_space).len();
    text[..end].rfind('\n').map_or(0, |at| at + 1)
}

/// White space as Rust has it.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n'
            | '\u{b}'
            | '\u{c}'
            | '\r'
            | ' '
            | '\u{85}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
    )
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | ' ')
}

/// The keys of a manifest that a frontmatter cannot have: a script is one program, without anything beside it.
const FORBIDDEN: [&str; 8] = [
    "workspace",
    "lib",
    "bin",
    "example",
    "test",
    "bench",
    "build-dependencies",
    "build_dependencies",
];

/// The keys of a package that it cannot have.
const FORBIDDEN_OF_PACKAGE: [&str; 10] = [
    "workspace",
    "build",
    "metabuild",
    "links",
    "autolib",
    "autobins",
    "autoexamples",
    "autotests",
    "autobenches",
    "default-run",
];

/// The first thing in a manifest that a frontmatter cannot have.
pub(super) fn forbidden<S: AsRef<str>>(manifest: &Document<S>) -> Option<Mistake> {
    let root = manifest.as_table();
    let package = root.get("package").and_then(|item| item.as_table_like());
    let of_package = FORBIDDEN_OF_PACKAGE.iter().filter_map(|key| {
        let at = key_in(package?, key)?;
        Some((format!("package.{key}"), at))
    });
    let all = FORBIDDEN
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), key_in(root, key)?)));
    let (names, places): (Vec<String>, Vec<Range<usize>>) = all
        .chain(of_package)
        .map(|(name, at)| (format!("`{name}`"), at))
        .unzip();
    let at = places.into_iter().min_by_key(|at| at.start)?;
    let are = if names.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {are} not allowed in embedded manifests",
        names.join(", ")
    );
    Some(Mistake { at, message })
}

/// Where a key stands; at the beginning, if the reader does not know.
fn key_in(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(key)?;
    Some(key.span().or_else(|| item.span()).unwrap_or(0..0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_stands() {
        for (text, whole, inside) in [
            (
                "---\na = 1\n---\nfn main() {}",
                "---\na = 1\n---",
                "a = 1\n",
            ),
            ("---\n---", "---\n---", ""),
            (
                "\n \t\n--- \tcargo\t \r\n---\t \r\nx",
                "--- \tcargo\t \r\n---\t ",
                "",
            ),
            (
                "-----\n---\nb---\n-----\n",
                "-----\n---\nb---\n-----",
                "---\nb---\n",
            ),
            ("---\n ---\n---\n-1", "---\n ---\n---", " ---\n"),
            ("\u{2028}\u{200e}\n---\n---\n", "---\n---", ""),
        ] {
            let found = find(text, 0).expect(text).expect(text);
            assert_eq!(&text[found.whole], whole, "{text:?}");
            assert_eq!(&text[found.inside], inside, "{text:?}");
        }
        for text in [
            "",
            "x",
            " ---\n---\n",
            "\n  ---\n---\n",
            "\u{a0}\n---\n",
            "-5\n",
            "--x;\n",
            "#![a]\n---\n---\n",
        ] {
            assert_eq!(find(text, 0), Ok(None), "{text:?}");
        }
        let longest = "-".repeat(MOST);
        assert!(find(&format!("{longest}\n{longest}\n"), 0).is_ok());
    }

    #[test]
    fn mistakes_are_cargos() {
        let longest = "-".repeat(MOST + 1);
        for (text, at, word) in [
            ("--\na\n--\nfn", 10, "found 2 `-`"),
            ("-\n", 1, "found 1 `-`"),
            ("---", 3, "expected `---`"),
            ("---\n[a]\n", 7, "unclosed frontmatter; expected `---`"),
            ("----\n[a]\n--\nfn", 9, "has 2 less `-`"),
            ("---\n-\u{2502}\n", 4, "has 2 less `-`"),
            ("---\na\n----\n", 9, "has 1 more `-`"),
            ("---\n-----\n---\n", 7, "has 2 more `-`"),
            ("---\n--- x\n", 8, "unexpected characters"),
            ("---\n---\n\n---\n---\n", 9, "only one frontmatter"),
            ("--- rust\n---\n", 4, "infostring `rust`"),
            ("---cargo,x\n---\n", 3, "attributes: `x`"),
            (longest.as_str(), 0, "too many"),
        ] {
            let mistake = find(text, 0).expect_err(text);
            assert!(mistake.message.contains(word), "{text:?}: {mistake:?}");
            assert_eq!(mistake.at.start, at, "{text:?}: {mistake:?}");
        }
    }

    #[test]
    fn what_a_script_cannot_have() {
        let forbidden = |text: &str| {
            let manifest = Document::parse(text.to_owned()).expect("TOML");
            super::forbidden(&manifest).map(|mistake| (mistake.at.start, mistake.message))
        };
        assert_eq!(
            forbidden("[package]\nname = 'a'\n[features]\nx = []\n"),
            None
        );
        let said =
            |at, words: &str| Some((at, format!("{words} not allowed in embedded manifests")));
        assert_eq!(forbidden("\n[workspace]\n"), said(2, "`workspace` is"));
        assert_eq!(forbidden("a = 1\n[[bin]]\nname = 'a'"), said(8, "`bin` is"));
        assert_eq!(
            forbidden("package.build = 'b'\n[lib]\n"),
            said(8, "`lib`, `package.build` are")
        );
        for key in FORBIDDEN_OF_PACKAGE {
            let text = format!("[package]\n{key} = 'x'\n");
            assert_eq!(forbidden(&text), said(10, &format!("`package.{key}` is")));
        }
    }
}
