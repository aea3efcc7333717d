//! What is wrong is said, with what mends it; and what mends it does.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// The kinds of what is wrong, but for what depends on the machine's disks.
fn kinds(sandbox: &Sandbox) -> Vec<String> {
    let json = sandbox.json("", &["doctor"]);
    let all = json["ailments"].as_array().expect("ailments").iter();
    let kinds = all.map(|one| one["kind"].as_str().expect("a kind").to_owned());
    kinds
        .filter(|kind| !["no_clones", "nearly_full", "other_filesystem"].contains(&kind.as_str()))
        .collect()
}

fn ailment(sandbox: &Sandbox, kind: &str) -> Value {
    let json = sandbox.json("", &["doctor"]);
    let all = json["ailments"].as_array().expect("ailments").clone();
    let found = all.into_iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}"))
}

/// Does what is said to mend something, by a command of ours.
fn mend(sandbox: &Sandbox, ailment: &Value) {
    let said = ailment["mend"].as_str().expect("a command");
    let ours = said.strip_prefix("cargo sharedtarget ").expect("ours");
    let args: Vec<&str> = ours.split(' ').chain(["--yes"]).collect();
    sandbox.run("", &args).code(0);
}

#[test]
fn one_healthy_worktree() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    assert_eq!(kinds(&sandbox), [] as [&str; 0]);
    let run = sandbox.run("", &["doctor", "--verbose"]);
    assert!(
        run.stdout.contains("git: git version") && run.stdout.contains("cargo: cargo 1."),
        "{}",
        run.said()
    );
    let before = sandbox.tree("");
    sandbox.run("", &["doctor"]);
    assert!(before == sandbox.tree(""), "it changed something");
    sandbox.run("", &["doctor", "no/such/folder"]).code(101);
}

#[test]
fn worktrees_in_one_folder_and_the_command_that_parts_them() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    sandbox.write(".cargo/config.toml", "[build]\ntarget-dir = \"all\"\n");
    let found = ailment(&sandbox, "shared_by_worktrees");
    assert_eq!(found["severity"], "danger");
    let paths: Vec<&str> = found["paths"]
        .as_array()
        .expect("paths")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(paths.len(), 2);
    assert!(paths.iter().any(|path| path.ends_with("topic")));
    let run = sandbox.run("", &["doctor"]).code(1);
    assert!(
        run.stdout
            .starts_with("danger: 2 worktrees of one repository build into"),
        "{}",
        run.stdout
    );
    mend(&sandbox, &found);
    assert!(!kinds(&sandbox).contains(&"shared_by_worktrees".to_owned()));
}

#[test]
fn a_nested_worktree_that_nobody_set_up() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["repo/.worktrees/topic"]);
    sandbox.write("repo/.cargo/config.toml", "[build]\ntarget-dir = \"out\"\n");
    let found = ailment(&sandbox, "inherited");
    assert_eq!(found["severity"], "danger");
    assert!(
        found["what"]
            .as_str()
            .expect("a text")
            .contains(".worktrees/topic"),
        "{found}"
    );
}

#[test]
fn a_variable_beats_all() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let all = sandbox.outside("all");
    sandbox.env("CARGO_TARGET_DIR", all);
    let found = ailment(&sandbox, "env_override");
    assert_eq!(
        (&found["severity"], &found["mend"]),
        (&"danger".into(), &"unset CARGO_TARGET_DIR".into())
    );
}

#[test]
fn configurations_that_do_not_do_what_they_seem_to() {
    let sandbox = Sandbox::new();
    sandbox.package("repo", "app", "hello");
    sandbox.write(
        "repo/.cargo/config.toml",
        "[build]\ntarget-dir = \"/tmp/of-this-machine\"\n",
    );
    sandbox.commit_all("repo");
    let found = ailment(&sandbox, "tracked_path");
    assert!(
        found["what"]
            .as_str()
            .expect("a text")
            .contains("/tmp/of-this-machine"),
        "{found}"
    );
    sandbox.write("repo/.cargo/config", "[build]\njobs = 1\n");
    assert_eq!(ailment(&sandbox, "legacy_config")["severity"], "broken");
}

#[test]
fn what_a_worktree_left_and_the_command_that_deletes_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    sandbox.run("", &["--yes"]).code(0);
    sandbox.cargo("topic", &["build", "-q", "--offline"]);
    assert!(!kinds(&sandbox).contains(&"orphans".to_owned()));
    fs::remove_dir_all(sandbox.path("topic")).expect("removed");
    sandbox.git("repo", &["worktree", "prune"]);
    let found = ailment(&sandbox, "orphans");
    mend(&sandbox, &found);
    assert!(!kinds(&sandbox).contains(&"orphans".to_owned()));
}

#[cfg(unix)]
#[test]
fn a_hook_that_git_does_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let hint = ailment(&sandbox, "hook");
    assert_eq!(hint["severity"], "hint");
    sandbox.run("repo", &["hook", "install", "--yes"]).code(0);
    assert!(!kinds(&sandbox).contains(&"hook".to_owned()));
    let hook = sandbox.path("repo/.git/hooks/post-checkout");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("a mode");
    let found = ailment(&sandbox, "hook");
    assert_eq!(found["severity"], "broken");
    sandbox.run("repo", &["hook", "install", "--yes"]).code(0);
    assert!(!kinds(&sandbox).contains(&"hook".to_owned()));
}

#[test]
fn editors_with_folders_of_their_own() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    sandbox.write(
        "repo/.vscode/settings.json",
        "{\n  // mine\n  \"rust-analyzer.cargo.targetDir\": true,\n}\n",
    );
    assert_eq!(ailment(&sandbox, "analyzer")["severity"], "hint");
    sandbox.write(
        "repo/.vscode/settings.json",
        "{ \"rust-analyzer.cargo.targetDir\": \"/tmp/ra\" }\n",
    );
    assert_eq!(ailment(&sandbox, "analyzer")["severity"], "danger");
}
