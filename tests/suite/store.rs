//! The store, with real builds: units that outlive their target folder, the providers that are asked, and false
//! descriptions.

mod damaged;
mod hostile;
mod kept;
mod providers;
mod settings;
mod together;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cargo_sharedtarget::store::model::StoredUnit;

use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::{Run, Sandbox};

/// The units that can be kept: `leaf`, `macs`, `top`, `made`, and the build script of `made` with its run.
const UNITS: usize = 6;

const OUTPUT: &str = "leaf, 42, made; hello\n";

/// A build script that writes this line of Rust, after it has said something.
fn script(says: &str, line: &str) -> String {
    format!(
        "fn main() {{\n    println!(\"{says}\");\n    \
         let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{{out}}/made.rs\"), r#\"{line}\"#).unwrap();\n}}\n"
    )
}

const MADE: &str = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";

/// Publishes a library, a procedural macro, one with a build script, and one that depends on them.
fn publish(registry: &Registry) {
    let text = "pub fn it() -> &'static str { \"leaf\" }\n";
    registry.publish(("leaf", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
    let text = "extern crate proc_macro;\n#[proc_macro]\n\
                pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"42\".parse().unwrap() }\n";
    let plugin = "[lib]\nproc-macro = true";
    registry.publish(("macs", "1.0.0"), &[], plugin, &[("src/lib.rs", text)]);
    let run = script(
        "cargo::rerun-if-changed=build.rs",
        "pub const MADE: &str = \"made\";",
    );
    let files = [("build.rs", run.as_str()), ("src/lib.rs", MADE)];
    registry.publish(("made", "1.0.0"), &[], "", &files);
    let text = "pub fn it() -> String { format!(\"{}, {}, {}\", leaf::it(), macs::answer!(), made::MADE) }\n";
    let needs = ["leaf", "macs", "made"];
    registry.publish(("top", "1.0.0"), &needs, "", &[("src/lib.rs", text)]);
}

/// Writes a package that depends on another one, and prints what that says.
fn app(sandbox: &Sandbox, folder: &str, on: &str, expression: &str) {
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{on}\n"
    );
    sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
    let main = format!("fn main() {{ println!(\"{{}}; hello\", {expression}) }}\n");
    sandbox.write(&format!("{folder}/src/main.rs"), &main);
    sandbox.write(
        &format!("{folder}/.gitignore"),
        "target\n.cargo\n.shared-target\n",
    );
}

/// A repository `pika` that was built, a bare one to clone, and a store of the test's own, which is empty.
fn start() -> Sandbox {
    let prepared = once("store-suite", |folder| {
        publish(&Registry::new(folder));
        let sandbox = sandbox_with(folder);
        app(&sandbox, "pika", "top = \"1\"", "top::it()");
        assert_eq!(build(&sandbox, "pika").1, OUTPUT);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    });
    let mut sandbox = sandbox_with(&prepared);
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", sandbox.outside("store"));
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    publish_repository(&sandbox, "pika");
    sandbox
}

/// A sandbox with a registry and a home for Cargo of its own.
fn alone() -> (Sandbox, Registry) {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", sandbox.outside("store"));
    sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "1");
    sandbox.env("CARGO_HOME", sandbox.outside("own/cargo-home"));
    let registry = Registry::new(&sandbox.outside("own"));
    (sandbox, registry)
}

/// Commits a folder, and makes a bare repository of it that outlives it.
fn publish_repository(sandbox: &Sandbox, folder: &str) {
    sandbox.git(folder, &["init", "-q", "-b", "main"]);
    sandbox.commit_all(folder);
    let bare = sandbox.outside("origin").display().to_string();
    sandbox.git("", &["clone", "-q", "--bare", folder, &bare]);
}

/// A clone in which nothing was built, when everything that was has gone.
fn fresh(sandbox: &Sandbox, name: &str) {
    for entry in fs::read_dir(sandbox.path("")).expect("a folder") {
        fs::remove_dir_all(entry.expect("an entry").path()).expect("removed");
    }
    let bare = sandbox.outside("origin").display().to_string();
    sandbox.git("", &["clone", "-q", &bare, name]);
}

/// Builds, and says what was compiled and what the program then prints.
#[track_caller]
fn build(sandbox: &Sandbox, folder: &str) -> (Vec<String>, String) {
    let names = compiled(&sandbox.cargo(folder, &["build", "-v"]).stderr);
    (names, sandbox.cargo(folder, &["run", "-q"]).stdout)
}

/// Fails the test unless a build compiles these, and the program prints what it should.
#[track_caller]
fn assert_builds(sandbox: &Sandbox, folder: &str, names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(build(sandbox, folder), (names, OUTPUT.into()), "{folder}");
    assert_eq!(sandbox.git(folder, &["status", "--short"]), "");
}

/// Keeps what a folder has built, without asking.
fn harvest(sandbox: &Sandbox, folder: &str) -> Run {
    sandbox.run(folder, &["store", "harvest", "--yes"])
}

/// Warms without asking, which must succeed, and says how many units came.
#[track_caller]
fn warm(sandbox: &Sandbox, folder: &str) -> usize {
    let run = sandbox.run(folder, &["warm", "--yes", "--format", "json"]);
    let answer = run.code(0).json();
    let done = answer["outcome"]["done"].as_array().expect("a list");
    let units = done
        .iter()
        .filter_map(|done| done["warmed"]["units"].as_u64());
    usize::try_from(units.sum::<u64>()).expect("a small number")
}

/// Writes the user's own settings of the store.
fn settings(sandbox: &Sandbox, lines: &str) {
    let own = sandbox.outside("home/.config/cargo-sharedtarget/sharedtarget.toml");
    fs::create_dir_all(own.parent().expect("a folder")).expect("a folder");
    fs::write(own, format!("[store]\n{lines}\n")).expect("settings");
}

/// The descriptions of units in the store, each with its file.
fn stored(sandbox: &Sandbox) -> Vec<(PathBuf, StoredUnit)> {
    let all = walkdir::WalkDir::new(sandbox.outside("store/units"));
    let mut units = Vec::new();
    for entry in all.sort_by_file_name().into_iter().filter_map(Result::ok) {
        let path = entry.into_path();
        if path.extension().is_some_and(|end| end == "json") && !path.ends_with("built-with.json") {
            let text = fs::read(&path).expect("a readable file");
            units.push((path, serde_json::from_slice(&text).expect("a unit")));
        }
    }
    units
}

/// The content of a hash in the store.
fn object(sandbox: &Sandbox, hash: &str) -> PathBuf {
    let store = sandbox.outside("store/objects");
    store.join(&hash[..2]).join(&hash[2..])
}

/// Everything in the store, with the time of each file.
fn contents(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let root = sandbox.outside("store");
    let all = walkdir::WalkDir::new(&root).sort_by_file_name();
    let of = |entry: walkdir::DirEntry| {
        let content = match entry.file_type().is_file() {
            true => fs::read(entry.path()).expect("a readable file"),
            false => Vec::new(),
        };
        (entry.into_path(), content)
    };
    all.into_iter().filter_map(Result::ok).map(of).collect()
}

/// When each file of the store was written, or its use noted.
fn times(sandbox: &Sandbox) -> Vec<(PathBuf, SystemTime)> {
    let all = walkdir::WalkDir::new(sandbox.outside("store")).sort_by_file_name();
    let files = all.into_iter().filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let info = entry.metadata().expect("a file");
            (entry.into_path(), info.modified().expect("a time"))
        })
        .collect()
}

/// The point of it all: nothing that was built is there any more, and nothing of a registry is compiled again.
#[test]
fn what_was_built_outlives_all_worktrees() {
    let sandbox = start();
    let run = harvest(&sandbox, "pika").code(0);
    run.says(&format!("kept {UNITS} units"));
    fresh(&sandbox, "fresh");
    assert_eq!(warm(&sandbox, "fresh"), UNITS);
    assert_builds(&sandbox, "fresh", &["app"]);
    assert_builds(&sandbox, "fresh", &[]);
}

/// So it is where a worktree gets a target folder of its own.
#[test]
fn onboarded_from_the_store() {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    fresh(&sandbox, "fresh");
    sandbox.run("fresh", &["onboard", "--yes"]).code(0);
    assert_builds(&sandbox, "fresh", &["app"]);
}

/// One document; the same plan in a preview, which leaves no trace; and nothing to do when all is kept.
#[test]
fn one_document_and_once() {
    let sandbox = start();
    let before = sandbox.tree("");
    let planned = sandbox.json("pika", &["store", "harvest", "-n"]);
    assert!(sandbox.tree("") == before && !sandbox.outside("store").exists());
    let answer = sandbox.json("pika", &["store", "harvest"]);
    assert_eq!(planned["plan"], answer["plan"]);
    let action = &answer["plan"]["actions"][0];
    assert_eq!(
        (&action["action"], action["units"].as_array().map(Vec::len)),
        (&"harvest".into(), Some(UNITS)),
        "{answer}"
    );
    assert_eq!(answer["outcome"]["done"][0]["moved"]["units"], UNITS);
    assert!(sandbox.tree("") == before, "the donor is as it was");
    let there = contents(&sandbox);
    let again = sandbox.json("pika", &["store", "harvest", "--yes"]);
    assert_eq!(again["plan"]["actions"], serde_json::json!([]));
    let reason = &again["plan"]["kept"][0]["reason"];
    assert_eq!(
        (&reason["reason"], &reason["units"]),
        (&"harvested".into(), &UNITS.into()),
        "{again}"
    );
    assert!(contents(&sandbox) == there);
    harvest(&sandbox, "pika").code(0).says("nothing to do");
}

/// A run that is just making the store has a file in it that has no name yet; so has one that was killed then.
#[test]
fn a_store_that_another_run_is_making_is_no_other_folder() {
    let sandbox = start();
    sandbox.write("../store/.tmp-sharedtarget-x1y2z3", "");
    harvest(&sandbox, "pika").code(0);
    assert_ne!(stored(&sandbox).len(), 0);
}

/// A preview of what comes from the store leaves it as it is.
#[test]
fn a_preview_leaves_no_trace() {
    let sandbox = start();
    harvest(&sandbox, "pika").code(0);
    fresh(&sandbox, "fresh");
    // A run that takes units notes which files it has looked at.
    assert_eq!(warm(&sandbox, "fresh"), UNITS);
    fresh(&sandbox, "other");
    let (before, there) = (sandbox.tree(""), contents(&sandbox));
    let used = times(&sandbox);
    for command in ["warm", "onboard"] {
        let run = sandbox.run("other", &[command, "-n"]).code(0);
        run.says("the store");
        assert!(sandbox.tree("") == before, "{command}");
        assert!(contents(&sandbox) == there, "{command}");
        assert!(times(&sandbox) == used, "{command}");
    }
    assert_eq!(warm(&sandbox, "other"), UNITS);
    assert!(times(&sandbox) != used, "that units were used is noted");
}
