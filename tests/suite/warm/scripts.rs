//! The run of a build script is only as good as all files that it has made.

use std::fs;

use super::{build, left};
use crate::registry::{Registry, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

/// A repository `pika` with this build script, whose library includes the file `made.rs` that it writes.
fn repository(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pika/Cargo.toml", MANIFEST);
    sandbox.write("pika/build.rs", script);
    let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
    sandbox.write("pika/src/lib.rs", text);
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { println!(\"{}\", app::IT) }\n",
    );
    sandbox.commit_all("pika");
    sandbox
}

/// The script asks git, and ran in the worktree already, in another commit: its output was the same, and its files
/// were not. Units that the donor compiled with its own run are not put on that one.
#[test]
fn a_run_that_is_there_is_the_same_only_if_all_that_it_made_is() {
    let sandbox = repository(
        "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
         let git = std::process::Command::new(\"git\").args([\"log\", \"-1\", \"--format=%s\"]).output().unwrap();\n    \
         let it = String::from_utf8(git.stdout).unwrap();\n    \
         let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{out}/made.rs\"), format!(\"pub const IT: &str = {:?};\", it.trim())).unwrap();\n}\n",
    );
    sandbox.worktree("pika", "beside");
    sandbox.git("beside", &["commit", "-q", "--allow-empty", "-m", "two"]);
    sandbox.cargo("beside", &["check", "-q"]);
    let one = build(&sandbox, "pika").1;
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(build(&sandbox, "beside").1, "two\n", "{answer}");
    assert_ne!(one, "two\n");
}

/// Where the script made the same, what was compiled with it is taken, though each names its own folder.
#[test]
fn a_run_that_is_there_and_the_same_is_used() {
    let prepared = once("warm-present-run", |folder| {
        let registry = Registry::new(folder);
        let script = "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
             let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             println!(\"cargo:rustc-link-search={out}\");\n    \
             std::fs::create_dir_all(format!(\"{out}/lib\")).unwrap();\n    \
             std::fs::write(format!(\"{out}/lib/made.pc\"), format!(\"prefix={out}\")).unwrap();\n    \
             std::fs::write(format!(\"{out}/made.rs\"), \"pub const IT: u8 = 1;\").unwrap();\n}\n";
        let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("made", "1.0.0"), &[], "", &files);
        let sandbox = sandbox_with(folder);
        let manifest = format!("{MANIFEST}[dependencies]\nmade = \"1\"\n");
        sandbox.write("pika/Cargo.toml", &manifest);
        sandbox.write(
            "pika/src/main.rs",
            "fn main() { println!(\"{}\", made::IT) }\n",
        );
        sandbox.write("pika/.gitignore", "target\n");
        sandbox.cargo("pika", &["generate-lockfile"]);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    });
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.commit_all("pika");
    for folder in ["beside", "third"] {
        sandbox.worktree("pika", folder);
        sandbox.cargo(folder, &["check", "-q"]);
    }
    build(&sandbox, "pika");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert!(
        !left(&answer).iter().any(|(name, _)| name == "made"),
        "{answer}"
    );
    let compiled = build(&sandbox, "beside").0;
    assert_eq!(compiled, ["app"], "{answer}");
    // One file that is not the same, somewhere in its folder.
    let all = sandbox.tree("third/target/debug/build");
    let files = all.keys().filter(|path| path.ends_with("out/lib/made.pc"));
    for file in files {
        let file = format!("third/target/debug/build/{}", file.display());
        sandbox.write(&file, "prefix=/elsewhere");
    }
    let answer = sandbox.json(
        "third",
        &[
            "warm",
            "--yes",
            "--from",
            &sandbox.path("pika").display().to_string(),
        ],
    );
    let other = ("made".to_owned(), "other_dependency".to_owned());
    assert!(left(&answer).contains(&other), "{answer}");
}

/// The script makes a name of that of the worktree's folder, in whatever way it is written.
#[test]
fn the_name_of_a_worktree_in_what_a_script_made() {
    for (made, expected) in [
        ("format!(\"db_{name}\")", "db_feature-x\n"),
        ("name.replace('-', \"_\").to_uppercase()", "FEATURE_X\n"),
    ] {
        let sandbox = repository(&format!(
            "fn main() {{\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
             let dir = std::path::PathBuf::from(std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());\n    \
             let name = dir.file_name().unwrap().to_str().unwrap();\n    \
             let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             std::fs::write(format!(\"{{out}}/made.rs\"), format!(\"pub const IT: &str = {{:?}};\", {made})).unwrap();\n}}\n"
        ));
        build(&sandbox, "pika");
        sandbox.worktree("pika", "feature-x");
        let answer = sandbox.json("feature-x", &["warm", "--yes"]);
        assert_eq!(build(&sandbox, "feature-x").1, expected, "{answer}");
        // And from a name of several words.
        sandbox.worktree("pika", "third");
        let donor = sandbox.path("feature-x").display().to_string();
        let answer = sandbox.json("third", &["warm", "--yes", "--from", &donor]);
        let expected = expected
            .replace("feature-x", "third")
            .replace("FEATURE_X", "THIRD");
        assert_eq!(build(&sandbox, "third").1, expected, "{answer}");
    }
}

/// A unit that measures coverage has the folder of its sources in it, packed so that it is no text.
#[test]
fn what_counts_coverage_is_not_taken() {
    let mut sandbox = super::local::start();
    sandbox.env("RUSTFLAGS", "-Cinstrument-coverage");
    sandbox.env("LLVM_PROFILE_FILE", sandbox.outside("measured.profraw"));
    assert_eq!(build(&sandbox, "pika").1, "high 1\n");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let inside = ("low".to_owned(), "path_inside".to_owned());
    let high = ("high".to_owned(), "path_inside".to_owned());
    assert!(
        left(&answer)
            .iter()
            .any(|unit| *unit == inside || *unit == high),
        "{answer}"
    );
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled.contains(&"high".to_owned()), output.as_str()),
        (true, "high 1\n")
    );
}

/// A script of a package from a registry puts a file beside the program, if there is none. It ran twice, with other
/// settings, and the second run found the file there: neither is taken, since the file would be missing.
#[test]
fn what_a_script_may_have_put_beside_the_program() {
    let prepared = once("warm-beside-program", |folder| {
        let registry = Registry::new(folder);
        let script = "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
             let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n    \
             let at = out.ancestors().find(|one| one.ends_with(\"debug\")).unwrap().join(\"runtime.dat\");\n    \
             if !at.exists() { std::fs::write(at, \"runtime\").unwrap(); }\n}\n";
        let text = "pub fn it() -> String {\n    \
             let at = std::env::current_exe().unwrap().with_file_name(\"runtime.dat\");\n    \
             std::fs::read_to_string(at).unwrap_or(\"missing\".into())\n}\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("puts", "1.0.0"), &[], "", &files);
        registry.publish(
            ("plain", "1.0.0"),
            &[],
            "",
            &[
                (
                    "build.rs",
                    "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); }\n",
                ),
                ("src/lib.rs", ""),
            ],
        );
        let sandbox = sandbox_with(folder);
        let manifest = format!("{MANIFEST}[dependencies]\nputs = \"1\"\nplain = \"1\"\n");
        sandbox.write("pika/Cargo.toml", &manifest);
        sandbox.write(
            "pika/src/main.rs",
            "fn main() { println!(\"{}\", puts::it()) }\n",
        );
        sandbox.write("pika/.gitignore", "target\n");
        sandbox.cargo("pika", &["generate-lockfile"]);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    });
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.commit_all("pika");
    // Each at its own time, so that nothing else runs with it.
    sandbox.cargo("pika", &["build", "-q", "-p", "plain"]);
    sandbox.cargo("pika", &["build", "-q"]);
    let manifest = sandbox.read("pika/Cargo.toml") + "[profile.dev]\nopt-level = 1\n";
    sandbox.write("pika/Cargo.toml", &manifest);
    sandbox.cargo("pika", &["build", "-q", "-p", "plain"]);
    sandbox.cargo("pika", &["build", "-q"]);
    sandbox.git("pika", &["commit", "-q", "-a", "-m", "two"]);
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let left_of = |answer: &serde_json::Value, package: &str| {
        let left = left(answer).into_iter();
        left.filter(|unit| *unit == (package.into(), "wrote_outside".into()))
            .count()
    };
    assert_eq!(
        (left_of(&answer, "puts"), left_of(&answer, "plain")),
        (2, 0),
        "{answer}"
    );
    assert_eq!(build(&sandbox, "beside").1, "runtime\n");
    // A file of unknown origin may be that of any script.
    fs::remove_file(sandbox.path("pika/target/debug/runtime.dat")).expect("removed");
    sandbox.write("pika/target/debug/other.dat", "other");
    sandbox.worktree("pika", "third");
    let donor = sandbox.path("pika").display().to_string();
    let answer = sandbox.json("third", &["warm", "--yes", "--from", &donor]);
    assert_eq!(
        (left_of(&answer, "puts"), left_of(&answer, "plain")),
        (2, 2),
        "{answer}"
    );
}
