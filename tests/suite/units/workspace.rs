//! The workspace whose target folder is looked at.

use cargo_sharedtarget::progress::Progress;
use cargo_sharedtarget::target::read::read;
use cargo_sharedtarget::target::unit::Inventory;
use serde_json::Value;

use crate::sandbox::Sandbox;

/// The build script of all packages that have one: what it writes looks like what a compiler writes.
pub(super) const BUILD: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    for name in ["made.rlib", "made.d"] { std::fs::write(format!("{out}/{name}"), "x: /a/b").unwrap(); }
}"#;

/// A workspace with a target of every kind and a dependency from everywhere; nothing of it needs a network.
pub(super) fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    let package = |folder: &str, name: &str, version: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("{folder}/Cargo.toml"), &text);
        sandbox.write(&format!("{folder}/src/lib.rs"), "pub fn it() {}\n");
    };
    package("git", "from-git", "0.3.0", "");
    sandbox.commit_all("git");
    let links =
        "build = \"build.rs\"\nlinks = \"reg\"\n[features]\ndefault = [\"a\"]\na = []\nb = []\n";
    package("work/ven dor/reg-sys-1.2.3", "reg-sys", "1.2.3", links);
    let top =
        "build = \"build.rs\"\n[dependencies]\nreg-sys = { version = \"1\", features = [\"b\"] }\n";
    package("work/ven dor/reg-top", "reg-top", "2.0.0", top);
    for vendored in ["work/ven dor/reg-sys-1.2.3", "work/ven dor/reg-top"] {
        sandbox.write(&format!("{vendored}/build.rs"), BUILD);
        sandbox.write(
            &format!("{vendored}/.cargo-checksum.json"),
            "{\"files\":{}}",
        );
    }
    package(
        "far",
        "far",
        "0.5.0",
        "[lib]\npath = \"../common/far.rs\"\n",
    );
    package("away", "away", "0.6.0", "");
    sandbox.write("common/far.rs", "pub fn it() {}\n");
    let repository = sandbox.path("git").display().to_string().replace('\\', "/");
    let dependencies = format!(
        "build = \"build.rs\"\n[dependencies]\nmac = {{ path = \"mac\" }}\nnear = {{ path = \"near\" }}\n\
         far = {{ path = \"../far\" }}\naway = {{ path = \"../away\" }}\nreg-top = \"2\"\nfrom-git = {{ git = \"file://{repository}\" }}\n\
         [workspace]\nmembers = [\"mac\", \"near\", \"dyn\"]\n"
    );
    package("work", "app", "0.1.0", &dependencies);
    sandbox.write("work/build.rs", BUILD);
    let calls = "near::it(); far::it(); away::it(); reg_top::it(); from_git::it();";
    sandbox.write("work/src/lib.rs", &format!("pub fn it() {{ {calls} }}\n"));
    for file in [
        "src/main.rs",
        "src/bin/my-tool.rs",
        "examples/ex.rs",
        "benches/be.rs",
    ] {
        sandbox.write(&format!("work/{file}"), "fn main() { app::it() }\n");
    }
    sandbox.write("work/tests/it.rs", "#[test] fn it() { app::it() }\n");
    package("work/mac", "mac", "0.1.0", "[lib]\nproc-macro = true\n");
    sandbox.write("work/mac/src/lib.rs", "extern crate proc_macro;\n");
    package("work/near", "near", "0.2.0", "");
    package(
        "work/dyn",
        "dyn",
        "0.4.0",
        "[lib]\ncrate-type = [\"cdylib\"]\n",
    );
    sandbox.write("work/.cargo/config.toml", &replaced("directory", "ven dor"));
    sandbox
}

/// A configuration that takes packages from a folder in place of the registry.
pub(super) fn replaced(by: &str, folder: &str) -> String {
    format!("[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\n{by} = \"{folder}\"\n")
}

/// The toolchain and flags of the new layout; `None`, with a word about it, where there is none.
#[expect(clippy::print_stderr, reason = "a test that did nothing says so")]
pub(crate) fn new_layout(sandbox: &Sandbox) -> Option<[&'static str; 2]> {
    let version = sandbox
        .prepared("cargo", "", &["+nightly", "--version"])
        .output();
    if version.is_ok_and(|output| output.status.success()) {
        return Some(["+nightly", "-Zbuild-dir-new-layout"]);
    }
    eprintln!("skipped: no nightly toolchain for the new layout");
    None
}

/// Builds with these arguments, and gives Cargo's messages and the inventory.
pub(super) fn build(
    sandbox: &Sandbox,
    layout: Option<[&str; 2]>,
    args: &[&str],
) -> (Vec<Value>, Inventory) {
    let mut all: Vec<&str> = layout.iter().map(|layout| layout[0]).collect();
    all.extend_from_slice(args);
    all.extend(layout.iter().map(|layout| layout[1]));
    let doc = args[0] == "doc";
    if !doc {
        all.push("--message-format=json");
    }
    let output = sandbox.cargo("work", &all).stdout;
    let messages = if doc { "" } else { output.as_str() };
    let messages = messages
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    (messages.collect(), inventory(sandbox))
}

pub(super) fn inventory(sandbox: &Sandbox) -> Inventory {
    read(&sandbox.path("work/target"), &Progress::default())
}
