//! The output, in words and in JSON, and the effects of asking and not asking.

use super::*;

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = start();
    let before = sandbox.tree("");
    let run = sandbox.run("beside", &["warm", "--dry-run"]).code(0);
    for part in [
        "Warm 1 target folder",
        "pika/target",
        "containing a path of the donor: keeps",
    ] {
        assert!(run.stdout.contains(part), "no `{part}` in:\n{}", run.stdout);
    }
    assert!(sandbox.tree("") == before);
}

/// It deletes nothing, so it asks nothing, also without a terminal.
#[test]
fn it_asks_nothing() {
    let sandbox = start();
    let run = sandbox.run("beside", &["warm"]).code(0);
    assert!(run.stdout.contains("warmed 1 target folder"), "{run:?}");
    profile::artifact(&sandbox.path("beside/target/debug"), "libleaf-", ".rlib");
}

/// One document with the plan and what came of it; the same plan in a dry run.
#[test]
fn one_document() {
    let sandbox = start();
    let planned = sandbox.json("beside", &["warm", "--dry-run"]);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(planned["plan"], answer["plan"]);
    let action = &answer["plan"]["actions"][0];
    let path = |folder: &str| sandbox.path(folder).display().to_string();
    assert_eq!(action["action"], "warm", "{answer}");
    assert_eq!(action["workspace"], path("beside").as_str());
    assert_eq!(action["from"], path("pika/target").as_str());
    assert_eq!(action["into"], path("beside/target").as_str());
    assert_eq!(action["present"], 0);
    let taken = action["units"].as_array().expect("a list");
    assert_eq!(taken.len(), UNITS);
    for unit in taken {
        let third_party = ["keeps", "leaf", "macs", "made", "top"]
            .contains(&unit["package"].as_str().expect("a name"));
        assert!(
            third_party && unit["version"] == "1.0.0" && unit["kind"].is_string(),
            "{unit}"
        );
        assert_eq!(unit["id"]["profile"], "debug");
    }
    let reasons = left(&answer);
    for (package, reason) in [
        ("app", "local"),
        ("keeps", "path_inside"),
        ("over", "depends_on"),
        ("patched", "local"),
    ] {
        assert!(
            reasons.contains(&(package.into(), reason.into())),
            "{package}: {answer}"
        );
    }
    let done = &answer["outcome"]["done"][0];
    assert_eq!(
        (&done["what"], &done["path"]),
        (&"warm".into(), &path("beside/target").into())
    );
    let warmed = &done["warmed"];
    if warmed["method"] == "links" {
        assert_eq!(warmed["shared"], action["linkable"]);
        assert_eq!(warmed["copied"], action["copied"]);
    } else {
        assert_eq!(warmed["method"], "clones", "{answer}");
        assert_eq!(warmed["copied"], 0);
    }
    assert_eq!(warmed["left"], serde_json::json!([]));
    let again = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(again["plan"]["actions"], serde_json::json!([]));
    assert_eq!(
        again["plan"]["kept"][0]["reason"]["reason"], "warm",
        "{again}"
    );
}

/// Each unit that is left, with the way to the package that is at the root of it.
#[test]
fn every_unit_that_is_left() {
    let sandbox = start();
    let run = sandbox
        .run("beside", &["warm", "--dry-run", "--verbose"])
        .code(0);
    for part in [
        "of local packages",
        "over 1.0.0 (debug/",
        "through patched",
        "keeps 1.0.0 (debug/",
    ] {
        assert!(run.stdout.contains(part), "no `{part}` in:\n{}", run.stdout);
    }
    let quiet = sandbox.run("beside", &["warm", "--yes", "--quiet"]).code(0);
    assert_eq!(quiet.stderr, "");
}

/// In words, once it is done.
#[test]
fn in_words() {
    let sandbox = start();
    let run = warm(&sandbox, "beside", &[]);
    assert!(
        run.stdout
            .starts_with("warmed 1 target folder with 8 units: "),
        "{run:?}"
    );
    let help = sandbox.run("beside", &["warm", "--help"]).code(0);
    for option in ["--from", "--all-units", "--wait", "--dry-run", "--yes"] {
        assert!(help.stdout.contains(option), "{option}");
    }
}

#[test]
fn where_there_is_no_workspace() {
    let sandbox = start();
    fs::create_dir(sandbox.path("empty")).expect("a folder");
    let run = sandbox.run("empty", &["warm", "--yes"]).code(101);
    assert!(run.stderr.contains("expected a Cargo workspace"), "{run:?}");
    let run = sandbox
        .run("beside", &["warm", "nowhere", "--yes"])
        .code(101);
    assert!(run.stderr.contains("nowhere"), "{run:?}");
}
