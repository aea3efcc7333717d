//! A manifest of thag's behind code: thag looks for it anywhere.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

use crate::script::nesting;
use crate::script::tokens::{plain, range};

/// How the comment begins.
const BEGIN: &str = "/*[toml]";

/// The comment, from its first to its last character. It begins a line, and stands in no text and no other comment.
pub(super) fn comment(text: &str) -> Option<Range<usize>> {
    let mut found = text.match_indices(BEGIN).map(|(at, _)| at).peekable();
    found.peek()?;
    let source = plain(text);
    let depth = nesting::depth(&source);
    let texts = depth.and_then(|depth| nesting::with_room(depth, || texts(&source)));
    let texts = texts.unwrap_or_default();
    found.find_map(|at| {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let begins = text[line..at].trim().is_empty();
        let inside = texts.iter().any(|range| range.contains(&at));
        let end = text[at..].find("*/").map(|end| at + end + 2);
        end.filter(|_| begins && !inside).map(|end| at..end)
    })
}

/// Where literals and documentation stand.
fn texts(source: &str) -> Vec<Range<usize>> {
    fn collect(tokens: TokenStream, all: &mut Vec<Range<usize>>) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => collect(group.stream(), all),
                TokenTree::Literal(_) => all.push(range(&tree)),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let mut all = Vec::new();
    collect(source.parse().unwrap_or_default(), &mut all);
    all
}
