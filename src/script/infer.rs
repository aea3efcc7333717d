//! Which crates a script names.
//!
//! Macros can do with their input what they like, so that the sequence of words counts, wherever it stands: before the first
//! `::` of a path is a crate, unless the script itself says what else has that name. Only the input of `quote!` and the like is
//! left aside.

#[cfg(test)]
pub(crate) mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use syn::Block;
use syn::parse::Parser;
use syn::visit::Visit;

use crate::script::infer::words::{
    ALWAYS, BUILT_IN, DERIVES, HERE, KEYWORDS, NAMED_AS_MODULES, PRIMITIVE, QUOTING, STD_MODULES,
    THAG_MODULES, TOOLS,
};
use crate::script::nesting;
use crate::script::tokens::{is_ident, is_punct, mark, plain};

/// A crate that a script names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is called in Rust, with underscores.
    pub name: String,
    /// The line of its first place, from 1.
    pub line: usize,
    /// The column there, from 1, in characters.
    pub column: usize,
    /// The features that what the script does with it needs, as far as they are known.
    pub(crate) features: BTreeSet<String>,
}

/// The crates that a script names, by name, each with its first place.
///
/// A name that the script itself gives to a module, a type or something imported is no crate, wherever that is. A module of the
/// standard library without an import is none either: `env::args()` lacks `use std::env`, and a crate `env` would be foreign
/// code. Of a text that is no Rust nothing is told.
#[must_use]
pub fn crates(text: &str) -> Vec<Named> {
    named_by(text, &STD_MODULES)
}

/// The same by the rules of thag, which takes most modules for crates: scripts of its users build with a crate `env` that
/// passes on all of `std::env`.
pub(crate) fn crates_for_thag(text: &str) -> Vec<Named> {
    named_by(text, &THAG_MODULES)
}

/// The crates that a script names, where none of these modules is one.
fn named_by(text: &str, modules: &'static [&'static str]) -> Vec<Named> {
    let depth = nesting::depth(&plain(text)).unwrap_or_default();
    nesting::with_room(depth, || parsed(text, modules)).unwrap_or_default()
}

fn parsed(text: &str, modules: &'static [&'static str]) -> Vec<Named> {
    let Ok(tokens) = plain(text).parse::<TokenStream>() else {
        return Vec::new();
    };
    let mut words = Words {
        modules,
        ..Words::default()
    };
    words.types.extend(generics(&tokens));
    words.read(tokens, false);
    words.named(text)
}

/// A name in `use` or `extern crate`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Import {
    /// Its name from there on; `*` if that is everything.
    name: String,
    /// The first name of its path.
    root: String,
    /// Whether that is the whole path.
    is_root: bool,
}

/// The first name of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    name: String,
    at: usize,
    /// It can be nothing but a crate: `::` stands before it, or `extern crate`.
    global: bool,
    /// It is a whole path in `use`, so that it may be a function or a macro as well.
    alone: bool,
}

/// The names that are collected from the words of a script.
#[derive(Debug, Default)]
struct Words {
    roots: Vec<Root>,
    imports: Vec<Import>,
    /// Modules and types.
    types: BTreeSet<String>,
    /// Functions, constants and macros: nothing is inside them, but `use` may name them.
    values: BTreeSet<String>,
    /// The derived traits: the first name of each path, and whether that is the whole path.
    derived: BTreeSet<(String, bool)>,
    /// Modules of the standard library that are no crates, also without an import.
    modules: &'static [&'static str],
}

impl Words {
    /// Reads tokens and what is inside of them.
    fn read(&mut self, tokens: TokenStream, in_attribute: bool) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += match tree {
                TokenTree::Group(_) if is_quoted(&trees[..at]) => 1,
                TokenTree::Group(group) => {
                    let attribute = group.delimiter() == Delimiter::Bracket
                        && (ends_with(&trees[..at], "#") || ends_with(&trees[..at], "#!"));
                    if (in_attribute || attribute) && ends_with_word(&trees[..at], "derive") {
                        self.derive(group.stream());
                    }
                    self.read(group.stream(), in_attribute || attribute);
                    1
                }
                TokenTree::Ident(ident) => self.word(&trees, at, ident, in_attribute),
                _ => 1,
            };
        }
    }

    /// Reads what begins with a word, and says how many tokens it has.
    fn word(&mut self, trees: &[TokenTree], at: usize, word: &Ident, in_attribute: bool) -> usize {
        let (before, after) = (&trees[..at], &trees[at + 1..]);
        match (word.to_string().as_str(), after) {
            ("use", [next, ..]) if !is_punct(next, '<') => {
                let end = after.iter().position(|tree| is_punct(tree, ';'));
                let end = end.unwrap_or(after.len());
                self.imported(&after[..end], None, None);
                return end + 1;
            }
            ("extern", [word, TokenTree::Ident(name), rest @ ..]) if is_ident(word, "crate") => {
                let alias = match rest {
                    [word, TokenTree::Ident(alias), ..] if is_ident(word, "as") => alias,
                    _ => name,
                };
                let root = Root {
                    global: true,
                    ..root(name)
                };
                self.import(&root, plain_name(alias), true);
                // `#[macro_use]` may stand before it.
                self.import(&root, "*".to_owned(), true);
                self.roots.push(root);
                return 3;
            }
            (
                "mod" | "struct" | "enum" | "union" | "trait" | "type",
                [TokenTree::Ident(name), ..],
            ) => {
                self.types.insert(plain_name(name));
                return 2;
            }
            ("fn" | "const" | "static", [TokenTree::Ident(name), ..]) => {
                self.values.insert(plain_name(name));
            }
            ("macro_rules", [bang, TokenTree::Ident(name), ..]) if is_punct(bang, '!') => {
                self.values.insert(plain_name(name));
            }
            (name, [..]) if goes_on(after) && !KEYWORDS.contains(&name) => {
                let tool = in_attribute && TOOLS.contains(&name);
                match begin(before) {
                    Some(global) if !tool => self.roots.push(Root {
                        global,
                        ..root(word)
                    }),
                    _ => {}
                }
            }
            _ => {}
        }
        1
    }

    /// Reads a tree of `use`, that stands behind a path that begins with `from` and ends with `last`.
    fn imported(&mut self, trees: &[TokenTree], from: Option<Root>, last: Option<String>) {
        let (mut rest, global) = match trees {
            [first, second, rest @ ..] if is_path(first, second) => (rest, from.is_none()),
            _ => (trees, false),
        };
        let (mut from, mut last) = (from, last);
        while let [tree, after @ ..] = rest {
            match tree {
                TokenTree::Ident(ident) => {
                    let name = plain_name(ident);
                    let more = goes_on_at_all(after);
                    let is_root = if name == "self" && from.is_some() {
                        last.as_ref() == from.as_ref().map(|root| &root.name)
                    } else {
                        last = Some(name);
                        from.is_none()
                    };
                    if from.is_none() {
                        let root = Root {
                            global,
                            alone: !more,
                            ..root(ident)
                        };
                        self.roots.push(root.clone());
                        from = Some(root);
                    }
                    if more {
                        rest = &after[2..];
                        continue;
                    }
                    let alias = match after {
                        [word, TokenTree::Ident(alias), ..] if is_ident(word, "as") => {
                            Some(plain_name(alias))
                        }
                        _ => last.clone(),
                    };
                    if let (Some(root), Some(name)) = (&from, alias) {
                        self.import(&root.clone(), name, is_root);
                    }
                }
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in inside.split(|tree| is_punct(tree, ',')) {
                        self.imported(part, from.clone(), last.clone());
                    }
                }
                star if is_punct(star, '*') => {
                    if let Some(root) = &from {
                        let of_root = last.as_ref() == Some(&root.name);
                        self.import(&root.clone(), "*".to_owned(), of_root);
                    }
                }
                _ => {}
            }
            return;
        }
    }

    fn import(&mut self, root: &Root, name: String, is_root: bool) {
        self.imports.push(Import {
            name,
            root: root.name.clone(),
            is_root,
        });
    }

    /// Notes what is derived.
    fn derive(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for path in trees.split(|tree| is_punct(tree, ',')) {
            let path = match path {
                [first, second, rest @ ..] if is_path(first, second) => rest,
                path => path,
            };
            if let [TokenTree::Ident(name), rest @ ..] = path {
                self.derived.insert((plain_name(name), rest.is_empty()));
            }
        }
    }

    /// The names among all of these that are crates.
    fn named(&self, text: &str) -> Vec<Named> {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for root in self.roots.iter().filter(|root| self.is_crate(root)) {
            let at = first.entry(&root.name).or_insert(root.at);
            *at = root.at.min(*at);
        }
        let named = first.into_iter().map(|(name, at)| {
            let (line, column) = place(text, at);
            Named {
                name: name.to_owned(),
                line,
                column,
                features: self.features(name),
            }
        });
        named.collect()
    }

    fn is_crate(&self, root: &Root) -> bool {
        let name = root.name.as_str();
        let known = BUILT_IN.contains(&name) || HERE.contains(&name) || name == "_";
        if known || name.starts_with(char::is_uppercase) {
            return false;
        }
        let is_std = |root: &str| root == "std" || root == "core";
        let imported = self.imports.iter().any(|import| {
            // Of a crate `anyhow`, a macro `anyhow` is imported.
            import.name == name && import.root != name
                || import.name == "*"
                    && import.is_root
                    && is_std(&import.root)
                    && STD_MODULES.contains(&name)
        });
        let declared = self.types.contains(name) || root.alone && self.values.contains(name);
        let module = self.modules.contains(&name) && !NAMED_AS_MODULES.contains(&name);
        root.global || !(imported || declared || module || PRIMITIVE.contains(&name))
    }

    /// The features of a crate that are needed.
    fn features(&self, name: &str) -> BTreeSet<String> {
        let of = |table: &[(&str, &'static str)]| {
            let entry = table.iter().find(|(of, _)| *of == name);
            entry.map(|(_, feature)| (*feature).to_owned())
        };
        let derive =
            of(&DERIVES).filter(|_| self.derived.iter().any(|path| self.is_from(path, name)));
        of(&ALWAYS).into_iter().chain(derive).collect()
    }

    /// Whether a derived path may be one into a crate.
    fn is_from(&self, (first, whole): &(String, bool), name: &str) -> bool {
        /// The traits that can be derived without any crate.
        const STD: [&str; 9] = [
            "Clone",
            "Copy",
            "Debug",
            "Default",
            "Eq",
            "Hash",
            "Ord",
            "PartialEq",
            "PartialOrd",
        ];
        let mut imports = self.imports.iter().filter(|import| import.name == *first);
        if !whole {
            return first == name || imports.any(|import| import.is_root && import.root == name);
        }
        let known = STD.contains(&first.as_str()) || imports.clone().next().is_some();
        let all = |import: &Import| import.name == "*" && import.root == name;
        imports.any(|import| import.root == name) || !known && self.imports.iter().any(all)
    }
}

/// Whether two tokens are `::`.
fn is_path(first: &TokenTree, second: &TokenTree) -> bool {
    matches!(first, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
        && is_punct(second, ':')
}

/// Whether tokens end with these characters.
fn ends_with(trees: &[TokenTree], chars: &str) -> bool {
    let last = trees.iter().rev().zip(chars.chars().rev());
    trees.len() >= chars.len() && last.into_iter().all(|(tree, char)| is_punct(tree, char))
}

fn ends_with_word(trees: &[TokenTree], word: &str) -> bool {
    trees.last().is_some_and(|tree| is_ident(tree, word))
}

/// Returns whether a group after these tokens is the input of a macro that quotes it.
fn is_quoted(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(name), bang]
        if is_punct(bang, '!') && QUOTING.contains(&name.to_string().as_str()))
}

/// Whether a path goes on here, with anything.
fn goes_on_at_all(after: &[TokenTree]) -> bool {
    matches!(after, [first, second, ..] if is_path(first, second))
}

/// Whether a path goes on here, with a name. After a function `<` may come.
fn goes_on(after: &[TokenTree]) -> bool {
    goes_on_at_all(after)
        && after
            .get(2)
            .is_some_and(|next| matches!(next, TokenTree::Ident(_)))
}

/// Whether a path begins after these tokens, and if so, whether with `::`.
///
/// Not after a `.`, for a method; nor after `$` and `#`, with which a macro names what is to be put there.
fn begin(before: &[TokenTree]) -> Option<bool> {
    if let [rest @ .., first, second] = before
        && is_path(first, second)
    {
        let goes_on = match rest {
            [.., TokenTree::Ident(word)] => !KEYWORDS.contains(&word.to_string().as_str()),
            [.., TokenTree::Group(group)] => group.delimiter() == Delimiter::Parenthesis,
            [.., last] if is_punct(last, '>') => !ends_with(rest, "->") && !ends_with(rest, "=>"),
            _ => false,
        };
        return (!goes_on).then_some(true);
    }
    let fragment = matches!(before, [.., dollar, TokenTree::Ident(_), colon]
        if is_punct(dollar, '$') && is_punct(colon, ':'));
    let other = [".", "$", "#", "'"]
        .iter()
        .any(|end| ends_with(before, end));
    let range = ends_with(before, "..");
    (!fragment && (!other || range)).then_some(false)
}

fn root(ident: &Ident) -> Root {
    Root {
        name: plain_name(ident),
        at: ident.span().byte_range().start,
        global: false,
        alone: false,
    }
}

fn plain_name(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// The line and column of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let Range { start, end } = text[..at].rfind('\n').map_or(mark(text), |end| end + 1)..at;
    let line = text[..at].matches('\n').count() + 1;
    (line, text[start..end].chars().count() + 1)
}

/// The types that only a list of generics declares, which only a parser can tell.
fn generics(tokens: &TokenStream) -> BTreeSet<String> {
    struct Generics(BTreeSet<String>);
    impl Visit<'_> for Generics {
        fn visit_type_param(&mut self, declared: &syn::TypeParam) {
            self.0.insert(plain_name(&declared.ident));
            syn::visit::visit_type_param(self, declared);
        }
    }
    let mut generics = Generics(BTreeSet::new());
    if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
        generics.visit_file(&file);
    } else if let Ok(statements) = Block::parse_within.parse2(tokens.clone()) {
        for statement in &statements {
            generics.visit_stmt(statement);
        }
    }
    generics.0
}
