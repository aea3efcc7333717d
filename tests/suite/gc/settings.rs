//! The settings file, and the options and variables that beat it.

use super::*;
use crate::facts::items;

const FILE: &str = "pika/.shared-target/sharedtarget.toml";

/// A budget is written with the configurations, is shown before, and goes again.
#[test]
fn a_budget_is_written_and_undone() {
    let sandbox = start();
    let setup = [
        "setup",
        "--max-size",
        "20GB",
        "--max-age=30d",
        "--keep-programs",
    ];
    let planned = sandbox.run("pika", &[&setup[..], &["-n"]].concat()).code(0);
    assert!(
        planned.stdout.contains("max-size = \"20GB\""),
        "{}",
        planned.stdout
    );
    assert!(!sandbox.exists(FILE));
    let yes = [&setup[..], &["--yes"]].concat();
    sandbox.run("pika", &yes).code(0).says("wrote the settings");
    let written = "max-size = \"20GB\"\nmax-age = \"30d\"\nkeep-programs = true\n";
    assert_eq!(sandbox.read(FILE), written);
    sandbox.run("pika", &yes).code(0).says("nothing to do");
    assert_eq!(sandbox.git("pika", &["status", "--short"]), "");

    // Text that was written by hand is kept, and is put back by `undo`.
    let by_hand = "# ours\nmax-size = '1TB' # plenty\n";
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists(FILE));
    sandbox.write(FILE, by_hand);
    sandbox
        .run("pika", &["setup", "--max-size=2TB", "--yes"])
        .code(0);
    assert_eq!(sandbox.read(FILE), "# ours\nmax-size = \"2TB\" # plenty\n");
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.read(FILE), by_hand);

    let broken = "max-size = 5\n";
    sandbox.write(FILE, broken);
    let run = sandbox.run("pika", &["setup", "--max-size=2TB", "--yes"]);
    let said = run.said();
    assert!(
        said.contains("1:12") && said.contains("expected a string"),
        "{said}"
    );
    assert_eq!(sandbox.read(FILE), broken);
}

/// Without a rule `gc` keeps to the settings, and variables and options beat them.
#[test]
fn flags_beat_variables_and_these_the_file() {
    let mut sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    let went = |sandbox: &Sandbox, args: &[&str]| {
        let answer = sandbox.json("pika", &[&["gc", "-n"], args].concat());
        answer["plan"]["freeable"].as_u64().expect("a number") > 0
    };
    assert!(!went(&sandbox, &[]), "no build misses anything of it");
    sandbox
        .run(
            "pika",
            &["setup", "--layout=in-place", "--max-size=0", "--yes"],
        )
        .code(0);
    assert!(went(&sandbox, &[]), "by the file");
    assert!(
        !went(&sandbox, &["--superseded"]),
        "a rule is all that was asked for"
    );
    assert!(!went(&sandbox, &["--max-size", "1TB"]), "by the flag");
    sandbox.env("CARGO_SHAREDTARGET_MAX_SIZE", "1TB");
    assert!(!went(&sandbox, &[]), "by the variable");
    assert!(went(&sandbox, &["--max-size", "0"]), "by the flag");

    age(&sandbox.path("pika/target"), 40);
    assert!(!went(&sandbox, &[]));
    sandbox.env("CARGO_SHAREDTARGET_MAX_AGE", "30d");
    assert!(went(&sandbox, &[]));
    sandbox.env("CARGO_SHAREDTARGET_MAX_AGE", "soon");
    let run = sandbox.run("pika", &["gc", "-n"]).code(101);
    assert!(
        run.stderr
            .contains("CARGO_SHAREDTARGET_MAX_AGE: expected an age"),
        "{}",
        run.stderr
    );
}

/// A program stays where it lies, runs, and has what it looks for, while its unit goes.
#[test]
fn programs_are_kept() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.write(
        "pika/build.rs",
        "fn main() { std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/said\", \"from outside\").unwrap() }\n",
    );
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { print!(\"{}\", std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/said\")).unwrap()) }\n",
    );
    plain.compiles(&sandbox, "pika", &["build"]);
    let says = |sandbox: &Sandbox| {
        let program = sandbox.path("pika/target/debug/app");
        Run::from(Command::new(program).output().expect("the program"))
            .code(0)
            .stdout
    };
    let before = du(&sandbox.path("pika/target"));
    gc(&sandbox, "pika", &["--max-size", "0", "--keep-programs"]);
    assert!(du(&sandbox.path("pika/target")) < before);
    assert_eq!(says(&sandbox), "from outside");
    let made = plain.compiles(&sandbox, "pika", &["build"]);
    assert!(made.contains(&"helper".to_owned()), "{made:?}");
    age(&sandbox.path("pika/target"), 40);
    gc(
        &sandbox,
        "pika",
        &["--older-than", "30d", "--keep-programs"],
    );
    assert_eq!(says(&sandbox), "from outside");
    plain.compiles(&sandbox, "pika", &["build"]);
    gc(&sandbox, "pika", &["--max-size", "0"]);
    assert!(
        !sandbox.exists("pika/target/debug/app"),
        "nobody has said that it is to stay"
    );
}

/// A new worktree is warm, and what goes for it is what the others used longest ago.
#[test]
fn onboarding_keeps_to_the_budget() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.worktree("pika", "old");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    plain.compiles(&sandbox, "old", &["test", "--no-run", "--release"]);
    age(&sandbox.path("pika/.shared-target"), 40);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    let planned = sandbox.json("beside", &["onboard", "-n"]);
    let copied = items(&planned["plan"]["actions"]).filter_map(|one| one["copied"].as_u64());
    let most = du(&sandbox.path("pika/.shared-target")) + copied.sum::<u64>() - 500_000;
    sandbox.write(FILE, &format!("max-size = '{most}B'\n"));

    let before = sandbox.tree("pika/.shared-target");
    // To have looked at them is a use as well.
    age(&sandbox.path("pika/.shared-target/pika/old"), 40);
    let planned = sandbox.json("beside", &["onboard", "-n"]);
    let freeable = planned["plan"]["freeable"].as_u64().expect("a number");
    assert!(freeable > 0, "{planned}");
    sandbox.run("beside", &["onboard"]).code(3);
    assert_eq!(sandbox.tree("pika/.shared-target"), before);
    age(&sandbox.path("pika/.shared-target/pika/old"), 40);
    let answer = sandbox.json("beside", &["onboard", "--yes"]);
    assert_eq!(
        answer["outcome"]["freed"]["on_disk"].as_u64(),
        Some(freeable)
    );
    assert!(!packages_of_units(&answer).is_empty());
    for folder in ["beside", "pika"] {
        let made = plain.compiles(&sandbox, folder, &["build"]);
        let third_party = made.iter().find(|name| *name != "app" && *name != "helper");
        assert_eq!(third_party, None, "{folder}");
        assert_eq!(plain.output(&sandbox, folder), OUTPUT);
    }
    let made = plain.compiles(&sandbox, "old", &["test", "--no-run", "--release"]);
    assert_ne!(made, [""; 0]);
}

/// The packages whose units went, whatever else was done.
fn packages_of_units(answer: &Value) -> Vec<String> {
    let actions = answer["plan"]["actions"].as_array().expect("actions");
    let collects = actions
        .iter()
        .filter(|action| action["action"] == "collect");
    let units = collects.flat_map(|action| action["units"].as_array().expect("units").clone());
    units.map(|unit| unit["package"].to_string()).collect()
}

/// Units in use are kept for a worktree, and so are folders outside the shared root; if that misses the budget,
/// nothing is deleted.
#[test]
fn a_budget_that_cannot_be_kept_costs_nobody_anything() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.worktree("pika", "apart");
    plain.compiles(&sandbox, "apart", &["build"]);
    age(&sandbox.path("apart/target"), 40);
    sandbox
        .run("pika", &["setup", "--yes", "--inside-root-only"])
        .code(0);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.write(FILE, "max-size = '1kB'\n");
    sandbox.worktree("pika", "beside");
    let before = (
        du(&sandbox.path("apart/target")),
        du(&sandbox.path("pika/.shared-target")),
    );
    let run = sandbox.run("beside", &["onboard", "--yes"]).code(0);
    assert!(run.said().contains("exceed the budget"), "{}", run.said());
    assert_eq!(du(&sandbox.path("apart/target")), before.0);
    assert!(du(&sandbox.path("pika/.shared-target")) >= before.1);
    assert_eq!(plain.compiles(&sandbox, "pika", &["build"]), [""; 0]);
}

/// A disk that is too full: for a new worktree, `onboard` deletes the units that the others used longest ago, and says how much is
/// still missing.
#[test]
fn onboarding_keeps_to_the_floor() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.worktree("pika", "old");
    sandbox
        .run("pika", &["setup", "--yes", "--min-free", "1MB"])
        .code(0);
    assert!(sandbox.read(FILE).contains("min-free = \"1MB\""));
    plain.compiles(&sandbox, "old", &["test", "--no-run", "--release"]);
    age(&sandbox.path("pika/.shared-target"), 40);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    let freeable = || {
        // To have looked at them is a use as well.
        age(&sandbox.path("pika/.shared-target/pika/old"), 40);
        let planned = sandbox.json("beside", &["onboard", "-n"]);
        planned["plan"]["freeable"].as_u64().expect("a number")
    };
    assert_eq!(freeable(), 0, "as much is free");
    sandbox.write(FILE, "min-free = '9000TB'\n");
    let promised = freeable();
    assert!(promised > 0);
    age(&sandbox.path("pika/.shared-target/pika/old"), 40);
    let answer = sandbox.json("beside", &["onboard", "--yes"]);
    assert_eq!(
        answer["outcome"]["freed"]["on_disk"].as_u64(),
        Some(promised)
    );
    assert!(
        answer["plan"]["warnings"].to_string().contains("low_space"),
        "{answer}"
    );
    for folder in ["beside", "pika"] {
        let made = plain.compiles(&sandbox, folder, &["build"]);
        let third_party = made.iter().find(|name| *name != "app" && *name != "helper");
        assert_eq!(third_party, None, "{folder}");
    }
    // Without a rule `gc` keeps to it too, and to no day of grace.
    let planned = sandbox.json("pika", &["gc", "-n"]);
    assert!(planned["plan"]["freeable"].as_u64() > Some(0), "{planned}");
    sandbox.write(FILE, "min-free = '1MB'\n");
    let planned = sandbox.json("pika", &["gc", "-n"]);
    assert_eq!(planned["plan"]["freeable"].as_u64(), Some(0), "{planned}");
}
