//! A macro counts for the crates that can call it: by a name in their sources, or in those of what they are compiled with.

use super::build;
use super::proven::{assert_as_cold, commit};
use crate::sandbox::Sandbox;

/// A repository `r` whose package `app` has these dependencies and this source. It is compiled with `mid`, which has this
/// source, and depends on a macro `place!` that gives the folder of the package; and with `tool`, which has this one.
fn repository(dependencies: &str, app: &str, mid: &str, tool: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let package = |name: &str, more: &str, source: &str, root: &str| {
        let manifest =
            format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}");
        sandbox.write(&format!("r/{name}/Cargo.toml"), &manifest);
        sandbox.write(&format!("r/{name}/src/{root}.rs"), source);
    };
    sandbox.write(
        "r/Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"mid\", \"tool\", \"mac\"]\nresolver = \"2\"\n",
    );
    let more = format!("[dependencies]\ntool = {{ path = \"../tool\" }}\n{dependencies}");
    package("app", &more, app, "main");
    let more = "[dependencies]\nmac = { path = \"../mac\" }\n";
    package("mid", more, mid, "lib");
    package("tool", "", tool, "lib");
    package(
        "mac",
        "[lib]\nproc-macro = true\n",
        "use proc_macro::TokenStream;\n#[proc_macro]\npub fn place(_: TokenStream) -> TokenStream {\n    \
         format!(\"{:?}\", std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()).parse().unwrap()\n}\n",
        "lib",
    );
    commit(&sandbox, "r");
    sandbox
}

const MID: &str = "mid = { path = \"../mid\" }\n";

/// Builds there, then in a worktree that was warmed, which must say what it says when it is built cold.
#[track_caller]
fn assert_compiled(sandbox: &Sandbox) {
    let donors = build(sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(sandbox, "w2", &donors);
}

#[test]
fn one_that_no_crate_names_counts_for_none() {
    let app = "fn main() { println!(\"{}\", mid::VALUE) }\n";
    let mid = "// Nothing of mac here.\npub const VALUE: &str = \"one\";\n";
    let sandbox = repository(MID, app, mid, "pub fn tool() {}\n");
    build(&sandbox, "r");
    sandbox.worktree("r", "w2");
    let run = sandbox.run("w2", &["warm", "--yes", "--verbose"]).code(0);
    let (compiled, said) = build(&sandbox, "w2");
    assert_eq!(said, "one\n");
    assert!(compiled.is_empty(), "{compiled:?}: {}", run.said());
}

#[test]
fn one_that_is_handed_on() {
    let app = "fn main() { println!(\"{}\", mid::place!()) }\n";
    assert_compiled(&repository(MID, app, "pub use mac::place;\n", ""));
}

#[test]
fn one_that_is_handed_on_by_another_name() {
    let renamed = "other = { path = \"../mid\", package = \"mid\" }\n";
    let app = "fn main() { println!(\"{}\", other::where_it_is!()) }\n";
    let mid = "extern crate mac as it;\npub use it::place as where_it_is;\n";
    assert_compiled(&repository(renamed, app, mid, ""));
}

/// The crate that calls it does not name it: the macro by example of another crate does.
#[test]
fn one_that_another_crates_macro_names() {
    let app = "fn main() { println!(\"{}\", tool::ask!()) }\n";
    let tool = "#[macro_export]\nmacro_rules! ask { () => { ::mid::place!() } }\n";
    assert_compiled(&repository(MID, app, "pub use mac::place;\n", tool));
}

/// A line that begins like a comment may be the end of another one, with code behind it.
#[test]
fn one_that_is_named_behind_the_end_of_a_comment() {
    let app = "fn main() { println!(\"{}\", mid::place!()) }\n";
    assert_compiled(&repository(MID, app, "/*\n// */ pub use mac::place;\n", ""));
}
