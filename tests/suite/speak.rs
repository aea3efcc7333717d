//! How the program speaks: exit codes, what goes to which stream, and that asking changes nothing.

use crate::facts::items;
use crate::sandbox::{Run, Sandbox};

/// Every command that changes something, with something to change: a setup to do, a folder to delete, and a
/// setup to undo.
fn busy() -> (Sandbox, [Vec<&'static str>; 3]) {
    let sandbox = Sandbox::new();
    sandbox.repository("done", &[]);
    sandbox
        .run("done", &["--yes", "--shared-root", "../shared"])
        .code(0);
    sandbox.repository("pika", &["beside"]);
    sandbox.target("pika/target");
    let commands = [
        vec!["setup", "--shared-root", "shared"],
        vec!["clean", "--all", "--shared-root", "shared"],
        vec!["undo", "--shared-root", "shared"],
    ];
    (sandbox, commands)
}

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

/// An escape sequence is in the text.
fn coloured(text: &str) -> bool {
    text.contains('\u{1b}')
}

#[test]
fn a_dry_run_leaves_everything_as_it_was() {
    let (sandbox, commands) = busy();
    let tree = sandbox.tree("");
    for command in commands {
        let answer = sandbox.json("", &with(&command, &["--dry-run"]));
        assert_eq!(answer["dry_run"], true);
        assert_ne!(items(&answer["plan"]["actions"]).count(), 0, "{command:?}");
        assert!(answer["outcome"].is_null());
        let run = sandbox.run("", &with(&command, &["-n", "--yes"])).code(0);
        assert_ne!(run.stdout, "", "the plan is the answer: {command:?}");
        assert_eq!(run.stderr, "", "{command:?}");
        assert!(sandbox.tree("") == tree, "{command:?} changed something");
    }
}

#[test]
fn nobody_said_yes() {
    let (sandbox, [setup, clean, undo]) = busy();
    let tree = sandbox.tree("");
    for command in [setup, clean] {
        let run = sandbox.run("", &command).code(3);
        assert_ne!(run.stdout, "", "{command:?}");
        assert!(run.stderr.contains("--yes"), "{}", run.stderr);
        let run = sandbox
            .run("", &with(&command, &["--format", "json"]))
            .code(3);
        assert!(run.json()["outcome"].is_null());
        assert!(sandbox.tree("") == tree, "{command:?} changed something");
    }
    // It deletes nothing, so it asks nothing.
    sandbox.run("", &undo).code(0);
    assert!(!sandbox.exists("done/.cargo"));
}

/// Where nothing is deleted, `setup` needs no yes; where something is, it does nothing at all without one.
#[test]
fn setup_asks_for_what_it_deletes() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &[]).code(0);
    assert!(sandbox.exists("pika/.cargo/config.toml"));
    sandbox.repository("other", &[]);
    sandbox.target("other/target");
    sandbox.run("other", &[]).code(3);
    assert!(!sandbox.exists("other/.cargo"));
}

#[test]
fn a_run_does_exactly_the_plan_of_its_dry_run() {
    let (sandbox, commands) = busy();
    for command in commands {
        sandbox.target("pika/target");
        let dry = sandbox.json("", &with(&command, &["--dry-run"]));
        let wet = sandbox.json("", &with(&command, &["--yes"]));
        assert_eq!(
            dry["plan"]["actions"], wet["plan"]["actions"],
            "{command:?}"
        );
        let done = items(&wet["outcome"]["done"]).count();
        assert_eq!(done, items(&wet["plan"]["actions"]).count(), "{command:?}");
        let again = sandbox.json("", &with(&command, &["--yes"]));
        assert_eq!(items(&again["plan"]["actions"]).count(), 0, "{command:?}");
    }
}

#[test]
fn exit_codes() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["list"]).code(0);
    sandbox.run("pika", &["--dry-run"]).code(0);
    sandbox.target("pika/target");
    sandbox.run("pika", &[]).code(3);
    sandbox.run("pika", &["--no-such-flag"]).code(2);
    sandbox.run("pika", &["clean", "--idle", "soon"]).code(2);
    sandbox
        .run("pika", &["clean", "--stale", "--orphaned"])
        .code(2);
    sandbox.run("pika", &["list", "nowhere/at/all"]).code(101);
    sandbox.run("pika", &["lost"]).code(2);
    sandbox.run("pika", &["list", "Cargo.toml"]).code(101);
    sandbox.run("pika", &["--help"]).code(0);
    sandbox.run("pika", &["--version"]).code(0);
    sandbox.run("pika", &["sharedtarget", "list"]).code(0);
}

#[test]
fn what_cannot_be_written_is_exit_1_and_the_rest_is_done() {
    let sandbox = Sandbox::new();
    sandbox.repository("bad", &[]);
    sandbox.repository("good", &[]);
    sandbox.write("bad/.cargo", "a file where a folder should be");
    let run = sandbox.run("", &["--yes", "--format", "json"]).code(1);
    let failed = sandbox.paths(&run.json()["outcome"]["failed"], "path");
    assert_eq!(failed, ["bad/.cargo/config.toml"]);
    assert!(sandbox.exists("good/.cargo/config.toml"));
}

#[test]
fn errors_name_the_path_and_leave_the_answer_empty() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .run("", &["list", "nowhere/at/all", "--format", "json"])
        .code(101);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    assert!(run.stderr.contains("nowhere/at/all"), "{}", run.stderr);
    let run = sandbox.run("", &["list", "--what"]).code(2);
    assert_eq!(run.stdout, "");
    let run = sandbox.run("", &["--layout", "build-dir"]).code(2);
    assert_eq!(run.stdout, "");
}

/// The names of all fields of a document, as deep as they are there in every case.
fn shape(answer: &serde_json::Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in answer.as_object().expect("an object") {
        names.push(name.clone());
        if let (Some(inner), "plan" | "total" | "shared_root") = (value.as_object(), name.as_str())
        {
            names.extend(inner.keys().map(|key| format!("{name}.{key}")));
        }
    }
    names
}

#[test]
fn one_document_of_one_shape_also_when_there_is_nothing() {
    let (sandbox, commands) = busy();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    let dry = commands.iter().map(|command| vec![command[0], "--dry-run"]);
    for command in dry.chain([vec!["list"]]) {
        let (full, empty) = (sandbox.json("", &command), sandbox.json("empty", &command));
        assert_eq!(shape(&full), shape(&empty), "{command:?}");
        assert_eq!(full["command"], command[0]);
        assert_eq!(full["version"], 1);
    }
}

#[test]
fn nothing_to_do_is_success_without_a_question() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    for command in ["setup", "clean", "undo"] {
        let run = sandbox.run("empty", &[command]).code(0);
        assert_eq!(run.stderr, "", "{command}");
        let run = sandbox.run("empty", &[command, "--quiet"]).code(0);
        assert_eq!(run.said(), "", "{command}");
    }
    assert!(sandbox.tree("empty").len() == 1, "not even a shared root");
}

#[test]
fn the_answer_is_on_stdout_and_the_preview_beside_it() {
    let (sandbox, commands) = busy();
    for command in &commands[..2] {
        let run = sandbox.run("", &with(command, &["--yes"])).code(0);
        assert_ne!(run.stdout, "", "{command:?}");
    }
    sandbox.target("pika/target");
    let run = sandbox
        .run("", &with(&commands[1], &["--yes", "--format", "json"]))
        .code(0);
    assert_eq!(run.stderr, "", "a program reads this");
    run.json();
}

#[test]
fn quiet_leaves_out_the_preview() {
    let (sandbox, commands) = busy();
    let run = sandbox
        .run("", &with(&commands[0], &["--yes", "--quiet"]))
        .code(0);
    assert_eq!(run.stderr, "");
    assert!(run.stdout.lines().count() < 10, "{}", run.stdout);
}

#[test]
fn colour_only_where_asked_for() {
    let (mut sandbox, _) = busy();
    let list = |sandbox: &Sandbox, more: &[&str]| -> Run {
        sandbox.run("", &with(&["list"], more)).code(0)
    };
    assert!(
        !coloured(&list(&sandbox, &[]).said()),
        "a pipe is no terminal"
    );
    assert!(coloured(&list(&sandbox, &["--color", "always"]).stdout));
    assert!(!coloured(&list(&sandbox, &["--color", "never"]).said()));
    let json = sandbox
        .run("", &["list", "--color", "always", "--format", "json"])
        .code(0);
    assert!(!coloured(&json.stdout));
    sandbox.env("NO_COLOR", "1");
    assert!(!coloured(&list(&sandbox, &[]).said()));
    assert!(
        coloured(&list(&sandbox, &["--color", "always"]).stdout),
        "a flag beats a variable"
    );
}

#[test]
fn colour_by_cargos_own_variable() {
    let (mut sandbox, _) = busy();
    sandbox.env("CARGO_TERM_COLOR", "always");
    assert!(coloured(&sandbox.run("", &["list"]).code(0).stdout));
    assert!(!coloured(
        &sandbox
            .run("", &["list", "--color", "never"])
            .code(0)
            .stdout
    ));
}

#[test]
fn cargo_calls_it_as_its_own_command() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let ours = std::path::Path::new(env!("CARGO_BIN_EXE_cargo-sharedtarget"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = [ours.parent().unwrap().to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    sandbox.env("PATH", std::env::join_paths(all).unwrap());
    let run = sandbox.cargo("pika", &["sharedtarget", "list", "--format", "json"]);
    assert_eq!(sandbox.paths(&run.json()["workspaces"], "root"), ["pika"]);
    let help = sandbox.cargo("pika", &["help", "sharedtarget"]).stdout;
    assert!(help.contains("Usage: cargo sharedtarget"), "{help}");
}
