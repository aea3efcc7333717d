//! Which programs are one file in two worktrees in the new layout.

use std::os::unix::fs::MetadataExt as _;

use super::*;
use crate::registry::Registry;

/// The program of a build script is not, since Cargo does not remove it before it has it linked anew; a macro is, if its
/// linker makes a new file.
#[test]
fn that_may_be_one_file() {
    let Some(mut sandbox) = sandbox("") else {
        return;
    };
    let home = sandbox.path("");
    let registry = Registry::new(&home);
    sandbox.env("CARGO_HOME", home.join("cargo-home"));
    let run = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n";
    let text = "extern crate proc_macro;\n#[proc_macro]\npub fn one(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
                \"1\".parse().unwrap()\n}\n";
    let plugin = "[lib]\nproc-macro = true";
    let publish = |name: &str, more: &str, script: &str| {
        let files = [("build.rs", script), ("src/lib.rs", "")];
        registry.publish((name, "1.0.0"), &[], more, &files);
    };
    registry.publish(("macs", "1.0.0"), &[], plugin, &[("src/lib.rs", text)]);
    publish("plain", "", run);
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                    [dependencies]\nmacs = \"1\"\nplain = \"1\"\n";
    sandbox.write("pika/Cargo.toml", manifest);
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { print!(\"{}\", macs::one!()) }\n",
    );
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.cargo("pika", &["build", "-q"]);
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    if answer["outcome"]["done"][0]["warmed"]["method"] != "links" {
        return;
    }
    let names = |package: &str, end: &str| {
        let folder = sandbox.path("beside/target/debug/build").join(package);
        let entries = walkdir::WalkDir::new(folder).into_iter();
        let mut entries = entries.map(|entry| entry.expect("readable"));
        let found = entries.find(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.file_type().is_file() && name.ends_with(end)
        });
        let found = found.expect("a program");
        found.metadata().expect("a file").nlink()
    };
    let names_itself = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let expected = 1 + u64::from(names_itself);
    assert_eq!(names("macs", ".so"), expected);
    assert_eq!(names("plain", "build_script_build"), 1);
    let built = sandbox.cargo("beside", &["build", "-v"]);
    assert_eq!(compiled(&built.stderr), Vec::<String>::new());
}
