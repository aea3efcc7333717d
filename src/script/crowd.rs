//! Many scripts at once: which files of a folder are scripts, and which of them have one resolution.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use serde::Serialize;

use crate::script::body::is_program;
use crate::script::embedded_manifest::{self, Form};
use crate::script::nesting;
use crate::script::tokens::{plain, shebang};

/// Returns true if a file may be a script by its name: the rest is told by its text.
pub(crate) fn may_be_script(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some(("", _)) => false,
        Some((_, ending)) => matches!(ending, "rs" | "ers"),
        None => true,
    }
}

/// Returns true if a folder may have scripts: hidden ones have none, and what Cargo builds is not the user's.
pub(crate) fn may_have_scripts(name: &str) -> bool {
    !name.starts_with('.') && name != "target"
}

/// Returns true if a file of a folder is a script, and no module of one: it has a first line for the system, a manifest or a
/// `main`, or it is a snippet. Without an ending only the first line tells. What cannot be read is one, so that the user
/// hears of it.
pub(crate) fn is_script(name: &str, text: &str) -> bool {
    if shebang(text).is_some() {
        return true;
    }
    if !name.contains('.') {
        return false;
    }
    let form = embedded_manifest::find(text).map(|embedded| embedded.form);
    !matches!(form, Ok(Form::None)) || !is_module(text)
}

/// Returns true if a text has items, and no `main` among them.
fn is_module(text: &str) -> bool {
    let text = plain(text);
    let depth = nesting::depth(&text).unwrap_or_default();
    let read = nesting::with_room(depth, || {
        let tokens: TokenStream = text.parse().ok()?;
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let file = syn::parse2::<syn::File>(tokens).ok()?;
        Some(!file.items.iter().any(is_statement) && !is_program(&trees))
    });
    read.flatten().unwrap_or(false)
}

/// Whether an item is a call that makes no items: only in a snippet it has a place.
fn is_statement(item: &syn::Item) -> bool {
    const CALLS: [&str; 9] = [
        "print",
        "println",
        "eprint",
        "eprintln",
        "dbg",
        "assert",
        "assert_eq",
        "assert_ne",
        "panic",
    ];
    let syn::Item::Macro(call) = item else {
        return false;
    };
    let name = call.mac.path.get_ident();
    name.is_some_and(|name| CALLS.iter().any(|call| name == call))
}

/// The order in which scripts are built: of each kind of manifest one first, and then all others, each with the number of the
/// one of its kind, whose resolution it takes. `manifests` are those of the scripts.
pub(crate) fn in_order(manifests: &[String]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut leading, mut others) = (Vec::new(), Vec::new());
    for (at, manifest) in manifests.iter().enumerate() {
        match first.get(manifest.as_str()) {
            Some(like) => others.push((at, *like)),
            None => {
                first.insert(manifest, at);
                leading.push(at);
            }
        }
    }
    (leading, others)
}

/// The part of a script's manifest about dependencies and how they are built, such that scripts of the same text have one
/// resolution.
pub(crate) fn resolved_by(text: &str) -> String {
    let Ok(embedded) = embedded_manifest::find(text) else {
        return String::new();
    };
    let mut table = embedded.table;
    if let Some(package) = table
        .get_mut("package")
        .and_then(|item| item.as_table_like_mut())
    {
        for about in ["name", "description", "authors", "license"] {
            package.remove(about);
        }
    }
    format!("{:?} {table}", embedded.form)
}

/// How the build of one of many scripts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Ended {
    /// Its program is there now.
    Built,
    /// Its program was there.
    Kept,
    /// It has none.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_modules() {
        for (name, text, expected) in [
            ("a.rs", "fn main() {}", true),
            ("a.rs", "---\n---\nfn f() {}", true),
            ("a.rs", "---\n", true),
            ("a.rs", "#!/usr/bin/env x\nfn f() {}", true),
            ("a.rs", "println!(\"x\")", true),
            ("a.rs", "println!(\"x\");\nmod b;\n", true),
            ("a.rs", "thread_local! { static A: u8 = 1; }\n", false),
            ("a.rs", "use std::fs;\nlet x = 1;", true),
            ("a.rs", "fn (", true),
            ("a.rs", "//! ```cargo\n//! ```\nfn f() {}", true),
            ("a.rs", "pub fn f() {}\nmod b;\n", false),
            ("a.rs", "", false),
            ("a.rs", "// only a comment\n", false),
            ("tool", "#!/usr/bin/env -S cargo sharedtarget run\n", true),
            ("Makefile", "fn main() {}", false),
        ] {
            assert_eq!(is_script(name, text), expected, "{name}: {text}");
        }
        for (name, expected) in [
            ("a.rs", true),
            ("a.ers", true),
            ("tool", true),
            (".rs", false),
            (".hidden.rs", true),
            ("a.txt", false),
        ] {
            assert_eq!(may_be_script(name), expected, "{name}");
        }
        assert!(
            may_have_scripts("bin") && !may_have_scripts(".git") && !may_have_scripts("target")
        );
    }

    #[test]
    fn one_of_each_manifest_leads() {
        let manifest = |name: &str, dependency: &str| {
            resolved_by(&format!(
                "---\npackage.name = '{name}'\n[dependencies]\n{dependency} = '1'\n---\nfn main() {{}}\n"
            ))
        };
        let all = [
            manifest("a", "x"),
            manifest("b", "y"),
            manifest("c", "x"),
            manifest("d", "x"),
            resolved_by("fn main() {}"),
            resolved_by("fn main() { 1; }"),
        ];
        assert_eq!(
            in_order(&all),
            (vec![0, 1, 4], vec![(2, 0), (3, 0), (5, 4)])
        );
        assert_eq!(in_order(&[]), (vec![], vec![]));
    }
}
