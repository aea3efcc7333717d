//! Flags of the compiler: a unit that was compiled with others is of no use.

use super::{OUTPUT, build, start};
use crate::facts::items;
use crate::sandbox::Sandbox;

const FLAGS: &str = "[build]\nrustflags = [\"--cfg\", \"mine\"]\n";

/// `pika`, which tracks flags and is built with them, with a worktree in it and one beside it.
fn tracked() -> Sandbox {
    let sandbox = start();
    sandbox.write("pika/.cargo/config.toml", FLAGS);
    sandbox.commit_all("pika");
    sandbox.git("beside", &["merge", "-q", "--ff-only", "main"]);
    build(&sandbox, "pika");
    sandbox.worktree("pika", "pika/.worktrees/inside");
    sandbox
}

/// The units that a worktree was given.
fn given(sandbox: &Sandbox, worktree: &str) -> usize {
    let answer = sandbox.json(worktree, &["onboard", "--yes"]);
    let actions = items(&answer["plan"]["actions"]);
    let warms = actions.filter(|action| action["action"] == "warm");
    warms.map(|warm| items(&warm["units"]).count()).sum()
}

/// Cargo joins the arrays of both worktrees: what the outer one has compiled, the inner one does not ask for.
#[test]
fn a_worktree_inside_gets_nothing_that_it_does_not_use() {
    let sandbox = tracked();
    let inside = "pika/.worktrees/inside";
    let said = sandbox.run(inside, &["onboard", "-n", "-v"]).code(0).said();
    assert!(said.contains("joins the rustflags"), "{said}");
    assert!(said.contains("compiled with other flags"), "{said}");
    assert_eq!(given(&sandbox, inside), 0);
    let doctor = sandbox.run(inside, &["doctor"]).code(1).said();
    let mend = format!("git worktree move {}", sandbox.path(inside).display());
    assert!(doctor.contains(&mend), "{doctor}");
    let (compiled, output) = build(&sandbox, inside);
    assert!(compiled.len() > 1 && output == OUTPUT, "{compiled:?}");

    let said = sandbox.run("beside", &["onboard", "-n"]).code(0).said();
    assert!(!said.contains("flags"), "{said}");
    assert!(given(&sandbox, "beside") > 0);
    let (fresh, _) = build(&sandbox, "beside");
    assert!(fresh.len() < compiled.len(), "{fresh:?} {compiled:?}");
    // Nor the other way round, and what is alike is shared.
    sandbox.worktree("pika", "pika/.worktrees/second");
    assert!(given(&sandbox, "pika/.worktrees/second") > 0);
}

/// A branch on which flags were added.
#[test]
fn flags_that_only_one_has() {
    let sandbox = start();
    sandbox.write("beside/.cargo/config.toml", FLAGS);
    sandbox.git("beside", &["add", "-A"]);
    sandbox.git("beside", &["commit", "-q", "-m", "flags"]);
    assert_eq!(given(&sandbox, "beside"), 0);
    // By a variable, as another shell may have it as well.
    sandbox.git("beside", &["reset", "-q", "--hard", "HEAD~"]);
    assert!(given(&sandbox, "beside") > 0);
}
