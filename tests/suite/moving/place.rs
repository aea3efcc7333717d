//! Units, notes and links that hold the place at which they were made.

use std::fs;

use serde_json::Value;

use crate::facts::{actions, items, named_like};
use crate::moving::{build, start};
use crate::registry::compiled;

/// A dependent reads the note that its dependency left; nothing of the note is at its old place any more.
#[test]
fn notes_follow() {
    let mut sandbox = start();
    build(&sandbox, "pika");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    // `user` reads it again, `native` does not write it again.
    sandbox.env("AGAIN", "1");
    let said = sandbox.cargo("pika", &["build"]).said();
    assert_eq!(compiled(&said), ["app", "user"], "{said}");
}

/// Cargo would run a test that starts a program at a place where none is any more.
#[test]
fn what_keeps_the_old_place_is_compiled_again() {
    let sandbox = start();
    let test = "#[test]\nfn runs() {\n    \
                let run = std::process::Command::new(env!(\"CARGO_BIN_EXE_app\")).output().unwrap();\n    \
                assert_eq!(run.stdout, b\"2\\n\");\n}\n";
    sandbox.write("pika/tests/runs.rs", test);
    build(&sandbox, "pika");
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    let one = actions(&answer, "move_folder")
        .next()
        .expect("a move")
        .clone();
    let left: Vec<&Value> = items(&one["left"]).map(|unit| &unit["reason"]).collect();
    assert!(!left.is_empty());
    assert!(left.iter().all(|reason| *reason == "path_inside"), "{one}");
    sandbox.cargo("pika", &["test"]);
    sandbox.run("pika", &["undo"]).code(0);
    sandbox.cargo("pika", &["test"]);
}

/// Dependents of a unit that is compiled again are compiled again as well: it need not come out the same.
#[test]
fn what_depends_on_it_is_compiled_again() {
    let sandbox = start();
    let write = |path: &str, text: &str| sandbox.write(&format!("pika/{path}"), text);
    let manifest = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
    };
    write("low/Cargo.toml", &manifest("low", ""));
    write("low/build.rs", "fn main() {}\n");
    write(
        "low/src/lib.rs",
        "pub struct It(pub u32);\npub const PLACE: &str = env!(\"OUT_DIR\");\n",
    );
    let uses_low = "[dependencies]\nlow = { path = \"../low\" }\n";
    write("mid/Cargo.toml", &manifest("mid", uses_low));
    write("mid/src/lib.rs", "pub fn it() -> low::It { low::It(5) }\n");
    let top = sandbox
        .read("pika/Cargo.toml")
        .replace("plain = \"1\"\n", "")
        + "low = { path = \"low\" }\nmid = { path = \"mid\" }\n";
    write("Cargo.toml", &top);
    let main = "fn main() {\n    let it: low::It = mid::it();\n    \
                assert!(std::path::Path::new(low::PLACE).exists());\n    println!(\"{}\", it.0);\n}\n";
    write("src/main.rs", main);
    build(&sandbox, "pika");
    for args in [&["setup", "--yes"][..], &["undo"]] {
        let answer = sandbox.json("pika", args);
        let own = sandbox.path("pika").display().to_string();
        let mut moves = actions(&answer, "move_folder");
        let one = moves.find(|one| one["workspace"] == own).expect("a move");
        assert!(items(&one["left"]).count() > 2, "{one}");
        assert_eq!(sandbox.cargo_run("pika"), "5\n", "{args:?}");
        build(&sandbox, "pika");
    }
}

/// A build script that makes a native library with its own place in it.
pub(crate) const NATIVE: &str = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                  let library = format!(\"\\x7fELF\\0{out}/data\\0\");\n    \
                  std::fs::create_dir_all(format!(\"{out}/data\")).unwrap();\n    \
                  std::fs::write(format!(\"{out}/data/it\"), \"it\").unwrap();\n    \
                  std::fs::write(format!(\"{out}/libit.so\"), library).unwrap();\n    \
                  println!(\"cargo::rerun-if-changed=build.rs\");\n}\n";

/// Libraries of another language that a script has linked may hold the place of another one, or of a file.
#[test]
fn native_libraries_with_the_old_place_are_made_again() {
    let sandbox = start();
    sandbox.write("pika/own/build.rs", NATIVE);
    build(&sandbox, "pika");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    build(&sandbox, "pika");
    let target = sandbox.path("pika/.shared-target/pika/main");
    for library in named_like(&target, "libit.so") {
        let text = fs::read(&library).expect("a library");
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("pika/target"), "{}", library.display());
    }
}

/// Tests leave links in the folder that Cargo gives them, and scripts beside the program.
#[test]
fn links_by_their_whole_path_follow() {
    let sandbox = start();
    build(&sandbox, "pika");
    sandbox.write("pika/target/tmp/versions/1", "one");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(sandbox.path(to), sandbox.path(from)).expect("a link");
    };
    link("pika/target/tmp/current", "pika/target/tmp/versions");
    link("pika/target/debug/elsewhere", "pika/own");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    let now = "pika/.shared-target/pika/main";
    assert_eq!(sandbox.read(&format!("{now}/tmp/current/1")), "one");
    assert!(sandbox.exists(&format!("{now}/debug/elsewhere/Cargo.toml")));
    sandbox.run("pika", &["undo"]).code(0);
    assert_eq!(sandbox.read("pika/target/tmp/current/1"), "one");
}

/// The worktree goes by another name, by which it was built.
#[test]
fn programs_that_tests_start_are_found_by_any_name() {
    let sandbox = start();
    let test = "#[test]\nfn runs() {\n    \
                assert!(std::process::Command::new(env!(\"CARGO_BIN_EXE_app\")).status().unwrap().success());\n}\n";
    sandbox.write("pika/tests/runs.rs", test);
    std::os::unix::fs::symlink(sandbox.path("pika"), sandbox.path("alias")).expect("a link");
    let ask = ["test", "--manifest-path", "alias/Cargo.toml"];
    sandbox.cargo("", &ask);
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/target"));
    sandbox.cargo("", &ask);
}

/// The folders hold the same, byte for byte: notes of where they lie follow there and back.
#[test]
fn all_bytes_come_back() {
    let sandbox = start();
    build(&sandbox, "pika");
    let before = sandbox.tree("pika/target");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    let there = sandbox.tree("pika/.shared-target/pika/main");
    let names: Vec<_> = there.keys().collect();
    assert_eq!(names, before.keys().collect::<Vec<_>>());
    let differ = before
        .iter()
        .filter(|(path, bytes)| there[*path] != **bytes);
    let differ: Vec<_> = differ.map(|(path, _)| path).collect();
    assert!(
        differ.iter().all(|path| path.ends_with("it.pc")),
        "{differ:?}"
    );
    assert!(!differ.is_empty());
    sandbox.run("pika", &["undo"]).code(0);
    assert_eq!(sandbox.tree("pika/target"), before);
}
