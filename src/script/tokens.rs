//! The words of a script.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

/// A script without what the compiler takes no notice of, at the same places: blanks stand for a byte order mark and a
/// shebang.
pub(super) fn plain(text: &str) -> String {
    let end = shebang(text).map_or(mark(text), |line| line.end);
    " ".repeat(end) + &text[end..]
}

/// How many bytes a byte order mark takes.
pub(super) fn mark(text: &str) -> usize {
    text.len() - text.trim_start_matches('\u{feff}').len()
}

/// The shebang, without its line's end: a first line with `#!` that does not begin an attribute.
///
/// Source: `strip_shebang` in `compiler/rustc_lexer/src/lib.rs` of rustc.
pub(super) fn shebang(text: &str) -> Option<Range<usize>> {
    let start = mark(text);
    let after = text[start..].strip_prefix("#!")?;
    let end = after.lines().next().map_or(0, str::len);
    (!skip_comments(after).starts_with('[')).then_some(start..start + 2 + end)
}

/// The text after white space and comments that document nothing.
fn skip_comments(mut text: &str) -> &str {
    let documents = |text: &str| {
        ["///", "//!", "/**", "/*!"]
            .iter()
            .any(|begin| text.starts_with(begin))
    };
    loop {
        text = text.trim_start();
        if documents(text) {
            return text;
        } else if text.starts_with("//") {
            text = text.split_once('\n').map_or("", |(_, next)| next);
        } else if let Some(inside) = text.strip_prefix("/*") {
            text = skip_block(inside);
        } else {
            return text;
        }
    }
}

/// The text after a block comment, which may hold others. The given text begins inside the comment.
fn skip_block(mut text: &str) -> &str {
    let mut depth = 1;
    while let Some(at) = text.find(['*', '/']) {
        let (piece, step) = match text.get(at..at + 2) {
            Some("/*") => (1, 2),
            Some("*/") => (-1, 2),
            _ => (0, 1),
        };
        depth += piece;
        text = &text[at + step..];
        if depth == 0 {
            return text;
        }
    }
    ""
}

/// Whether a token is this word.
pub(super) fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

/// Whether a token is this character.
pub(super) fn is_punct(tree: &TokenTree, char: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// Whether this word stands anywhere in some tokens.
pub(super) fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => has_word(group.stream(), word),
        tree => is_ident(&tree, word),
    })
}

/// Where a token stands, in bytes.
pub(super) fn range(tree: &TokenTree) -> Range<usize> {
    tree.span().byte_range()
}
