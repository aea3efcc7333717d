//! Makes the text that the compiler gets in place of a script: the script's own text, made a program if it is none
//! yet.
//!
//! The text is read only to learn where things are; what changes is spliced in. So each line stays the line that it
//! was, and where a column moves is noted, such that what the compiler says can be told of the script.

mod expression;
mod paths;
#[cfg(test)]
mod tests;
mod thag;
mod wrap;

use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::Item;

use crate::script::body::paths::Paths;
pub(crate) use crate::script::body::thag::prints;
use crate::script::body::wrap::{OPENING, SENDABLE, wrapping};
use crate::script::nesting;
use crate::script::tokens::{has_word, is_ident, is_punct, mark, plain};

/// The text for the compiler, and the map from its places to the script's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The text that is compiled in place of the script; `None` if the script itself can be compiled where it is.
    pub text: Option<String>,
    /// Where columns differ, by line and column.
    pub shifts: Vec<Shift>,
    /// Modules that are compiled from copies, too.
    pub(crate) nested: Vec<Nested>,
    /// Depth of the brackets.
    pub(crate) depth: usize,
}

/// A module in a file of its own that has such modules itself.
///
/// A file that an attribute names is taken for the `mod.rs` of its folder: the compiler looks for its modules beside it, where
/// another one may lie, and not in the folder of its name. In a copy of the file attributes name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nested {
    /// Path of the file.
    pub(crate) file: PathBuf,
    /// Path of its copy.
    pub(crate) copy: PathBuf,
}

/// Answers about files that a text names.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// Whether something is at a path.
    pub exists: &'a (dyn Fn(&Path) -> bool + Sync),
    /// Path for the copy of a module's file, where its own modules are in files.
    pub copy_of: &'a (dyn Fn(&Path) -> Option<PathBuf> + Sync),
}

/// A piece of one line in a copy that is not in the script, or not like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The line, from 1. It is the same one in the script.
    pub line: usize,
    /// The column in the copy at which the piece begins, from 1, in characters.
    pub column: usize,
    /// How many characters it has in the copy.
    pub length: usize,
    /// How many characters of the script it stands for: none if it was only inserted.
    pub(crate) replaced: usize,
}

impl Body {
    /// The place in the script of a line and a column in the copy, both from 1 and in characters.
    ///
    /// A place in inserted text is that of the next character of the script; a place in text that replaces some of
    /// the script lies in the replaced text.
    #[must_use]
    pub fn in_script(&self, line: usize, column: usize) -> (usize, usize) {
        let (mut inserted, mut replaced) = (0, 0);
        for shift in self.shifts.iter().filter(|shift| shift.line == line) {
            if column < shift.column {
                break;
            }
            let inside = column - shift.column;
            if inside < shift.length {
                let begin = shift.column + replaced - inserted;
                return (line, begin + inside.min(shift.replaced));
            }
            inserted += shift.length;
            replaced += shift.replaced;
        }
        (line, column + replaced - inserted)
    }
}

/// Kind of a text, which decides how it becomes a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Code {
    /// A script, with or without a `main`.
    #[default]
    Script,
    /// An expression whose value is printed.
    Expression,
    /// A closure that is called for each line of the input.
    Loop {
        /// It is given the number of the line, too.
        counted: bool,
    },
}

/// How a text becomes a program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Making<'a> {
    /// A program is needed as a copy, too.
    pub copy: bool,
    /// The kind of the text.
    pub code: Code,
    /// Attributes and items before an expression.
    pub prelude: &'a [String],
    /// The program that is made of a snippet.
    pub snippet: Snippet,
}

/// The program that is made of a snippet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snippet {
    /// Items stay where they are, `?` takes any error, and a value at the end is dropped.
    #[default]
    Own,
    /// The same, but `?` takes errors that can be sent to other threads, and those of no other kind, as in rust-script.
    RustScript,
    /// All of it is inside `main`, some names of the standard library are imported, and a value at the end is printed, as in thag.
    Thag {
        /// A text is printed without its quotes.
        unquote: bool,
    },
}

/// Makes of a script what the compiler is given.
///
/// `folder` is the absolute folder of the script. A frontmatter has to be blank already. A text that has a `main` is a program;
/// all else becomes the inside of a `main` in which `?` may be used, except for the attributes and items that it begins with.
/// In a copy, what was relative to the script's folder is absolute. A text with which nothing can be done is left to
/// the compiler, which says why.
#[must_use]
pub fn body(text: &str, folder: &Path, making: Making<'_>, files: Files<'_>) -> Body {
    let is_script = making.code == Code::Script;
    let depth = match is_script {
        true => nesting::depth(&plain(text)),
        false => nesting::depth(text),
    };
    let depth = depth.unwrap_or_default();
    let body = nesting::with_room(depth, || parsed(text, folder, making, files));
    let body = body.unwrap_or_else(|| match is_script {
        true => Body {
            text: making.copy.then(|| text.to_owned()),
            ..Body::default()
        },
        false => edited(
            text,
            expression::wrapping(text, making.code, making.prelude),
        ),
    });
    Body { depth, ..body }
}

/// Makes the copy of a module's file, which is not the `mod.rs` of a folder.
#[must_use]
pub(crate) fn module(text: &str, file: &Path, files: Files<'_>) -> Body {
    let plain = plain(text);
    let depth = nesting::depth(&plain).unwrap_or_default();
    let body = nesting::with_room(depth, || {
        let tokens: TokenStream = plain.parse().unwrap_or_default();
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut paths = Paths::new(&plain, files);
        let folder = file.parent().unwrap_or(file);
        paths.visit(&trees, folder, &file.with_extension(""));
        Body {
            nested: paths.nested,
            ..edited(text, paths.edits)
        }
    });
    body.unwrap_or_else(|| edited(text, Vec::new()))
}

fn parsed(text: &str, folder: &Path, making: Making<'_>, files: Files<'_>) -> Body {
    let is_script = making.code == Code::Script;
    let plain = match is_script {
        true => plain(text),
        false => text.to_owned(),
    };
    let tokens = plain.parse::<TokenStream>().ok();
    let trees: Vec<TokenTree> = tokens.clone().into_iter().flatten().collect();
    let is_program = is_script && is_program(&trees);
    let tokens = match tokens {
        // The compiler says what is wrong with it, in its place.
        None if !is_script => TokenStream::new(),
        Some(tokens) if making.copy || !is_program => tokens,
        _ => {
            return Body {
                text: making.copy.then(|| text.to_owned()),
                ..Body::default()
            };
        }
    };
    let mut paths = Paths::new(&plain, files);
    paths.visit(&trees, folder, folder);
    let Paths {
        mut edits, nested, ..
    } = paths;
    if !is_script {
        edits.extend(expression::wrapping(text, making.code, making.prelude));
    } else if !is_program {
        edits.extend(match making.snippet {
            Snippet::Own => wrapping(text, &plain, &trees, tokens, OPENING),
            Snippet::RustScript => wrapping(text, &plain, &trees, tokens, SENDABLE),
            Snippet::Thag { unquote } => thag::wrapping(text, &plain, &trees, tokens, unquote),
        });
    }
    Body {
        nested,
        ..edited(text, edits)
    }
}

fn edited(text: &str, edits: Vec<Edit>) -> Body {
    let (copy, shifts) = splice(text, edits);
    Body {
        text: Some(copy),
        shifts,
        ..Body::default()
    }
}

/// Whether a source has modules that lie in files of their own. Of what is no Rust it is taken to be so.
#[must_use]
pub fn has_module_files(source: &str) -> bool {
    fn any(tokens: TokenStream) -> bool {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut threes = trees.windows(3);
        threes.any(|three| is_ident(&three[0], "mod") && is_punct(&three[2], ';'))
            || trees.into_iter().any(|tree| match tree {
                TokenTree::Group(group) => any(group.stream()),
                _ => false,
            })
    }
    let source = plain(source);
    let Some(depth) = nesting::depth(&source) else {
        return true;
    };
    nesting::with_room(depth, || source.parse().map_or(true, any)).unwrap_or(true)
}

/// Returns whether there is a `main`, or an attribute says that there is none, or a macro is there to make one, by
/// its name.
pub(crate) fn is_program(trees: &[TokenTree]) -> bool {
    let pairs = trees.windows(2);
    let mut main = pairs.map(|pair| is_ident(&pair[0], "fn") && is_ident(&pair[1], "main"));
    let mut without = trees.windows(3).map(|three| {
        is_punct(&three[0], '#')
            && is_punct(&three[1], '!')
            && matches!(&three[2], TokenTree::Group(group) if has_word(group.stream(), "no_main"))
    });
    let mut made = trees.windows(3).map(|three| {
        let name = three[0].to_string();
        (name == "main" || name.ends_with("_main"))
            && is_punct(&three[1], '!')
            && matches!(three[2], TokenTree::Group(_))
    });
    main.any(|found| found)
        || without.any(|found| found)
        || made.any(|found| found)
        || has_inner_main(trees)
}

/// Whether there are only items, among them a call of a macro which is given a `main`, as `cfg_if!` is.
fn has_inner_main(trees: &[TokenTree]) -> bool {
    fn gives_main(tokens: TokenStream) -> bool {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut pairs = trees.windows(2);
        pairs.any(|pair| is_ident(&pair[0], "fn") && is_ident(&pair[1], "main"))
            || trees.into_iter().any(|tree| match tree {
                TokenTree::Group(group) => gives_main(group.stream()),
                _ => false,
            })
    }
    let file = syn::parse2::<syn::File>(trees.iter().cloned().collect());
    file.is_ok_and(|file| {
        file.items.into_iter().any(|item| match item {
            Item::Macro(call) => call.ident.is_none() && gives_main(call.mac.tokens),
            _ => false,
        })
    })
}

/// The text in the copy that replaces a range of the script, in bytes.
struct Edit {
    range: Range<usize>,
    with: String,
}

impl Edit {
    fn insert(at: usize, with: String) -> Self {
        Self {
            range: at..at,
            with,
        }
    }
}

/// Makes edits, which do not overlap.
fn splice(text: &str, mut edits: Vec<Edit>) -> (String, Vec<Shift>) {
    edits.sort_by_key(|edit| edit.range.start);
    let first_line = |text: &str| text.split('\n').next().unwrap_or_default().chars().count();
    let (mut copy, mut shifts, mut done) = (String::new(), Vec::new(), 0);
    for Edit { range, with } in edits {
        copy.push_str(&text[done..range.start]);
        let line = copy.rfind('\n').map_or(mark(&copy), |end| end + 1);
        let shift = Shift {
            line: copy.matches('\n').count() + 1,
            column: copy[line..].chars().count() + 1,
            length: first_line(&with),
            replaced: first_line(&text[range.clone()]),
        };
        if (shift.length, shift.replaced) != (0, 0) {
            shifts.push(shift);
        }
        copy.push_str(&with);
        done = range.end;
    }
    copy.push_str(&text[done..]);
    (copy, shifts)
}
