//! Makes what is relative to a script's folder absolute.

use std::path::Path;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::Lit;

use crate::script::body::{Edit, Files, Nested};
use crate::script::tokens::{is_ident, is_punct, range};

/// Finds what is relative to the script's folder.
pub(super) struct Paths<'a> {
    text: &'a str,
    files: Files<'a>,
    pub(super) edits: Vec<Edit>,
    pub(super) nested: Vec<Nested>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(text: &'a str, files: Files<'a>) -> Self {
        Self {
            text,
            files,
            edits: Vec::new(),
            nested: Vec::new(),
        }
    }

    /// Goes through tokens. Included files are relative to the script's folder everywhere, modules to that which their
    /// own module has.
    pub(super) fn visit(&mut self, trees: &[TokenTree], folder: &Path, modules: &Path) {
        let mut inside = None;
        for (at, tree) in trees.iter().enumerate() {
            match (tree, trees.get(at + 1), trees.get(at + 2)) {
                (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(next))
                    if word == "mod" && !is_lifetime(&trees[..at]) =>
                {
                    let head = Head::of(&trees[..=at]);
                    let name = name.to_string();
                    let name = name.trim_start_matches("r#");
                    if is_punct(next, ';') {
                        self.module(&head, name, modules);
                    } else if let TokenTree::Group(_) = next {
                        let path = head.path.as_ref().and_then(value);
                        inside = Some(modules.join(path.as_deref().unwrap_or(name)));
                    }
                }
                (TokenTree::Ident(word), Some(bang), Some(TokenTree::Group(group)))
                    if is_include(&word.to_string())
                        && is_punct(bang, '!')
                        && is_std(&trees[..at]) =>
                {
                    self.include(group, folder);
                }
                (TokenTree::Group(group), ..) => {
                    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
                    let inside = inside.take_if(|_| group.delimiter() == Delimiter::Brace);
                    self.visit(&trees, folder, inside.as_deref().unwrap_or(modules));
                }
                _ => {}
            }
        }
    }

    /// Says of a module with a file where that is.
    fn module(&mut self, head: &Head, name: &str, modules: &Path) {
        for literal in head.path.iter().chain(&head.paths_if) {
            self.make_absolute(literal, modules);
        }
        if head.has_path {
            return;
        }
        let exists = self.files.exists;
        let file = modules.join(format!("{name}.rs"));
        let in_folder = modules.join(name).join("mod.rs");
        let file = if !exists(&file) && exists(&in_folder) {
            in_folder
        } else if exists(&file)
            && exists(&modules.join(name))
            && let Some(copy) = (self.files.copy_of)(&file)
        {
            let nested = Nested {
                file,
                copy: copy.clone(),
            };
            self.nested.push(nested);
            copy
        } else {
            file
        };
        let Some(file) = file.to_str() else {
            return;
        };
        let attribute = match &head.conditions[..] {
            [] => format!("#[path = {file:?}] "),
            any => {
                let any = any.join(", ");
                format!("#[cfg_attr(not(any({any})), path = {file:?})] ")
            }
        };
        self.edits.push(Edit::insert(head.start, attribute));
    }

    fn include(&mut self, group: &Group, folder: &Path) {
        let trees: Vec<TokenTree> = group.stream().into_iter().collect();
        if let [TokenTree::Literal(literal), rest @ ..] = &trees[..]
            && rest.iter().all(|tree| is_punct(tree, ','))
        {
            self.make_absolute(literal, folder);
        }
    }

    fn make_absolute(&mut self, literal: &Literal, folder: &Path) {
        let Some(path) = value(literal).filter(|path| !path.is_empty()) else {
            return;
        };
        let absolute = folder.join(&path);
        let Some(absolute) = absolute.to_str().filter(|_| Path::new(&path).is_relative()) else {
            return;
        };
        let range = literal.span().byte_range();
        let mut lines = self.text[range.clone()].split('\n').skip(1).peekable();
        let mut with = format!("{absolute:?}");
        // A literal may have more than one line, and each has to stay.
        while let Some(line) = lines.next() {
            let last = lines.peek().is_none();
            with.push('\n');
            with.push_str(&" ".repeat(if last { line.chars().count() } else { 0 }));
        }
        self.edits.push(Edit { range, with });
    }
}

/// The text that a literal stands for, if it is a string.
fn value(literal: &Literal) -> Option<String> {
    match Lit::new(literal.clone()) {
        Lit::Str(text) if text.suffix().is_empty() => Some(text.value()),
        _ => None,
    }
}

/// The same tokens, with line ends in texts escaped: what is put in must not move the lines below it.
fn in_one_line(tokens: TokenStream) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => {
            Group::new(group.delimiter(), in_one_line(group.stream())).into()
        }
        TokenTree::Literal(literal) => match value(&literal) {
            Some(text) => Literal::string(&text).into(),
            None => literal.into(),
        },
        tree => tree,
    });
    trees.collect()
}

/// Whether what follows these tokens is the name of a lifetime, which macros may have any word for.
fn is_lifetime(before: &[TokenTree]) -> bool {
    before.last().is_some_and(|tree| is_punct(tree, '\''))
}

fn is_include(name: &str) -> bool {
    ["include", "include_str", "include_bytes"].contains(&name)
}

/// Whether what follows these tokens is a name that stands alone, or one in `std` or `core`.
fn is_std(before: &[TokenTree]) -> bool {
    match before {
        [.., name, first, second] if is_punct(first, ':') && is_punct(second, ':') => {
            is_ident(name, "std") || is_ident(name, "core")
        }
        _ => true,
    }
}

/// The tokens before `mod`.
struct Head {
    /// Where an attribute can be put: before what says who may see the module.
    start: usize,
    /// Whether the path is given by an attribute, whatever it is.
    has_path: bool,
    /// That path.
    path: Option<Literal>,
    /// Paths that hold under conditions, …
    paths_if: Vec<Literal>,
    /// … and these conditions.
    conditions: Vec<String>,
}

impl Head {
    /// Reads it backwards; `trees` ends with `mod`.
    fn of(trees: &[TokenTree]) -> Self {
        let mut rest = match trees {
            [rest @ .., word, TokenTree::Group(_), _] | [rest @ .., word, _]
                if is_ident(word, "pub") && !is_lifetime(rest) =>
            {
                rest
            }
            [rest @ .., _] => rest,
            [] => trees,
        };
        let mut head = Self {
            start: trees.get(rest.len()).map_or(0, |tree| range(tree).start),
            has_path: false,
            path: None,
            paths_if: Vec::new(),
            conditions: Vec::new(),
        };
        while let [before @ .., pound, TokenTree::Group(attribute)] = rest {
            if !is_punct(pound, '#') || attribute.delimiter() != Delimiter::Bracket {
                break;
            }
            let inside: Vec<TokenTree> = attribute.stream().into_iter().collect();
            head.attribute(&inside);
            rest = before;
        }
        head
    }

    fn attribute(&mut self, inside: &[TokenTree]) {
        match inside {
            [name, equals, rest @ ..] if is_ident(name, "path") && is_punct(equals, '=') => {
                self.has_path = true;
                if let [TokenTree::Literal(literal)] = rest {
                    self.path = Some(literal.clone());
                }
            }
            [name, TokenTree::Group(group)] if is_ident(name, "cfg_attr") => {
                let trees: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut parts = trees.split(|tree| is_punct(tree, ','));
                let condition = parts.next().unwrap_or_default();
                let paths = parts.filter_map(|part| match part {
                    [name, equals, TokenTree::Literal(literal)]
                        if is_ident(name, "path") && is_punct(equals, '=') =>
                    {
                        Some(literal.clone())
                    }
                    _ => None,
                });
                let before = self.paths_if.len();
                self.paths_if.extend(paths);
                if self.paths_if.len() > before {
                    let condition: TokenStream = condition.iter().cloned().collect();
                    self.conditions.push(in_one_line(condition).to_string());
                }
            }
            _ => {}
        }
    }
}
