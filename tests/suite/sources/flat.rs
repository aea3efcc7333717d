//! A mistake that must not be made: the donor's target folder was built into from another worktree.
//!
//! Cargo takes the other one's code for the donor's own where the donor's sources are older. Nothing of it may reach
//! a third worktree.

use crate::sources::edit::Edit::{self, Replace};
use crate::sources::full;
use crate::sources::mini::Mini;

const MAIN: Edit = Replace("app/src/main.rs", "one", "two");
const LEAF: Edit = Replace("leaf/src/part.rs", "one", "two");
const DATA: Edit = Replace("script/data.txt", "one", "two");

/// Builds `a` in these ways, then `b` with this change into its folder, and warms `c` from it.
#[track_caller]
fn assert_kept_apart(first: &[&[&str]], then: &[&[&str]], edit: Edit, gone: bool) {
    let mini = Mini::of(edit.files() == DATA.files());
    for args in first {
        mini.build_with("a", args, &[]);
    }
    mini.add("b");
    mini.edit("b", &[edit]);
    let folder = mini.sandbox.path("a/target").display().to_string();
    for args in then {
        mini.build_with("b", args, &[("CARGO_TARGET_DIR", &folder)]);
    }
    if gone {
        let b = mini.sandbox.path("b").display().to_string();
        mini.sandbox
            .git("m", &["worktree", "remove", "--force", &b]);
    }
    let said = mini.sandbox.run("c", &["warm", "-v", "--yes"]).said();
    let last = then.last().expect("a command");
    mini.build_with("c", last, &[]);
    let profile = if last.contains(&"--release") {
        "release"
    } else {
        "debug"
    };
    let program = mini.sandbox.path("c/target").join(profile).join("app");
    let output = mini
        .sandbox
        .prepared(program, "c", &[])
        .output()
        .expect("a program");
    let output = String::from_utf8(output.stdout).expect("text");
    let expected = "main one, leaf one, data one, lib one | note one | nothing | nothing\n";
    assert_eq!(
        output, expected,
        "{first:?}, {then:?}, {edit:?}, gone: {gone}\n{said}"
    );
}

const BUILD: &[&str] = &["build"];
const RELEASE: &[&str] = &["build", "--release"];
const TEST: &[&str] = &["test", "--no-run"];

/// Every edit, and every way to build; each with each if all are asked for.
fn pairs() -> impl Iterator<Item = (Edit, &'static [&'static str])> {
    let all = [MAIN, LEAF, DATA]
        .into_iter()
        .flat_map(|edit| [(edit, BUILD), (edit, RELEASE)]);
    let few = [(MAIN, BUILD), (LEAF, RELEASE), (DATA, BUILD)];
    all.filter(move |(edit, then)| {
        full()
            || few
                .iter()
                .any(|few| few.0.files() == edit.files() && few.1 == *then)
    })
}

#[test]
fn of_a_worktree_that_is_there() {
    for (edit, then) in pairs() {
        assert_kept_apart(&[then], &[then], edit, false);
    }
}

#[test]
fn of_a_worktree_that_is_gone() {
    if crate::amount::without_longest() {
        return;
    }
    for (edit, then) in pairs() {
        assert_kept_apart(&[then, TEST], &[then], edit, true);
    }
}
