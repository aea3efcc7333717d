//! Folders that `clean` deletes, and every doubt for which it keeps one.

use std::fs;

use crate::sandbox::Sandbox;

/// A repository with a target folder that `clean --all` would delete.
fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.target("pika/target");
    sandbox
}

/// Cleans everything, and says why the target folder stayed, which it must have done whole.
#[track_caller]
fn kept(sandbox: &Sandbox) -> String {
    let tree = sandbox.tree("pika/target");
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.tree("pika/target"), tree, "{answer}");
    assert_eq!(sandbox.deletes(&answer), [""; 0]);
    sandbox.why_kept(&answer, "pika/target")
}

#[test]
fn what_is_stale_goes_by_default_and_what_is_used_with_all() {
    let sandbox = built();
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika/target"), "in_use");
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/target"]);
    assert!(!sandbox.exists("pika/target"));

    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.target("pika/target");
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/target"]);
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn a_folder_without_marks_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/target/precious.txt", "mine");
    assert_eq!(kept(&sandbox), "not_a_target");
}

#[test]
fn a_folder_with_marks_but_no_tag_goes() {
    let sandbox = built();
    fs::remove_file(sandbox.path("pika/target/CACHEDIR.TAG")).unwrap();
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/target"]);
}

#[test]
fn a_wrong_tag_is_a_reason_to_keep() {
    let sandbox = built();
    sandbox.write("pika/target/CACHEDIR.TAG", "Signature: of somebody else\n");
    assert_eq!(kept(&sandbox), "not_a_target");
}

#[cfg(unix)]
#[test]
fn a_link_is_kept_and_so_is_what_it_leads_to() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.target("elsewhere");
    std::os::unix::fs::symlink("../elsewhere", sandbox.path("pika/target")).unwrap();
    let tree = sandbox.tree("elsewhere");
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), [""; 0]);
    for folder in ["pika/target", "elsewhere"] {
        assert_eq!(sandbox.why_kept(&answer, folder), "not_a_target");
    }
    assert!(sandbox.path("pika/target").is_symlink());
    assert_eq!(sandbox.tree("elsewhere"), tree);
}

#[test]
fn what_cargo_does_not_make_is_kept_unless_allowed() {
    let sandbox = built();
    sandbox.write("pika/target/criterion/report.html", "numbers");
    assert_eq!(kept(&sandbox), "foreign_entries");
    let args = ["clean", "--all", "--yes", "--allow-entry", "criterion"];
    assert_eq!(
        sandbox.deletes(&sandbox.json("pika", &args)),
        ["pika/target"]
    );
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn a_tracked_file_inside_keeps_the_folder() {
    let sandbox = built();
    sandbox.git("pika", &["add", "-f", "target/debug/deps/libapp.rlib"]);
    assert_eq!(kept(&sandbox), "tracked_inside");
}

#[test]
fn a_repository_inside_keeps_the_folder() {
    let sandbox = built();
    sandbox.write("pika/target/debug/deps/checkout/.git/HEAD", "x");
    assert_eq!(kept(&sandbox), "git_inside");
}

/// Repositories and packages that tests and build scripts make where Cargo gives them room, they make again.
#[test]
fn what_tests_and_build_scripts_make_goes_along() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.write(
        "pika/build.rs",
        "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap(); \
         std::fs::create_dir_all(format!(\"{out}/clone/.git\")).unwrap(); \
         std::fs::write(format!(\"{out}/clone/Cargo.toml\"), \"\").unwrap(); }\n",
    );
    sandbox.write(
        "pika/tests/it.rs",
        "#[test] fn it() { let tmp = env!(\"CARGO_TARGET_TMPDIR\"); \
         assert!(std::process::Command::new(\"git\").args([\"init\", \"-q\"])\
         .arg(format!(\"{tmp}/repository\")).status().unwrap().success()); }\n",
    );
    sandbox.commit_all("pika");
    sandbox.cargo("pika", &["test", "-q", "--offline"]);
    for package in ["debug/wbuild/rt", "tests/trybuild/app"] {
        sandbox.package(&format!("pika/target/{package}"), "made", "hello");
    }
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/target"]);
    assert!(!sandbox.exists("pika/target"));
    // Without Cargo's tag, it is not known who made what is in it.
    sandbox.cargo("pika", &["test", "-q", "--offline"]);
    fs::remove_file(sandbox.path("pika/target/CACHEDIR.TAG")).expect("removed");
    assert_eq!(kept(&sandbox), "git_inside");
}

#[test]
fn sources_inside_keep_the_folder() {
    let sandbox = built();
    sandbox.package("pika/target/debug/app2", "app2", "hi");
    assert_eq!(kept(&sandbox), "sources_inside");
}

#[test]
fn a_running_build_keeps_the_folder() {
    let sandbox = built();
    let lock = fs::File::options()
        .write(true)
        .open(sandbox.path("pika/target/debug/.cargo-lock"))
        .unwrap();
    lock.lock().unwrap();
    assert_eq!(kept(&sandbox), "busy");
    drop(lock);
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/target"]);
}

#[test]
fn a_folder_that_the_environment_names_is_kept() {
    let mut sandbox = built();
    sandbox.env("CARGO_TARGET_DIR", sandbox.path("pika/target"));
    assert_eq!(kept(&sandbox), "named_by_env");
}

#[test]
fn the_folder_of_a_removed_worktree_goes() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["one", "two"]);
    sandbox.run("pika", &["--yes"]).code(0);
    for name in ["main", "one", "two"] {
        sandbox.target(&format!("pika/.shared-target/pika/{name}"));
    }
    sandbox.git("pika", &["worktree", "remove", "../one"]);
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    let answer = sandbox.json("pika", &["clean", "--orphaned", "--yes"]);
    let expected = [
        "pika/.shared-target/pika/one",
        "pika/.shared-target/pika/two",
    ];
    assert_eq!(sandbox.deletes(&answer), expected);
    let left: Vec<String> = crate::facts::named_like(&sandbox.path("pika/.shared-target/pika"), "")
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .filter(|name| name.starts_with("one") || name.starts_with("two"))
        .collect();
    assert_eq!(left, [""; 0], "nor do their notes stay");
    assert!(sandbox.exists("pika/.shared-target/pika/main"));
}

#[test]
fn the_folder_of_a_locked_worktree_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["stick"]);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.target("pika/.shared-target/pika/stick");
    sandbox.git("pika", &["worktree", "lock", "../stick"]);
    fs::remove_dir_all(sandbox.path("stick")).unwrap();
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    let why = sandbox.why_kept(&answer, "pika/.shared-target/pika/stick");
    assert_eq!(why, "owner_missing");
    assert!(sandbox.exists("pika/.shared-target/pika/stick"));
}

#[test]
fn a_workspace_that_another_branch_has_keeps_its_folder() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.git("pika", &["checkout", "-q", "-b", "with-tool"]);
    sandbox.package("pika/tool", "tool", "hi");
    sandbox.commit_all("pika");
    sandbox.target("pika/tool/target");
    sandbox.run("pika", &["--yes"]).code(0);
    let folder = "pika/.shared-target/pika/main+tool";
    sandbox.target(folder);
    sandbox.git("pika", &["checkout", "-q", "main"]);
    assert!(!sandbox.exists("pika/tool/Cargo.toml"));
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(sandbox.why_kept(&answer, folder), "owner_missing");
}

#[test]
fn a_folder_of_nobody_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.target("pika/.shared-target/stranger/main");
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    let why = sandbox.why_kept(&answer, "pika/.shared-target/stranger/main");
    assert_eq!(why, "no_owner");
}

/// Makes everything in a folder look as if it was used that long ago.
#[cfg(unix)]
fn age(sandbox: &Sandbox, folder: &str, days: u64) {
    let at = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 24 * 3600);
    let times = fs::FileTimes::new().set_accessed(at).set_modified(at);
    for path in crate::facts::named_like(&sandbox.path(folder), "") {
        let file = fs::File::open(path).expect("there");
        file.set_times(times).expect("times");
    }
}

#[cfg(unix)]
#[test]
fn idle_goes_by_the_last_build() {
    let sandbox = Sandbox::new();
    for name in ["old", "new"] {
        sandbox.repository(name, &[]);
        sandbox.target(&format!("{name}/target"));
    }
    age(&sandbox, "old/target", 40);
    age(&sandbox, "new/target", 20);
    let answer = sandbox.json("", &["clean", "--idle", "30d", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["old/target"]);
    assert_eq!(sandbox.why_kept(&answer, "new/target"), "recent");
    assert!(!sandbox.exists("old/target") && sandbox.exists("new/target"));
}

#[cfg(unix)]
#[test]
fn freed_is_what_du_counted() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    let folder = sandbox.path("pika/target");
    let before = crate::facts::allocated(&folder);
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(answer["plan"]["freeable"], before);
    assert_eq!(answer["outcome"]["freed"]["on_disk"], before);
}

#[cfg(unix)]
#[test]
fn a_file_linked_from_outside_is_not_counted_as_freed() {
    let sandbox = built();
    let file = sandbox.path("pika/target/debug/deps/libapp.rlib");
    fs::hard_link(&file, sandbox.path("pika/target/debug/libapp.rlib")).unwrap();
    let all = crate::facts::allocated(&sandbox.path("pika/target"));
    let one = crate::facts::allocated(&file);
    let dry = sandbox.json("pika", &["clean", "--all", "--dry-run"]);
    assert_eq!(dry["plan"]["freeable"], all, "two links inside count once");
    fs::hard_link(&file, sandbox.path("saved.rlib")).unwrap();
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(answer["plan"]["freeable"], all - one);
    assert_eq!(answer["outcome"]["freed"]["on_disk"], all - one);
    assert_eq!(sandbox.read("saved.rlib").len(), 10_000);
}

#[cfg(unix)]
#[test]
fn links_inside_are_removed_and_never_followed() {
    let sandbox = built();
    sandbox.write("precious/notes.txt", "mine");
    let inside = sandbox.path("pika/target/debug/deps");
    std::os::unix::fs::symlink(sandbox.path("precious"), inside.join("folder")).unwrap();
    std::os::unix::fs::symlink("../../../../precious/notes.txt", inside.join("file")).unwrap();
    let answer = sandbox.json("pika", &["clean", "--all", "--yes"]);
    assert_eq!(crate::facts::items(&answer["outcome"]["failed"]).count(), 0);
    assert!(!sandbox.exists("pika/target"));
    assert_eq!(sandbox.read("precious/notes.txt"), "mine");
}

#[test]
fn what_an_interrupted_run_left_is_finished_if_it_is_ours() {
    let sandbox = built();
    sandbox.target("pika/.sharedtarget-trash-target-1-0");
    sandbox.target("pika/.sharedtarget-trash-theirs");
    let mark = "# cargo-sharedtarget is deleting this folder\n*\n";
    sandbox.write("pika/.sharedtarget-trash-target-1-0/.gitignore", mark);
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    assert!(!sandbox.exists("pika/.sharedtarget-trash-target-1-0"));
    let why = sandbox.why_kept(&answer, "pika/.sharedtarget-trash-theirs");
    assert_eq!(why, "not_our_trash");
    assert!(sandbox.exists("pika/target") && sandbox.exists("pika/.sharedtarget-trash-theirs"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_in_which_a_program_runs_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "");
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { let _ = std::io::stdin().read_line(&mut String::new()); }\n",
    );
    sandbox.commit_all("pika");
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    let program = sandbox.path("pika/target/debug/app");
    let mut running = std::process::Command::new(program)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika/target"), "busy");
    drop(running.stdin.take());
    running.wait().unwrap();
    sandbox.run("pika", &["--yes"]).code(0);
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn folders_with_the_names_of_cargos_own_are_not_enough() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.commit_all("pika");
    sandbox.write("pika/target/webapp/deps/phoenix/thesis.c", "x");
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika/target"), "not_a_target");
}

/// A workspace around a package makes its own target folder stale, unless its configuration says otherwise.
#[test]
fn the_folder_of_a_new_member_goes_unless_cargo_builds_there() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "pika/Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"2\"\n",
    );
    for member in ["a", "b"] {
        sandbox.package(&format!("pika/{member}"), member, member);
        sandbox.target(&format!("pika/{member}/target"));
    }
    sandbox.write(
        "pika/b/.cargo/config.toml",
        "[build]\ntarget-dir = \"target\"\n",
    );
    sandbox.commit_all("pika");
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    assert!(!sandbox.exists("pika/a/target"), "{answer}");
    assert!(sandbox.exists("pika/b/target"), "{answer}");
}
