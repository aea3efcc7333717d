//! Configurations and excludes go back to what they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::facts::{actions, items};
#[cfg(unix)]
use crate::faults::harness::Stopped;
use crate::sandbox::Sandbox;

/// A main worktree with a configuration of its own, a linked one without, and one with an empty `.cargo`.
fn family() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside", "third"]);
    sandbox.write("pika/.cargo/config.toml", "# mine\r\n[build]\r\njobs = 2");
    sandbox.write("third/.cargo/audit.toml", "");
    sandbox.write("pika/.git/info/exclude", "*.swp");
    sandbox
}

#[test]
fn everything_is_as_before_byte_for_byte() {
    let sandbox = family();
    let before = sandbox.tree("");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_ne!(sandbox.tree(""), before);
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(actions(&answer, "restore").count(), 4);
    assert_eq!(sandbox.tree(""), before);
    assert!(!sandbox.exists("beside/.cargo"), "made by us");
    assert!(sandbox.exists("third/.cargo"), "there before us");
}

#[test]
fn several_setups_with_different_layouts_are_undone_as_one() {
    let sandbox = family();
    let before = sandbox.tree("");
    let above = sandbox.path("").display().to_string();
    let flat = ["--layout", "flat", "--allow-unsafe-sharing", "--yes"];
    let build_dir = ["--layout", "build-dir", "--config-at", &above, "--yes"];
    for args in [&["--yes"][..], &flat, &build_dir, &["--yes"]] {
        sandbox.run("pika", args).code(0);
    }
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.tree(""), before);
    assert!(!sandbox.exists(".cargo"));
}

#[test]
fn a_second_undo_has_nothing_to_do() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    let tree = sandbox.tree("");
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(items(&answer["plan"]["actions"]).count(), 0);
    assert_eq!(sandbox.tree(""), tree);
}

#[test]
fn setup_works_again_after_undo() {
    let sandbox = family();
    let before = sandbox.tree("");
    for _ in 0..2 {
        sandbox.run("pika", &["--yes"]).code(0);
        sandbox.agrees_with_cargo("pika");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(sandbox.tree(""), before);
    }
}

#[test]
fn what_was_changed_by_hand_is_kept_and_named() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    let mine = "[build]\ntarget-dir = \"mine\"\n";
    sandbox.write("beside/.cargo/config.toml", mine);
    let run = sandbox.run("pika", &["undo", "--yes"]).code(1);
    let said = run.said();
    assert!(said.contains("beside/.cargo/config.toml"), "{said}");
    assert_eq!(sandbox.read("beside/.cargo/config.toml"), mine);
    assert_eq!(
        sandbox.read("pika/.cargo/config.toml"),
        "# mine\r\n[build]\r\njobs = 2",
        "the rest goes back"
    );
    assert_eq!(
        sandbox.git("beside", &["status", "--porcelain"]),
        "",
        "what hides it stays too"
    );

    let answer = sandbox.json("pika", &["undo", "--yes"]);
    let why = sandbox.why_kept(&answer, "beside/.cargo/config.toml");
    assert_eq!(why, "changed_by_hand");
    fs::remove_file(sandbox.path("beside/.cargo/config.toml")).unwrap();
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.read("pika/.git/info/exclude"), "*.swp");
}

#[test]
fn a_removed_worktree_does_not_hold_up_the_others() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    fs::remove_dir_all(sandbox.path("beside")).unwrap();
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    let why = sandbox.why_kept(&answer, "beside/.cargo/config.toml");
    assert_eq!(why, "worktree_gone");
    assert_eq!(items(&answer["outcome"]["failed"]).count(), 0);
    assert!(!sandbox.exists("beside"));
    assert_eq!(
        sandbox.read("pika/.cargo/config.toml"),
        "# mine\r\n[build]\r\njobs = 2"
    );
}

#[test]
fn nothing_is_deleted_but_what_setup_made() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    for folder in ["pika/.shared-target/pika/main", "pika/target"] {
        sandbox.target(folder);
    }
    sandbox.write("beside/.cargo/own.toml", "mine");
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), [""; 0]);
    for path in [
        "pika/.shared-target/pika/main",
        "pika/target",
        "beside/.cargo/own.toml",
    ] {
        assert!(sandbox.exists(path), "{path}");
    }
    assert!(!sandbox.exists("beside/.cargo/config.toml"));
}

#[test]
fn it_says_beforehand_that_deleted_folders_do_not_come_back() {
    let sandbox = family();
    sandbox.target("pika/target");
    sandbox.run("pika", &["--yes"]).code(0);
    let answer = sandbox.json("pika", &["undo", "--dry-run"]);
    let said =
        items(&answer["plan"]["warnings"]).any(|warning| warning["warning"] == "no_way_back");
    assert!(said);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn a_configuration_above_the_worktrees_goes_back() {
    let mut sandbox = family();
    sandbox.env("CARGO_HOME", sandbox.outside("other-home"));
    let args = [
        "--layout",
        "build-dir",
        "--config-at",
        "cargo-home",
        "--yes",
    ];
    sandbox.run("pika", &args).code(0);
    assert!(sandbox.exists("../other-home/config.toml"));
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("../other-home/config.toml"));
}

#[test]
fn undo_works_from_a_linked_worktree() {
    let sandbox = family();
    let before = sandbox.tree("");
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.run("beside", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.tree(""), before);
}

/// The user's state is lost, or another home is set: undo says which files it cannot put back, and what to do.
#[test]
fn without_a_record_the_files_that_stay_are_named() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    let configs = ["pika", "beside", "third"].map(|place| format!("{place}/.cargo/config.toml"));
    let written = configs.clone().map(|config| sandbox.read(&config));
    fs::remove_dir_all(sandbox.outside("home/.local")).expect("removed");
    for args in [
        &["undo", "--yes"][..],
        &["undo", "--yes", "--shared-root", ".shared-target"],
    ] {
        let said = sandbox.run("pika", args).code(1).said();
        let words: Vec<&str> = said.split_whitespace().collect();
        let said = words.join(" ");
        for name in [
            "../beside/.cargo/config.toml",
            "../third/.cargo/config.toml",
            ".git/info/exclude",
        ] {
            assert!(said.contains(name), "{name}: {said}");
        }
        assert_eq!(said.matches("no record").count(), 1, "{said}");
        assert!(!said.contains("nothing to do"), "{said}");
        assert_eq!(configs.clone().map(|config| sandbox.read(&config)), written);
    }
    let answer = sandbox.json("pika", &["undo", "--dry-run"]);
    let warning = &answer["plan"]["warnings"][0];
    assert_eq!(warning["warning"], "no_record");
    assert_eq!(items(&warning["files"]).count(), 3);

    // The advice can be followed.
    sandbox.write("pika/.cargo/config.toml", "# mine\r\n[build]\r\njobs = 2");
    for place in ["beside", "third"] {
        fs::remove_file(sandbox.path(&format!("{place}/.cargo/config.toml"))).expect("removed");
    }
    let said = sandbox.run("pika", &["undo", "--yes"]).code(0).said();
    assert!(said.contains("nothing to do"), "{said}");
}

/// A configuration above the worktrees may be another shared root's, whose record has it.
#[test]
fn the_record_of_another_shared_root_counts_too() {
    let sandbox = family();
    sandbox.package("other", "other", "hello");
    let above = sandbox.path("").display().to_string();
    let build_dir = ["--layout", "build-dir", "--config-at", &above, "--yes"];
    sandbox.run("other", &build_dir).code(0);
    let undo = ["undo", "--yes", "--shared-root", ".shared-target"];
    let said = sandbox.run("pika", &undo).code(0).said();
    assert!(!said.contains("no record"), "{said}");
    assert!(sandbox.exists(".cargo/config.toml"));
}

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// A project with a worktree in it and one beside it, set up and moved as a whole; and what it held before.
fn moved() -> (Sandbox, Tree, Tree) {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside", "pika/.worktrees/x"]);
    sandbox.write("pika/.cargo/config.toml", "# mine\r\n[build]\r\njobs = 2");
    sandbox.write("pika/.git/info/exclude", "/.worktrees\n*.swp");
    let before = (sandbox.tree("pika"), sandbox.tree("beside"));
    sandbox.run("pika", &["--yes"]).code(0);
    fs::create_dir(sandbox.path("new")).expect("a folder");
    fs::rename(sandbox.path("pika"), sandbox.path("new/place")).expect("moved");
    (sandbox, before.0, before.1)
}

fn without_root(sandbox: &Sandbox, folder: &str) -> Tree {
    let mut tree = sandbox.tree(folder);
    tree.retain(|path, _| !path.starts_with(".shared-target") && !path.starts_with("target"));
    tree
}

#[test]
fn a_project_that_was_moved_goes_back_at_its_new_place() {
    let (sandbox, pika, beside) = moved();
    sandbox.run("new/place", &["undo", "--yes"]).code(0);
    assert_eq!(without_root(&sandbox, "new/place"), pika);
    assert_eq!(sandbox.tree("beside"), beside);
    assert!(!sandbox.exists("pika"), "nothing is made where it was");
    let tree = sandbox.tree("");
    let answer = sandbox.json("new/place", &["undo", "--yes"]);
    assert_eq!(items(&answer["plan"]["actions"]).count(), 0, "{answer}");
    assert_eq!(sandbox.tree(""), tree);
}

/// A build after the move makes the old folder again, and a setup writes over what the first one wrote.
#[test]
fn so_it_does_after_a_build_and_another_setup() {
    let (sandbox, pika, _) = moved();
    sandbox.cargo("new/place", &["build", "-q", "--offline"]);
    assert!(
        sandbox.exists("pika/.shared-target"),
        "as its configuration says"
    );
    sandbox.run("new/place", &["--yes", "--replace"]);
    sandbox.run("new/place", &["undo", "--yes"]);
    let mut after = without_root(&sandbox, "new/place");
    after.remove(Path::new("Cargo.lock"));
    assert_eq!(after, pika);
}

/// Another project may be at the old place by now.
#[test]
fn what_is_at_the_old_place_by_now_stays() {
    let (sandbox, ..) = moved();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    let configured = |sandbox: &Sandbox| {
        let files = ["pika/.cargo/config.toml", "pika/.git/info/exclude"];
        files.map(|file| sandbox.read(file))
    };
    let there = configured(&sandbox);
    sandbox.run("new/place", &["undo", "--yes"]);
    assert_eq!(configured(&sandbox), there);
}

/// A file outside of a moved project may or may not be the project's.
#[test]
fn a_file_outside_of_a_project_that_was_moved_is_kept_and_named() {
    let sandbox = Sandbox::new();
    sandbox.repository("here/pika", &[]);
    let above = sandbox.path("here").display().to_string();
    let build_dir = ["--layout", "build-dir", "--config-at", &above, "--yes"];
    sandbox.run("here/pika", &build_dir).code(0);
    sandbox.write("here/pika/.git/info/exclude", "");
    sandbox
        .run("here/pika", &["--yes", "--layout", "isolated"])
        .code(0);
    let outside = sandbox.read("here/.cargo/config.toml");
    fs::create_dir(sandbox.path("new")).expect("a folder");
    fs::rename(sandbox.path("here/pika"), sandbox.path("new/place")).expect("moved");
    let answer = sandbox.json("new/place", &["undo", "--yes"]);
    assert_eq!(sandbox.read("here/.cargo/config.toml"), outside);
    let why = sandbox.why_kept(&answer, "here/.cargo/config.toml");
    assert_eq!(why, "outside_moved");
    assert!(!sandbox.exists("new/place/.cargo"));
}

/// Each root with a shared root of its own keeps it, in one run over several.
#[test]
fn several_roots_keep_to_their_own_shared_roots() {
    let sandbox = Sandbox::new();
    for (root, repository) in [("a", "a/pika"), ("b", "b/crab")] {
        sandbox.repository(repository, &[]);
        sandbox.run("", &["setup", root, "--yes"]).code(0);
    }
    sandbox.repository("b/newt", &[]);
    let run = sandbox.run("", &["setup", "a", "b", "--yes"]).code(0);
    assert!(!run.said().contains("second shared root"), "{}", run.said());
    let config = sandbox.read("b/newt/.cargo/config.toml");
    assert!(config.contains("/b/.shared-target/newt/main"), "{config}");
    let listed = sandbox.json("", &["list", "a", "b"]);
    let isolated = items(&listed["workspaces"]).filter(|one| one["configured"] == "isolated");
    assert_eq!(isolated.count(), 3, "{listed}");
    sandbox.run("", &["undo", "a", "b"]).code(0);
    for repository in ["a/pika", "b/crab", "b/newt"] {
        assert!(!sandbox.exists(&format!("{repository}/.cargo")));
    }
}

/// Each line: what is in the shared root besides what `setup` made, and whether the root goes.
#[test]
fn the_shared_root_goes_with_what_made_it_and_with_nothing_else() {
    for (path, goes) in [
        (None, true),
        (Some("pika/.shared-target/notes.txt"), false),
        (Some("pika/.shared-target/app/empty/notes.txt"), false),
        (Some("pika/.shared-target/.sharedtarget/notes.txt"), false),
        (Some("pika/.shared-target/.gitignore"), false),
    ] {
        let sandbox = family();
        sandbox.run("pika", &["--yes"]).code(0);
        if let Some(path) = path {
            sandbox.write(path, "mine");
        }
        let token = sandbox.read("pika/.shared-target/.sharedtarget/token");
        let preview = sandbox.json("pika", &["undo", "--dry-run"]);
        let planned = actions(&preview, "remove_shared_root").count();
        assert_eq!(planned, usize::from(goes), "{path:?}");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(sandbox.exists("pika/.shared-target"), !goes, "{path:?}");
        if let Some(path) = path {
            assert_eq!(sandbox.read(path), "mine");
            let still = sandbox.read("pika/.shared-target/.sharedtarget/token");
            assert_eq!(still, token);
        }
        // The next one is the same root again.
        sandbox.run("pika", &["--yes"]).code(0);
        let again = sandbox.read("pika/.shared-target/.sharedtarget/token");
        assert_eq!(again, token);
    }
}

/// It may have been there before.
#[test]
fn a_shared_root_under_another_name_stays() {
    let sandbox = family();
    let root = sandbox.path("targets").display().to_string();
    sandbox
        .run("pika", &["setup", "--shared-root", &root, "--yes"])
        .code(0);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(sandbox.exists("targets/.sharedtarget/token"));
}

/// A run was killed while it removed the root.
#[test]
fn a_shared_root_that_is_half_removed_is_made_again() {
    let all = [
        "pika/main.sharedtarget.json",
        "pika/beside.sharedtarget.json",
        "pika/third.sharedtarget.json",
        ".sharedtarget/lock",
        "CACHEDIR.TAG",
        "pika",
        ".sharedtarget/token",
    ];
    for gone in 1..=all.len() {
        let sandbox = family();
        sandbox.run("pika", &["--yes"]).code(0);
        let root = sandbox.path("pika/.shared-target");
        let kept = sandbox.path("kept");
        fs::rename(&root, &kept).expect("put aside");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        fs::rename(&kept, &root).expect("put back");
        for name in &all[..gone] {
            let path = root.join(name);
            let removed = match path.is_dir() {
                true => fs::remove_dir(path),
                false => fs::remove_file(path),
            };
            removed.expect("removed");
        }
        sandbox.run("pika", &["--yes"]).code(0);
        sandbox.agrees_with_cargo("pika");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert!(!root.exists(), "{gone}");
    }
}

/// A configuration that was changed between the plan and the act still leads into it.
#[cfg(unix)]
#[test]
fn the_shared_root_stays_where_not_all_was_put_back() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    let undo = sandbox.program("pika", &["undo", "--yes"]);
    let stopped = Stopped::at(undo, "planned");
    let mut text = sandbox.read("beside/.cargo/config.toml");
    text.push_str("[net]\nretry = 3\n");
    sandbox.write("beside/.cargo/config.toml", &text);
    let ended = stopped.go_on();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(sandbox.exists("pika/.shared-target/.sharedtarget/token"));
}

/// A run that was planned before another one removed the shared root writes nothing there.
#[cfg(unix)]
#[test]
fn a_run_that_was_planned_with_the_shared_root_ends_without_it() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.worktree("pika", "late");
    let setup = sandbox.program("pika", &["setup", "--yes"]);
    let stopped = Stopped::at(setup, "planned");
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/.shared-target"));
    let ended = stopped.go_on();
    assert_eq!(ended.code, Some(101), "{}", ended.said);
    assert!(
        ended.said.contains("removed since planning"),
        "{}",
        ended.said
    );
    assert!(!sandbox.exists("pika/.shared-target"));
    assert!(!sandbox.exists("late/.cargo"));
}
