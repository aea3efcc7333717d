//! Room for texts that nest deeply: the parser calls itself for each bracket.

use std::thread;

use proc_macro2::{TokenStream, TokenTree};

/// Stack that a level of nesting takes at most, in bytes. Without optimisation frames are several times as large.
const LEVEL: usize = if cfg!(debug_assertions) {
    192 << 10
} else {
    64 << 10
};

/// Depth up to which the stack of the thread that asks is enough: nearly all texts.
const SHALLOW: usize = 16;

/// The least stack that is reserved for others, in bytes.
const LEAST: usize = 8 << 20;

/// The most stack that is reserved, in bytes. Only as much is used as is needed.
const MOST: usize = 1 << 30;

/// Depth of the brackets in a text; nothing if they do not match.
pub(crate) fn depth(text: &str) -> Option<usize> {
    // Neither this parser nor this loop calls itself.
    let tokens: TokenStream = text.parse().ok()?;
    let (mut open, mut deepest) = (vec![tokens.into_iter()], 0);
    while let Some(last) = open.last_mut() {
        match last.next() {
            Some(TokenTree::Group(group)) => {
                open.push(group.stream().into_iter());
                deepest = deepest.max(open.len() - 1);
            }
            Some(_) => {}
            None => {
                open.pop();
            }
        }
    }
    Some(deepest)
}

/// Runs what parses a text of this depth, with stack enough. Returns nothing where the text is too deep, or where the system
/// gives no such stack.
pub(crate) fn with_room<T: Send>(depth: usize, parse: impl FnOnce() -> T + Send) -> Option<T> {
    if depth <= SHALLOW {
        return Some(parse());
    }
    let stack = depth.checked_mul(LEVEL)?.max(LEAST);
    if stack > MOST {
        return None;
    }
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(stack);
        let parser = parser.spawn_scoped(scope, parse).ok()?;
        parser.join().ok()
    })
}

/// Stack for rustc, in bytes, where its usual one may be too small for a text of this depth.
pub(crate) fn of_compiler(depth: usize) -> Option<usize> {
    /// Bytes for each level, with room to spare.
    const LEVEL: usize = 64 << 10;
    /// Levels for which the usual stack of 8 MiB is enough.
    const FINE: usize = 100;
    (depth > FINE).then(|| depth.saturating_mul(LEVEL).clamp(16 << 20, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_and_nothing_else() {
        for (text, expected) in [
            ("", Some(0)),
            ("a(b[c]{d})(e)", Some(2)),
            ("\"(((\" '(' // (((\n /* ((( */ ()", Some(1)),
            ("(", None),
        ] {
            assert_eq!(depth(text), expected, "{text}");
        }
        let deep = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(depth(&deep), Some(100_000));
        assert_eq!(with_room(100_000_000, || 1), None);
        assert_eq!(with_room(5_000, || 1), Some(1));
    }
}
