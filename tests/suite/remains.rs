//! The remains of a worktree that is gone: its folder with nothing but a target folder in it.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

const BUILD: [&str; 3] = ["build", "-q", "--offline"];

/// Deletes everything in a folder but what builds and setup made there.
fn empty(sandbox: &Sandbox, folder: &str) {
    for entry in fs::read_dir(sandbox.path(folder)).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.ends_with("target") || path.ends_with(".cargo") {
            continue;
        }
        match path.is_dir() {
            true => fs::remove_dir_all(path).expect("removed"),
            false => fs::remove_file(path).expect("removed"),
        }
    }
}

/// The folders that `clean --orphaned` deletes.
fn orphaned(sandbox: &Sandbox) -> Vec<String> {
    let answer = sandbox.json("", &["clean", "--orphaned", "--yes"]);
    sandbox.deletes(&answer)
}

/// Why `clean` keeps a folder.
fn why(sandbox: &Sandbox, folder: &str) -> String {
    let answer = sandbox.json("", &["clean", "--yes"]);
    assert!(sandbox.exists(folder), "{answer}");
    sandbox.why_kept(&answer, folder)
}

fn diagnosis(sandbox: &Sandbox, kind: &str) -> Option<Value> {
    let json = sandbox.json("", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").clone();
    all.into_iter().find(|one| one["kind"] == kind)
}

fn paths(sandbox: &Sandbox, diagnosis: &Value) -> Vec<String> {
    let paths = diagnosis["paths"].as_array().expect("paths").iter();
    let mut paths: Vec<String> = paths.map(|path| sandbox.relative(path)).collect();
    paths.sort();
    paths
}

#[test]
fn of_worktrees_that_git_has_forgotten() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["w1", "pika/.worktrees/w2"]);
    for folder in ["pika", "w1", "pika/.worktrees/w2"] {
        sandbox.cargo(folder, &BUILD);
    }
    assert_eq!(orphaned(&sandbox), [""; 0]);
    empty(&sandbox, "w1");
    empty(&sandbox, "pika/.worktrees/w2");
    fs::remove_dir_all(sandbox.path("pika/.git/worktrees")).expect("removed");
    let both = ["pika/.worktrees/w2/target", "w1/target"];
    let found = diagnosis(&sandbox, "orphans").expect("named");
    assert_eq!(found["severity"], "waste");
    assert_eq!(found["fix"], "cargo sharedtarget clean --orphaned");
    assert_eq!(paths(&sandbox, &found), both);
    assert_eq!(orphaned(&sandbox), both);
    assert!(sandbox.exists("pika/target") && !sandbox.exists("w1/target"));
    assert_eq!(diagnosis(&sandbox, "orphans"), None);
}

/// Its folder under the shared root goes as well, though the worktree's own is there with a configuration of ours.
#[test]
fn of_a_worktree_that_was_set_up() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["w1", "w2"]);
    sandbox.run("", &["--yes", "--no-hook"]).code(0);
    for folder in ["pika", "w1", "w2"] {
        sandbox.cargo(folder, &BUILD);
    }
    empty(&sandbox, "w1");
    fs::remove_dir_all(sandbox.path("pika/.git/worktrees/w1")).expect("removed");
    empty(&sandbox, "w2");
    sandbox.write("w2/notes", "mine");
    fs::remove_dir_all(sandbox.path("pika/.git/worktrees/w2")).expect("removed");
    assert_eq!(orphaned(&sandbox), [".shared-target/pika/w1"]);
    assert_eq!(why(&sandbox, ".shared-target/pika/w2"), "owner_missing");
}

#[test]
fn with_anything_beside_it_a_target_folder_stays() {
    let sandbox = Sandbox::new();
    for name in ["notes", "broken", "folder"] {
        sandbox.package(name, "app", "hello");
        sandbox.cargo(name, &BUILD);
        empty(&sandbox, name);
    }
    sandbox.write("notes/.notes", "mine");
    sandbox.write("broken/Cargo.toml", "[package");
    fs::create_dir(sandbox.path("folder/src")).expect("a folder");
    for name in ["notes", "broken", "folder"] {
        assert_eq!(why(&sandbox, &format!("{name}/target")), "unclaimed");
    }
    fs::remove_dir(sandbox.path("folder/src")).expect("removed");
    assert_eq!(orphaned(&sandbox), ["folder/target"]);
}

/// Builds of others go there by `--target-dir`, a variable or a link; and what was only checked tells nothing.
#[cfg(unix)]
#[test]
fn a_folder_that_others_may_use_stays() {
    let sandbox = Sandbox::new();
    sandbox.package("one", "one", "hello");
    sandbox.package("two", "two", "hello");
    sandbox.cargo("one", &["build", "-q", "--target-dir", "../option/target"]);
    fs::create_dir_all(sandbox.path("linked/target")).expect("folders");
    std::os::unix::fs::symlink("../linked/target", sandbox.path("two/target")).expect("a link");
    sandbox.cargo("two", &BUILD);
    sandbox.package("both", "both", "hello");
    sandbox.cargo("both", &BUILD);
    sandbox.cargo("one", &["build", "-q", "--target-dir", "../both/target"]);
    empty(&sandbox, "both");
    sandbox.package("checked", "checked", "hello");
    sandbox.cargo("checked", &["check", "-q", "--offline"]);
    empty(&sandbox, "checked");
    sandbox.write(
        "three/.cargo/config.toml",
        "[build]\ntarget-dir = \"../named/target\"\n",
    );
    sandbox.write("three/Cargo.toml", "[package");
    sandbox.package("named", "named", "hello");
    sandbox.cargo("named", &BUILD);
    empty(&sandbox, "named");
    for (folder, reason) in [
        ("option/target", "unclaimed"),
        ("both/target", "unclaimed"),
        ("checked/target", "unclaimed"),
        ("named/target", "named_by_stranger"),
    ] {
        assert_eq!(why(&sandbox, folder), reason, "{folder}");
    }
    assert!(sandbox.exists("linked/target/debug"));
}

/// Sources that a branch, a commit that is left or another version control can bring back keep their folder.
#[test]
fn sources_that_may_come_back() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.git("pika", &["switch", "-q", "-c", "with-tool"]);
    sandbox.package("pika/tool", "tool", "hi");
    sandbox.commit_all("pika");
    sandbox.cargo("pika/tool", &BUILD);
    sandbox.git("pika", &["switch", "-q", "main"]);
    assert!(!sandbox.exists("pika/tool/Cargo.toml"));
    assert_eq!(why(&sandbox, "pika/tool/target"), "may_come_back");
    sandbox.git("pika", &["branch", "-q", "-D", "with-tool"]);
    assert_eq!(why(&sandbox, "pika/tool/target"), "may_come_back");
    sandbox.git("pika", &["reflog", "expire", "--expire=now", "--all"]);
    assert_eq!(orphaned(&sandbox), ["pika/tool/target"]);

    sandbox.package("other/tool", "tool", "hi");
    sandbox.cargo("other/tool", &BUILD);
    empty(&sandbox, "other/tool");
    fs::create_dir(sandbox.path("other/.hg")).expect("a folder");
    assert_eq!(why(&sandbox, "other/tool/target"), "may_come_back");
    let all = sandbox.json("", &["clean", "--all", "--yes"]);
    assert!(
        sandbox.deletes(&all).contains(&"other/tool/target".into()),
        "{all}"
    );
}

/// git still lists them: without its files, without its `.git`, and locked.
#[test]
fn of_worktrees_that_git_lists() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["gone", "bare", "pointless", "locked"]);
    for folder in ["bare", "pointless", "locked"] {
        sandbox.cargo(folder, &BUILD);
    }
    sandbox.git("pika", &["worktree", "lock", "../locked"]);
    fs::remove_dir_all(sandbox.path("gone")).expect("removed");
    empty(&sandbox, "bare");
    empty(&sandbox, "locked");
    fs::remove_file(sandbox.path("pointless/.git")).expect("removed");
    assert_eq!(why(&sandbox, "locked/target"), "may_come_back");
    assert!(!sandbox.exists("bare/target"), "git would prune it");
    assert!(sandbox.exists("pointless/target/debug"));

    let json = sandbox.json("", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").iter();
    let of_kind = all.filter(|one| one["kind"] == "half_removed");
    let mut mends = Vec::new();
    for one in of_kind {
        assert_eq!(one["severity"], "hint");
        let mend = one["fix"].as_str().expect("a command");
        let args: Vec<String> = mend.split(' ').skip(1).map(str::to_owned).collect();
        mends.push((paths(&sandbox, one), args));
    }
    let named: Vec<&str> = mends.iter().map(|(paths, _)| paths[0].as_str()).collect();
    assert_eq!(named, ["pointless", "gone", "bare"]);
    for (paths, args) in &mends {
        match paths[0].as_str() {
            "bare" => fs::remove_dir_all(sandbox.path("bare")).expect("removed"),
            _ => drop(sandbox.git("", &args.iter().map(String::as_str).collect::<Vec<_>>())),
        }
    }
    assert!(sandbox.exists("pointless/.git"), "repaired");
    let left = sandbox.git("pika", &["worktree", "list"]);
    assert!(
        !left.contains("/gone") && left.contains("/pointless"),
        "{left}"
    );
}
