//! Text that others wrote: names of files, branches and packages, values of configurations, messages of git and Cargo.
//!
//! A clone brings such text with it, and a terminal obeys some of it: it sets titles, fills the clipboard, moves the
//! cursor over earlier output. Three things keep that away, and each holds without the others:
//!
//! - [`shown`] is how one name is shown, on one line. Paths and cells of tables go through it, and so their width is
//!   known: nothing is left in them that takes no column, or moves.
//! - The screen of [`report`](crate::term) is the only way to the terminal. It writes no character for which
//!   [`is_unsafe`] holds, whichever module asks. Colours and links get there as marks that only mean something to it,
//!   not as escapes. The worst that raw text can do there is to be bold.
//! - One statement writes one line: a line end in what it is given does not lead to the margin.

pub(crate) mod failure;
pub(crate) mod shell;

use std::borrow::Cow;
use std::fmt::Write as _;

/// Marks by which the reports have something in bold and the like, and the screen knows where a link begins and ends.
/// Unicode keeps these for use inside of one program, and so no text has them.
pub(crate) mod marks {
    /// The first that begins a style; there are some behind it.
    pub(crate) const STYLES: char = '\u{fdd0}';
    /// Ends a style.
    pub(crate) const PLAIN: char = '\u{fdd8}';
    /// Begins a link; what follows is where it leads.
    pub(crate) const LINK: char = '\u{fdd9}';
    /// Ends where a link leads; what follows is what is seen of it.
    pub(crate) const TO: char = '\u{fdda}';
    /// Ends a link.
    pub(crate) const UNLINK: char = '\u{fddb}';
}

/// Characters that a terminal obeys, that put others in another order, or that are not seen.
///
/// Source: the Unicode character database, `Bidi_Control` and `Default_Ignorable_Code_Point`, and the noncharacters.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Text as it is shown on one line. Text that was shown already is not changed.
#[must_use]
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_unsafe) else {
        return text.into();
    };
    let (before, rest) = text.split_at(first);
    let mut all = before.to_owned();
    for c in rest.chars() {
        put(&mut all, c);
    }
    all.into()
}

/// Adds a character as it is shown.
pub(crate) fn put(line: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' => line.extend(c.escape_default()),
        c if is_unsafe(c) => line.extend(c.escape_unicode()),
        c => line.push(c),
    }
}

/// Messages of a compiler, of several lines: of escapes only those stay that set colours.
#[must_use]
pub(crate) fn coloured(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let sets_colour = rest.strip_prefix("\u{1b}[").and_then(|tail| {
            let end = tail.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
            tail[end..].starts_with('m').then_some(end + 3)
        });
        match (sets_colour, c) {
            (Some(length), _) => all.push_str(&rest[..length]),
            (None, '\n' | '\t') => all.push(c),
            (None, c) => put(&mut all, c),
        }
        rest = &rest[sets_colour.unwrap_or(c.len_utf8())..];
    }
    all
}

/// A JSON document in which what is unsafe is written as JSON's own escapes, so that it means the same.
#[must_use]
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| is_unsafe(c) && c != '\n';
    if !document.contains(is_unsafe) {
        return document.into();
    }
    let mut all = String::with_capacity(document.len());
    for c in document.chars() {
        match is_unsafe(c) {
            true => all.push_str(&json_escape(c)),
            false => all.push(c),
        }
    }
    all.into()
}

/// A character as JSON can also write it.
#[must_use]
pub(crate) fn json_escape(c: char) -> String {
    let mut all = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(all, "\\u{unit:04x}");
    }
    all
}

/// A text whose addresses have neither a user nor what follows a `?`: signatures stand there.
#[must_use]
pub(crate) fn without_credentials(text: &str) -> String {
    let mut rest = text;
    let mut clean = String::new();
    while let Some((before, after)) = rest.split_once("://") {
        let end = after
            .find(|c: char| c.is_whitespace() || "\"'`()<>,".contains(c))
            .unwrap_or(after.len());
        let (address, beyond) = after.split_at(end);
        let address = address.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = match address.find('/') {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        // A password may have a `/` in it that is not escaped.
        let path = path.rsplit('@').next().unwrap_or_default();
        clean.extend([before, "://", host, path]);
        rest = beyond;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_and_the_rest_is_as_it_is() {
        for (text, seen) in [
            ("src/größe 日本 \\x.rs", "src/größe 日本 \\x.rs"),
            ("e\u{301}", "e\u{301}"),
            ("\u{1b}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{fdd0}bold\u{e0041}", "\\u{fdd0}bold\\u{e0041}"),
        ] {
            assert_eq!(shown(text), seen);
            assert_eq!(shown(&shown(text)), seen);
        }
    }

    /// Else the columns of tables would not line up.
    #[test]
    fn each_character_that_is_shown_has_its_width() {
        let all = ('\0'..=char::MAX).filter(|c| !is_unsafe(*c));
        let unseen = |c: &char| c.to_string().width() == 0;
        // Characters that stand on the letter before them.
        let few = all.filter(unseen).filter(|c| !c.is_alphanumeric()).count();
        assert!(few < 2500, "{few}");
        assert!(!is_unsafe('\u{301}') && !is_unsafe('\u{1f980}'));
    }

    #[test]
    fn messages_of_a_compiler_keep_their_colours_alone() {
        let text =
            "\u{1b}[0m\u{1b}[1;38;5;9merror\u{1b}[m:\tx\n\u{1b}]0;t\u{7}\u{1b}[2J\u{1b}[\u{1b}[31";
        let kept = "\u{1b}[0m\u{1b}[1;38;5;9merror\u{1b}[m:\tx\n\\u{1b}]0;t\\u{7}\\u{1b}[2J\\u{1b}[\\u{1b}[31";
        assert_eq!(coloured(text), kept);
    }

    #[test]
    fn documents_mean_the_same() {
        let names = ["\u{9b}\u{7f}\u{1b}", "\u{202e}", "\u{e0041}", "ü\n"];
        let plain = serde_json::to_string_pretty(&names).expect("a document");
        let safe = json(&plain);
        assert!(!safe.chars().any(|c| is_unsafe(c) && c != '\n'), "{safe}");
        let read: Vec<String> = serde_json::from_str(&safe).expect("a document");
        assert_eq!(read, names);
        assert!(matches!(json("{\n}"), Cow::Borrowed(_)));
    }
}
