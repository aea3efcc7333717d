//! Repositories whose tests or build scripts run Cargo in the target folder. A shared root in a worktree would have the
//! configuration of that worktree above it.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// A test that makes a package in the folder that Cargo gives it, and runs that.
const TEST: &str = r#"
use std::{env, fs, path::Path, process::Command};

#[test]
fn runs() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("made");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("src")).unwrap();
    let manifest = "[package]\nname = \"made\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    fs::write(dir.join("src/main.rs"), format!("fn main() {{ print!(\"{}\") }}", host::WHO)).unwrap();
    let run = Command::new(env!("CARGO")).args(["run", "-q"]).current_dir(&dir).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), host::WHO);
    assert!(dir.join("target/debug").join(format!("made{}", env::consts::EXE_SUFFIX)).exists());
    let clean = env::var_os("CLEANS_UP").is_some();
    if clean {
        fs::remove_dir_all(&dir).unwrap();
    }
}
"#;

/// A build script that does the same in its `OUT_DIR`.
const SCRIPT: &str = r#"
use std::{env, fs, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let dir = Path::new(&env::var("OUT_DIR").unwrap()).join("made");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("src")).unwrap();
    let manifest = "[package]\nname = \"made\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    fs::write(dir.join("src/main.rs"), "fn main() {}").unwrap();
    let run = Command::new(env::var("CARGO").unwrap()).args(["run", "-q"]).current_dir(&dir).status();
    assert!(run.unwrap().success());
}
"#;

/// `host`, with a test or a build script, and a worktree that says another word.
fn host(file: &str, text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "host/Cargo.toml",
        "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("host/src/lib.rs", "pub const WHO: &str = \"main\";\n");
    sandbox.write(&format!("host/{file}"), text);
    sandbox.write("host/.gitignore", "target\n");
    sandbox.cargo("host", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("host");
    sandbox.worktree("host", "other");
    sandbox.write("other/src/lib.rs", "pub const WHO: &str = \"other\";\n");
    sandbox
}

/// Why each workspace is kept, by its reason's name.
fn reasons(answer: &Value) -> Vec<&str> {
    let kept = answer["plan"]["kept"].as_array().expect("kept").iter();
    let kept = kept.filter(|one| one["subject"] == "workspace");
    kept.filter_map(|one| one["reason"]["reason"].as_str())
        .collect()
}

fn setup_leaves_it_in_place(sandbox: &Sandbox, args: &[&str]) {
    let answer = sandbox.json("host", &["setup", "--yes"]);
    assert_eq!(reasons(&answer), ["cargo_inside"; 2], "{answer}");
    for folder in ["host", "other"] {
        sandbox.cargo(folder, args);
    }
    // A new worktree follows, by what the others say.
    sandbox.worktree("host", "new");
    let answer = sandbox.json("new", &["onboard"]);
    assert_eq!(reasons(&answer), ["in_place_decided"], "{answer}");
    sandbox.cargo("new", args);
}

#[test]
fn tests_that_leave_what_they_made() {
    let sandbox = host("tests/it.rs", TEST);
    for folder in ["host", "other"] {
        sandbox.cargo(folder, &["test", "--offline"]);
    }
    setup_leaves_it_in_place(&sandbox, &["test", "--offline"]);
}

/// Nothing is left of a test that cleans up but the compiler's list of what it asked for.
#[test]
fn tests_that_clean_up() {
    let mut sandbox = host("tests/it.rs", TEST);
    sandbox.env("CLEANS_UP", "1");
    sandbox.cargo("host", &["test", "--offline"]);
    assert!(!sandbox.exists("host/target/tmp/made"));
    setup_leaves_it_in_place(&sandbox, &["test", "--offline"]);
}

/// Where nothing was built, the sources say so: of a nested workspace too, and not those of packages that were vendored.
#[test]
fn sources_that_were_never_built() {
    for (file, text) in [("tests/it.rs", TEST), ("build.rs", SCRIPT)] {
        let sandbox = host(file, text);
        let answer = sandbox.json("host", &["setup", "--yes"]);
        assert_eq!(reasons(&answer), ["cargo_inside"; 2], "{file}: {answer}");
    }
    let sandbox = host("vendor/it/tests/it.rs", TEST);
    sandbox.write("host/vendor/it/.cargo-checksum.json", "{}");
    sandbox.write("host/src/build.rs", "// \"cargo\" is named in a module.\n");
    sandbox.git("host", &["add", "--force", "."]);
    sandbox.git("host", &["commit", "-q", "-m", "Vendor"]);
    sandbox.git("host", &["mv", "src/build.rs", "src/other.rs"]);
    let answer = sandbox.json("host", &["setup", "--dry-run"]);
    assert_eq!(reasons(&answer), [] as [&str; 0], "{answer}");
}

#[test]
fn build_scripts() {
    let sandbox = host("build.rs", SCRIPT);
    sandbox.cargo("host", &["build", "--offline"]);
    setup_leaves_it_in_place(&sandbox, &["build", "--offline"]);
}

/// In a shared root outside of every worktree nothing is above, so that it is isolated as usual. One inside that was asked for is
/// a danger, which `doctor` names.
#[test]
fn a_shared_root_elsewhere_and_a_layout_that_was_asked_for() {
    let sandbox = host("tests/it.rs", TEST);
    let test = ["test", "--offline"];
    for folder in ["host", "other"] {
        sandbox.cargo(folder, &test);
    }
    sandbox.run("", &["setup", "--yes"]).code(0);
    for folder in ["host", "other"] {
        assert!(sandbox.exists(&format!("{folder}/.cargo/config.toml")));
        sandbox.cargo(folder, &test);
    }
    let names = || {
        let said = sandbox.run("", &["doctor", "--format", "json"]);
        said.stdout.contains("cargo_inside")
    };
    assert!(!names());
    sandbox.run("", &["undo", "--yes"]).code(0);

    let inside = sandbox.path("host/.shared-target").display().to_string();
    let asked = [
        "setup",
        "--yes",
        "--layout",
        "isolated",
        "--shared-root",
        &inside,
    ];
    sandbox.run("", &asked).code(0);
    // Both fail there, and leave what they made.
    for folder in ["host", "other"] {
        let mut cargo = sandbox.prepared("cargo", folder, &test);
        let _ = cargo.output().expect("cargo");
    }
    let said = sandbox.run("host", &["doctor", "--format", "json"]).code(1);
    assert!(said.stdout.contains("cargo_inside"), "{}", said.said());
    sandbox
        .run("host", &["setup", "--layout", "in-place", "--yes"])
        .code(0);
    for folder in ["host", "other"] {
        sandbox.cargo(folder, &test);
    }
}
