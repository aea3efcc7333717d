//! What is given to the compiler in place of a script: its own text, made a program if it is none yet.
//!
//! The text is read only to learn where things are; what changes is spliced in. So each line stays the line that it
//! was, and where a column moves is noted, such that what the compiler says can be told of the script.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, GenericArgument, Item, Lit, PathArguments, ReturnType, Stmt};

/// What the compiler is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// What is compiled in place of the script; `None` if the script itself can be compiled where it is.
    pub text: Option<String>,
    /// Where columns differ, by line and column.
    pub shifts: Vec<Shift>,
    /// Files of modules whose own modules the compiler looks for in a wrong place: of a file that an attribute names
    /// it takes them for its neighbours, and these lie in a folder named as the module is.
    pub nested: Vec<PathBuf>,
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
    pub replaced: usize,
}

impl Body {
    /// The place in the script of a line and a column in the copy, both from 1 and in characters.
    ///
    /// What was only inserted lies where the next character of the script does; what stands for something lies in that.
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

/// Makes of a script what the compiler is given.
///
/// `folder` is the absolute folder of the script, and `exists` says of a path whether something is there. A frontmatter
/// has to be blank already. What has a `main` is a program; all else becomes the inside of a `main` in which `?` may be
/// used, except for the attributes and items that it begins with. `copy` says that a program is needed as a copy, too.
/// In a copy, what was relative to the script's folder is absolute. A text with which nothing can be done is left to
/// the compiler, which says why.
#[must_use]
pub fn body(text: &str, folder: &Path, copy: bool, exists: &dyn Fn(&Path) -> bool) -> Body {
    let plain = plain(text);
    let tokens = plain.parse::<TokenStream>().ok();
    let trees: Vec<TokenTree> = tokens.clone().into_iter().flatten().collect();
    let is_program = is_program(&trees);
    let Some(tokens) = tokens.filter(|_| copy || !is_program) else {
        return Body {
            text: copy.then(|| text.to_owned()),
            ..Body::default()
        };
    };
    let mut paths = Paths {
        text: &plain,
        exists,
        edits: Vec::new(),
        nested: Vec::new(),
    };
    paths.visit(&trees, folder, folder);
    let Paths {
        mut edits, nested, ..
    } = paths;
    if !is_program {
        edits.extend(wrapping(text, &plain, &trees, tokens));
    }
    let (copy, shifts) = splice(text, edits);
    Body {
        text: Some(copy),
        shifts,
        nested,
    }
}

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
fn shebang(text: &str) -> Option<Range<usize>> {
    let start = mark(text);
    let after = text[start..].strip_prefix("#!")?;
    let end = after.lines().next().map_or(0, str::len);
    (!skip_comments(after).starts_with('[')).then_some(start..start + 2 + end)
}

/// What follows white space and comments that document nothing.
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

/// What follows a block comment, in which others may be. It begins inside.
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

/// Whether there is a `main`, or it is said that there is to be none, or a macro is there to make one, by its name.
fn is_program(trees: &[TokenTree]) -> bool {
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

fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(tree: &TokenTree, char: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => has_word(group.stream(), word),
        tree => is_ident(&tree, word),
    })
}

fn range(tree: &TokenTree) -> Range<usize> {
    tree.span().byte_range()
}

/// What stands in the copy for a range of the script, in bytes.
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

/// How the `main` begins that a snippet becomes the inside of.
const OPENING: &str =
    "fn main() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {";

/// How it ends, unless the snippet itself says what the result is.
const SUCCESS: &str = "::std::result::Result::Ok(())";

/// The edits that make a snippet a program.
fn wrapping(text: &str, plain: &str, trees: &[TokenTree], tokens: TokenStream) -> Vec<Edit> {
    let outline = Outline::of(tokens);
    let closing = outline.result(trees).closing();
    let statement = outline.statement.unwrap_or(plain.len());
    let mut items = trees.iter().map(range).rev();
    let last_item = items.find(|range| range.end <= statement);
    let newline_after = |at: usize| plain[at..].find('\n').map(|end| at + end + 1);
    let is_line_comment = |range: &Range<usize>| plain[range.clone()].starts_with("//");

    // Between the last item and the first statement there are only comments, which may as well be inside.
    let gap = match &last_item {
        Some(item) if is_line_comment(item) => newline_after(item.start),
        Some(item) => Some(item.end),
        None => Some(mark(text)),
    };
    let Some(gap) = gap else {
        return vec![Edit::insert(text.len(), format!("\n{OPENING}{closing}"))];
    };
    let replaced = shebang(text).filter(|_| last_item.is_none());
    let in_line = outline.statement.is_some() && !plain[gap..statement].contains('\n');
    let opening = if in_line { statement } else { gap };
    let mut open = OPENING.to_owned();
    if last_item.is_some_and(|item| item.end == opening) {
        open.insert(0, ' ');
    }
    if outline.statement.is_none() {
        open.push_str(&closing);
    } else if in_line {
        open.push(' ');
    }
    let open = Edit {
        range: replaced.unwrap_or(opening..opening),
        with: open,
    };
    let last = trees.last().map(range);
    let Some(last) = last.filter(|_| outline.statement.is_some()) else {
        return vec![open];
    };
    let close = if !is_line_comment(&last) {
        Edit::insert(last.end, closing)
    } else if plain.ends_with('\n') {
        Edit::insert(plain.len(), closing)
    } else {
        Edit::insert(plain.len(), format!("\n{closing}"))
    };
    vec![open, close]
}

/// How a snippet is built, as far as it can be read.
#[derive(Default)]
struct Outline {
    /// Where the first statement begins that is no item, if there is one.
    statement: Option<usize>,
    /// The statements from there on, if they can be read.
    statements: Option<Vec<Stmt>>,
    /// The items before it.
    items: Vec<Item>,
}

impl Outline {
    fn of(tokens: TokenStream) -> Self {
        Parser::parse2(Self::parse, tokens).unwrap_or_default()
    }

    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut outline = Self::default();
        let ahead = input.fork();
        if Attribute::parse_inner(&ahead).is_ok() {
            Attribute::parse_inner(input)?;
        }
        while !input.is_empty() {
            let Ok(Stmt::Item(item)) = input.fork().parse::<Stmt>() else {
                break;
            };
            if matches!(&item, Item::Macro(item) if item.ident.is_none()) {
                break;
            }
            outline.items.push(item);
            input.parse::<Stmt>()?;
        }
        if !input.is_empty() {
            outline.statement = Some(input.span().byte_range().start);
        }
        outline.statements = Block::parse_within(&input.fork()).ok();
        input.parse::<TokenStream>()?;
        Ok(outline)
    }

    /// What `main` has for a result. Of statements that cannot be read, only what follows the last semicolon counts.
    fn result(&self, trees: &[TokenTree]) -> Tail {
        let functions = self.fallible();
        if let Some(statements) = &self.statements {
            return match statements.last() {
                None | Some(Stmt::Local(_) | Stmt::Item(_)) => Tail::Nothing,
                Some(Stmt::Expr(expr, Some(_))) if diverges(expr) => Tail::Result,
                Some(Stmt::Macro(call)) if panics(&call.mac) => Tail::Result,
                Some(Stmt::Expr(_, Some(_))) => Tail::Nothing,
                Some(Stmt::Macro(call)) if call.semi_token.is_some() => Tail::Nothing,
                Some(Stmt::Expr(expr, None)) => Tail::of(expr, &functions),
                Some(Stmt::Macro(_)) => Tail::Value,
            };
        }
        let semicolon = trees.iter().rposition(|tree| is_punct(tree, ';'));
        let last = &trees[semicolon.map_or(0, |at| at + 1)..];
        if last.is_empty() {
            return Tail::Nothing;
        }
        let last: TokenStream = last.iter().cloned().collect();
        syn::parse2(last).map_or(Tail::Value, |expr| Tail::of(&expr, &functions))
    }

    /// The functions that say of themselves that they return a `Result`.
    fn fallible(&self) -> BTreeSet<String> {
        let later = self.statements.iter().flatten();
        let later = later.filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item),
            _ => None,
        });
        let functions = self.items.iter().chain(later);
        let functions = functions.filter_map(|item| match item {
            Item::Fn(function) if function.sig.asyncness.is_none() => Some(&function.sig),
            _ => None,
        });
        let fallible = functions.filter(|signature| match &signature.output {
            ReturnType::Type(_, result) => matches!(&**result, syn::Type::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "Result")),
            ReturnType::Default => false,
        });
        fallible
            .map(|signature| signature.ident.to_string())
            .collect()
    }
}

/// What a snippet ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// A whole statement.
    Nothing,
    /// A value that nobody asked for.
    Value,
    /// What `main` returns, or something that is never left.
    Result,
    /// A result with an error type of its own, of which `?` makes that of `main`.
    OwnError,
}

impl Tail {
    fn of(expr: &Expr, fallible: &BTreeSet<String>) -> Self {
        match expr {
            Expr::Paren(inner) => Self::of(&inner.expr, fallible),
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) if is_variant(path) && !has_types(path) => Self::Result,
                Expr::Path(path) if is_variant(path) => Self::OwnError,
                Expr::Path(path) => match path.path.get_ident() {
                    Some(name) if fallible.contains(&name.to_string()) => Self::OwnError,
                    _ if diverges(expr) => Self::Result,
                    _ => Self::Value,
                },
                _ => Self::Value,
            },
            _ if is_result(expr) => Self::Result,
            _ => Self::Value,
        }
    }

    fn closing(self) -> String {
        match self {
            Self::Nothing => format!(" {SUCCESS} }}"),
            Self::Value => format!("; {SUCCESS} }}"),
            Self::Result => " }".to_owned(),
            Self::OwnError => format!("?; {SUCCESS} }}"),
        }
    }
}

/// Whether an expression is a result for sure, in each of its branches.
fn is_result(expr: &Expr) -> bool {
    let of_block = |block: &Block| match block.stmts.last() {
        Some(Stmt::Expr(expr, None)) => is_result(expr),
        Some(Stmt::Expr(expr, Some(_))) => diverges(expr),
        Some(Stmt::Macro(call)) => panics(&call.mac),
        _ => false,
    };
    diverges(expr)
        || match expr {
            Expr::Call(call) => {
                matches!(&*call.func, Expr::Path(path) if is_variant(path) && !has_types(path))
            }
            Expr::Paren(inner) => is_result(&inner.expr),
            Expr::Block(block) => of_block(&block.block),
            Expr::Unsafe(block) => of_block(&block.block),
            Expr::If(branches) => {
                let otherwise = branches.else_branch.as_ref();
                of_block(&branches.then_branch)
                    && otherwise.is_some_and(|(_, expr)| is_result(expr))
            }
            Expr::Match(branches) => {
                !branches.arms.is_empty() && branches.arms.iter().all(|arm| is_result(&arm.body))
            }
            _ => false,
        }
}

/// Whether nothing that follows an expression is ever reached, by its looks.
fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) => true,
        Expr::Loop(endless) => !Breaks::any(&endless.body),
        Expr::Macro(call) => panics(&call.mac),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let names = path.path.segments.iter().map(|segment| &segment.ident);
                names.rev().take(2).eq(["exit", "process"])
            }
            _ => false,
        },
        _ => false,
    }
}

fn panics(call: &syn::Macro) -> bool {
    const NAMES: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];
    let name = call.path.get_ident();
    name.is_some_and(|name| NAMES.iter().any(|panics| name == panics))
}

/// Finds a `break`, whichever loop it belongs to.
struct Breaks(bool);

impl Breaks {
    fn any(block: &Block) -> bool {
        let mut breaks = Self(false);
        breaks.visit_block(block);
        breaks.0
    }
}

impl Visit<'_> for Breaks {
    fn visit_expr_break(&mut self, _: &syn::ExprBreak) {
        self.0 = true;
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.0 |= has_word(call.tokens.clone(), "break");
        visit::visit_macro(self, call);
    }
}

/// Whether a path names `Ok` or `Err`.
fn is_variant(path: &syn::ExprPath) -> bool {
    let last = path.path.segments.last();
    path.qself.is_none() && last.is_some_and(|last| last.ident == "Ok" || last.ident == "Err")
}

/// Whether the error type of a variant is given by its path: by types in it, or as it is another function's name.
fn has_types(path: &syn::ExprPath) -> bool {
    let segments = path.path.segments.iter();
    let is_std = segments
        .clone()
        .rev()
        .skip(1)
        .map(|segment| &segment.ident)
        .zip([&["Result"][..], &["result"], &["std", "core"]])
        .all(|(name, names)| names.iter().any(|known| name == known));
    let given = |arguments: &PathArguments| match arguments {
        PathArguments::AngleBracketed(types) => types
            .args
            .last()
            .is_some_and(|last| !matches!(last, GenericArgument::Type(syn::Type::Infer(_)))),
        _ => false,
    };
    !is_std || segments.map(|segment| &segment.arguments).any(given)
}

/// Finds what is relative to the script's folder.
struct Paths<'a> {
    text: &'a str,
    exists: &'a dyn Fn(&Path) -> bool,
    edits: Vec<Edit>,
    nested: Vec<PathBuf>,
}

impl Paths<'_> {
    /// Goes through tokens. Included files are relative to the script's folder everywhere, modules to that which their
    /// own module has.
    fn visit(&mut self, trees: &[TokenTree], folder: &Path, modules: &Path) {
        let mut inside = None;
        for (at, tree) in trees.iter().enumerate() {
            match (tree, trees.get(at + 1), trees.get(at + 2)) {
                (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(next))
                    if word == "mod" =>
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
        let file = modules.join(format!("{name}.rs"));
        let in_folder = modules.join(name).join("mod.rs");
        let file = if !(self.exists)(&file) && (self.exists)(&in_folder) {
            in_folder
        } else {
            if (self.exists)(&file) && (self.exists)(&modules.join(name)) {
                self.nested.push(file.clone());
            }
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

/// What stands before `mod`.
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
            [rest @ .., word, TokenTree::Group(_), _] if is_ident(word, "pub") => rest,
            [rest @ .., word, _] if is_ident(word, "pub") => rest,
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
                    self.conditions.push(condition.to_string());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_files(text: &str, copy: bool, files: &[&str]) -> Body {
        body(text, Path::new("/s"), copy, &|path: &Path| {
            files.iter().any(|file| path == Path::new("/s").join(file))
        })
    }

    /// What a snippet becomes, with `«` for how `main` begins and `√` for its success.
    fn wrapped(text: &str) -> String {
        let copy = with_files(text, false, &[]).text.expect("a snippet");
        let lines = |text: &str| text.lines().count().max(1);
        assert_eq!(lines(&copy), lines(text), "{copy}");
        short(&copy)
    }

    fn short(copy: &str) -> String {
        copy.replace(OPENING, "«").replace(SUCCESS, "√")
    }

    #[test]
    fn programs_stay() {
        let programs = [
            "fn main() {}",
            "#!/usr/bin/env cargo\nfn main() {}",
            "#![allow(dead_code)]\n#[tokio::main]\npub(crate) async fn main() {}",
            "use a::b;\n/// Is it.\nfn main() -> Result<(), ()> { Ok(()) }",
            "fn main() { let x = ; }",
            "fn main() {}\nlet stray = 1;",
            "fn main() { \"unfinished }",
            "fn main() {",
            "#![no_main]\nfn x() {}",
            "#![cfg_attr(unix, no_main)]",
            "criterion::criterion_main!(all);",
            "cfg_if! { if #[cfg(unix)] { fn main() {} } else { fn main() {} } }",
        ];
        for program in programs {
            assert_eq!(
                with_files(program, false, &[]),
                Body::default(),
                "{program}"
            );
            let copy = with_files(program, true, &[]);
            assert_eq!(copy.text.as_deref(), Some(program));
            assert_eq!(copy.shifts, []);
        }
    }

    #[test]
    fn what_only_looks_like_a_main_is_none() {
        for text in [
            "// fn main() {}\nx();",
            "let s = \"fn main() {}\";",
            "let s = r#\"\nfn main() {}\"#;",
            "mod a { fn main() {} }",
            "/* /* fn main() {} */ fn main() {} */ x();",
            "fn main_loop() {}",
            "let x = quote! { fn main() {} };",
            "macro_rules! x { () => { fn main() {} } }",
            "if x_main != y {}",
        ] {
            assert!(wrapped(text).contains('«'), "{text}");
        }
    }

    #[test]
    fn snippets_get_a_main_around_them() {
        let cases = [
            ("", "« √ }"),
            ("x();", "« x(); √ }"),
            ("x();\n", "« x(); √ }\n"),
            ("\nx();\n", "«\nx(); √ }\n"),
            ("     \n   \nx();", "«     \n   \nx(); √ }"),
            ("println!(\"x\");", "« println!(\"x\"); √ }"),
            ("println!(\"x\")", "« println!(\"x\"); √ }"),
            ("use a::b;\nb();", "use a::b; «\nb(); √ }"),
            ("use a::b; b();", "use a::b; « b(); √ }"),
            ("use a::b;b();", "use a::b; « b(); √ }"),
            (
                "use a; // {\n\n// }\nb()\n",
                "use a; « // {\n\n// }\nb(); √ }\n",
            ),
            ("// c\nx();", "«// c\nx(); √ }"),
            ("/* a\n b */ x();", "«/* a\n b */ x(); √ }"),
            ("/* a */ x();", "/* a */ « x(); √ }"),
            ("/// of y\nlet y = 1;", "« /// of y\nlet y = 1; √ }"),
            (
                "use a;\n/// of y\n#[allow(x)]\nlet y = 1;",
                "use a; «\n/// of y\n#[allow(x)]\nlet y = 1; √ }",
            ),
            ("fn helper() {}", "fn helper() {} « √ }"),
            ("fn helper() {} // c\n", "fn helper() {} « √ } // c\n"),
            ("// c\n", "« √ }// c\n"),
            (
                "macro_rules! m { () => {} }\nm!();\nfn f() {}\n",
                "macro_rules! m { () => {} } «\nm!();\nfn f() {} √ }\n",
            ),
            ("thread_local! { x }", "« thread_local! { x }; √ }"),
            ("x() // }", "« x(); √ } // }"),
            ("x() /* } */ ", "« x(); √ } /* } */ "),
            (
                "let a = 'a'; let b: &'static str = r#\"}\"#;",
                "« let a = 'a'; let b: &'static str = r#\"}\"#; √ }",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(wrapped(text), expected, "from {text:?}");
        }
    }

    #[test]
    fn what_a_file_begins_with_stays_outside() {
        let cases = [
            ("#!/usr/bin/env x\nx();", "«\nx(); √ }"),
            ("#!/usr/bin/env x\r\nx();\r\n", "«\r\nx(); √ }\r\n"),
            ("#!/usr/bin/env x", "« √ }"),
            (
                "#!/usr/bin/env x\nuse a;\nx();",
                "#!/usr/bin/env x\nuse a; «\nx(); √ }",
            ),
            ("#![allow(x)]\nx();", "#![allow(x)] «\nx(); √ }"),
            (
                "#! /* c */ [allow(x)]\nx();",
                "#! /* c */ [allow(x)] «\nx(); √ }",
            ),
            (
                "#!/bin/x\n#![allow(x)]\nx();",
                "#!/bin/x\n#![allow(x)] «\nx(); √ }",
            ),
            ("//! Doc.\nx();", "//! Doc.\n« x(); √ }"),
            ("//! Doc.\r\n\r\nx();", "//! Doc.\r\n«\r\nx(); √ }"),
            (
                "//! Doc.\n//! More.\n// c\nx();",
                "//! Doc.\n//! More.\n«// c\nx(); √ }",
            ),
            ("/*! Doc. */\nx();", "/*! Doc. */ «\nx(); √ }"),
            ("\u{feff}x();", "\u{feff}« x(); √ }"),
            ("\u{feff}\r\nx();", "\u{feff}«\r\nx(); √ }"),
            ("\u{feff}#!/bin/x\nx();", "\u{feff}«\nx(); √ }"),
            ("use ä::ö;\n\tx(\"ü\");", "use ä::ö; «\n\tx(\"ü\"); √ }"),
            (
                "extern crate a;\nmod b { }\nstruct S;\nimpl S {}\nx()",
                "extern crate a;\nmod b { }\nstruct S;\nimpl S {} «\nx(); √ }",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(wrapped(text), expected, "from {text:?}");
        }
    }

    #[test]
    fn only_where_it_must_be_a_line_is_put_at_the_end() {
        let copy = |text| short(&with_files(text, false, &[]).text.expect("a snippet"));
        assert_eq!(copy("//! Doc."), "//! Doc.\n« √ }");
        assert_eq!(copy("//! Doc.\n"), "//! Doc.\n« √ }");
        assert_eq!(
            copy("x();\n/// Of nothing."),
            "« x();\n/// Of nothing.\n; √ }"
        );
        assert_eq!(
            copy("x();\n/// Of nothing.\n"),
            "« x();\n/// Of nothing.\n; √ }"
        );
    }

    #[test]
    fn results_that_a_snippet_ends_with() {
        let own = [
            "Ok(())",
            "Err(\"x\".into())",
            "Result::Ok(())",
            "std::result::Result::Ok(())",
            "Ok::<_, _>(())",
            "return Ok(())",
            "return Ok(());",
            "loop { x(); }",
            "loop { x(); };",
            "if a { Ok(()) } else if b { return Ok(()); } else { Err(c) }",
            "match a { 1 => Ok(()), 2 => { x(); Err(y) } _ => panic!() }",
            "unsafe { Ok(()) }",
            "(Ok(()))",
            "std::process::exit(1);",
            "panic!(\"x\")",
            "unimplemented!();",
        ];
        for text in own {
            assert_eq!(wrapped(text), format!("« {text} }}"));
        }
        let others = [
            "Ok::<(), std::io::Error>(())",
            "anyhow::Ok(())",
            "anyhow::Result::<()>::Ok(())",
        ];
        for text in others {
            assert_eq!(wrapped(text), format!("« {text}?; √ }}"));
        }
        let values = [
            "1 + 1",
            "Some(1)",
            "x()?",
            "match a { _ => x() }",
            "if a { Ok(()) }",
            "if a { Ok(()) } else { Err(c)? }",
            "loop { if a { break; } }",
            "loop { select! { a => break } }",
            "for x in y {}",
        ];
        for text in values {
            assert_eq!(wrapped(text), format!("« {text}; √ }}"));
        }
        assert_eq!(wrapped("Ok(());"), "« Ok(()); √ }");
        assert_eq!(wrapped("let x = Ok(());"), "« let x = Ok(()); √ }");
        assert_eq!(
            wrapped("fn run() -> io::Result<()> { x() }\nrun()"),
            "fn run() -> io::Result<()> { x() } «\nrun()?; √ }"
        );
        assert_eq!(wrapped("fn run() {}\nrun()"), "fn run() {} «\nrun(); √ }");
    }

    #[test]
    fn what_cannot_be_parsed_is_wrapped_all_the_same() {
        assert_eq!(
            wrapped("use a;\nlet x = ;\nOk(())"),
            "use a; «\nlet x = ;\nOk(()) }"
        );
    }

    #[test]
    fn what_is_no_rust_is_left_to_the_compiler() {
        for text in ["let x = \"", "x(", "/* ", "}"] {
            assert_eq!(with_files(text, false, &[]), Body::default());
            assert_eq!(with_files(text, true, &[]).text.as_deref(), Some(text));
        }
    }

    #[test]
    fn modules_are_named_with_their_files() {
        let files = [
            "a.rs",
            "b/mod.rs",
            "c/d.rs",
            "c/e/mod.rs",
            "o/f.rs",
            "n.rs",
            "n",
        ];
        let cases = [
            ("mod a;", "#[path = \"/s/a.rs\"] mod a;"),
            (
                "pub(crate) mod b;",
                "#[path = \"/s/b/mod.rs\"] pub(crate) mod b;",
            ),
            (
                "/// Doc.\npub mod a;",
                "/// Doc.\n#[path = \"/s/a.rs\"] pub mod a;",
            ),
            ("mod x;", "#[path = \"/s/x.rs\"] mod x;"),
            ("mod r#fn;", "#[path = \"/s/fn.rs\"] mod r#fn;"),
            (
                "mod c { mod d; pub mod e; }",
                "mod c { #[path = \"/s/c/d.rs\"] mod d; #[path = \"/s/c/e/mod.rs\"] pub mod e; }",
            ),
            (
                "#[path = \"o\"] mod c { mod f; mod g { mod h; } }",
                "#[path = \"o\"] mod c { #[path = \"/s/o/f.rs\"] mod f; mod g { #[path = \"/s/o/g/h.rs\"] mod h; } }",
            ),
            (
                "#[path = \"p/q.rs\"] mod x;",
                "#[path = \"/s/p/q.rs\"] mod x;",
            ),
            (
                "#[path = r\"/p/q.rs\"] mod x;",
                "#[path = r\"/p/q.rs\"] mod x;",
            ),
            (
                "#[path = concat!(\"a\", \"b\")] mod x;",
                "#[path = concat!(\"a\", \"b\")] mod x;",
            ),
            (
                "#[cfg_attr(unix, path = \"u.rs\")] mod x;",
                "#[cfg_attr(unix, path = \"/s/u.rs\")] #[cfg_attr(not(any(unix)), path = \"/s/x.rs\")] mod x;",
            ),
            (
                "#[cfg(unix)] mod a;",
                "#[cfg(unix)] #[path = \"/s/a.rs\"] mod a;",
            ),
            (
                "cfg_if! { if #[cfg(x)] { mod a; } }",
                "cfg_if! { if #[cfg(x)] { #[path = \"/s/a.rs\"] mod a; } }",
            ),
            (
                "mod i {} fn f() { mod a; }",
                "mod i {} fn f() { #[path = \"/s/a.rs\"] mod a; }",
            ),
        ];
        for (text, expected) in cases {
            let copy = with_files(&format!("fn main() {{}}\n{text}"), true, &files);
            let copy_text = copy.text.expect("asked for");
            assert_eq!(copy_text, format!("fn main() {{}}\n{expected}"));
            assert_eq!(copy.nested, [] as [&Path; 0]);
        }
        let nested = with_files("mod n;", false, &files).nested;
        assert_eq!(nested, [Path::new("/s/n.rs")]);
    }

    #[test]
    fn included_files_are_named_absolutely() {
        let cases = [
            ("include!(\"a.rs\");", "include!(\"/s/a.rs\");"),
            (
                "x(std::include_str!(r#\"a\"#,));",
                "x(std::include_str!(\"/s/a\",));",
            ),
            (
                "println!(\"{}\", include_str!(\"../a\"));",
                "println!(\"{}\", include_str!(\"/s/../a\"));",
            ),
            (
                "#![doc = include_str!(\"a.md\")]",
                "#![doc = include_str!(\"/s/a.md\")]",
            ),
            (
                "mod m { const A: &[u8] = ::core::include_bytes!(\"ä\\\"\"); }",
                "mod m { const A: &[u8] = ::core::include_bytes!(\"/s/ä\\\"\"); }",
            ),
            ("x(include_str!(\"/a\"));", "x(include_str!(\"/a\"));"),
            (
                "x(include_str!(concat!(\"a\", \"b\")));",
                "x(include_str!(concat!(\"a\", \"b\")));",
            ),
            (
                "x(include_str!(env!(\"A\")));",
                "x(include_str!(env!(\"A\")));",
            ),
            ("other::include_str!(\"a\");", "other::include_str!(\"a\");"),
            (
                "include_str(\"a\"); // include_str!(\"a\")",
                "include_str(\"a\"); // include_str!(\"a\")",
            ),
            (
                "let s = \"include_str!(\\\"a\\\")\";",
                "let s = \"include_str!(\\\"a\\\")\";",
            ),
        ];
        for (text, expected) in cases {
            let copy = with_files(&format!("fn main() {{}} {text}"), true, &[]).text;
            let copy = copy.expect("asked for");
            assert_eq!(copy, format!("fn main() {{}} {expected}"));
        }
    }

    #[test]
    fn literals_are_escaped() {
        let text = "fn main() { include!(\"a\") }";
        let copy = body(text, Path::new("/a\"b\\c"), true, &|_| false).text;
        let expected = Path::new("/a\"b\\c").join("a");
        let expected = format!(
            "fn main() {{ include!({:?}) }}",
            expected.to_str().expect("text")
        );
        assert_eq!(copy, Some(expected));
    }

    #[test]
    fn a_literal_of_more_lines_keeps_them() {
        let text = "x(include_str!(\"a\\\n  b\"), y);\n";
        let copy = with_files(text, false, &[]);
        let expected = "« x(include_str!(\"/s/ab\"\n    ), y); √ }\n";
        assert_eq!(short(copy.text.as_deref().expect("a snippet")), expected);
        assert_eq!(copy.in_script(2, 7), (2, 7));
    }

    /// Each character that the script and its copy have in common is told as one place, however it is shifted.
    #[test]
    fn columns_lead_back() {
        let texts = [
            "ä(); öü();",
            "\u{feff}x(); y()",
            "\tuse a; x(\"→\"); mod a; y(include_str!(\"§\"), z) // c",
            "#!/bin/x\nuse a; mod b; Zzz()\n",
            "use a;\nx(include_str!(\"b\"), include_str!(\"cc\"), z);\n\nOk::<(), E>(())",
        ];
        for text in texts {
            let copy = with_files(text, false, &[]);
            let made = copy.text.as_deref().expect("a snippet");
            let script: Vec<&str> = text.trim_start_matches('\u{feff}').split('\n').collect();
            let mut seen = 0;
            for (at, line) in made.trim_start_matches('\u{feff}').split('\n').enumerate() {
                for (column, char) in line.chars().enumerate() {
                    let (line, column) = (at + 1, column + 1);
                    let inside = copy.shifts.iter().any(|shift| {
                        shift.line == line
                            && (shift.column..shift.column + shift.length).contains(&column)
                    });
                    let (script_line, script_column) = copy.in_script(line, column);
                    assert_eq!(script_line, line);
                    let chars = script[line - 1].chars();
                    assert!(script_column <= chars.count() + 1, "{made} {column}");
                    if !inside {
                        let there = script[line - 1].chars().nth(script_column - 1);
                        assert_eq!(there, Some(char), "{made} {line} {column}");
                        seen += 1;
                    }
                }
            }
            let replaced: usize = copy.shifts.iter().map(|shift| shift.replaced).sum();
            let all: usize = script.iter().map(|line| line.chars().count()).sum();
            assert_eq!(seen + replaced, all, "{made}");
        }
    }

    #[test]
    fn what_is_inserted_lies_where_the_script_goes_on() {
        let copy = with_files("use a; x()", false, &[]);
        let begin = "use a; ".len() + 1;
        let opening = OPENING.len() + 1;
        assert_eq!(copy.in_script(1, begin - 1), (1, begin - 1));
        assert_eq!(copy.in_script(1, begin), (1, begin));
        assert_eq!(copy.in_script(1, begin + 5), (1, begin));
        assert_eq!(copy.in_script(1, begin + opening), (1, begin));
        assert_eq!(copy.in_script(1, begin + opening + 2), (1, begin + 2));
        assert_eq!(copy.in_script(1, begin + opening + 3), (1, begin + 3));
        assert_eq!(copy.in_script(1, begin + opening + 8), (1, begin + 3));
        assert_eq!(copy.in_script(7, 3), (7, 3));
    }

    #[test]
    fn no_piece_of_a_script_is_too_little() {
        let text = "\u{feff}#!/bin/x\r\n//! Ü\r\n#[cfg_attr(a, path = \"b\")]\r\npub(crate) mod c { mod d; }\r\n\
                    /* ü */ x(include_str!(r#\"ä\"#), 'e', \"f\\\n\"); // ö\r\n\
                    loop { match y { 1 => Ok::<(), Z>(()), _ => break } }\r\nr()?";
        for (from, _) in text.char_indices() {
            for (to, _) in text[from..].char_indices() {
                let piece = &text[from..from + to];
                let copy = with_files(piece, true, &[]).text.expect("asked for");
                let lines = piece.matches('\n').count();
                let made = copy.matches('\n').count();
                assert!(made == lines || made == lines + 1, "{piece} {copy}");
            }
        }
    }
}
