//! Files that rustc leaves behind, of earlier builds and of killed ones.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::*;

/// The sets of object files with debug information beside the program, by the word that rustc has made up for each build: how
/// many files each has, and the newest time.
fn sets(sandbox: &Sandbox) -> BTreeMap<String, (usize, SystemTime)> {
    let mut sets = BTreeMap::new();
    for entry in walkdir::WalkDir::new(sandbox.path("pika/target")) {
        let entry = entry.expect("a file");
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(start) = name.strip_suffix(".rcgu.dwo") else {
            continue;
        };
        // The new layout has the hash in the folder.
        if !["app-", "app."].iter().any(|of| name.starts_with(of)) {
            continue;
        }
        let (_, word) = start.rsplit_once('.').expect("a word");
        let time = entry.metadata().expect("a file").modified();
        let time = time.expect("a time");
        let set = sets.entry(word.to_owned()).or_insert((0, time));
        *set = (set.0 + 1, set.1.max(time));
    }
    sets
}

/// Each build with unpacked debug information adds a set. Those of earlier builds go, and that of the last one stays.
#[test]
fn object_files_of_earlier_builds_go() {
    let sandbox = start();
    let unpacked = "\n[profile.dev]\nsplit-debuginfo = \"unpacked\"\n";
    let manifest = manifest(&["leaf", "scripted", "extra"]) + unpacked;
    sandbox.write("pika/Cargo.toml", &manifest);
    for layout in Layout::all(&sandbox) {
        drop(std::fs::remove_dir_all(sandbox.path("pika/target")));
        for extra in [true, false, true] {
            sandbox.write("pika/src/main.rs", main_of(extra));
            let compiled = layout.compiles(&sandbox, "pika", &["build"]);
            assert!(compiled.contains(&"app".to_owned()));
        }
        let before = sets(&sandbox);
        assert_eq!(before.len(), 3, "a set for each build: {before:?}");
        let newest = before.iter().max_by_key(|(_, (_, time))| *time);
        let (newest, set) = newest.expect("a set");
        let audit = sandbox.json("pika", &["audit"]);
        let kinds = audit["kinds"].as_array().expect("kinds").iter();
        let left: Vec<_> = kinds
            .filter(|kind| kind["name"] == "left by rustc")
            .collect();
        assert_eq!(left.len(), 1, "{audit:#}");
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(gone(&answer), []);
        assert_eq!(
            sets(&sandbox),
            BTreeMap::from([(newest.clone(), *set)]),
            "{answer:#}"
        );
        assert_eq!(layout.compiles(&sandbox, "pika", &["build"]), [""; 0]);
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
        let again = gc(&sandbox, "pika", &[]);
        assert_eq!(again["plan"]["actions"].as_array().map(Vec::len), Some(0));
    }
}

/// A warm worktree gets the last set alone.
#[test]
fn they_are_not_carried() {
    let sandbox = start();
    let unpacked = "\n[profile.dev]\nsplit-debuginfo = \"unpacked\"\n";
    let manifest = manifest(&["leaf", "scripted", "extra"]) + unpacked;
    sandbox.write("pika/Cargo.toml", &manifest);
    sandbox.commit_all("pika");
    for _ in 0..2 {
        sandbox.write("pika/src/main.rs", main_of(false));
        sandbox.cargo("pika", &["build", "--offline"]);
        sandbox.git("pika", &["checkout", "-q", "."]);
        sandbox.cargo("pika", &["build", "--offline"]);
    }
    assert!(sets(&sandbox).len() > 2);
    let beside = sandbox.path("beside").display().to_string();
    sandbox.git("pika", &["worktree", "add", "-q", "--detach", &beside]);
    sandbox.run("beside", &["warm"]).code(0);
    let carried = walkdir::WalkDir::new(sandbox.path("beside/target"));
    let carried = carried.into_iter().filter_map(Result::ok);
    let names = carried.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let words = names.filter_map(|name| {
        let start = name.strip_suffix(".rcgu.dwo")?;
        let of_app = name.starts_with("app-");
        of_app.then(|| start.rsplit_once('.').map(|(_, word)| word.to_owned()))?
    });
    let words: std::collections::BTreeSet<String> = words.collect();
    assert!(words.len() <= 1, "{words:?}");
}

/// A killed compiler leaves a folder with half of the metadata. One in which something else lies stays.
#[test]
fn metadata_of_a_killed_compiler_goes() {
    let sandbox = start();
    sandbox.cargo("pika", &["build", "--offline"]);
    let deps = profile::folder_of(&sandbox.path("pika/target/debug"), "app", ".d");
    let deps = format!("pika/target/debug/{deps}");
    sandbox.write(&format!("{deps}/rmetaAbCdEf/full.rmeta"), "half");
    sandbox.write(&format!("{deps}/rmeta012345/full.rmeta"), "half");
    sandbox.write(&format!("{deps}/rmeta012345/mine.txt"), "mine");
    if profile::is_new(&sandbox.path("pika/target/debug")) {
        // In the folder of a unit they are older than its last build, or might be of that.
        sandbox.write("pika/src/main.rs", main_of(true));
        sandbox.cargo("pika", &["build", "--offline"]);
    }
    sandbox.run("pika", &["gc", "--yes"]);
    assert!(!sandbox.exists(&format!("{deps}/rmetaAbCdEf")));
    assert!(sandbox.exists(&format!("{deps}/rmeta012345/mine.txt")));
    let built = sandbox.cargo("pika", &["build", "--offline", "-v"]);
    assert_eq!(made(&built.said()), [""; 0]);
}

/// A compiler that was killed while it linked leaves a folder too. No build script has made that, so `warm` takes all the same
/// units, and `gc` deletes it, unless something else lies in it.
#[test]
fn a_killed_link_spoils_nothing() {
    let sandbox = start();
    sandbox.cargo("pika", &["build", "--offline"]);
    if profile::is_new(&sandbox.path("pika/target/debug")) {
        // There it is in the folder of the unit that was being linked.
        return;
    }
    let deps = "pika/target/debug/deps";
    let folder = |name: &str| format!("{deps}/rustc{name}");
    for name in ["AbCdEf", "012345"] {
        sandbox.write(&format!("{}/symbols.o", folder(name)), "an object");
        let imports = sandbox.path(&format!("{}/raw-dylibs", folder(name)));
        std::fs::create_dir(imports).expect("a folder");
    }
    let beside = sandbox.path("beside").display().to_string();
    sandbox.git("pika", &["worktree", "add", "-q", "--detach", &beside]);
    sandbox.run("beside", &["warm"]).code(0);
    assert!(!sandbox.exists("beside/target/debug/deps/rustcAbCdEf"));
    let built = sandbox.cargo("beside", &["build", "--offline", "-v"]);
    assert!(
        built.said().contains("Fresh scripted"),
        "{:?}",
        built.said()
    );

    sandbox.write(&format!("{}/mine.txt", folder("012345")), "mine");
    sandbox.run("pika", &["gc", "--yes"]);
    assert!(!sandbox.exists(&folder("AbCdEf")));
    assert!(sandbox.exists(&format!("{}/mine.txt", folder("012345"))));
    let built = sandbox.cargo("pika", &["build", "--offline", "-v"]);
    assert_eq!(made(&built.said()), [""; 0]);
}

/// Where the linker compresses debug information, no name can be found in a program, and so all sets stay.
#[test]
fn sets_of_a_program_with_compressed_debug_information_stay() {
    let mut sandbox = start();
    sandbox.env(
        "RUSTFLAGS",
        "-Clink-arg=-Wl,--compress-debug-sections=zlib -Csplit-debuginfo=unpacked",
    );
    for extra in [true, false, true] {
        sandbox.write("pika/src/main.rs", main_of(extra));
        sandbox.cargo("pika", &["build", "--offline"]);
    }
    let before = sets(&sandbox);
    assert!(before.len() > 1, "{before:?}");
    gc(&sandbox, "pika", &[]);
    assert_eq!(sets(&sandbox), before);
}
