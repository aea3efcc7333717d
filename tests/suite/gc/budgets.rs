//! Keeping to a budget.

use super::*;

/// The least recently used units are deleted first, and no more than needed.
#[test]
fn the_oldest_goes_first() {
    let sandbox = start();
    let plain = Layout(None);
    plain.build_all(&sandbox, "pika");
    age(&sandbox.path("pika/target/release"), 40);
    let target = sandbox.path("pika/target");
    let (all, release) = (du(&target), du(&target.join("release")));
    let budget = all - release / 2;
    gc(&sandbox, "pika", &["--max-size", &format!("{budget}B")]);
    assert!(du(&target) <= budget);
    assert!(du(&target) > all - release, "no more than was asked for");
    for args in &EVERYTHING[..3] {
        assert_eq!(plain.compiles(&sandbox, "pika", args), [""; 0], "{args:?}");
    }
    gc(&sandbox, "pika", &["--max-size", "0"]);
    let answer = sandbox.json("pika", &["gc", "--max-size", "0"]);
    assert_eq!(
        answer["plan"]["actions"],
        serde_json::json!([]),
        "there is nothing left"
    );
    assert_eq!(
        plain.output(&sandbox, "pika"),
        OUTPUT,
        "and it can be built again"
    );
}

/// Worktrees that share files: those go together, since one alone frees nothing.
#[test]
fn what_is_shared_goes_together() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    plain.compiles(&sandbox, "beside", &["build"]);
    let both = || du_of(&["pika/target", "beside/target"], &sandbox);
    let before = both();
    let answer = sandbox.json(".", &["gc", "--yes", "--max-size", "1MB"]);
    let freed = answer["outcome"]["freed"]["on_disk"].as_u64();
    assert_eq!(Some(before - both()), freed);
    assert_eq!(answer["plan"]["freeable"].as_u64(), freed);
    assert!(both() <= 1_000_000, "{}", both());
    for folder in ["pika", "beside"] {
        assert_eq!(plain.output(&sandbox, folder), OUTPUT);
    }
}

/// A budget for one worktree does not reach the others.
#[test]
fn another_worktree_is_left_to_whoever_names_it() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    plain.compiles(&sandbox, "beside", &["build"]);
    sandbox
        .run("pika", &["gc", "--max-size", "0", "--dry-run"])
        .code(0)
        .says("1 target folder of other worktrees of this repository is left out");
    gc(&sandbox, "pika", &["--max-size", "0"]);
    assert_eq!(plain.compiles(&sandbox, "beside", &["build"]), [""; 0]);
}

fn du_of(folders: &[&str], sandbox: &Sandbox) -> u64 {
    let output = Command::new("du")
        .args(["-c", "-s", "--block-size=1"])
        .args(folders.iter().map(|folder| sandbox.path(folder)))
        .output()
        .expect("du");
    let text = String::from_utf8(output.stdout).expect("text");
    let last = text.lines().last().expect("a total");
    last.split('\t')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}
