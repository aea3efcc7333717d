//! Makes an expression, or a closure for each line of the input, a program.
//!
//! The programs are those of rust-script: what an expression can name there without a path it can name here.

use crate::script::body::{Code, Edit};

/// Attributes that each of these programs begins with: what it imports for the expression need not be used.
const ALLOWED: &str = "#![allow(unused_imports, unused_braces)]";

/// Whether a value is `()`, which is not printed. By its name, such that the value may borrow from anything.
const IS_UNIT: &str =
    "fn __is_unit<T: ?Sized>(_: &T) -> bool { ::std::any::type_name::<T>() == \"()\" }";

/// Edits that put an expression into a program.
///
/// All that precedes it stands in its first line, so that its lines keep their numbers.
pub(super) fn wrapping(text: &str, code: Code, prelude: &[String]) -> Vec<Edit> {
    let prelude = prelude.join(" ");
    let (open, close) = match code {
        Code::Loop { counted } => around_closure(counted),
        _ => around_value(),
    };
    vec![
        Edit::insert(0, format!("{ALLOWED} {prelude} {open}")),
        // It may end with a comment.
        Edit::insert(text.len(), format!("\n{close}")),
    ]
}

fn around_value() -> (String, String) {
    let main = "fn main() { if let ::std::result::Result::Err(error) = try_main() { \
                { use ::std::io::Write as _; let _ = ::std::writeln!(::std::io::stderr(), \"Error: {}\", error); } \
                ::std::process::exit(1); } }";
    let open = format!(
        "use ::std::any::{{Any, TypeId}}; {main} {IS_UNIT} \
         fn try_main() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {{ match {{"
    );
    let close = "} { value if !__is_unit(&value) => ::std::println!(\"{:?}\", value), _ => {} } \
                 ::std::result::Result::Ok(()) }";
    (open, close.to_owned())
}

fn around_closure(counted: bool) -> (String, String) {
    let (takes, given, counts) = match counted {
        true => ("&str, usize", "&line, count", "count += 1;"),
        false => ("&str", "&line", ""),
    };
    let open = format!(
        "use ::std::any::Any; use ::std::io::prelude::*; {IS_UNIT} \
         fn __closure<F: FnMut({takes}) -> T, T: 'static>(closure: F) -> F {{ closure }} \
         fn main() {{ let mut closure = __closure({{"
    );
    let close = format!(
        "}}); #[allow(unused_mut, unused_variables)] let mut count = 0_usize; \
         let mut line = ::std::string::String::new(); let input = ::std::io::stdin(); \
         loop {{ line.clear(); if input.read_line(&mut line).unwrap_or(0) == 0 {{ break }} {counts} \
         let output = closure({given}); if !__is_unit(&output) {{ ::std::println!(\"{{:?}}\", output); }} }} }}"
    );
    (open, close)
}
