//! Rust sources that take a moment to compile.

use std::fmt::Write as _;

/// A library with its own number in its sources.
pub(super) fn library(seed: usize, size: usize, own: u64, others: &str) -> String {
    format!("{}{}", types(seed, size), value(own, others))
}

/// A library whose own number is in the source that its build script writes.
pub(super) fn library_with_script(seed: usize, size: usize, others: &str) -> String {
    let include = "include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));\n";
    let value = format!(
        "\n/// The sum.\npub fn value() -> u64 {{\n    GENERATED.wrapping_add({others})\n}}\n"
    );
    format!("{}{include}{value}", types(seed, size))
}

/// The build script for it.
pub(super) fn build_script(own: u64) -> String {
    format!(
        r#"fn main() {{
    let folder = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("a folder"));
    let source = "/// A number.\npub const GENERATED: u64 = {own};\n";
    std::fs::write(folder.join("generated.rs"), source).expect("a file");
    println!("cargo:rerun-if-changed=build.rs");
}}
"#
    )
}

/// A macro that stands for a number.
pub(super) fn proc_macro(seed: usize, size: usize, own: u64, others: &str) -> String {
    let types = types(seed, size).replace("pub ", "");
    format!(
        r#"#![allow(dead_code)]
{types}
/// The number.
#[proc_macro]
pub fn number(_: proc_macro::TokenStream) -> proc_macro::TokenStream {{
    let number = {own}_u64.wrapping_add({others});
    format!("{{number}}_u64").parse().expect("a number")
}}
"#
    )
}

/// A function that gives a crate's own number and what others give.
pub(super) fn value(own: u64, others: &str) -> String {
    format!("\n/// The sum.\npub fn value() -> u64 {{\n    {own}_u64.wrapping_add({others})\n}}\n")
}

/// Some types with derived traits, and methods with collections in them.
pub(super) fn types(seed: usize, count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            r#"
/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table{n} {{
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: Vec<(u64, Option<String>)>,
    /// Its index.
    pub index: std::collections::BTreeMap<String, [u64; {width}]>,
}}

impl Table{n} {{
    /// Adds rows.
    pub fn grow(&mut self, by: u64) -> u64 {{
        for row in 0..by % 7 {{
            let name = format!("{{}}-{{row}}-{seed}", self.name);
            self.rows.push((row ^ {seed}, Some(name.clone())));
            self.index.insert(name, [row; {width}]);
        }}
        self.rows.sort();
        let sum = self.rows.iter().fold({seed}, |sum: u64, (row, _)| sum.wrapping_mul(31).wrapping_add(*row));
        self.index.values().flatten().fold(sum, |sum, value| sum ^ value)
    }}

    /// Finds rows.
    pub fn find(&self, part: &str) -> Vec<&str> {{
        let names = self.rows.iter().filter_map(|(_, name)| name.as_deref());
        names.filter(|name| name.contains(part)).collect()
    }}
}}
"#,
            width = n % 5 + 1
        );
    }
    text
}
