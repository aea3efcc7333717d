//! Makes a snippet the program that thag makes of it.
//!
//! Source: `wrap_snippet` in `src/code_utils.rs` and `is_unit_return_type` in `src/ast.rs` of thag_rs 1.1.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, Item, ReturnType, Stmt};

use crate::script::body::Edit;
use crate::script::body::wrap::{OPENING, SUCCESS, is_main_result};
use crate::script::tokens::{is_punct, mark, range, shebang};

/// Attribute and imports before the `main` of a snippet. A snippet may import the same names: those are inside.
pub(super) const BEFORE: &str = "#![allow(unused_imports, unused_macros, unused_variables, dead_code)] \
     use ::std::error::Error; use ::std::io; use ::std::io::prelude::*; ";

/// Edits that make a snippet a program. Its lines keep their numbers.
///
/// Where all of a snippet could stand in a file of its own, nothing is printed, as in thag.
pub(super) fn wrapping(
    text: &str,
    plain: &str,
    trees: &[TokenTree],
    tokens: TokenStream,
    unquote: bool,
) -> Vec<Edit> {
    let (begin, replaced) = beginning(text, plain, trees);
    let opening = format!("{BEFORE}{OPENING} ");
    let open = match begin {
        Some(at) => Edit {
            range: replaced.unwrap_or(at..at),
            with: opening,
        },
        None => return vec![closed(Edit::insert(text.len(), format!("\n{opening}")))],
    };
    let is_file = syn::parse2::<syn::File>(tokens).is_ok();
    let code = &trees[attributes(trees)..];
    let statements = Block::parse_within.parse2(code.iter().cloned().collect());
    let statements = statements.unwrap_or_default();
    let end = match is_file {
        true => Ending::Whole,
        false => Ending::of(code, &statements),
    };
    let is_closed = match statements.last() {
        Some(Stmt::Expr(_, None)) => false,
        Some(_) => true,
        None => trees.last().is_some_and(|last| is_punct(last, ';')),
    };
    let semicolon = if is_closed { "" } else { ";" };
    let end_of_code = trees.last().map(range);
    let at = match &end_of_code {
        // The code ends with a comment that documents nothing; the compiler says so.
        Some(last) if plain[last.clone()].starts_with("//") => plain.len(),
        Some(last) => last.end,
        None => return vec![closed(open)],
    };
    let is_comment = end_of_code.is_some_and(|last| plain[last].starts_with("//"));
    let line = match is_comment && !plain.ends_with('\n') {
        true => "\n",
        false => "",
    };
    let mut edits = vec![open];
    match end {
        Ending::Whole => edits.push(Edit::insert(at, format!("{line}{semicolon} {SUCCESS} }}"))),
        Ending::Result => edits.push(Edit::insert(at, format!("{line} }}"))),
        Ending::Value { from, to } => {
            let (open, close) = match unquote {
                false => ("::std::println!(\"{:?}\", ", ")"),
                true => (
                    "::std::println!(\"{}\", ::std::format!(\"{:?}\", ",
                    ").trim_matches('\"'))",
                ),
            };
            edits.push(Edit::insert(from, open.to_owned()));
            edits.push(Edit::insert(to, format!("{close}; {SUCCESS} }}")));
        }
    }
    edits
}

/// A program without code.
fn closed(open: Edit) -> Edit {
    Edit {
        with: format!("{}{SUCCESS} }}", open.with),
        ..open
    }
}

/// Where `main` begins: behind the attributes of the crate. Nothing where they end with the text. A first line that names a program is
/// replaced, with which the imports are the first thing.
fn beginning(
    text: &str,
    plain: &str,
    trees: &[TokenTree],
) -> (Option<usize>, Option<std::ops::Range<usize>>) {
    match trees[..attributes(trees)].last().map(range) {
        Some(last) if plain[last.clone()].starts_with("//") => {
            let next = plain[last.start..].find('\n');
            (next.map(|end| last.start + end + 1), None)
        }
        Some(last) => (Some(last.end), None),
        None => (Some(mark(text)), shebang(text)),
    }
}

/// Number of tokens of the attributes of the crate, with its documentation, that a text begins with.
fn attributes(trees: &[TokenTree]) -> usize {
    let mut rest = trees;
    while let [hash, not, TokenTree::Group(_), others @ ..] = rest
        && is_punct(hash, '#')
        && is_punct(not, '!')
    {
        rest = others;
    }
    trees.len() - rest.len()
}

/// End of a snippet.
enum Ending {
    /// A whole statement, or a value that thag takes for `()`.
    Whole,
    /// The result of `main`, where thag's program does not compile.
    Result,
    /// A value that is printed, with its place in bytes.
    Value { from: usize, to: usize },
}

impl Ending {
    fn of(trees: &[TokenTree], statements: &[Stmt]) -> Self {
        let printed = match statements.last() {
            Some(Stmt::Expr(expr, None)) if is_main_result(expr) => return Self::Result,
            Some(Stmt::Expr(expr, None)) => !is_unit(expr, &functions(statements)),
            Some(Stmt::Macro(call)) => call.semi_token.is_none(),
            _ => false,
        };
        let last = printed.then(|| last_statement(trees, statements.len()));
        match last
            .flatten()
            .and_then(|last| last.first().zip(last.last()))
        {
            Some((first, last)) => Self::Value {
                from: range(first).start,
                to: range(last).end,
            },
            None => Self::Whole,
        }
    }
}

/// Tokens of the last of some statements, without its attributes and its documentation.
fn last_statement(trees: &[TokenTree], count: usize) -> Option<&[TokenTree]> {
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        tree => is_punct(tree, ';'),
    };
    let counted = |trees: &[TokenTree]| {
        let read = Block::parse_within.parse2(trees.iter().cloned().collect());
        read.map_or(usize::MAX, |statements| statements.len())
    };
    let mut begins = (0..trees.len()).rev();
    // A brace may end an operand as well as a statement.
    let begin = begins.find(|&at| {
        (at == 0 || ends(&trees[at - 1]))
            && counted(&trees[at..]) == 1
            && counted(&trees[..at]) == count - 1
    })?;
    let mut last = &trees[begin..];
    while let [hash, TokenTree::Group(_), rest @ ..] = last
        && is_punct(hash, '#')
    {
        last = rest;
    }
    Some(last)
}

/// The functions of a snippet by name, each with whether it returns `()`.
type Functions = BTreeMap<String, bool>;

/// The functions in statements, each with whether it returns nothing.
fn functions(statements: &[Stmt]) -> Functions {
    struct Find(Functions);
    impl Visit<'_> for Find {
        fn visit_item_fn(&mut self, function: &syn::ItemFn) {
            let name = function.sig.ident.to_string();
            self.0.insert(name, returns_unit(&function.sig.output));
            visit::visit_item_fn(self, function);
        }
    }
    let mut find = Find(Functions::new());
    for statement in statements {
        find.visit_stmt(statement);
    }
    find.0
}

fn returns_unit(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, result) => {
            matches!(&**result, syn::Type::Tuple(tuple) if tuple.elems.is_empty())
        }
    }
}

/// Whether thag prints the value of some code: an expression, or statements.
#[must_use]
pub(crate) fn prints(code: &str) -> bool {
    // A single expression is a statement without a semicolon, too.
    let statements = Block::parse_within.parse_str(code);
    let statements = statements.unwrap_or_default();
    let functions = functions(&statements);
    let last = statements.last();
    last.is_some_and(|last| !is_unit_statement(last, &functions))
}

/// Whether thag takes a value for `()`, by its looks.
fn is_unit(expr: &Expr, functions: &Functions) -> bool {
    let of_block = |block: &Block| {
        let last = block.stmts.last();
        last.is_some_and(|last| is_unit_statement(last, functions))
    };
    let of_path = |path: &syn::ExprPath| {
        let name = path.path.get_ident();
        name.and_then(|name| functions.get(&name.to_string()).copied())
            .unwrap_or(false)
    };
    match expr {
        Expr::ForLoop(each) => of_block(&each.body),
        Expr::If(branches) => {
            of_block(&branches.then_branch)
                && branches.else_branch.as_ref().is_none_or(|(_, other)| {
                    matches!(&**other, Expr::Block(_) | Expr::If(_)) && is_unit(other, functions)
                })
        }
        Expr::Block(block) => block.block.stmts.is_empty() || of_block(&block.block),
        Expr::Match(branches) => {
            let mut arms = branches.arms.iter();
            arms.all(|arm| is_unit(&arm.body, functions))
        }
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if of_path(path)),
        Expr::Closure(closure) => match &closure.output {
            ReturnType::Default => is_unit(&closure.body, functions),
            output @ ReturnType::Type(..) => returns_unit(output),
        },
        Expr::MethodCall(call) => is_unit(&call.receiver, functions),
        Expr::Binary(binary) => matches!(
            binary.op,
            BinOp::AddAssign(_)
                | BinOp::SubAssign(_)
                | BinOp::MulAssign(_)
                | BinOp::DivAssign(_)
                | BinOp::RemAssign(_)
                | BinOp::BitXorAssign(_)
                | BinOp::BitAndAssign(_)
                | BinOp::BitOrAssign(_)
                | BinOp::ShlAssign(_)
                | BinOp::ShrAssign(_)
        ),
        Expr::While(_)
        | Expr::Loop(_)
        | Expr::Break(_)
        | Expr::Continue(_)
        | Expr::Infer(_)
        | Expr::Let(_) => true,
        Expr::Macro(call) => {
            let last = call.mac.path.segments.last();
            last.is_some_and(|last| {
                let name = last.ident.to_string();
                ["print", "write", "debug"]
                    .iter()
                    .any(|begin| name.starts_with(begin))
            })
        }
        Expr::Path(path) => of_path(path),
        Expr::Return(result) => result.expr.is_none(),
        _ => false,
    }
}

fn is_unit_statement(statement: &Stmt, functions: &Functions) -> bool {
    match statement {
        Stmt::Expr(expr, None) => is_unit(expr, functions),
        Stmt::Expr(Expr::Return(result), Some(_)) => result.expr.is_none(),
        Stmt::Expr(Expr::Yield(result), Some(_)) => result.expr.is_none(),
        Stmt::Expr(_, Some(_)) | Stmt::Local(_) => true,
        Stmt::Macro(call) => call.semi_token.is_some(),
        Stmt::Item(Item::Macro(call)) => call.semi_token.is_some(),
        Stmt::Item(Item::Const(_) | Item::Enum(_) | Item::Static(_) | Item::Verbatim(_)) => false,
        Stmt::Item(_) => true,
    }
}
