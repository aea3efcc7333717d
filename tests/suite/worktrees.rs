//! Which worktrees and repositories are found, and where their shared root is.

use std::fs;

use crate::facts::items;
use crate::sandbox::Sandbox;

/// The worktrees of the only repository: path and the field asked for.
fn worktrees(sandbox: &Sandbox, answer: &serde_json::Value, field: &str) -> Vec<(String, String)> {
    items(&answer["repositories"][0]["worktrees"])
        .map(|w| (sandbox.relative(&w["path"]), w[field].to_string()))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    expected.iter().map(own).collect()
}

#[test]
fn worktrees_outside_the_root_are_shown_as_such() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let mut inside = worktrees(&sandbox, &answer, "inside_root");
    inside.sort();
    let expected = [
        ("beside", "false"),
        ("pika", "true"),
        ("pika/.worktrees/x", "true"),
    ];
    assert_eq!(inside, pairs(&expected));
    let all = ["beside", "pika", "pika/.worktrees/x"];
    assert_eq!(sandbox.paths(&answer["workspaces"], "root"), all);
    assert_eq!(
        sandbox.workspaces("beside", &[]),
        all,
        "from a linked one as well"
    );
    let inside_only = sandbox.workspaces("pika", &["--inside-root-only"]);
    assert_eq!(inside_only, ["pika", "pika/.worktrees/x"]);
}

#[test]
fn a_bare_repository_has_only_linked_worktrees() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.git("", &["clone", "-q", "--bare", "pika", "house/chu.git"]);
    sandbox.git(
        "house/chu.git",
        &["worktree", "add", "-q", "-b", "x", "../x"],
    );
    let answer = sandbox.json("house", &["list", "--no-size"]);
    assert_eq!(answer["repositories"][0]["name"], "chu");
    assert_eq!(answer["repositories"][0]["bare"], true);
    assert_eq!(
        worktrees(&sandbox, &answer, "main"),
        pairs(&[("house/x", "false")])
    );
    sandbox.run("house", &["--yes"]).code(0);
    assert_eq!(sandbox.status("house/x"), "");
    sandbox.agrees_with_cargo("house");
}

#[test]
fn a_hidden_bare_repository_is_called_after_the_folder_around_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("seed", &[]);
    sandbox.git("", &["clone", "-q", "--bare", "seed", "pika/.bare"]);
    sandbox.write("pika/.git", "gitdir: ./.bare\n");
    sandbox.git("pika", &["worktree", "add", "-q", "main"]);
    sandbox.git("pika", &["worktree", "add", "-q", "-b", "x", "x"]);
    for root in ["pika", "pika/x"] {
        let answer = sandbox.json(root, &["list", "--no-size"]);
        assert_eq!(answer["repositories"][0]["name"], "pika", "from {root}");
        let expected = [("pika/main", "false"), ("pika/x", "false")];
        assert_eq!(
            worktrees(&sandbox, &answer, "main"),
            pairs(&expected),
            "from {root}"
        );
        assert_eq!(
            sandbox.relative(&answer["shared_root"]["path"]),
            "pika/.shared-target"
        );
    }
    sandbox.run("pika", &["--yes"]).code(0);
    let config = sandbox.read("pika/main/.cargo/config.toml");
    assert!(config.contains("/.shared-target/pika/main"), "{config}");
    assert_eq!(sandbox.status("pika/main") + &sandbox.status("pika/x"), "");
}

#[test]
fn detached_locked_and_prunable_worktrees_are_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["locked", "gone"]);
    sandbox.git("pika", &["worktree", "add", "-q", "--detach", "../loose"]);
    sandbox.git(
        "pika",
        &["worktree", "lock", "--reason", "on a stick", "../locked"],
    );
    fs::remove_dir_all(sandbox.path("gone")).unwrap();
    let answer = sandbox.json("", &["list", "--no-size"]);
    let by = |path: &str, field: &str| {
        items(&answer["repositories"][0]["worktrees"])
            .find(|w| sandbox.relative(&w["path"]) == path)
            .expect("listed")[field]
            .clone()
    };
    assert_eq!(by("locked", "locked"), "on a stick");
    assert_eq!(by("pika", "head")["branch"], "main");
    let commit = sandbox.git("pika", &["rev-parse", "HEAD"]);
    assert_eq!(by("loose", "head")["detached"], commit.trim());
    assert_eq!(
        (by("gone", "present"), by("loose", "present")),
        (false.into(), true.into())
    );
    assert!(by("gone", "prunable").is_string());
    let workspaces = sandbox.paths(&answer["workspaces"], "root");
    assert_eq!(workspaces, ["locked", "loose", "pika"]);
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.repository("lib", &[]);
    sandbox.repository("pika", &[]);
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        "../lib",
        "sub",
    ];
    sandbox.git("pika", &add);
    sandbox.git("pika", &["commit", "-q", "-m", "sub"]);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    assert_eq!(
        sandbox.paths(&answer["workspaces"], "root"),
        ["pika", "pika/sub"]
    );
    let mut names: Vec<_> = items(&answer["repositories"])
        .map(|r| r["name"].clone())
        .collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["pika", "sub"]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.status("pika") + &sandbox.status("pika/sub"), "");
    sandbox.agrees_with_cargo("pika");
}

#[test]
fn thirty_worktrees_get_thirty_folders() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (1..30).map(|n| format!("pika/.worktrees/w{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sandbox.repository("pika", &names);
    assert_eq!(sandbox.workspaces("pika", &[]).len(), 30);
    sandbox.run("pika", &["--yes"]).code(0);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let mut folders: Vec<String> = items(&answer["workspaces"])
        .flat_map(|w| [&w["dirs"]["target_dir"], &w["dirs"]["build_dir"]])
        .map(|dir| sandbox.relative(dir))
        .collect();
    folders.sort();
    folders.dedup();
    assert_eq!(
        folders.len(),
        30,
        "each has one, and none has another one's"
    );
}

#[test]
fn a_linked_worktree_as_root_takes_the_shared_root_of_its_family() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox
        .run("", &["--shared-root", "all", "--yes", "pika"])
        .code(0);
    sandbox.worktree("pika", "later");
    let answer = sandbox.json("later", &["--dry-run"]);
    assert_eq!(sandbox.relative(&answer["shared_root"]["path"]), "all");
    assert_eq!(answer["shared_root"]["chosen"], "configured");
}

#[test]
fn a_linked_worktree_never_holds_the_shared_root() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let answer = sandbox.json("beside", &["--dry-run"]);
    assert_eq!(
        sandbox.relative(&answer["shared_root"]["path"]),
        "pika/.shared-target"
    );
}

#[test]
fn a_folder_of_that_name_is_not_taken_for_the_shared_root() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/.shared-target/notes.txt", "mine");
    let answer = sandbox.json("pika", &["--dry-run"]);
    let chosen = sandbox.relative(&answer["shared_root"]["path"]);
    assert_eq!(chosen, "pika/.shared-target-2");
}

#[test]
fn exclude_goes_for_worktrees_outside_the_root_as_well() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside", "pika/.worktrees/x"]);
    let found = sandbox.workspaces("pika", &["--exclude", "beside", "--exclude", ".worktrees"]);
    assert_eq!(found, ["pika"]);
}

#[test]
fn worktrees_at_places_that_are_not_searched_are_found_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.git/wt/x"]);
    sandbox.target("pika/target");
    sandbox.worktree("pika", "pika/target/wt/y");
    let expected = ["pika", "pika/.git/wt/x", "pika/target/wt/y"];
    assert_eq!(sandbox.workspaces("pika", &[]), expected);
    let answer = sandbox.json("pika", &["clean", "--all", "--dry-run"]);
    assert_eq!(sandbox.deletes(&answer), [""; 0]);
}

#[test]
fn worktrees_inside_and_outside_of_a_bare_repository_are_found_from_everywhere() {
    let sandbox = Sandbox::new();
    sandbox.repository("seed", &[]);
    sandbox.git("", &["clone", "-q", "--bare", "seed", "house/chu.git"]);
    sandbox.git("house/chu.git", &["worktree", "add", "-q", "main"]);
    sandbox.git(
        "house/chu.git",
        &["worktree", "add", "-q", "-b", "x", "../x"],
    );
    for root in ["house", "house/chu.git", "house/x", "house/chu.git/main"] {
        let found = sandbox.workspaces(root, &[]);
        assert_eq!(found, ["house/chu.git/main", "house/x"], "from {root}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_does_not_spoil_the_answer() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = Sandbox::new();
    sandbox.repository("good", &[]);
    sandbox.repository("bad", &[]);
    let name = std::ffi::OsStr::from_bytes(b"b\xff");
    fs::rename(sandbox.path("bad"), sandbox.path("").join(name)).unwrap();
    let answer = sandbox.json("", &["--yes"]);
    let warning = &answer["plan"]["warnings"][0];
    assert_eq!(sandbox.relative(&warning["path"]), "b\u{fffd}");
    assert!(sandbox.exists("good/.cargo/config.toml"));
    assert_eq!(sandbox.workspaces("", &[]), ["good"]);
}

/// Copied with its nested worktree: git's records in the copy name the original's worktrees, and the copy of the
/// nested one names the original's records.
#[test]
fn a_copied_repository_has_no_part_in_the_worktrees_of_the_original() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    for worktree in ["pika", "pika/.worktrees/x", "beside"] {
        sandbox.cargo(worktree, &["build", "-q"]).code(0);
    }
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([sandbox.path("pika"), sandbox.path("chu")])
        .status();
    assert!(status.expect("cp runs").success());
    let before = sandbox.tree("pika");
    let beside = sandbox.tree("beside");

    let answer = sandbox.json("chu", &["list", "--no-size"]);
    let expected = ["chu", "chu/.worktrees/x"];
    assert_eq!(sandbox.paths(&answer["workspaces"], "root"), expected);
    let messages: Vec<&str> = items(&answer["problems"])
        .filter_map(|problem| problem["message"].as_str())
        .collect();
    let says = |part: &str| messages.iter().filter(|m| m.contains(part)).count();
    assert_eq!(says("lists it as a worktree"), 2, "{messages:?}");
    assert_eq!(says("it seems to be a copy"), 1, "{messages:?}");

    for args in [
        &["gc", "--max-size", "1B", "--yes"][..],
        &["--yes"],
        &["clean", "--all", "--yes"],
    ] {
        sandbox.run("chu", args).code(0);
        assert!(
            sandbox.tree("pika") == before,
            "the original after {args:?}"
        );
        assert!(sandbox.tree("beside") == beside, "beside after {args:?}");
    }
    assert!(
        sandbox.exists("chu/.cargo/config.toml"),
        "the copy is set up by itself"
    );
    assert!(!sandbox.exists("chu/target"), "and its old folder deleted");
    assert!(
        sandbox.exists("chu/.worktrees/x/target"),
        "what is in doubt stays"
    );
    assert_eq!(sandbox.cargo_run("chu"), sandbox.cargo_run("pika"));

    // The original does not know of the copy.
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let expected = ["beside", "pika", "pika/.worktrees/x"];
    assert_eq!(sandbox.paths(&answer["workspaces"], "root"), expected);
}

#[test]
fn a_repository_that_was_moved_keeps_its_worktrees() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    fs::rename(sandbox.path("pika"), sandbox.path("chu")).expect("moved");
    let answer = sandbox.json("chu", &["list", "--no-size"]);
    assert_eq!(
        sandbox.paths(&answer["workspaces"], "root"),
        ["beside", "chu"]
    );
}
