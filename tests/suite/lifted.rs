//! Why a folder is kept names the option that has it deleted all the same, and that option does it.

use crate::sandbox::Sandbox;

fn clean<'a>(args: &[&[&'a str]]) -> Vec<&'a str> {
    let args = args.iter().flat_map(|args| args.iter().copied());
    std::iter::once("clean").chain(args).collect()
}

/// Cleans with these options, which keep a folder and name others in the hint; and then with those, which delete it.
#[track_caller]
fn lifts(sandbox: &Sandbox, folder: &str, kept: &[&str], why: &str, hint: &str, lifted: &[&str]) {
    let answer = sandbox.json("", &clean(&[kept, &["-n"]]));
    assert_eq!(sandbox.why_kept(&answer, folder), why, "{answer}");
    let said = sandbox.run("", &clean(&[kept, &["-n", "-v"]])).said();
    let words: Vec<&str> = said.split_whitespace().collect();
    assert!(words.join(" ").contains(hint), "no `{hint}` in:\n{said}");
    assert!(sandbox.exists(folder), "{said}");
    let answer = sandbox.json("", &clean(&[lifted, &["--yes"]]));
    assert!(
        sandbox.deletes(&answer).contains(&folder.to_owned()),
        "{answer}"
    );
    assert!(!sandbox.exists(folder), "{answer}");
}

fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.target("pika/target");
    sandbox
}

#[test]
fn a_folder_in_use() {
    let sandbox = built();
    let hint = "clean --idle AGE` deletes those not used for that long; --all deletes all";
    lifts(
        &sandbox,
        "pika/target",
        &[],
        "in_use",
        hint,
        &["--idle", "0s"],
    );
    sandbox.target("pika/target");
    lifts(&sandbox, "pika/target", &[], "in_use", hint, &["--all"]);
}

#[test]
fn a_folder_that_was_used_lately() {
    let sandbox = built();
    let hint = "--idle with a shorter time";
    lifts(
        &sandbox,
        "pika/target",
        &["--idle", "30d"],
        "recent",
        hint,
        &["--idle", "0s"],
    );
}

#[test]
fn a_folder_for_which_another_rule_is_needed() {
    let sandbox = built();
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"other\"\n",
    );
    let hint = "`cargo sharedtarget clean` deletes these";
    lifts(
        &sandbox,
        "pika/target",
        &["--orphaned"],
        "not_asked",
        hint,
        &[],
    );
}

#[test]
fn a_folder_around_one_in_use() {
    let sandbox = built();
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"target/debug/own\"\n",
    );
    sandbox.target("pika/target/debug/own");
    let hint = "clean --all` deletes these too";
    lifts(&sandbox, "pika/target", &[], "holds_used", hint, &["--all"]);
}

#[test]
fn folders_without_an_owner() {
    let sandbox = built();
    sandbox.target("elsewhere/target");
    let hint = "clean --all` deletes these too";
    lifts(
        &sandbox,
        "elsewhere/target",
        &[],
        "unclaimed",
        hint,
        &["--all"],
    );
    sandbox.run("", &["--yes"]).code(0);
    sandbox.target(".shared-target/stranger/main");
    lifts(
        &sandbox,
        ".shared-target/stranger/main",
        &[],
        "no_owner",
        hint,
        &["--all"],
    );
}

#[test]
fn a_folder_with_what_cargo_does_not_make() {
    let sandbox = built();
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"other\"\n",
    );
    sandbox.write("pika/target/notes", "mine");
    let hint = "allow their deletion with --allow-entry NAME";
    lifts(
        &sandbox,
        "pika/target",
        &[],
        "foreign_entries",
        hint,
        &["--allow-entry", "notes"],
    );
}

/// The one that the run did not look at is named as a root.
#[test]
fn a_folder_of_another_project() {
    let sandbox = Sandbox::new();
    sandbox.repository("one", &[]);
    sandbox.repository("two", &[]);
    sandbox.run("", &["--yes"]).code(0);
    sandbox.target(".shared-target/two/main");
    let args = ["clean", "one", "--shared-root", ".shared-target", "-n"];
    let why = |args: &[&str]| sandbox.why_kept(&sandbox.json("", args), ".shared-target/two/main");
    assert_eq!(why(&args), "owner_elsewhere");
    let said = sandbox.run("", &args).said();
    assert!(said.contains("name the folders of both as ROOT"), "{said}");
    assert_eq!(why(&[&args[..], &["two"]].concat()), "in_use");
}

#[test]
fn a_folder_that_a_variable_names() {
    let mut sandbox = built();
    sandbox.env("CARGO_TARGET_DIR", sandbox.path("pika/target"));
    let said = sandbox.run("", &["clean", "--all", "-n"]).said();
    assert!(said.contains("unset the variable, and run again"), "{said}");
}
