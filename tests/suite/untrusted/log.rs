//! Text of others in the log.

use super::{HOSTILE, harmless, hostile};
use crate::sandbox::Sandbox;

#[test]
fn nothing_of_a_clone_reaches_the_terminal_by_the_log() {
    let mut sandbox = hostile();
    sandbox.env("CARGO_SHAREDTARGET_LOG", "trace");
    let tree = format!("tree {HOSTILE}");
    for (folder, args) in [
        ("", &["list"][..]),
        ("", &["doctor"]),
        ("", &["audit"]),
        (
            "",
            &["setup", "--yes", "--replace", "--shared-root", "shared"],
        ),
        (&tree, &["onboard", "--yes"]),
        (&tree, &["warm", "--yes"]),
        ("", &["gc", "--incremental", "--yes"]),
        ("", &["store", "harvest", "--yes"]),
        ("", &["clean", "--all", "--yes"]),
        ("", &["undo", "--yes"]),
    ] {
        let run = sandbox.run(folder, args);
        harmless(&format!("{args:?} with a log"), &run);
        // It was there to be shown: the escape in names of folders.
        let logged = run
            .stderr
            .lines()
            .filter(|line| line.contains(" sharedtarget::"));
        let shown = logged.filter(|line| line.contains("title") && line.contains("1b"));
        assert_ne!(shown.count(), 0, "{args:?}:\n{}", run.stderr);
    }
}

#[test]
fn nothing_of_the_arguments_reaches_the_terminal_by_the_log() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    for log in ["trace", HOSTILE] {
        sandbox.env("CARGO_SHAREDTARGET_LOG", log);
        for args in [
            &["list", "--exclude", HOSTILE][..],
            &["setup", "-n", "--shared-root", HOSTILE],
            &["run", HOSTILE, HOSTILE],
        ] {
            harmless(&format!("{args:?} with a log"), &sandbox.run("pika", args));
        }
    }
}
