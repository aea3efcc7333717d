//! A donor that was changed after its build, or before it.

use std::fs;

use crate::sources::edit::Edit::{Move, Replace, Touch, Write};
use crate::sources::edit::{hour_ago, set_mtime};
use crate::sources::mini::{ALL, Mini};

const PART: &str = "leaf/src/part.rs";
const LEAF: crate::sources::edit::Edit = Replace(PART, "one", "two");

#[test]
fn nothing_is_different() {
    let mini = Mini::new();
    mini.build("a");
    mini.check(&[]);
}

#[test]
fn touched_in_the_donor() {
    let mini = Mini::new();
    mini.build("a");
    mini.edit("a", &[Touch(PART)]);
    mini.check(&["leaf", "script", "app"]);
}

#[test]
fn a_dirty_donor() {
    let mini = Mini::new();
    mini.edit("a", &[LEAF]);
    mini.build("a");
    mini.check(&["leaf", "script", "app"]);
}

#[test]
fn both_are_dirty() {
    let mini = Mini::new();
    mini.edit("a", &[LEAF]);
    mini.build("a");
    mini.edit("c", &[LEAF]);
    mini.check(&[]);
}

#[test]
fn changed_after_the_build() {
    for file in [PART, "script/data.txt", "app/note.txt"] {
        let mini = Mini::new();
        mini.build("a");
        let edit = [Replace(file, "one", "two")];
        mini.edit("a", &edit);
        mini.edit("c", &edit);
        // The script and the macro may have looked at anything.
        mini.check(if file == PART {
            &["leaf", "script", "app"]
        } else {
            &["script", "app"]
        });
    }
}

#[test]
fn changed_after_the_build_and_old() {
    for file in [PART, "script/data.txt", "app/note.txt"] {
        let mini = Mini::new();
        mini.build("a");
        let edit = [Replace(file, "one", "two")];
        mini.edit("a", &edit);
        mini.edit("c", &edit);
        set_mtime(&mini.sandbox.path("a").join(file), hour_ago());
        // The script and the macro may have looked at anything.
        mini.check(if file == PART {
            &["leaf", "script", "app"]
        } else {
            &["script", "app"]
        });
    }
}

#[test]
fn an_older_file_was_moved_there() {
    let mini = Mini::new();
    mini.edit(
        "a",
        &[Write(
            "leaf/src/old.rs",
            "pub const TEXT: &str = \"leaf two\";\n",
        )],
    );
    set_mtime(&mini.sandbox.path("a").join("leaf/src/old.rs"), hour_ago());
    mini.build("a");
    mini.edit("a", &[Move("leaf/src/old.rs", PART)]);
    mini.edit("c", &[LEAF]);
    mini.check(&["leaf", "script", "app"]);
}

#[test]
fn an_older_folder_was_moved_there() {
    for folder in ["leaf/src", "leaf"] {
        let mini = Mini::new();
        let a = mini.sandbox.path("a");
        let old = mini.sandbox.path("old");
        std::fs::create_dir_all(&old).expect("a folder");
        let text = fs::read_to_string(a.join("leaf/src/lib.rs")).expect("a file");
        let manifest = fs::read_to_string(a.join("leaf/Cargo.toml")).expect("a file");
        let src = if folder == "leaf" {
            old.join("src")
        } else {
            old.clone()
        };
        fs::create_dir_all(&src).expect("a folder");
        fs::write(old.join("Cargo.toml"), manifest).expect("a file");
        if folder != "leaf" {
            fs::remove_file(old.join("Cargo.toml")).expect("removed");
        }
        fs::write(src.join("lib.rs"), text).expect("a file");
        fs::write(
            src.join("part.rs"),
            "pub const TEXT: &str = \"leaf two\";\n",
        )
        .expect("a file");
        crate::sources::edit::set_all(&old, hour_ago());
        std::thread::sleep(std::time::Duration::from_millis(50));
        mini.build("a");
        fs::rename(a.join(folder), mini.sandbox.path("away")).expect("moved");
        fs::rename(&old, a.join(folder)).expect("moved");
        mini.edit("c", &[LEAF]);
        // The script may have looked at what else is beside it.
        mini.check(&["leaf", "app", "script"]);
    }
}

#[test]
fn copied_there_with_its_time() {
    let mini = Mini::new();
    mini.build("a");
    let path = mini.sandbox.path("a").join(PART);
    fs::remove_file(&path).expect("removed");
    mini.edit(
        "a",
        &[Write(PART, "pub const TEXT: &str = \"leaf two\";\n")],
    );
    set_mtime(&path, hour_ago());
    mini.edit("c", &[LEAF]);
    mini.check(&["leaf", "script", "app"]);
}

#[test]
fn ignored_files_in_one_of_them() {
    for file in ["app/note.ignored", "app/made/note.txt"] {
        for (there, here) in [(None, Some("x")), (Some("x"), None), (Some("x"), Some("y"))] {
            let mini = Mini::new();
            for (worktree, text) in [("a", there), ("c", here)] {
                if let Some(text) = text {
                    mini.edit(worktree, &[Write(file, text)]);
                }
            }
            mini.build("a");
            mini.check(&["script", "app"]);
        }
    }
}

/// Units that were carried there are as good as units that were compiled there; but the script has not run since the
/// edit.
#[test]
fn a_donor_that_was_warmed_itself() {
    let mini = Mini::new();
    mini.build("a");
    mini.add("b");
    mini.sandbox.run("b", &["warm", "--yes"]).code(0);
    mini.edit("b", &[LEAF]);
    mini.build("b");
    mini.edit("c", &[LEAF]);
    mini.check(&["script", "app"]);
}

#[test]
fn the_donor_is_deleted() {
    let mini = Mini::new();
    mini.build("a");
    mini.sandbox.run("c", &["warm", "--yes"]).code(0);
    fs::remove_dir_all(mini.sandbox.path("a")).expect("removed");
    mini.sandbox.git("m", &["worktree", "prune"]);
    let built = mini.build("c");
    assert_eq!(built.compiled.len(), 0, "{:?}", built.compiled);
    assert!(
        mini.prints("c")
            .iter()
            .any(|line| line.contains("lib one | note one"))
    );
}

#[test]
fn only_third_party_crates_are_asked_for() {
    let mut mini = Mini::new();
    mini.build("a");
    mini.sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "true");
    mini.check(&ALL);
}
