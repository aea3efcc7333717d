//! Words that mean something in every script, and crates that need a feature.

/// The crates that the compiler brings, and the word for this crate: names under them are not looked up.
pub(super) const BUILT_IN: [&str; 6] = ["std", "core", "alloc", "proc_macro", "test", "crate"];

/// Types that everything knows; `str::from_utf8` has no crate.
pub(super) const PRIMITIVE: [&str; 19] = [
    "bool", "char", "f128", "f16", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str",
    "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Words of the language that may stand before a path that begins with `::`, and are none of it.
pub(super) const KEYWORDS: [&str; 32] = [
    "as", "async", "await", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "static", "unsafe", "use", "where", "while", "yield",
];

/// Words that begin a path in the script itself.
pub(super) const HERE: [&str; 4] = ["self", "Self", "super", "crate"];

/// Whose attributes need no crate.
pub(super) const TOOLS: [&str; 6] = [
    "clippy",
    "diagnostic",
    "miri",
    "rust_analyzer",
    "rustdoc",
    "rustfmt",
];

/// Modules that `use std::*` brings into reach.
pub(super) const STD_MODULES: [&str; 46] = [
    "alloc",
    "any",
    "arch",
    "array",
    "ascii",
    "backtrace",
    "borrow",
    "boxed",
    "cell",
    "char",
    "clone",
    "cmp",
    "collections",
    "convert",
    "default",
    "env",
    "error",
    "f32",
    "f64",
    "ffi",
    "fmt",
    "fs",
    "future",
    "hash",
    "hint",
    "io",
    "iter",
    "marker",
    "mem",
    "net",
    "num",
    "ops",
    "option",
    "os",
    "panic",
    "path",
    "pin",
    "prelude",
    "process",
    "ptr",
    "rc",
    "result",
    "string",
    "sync",
    "thread",
    "time",
];

/// Crates that have the name of a module of the standard library, and that scripts use. A path that begins with the name of any
/// other such module lacks its import.
pub(super) const NAMED_AS_MODULES: [&str; 4] = ["ascii", "backtrace", "num", "time"];

/// Modules of the standard library that are no crates for thag, and `io`, which it imports into snippets.
///
/// Source: `FILTER_WORDS` in `src/ast.rs` and `BUILT_IN_CRATES` in `src/lib.rs` of thag_rs 1.1.
pub(super) const THAG_MODULES: [&str; 5] = ["collections", "error", "fmt", "fs", "io"];

/// Macros whose input is no part of this program, but text, or code for another program.
pub(super) const QUOTING: [&str; 5] = [
    "parse_quote",
    "parse_quote_spanned",
    "quote",
    "quote_spanned",
    "stringify",
];

/// Crates whose derives are in a feature that is off by default.
///
/// A table, since nothing but their own manifests says so, and these are not here when a script is read. Crates that
/// are not in it either have their derives without a feature, as thiserror, or are seldom used.
pub(super) const DERIVES: [(&str, &str); 10] = [
    ("arbitrary", "derive"),
    ("borsh", "derive"),
    ("bytemuck", "derive"),
    ("clap", "derive"),
    ("minicbor", "derive"),
    ("serde", "derive"),
    ("strum", "derive"),
    ("validator", "derive"),
    ("zerocopy", "derive"),
    ("zeroize", "derive"),
];

/// Crates that are of next to no use without a feature.
pub(super) const ALWAYS: [(&str, &str); 1] = [("tokio", "full")];
