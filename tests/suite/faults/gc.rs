//! `gc` is killed while it deletes units, or units change after it has decided.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::faults::harness::{Stopped, load, run, save, works};
use crate::profile;
use crate::sandbox::Sandbox;

/// The output of the program.
const OUTPUT: &str = "hello from near\n";

/// The library of the workspace.
const NEAR: &str = "pub fn it() -> &'static str { \"near\" }\n";

/// A workspace of two packages, built and tested.
fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("app", "app", "");
    sandbox.write(
        "app/src/main.rs",
        "fn main() { println!(\"hello from {}\", near::it()); }\n",
    );
    let manifest = sandbox.read("app/Cargo.toml");
    let more = "[workspace]\n[dependencies]\nnear = { path = \"near\" }\n";
    sandbox.write("app/Cargo.toml", &format!("{manifest}{more}"));
    sandbox.write(
        "app/near/Cargo.toml",
        "[package]\nname = \"near\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("app/near/src/lib.rs", NEAR);
    sandbox.cargo("app", &["build", "-q", "--offline"]);
    sandbox.cargo("app", &["test", "-q", "--offline", "--no-run"]);
    sandbox
}

/// Wherever it is killed: Cargo makes what is gone anew, and the next run deletes what is left.
#[test]
fn a_killed_gc_leaves_what_cargo_can_build_on() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = built();
    save(&sandbox, "before");
    let mut reached = 0;
    for point in [
        "planned",
        "collecting",
        "collect-locked",
        "removed",
        "removed#3",
        "removed#10",
        "removed#40",
        "collected-entry",
        "collected-entry#2",
        "collected-entry#4",
        "collected-entry#7",
        "collected",
    ] {
        load(&sandbox, "before");
        let gc = sandbox.program("app", &["gc", "--profile", "debug", "--yes"]);
        let Ok(stopped) = Stopped::try_at(gc, point) else {
            continue;
        };
        stopped.kill();
        reached += 1;
        assert_eq!(sandbox.cargo_run("app"), OUTPUT, "{point}");
        sandbox.cargo("app", &["test", "-q", "--offline"]);
        let again =
            run(sandbox.program("app", &["gc", "--profile", "debug", "--yes", "--verbose"]));
        let again = again.code(0);
        assert!(
            !sandbox.exists("app/target/debug/app"),
            "{point}: {}",
            again.said
        );
        assert_eq!(sandbox.cargo_run("app"), OUTPUT, "{point}");
    }
    assert!(reached > 8, "{reached} points were reached");
}

/// Units that were built after the plan was made are kept, and the rest is deleted.
#[test]
fn what_has_changed_since_stays() {
    let sandbox = built();
    let gc = sandbox.program(
        "app",
        &["gc", "--profile", "debug", "--yes", "--format", "json"],
    );
    let stopped = Stopped::at(gc, "planned");
    sandbox.write(
        "app/src/main.rs",
        "fn main() { println!(\"changed {}\", near::it()); }\n",
    );
    sandbox.cargo("app", &["build", "-q", "--offline"]);
    let ended = stopped.go_on();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains("has changed since planning"),
        "{}",
        ended.said
    );
    assert!(
        sandbox.exists("app/target/debug/app"),
        "the program is another one now"
    );
    assert_eq!(sandbox.cargo_run("app"), "changed near\n");
}

/// A build that has begun since keeps the folder as it is.
#[test]
fn a_build_that_has_begun_since_keeps_the_folder() {
    let sandbox = built();
    let gc = sandbox.program("app", &["gc", "--profile", "debug", "--yes"]);
    let stopped = Stopped::at(gc, "planned");
    let lock = std::fs::File::open(sandbox.path("app/target/debug/.cargo-lock"));
    let lock = lock.expect("a lock file");
    lock.lock().expect("the lock");
    let ended = stopped.go_on();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("a build holds it"), "{}", ended.said);
    drop(lock);
    let said = sandbox.cargo("app", &["build", "-v", "--offline"]).said();
    assert!(!said.contains("Compiling"), "{said}");
}

/// In the layout in which a unit's fingerprint lies in its folder, that goes first: a build script is not run again
/// because something that it wrote is missing.
#[test]
fn nothing_of_a_unit_goes_before_its_fingerprint() {
    if !works("cargo", &["+nightly", "--version"]) {
        eprintln!("skipped: no nightly here");
        return;
    }
    let sandbox = Sandbox::new();
    let build = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         for n in 0..40 { std::fs::write(format!(\"{out}/{n}\"), \"x\").unwrap(); }\n}\n";
    for name in ["app", "app/one", "app/two"] {
        let short = name.rsplit('/').next().expect("a name");
        sandbox.package(name, short, "");
        sandbox.write(&format!("{name}/build.rs"), build);
    }
    let manifest = sandbox.read("app/Cargo.toml");
    let members = format!("{manifest}[workspace]\nmembers = [\"one\", \"two\"]\n");
    sandbox.write("app/Cargo.toml", &members);
    let args = [
        "+nightly",
        "build",
        "-q",
        "--workspace",
        "--offline",
        "-Zbuild-dir-new-layout",
    ];
    sandbox.cargo("app", &args);
    save(&sandbox, "before");
    let build_folder = sandbox.path("app/target/debug/build");
    let whole = units(&build_folder);
    assert!(whole.len() >= 9, "{whole:?}");
    let mut reached = 0;
    for many in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        load(&sandbox, "before");
        let gc = sandbox.program("app", &["gc", "--profile", "debug", "--yes"]);
        let Ok(stopped) = Stopped::try_at(gc, &format!("removed#{many}")) else {
            continue;
        };
        stopped.kill();
        reached += 1;
        for (unit, files) in units(&build_folder) {
            let fingerprint = build_folder.join(&unit).join("fingerprint");
            let is_whole = whole.get(&unit) == Some(&files);
            let begun = std::fs::read_dir(&fingerprint).map_or(0, Iterator::count);
            let had = std::fs::read_dir(
                sandbox
                    .outside("before")
                    .join("app/target/debug/build")
                    .join(&unit)
                    .join("fingerprint"),
            );
            let had = had.map_or(0, Iterator::count);
            assert!(
                is_whole || begun < had || had == 0,
                "{}: {files}, {begun}",
                unit.display()
            );
        }
        sandbox.cargo("app", &args);
    }
    assert!(reached > 5, "{reached} points were reached");
}

/// The units of the new layout, each with the number of its files.
fn units(build: &Path) -> BTreeMap<PathBuf, usize> {
    let all = walkdir::WalkDir::new(build).min_depth(3);
    let mut units = BTreeMap::new();
    for entry in all {
        let entry = entry.expect("readable");
        let inside = entry.path().strip_prefix(build).expect("inside");
        let unit: PathBuf = inside.iter().take(2).collect();
        *units.entry(unit).or_default() += usize::from(!entry.file_type().is_dir());
    }
    units
}

/// `gc` takes only what has the shape of Cargo's or rustc's own, and says what it leaves and why.
#[test]
fn what_neither_cargo_nor_rustc_makes_stays() {
    let sandbox = built();
    // A real crate's folder, and others with notes and a repository in them.
    let caches = sandbox.path("app/target/debug/incremental");
    let mut names: Vec<String> = std::fs::read_dir(&caches)
        .expect("readable")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    let (noted, real) = names.split_first().expect("caches");
    let real = real.first().expect("another").clone();
    let debug = sandbox.path("app/target/debug");
    let mut prints = profile::fingerprints(&debug).into_iter();
    let near = prints.find(|(package, _)| package == "near");
    let (_, near) = near.expect("its fingerprint");
    let near = near.strip_prefix(&debug).expect("inside").display();
    let artifacts = profile::folder_of(&debug, "near-", ".d");
    let precious = [
        format!("incremental/{noted}/notes"),
        "incremental/inner-1/file".to_owned(),
        "incremental/notes.txt".to_owned(),
        format!("{near}/notes"),
        format!("{artifacts}/mine/libmine.a"),
        format!("{artifacts}/mine/deps/libmine.a"),
        format!("{artifacts}/notes-0123456789abcdef.d/notes"),
    ];
    for path in &precious {
        sandbox.write(&format!("app/target/debug/{path}"), "precious");
    }
    sandbox.git("app/target/debug/incremental/inner-1", &["init", "-q"]);
    let mut said = String::new();
    for args in [
        &["gc", "--yes", "--verbose"][..],
        &["gc", "--incremental", "--yes"],
        &["gc", "--profile", "debug", "--yes"],
    ] {
        let ended = run(sandbox.program("app", args)).code(0);
        said.push_str(&ended.said);
        for path in &precious {
            let path = format!("app/target/debug/{path}");
            assert_eq!(sandbox.read(&path), "precious", "{args:?}");
        }
    }
    assert!(!sandbox.exists(&format!("app/target/debug/incremental/{real}")));
    for named in ["incremental/inner-1", "incremental/notes.txt"] {
        let named = format!("rustc creates no `debug/{named}");
        assert!(said.contains(&named), "no `{named}` in:\n{said}");
    }
    // The rest is gone, with its dependencies.
    let prints = profile::fingerprints(&debug);
    assert_eq!(prints.len(), 1, "{prints:?}");
}

/// Nor does it delete a unit with a file beside its artifacts that no compiler makes, where the unit has a folder of its own.
#[test]
fn what_is_put_beside_artifacts_stays() {
    for name in [
        "mine/libmine.a",
        "notes.md",
        "rmeta012345/mine.txt",
        "notes-0123456789abcdef.d/notes",
    ] {
        let sandbox = built();
        let debug = sandbox.path("app/target/debug");
        let artifacts = profile::folder_of(&debug, "near-", ".d");
        let path = format!("app/target/debug/{artifacts}/{name}");
        sandbox.write(&path, "precious");
        // Older than the last build of the unit.
        sandbox.write("app/near/src/lib.rs", NEAR);
        sandbox.cargo("app", &["build", "-q", "--offline"]);
        for args in [&["gc", "--yes"][..], &["gc", "--profile", "debug", "--yes"]] {
            run(sandbox.program("app", args)).code(0);
            assert_eq!(sandbox.read(&path), "precious", "{args:?}");
        }
        assert!(!sandbox.exists("app/target/debug/app"), "the rest is gone");
    }
}
