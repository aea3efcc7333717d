//! The manifest that a script carries in itself, in any of the forms that people use.
//!
//! All text outside of the manifest is replaced by blanks, so that every place in it is the same place in the script.

mod later;
#[cfg(test)]
pub(crate) mod tests;

use std::ops::Range;

use toml_edit::{Document, DocumentMut};

use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;
use crate::script::frontmatter;
use crate::script::frontmatter::Frontmatter;

/// In which form a script carries its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It has none.
    None,
    /// Between lines of dashes at the top, as Cargo's own scripts have it.
    Frontmatter,
    /// In a code block named `cargo` of the crate's documentation, or of a documentation that is the first thing.
    CodeBlock,
    /// In a line `// cargo-deps: …`, in any case.
    DepsLine,
    /// In a comment that begins with `/*[toml]`.
    TomlComment,
}

impl Form {
    /// Whether it is one that rust-script reads.
    pub(crate) fn is_rust_scripts(self) -> bool {
        matches!(self, Self::CodeBlock | Self::DepsLine)
    }
}

/// The manifest that a script carries in itself.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// Its form.
    pub form: Form,
    /// Its content.
    pub table: DocumentMut,
    /// The part of the script that no compiler understands, in bytes: the frontmatter.
    pub foreign: Option<Range<usize>>,
    /// The lines of the script on which it stands, from 1; nothing where there is none.
    pub lines: Option<(usize, usize)>,
}

/// Where a manifest was found, and in what.
struct Found {
    form: Form,
    /// All of it, with what encloses it.
    whole: Range<usize>,
    /// The parts of the script that are TOML.
    parts: Vec<Range<usize>>,
}

/// Finds the manifest in a script. It stands before the first line of code, but for thag's.
///
/// # Errors
///
/// It has no end, it is no TOML, or there is a second one; with the place in the script.
pub fn find(text: &str) -> Result<Embedded, TomlProblem> {
    let mut all = leading(text)?;
    if all.is_empty() {
        all.extend(later::comment(text).map(|whole| Found {
            form: Form::TomlComment,
            parts: std::iter::once(whole.start + "/*[toml]".len()..whole.end - 2).collect(),
            whole,
        }));
    }
    let mut all = all.into_iter();
    let Some(found) = all.next() else {
        return Ok(Embedded {
            form: Form::None,
            table: DocumentMut::new(),
            foreign: None,
            lines: None,
        });
    };
    // Of its own forms rust-script takes the first one, and its users explain the second one in a comment; so does thag.
    let is_thags = |form| form == Form::TomlComment;
    if let Some(second) = all.find(|second| {
        !(found.form.is_rust_scripts() && second.form.is_rust_scripts()
            || is_thags(found.form) && is_thags(second.form))
    }) {
        let message = "expected one manifest in a script, found a second one".to_owned();
        return Err(toml_read::problem(text, Some(second.whole), message));
    }
    let table = match found.form {
        Form::DepsLine => dependencies(text, found.parts[0].clone())?,
        form => table(text, &blanked_but(text, &found.parts), form)?,
    };
    // In bytes: the last one of a manifest may be in the middle of a character.
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let last = found.whole.end.saturating_sub(1).max(found.whole.start);
    Ok(Embedded {
        form: found.form,
        table,
        lines: Some((line(found.whole.start), line(last))),
        foreign: (found.form == Form::Frontmatter).then_some(found.whole),
    })
}

/// A script with blanks for all but its manifest; nothing where it has none that is TOML as it stands there.
pub(super) fn toml(text: &str) -> Option<String> {
    let found = leading(text).ok()?.into_iter().next()?;
    (found.form != Form::DepsLine).then(|| blanked_but(text, &found.parts))
}

/// A text in which a part is blanks, with all lines and columns where they were.
#[must_use]
pub fn blanked(text: &str, part: &Range<usize>) -> String {
    blanked_but(text, &[0..part.start, part.end..text.len()])
}

/// A text of the same length in which all but some parts, which are sorted, is blanks.
fn blanked_but(text: &str, parts: &[Range<usize>]) -> String {
    let mut rest = parts.iter().peekable();
    let blank = |(at, byte): (usize, u8)| {
        while rest.next_if(|part| part.end <= at).is_some() {}
        let inside = rest.peek().is_some_and(|part| part.contains(&at));
        match byte {
            _ if inside => byte,
            b'\n' => byte,
            // One that stands alone ends no line, and TOML has none.
            b'\r' if text.as_bytes().get(at + 1) == Some(&b'\n') => byte,
            _ => b' ',
        }
    };
    let bytes = text.bytes().enumerate().map(blank).collect();
    // Parts begin and end between characters, so whole ones are replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

fn table(script: &str, toml: &str, form: Form) -> Result<DocumentMut, TomlProblem> {
    let document = Document::parse(toml).map_err(|error| {
        toml_read::problem(
            script,
            error.span(),
            format!("in the manifest: {}", error.message()),
        )
    })?;
    match frontmatter::forbidden(&document) {
        Some(mistake) if form == Form::Frontmatter => Err(toml_read::problem(
            script,
            Some(mistake.at),
            mistake.message,
        )),
        _ => Ok(document.into_mut()),
    }
}

/// Manifests before the first line of code, in their order.
fn leading(text: &str) -> Result<Vec<Found>, TomlProblem> {
    let problem =
        |at: usize, message: &str| toml_read::problem(text, Some(at..at), message.to_owned());
    let mut found = Vec::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    let is_shebang = |rest: &str| !rest.trim_start().starts_with('[');
    if text[at..].strip_prefix("#!").is_some_and(is_shebang) {
        at = line_end(text, at);
    }
    let top = frontmatter::find(text, at)
        .map_err(|mistake| toml_read::problem(text, Some(mistake.at), mistake.message))?;
    if let Some(Frontmatter { whole, inside }) = top {
        // For Cargo there is no other one: what looks so is documentation of the script.
        return Ok(vec![Found {
            form: Form::Frontmatter,
            whole,
            parts: vec![inside],
        }]);
    }
    let top = at;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        // An outer one documents the first item, and rust-script's users write it for the whole script.
        let is_first = found.is_empty() && text[top..at].trim_start().is_empty();
        let marker = ["//!", "///"]
            .into_iter()
            .find(|marker| rest.starts_with(marker));
        if let Some(marker) = marker.filter(|marker| *marker == "//!" || is_first) {
            let end = comment_end(text, at, marker);
            if let Some(block) = code_block(text, at..end).map_err(|at| {
                let message =
                    format!("expected the code block of the manifest to end with {marker} ```");
                problem(at, &message)
            })? {
                found.push(block);
            }
            at = end;
        } else if rest.starts_with("//") {
            let end = line_end(text, at);
            if let Some(list) = deps_line(&text[at + 2..end]) {
                let list = end - list.len()..end;
                found.push(Found {
                    form: Form::DepsLine,
                    whole: at..end,
                    parts: vec![list],
                });
            }
            at = end;
        } else if rest.starts_with("/*") {
            let end = block_end(rest)
                .ok_or_else(|| problem(at, "expected the comment to end with */"))?;
            let whole = at..at + end;
            let inside = at + 2..at + end - 2;
            if text[inside.clone()].starts_with("[toml]") {
                found.push(Found {
                    form: Form::TomlComment,
                    whole: whole.clone(),
                    parts: std::iter::once(inside.start + "[toml]".len()..inside.end).collect(),
                });
            } else if text[inside.clone()].starts_with('!') {
                let inside = inside.start + 1..inside.end;
                if let Some(block) = code_block(text, inside).map_err(|at| {
                    problem(
                        at,
                        "expected the code block of the manifest to end with ```",
                    )
                })? {
                    found.push(block);
                }
            }
            at = whole.end;
        } else if rest.starts_with("#![") {
            // An attribute of the crate; documentation may follow.
            at += rest.find(']').map_or(rest.len(), |end| end + 1);
        } else {
            return Ok(found);
        }
    }
}

/// The list in a comment `cargo-deps: …`.
fn deps_line(comment: &str) -> Option<&str> {
    const WORD: &str = "cargo-deps";
    let said = comment.trim_start();
    let word = said.get(..WORD.len())?;
    let list = said[WORD.len()..].trim_start().strip_prefix(':')?;
    word.eq_ignore_ascii_case(WORD).then_some(list)
}

/// Where a line ends, without what ends it.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// Where the lines of documentation end that begin here.
fn comment_end(text: &str, at: usize, marker: &str) -> usize {
    let mut end = line_end(text, at);
    loop {
        let rest = &text[end..];
        let next = rest.trim_start();
        // An empty line stands between two pieces of the same documentation.
        if !next.starts_with(marker) {
            return end;
        }
        end = line_end(text, end + rest.len() - next.len());
    }
}

/// The length of a comment that may have others in it.
fn block_end(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

/// The code block named `cargo` in documentation; the place where one begins that does not end.
fn code_block(text: &str, documentation: Range<usize>) -> Result<Option<Found>, usize> {
    let mut begun: Option<(usize, usize)> = None;
    let mut parts = Vec::new();
    let mut at = documentation.start;
    while at < documentation.end {
        let end = line_end(text, at).min(documentation.end);
        let line = &text[at..end];
        let said = line.trim_start();
        let said = said
            .strip_prefix("//!")
            .or_else(|| said.strip_prefix("///"))
            .unwrap_or(match said.strip_prefix('*') {
                // The margin that some put before each line of a comment.
                Some(said) if said.is_empty() || said.starts_with([' ', '\r']) => said,
                _ => said,
            });
        let start = end - said.len();
        let word = said.trim();
        match begun {
            None => {
                let fence = word.len() - word.trim_start_matches('`').len();
                if fence >= 3 && word[fence..].trim().eq_ignore_ascii_case("cargo") {
                    begun = Some((start + (said.len() - said.trim_start().len()), fence));
                }
            }
            Some((from, fence)) => {
                if word.len() >= fence && word.bytes().all(|byte| byte == b'`') {
                    return Ok(Some(Found {
                        form: Form::CodeBlock,
                        whole: from..end,
                        parts,
                    }));
                }
                parts.push(start..end);
            }
        }
        at = end + 1;
    }
    begun.map_or(Ok(None), |(from, _)| Err(from))
}

/// The dependencies that a line `// cargo-deps: …` names: `name`, `name="1"`, `name={ … }`, with commas between.
fn dependencies(text: &str, list: Range<usize>) -> Result<DocumentMut, TomlProblem> {
    let mut all = toml_edit::Table::new();
    for part in split(text, list) {
        let said = text[part.clone()].trim();
        if said.is_empty() {
            continue;
        }
        if said.contains('=') {
            let one = blanked_but(text, std::slice::from_ref(&part));
            let one = table(text, &one, Form::DepsLine)?;
            for (name, item) in one.iter() {
                all.insert(name, item.clone());
            }
        } else {
            let plain = said
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            if !plain {
                let start =
                    part.start + (text[part.clone()].len() - text[part.clone()].trim_start().len());
                let message = format!(
                    "expected the name of a crate, as in `// cargo-deps: regex=\"1\", rand`, found `{said}`"
                );
                return Err(toml_read::problem(text, Some(start..part.end), message));
            }
            all.insert(said, toml_edit::value("*"));
        }
    }
    let mut document = DocumentMut::new();
    document.insert("dependencies", toml_edit::Item::Table(all));
    Ok(document)
}

/// The parts of a list between its commas, but for those in texts, tables and lists.
fn split(text: &str, list: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), list.start, 0_i32, None);
    for (at, c) in text[list.clone()].char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            (None, ',') if depth <= 0 => {
                parts.push(start..list.start + at);
                start = list.start + at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..list.end);
    parts
}
