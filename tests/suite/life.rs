//! The life of worktrees: moved, copied, removed, made anew.

use crate::facts::{actions, items};
use crate::sandbox::Sandbox;

/// A repository with a linked worktree, both set up and built.
fn in_use() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["one"]);
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in ["pika", "one"] {
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
    }
    sandbox
}

#[test]
fn a_moved_worktree_keeps_the_folder_that_it_builds_into() {
    let sandbox = in_use();
    sandbox.git("pika", &["worktree", "move", "../one", "../uno"]);
    let answer = sandbox.json("pika", &["clean", "--dry-run"]);
    let why = sandbox.why_kept(&answer, "pika/.shared-target/pika/one");
    assert_eq!(why, "in_use");
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.agrees_with_cargo("pika");
    assert_eq!(sandbox.cargo_run("uno"), "hello\n");
    let again = sandbox.json("pika", &["--dry-run"]);
    assert_eq!(
        items(&again["plan"]["actions"]).count(),
        0,
        "{}",
        again["plan"]
    );
}

#[test]
fn a_copied_repository_gets_folders_of_its_own() {
    let sandbox = in_use();
    let options = fs_extra::dir::CopyOptions::new().copy_inside(true);
    fs_extra::dir::copy(sandbox.path("pika"), sandbox.path("chu"), &options).expect("copied");
    let both = [sandbox.metadata("pika"), sandbox.metadata("chu")];
    assert_eq!(
        both[0]["target_directory"], both[1]["target_directory"],
        "the hazard"
    );
    sandbox.run("chu", &["--yes"]).code(0);
    let both = [sandbox.metadata("pika"), sandbox.metadata("chu")];
    assert_ne!(both[0]["target_directory"], both[1]["target_directory"]);
    assert_ne!(both[0]["build_directory"], both[1]["build_directory"]);
}

#[test]
fn everything_of_a_removed_worktree_goes() {
    let sandbox = in_use();
    let folder = sandbox.metadata("one")["build_directory"].clone();
    let folder = sandbox.relative(&folder);
    assert!(sandbox.exists(&folder));
    sandbox.git("pika", &["worktree", "remove", "../one"]);
    let answer = sandbox.json("pika", &["clean", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), ["pika/.shared-target/pika/one"]);
    assert!(!sandbox.exists(&folder));
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
}

#[test]
fn a_worktree_made_anew_at_the_same_place_runs_its_own_code() {
    let sandbox = in_use();
    sandbox.git("pika", &["worktree", "remove", "../one"]);
    sandbox.git("pika", &["worktree", "add", "-q", "-b", "anew", "../one"]);
    sandbox.package("one", "app", "anew");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("one"), "anew\n");
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
}

#[test]
fn two_worktrees_of_one_name_get_two_folders() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["a/fix", "b/fix", "a/main"]);
    sandbox.repository("other/pika", &[]);
    sandbox.run("", &["--yes"]).code(0);
    let answer = sandbox.json("", &["list", "--no-size"]);
    let mut folders: Vec<_> = items(&answer["workspaces"])
        .map(|workspace| sandbox.relative(&workspace["dirs"]["target_dir"]))
        .collect();
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), 5, "{folders:?}");
}

#[test]
fn a_folder_set_above_all_repositories_is_the_users_choice() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write(".cargo/config.toml", "[build]\ntarget-dir = 'all'\n");
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_set");
    let file = sandbox.relative(&answer["plan"]["kept"][0]["reason"]["file"]);
    assert_eq!(file, ".cargo/config.toml");
    let answer = sandbox.json("pika", &["--yes", "--replace"]);
    assert_eq!(actions(&answer, "write_config").count(), 1);
    assert_eq!(
        sandbox.read(".cargo/config.toml"),
        "[build]\ntarget-dir = 'all'\n"
    );
    sandbox.agrees_with_cargo("pika");
}

#[test]
fn a_folder_set_by_an_included_file_counts() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/.cargo/config.toml", "include = ['more.toml']\n");
    sandbox.write("pika/.cargo/more.toml", "[build]\ntarget-dir = 'mine'\n");
    assert!(
        sandbox.metadata("pika")["target_directory"]
            .as_str()
            .unwrap()
            .ends_with("mine")
    );
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_set");
    sandbox.agrees_with_cargo("pika");
}

#[test]
fn variables_of_a_git_hook_point_nowhere_else() {
    let sandbox = in_use();
    sandbox.repository("other", &[]);
    let mut program = sandbox.program("pika", &["list", "--no-size", "--format", "json"]);
    program.env("GIT_DIR", sandbox.path("other/.git"));
    program.env("GIT_WORK_TREE", sandbox.path("other"));
    let output = program.output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        sandbox.paths(&answer["workspaces"], "root"),
        ["one", "pika"]
    );
}

#[cfg(unix)]
#[test]
fn what_two_folders_share_is_freed_once() {
    let sandbox = in_use();
    let folders = sandbox.path("pika/.shared-target");
    let before = crate::facts::allocated(&folders);
    let one = sandbox.json("pika", &["clean", "--all", "--yes"]);
    let freed = one["outcome"]["freed"]["on_disk"].as_u64().unwrap();
    assert_eq!(one["plan"]["freeable"], freed);
    assert_eq!(items(&one["outcome"]["done"]).count(), 2);
    // The notes of owners stay, and so do the folders that they lie in.
    assert_eq!(before - crate::facts::allocated(&folders), freed);
}

/// Sources move with their times, so what another tree built at that path must not be fresh for them.
#[test]
fn a_worktree_moved_to_where_another_was_runs_its_own_code() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["feat", "other"]);
    for (worktree, says) in [("feat", "FEAT"), ("other", "OTHER")] {
        sandbox.package(worktree, "app", says);
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let source = std::fs::File::options()
        .write(true)
        .open(sandbox.path("other/src/main.rs"))
        .expect("a source");
    source
        .set_modified(old)
        .expect("older than what the other one builds");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("feat"), "FEAT\n");
    assert_eq!(sandbox.cargo_run("other"), "OTHER\n");
    sandbox.git("pika", &["worktree", "remove", "--force", "../feat"]);
    sandbox.git("pika", &["worktree", "move", "../other", "../feat"]);
    assert_eq!(sandbox.cargo_run("feat"), "OTHER\n");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(
        sandbox.cargo_run("feat"),
        "OTHER\n",
        "also after it was set up again"
    );
}

#[test]
fn two_worktrees_that_change_places_run_their_own_code() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["one", "two"]);
    sandbox.package("two", "app", "two");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("two"), "two\n");
    assert_eq!(sandbox.cargo_run("one"), "hello\n");
    for (from, to) in [("one", "spare"), ("two", "one"), ("spare", "two")] {
        std::fs::rename(sandbox.path(from), sandbox.path(to)).expect("moved");
    }
    sandbox.git("pika", &["worktree", "repair", "../one", "../two"]);
    for _ in 0..2 {
        assert_eq!(sandbox.cargo_run("one"), "two\n");
        assert_eq!(sandbox.cargo_run("two"), "hello\n");
        sandbox.run("pika", &["--yes"]).code(0);
    }
}

#[cfg(unix)]
#[test]
fn a_git_folder_that_is_a_link_is_git_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.write("pika/.cargo/config.toml", "[net]\nretry = 2\n");
    sandbox.commit_all("pika");
    std::fs::rename(sandbox.path("pika/.git"), sandbox.path("elsewhere")).expect("moved");
    std::os::unix::fs::symlink("../elsewhere", sandbox.path("pika/.git")).expect("a link");
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_tracked");
    assert_eq!(sandbox.git("pika", &["status", "--porcelain"]), "");
}

#[test]
fn undo_of_one_repository_leaves_the_others() {
    let sandbox = Sandbox::new();
    for repository in ["one", "two"] {
        sandbox.repository(repository, &[]);
    }
    sandbox.run("", &["--yes"]).code(0);
    sandbox.run("", &["undo", "one", "--yes"]).code(0);
    assert!(!sandbox.exists("one/.cargo"));
    assert!(sandbox.exists("two/.cargo/config.toml"));
}

#[test]
fn a_shared_root_that_was_cleaned_away_comes_back() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.git("pika", &["clean", "-q", "-f", "-d", "-x", "-e", ".cargo"]);
    assert_eq!(sandbox.cargo_run("beside"), "hello\n");
    assert_eq!(sandbox.git("pika", &["status", "--porcelain"]), "");
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.agrees_with_cargo("pika");
    assert!(sandbox.exists("pika/.shared-target/.sharedtarget"));
    assert!(!sandbox.exists("pika/.shared-target-2"));
}
