//! Fingerprints that are calculated anew, of what real Cargos build.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cargo_sharedtarget::target::fingerprint::rehash::{Change, rehash, written};
use cargo_sharedtarget::target::fingerprint::{parse, parse_hash};

use crate::sandbox::Sandbox;
use crate::units::new_layout;

/// When the worktrees' files are from, in seconds; the newest of a package is a second younger.
const HERE: u64 = 1_600_000_000;
const THERE: u64 = 1_700_000_000;

/// A workspace in a repository, with two build scripts that do not say what they depend on.
fn workspace(sandbox: &Sandbox) {
    let package = |folder: &str, name: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("{folder}/Cargo.toml"), &text);
    };
    let rest = "[features]\ndefault = [\"a\"]\na = []\n[dependencies]\nnear = { path = \"near\" }\n\
                mac = { path = \"mac\" }\nsays = { path = \"says\" }\n[workspace]\n";
    package("here", "app", rest);
    package("here/near", "near", "");
    package("here/mac", "mac", "[lib]\nproc-macro = true\n");
    package("here/says", "says", "");
    let silent = "fn main() {}\n";
    let saying = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\");\n\
                  println!(\"cargo::rerun-if-env-changed=NOT_THERE\"); }\n";
    sandbox.write("here/build.rs", silent);
    sandbox.write("here/near/build.rs", silent);
    sandbox.write("here/says/build.rs", saying);
    let calls = "near::it(); says::it(); mac::one!()";
    sandbox.write(
        "here/src/lib.rs",
        &format!("pub fn it() -> i32 {{ {calls} }}\n"),
    );
    sandbox.write("here/src/main.rs", "fn main() { app::it(); }\n");
    sandbox.write("here/near/src/lib.rs", "pub fn it() {}\n");
    sandbox.write("here/says/src/lib.rs", "pub fn it() {}\n");
    let mac = "#[proc_macro] pub fn one(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"1\".parse().unwrap() }\n";
    sandbox.write("here/mac/src/lib.rs", mac);
    sandbox.commit_all("here");
}

fn stamp(path: &Path, at: SystemTime) {
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(at).expect("a time");
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
}

/// Gives a worktree's files their times, and each package with a silent build script one that is the newest.
fn stamp_sources(worktree: &Path, seconds: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    for file in files(worktree) {
        if !file.starts_with(worktree.join(".git")) {
            stamp(&file, at);
        }
    }
    let newest = at + Duration::from_millis(1_050);
    stamp(&worktree.join("Cargo.toml"), newest);
    stamp(&worktree.join("near/build.rs"), newest);
}

/// Cargo's words for the state of these packages. Its seconds are the system's: on Windows they begin in 1601.
fn precalculated(seconds: u64) -> [String; 2] {
    let epoch = if cfg!(windows) { 11_644_473_600 } else { 0 };
    let seconds = epoch + seconds + 1;
    ["Cargo.toml", "build.rs"].map(|newest| format!("{seconds}.050000000s ({newest})"))
}

/// A fingerprint on disk: the file with its hash, the hash, and the text of the one with `.json` behind it.
struct Written {
    path: PathBuf,
    hash: u64,
    json: Vec<u8>,
}

impl Written {
    fn json_path(&self) -> PathBuf {
        self.path.with_extension("json")
    }
}

fn fingerprints(target: &Path) -> Vec<Written> {
    let of = |json: PathBuf| {
        let path = json.with_extension("");
        let is = json
            .extension()
            .is_some_and(|extension| extension == "json")
            && path.is_file();
        is.then(|| Written {
            hash: parse_hash(&fs::read(&path).expect("readable")).expect("a hash"),
            json: fs::read(&json).expect("readable"),
            path,
        })
    };
    files(target).filter_map(of).collect()
}

/// Nothing is different: the same comes out, for every fingerprint.
fn assert_reproduced(target: &Path) -> usize {
    let change = Change {
        precalculated: None,
        deps: &HashMap::new(),
    };
    let all = fingerprints(target);
    for one in &all {
        let (json, hash) = rehash(&one.json, one.hash, &change)
            .unwrap_or_else(|error| panic!("{}: {error}", one.path.display()));
        assert_eq!(json, one.json, "{}", one.path.display());
        assert_eq!(hash, one.hash, "{}", one.path.display());
        let name = fs::read_to_string(&one.path).expect("readable");
        assert_eq!(written(hash), name);
    }
    all.len()
}

/// Puts in the new states of sources, and what follows for dependents. Gives the names of what changed.
fn rewrite(target: &Path, states: &HashMap<String, String>) -> Vec<String> {
    let all = fingerprints(target);
    let mut deps: HashMap<u64, u64> = HashMap::new();
    loop {
        let mut next = HashMap::new();
        for one in &all {
            let old = parse(&one.json).expect("a fingerprint").precalculated;
            let change = Change {
                precalculated: old.and_then(|old| states.get(&old)).map(String::as_str),
                deps: &deps,
            };
            let (json, hash) = rehash(&one.json, one.hash, &change).expect("reproduced");
            if hash != one.hash {
                next.insert(one.hash, hash);
                fs::write(one.json_path(), json).expect("written");
                fs::write(&one.path, written(hash)).expect("written");
            }
        }
        if next == deps {
            break;
        }
        deps = next;
    }
    let changed = all.iter().filter(|one| deps.contains_key(&one.hash));
    let name = |one: &Written| one.path.file_name().map(|name| name.display().to_string());
    let mut names: Vec<String> = changed.filter_map(name).collect();
    names.sort();
    names
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("readable");
        let to = to.join(entry.path().strip_prefix(from).expect("inside"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(to).expect("a folder");
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
    // Cargo finds stale what is older than its sources or its dependencies.
    let now = SystemTime::now();
    files(to).for_each(|file| stamp(&file, now));
}

/// Builds in one worktree, carries its target folder to another, and there nothing is left to do.
fn carry(sandbox: &Sandbox, toolchain: &[&str], flags: &[&str]) {
    workspace(sandbox);
    sandbox.worktree("here", "there");
    let (here, there) = (sandbox.path("here"), sandbox.path("there"));
    stamp_sources(&here, HERE);
    stamp_sources(&there, THERE);
    let cargo = |folder: &str, command: &[&str]| {
        let args = [toolchain, command, &["--offline"], flags].concat();
        sandbox.cargo(folder, &args).said()
    };
    cargo("here", &["build"]);
    let built = assert_reproduced(&here.join("target"));
    // app: library, program, script, run; near and says: library, script, run; mac: library.
    assert_eq!(built, 11);

    copy_tree(&here.join("target"), &there.join("target"));
    fs::copy(here.join("Cargo.lock"), there.join("Cargo.lock")).expect("a copy");
    let states: HashMap<_, _> = precalculated(HERE)
        .into_iter()
        .zip(precalculated(THERE))
        .collect();
    let changed = rewrite(&there.join("target"), &states);
    let run = "run-build-script-build-script-build";
    assert_eq!(changed, ["bin-app", "lib-app", "lib-near", run, run]);
    assert_eq!(assert_reproduced(&there.join("target")), built);

    let before = fingerprints(&there.join("target"));
    let said = cargo("there", &["build", "-v"]);
    assert_eq!(said.matches(" Fresh ").count(), 4, "{said}");
    for work in [" Dirty ", " Compiling ", " Running "] {
        assert!(!said.contains(work), "{said}");
    }
    for one in before {
        let json = fs::read(one.json_path()).expect("readable");
        assert_eq!(json, one.json, "{}", one.path.display());
    }

    // Other units with fingerprints come out as well.
    for command in [
        &["check"][..],
        &["doc"],
        &["test", "--no-run"],
        &["build", "--release"],
    ] {
        cargo("here", command);
    }
    assert!(assert_reproduced(&here.join("target")) > built * 2);
}

#[test]
fn what_is_carried_with_new_hashes_is_fresh() {
    carry(&Sandbox::new(), &[], &[]);
}

#[test]
fn so_it_is_in_the_new_layout() {
    let sandbox = Sandbox::new();
    if let Some([toolchain, flag]) = new_layout(&sandbox) {
        carry(&sandbox, &[toolchain], &[flag]);
    }
}
