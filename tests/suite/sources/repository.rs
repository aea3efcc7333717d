//! The repository: a workspace with a crate for each way in which something gets into a program.

use std::fs;
use std::path::Path;

/// The dependencies of each package, each package after them.
pub(crate) const PACKAGES: [(&str, &[&str]); 18] = [
    ("leaf", &[]),
    ("macros", &[]),
    ("other", &[]),
    ("inner", &["leaf"]),
    ("outer", &["inner"]),
    ("caller", &["macros"]),
    ("watch-file", &[]),
    ("watch-folder", &[]),
    ("silent", &[]),
    ("generated", &[]),
    ("texts", &[]),
    ("inherits", &["leaf"]),
    ("dynamic", &["leaf"]),
    ("githead", &[]),
    ("place", &[]),
    ("away", &[]),
    ("odd", &["githead", "place", "away"]),
    (
        "show",
        &[
            "leaf",
            "macros",
            "other",
            "outer",
            "caller",
            "watch-file",
            "watch-folder",
            "silent",
            "generated",
            "texts",
            "inherits",
        ],
    ),
];

/// The packages that are always compiled: one asks git, one keeps the place where it lies, one has a name without a
/// hash; and their dependents.
pub(crate) const NEVER: [&str; 4] = ["githead", "place", "odd", "dynamic"];

/// The packages that are compiled where anything in the worktrees differs: a build script or a macro reads files, and
/// may have read any.
pub(crate) const LOOKS: [&str; 6] = [
    "caller",
    "watch-file",
    "watch-folder",
    "silent",
    "generated",
    "show",
];

const ROOT: &str = r#"[package]
name = "show"
version = "0.1.0"
edition = "2021"

[workspace]
members = ["crates/*"]
resolver = "2"

[workspace.package]
version = "0.1.0"
description = "of the workspace"
homepage = "https://example.org"

[workspace.dependencies]
leaf = { path = "crates/leaf" }

[workspace.lints.rust]
unused = "warn"

[profile.release]
opt-level = 0

[dependencies]
leaf = { path = "crates/leaf" }
macros = { path = "crates/macros" }
other = { path = "crates/other" }
outer = { path = "crates/outer" }
caller = { path = "crates/caller" }
watch-file = { path = "crates/watch-file" }
watch-folder = { path = "crates/watch-folder" }
silent = { path = "crates/silent" }
generated = { path = "crates/generated" }
texts = { path = "crates/texts" }
inherits = { path = "crates/inherits" }
"#;

const SHOW: &str = r#"fn main() {
    println!("leaf: {}", leaf::text());
    println!("other: {}", other::text());
    println!("outer: {}", outer::text());
    println!("caller: {}", caller::text());
    println!("watch-file: {}", watch_file::text());
    println!("watch-folder: {}", watch_folder::text());
    println!("silent: {}", silent::text());
    println!("generated: {}", generated::text());
    println!("texts: {}", texts::text());
    println!("inherits: {}", inherits::text());
    println!("show: {} {}", show::text(), env!("CARGO_PKG_VERSION"));
}
"#;

/// Reads a file by its path in the workspace, where rustc runs, and does not tell the compiler.
const MACROS: &str = r#"use proc_macro::TokenStream;

/// The text of a file.
#[proc_macro]
pub fn read(input: TokenStream) -> TokenStream {
    let path = input.to_string();
    let text = std::fs::read_to_string(path.trim_matches('"')).unwrap_or("nothing".into());
    format!("{:?}", text.trim()).parse().unwrap()
}
"#;

const WATCH_FOLDER: &str = r#"fn main() {
    println!("cargo:rerun-if-changed=inputs");
    let mut all: Vec<_> = std::fs::read_dir("inputs").unwrap().map(|file| file.unwrap().path()).collect();
    all.sort();
    let all: Vec<_> = all
        .iter()
        .map(|path| format!("{}={}", path.display(), std::fs::read_to_string(path).unwrap().trim()))
        .collect();
    println!("cargo:rustc-env=SAID={}", all.join(","));
}
"#;

const TEXTS: &str = r#"mod linked;
mod folder;

pub fn text() -> String {
    let bytes = include_bytes!("../bytes.bin");
    [
        include_str!("../text.txt").trim(),
        &format!("{}", bytes.len() + bytes[0] as usize),
        linked::TEXT,
        folder::TEXT,
        option_env!("SHOW_OPTION").unwrap_or("no option"),
        env!("CARGO_PKG_DESCRIPTION"),
        file!(),
    ]
    .join(" | ")
}
"#;

fn manifest(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

fn says(file: &str) -> String {
    format!(
        "fn main() {{\n    println!(\"cargo:rerun-if-changed={file}\");\n    let text = \
         std::fs::read_to_string(\"{file}\").unwrap();\n    println!(\"cargo:rustc-env=SAID={{}}\", \
         text.trim());\n}}\n"
    )
}

/// Writes it into an empty folder.
pub(crate) fn write(top: &Path) {
    let put = |file: &str, text: &str| {
        let path = top.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    };
    put("Cargo.toml", ROOT);
    put(".gitignore", "/target\n.env\n*.ignored\nmade/\n");
    put("README.md", "read me\n");
    put(".github/ci.yml", "a: b\n");
    put(".sqlx/q.json", "query\n");
    put("src/main.rs", SHOW);
    put(
        "src/lib.rs",
        "pub fn text() -> &'static str {\n    \"show one\"\n}\n",
    );
    put(
        "examples/demo.rs",
        "fn main() {\n    println!(\"demo: {} {}\", show::text(), leaf::text());\n}\n",
    );
    put("tests/fixture.txt", "fixture one\n");
    put(
        "tests/fixture.rs",
        "#[test]\nfn fixture() {\n    println!(\"fixture: {}\", \
         std::fs::read_to_string(\"tests/fixture.txt\").unwrap().trim());\n}\n",
    );
    put(
        "tests/program.rs",
        "#[test]\nfn program() {\n    let output = \
         std::process::Command::new(env!(\"CARGO_BIN_EXE_show\")).output().unwrap();\n    \
         println!(\"{}\", String::from_utf8(output.stdout).unwrap());\n}\n",
    );
    put(
        "common/linked.rs",
        "pub const TEXT: &str = \"linked one\";\n",
    );
    put("common/named.rs", "pub const TEXT: &str = \"named one\";\n");
    put(
        "common/folder/mod.rs",
        "pub const TEXT: &str = \"folder one\";\n",
    );

    let lib = |name: &str, more: &str, code: &str| {
        put(&format!("crates/{name}/Cargo.toml"), &manifest(name, more));
        put(&format!("crates/{name}/src/lib.rs"), code);
    };
    let said = "pub fn text() -> &'static str {\n    env!(\"SAID\")\n}\n";
    lib(
        "leaf",
        "\n[features]\ndefault = []\nloud = []\n",
        "mod part;\npub fn text() -> &'static str {\n    if cfg!(feature = \"loud\") { \"LEAF\" } else { \
         part::TEXT }\n}\n",
    );
    put(
        "crates/leaf/src/part.rs",
        "pub const TEXT: &str = \"leaf one\";\n",
    );
    lib("macros", "\n[lib]\nproc-macro = true\n", MACROS);
    lib(
        "other",
        "",
        "pub fn text() -> String {\n    format!(\"other one {}\", env!(\"CARGO_PKG_VERSION\"))\n}\n",
    );
    for (name, on) in [("inner", "leaf"), ("outer", "inner")] {
        lib(
            name,
            &format!("\n[dependencies]\n{on} = {{ path = \"../{on}\" }}\n"),
            &format!(
                "pub fn text() -> String {{\n    format!(\"{name} one, {{}}\", {on}::text())\n}}\n"
            ),
        );
    }
    lib(
        "caller",
        "\n[dependencies]\nmacros = { path = \"../macros\" }\n",
        "pub fn text() -> String {\n    [macros::read!(\"crates/caller/note.txt\"), macros::read!(\"crates/caller/.env\"), \
         macros::read!(\"crates/caller/made/x.txt\"), macros::read!(\".sqlx/q.json\")].join(\" | \")\n}\n",
    );
    put("crates/caller/note.txt", "note one\n");
    lib("watch-file", "", said);
    put("crates/watch-file/build.rs", &says("input.txt"));
    put("crates/watch-file/input.txt", "input one\n");
    lib("watch-folder", "", said);
    put("crates/watch-folder/build.rs", WATCH_FOLDER);
    put("crates/watch-folder/inputs/a.txt", "a one\n");
    put("crates/watch-folder/inputs/b.txt", "b one\n");
    lib("silent", "", said);
    let silent =
        says("data.txt").replace("    println!(\"cargo:rerun-if-changed=data.txt\");\n", "");
    put("crates/silent/build.rs", &silent);
    put("crates/silent/data.txt", "data one\n");
    lib(
        "generated",
        "",
        "include!(concat!(env!(\"OUT_DIR\"), \"/code.rs\"));\n",
    );
    put(
        "crates/generated/build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    let out = \
         std::env::var(\"OUT_DIR\").unwrap();\n    let code = \"pub fn text() -> &'static str { \\\"generated one\\\" \
         }\";\n    std::fs::write(format!(\"{out}/code.rs\"), code).unwrap();\n}\n",
    );
    lib("texts", "description = \"its own\"\n", TEXTS);
    put("crates/texts/text.txt", "text one\n");
    put("crates/texts/bytes.bin", "1234\n");
    put(
        "crates/texts/shared/linked.rs",
        "pub const TEXT: &str = \"linked one\";\n",
    );
    put(
        "crates/texts/shared/folder/mod.rs",
        "pub const TEXT: &str = \"folder one\";\n",
    );
    link(
        "../shared/linked.rs",
        &top.join("crates/texts/src/linked.rs"),
    );
    link("../shared/folder", &top.join("crates/texts/src/folder"));
    lib(
        "away",
        "",
        "mod linked;\nmod folder;\n#[path = \"../../../common/named.rs\"]\nmod named;\npub fn text() -> String {\n    \
         [linked::TEXT, folder::TEXT, named::TEXT].join(\" | \")\n}\n",
    );
    link(
        "../../../common/linked.rs",
        &top.join("crates/away/src/linked.rs"),
    );
    link(
        "../../../common/folder",
        &top.join("crates/away/src/folder"),
    );
    put(
        "crates/inherits/Cargo.toml",
        "[package]\nname = \"inherits\"\nversion.workspace = true\nedition = \"2021\"\ndescription.workspace = \
         true\n\n[lints]\nworkspace = true\n\n[dependencies]\nleaf.workspace = true\n",
    );
    put(
        "crates/inherits/src/lib.rs",
        "pub fn text() -> String {\n    format!(\"{} {} {}\", env!(\"CARGO_PKG_DESCRIPTION\"), \
         env!(\"CARGO_PKG_VERSION\"), leaf::text())\n}\n",
    );
    lib(
        "dynamic",
        "\n[lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\nleaf = { path = \"../leaf\" }\n",
        "#[no_mangle]\npub extern \"C\" fn dynamic_text() -> *const u8 {\n    \"<dynamic one>\".as_ptr()\n}\n#[no_mangle]\npub \
         extern \"C\" fn dynamic_leaf() -> *const u8 {\n    leaf::text().as_ptr()\n}\n",
    );
    lib("githead", "", said);
    put(
        "crates/githead/build.rs",
        "fn main() {\n    let output = std::process::Command::new(\"git\").args([\"rev-parse\", \
         \"HEAD\"]).output().unwrap();\n    println!(\"cargo:rustc-env=SAID={}\", \
         String::from_utf8(output.stdout).unwrap().trim());\n}\n",
    );
    lib(
        "place",
        "",
        "pub fn text() -> &'static str {\n    env!(\"CARGO_MANIFEST_DIR\")\n}\n",
    );
    put(
        "crates/odd/Cargo.toml",
        &manifest(
            "odd",
            "\n[dependencies]\ngithead = { path = \"../githead\" }\nplace = { path = \"../place\" }\naway = { path = \"../away\" }\n",
        ),
    );
    put(
        "crates/odd/src/main.rs",
        "fn main() {\n    println!(\"odd: {} {} {}\", githead::text(), place::text(), away::text());\n}\n",
    );
}

fn link(to: &str, at: &Path) {
    std::os::unix::fs::symlink(to, at).expect("a link");
}
