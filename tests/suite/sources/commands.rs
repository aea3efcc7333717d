//! The packages that each command of Cargo compiles where everything is the same.

use std::collections::BTreeSet;

use crate::amount::{Amount, amount};
use crate::sources::built::Built;
use crate::sources::full;
use crate::sources::stage::{Cell, Setup, Stage, never, with_dependents};

/// Whether rustup has a toolchain.
pub(crate) fn has_toolchain(name: &str) -> bool {
    let output = std::process::Command::new("cargo")
        .args([&format!("+{name}"), "-V"])
        .output();
    output.is_ok_and(|output| output.status.success())
}

/// A command, and what it compiles; `never` is [`never`], and `never-linked` that without the shared library, which no
/// test is linked with.
const COMMANDS: [(&[&str], &[&str]); 7] = [
    (&["build", "--workspace"], &["never"]),
    // Of a program that was only checked there is nothing that tells where that was; and all packages have tests.
    // The metadata of a shared library that was only checked is empty.
    (&["check", "--workspace"], &["never", "dynamic", "show"]),
    (&["clippy", "--workspace", "--all-targets"], &["*"]),
    (
        &[
            "test",
            "--workspace",
            "--",
            "--nocapture",
            "--test-threads=1",
        ],
        &["never-linked", "show"],
    ),
    (&["run", "--example", "demo"], &[]),
    (&["run", "--bin", "show"], &[]),
    // Without debug information, nothing tells where a program or a shared library was compiled.
    (
        &["build", "--workspace", "--release"],
        &["never", "dynamic", "show"],
    ),
];

#[test]
fn every_command() {
    // The others are in the matrix as well.
    let some = |command: &[&str]| match command[0] {
        "build" | "check" => true,
        "test" => amount() >= Amount::More,
        _ => full(),
    };
    let commands = COMMANDS.iter().filter(|(command, _)| some(command));
    let prepared: Vec<&[&str]> = commands.clone().map(|(command, _)| *command).collect();
    let stage = Stage::new(Setup::InPlace, &prepared);
    for &(command, compiled) in commands {
        let cell = Cell {
            name: "the same",
            ..Cell::default()
        };
        let (worktree, said) = stage.warmed(&cell);
        let built = stage.build(&worktree, command, &[]);
        assert!(built.ok, "{command:?}: {}", built.log);
        let again: Built = stage.clone_at(command);
        assert_eq!(built.printed(), again.printed(), "{command:?}");
        let expected: BTreeSet<String> = compiled
            .iter()
            .flat_map(|name| match *name {
                "*" => with_dependents(&["*"]).into_iter().collect(),
                "never" => never(Setup::InPlace),
                "never-linked" => never(Setup::InPlace)
                    .into_iter()
                    .filter(|name| *name != "dynamic")
                    .collect(),
                name => vec![name],
            })
            .map(str::to_owned)
            .collect();
        assert_eq!(built.compiled, expected, "{command:?}\n{said}");
        stage.remove(&worktree);
    }
}
