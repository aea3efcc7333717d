//! The environment of a donor counts as it was when it built.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::circumstances::prepared as scripts;
use super::{compile, units};
use crate::registry::{Registry, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

const ENV: &str = "[env]\nMODE = \"one\"\n";

/// `pika`, which was built with this configuration, which git does not see. Its packages `watches` and `looks` write down
/// `MODE`; only the first one has Cargo watch it.
fn built(config: &str) -> Sandbox {
    let prepared = scripts();
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.commit_all("pika");
    sandbox.write("pika/.git/info/exclude", "/.cargo/\n/.shared-target/\n");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    if !config.is_empty() {
        sandbox.write("pika/.cargo/config.toml", config);
        wait();
    }
    sandbox.cargo("pika", &["build"]);
    wait();
    sandbox
}

/// The next change is later by any clock.
fn wait() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}

fn run(sandbox: &Sandbox, folder: &str) -> String {
    sandbox.cargo(folder, &["run", "-q"]).stdout
}

#[track_caller]
fn reason(answer: &serde_json::Value, package: &str) -> Option<String> {
    let actions = answer["plan"]["actions"].as_array().expect("a list");
    let left = actions
        .iter()
        .filter_map(|action| action["left"].as_array());
    let own = left.flatten().filter(|unit| unit["package"] == package);
    let mut reasons = own.filter_map(|unit| unit["reason"].as_str());
    // Its library depends on the run of its script.
    let first = reasons.next()?;
    let root = reasons.find(|_| first == "depends_on");
    Some(root.unwrap_or(first).to_owned())
}

/// The donor's configuration says nothing now, and no run has seen what it said when the donor was built.
#[test]
fn a_configuration_that_has_changed_since() {
    for change in ["# none\n", "[term]\nquiet = false\n", ""] {
        let sandbox = built(ENV);
        if change.is_empty() {
            fs::remove_file(sandbox.path("pika/.cargo/config.toml")).expect("removed");
        } else {
            sandbox.write("pika/.cargo/config.toml", change);
        }
        sandbox.worktree("pika", "beside");
        let answer = sandbox.json("beside", &["warm", "--yes"]);
        assert_eq!(run(&sandbox, "beside"), " \n", "{change:?}: {answer}");
    }
}

/// The donor was touched after its configuration changed, so that its units look as if they came later.
#[test]
fn a_donor_that_was_touched_after_a_change() {
    let sandbox = built("");
    sandbox.write("pika/.cargo/config.toml", ENV);
    wait();
    sandbox.write("stamp", "");
    let touch = ["-type", "f", "-exec", "touch", "-r", "stamp", "{}", "+"];
    sandbox
        .command("find", "", &[&["pika/target"], &touch[..]].concat())
        .code(0);
    sandbox.worktree("pika", "beside");
    sandbox.write("beside/.cargo/config.toml", ENV);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "beside"), "one one\n", "{answer}");
}

/// The user edits the configuration that `setup` wrote, and puts it back after a build: nothing in it tells.
#[test]
fn a_configuration_of_ours_that_was_edited_and_put_back() {
    let sandbox = built("");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    let config = "pika/.cargo/config.toml";
    let ours = sandbox.read(config);
    wait();
    sandbox.write(config, &format!("{ours}{ENV}"));
    wait();
    let folder = sandbox.metadata("pika")["target_directory"].clone();
    fs::remove_dir_all(folder.as_str().expect("a folder")).expect("removed");
    assert_eq!(run(&sandbox, "pika"), "one one\n");
    wait();
    sandbox.write(config, &ours);
    wait();
    // The first run of ours after it does not take it for its own change either.
    for worktree in ["beside", "third"] {
        sandbox.worktree("pika", worktree);
        let answer = sandbox.json(worktree, &["onboard"]);
        assert_eq!(run(&sandbox, worktree), " \n", "{answer}");
    }
}

/// Git had it, and took its folder away with it.
#[test]
fn a_configuration_that_another_commit_had() {
    let sandbox = built(ENV);
    sandbox.git("pika", &["add", "-f", ".cargo/config.toml"]);
    sandbox.git("pika", &["commit", "-q", "-m", "with it"]);
    sandbox.git("pika", &["rm", "-q", ".cargo/config.toml"]);
    sandbox.git("pika", &["commit", "-q", "-m", "without it"]);
    assert!(!sandbox.exists("pika/.cargo"));
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "beside"), " \n", "{answer}");
}

/// A file that a configuration includes is a configuration.
#[test]
fn an_included_configuration() {
    let sandbox = built("");
    let config = "include = [\"more.toml\"]\n[env]\nOTHER = \"1\"\n";
    sandbox.write("pika/.cargo/config.toml", config);
    sandbox.write("pika/.cargo/more.toml", ENV);
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    wait();
    sandbox.cargo("pika", &["build"]);
    sandbox.worktree("pika", "beside");
    sandbox.write("beside/.cargo/config.toml", config);
    let two = "[env]\nMODE = \"two\"\n";
    sandbox.write("beside/.cargo/more.toml", two);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let why = reason(&answer, "looks");
    assert_eq!(why.as_deref(), Some("other_environment"), "{answer}");
    assert_eq!(run(&sandbox, "beside"), "two two\n");
}

/// A variable that no script has in it, and no program that one starts, makes no difference.
#[test]
fn a_variable_reaches_only_who_can_look_at_it() {
    let sandbox = built("");
    sandbox.worktree("pika", "beside");
    sandbox.write("beside/.cargo/config.toml", "[env]\nOTHER = \"two\"\n");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(reason(&answer, "looks"), None, "{answer}");
    assert_eq!(compile(&sandbox, "beside"), ["app"]);
    // The units there are older than the configuration, and known to have been made alike all the same.
    sandbox.worktree("pika", "third");
    sandbox.write("third/.cargo/config.toml", "[env]\nOTHER = \"two\"\n");
    let from = sandbox.path("beside").display().to_string();
    let answer = sandbox.json("third", &["warm", "--yes", "--from", &from]);
    assert_eq!(reason(&answer, "looks"), None, "{answer}");
    assert_eq!(compile(&sandbox, "third"), ["app"]);
}

/// Which variables a donor had whose worktree is gone is known only for the time in which one of our runs saw it.
#[test]
fn a_donor_that_is_gone() {
    let sandbox = built("");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    sandbox.worktree("pika", "first");
    sandbox.run("", &["setup", "--yes"]).code(0);
    let config = sandbox.read("first/.cargo/config.toml");
    sandbox.write("first/.cargo/config.toml", &format!("{config}\n{ENV}"));
    wait();
    assert_eq!(run(&sandbox, "first"), "one one\n");
    let remove = |folder: &str| {
        let path = sandbox.path(folder).display().to_string();
        sandbox.git("pika", &["worktree", "remove", "--force", &path]);
    };
    remove("first");
    sandbox.worktree("pika", "second");
    let answer = sandbox.json("second", &["onboard", "--yes"]);
    assert_eq!(run(&sandbox, "second"), " \n", "{answer}");
    // This one is seen, and then goes.
    sandbox.worktree("pika", "third");
    sandbox.run("third", &["onboard", "--yes"]).code(0);
    remove("second");
    let all = walkdir::WalkDir::new(sandbox.path("")).into_iter();
    let all = all.filter_map(Result::ok).map(walkdir::DirEntry::into_path);
    let folders: Vec<PathBuf> = all
        .filter(|path| path.iter().any(|part| part == ".shared-target"))
        .filter(|path| path.ends_with("first") || path.ends_with("third"))
        .collect();
    assert!(!folders.is_empty());
    for folder in folders {
        fs::remove_dir_all(folder).expect("removed");
    }
    sandbox.worktree("pika", "fourth");
    let answer = sandbox.json("fourth", &["onboard", "--yes"]);
    assert!(units(&answer) > 0, "{answer}");
    assert_eq!(reason(&answer, "looks"), None, "{answer}");
    assert_eq!(run(&sandbox, "fourth"), " \n");
}

/// A library that says which `--cfg` it was compiled with.
fn plain() -> PathBuf {
    once("warm-wrapper", |folder| {
        let registry = Registry::new(folder);
        let text =
            "pub fn it() -> &'static str { if cfg!(special) { \"special\" } else { \"plain\" } }\n";
        registry.publish(("plain", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
        let sandbox = sandbox_with(folder);
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                        [dependencies]\nplain = \"1\"\n";
        sandbox.write("pika/Cargo.toml", manifest);
        sandbox.write(
            "pika/src/main.rs",
            "fn main() { println!(\"{}\", plain::it()) }\n",
        );
        sandbox.cargo("pika", &["generate-lockfile"]);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    })
}

const WRAPPER: &str = "#!/bin/sh\nrustc=$1; shift\nexec \"$rustc\" \"$@\" --cfg special\n";

/// `pika`, built by way of a program that is in no worktree, as its configuration says; and that line.
fn wrapped(name: &str) -> (Sandbox, String) {
    let prepared = plain();
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.commit_all("pika");
    sandbox.write("pika/.git/info/exclude", "/.cargo/\n");
    let program = sandbox.path(name);
    sandbox.write(name, WRAPPER);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("runs");
    let config = format!("[build]\nrustc-wrapper = \"{}\"\n", program.display());
    sandbox.write("pika/.cargo/config.toml", &config);
    wait();
    assert_eq!(run(&sandbox, "pika"), "special\n");
    wait();
    (sandbox, config)
}

#[test]
fn a_program_in_the_compilers_place_reaches_everything() {
    let (sandbox, config) = wrapped("wrap.sh");
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "beside"), "plain\n", "{answer}");
    // The same one makes the same, unless it has changed itself.
    sandbox.worktree("pika", "third");
    sandbox.write("third/.cargo/config.toml", &config);
    sandbox.json("third", &["warm", "--yes"]);
    assert_eq!(compile(&sandbox, "third"), ["app"]);
    sandbox.write("wrap.sh", &WRAPPER.replace("special", "other"));
    sandbox.worktree("pika", "fourth");
    sandbox.write("fourth/.cargo/config.toml", &config);
    let answer = sandbox.json("fourth", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "fourth"), "plain\n", "{answer}");
}

/// If a worktree is gone, and no run of ours saw it after its build, nothing tells which programs ran there.
#[test]
fn a_program_in_the_compilers_place_in_a_worktree_that_is_gone() {
    let (sandbox, config) = wrapped("wrap.sh");
    fs::remove_dir_all(sandbox.path("pika/.cargo")).expect("removed");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    sandbox.worktree("pika", "first");
    sandbox.run("", &["setup", "--yes"]).code(0);
    let (_, line) = config.split_once('\n').expect("two lines");
    let own = sandbox.read("first/.cargo/config.toml");
    sandbox.write("first/.cargo/config.toml", &format!("{own}\n{line}"));
    assert_eq!(run(&sandbox, "first"), "special\n");
    let path = sandbox.path("first").display().to_string();
    sandbox.git("pika", &["worktree", "remove", "--force", &path]);
    sandbox.worktree("pika", "second");
    let answer = sandbox.json("second", &["onboard", "--yes"]);
    assert_eq!(run(&sandbox, "second"), "plain\n", "{answer}");
}

#[test]
fn a_program_in_the_compilers_place_that_is_named_no_more() {
    let (sandbox, _) = wrapped("wrap.sh");
    sandbox.write("pika/.cargo/config.toml", "# none\n");
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "beside"), "plain\n", "{answer}");
}

/// A name is no proof where any user may have put the program.
#[test]
fn a_program_in_a_worktree_is_not_known_by_its_name() {
    let (sandbox, _) = wrapped("pika/tools/sccache");
    sandbox.worktree("pika", "beside");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(run(&sandbox, "beside"), "plain\n", "{answer}");
}
