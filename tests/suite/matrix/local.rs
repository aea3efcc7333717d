//! The crates that each worktree has for itself, every one with a mark of its worktree in it.
//!
//! The same mark shows in what a program prints, in the name of an unused variable (what `check` reports), in a
//! comparison that only clippy minds, and in the documentation.

use crate::sandbox::Sandbox;

/// Writes the repository's files into a worktree, and `away` beside it, with this mark.
///
/// `away` is the path dependency outside of the workspace; each worktree lies in a folder of its own, and so has its
/// own one at the same relative path.
pub(crate) fn write(sandbox: &Sandbox, worktree: &str, mark: &str) {
    let git = sandbox.path("from-git").display().to_string();
    for (path, text) in files(&git) {
        sandbox.write(&format!("{worktree}/{path}"), &text.replace("MARK", mark));
    }
}

/// Writes only what lies outside of the repository.
pub(crate) fn write_away(sandbox: &Sandbox, worktree: &str, mark: &str) {
    for (path, text) in files("") {
        if path.starts_with("..") {
            sandbox.write(&format!("{worktree}/{path}"), &text.replace("MARK", mark));
        }
    }
}

/// Every crate and target that has a mark, as it stands in variables and in the documentation, and what it is.
pub(crate) const MARKED: [(&str, &str); 16] = [
    ("main", "program"),
    ("app", "library"),
    ("near", "path dependency"),
    ("apart", "path dependency, excluded"),
    (
        "outer",
        "program with a path dependency outside of the workspace",
    ),
    ("away", "path dependency outside of the workspace"),
    ("patched", "`[patch]`ed path crate"),
    ("dynlib", "cdylib, and a library"),
    ("loaded", "that cdylib, as the dynamic linker finds it"),
    ("mac", "proc-macro"),
    ("build", "build script"),
    ("tool", "build dependency"),
    ("unit", "unit test"),
    ("it", "integration test"),
    ("ex", "example"),
    ("be", "benchmark"),
];

fn files(git: &str) -> Vec<(&'static str, String)> {
    let library = |name: &str| {
        format!(
            "//! The mark is doc_MARK_{name}.\npub fn line() -> String {{\n{}    \
             format!(\"{name}=MARK at {{}}\", env!(\"CARGO_MANIFEST_DIR\"))\n}}\n",
            lints(name)
        )
    };
    let program = |name: &str| {
        format!(
            "fn main() {{\n{}    println!(\"| {name}=MARK\");\n    \
             for line in app::lines() {{ println!(\"| {name}: {{line}}\"); }}\n}}\n",
            lints(name)
        )
    };
    vec![
        ("Cargo.toml", APP_MANIFEST.replace("GIT", git)),
        ("build.rs", BUILD.replace("    // lints\n", &lints("build"))),
        (
            "src/lib.rs",
            LIB.replace("    // lints\n", &lints("app"))
                .replace("    // unit\n", &lints("unit")),
        ),
        ("src/main.rs", program("main")),
        ("examples/ex.rs", program("ex")),
        ("benches/be.rs", program("be")),
        ("tests/it.rs", TEST.replace("    // lints\n", &lints("it"))),
        ("near/Cargo.toml", manifest("near", "")),
        ("near/src/lib.rs", library("near")),
        ("tool/Cargo.toml", manifest("tool", "")),
        ("tool/src/lib.rs", library("tool")),
        (
            "mac/Cargo.toml",
            manifest("mac", "[lib]\nproc-macro = true\n"),
        ),
        (
            "mac/src/lib.rs",
            format!(
                "//! The mark is doc_MARK_mac.\nuse proc_macro::TokenStream;\n#[proc_macro]\n\
                 pub fn expand(_: TokenStream) -> TokenStream {{\n{}    \"\\\"mac=MARK\\\"\".parse().unwrap()\n}}\n",
                lints("mac")
            ),
        ),
        (
            "dynlib/Cargo.toml",
            manifest("dynlib", "[lib]\ncrate-type = [\"cdylib\", \"lib\"]\n"),
        ),
        (
            "dynlib/src/lib.rs",
            library("dynlib")
                + "#[no_mangle] pub extern \"C\" fn dyn_mark() -> *const std::ffi::c_char { c\"MARK\".as_ptr() }\n",
        ),
        (
            "outer/Cargo.toml",
            manifest(
                "outer",
                "[dependencies]\naway = { path = \"../../away\" }\n",
            ),
        ),
        (
            "outer/src/main.rs",
            OUTER.replace("    // lints\n", &lints("outer")),
        ),
        (
            "patched/Cargo.toml",
            manifest("patched", "").replace("0.1.0", "1.0.0"),
        ),
        ("patched/src/lib.rs", library("patched")),
        ("apart/Cargo.toml", manifest("apart", "")),
        ("apart/src/lib.rs", library("apart")),
        ("../away/Cargo.toml", manifest("away", "")),
        ("../away/src/lib.rs", library("away")),
    ]
}

/// One variable that the compiler warns of, and one comparison that only clippy warns of.
fn lints(name: &str) -> String {
    format!(
        "    let lint_MARK_{name} = 1;\n    let clip_MARK_{name} = true;\n    \
         if clip_MARK_{name} == true {{ std::hint::black_box(()); }}\n"
    )
}

fn manifest(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
}

const APP_MANIFEST: &str = r#"[package]
name = "app"
version = "0.1.0"
edition = "2021"
build = "build.rs"
default-run = "app"

[lib]
bench = false

[[bin]]
name = "app"
path = "src/main.rs"
bench = false

[[bench]]
name = "be"
harness = false

[dependencies]
near = { path = "near" }
mac = { path = "mac" }
dynlib = { path = "dynlib" }
apart = { path = "apart" }
patched = "1"
reg-mid = "1"
reg-sys = "1"
reg-sys-top = "1"
reg-gen = "1"
reg-mac = "1"
reg-keep-top = "1"
reg-keep-env = "1"
reg-keep-mac = "1"
reg-on-patched = "1"
from-git = { git = "file://GIT" }

[build-dependencies]
tool = { path = "tool" }
reg-leaf = "1"

[patch.crates-io]
patched = { path = "patched" }

[workspace]
members = ["near", "mac", "dynlib", "tool", "outer"]
exclude = ["apart", "patched"]
"#;

const BUILD: &str = r#"fn main() {
    // lints
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/baked.txt"), "baked file=MARK").unwrap();
    println!("cargo::rustc-env=BAKED=build=MARK {} {}", tool::line(), reg_leaf::line());
    println!("cargo::rustc-env=SYS_AT=sys lies at {}", std::env::var("DEP_REGC_ROOT").unwrap());
}
"#;

const LIB: &str = r#"//! The mark is doc_MARK_app.

use std::ffi::{c_char, c_int, c_void, CStr, CString};

/// ```
/// assert_eq!(app::lines()[0], "app=MARK");
/// ```
pub fn lines() -> Vec<String> {
    // lints
    vec![
        "app=MARK".to_owned(),
        near::line(),
        dynlib::line(),
        loaded(),
        mac::expand!().to_owned(),
        apart::line(),
        patched::line(),
        env!("BAKED").to_owned(),
        env!("SYS_AT").to_owned(),
        include_str!(concat!(env!("OUT_DIR"), "/baked.txt")).to_owned(),
        std::fs::read_to_string(concat!(env!("OUT_DIR"), "/baked.txt")).unwrap(),
        reg_on_patched::line(),
        reg_mid::line(),
        reg_sys::line(),
        reg_sys_top::line(),
        reg_gen::line(),
        reg_mac::expand!().to_owned(),
        reg_keep_top::line(),
        reg_keep_env::line(),
        reg_keep_mac::expand!().to_owned(),
        from_git::line(),
    ]
}

extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// What the shared library says that the dynamic linker finds, at the side of the program or where Cargo says.
fn loaded() -> String {
    let beside = std::env::current_exe().unwrap().with_file_name("libdynlib.so");
    let open = |name: &str| unsafe { dlopen(CString::new(name).unwrap().as_ptr(), 2) };
    let mut library = open(beside.to_str().unwrap());
    if library.is_null() {
        library = open("libdynlib.so");
    }
    if library.is_null() {
        return "loaded=nothing".to_owned();
    }
    let mark = unsafe {
        let mark = dlsym(library, c"dyn_mark".as_ptr());
        let mark: extern "C" fn() -> *const c_char = std::mem::transmute(mark);
        CStr::from_ptr(mark()).to_str().unwrap()
    };
    format!("loaded={mark}")
}

#[cfg(test)]
#[test]
fn unit() {
    // unit
    println!("\n| unit=MARK");
}
"#;

const OUTER: &str = r#"//! The mark is doc_MARK_outer.
fn main() {
    // lints
    println!("| outer=MARK");
    println!("| outer: {}", away::line());
}

#[test]
fn unit() {
    println!("\n| outer tests {}", away::line());
}
"#;

const TEST: &str = r#"
#[test]
fn it() {
    // lints
    println!("\n| it=MARK");
    for line in app::lines() { println!("| it: {line}"); }
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_app")).output().unwrap();
    print!("{}", String::from_utf8(output.stdout).unwrap().replace("| ", "| it runs "));
}
"#;
