//! The claims of commands about several worktrees are true, by `du` and by Cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::moving::place::NATIVE;
use crate::profile;
use crate::registry::{Registry, compiled, once, sandbox_with};
use crate::sandbox::Sandbox;

/// Far more than folders, fingerprints and our own files take, and far less than a library.
const LITTLE: u64 = 2 << 20;

/// Libraries without content.
const SMALL: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// A registry with the large library `base`, in three versions, and `top` in two, which depends on version 1 of it; and
/// `keeps`, also large, whose units cannot be moved.
fn prepared() -> PathBuf {
    once("true-claims", |folder| {
        let registry = Registry::new(folder);
        let large = "pub fn it() -> u32 { LARGE[0].into() }\npub static LARGE: [u8; 8_000_000] = [1; 8_000_000];\n";
        for version in ["1.0.0", "1.1.0", "2.0.0"] {
            registry.publish(("base", version), &[], "", &[("src/lib.rs", large)]);
        }
        let text = "pub fn it() -> u32 { base::it() }\n";
        for version in ["1.0.0", "1.1.0"] {
            let files = [("src/lib.rs", text)];
            registry.publish(("top", version), &["base"], "", &files);
        }
        // Its output names the place where it ran, and Cargo does not know that.
        let files = [("build.rs", NATIVE), ("src/lib.rs", large)];
        registry.publish(("keeps", "1.0.0"), &[], "", &files);
    })
}

/// `pika`, with a worktree `older`, whose `Cargo.lock` has another version of `top`. Both were built, `pika` first. `cold`
/// is a worktree at the commit of one of them, and was never built.
fn start(cold_like: &str) -> Sandbox {
    start_with("", cold_like)
}

/// The same, with more dependencies.
fn start_with(more: &str, cold_like: &str) -> Sandbox {
    let mut sandbox = sandbox_with(&prepared());
    // Built folders stay, as by default.
    sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", "false");
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\ntop = \"1\"\n";
    sandbox.write("pika/Cargo.toml", &format!("{manifest}{more}"));
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { println!(\"{}\", top::it()) }\n",
    );
    sandbox.write("pika/.gitignore", "target\n.shared-target\n");
    sandbox.cargo("pika", &["generate-lockfile"]);
    // With its `Cargo.lock`.
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    sandbox.cargo("pika", &["build"]);
    sandbox.worktree("pika", "older");
    sandbox.cargo("older", &["update", "top", "--precise", "1.0.0"]);
    sandbox.git("older", &["commit", "-q", "-a", "-m", "older"]);
    sandbox.cargo("older", &["build"]);
    sandbox.worktree(cold_like, "cold");
    sandbox
}

/// The space of all target folders together, each file once.
fn space(sandbox: &Sandbox) -> u64 {
    let folders = [
        "pika/target",
        "older/target",
        "cold/target",
        "pika/.shared-target",
    ];
    let folders = folders.map(|folder| sandbox.path(folder));
    let there = folders.iter().filter(|folder: &&PathBuf| folder.is_dir());
    let output = Command::new("du")
        .args(["-s", "-c", "-k"])
        .args(there)
        .output();
    let text = String::from_utf8(output.expect("du").stdout).expect("text");
    let total = text
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().next());
    total
        .and_then(|total| total.parse::<u64>().ok())
        .expect("a number")
        * 1024
}

/// Sets everything up, and makes sure that what was freed and copied is what `du` sees.
#[track_caller]
fn set_up(sandbox: &Sandbox) -> Value {
    let before = space(sandbox);
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    let after = space(sandbox);
    let freed = answer["outcome"]["freed"]["on_disk"]
        .as_u64()
        .expect("bytes");
    let done = answer["outcome"]["done"].as_array().expect("a list").iter();
    let copied: u64 = done
        .filter_map(|done| done["warmed"]["copied"].as_u64())
        .sum();
    let actions = answer["plan"]["actions"].as_array().expect("a list");
    // A clone's space is its own for `du`.
    if actions.iter().all(|action| action["method"] != "clones") {
        let claimed = before + copied - freed;
        assert!(
            after.abs_diff(claimed) < LITTLE,
            "{before} before, {after} after, {freed} freed, {copied} copied"
        );
    }
    let planned = answer["plan"]["freeable"].as_u64().expect("bytes");
    assert_eq!(planned, freed, "{answer:#}");
    answer
}

/// Units that are compiled again at their new place share nothing.
#[test]
fn what_is_compiled_again_frees_nothing() {
    let sandbox = start_with("keeps = \"1\"\n", "pika");
    let answer = set_up(&sandbox);
    let actions = answer["plan"]["actions"].as_array().expect("a list").iter();
    let mut left = actions.filter_map(|action| action["left"].as_array());
    let is_keeps = |unit: &Value| unit["package"] == "keeps";
    assert!(left.any(|left| left.iter().any(is_keeps)), "{answer:#}");
}

fn folder_of(path: &Value) -> Option<&str> {
    Path::new(path.as_str()?).file_name()?.to_str()
}

/// A worktree that gets units of a donor does not make the donor share with another worktree in name only.
#[test]
fn as_much_is_freed_as_is_said() {
    for cold_like in ["pika", "older"] {
        let sandbox = start(cold_like);
        let answer = set_up(&sandbox);
        let freed = answer["outcome"]["freed"]["on_disk"].as_u64();
        assert!(freed > Some(2 * LITTLE), "{answer:#}");
    }
}

/// A worktree that is at the commit of a built one gets all third-party crates, even if another one was built since.
#[test]
fn the_donor_with_the_same_lock_file_gives_everything() {
    for (cold_like, donors) in [("pika", &["main"][..]), ("older", &["main", "older"])] {
        let sandbox = start(cold_like);
        let answer = set_up(&sandbox);
        let actions = answer["plan"]["actions"].as_array().expect("a list").iter();
        let warms = actions.filter(|action| action["action"] == "warm");
        let from: Vec<&str> = warms.filter_map(|warm| folder_of(&warm["from"])).collect();
        assert_eq!(from, donors, "{cold_like}: {answer:#}");
        let said = sandbox.cargo("cold", &["build", "-v"]).stderr;
        assert_eq!(compiled(&said), ["app"], "{cold_like}: {said}");
    }
}

/// Rows that add up to more than the total say why, and an audit counts what `find` counts.
#[test]
fn rows_and_totals_agree() {
    let sandbox = start("pika");
    let once = "(shared files count once)";
    let apart = sandbox.run("pika", &["list"]).code(0).stdout;
    assert!(!apart.contains(once), "{apart}");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    sandbox.run("pika", &["list"]).code(0).says(once);
    let folder = sandbox.path("pika/.shared-target/pika/main");
    let find = Command::new("find").arg(&folder).output().expect("find");
    let entries = find.stdout.iter().filter(|byte| **byte == b'\n').count();
    let audit = sandbox.program("pika", &["audit"]).arg(&folder).output();
    let audit = String::from_utf8(audit.expect("an audit").stdout).expect("text");
    let told = format!("({entries} files and folders, ");
    assert!(audit.contains(&told), "{told} in {audit}");
    let again = sandbox.run("pika", &["dedupe"]).code(0);
    again.says("has nothing more to share");
}

/// Versions of several worktrees are no duplicates: `cargo tree --duplicates`, which is the advice, shows none.
#[test]
fn only_versions_of_one_workspace_are_duplicates() {
    let sandbox = start("pika");
    let duplicates = |sandbox: &Sandbox| {
        let audit = sandbox.json("pika", &["audit"]);
        let findings = audit["findings"].as_array().expect("a list").iter();
        let mut found = findings.filter(|one| one["kind"] == "duplicate_versions");
        found.next().map(|one| one["what"].to_string())
    };
    sandbox.cargo("older", &["update", "base", "--precise", "1.0.0"]);
    sandbox.cargo("older", &["build"]);
    assert_eq!(duplicates(&sandbox), None);
    let manifest =
        sandbox.read("pika/Cargo.toml") + "two = { package = \"base\", version = \"2\" }\n";
    sandbox.write("pika/Cargo.toml", &manifest);
    sandbox.cargo("pika", &["build"]);
    let found = duplicates(&sandbox).expect("a finding");
    assert!(
        found.contains("1 third-party package has several versions: base"),
        "{found}"
    );
    let shown = sandbox.cargo("pika", &["tree", "--duplicates"]).stdout;
    assert!(shown.contains("base v2.0.0"), "{shown}");
}

/// A version that `Cargo.lock` names for another system only is no duplicate of another worktree's version.
#[test]
fn versions_that_were_not_built_are_no_duplicates() {
    let sandbox = start("pika");
    let other =
        "[target.'cfg(any())'.dependencies]\ntwo = { package = \"base\", version = \"2\" }\n";
    for folder in ["pika", "older"] {
        let manifest = format!("{folder}/Cargo.toml");
        sandbox.write(&manifest, &(sandbox.read(&manifest) + other));
    }
    sandbox.cargo("older", &["update", "base@1.1.0", "--precise", "1.0.0"]);
    for folder in ["pika", "older"] {
        sandbox.cargo(folder, &["build"]);
        let lock = sandbox.read(&format!("{folder}/Cargo.lock"));
        assert!(lock.contains("version = \"2.0.0\""), "{lock}");
    }
    let audit = sandbox.json("pika", &["audit"]);
    let mut findings = audit["findings"].as_array().expect("a list").iter();
    let found = findings.find(|one| one["kind"] == "duplicate_versions");
    assert_eq!(found, None);
}

/// Debug information in build scripts of third-party packages is the standard library's. The advice for these packages
/// removes it, and the advice for the workspace's own crates does not.
#[test]
fn scripts_of_others_contain_no_debug_information_of_ours() {
    let sandbox = sandbox_with(&prepared());
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nkeeps = \"1\"\n";
    sandbox.write("pika/Cargo.toml", manifest);
    sandbox.write("pika/src/lib.rs", "");
    let build = || {
        sandbox.cargo("pika", &["build"]);
        let audit = sandbox.json("pika", &["audit"]);
        let findings = audit["findings"].as_array().expect("a list").clone();
        let saves = move |kind: &str| {
            let found = findings.iter().find(|one| one["kind"] == kind);
            found.and_then(|found| found["saves"].as_u64()).unwrap_or(0)
        };
        let (own, others) = (saves("own_debug_info"), saves("dependency_debug_info"));
        (own, others, space(&sandbox))
    };
    let (own, others, before) = build();
    assert!(own < 100_000, "{own}");
    let advice = "[profile.dev.package.\"*\"]\ndebug = false\n";
    sandbox.write("pika/Cargo.toml", &format!("{manifest}{advice}"));
    std::fs::remove_dir_all(sandbox.path("pika/target")).expect("deleted");
    let (_, none, after) = build();
    assert_eq!(none, 0);
    let less = before.abs_diff(after);
    assert!(less + 100_000 > others, "{less} less, {others} said");
    // Other systems have it in files of their own.
    assert!(others > LITTLE || !cfg!(target_os = "linux"), "{others}");
}

/// Many small files and folders take far more than the sum of their lengths.
#[test]
fn a_warmed_folder_takes_as_much_as_is_said() {
    let registry = once("many-small", |folder| {
        let registry = Registry::new(folder);
        for name in SMALL {
            registry.publish((name, "1.0.0"), &[], "", &[("src/lib.rs", "")]);
        }
    });
    let sandbox = sandbox_with(&registry);
    let manifest =
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n";
    let dependencies = SMALL.map(|name| format!("{name} = \"1\"\n")).concat();
    sandbox.write("pika/Cargo.toml", &format!("{manifest}{dependencies}"));
    sandbox.write("pika/src/lib.rs", "");
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.cargo("pika", &["generate-lockfile"]);
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    sandbox.cargo("pika", &["build"]);
    takes_as_much_as_is_said(&sandbox, "cold");
    // Git has just written the configuration there, so each unit gets a mark.
    sandbox.write("pika/.cargo/config.toml", "[env]\nSAID = \"1\"\n");
    sandbox.commit_all("pika");
    sandbox.cargo("pika", &["clean"]);
    sandbox.cargo("pika", &["build"]);
    takes_as_much_as_is_said(&sandbox, "older");
}

/// Adds a worktree to `pika` and warms it.
#[track_caller]
fn takes_as_much_as_is_said(sandbox: &Sandbox, worktree: &str) {
    sandbox.worktree("pika", worktree);
    let before = space(sandbox);
    let answer = sandbox.json(worktree, &["warm", "--yes"]);
    let took = space(sandbox) - before;
    let warmed = &answer["outcome"]["done"][0]["warmed"];
    let copied = warmed["copied"].as_u64().expect("bytes");
    // A clone's space is its own for `du`.
    if warmed["method"] == "links" {
        assert_eq!(answer["plan"]["actions"][0]["copied"], warmed["copied"]);
        // Cargo's tag, locks and the like. Ten marks would make 40 KiB more, and ten units with four small files and a
        // folder each ten times.
        assert!(took.abs_diff(copied) < 32_000, "{took}: {answer:#}");
    }
}

/// Where folders share files and units are deleted too, each line counts its own space.
#[test]
fn each_line_counts_its_own_space() {
    let sandbox = start("pika");
    // As of a build that was killed.
    for (_, folder) in profile::fingerprints(&sandbox.path("pika/target/debug")) {
        let hash = folder.join("bin-app");
        if hash.exists() {
            std::fs::write(hash, "").expect("emptied");
        }
    }
    let plan = sandbox.json("pika", &["setup", "--dry-run"])["plan"].clone();
    let actions = plan["actions"].as_array().expect("a list").iter();
    let by_sharing: u64 = actions.filter_map(|action| action["frees"].as_u64()).sum();
    let all = plan["freeable"].as_u64().expect("bytes");
    let by_units = all - by_sharing;
    assert!(by_sharing > LITTLE && by_units > 0, "{plan:#}");
    #[expect(clippy::cast_precision_loss, reason = "to be rounded")]
    let of = |bytes: u64, unit: u32| bytes as f64 / f64::from(unit);
    let shown = |bytes: u64| match bytes >> 20 {
        0 => format!("{} KiB", of(bytes, 1 << 10)),
        _ => format!("{:.1} MiB", of(bytes, 1 << 20)),
    };
    let said = sandbox.run("pika", &["setup", "--dry-run"]).code(0).said();
    let expected = format!("together they free {}\n", shown(by_units));
    assert!(said.contains(&expected), "{expected}: {said}");
    let said = sandbox.run("pika", &["setup", "--yes"]).code(0).said();
    let deleted = said.lines().find(|line| line.starts_with("deleted "));
    let deleted = deleted.expect("a line");
    let expected = format!("freed {}", shown(by_units));
    assert!(deleted.ends_with(&expected), "{expected}: {said}");
    let shared = said.lines().find(|line| line.starts_with("shared "));
    let expected = format!("freed {}", shown(by_sharing));
    assert!(shared.expect("a line").ends_with(&expected), "{said}");
}

/// An advice about several repositories names the manifest of each, since one of them does not save everything.
#[test]
fn an_advice_names_the_manifest_of_each_repository() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.package(&format!("code/{name}"), name, "hello");
        sandbox.cargo(&format!("code/{name}"), &["build", "--offline"]);
    }
    let told = || {
        let audit = sandbox.json("code", &["audit"]);
        let findings = audit["findings"].as_array().expect("findings").clone();
        let found = findings
            .into_iter()
            .find(|one| one["kind"] == "own_debug_info");
        found.expect("the programs are mostly debug information")
    };
    let manifest = |name: &str| sandbox.path(&format!("code/{name}/Cargo.toml"));
    let both = told();
    assert_eq!(both["file"], serde_json::json!(manifest("one")), "{both}");
    assert_eq!(both["more_files"], serde_json::json!([manifest("two")]));
    let said = sandbox.run("code", &["audit"]).code(0).said();
    assert!(
        said.contains("in one/Cargo.toml and two/Cargo.toml\n"),
        "{said}"
    );
    let text = sandbox.read("code/one/Cargo.toml");
    let more = "[profile.dev]\ndebug = \"line-tables-only\"\n";
    sandbox.write("code/one/Cargo.toml", &format!("{text}\n{more}"));
    let other = told();
    assert_eq!(other["file"], serde_json::json!(manifest("two")), "{other}");
    assert!(other.get("more_files").is_none(), "{other}");
}

/// A build that still runs was not interrupted, and `gc` leaves its folder alone.
#[test]
fn units_of_a_running_build_are_not_unused() {
    let sandbox = Sandbox::new();
    sandbox.package("code", "one", "hello");
    sandbox.cargo("code", &["build", "--offline"]);
    let debug = sandbox.path("code/target/debug");
    for (_, folder) in profile::fingerprints(&debug) {
        for file in std::fs::read_dir(folder).expect("a folder").flatten() {
            if file.file_name() == "bin-one" {
                std::fs::write(file.path(), "").expect("emptied, as when its build begins");
            }
        }
    }
    let unused = || sandbox.json("code", &["audit"])["unused"].clone();
    let lock = std::fs::File::open(debug.join(".cargo-lock")).expect("a lock file");
    lock.lock().expect("the lock");
    assert_eq!(unused(), serde_json::json!([]));
    drop(lock);
    assert_eq!(unused()[0]["why"]["reason"], "unfinished");
    // Such units are also there without any interruption, where `setup` has moved a folder.
    let said = sandbox.run("code", &["audit"]).code(0).said();
    assert!(said.contains("incomplete units"), "{said}");
    let said = sandbox.run("code", &["gc", "--dry-run"]).code(0).said();
    assert!(said.contains("  incomplete  one"), "{said}");
}

/// A folder of the name `target` into which Cargo has built nothing was never built, and `clean` keeps it.
#[test]
fn a_folder_that_is_not_of_cargo_was_never_built() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.write("pika/target/doc/logo.svg", "a picture");
    sandbox.commit_all("pika");
    let list = |command: &str| sandbox.run("pika", &[command]).code(0).said();
    let answer = sandbox.json("pika", &["list"]);
    assert_eq!(answer["workspaces"][0]["last_build"], Value::Null);
    let said = list("list");
    assert!(said.contains("1 workspace, 0 target folders"), "{said}");
    // It is also left where builds go elsewhere.
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"other\"\n",
    );
    let answer = sandbox.json("pika", &["list"]);
    assert_eq!(answer["folders"][0]["state"]["is"], "unclear", "{answer}");
    assert_eq!(answer["total"]["stale"], 0);
    let said = list("list");
    assert!(said.contains("never        unclear  target\n"), "{said}");
    assert!(list("clean").contains("nothing to do"));
    assert!(sandbox.exists("pika/target/doc/logo.svg"));
}

/// A target folder that goes nowhere is named, since nothing leads to it afterwards.
#[test]
fn undo_says_what_stays() {
    let sandbox = start("pika");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    sandbox.git("pika", &["worktree", "remove", "../cold"]);
    let words =
        "pika/cold stays, since no workspace builds there: `cargo sharedtarget clean` shows";
    sandbox
        .run("pika", &["undo", "--dry-run"])
        .code(0)
        .says(words);
    sandbox.run("pika", &["undo"]).code(0).says(words);
    sandbox
        .run("pika", &["clean", "--yes"])
        .code(0)
        .says("deleted 1 target folder");
    let after = sandbox.run("pika", &["undo"]).code(0).said();
    assert!(!after.contains("stays"), "{after}");
}
