//! All that decides what a local crate is made of besides its sources: configurations, the clock, what clippy reads, and
//! what tools copy into a worktree that they make.

use std::process::Command;

use crate::sandbox::Sandbox;

const MANIFEST: &str =
    "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
const ENV: &str = "[env]\nMODE = \"one\"\n";

/// A repository `main` with one package, which was built with this configuration, which git does not see.
fn built(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("main/Cargo.toml", MANIFEST);
    sandbox.write(
        "main/src/main.rs",
        "fn main() { println!(\"{}\", app::it()) }\n",
    );
    sandbox.write(
        "main/src/lib.rs",
        "pub fn it() -> &'static str { \"one\" }\n",
    );
    sandbox.git("main", &["init", "-q", "-b", "main"]);
    sandbox.write("main/.gitignore", "target\n.cargo\n");
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    sandbox.git("main", &["add", "-A"]);
    sandbox.git("main", &["commit", "-q", "-m", "work"]);
    if !config.is_empty() {
        sandbox.write("main/.cargo/config.toml", config);
    }
    wait();
    sandbox.cargo("main", &["build", "-q", "--offline"]);
    wait();
    sandbox
}

/// The next change is later by any clock.
fn wait() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}

/// Whether the next build compiles nothing.
#[track_caller]
fn is_fresh(sandbox: &Sandbox, folder: &str) -> bool {
    let said = sandbox.cargo(folder, &["build", "-v", "--offline"]).stderr;
    !said.contains("Compiling")
}

/// The reasons for which units are left.
fn reasons(answer: &serde_json::Value) -> Vec<String> {
    let plan = &answer["plan"];
    let of = |list: &str| plan[list].as_array().cloned().unwrap_or_default();
    let kept = of("kept").into_iter().map(|kept| kept["reason"].clone());
    let holders = of("actions").into_iter().chain(kept);
    let left = holders.flat_map(|one| one["left"].as_array().cloned().unwrap_or_default());
    left.filter_map(|unit| Some(unit["reason"].as_str()?.to_owned()))
        .collect()
}

/// A unit that was compiled before setup wrote its configuration is no older than that.
#[test]
fn our_own_configuration_makes_nothing_older() {
    for config in ["", ENV] {
        let sandbox = built(config);
        sandbox.run("main", &["setup", "--yes"]).code(0);
        assert!(
            sandbox
                .read("main/.cargo/config.toml")
                .contains("target-dir")
        );
        sandbox.worktree("main", "dest");
        if !config.is_empty() {
            sandbox.write("dest/.cargo/config.toml", config);
        }
        let answer = sandbox.json("dest", &["onboard", "--yes"]);
        // Setup leaves programs, which each worktree needs for itself.
        let said = sandbox.cargo("dest", &["build", "-v", "--lib", "--offline"]);
        let said = said.stderr;
        assert!(!said.contains("Compiling"), "{config:?}: {answer}\n{said}");
    }
}

/// A variable that is another one reaches no crate without a script and a macro.
#[test]
fn a_variable_that_nothing_looks_at() {
    let sandbox = built(ENV);
    sandbox.worktree("main", "dest");
    sandbox.write("dest/.cargo/config.toml", "[env]\nMODE = \"two\"\n");
    let answer = sandbox.json("dest", &["warm", "--yes"]);
    assert!(is_fresh(&sandbox, "dest"), "{answer}");
}

/// A tool makes a worktree, which a hook warms, and then copies into it what is not committed elsewhere, with its times.
#[test]
fn what_is_not_committed_may_be_copied() {
    let sandbox = built("");
    sandbox.worktree("main", "other");
    let two = "pub fn it() -> &'static str { \"two\" }\n";
    sandbox.write("other/src/lib.rs", two);
    wait();
    // Who types it has the worktree as it is to be.
    sandbox.worktree("main", "typed");
    let answer = sandbox.json("typed", &["onboard", "--yes"]);
    assert!(is_fresh(&sandbox, "typed"), "{answer}");
    sandbox.worktree("main", "dest");
    let by_hook = ["onboard", "--yes", "--quiet"];
    sandbox.run("dest", &by_hook).code(0);
    let copied = Command::new("cp")
        .arg("-p")
        .args(["other/src/lib.rs", "dest/src/lib.rs"].map(|path| sandbox.path(path)))
        .status();
    assert!(copied.expect("cp").success());
    assert_eq!(sandbox.cargo_run("dest"), "two\n");
    let path = sandbox.path("dest").display().to_string();
    sandbox.git("main", &["worktree", "remove", "--force", &path]);
    // A hook says why not.
    sandbox.worktree("main", "third");
    let answer = sandbox.json("third", &by_hook);
    let changed = "changed_elsewhere".to_owned();
    assert!(reasons(&answer).contains(&changed), "{answer}");
    assert!(answer.to_string().contains("/other\""), "{answer}");
    // A package that is changed nowhere is taken.
    sandbox.git("other", &["checkout", "-q", "."]);
    sandbox.worktree("main", "fourth");
    sandbox.run("fourth", &by_hook).code(0);
    assert!(is_fresh(&sandbox, "fourth"));
}

/// The same with files that git ignores, of a worktree that is no donor: a script that looks at files may look for them.
#[test]
fn what_git_ignores_may_be_copied() {
    let sandbox = built("");
    sandbox.write(
        "main/build.rs",
        "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); \
         println!(\"cargo:rustc-env=THERE={}\", std::path::Path::new(\"dist/a.txt\").exists()); }\n",
    );
    let there = "pub fn it() -> &'static str { env!(\"THERE\") }\n";
    sandbox.write("main/src/lib.rs", there);
    sandbox.write("main/.gitignore", "target\n.cargo\ndist\n.trees\n");
    sandbox.git("main", &["add", "-A"]);
    sandbox.git("main", &["commit", "-q", "-m", "script"]);
    sandbox.worktree("main", "main/.trees/first");
    wait();
    sandbox.cargo("main", &["build", "-q", "--offline"]);
    wait();
    let by_hook = ["onboard", "--yes", "--quiet"];
    // Another worktree in an ignored folder is nothing that a tool copies.
    sandbox.worktree("main", "second");
    let answer = sandbox.json("second", &by_hook);
    assert!(is_fresh(&sandbox, "second"), "{answer}");
    // So that it is the one donor.
    std::fs::remove_dir_all(sandbox.path("main/target")).expect("removed");
    sandbox.write("main/dist/a.txt", "a\n");
    let path = sandbox.path("main/dist/a.txt");
    let mut old = Command::new("touch");
    old.args(["-d", "1 hour ago"]).arg(&path);
    assert!(old.status().expect("touch").success());
    sandbox.worktree("main", "dest");
    let answer = sandbox.json("dest", &by_hook);
    std::fs::create_dir(sandbox.path("dest/dist")).expect("a folder");
    let mut copied = Command::new("cp");
    copied
        .args(["-p"])
        .arg(&path)
        .arg(sandbox.path("dest/dist"));
    assert!(copied.status().expect("cp").success());
    assert_eq!(sandbox.cargo_run("dest"), "true\n", "{answer}");
    let changed = "changed_elsewhere".to_owned();
    assert!(reasons(&answer).contains(&changed), "{answer}");
}

/// Ignored files of people's own do not hold up a package that looks at no file.
#[test]
fn what_git_ignores_matters_to_few() {
    let sandbox = built("");
    sandbox.write("main/.cargo/notes.txt", "mine\n");
    wait();
    sandbox.worktree("main", "dest");
    let answer = sandbox.json("dest", &["onboard", "--yes", "--quiet"]);
    assert!(is_fresh(&sandbox, "dest"), "{answer}");
}

/// Cargo compares the newest file of a package whose script says nothing, but for what `exclude` leaves out, which the
/// package may take over from its workspace.
#[test]
fn patterns_of_the_workspace() {
    let sandbox = Sandbox::new();
    let put = |file: &str, text: &str| sandbox.write(&format!("main/{file}"), text);
    put(
        "Cargo.toml",
        "[workspace]\nmembers = [\"low\"]\nresolver = \"2\"\n[workspace.package]\nexclude = [\"*.md\"]\n",
    );
    put(
        "low/Cargo.toml",
        "[package]\nname = \"low\"\nversion = \"0.1.0\"\nedition = \"2021\"\nexclude.workspace = true\n",
    );
    put("low/build.rs", "fn main() {}\n");
    put("low/src/lib.rs", "pub fn it() {}\n");
    put(".gitignore", "target\n");
    wait();
    put("low/notes.md", "the newest\n");
    sandbox.git("main", &["init", "-q", "-b", "main"]);
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    sandbox.git("main", &["add", "-A"]);
    sandbox.git("main", &["commit", "-q", "-m", "work"]);
    wait();
    sandbox.cargo("main", &["build", "-q", "--offline"]);
    wait();
    sandbox.worktree("main", "dest");
    let answer = sandbox.json("dest", &["warm", "--yes"]);
    assert!(is_fresh(&sandbox, "dest"), "{answer}");
}

/// The filesystem is that of a server whose clock is behind ours: an edit right after warming is older than our look.
#[test]
fn a_filesystem_whose_clock_is_behind() {
    let mut sandbox = built("");
    for name in ["first", "dest"] {
        sandbox.worktree("main", name);
    }
    wait();
    sandbox.env("CARGO_SHAREDTARGET_TEST_CLOCK_AHEAD", "5");
    let from = sandbox.path("main").display().to_string();
    let warm = ["warm", "--yes", "--from", &from];
    let answer = sandbox.json("first", &warm);
    assert!(is_fresh(&sandbox, "first"), "{answer}");
    let answer = sandbox.json("dest", &warm);
    wait();
    let two = "pub fn it() -> &'static str { \"two\" }\n";
    sandbox.write("dest/src/lib.rs", two);
    assert_eq!(sandbox.cargo_run("dest"), "two\n", "{answer}");
}

/// Clippy looks for its configuration in all folders above a package.
#[test]
fn what_clippy_finds_above() {
    const MANY: &str = "pub fn it(a: u8, b: u8, c: u8) -> u8 { a + b + c }\n";
    let sandbox = Sandbox::new();
    sandbox.write("main/rust/Cargo.toml", MANIFEST);
    sandbox.write("main/rust/src/lib.rs", MANY);
    sandbox.git("main", &["init", "-q", "-b", "main"]);
    sandbox.write("main/.gitignore", "target\n");
    sandbox.cargo("main/rust", &["generate-lockfile", "--offline"]);
    sandbox.git("main", &["add", "-A"]);
    sandbox.git("main", &["commit", "-q", "-m", "work"]);
    wait();
    let clippy = |folder: &str| sandbox.command("cargo", folder, &["clippy", "--offline"]);
    if !clippy("main/rust").stderr.contains("Finished") {
        eprintln!("skipped: no clippy");
        return;
    }
    wait();
    let dest = |name: &str, configuration: Option<&str>| {
        sandbox.worktree("main", name);
        if let Some(text) = configuration {
            sandbox.write(&format!("{name}/clippy.toml"), text);
        }
        let folder = format!("{name}/rust");
        let answer = sandbox.json(&folder, &["warm", "--yes"]);
        (clippy(&folder).stderr, answer)
    };
    let (said, answer) = dest("same", None);
    assert!(!said.contains("Checking"), "{said}\n{answer}");
    let (said, answer) = dest("other", Some("too-many-arguments-threshold = 2\n"));
    assert!(said.contains("too many arguments"), "{said}\n{answer}");
    // One that all worktrees have is a source as others are, and clippy lists it before the crate's root.
    sandbox.write("main/clippy.toml", "too-many-arguments-threshold = 2\n");
    sandbox.git("main", &["add", "-A"]);
    sandbox.git("main", &["commit", "-q", "-m", "clippy"]);
    wait();
    // Cargo does not ask for one that it never saw.
    sandbox.write("main/rust/src/lib.rs", MANY);
    assert!(clippy("main/rust").stderr.contains("too many arguments"));
    wait();
    let (said, answer) = dest("third", None);
    assert!(!said.contains("Checking"), "{said}\n{answer}");
    assert!(said.contains("too many arguments"), "{said}\n{answer}");
}
