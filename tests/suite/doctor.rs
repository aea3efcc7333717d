//! `doctor` names each problem with a fix, and the fix works.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// The kinds of what is wrong, but for what depends on the machine's disks.
fn kinds(sandbox: &Sandbox) -> Vec<String> {
    let json = sandbox.json("", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").iter();
    let kinds = all.map(|one| one["kind"].as_str().expect("a kind").to_owned());
    kinds
        .filter(|kind| !["no_clones", "nearly_full", "other_filesystem"].contains(&kind.as_str()))
        .collect()
}

fn diagnosis(sandbox: &Sandbox, kind: &str) -> Value {
    let json = sandbox.json("", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").clone();
    let found = all.into_iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}"))
}

/// Runs the command of ours that a diagnosis suggests.
fn mend(sandbox: &Sandbox, diagnosis: &Value) {
    let said = diagnosis["fix"].as_str().expect("a command");
    let ours = said.strip_prefix("cargo sharedtarget ").expect("ours");
    let args: Vec<&str> = ours.split(' ').chain(["--yes"]).collect();
    sandbox.run("", &args).code(0);
}

#[test]
fn one_healthy_worktree() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    assert_eq!(kinds(&sandbox), [] as [&str; 0]);
    let healthy = sandbox.run("", &["doctor"]).code(0).stdout;
    assert_eq!(healthy, "no problem found\n");
    let run = sandbox.run("", &["doctor", "--verbose"]);
    for part in ["git version 2.", "TOOLCHAIN", "(here)", "classic"] {
        assert!(run.stdout.contains(part), "no {part} in {}", run.said());
    }
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
    let found = diagnosis(&sandbox, "shared_by_worktrees");
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
    let found = diagnosis(&sandbox, "inherited");
    assert_eq!(found["severity"], "danger");
    assert!(
        found["what"]
            .as_str()
            .expect("a text")
            .contains(".worktrees/topic"),
        "{found}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_a_disk_that_is_gone() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let gone = sandbox.outside("disk/target");
    std::os::unix::fs::symlink(&gone, sandbox.path("topic/target")).expect("a link");
    let found = diagnosis(&sandbox, "broken_link");
    assert_eq!(found["severity"], "broken");
    let what = found["what"].as_str().expect("a text");
    assert!(what.contains("topic/target"), "{found}");
    std::fs::create_dir_all(&gone).expect("a folder");
    assert!(!kinds(&sandbox).contains(&"broken_link".to_owned()));
}

#[test]
fn a_variable_beats_all() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let all = sandbox.outside("all");
    sandbox.env("CARGO_TARGET_DIR", all);
    let found = diagnosis(&sandbox, "env_override");
    assert_eq!(
        (&found["severity"], &found["fix"]),
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
    let found = diagnosis(&sandbox, "tracked_path");
    assert!(
        found["what"]
            .as_str()
            .expect("a text")
            .contains("/tmp/of-this-machine"),
        "{found}"
    );
    assert_eq!(found["severity"], "danger");
    sandbox.write("repo/.cargo/config", "[build]\njobs = 1\n");
    assert_eq!(diagnosis(&sandbox, "legacy_config")["severity"], "broken");
}

/// An edit of a tracked file by `setup` does harm only in a commit, and the advice keeps the file tracked.
#[test]
fn an_edit_of_a_tracked_configuration_that_is_not_committed() {
    let sandbox = Sandbox::new();
    sandbox.package("repo", "app", "hello");
    sandbox.write("repo/.cargo/config.toml", "[build]\njobs = 1\n");
    sandbox.commit_all("repo");
    sandbox.worktree("repo", "topic");
    let edits = ["setup", "--edit-tracked", "--yes"];
    sandbox.run("repo", &edits).code(0);
    let run = sandbox.run("repo", &["doctor"]);
    let said = run.said();
    assert!(said.contains("an uncommitted change in it names"), "{said}");
    let found = diagnosis(&sandbox, "tracked_path");
    let (severity, fix) = (&found["severity"], found["fix"].to_string());
    assert_eq!(severity, "hint");
    assert!(!fix.contains("rm --cached"), "{fix}");
    sandbox.git("repo", &["commit", "-q", "-a", "-m", "oh no"]);
    assert_eq!(diagnosis(&sandbox, "tracked_path")["severity"], "danger");
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
    let found = diagnosis(&sandbox, "orphans");
    mend(&sandbox, &found);
    assert!(!kinds(&sandbox).contains(&"orphans".to_owned()));
}

#[cfg(unix)]
#[test]
fn a_hook_that_git_does_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let hint = diagnosis(&sandbox, "hook");
    assert_eq!(hint["severity"], "hint");
    sandbox.run("repo", &["hook", "install", "--yes"]).code(0);
    assert!(!kinds(&sandbox).contains(&"hook".to_owned()));
    let hook = sandbox.path("repo/.git/hooks/post-checkout");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("a mode");
    let found = diagnosis(&sandbox, "hook");
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
    assert_eq!(diagnosis(&sandbox, "analyzer")["severity"], "hint");
    sandbox.write(
        "repo/.vscode/settings.json",
        "{ \"rust-analyzer.cargo.targetDir\": \"/tmp/ra\" }\n",
    );
    assert_eq!(diagnosis(&sandbox, "analyzer")["severity"], "danger");
}

/// A problem whose fix can be undone is fixed after a question; the rest is named.
#[cfg(unix)]
/// A target folder that a tool takes along into a new worktree: a copy is newer than the sources there, and a link is one
/// folder for all.
#[cfg(unix)]
#[test]
fn target_folders_that_tools_take_along() {
    for linked in [false, true] {
        let sandbox = Sandbox::new();
        sandbox.package("repo", "app", "first");
        sandbox.write("repo/.gitignore", "target\n");
        let settings = ".claude/settings.json";
        match linked {
            true => sandbox.write(
                &format!("repo/{settings}"),
                "{ \"worktree\": { \"symlinkDirectories\": [\"target\"] } }\n",
            ),
            false => sandbox.write("repo/.worktreeinclude", ".env\ntarget/\n"),
        }
        sandbox.cargo("repo", &["generate-lockfile", "--offline"]);
        sandbox.commit_all("repo");
        let first = sandbox.git("repo", &["rev-parse", "HEAD"]);
        sandbox.package("repo", "app", "second");
        sandbox.commit_all("repo");
        assert_eq!(sandbox.cargo_run("repo").trim(), "second");

        // As such a tool makes a worktree of the first commit.
        let add = ["worktree", "add", "-q", "--detach", "../old", first.trim()];
        sandbox.git("repo", &add);
        let (command, args) = match linked {
            true => ("ln", ["-s", "../repo/target", "../old/target"]),
            false => ("cp", ["-r", "target", "../old/target"]),
        };
        sandbox.command(command, "repo", &args).code(0);
        let runs = sandbox.cargo_run("old");
        let said = if linked { "first" } else { "second" };
        assert_eq!(runs.trim(), said, "{linked}");
        if linked {
            // The other one's build is what counts now.
            assert_eq!(sandbox.cargo_run("repo").trim(), "first");
        }

        let kind = match linked {
            true => "linked_target",
            false => "copied_target",
        };
        let found = diagnosis(&sandbox, kind);
        assert_eq!(found["severity"], "danger");
        let file = found["paths"][0].as_str().expect("a path");
        let name = if linked { settings } else { ".worktreeinclude" };
        assert!(file.ends_with(name), "{file}");
        sandbox.run("", &["doctor"]).code(1);

        // A folder outside the worktree is none that they take along.
        sandbox.run("", &["setup", "--yes"]).code(0);
        assert!(!kinds(&sandbox).contains(&kind.to_owned()));
    }
}

#[test]
fn what_can_be_undone_is_mended() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    sandbox.repository("other", &[]);
    sandbox.write(".cargo/config.toml", "[build]\ntarget-dir = \"all\"\n");
    sandbox.write(
        "repo/.vscode/settings.json",
        "{ \"rust-analyzer.cargo.targetDir\": \"/tmp/ra\" }\n",
    );
    sandbox.commit_all("repo");
    sandbox.cargo("topic", &["build", "-q", "--offline"]);
    let before = sandbox.tree("");
    let planned = sandbox.run("", &["doctor", "--fix", "-n"]).code(0);
    assert!(planned.stdout.contains("topic"), "{}", planned.stdout);
    assert!(before == sandbox.tree(""), "it changed something");
    assert_eq!(kinds(&sandbox), ["shared_by_worktrees", "analyzer", "hook"]);

    let run = sandbox.run("", &["doctor", "--fix"]).code(1);
    assert!(
        run.stdout.contains("rust-analyzer build into"),
        "{}",
        run.stdout
    );
    assert_eq!(kinds(&sandbox), ["analyzer"]);
    assert!(sandbox.exists("all/debug"), "nothing is deleted");
    assert!(!sandbox.exists("other/.cargo"), "nothing was wrong with it");
    assert_eq!(sandbox.cargo_run("topic"), "hello\n");
    assert_eq!(sandbox.git("topic", &["status", "--short"]), "");
    let again = sandbox.json("", &["doctor", "--fix", "--yes"]);
    assert_eq!(again["plan"]["actions"], serde_json::json!([]));

    sandbox.run("", &["undo", "--yes"]).code(0);
    sandbox.run("repo", &["hook", "uninstall", "--yes"]).code(0);
    assert_eq!(kinds(&sandbox), ["shared_by_worktrees", "analyzer", "hook"]);
}

#[cfg(unix)]
#[test]
fn what_runs_in_place_of_the_compiler() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    // A program that a repository names is asked only if it is the one that the user would run by its name.
    let path = std::env::var("PATH").expect("a path");
    let bin = sandbox.path("bin").display().to_string();
    sandbox.env("PATH", format!("{bin}:{path}"));
    let wrapper = |name: &str, text: &str| {
        sandbox.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{text}\n"));
        let path = sandbox.path(&format!("bin/{name}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    };
    let named = |path: &str| {
        let text = format!("[build]\nrustc-wrapper = '{path}'\n");
        sandbox.write("repo/.cargo/config.toml", &text);
    };
    let cache = wrapper(
        "sccache",
        "[ \"$1\" = --version ] && echo sccache 9.9 || exec \"$@\"",
    );
    named(&cache);
    let hint = diagnosis(&sandbox, "wrapper");
    assert_eq!(hint["severity"], "hint");
    let what = hint["what"].as_str().expect("a text");
    assert!(what.contains("incrementally"), "{what}");
    let run = sandbox.run("repo", &["doctor", "--verbose"]).code(0);
    assert!(
        run.stdout.contains("sccache 9.9 in place of the compiler"),
        "{}",
        run.stdout
    );
    let manifest = sandbox.read("repo/Cargo.toml") + "[profile.dev]\nincremental = false\n";
    sandbox.write("repo/Cargo.toml", &manifest);
    assert!(!kinds(&sandbox).contains(&"wrapper".to_owned()));

    named(&wrapper("unknown", "exec \"$@\""));
    assert_eq!(diagnosis(&sandbox, "wrapper")["severity"], "hint");
    named("no/such/wrapper");
    let found = diagnosis(&sandbox, "wrapper");
    assert_eq!(found["severity"], "broken");
    let mend = found["fix"].as_str().expect("a text");
    assert!(mend.starts_with("remove `rustc-wrapper` from"), "{mend}");

    named(&cache);
    let other = wrapper("other", "exec \"$@\"");
    sandbox.env("RUSTC_WRAPPER", other);
    let found = diagnosis(&sandbox, "env_override");
    assert_eq!(
        (&found["severity"], &found["fix"]),
        (&"waste".into(), &"unset RUSTC_WRAPPER".into())
    );
}

#[test]
fn variables_by_which_a_shell_builds_apart() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    sandbox.env("CARGO_BUILD_JOBS", "2");
    assert!(!kinds(&sandbox).contains(&"env_override".to_owned()));
    sandbox.env("RUSTFLAGS", "-Cdebuginfo=0");
    let found = diagnosis(&sandbox, "env_override");
    assert_eq!(found["severity"], "waste");
    let mend = found["fix"].as_str().expect("a text");
    assert!(mend.contains("`rustflags` under `[build]`"), "{mend}");
}

/// The layout that `doctor` names is the one that each installed Cargo writes.
#[test]
fn each_toolchain_writes_the_layout_that_is_said() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let json = sandbox.json("", &["doctor"]);
    let toolchains = json["toolchains"].as_array().expect("toolchains");
    assert!(!toolchains.is_empty());
    for toolchain in toolchains {
        let said = toolchain["layout"].as_str().expect("a layout");
        let plus = toolchain["name"].as_str().map(|name| format!("+{name}"));
        let args: Vec<&str> = plus
            .iter()
            .map(String::as_str)
            .chain(["build", "--offline"])
            .collect();
        sandbox.cargo("repo", &args);
        let is_classic = sandbox.exists("repo/target/debug/.fingerprint");
        assert_eq!(is_classic, said == "classic", "{toolchain}");
        fs::remove_dir_all(sandbox.path("repo/target")).expect("removed");
    }
}

/// In the layout `build-dir` too, what a removed worktree has left is found.
#[test]
fn the_build_folder_of_a_removed_worktree() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["topic"]);
    let layout = [
        "setup",
        "--yes",
        "--layout",
        "build-dir",
        "--config-at",
        ".",
    ];
    sandbox.run("", &layout).code(0);
    sandbox.cargo("topic", &["build", "-q", "--offline"]);
    sandbox.git("repo", &["worktree", "remove", "--force", "../topic"]);
    let found = diagnosis(&sandbox, "orphans");
    let path = found["paths"][0].as_str().expect("a path");
    assert!(path.contains("by-path"), "{path}");
    mend(&sandbox, &found);
    assert!(!kinds(&sandbox).contains(&"orphans".to_owned()));
}

/// A toolchain that a file pins and that is not there is named, with the command that installs it.
#[test]
fn a_pinned_toolchain_that_is_missing() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    sandbox.target("repo/target");
    let channel = "1.2.0";
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    sandbox.write(
        "repo/rust-toolchain.toml",
        &format!("[toolchain]\nchannel = \"{channel}\"\n"),
    );
    let asked = sandbox.command("cargo", "repo", &["--version"]);
    if asked.code == Some(0) {
        eprintln!("skipped: there is no rustup, which would take the file for a pin");
        return;
    }
    let found = diagnosis(&sandbox, "toolchain");
    let fix = found["fix"].as_str().expect("a command");
    let install = format!("rustup toolchain install {channel}");
    assert!(fix.starts_with(&install), "{found}");
    let plan = sandbox.run("repo", &["setup", "--dry-run"]);
    assert!(plan.said().contains(&install), "{}", plan.said());
}
