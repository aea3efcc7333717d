//! Makes a snippet a program.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::visit::Visit;
use syn::{Attribute, Block, Expr, GenericArgument, Item, PathArguments, ReturnType, Stmt, visit};

use crate::script::body::Edit;
use crate::script::tokens::{has_word, is_punct, mark, range, shebang};

/// How the `main` begins that a snippet becomes the inside of.
pub(super) const OPENING: &str =
    "fn main() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {";

/// How it begins for rust-script: a function of the script may have an error of this type, which is no other box's error.
///
/// Source: `FILE_NO_MAIN_TEMPLATE` in `src/consts.rs` of rust-script.
pub(super) const SENDABLE: &str = "fn main() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error + ::std::marker::Sync + ::std::marker::Send>> {";

/// How it ends, unless the snippet itself says what the result is.
pub(super) const SUCCESS: &str = "::std::result::Result::Ok(())";

/// The edits that make a snippet a program.
pub(super) fn wrapping(
    text: &str,
    plain: &str,
    trees: &[TokenTree],
    tokens: TokenStream,
    opening: &str,
) -> Vec<Edit> {
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
        return vec![Edit::insert(text.len(), format!("\n{opening}{closing}"))];
    };
    let replaced = shebang(text).filter(|_| last_item.is_none());
    let in_line = outline.statement.is_some() && !plain[gap..statement].contains('\n');
    let begin = if in_line { statement } else { gap };
    let mut open = opening.to_owned();
    if last_item.is_some_and(|item| item.end == begin) {
        open.insert(0, ' ');
    }
    if outline.statement.is_none() {
        open.push_str(&closing);
    } else if in_line {
        open.push(' ');
    }
    let open = Edit {
        range: replaced.unwrap_or(begin..begin),
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

    /// The result that `main` has. If the statements cannot be read, only the text after the last semicolon counts.
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

/// The end of a snippet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// A whole statement.
    Nothing,
    /// A value that `main` does not return.
    Value,
    /// A result that `main` returns, or an expression that never ends.
    Result,
    /// A result with an error type of its own: `?` turns it into the one of `main`.
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
        || is_main_result(expr)
        || match expr {
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

/// Whether an expression is `Ok(…)` or `Err(…)`, with the error type of the function that it is in.
pub(super) fn is_main_result(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if is_variant(path) && !has_types(path))
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
