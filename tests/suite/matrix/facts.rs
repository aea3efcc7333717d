//! Facts about Cargo and rustc that the rest is built on, for every toolchain that is installed.
//!
//! A Cargo that changes one of these makes a test here fail, and then it is to be thought over what may be a hard link
//! ([`replaced`], [`written_through`]) and which units may be carried over ([`stale_and_fresh`], [`r1`]).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::amount::{Amount, amount};
use crate::matrix::commands::{OnDisk, run};
use crate::matrix::drift::Pair;
use crate::matrix::rebuild::{assert_same, linker_in_place, prints};
use crate::sandbox::{Run, Sandbox, chosen_toolchain};

/// The toolchains that are installed, of those that are looked at.
pub(crate) fn toolchains() -> &'static [&'static str] {
    static THERE: OnceLock<Vec<&str>> = OnceLock::new();
    THERE.get_or_init(|| {
        if let Some(name) = chosen_toolchain() {
            let name: &str = Box::leak(format!("+{name}").into_boxed_str());
            return vec![name];
        }
        let wanted = ["+stable", "+1.89.0", "+nightly"];
        let there = |name: &&str| {
            let output = Command::new("cargo").args([*name, "--version"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        wanted.into_iter().filter(there).collect()
    })
}

/// The layout of the toolchain that was chosen for all, if one was: from 1.100 on it is the new one.
pub(crate) fn chosen_layout() -> Option<OnDisk> {
    static LAYOUT: OnceLock<Option<OnDisk>> = OnceLock::new();
    *LAYOUT.get_or_init(|| {
        let name = format!("+{}", chosen_toolchain()?);
        let said = Command::new("cargo").args([&name, "--version"]).output();
        let said = Run::from(said.expect("cargo")).code(0).stdout;
        let minor = said.split('.').nth(1).and_then(|minor| minor.parse().ok());
        let minor: u32 = minor.unwrap_or_else(|| panic!("{said}"));
        Some(match minor {
            100.. => OnDisk::New,
            _ => OnDisk::Classic,
        })
    })
}

/// A Cargo with one of its layouts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cargo(&'static str, OnDisk);

/// Every toolchain, and the new layout of the nightly one. By default, each layout once.
pub(crate) fn cargos() -> impl Iterator<Item = Cargo> {
    let own = chosen_layout().unwrap_or(OnDisk::Classic);
    let most = match amount() {
        Amount::Usual => 1,
        Amount::More | Amount::Full => usize::MAX,
    };
    let all = toolchains().iter().take(most);
    let own = all.map(move |name| Cargo(name, own));
    let others = chosen_layout().is_none();
    let nightly = toolchains()
        .iter()
        .filter(move |name| others && **name == "+nightly");
    own.chain(nightly.map(|name| Cargo(name, OnDisk::New)))
}

impl Cargo {
    /// Runs it, with any exit code.
    pub(crate) fn run(self, sandbox: &Sandbox, folder: &str, args: &[&str]) -> Run {
        let mut all = vec![self.0];
        all.extend(args);
        if self.1 == OnDisk::New && chosen_toolchain().is_none() {
            all.push("-Zbuild-dir-new-layout");
        }
        run(sandbox, "cargo", folder, &all)
    }
}

/// A workspace with a target of every kind that is linked, which all say `says`.
fn write(sandbox: &Sandbox, says: &str) {
    let package = |folder: &str, name: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("{folder}Cargo.toml"), &text);
    };
    package(
        "work/",
        "app",
        "[dependencies]\nnear = { path = \"near\" }\nmac = { path = \"mac\" }\n\
         [workspace]\nmembers = [\"near\", \"mac\", \"dynlib\"]\n",
    );
    package("work/near/", "near", "");
    package("work/mac/", "mac", "[lib]\nproc-macro = true\n");
    package(
        "work/dynlib/",
        "dynlib",
        "[lib]\ncrate-type = [\"cdylib\"]\n",
    );
    let print = format!("println!(\"{says}\")");
    let main = format!("fn main() {{ near::line(); mac::expand!(); {print}; }}\n");
    sandbox.write("work/src/main.rs", &main);
    sandbox.write("work/examples/ex.rs", &main);
    sandbox.write("work/build.rs", &format!("fn main() {{ {print}; }}\n"));
    sandbox.write(
        "work/tests/it.rs",
        &format!("#[test] fn it() {{ {print}; }}\n"),
    );
    sandbox.write(
        "work/near/src/lib.rs",
        &format!("pub fn line() {{ {print}; }}\n"),
    );
    let expand =
        "#[proc_macro] pub fn expand(_: proc_macro::TokenStream) -> proc_macro::TokenStream";
    sandbox.write(
        "work/mac/src/lib.rs",
        &format!("{expand} {{ if std::env::args().count() == 0 {{ {print}; }} \"()\".parse().unwrap() }}\n"),
    );
    sandbox.write(
        "work/dynlib/src/lib.rs",
        &format!("#[no_mangle] pub extern \"C\" fn it() {{ {print}; }}\n"),
    );
}

/// Everything in the target folder that is named like this.
fn found(sandbox: &Sandbox, like: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(sandbox.path("work/target"));
    let files = entries.into_iter().map(|entry| entry.expect("readable"));
    let files = files.filter(|entry| entry.file_type().is_file());
    let wanted = files.filter(|entry| like(&entry.file_name().to_string_lossy()));
    // The compiler's own files are no units, and no hash names them.
    let wanted = wanted.filter(|entry| !entry.path().to_string_lossy().contains("/incremental/"));
    wanted.map(walkdir::DirEntry::into_path).collect()
}

/// A second link to a file, and the file's inode and content.
struct Second(PathBuf, u64, Vec<u8>);

impl Second {
    fn of(sandbox: &Sandbox, path: &Path, name: &str) -> Self {
        let second = sandbox.path(&format!("second-{name}"));
        drop(fs::remove_file(&second));
        fs::hard_link(path, &second).expect("a link");
        let inode = fs::metadata(&second).expect("there").ino();
        let content = fs::read(&second).expect("readable");
        Self(second, inode, content)
    }

    /// Returns whether no process has written into it.
    fn is_as_it_was(&self) -> bool {
        assert_eq!(fs::metadata(&self.0).expect("there").ino(), self.1);
        fs::read(&self.0).expect("readable") == self.2
    }
}

/// rustc replaces `.rlib` and `.rmeta`: a second link to the old one keeps the old content.
#[test]
fn replaced() {
    for cargo in cargos() {
        for args in [&["build"][..], &["build", "--release"], &["check"]] {
            let sandbox = Sandbox::new();
            write(&sandbox, "one");
            cargo.run(&sandbox, "work", args).code(0);
            let library = |name: &str| name.ends_with(".rlib") || name.ends_with(".rmeta");
            let paths = found(&sandbox, library);
            assert!(!paths.is_empty());
            let names = paths.iter().enumerate();
            let seconds: Vec<Second> = names
                .map(|(number, path)| Second::of(&sandbox, path, &number.to_string()))
                .collect();
            write(&sandbox, "other");
            cargo.run(&sandbox, "work", args).code(0);
            for (path, second) in paths.iter().zip(&seconds) {
                assert!(second.is_as_it_was(), "{cargo:?} {args:?} {path:?}");
                let now = fs::metadata(path).expect("there");
                assert_ne!(now.ino(), second.1, "{cargo:?} {args:?} {path:?}");
            }
        }
    }
}

/// The files that a linker writes into if it writes into existing files: their further links change with them.
///
/// Cargo removes the old file first only where it links it to another name itself (rust-lang/cargo#8348).
fn written_into(cargo: Cargo) -> Vec<String> {
    let sandbox = Sandbox::new();
    let linker = linker_in_place(&sandbox);
    let config = format!("[target.'cfg(unix)']\nlinker = \"{linker}\"\n");
    sandbox.write(".cargo/config.toml", &config);
    write(&sandbox, "one");
    let mut seconds: BTreeMap<String, Second> = BTreeMap::new();
    let commands = [
        &[
            "build",
            "-p",
            "app",
            "--all-targets",
            "--message-format=json",
        ][..],
        &["build", "-p", "dynlib", "--message-format=json"],
    ];
    for args in commands {
        let messages = cargo.run(&sandbox, "work", args).code(0).stdout;
        for message in messages.lines() {
            let message: Value = serde_json::from_str(message).expect("JSON");
            let linked = |path: &&str| !path.ends_with(".rlib") && !path.ends_with(".rmeta");
            let paths = message["filenames"].as_array().into_iter().flatten();
            let Some(path) = paths.filter_map(Value::as_str).find(linked) else {
                continue;
            };
            let kind = message["target"]["kind"][0].as_str().expect("a kind");
            if message["profile"]["test"] == true && kind == "bin" {
                // Its `main` is not in it, and so nothing changes.
                continue;
            }
            let kind = kind.to_owned();
            let second = Second::of(&sandbox, Path::new(path), &kind);
            assert!(seconds.insert(kind, second).is_none());
        }
    }
    let kinds: Vec<&str> = seconds.keys().map(String::as_str).collect();
    assert_eq!(kinds, KINDS);
    write(&sandbox, "other");
    for args in commands {
        cargo.run(&sandbox, "work", args).code(0);
    }
    let changed = seconds.into_iter();
    let changed = changed.filter(|(_, second)| !second.is_as_it_was());
    changed.map(|(kind, _)| kind).collect()
}

const KINDS: [&str; 6] = [
    "bin",
    "cdylib",
    "custom-build",
    "example",
    "proc-macro",
    "test",
];

/// A proc-macro that others depend on, and in the new layout a build script, would be written into: they are no files
/// to have a hard link in another worktree.
#[test]
fn written_through() {
    for cargo in cargos() {
        let classic = ["proc-macro", "test"];
        let new = ["custom-build", "proc-macro", "test"];
        let expected: &[&str] = match cargo.1 {
            OnDisk::Classic => &classic,
            OnDisk::New => &new,
        };
        assert_eq!(written_into(cargo), expected, "{cargo:?}");
    }
}

/// A unit is stale when a dependency is newer than its own newest output, and fresh when both are as old.
#[test]
fn stale_and_fresh() {
    for cargo in cargos() {
        let sandbox = Sandbox::new();
        write(&sandbox, "one");
        cargo.run(&sandbox, "work", &["build"]).code(0);
        let outputs = |package: &str| {
            let mine = |name: &str| {
                let name = name.strip_prefix("lib").unwrap_or(name);
                // In the new layout a program has no hash in its name.
                (name == package || name.starts_with(&format!("{package}-")))
                    && !name.ends_with(".d")
            };
            let outputs = found(&sandbox, mine);
            assert!(!outputs.is_empty());
            outputs
        };
        let set = |paths: &[PathBuf], time: SystemTime| {
            for path in paths {
                let file = fs::File::options().append(true).open(path).expect("a file");
                file.set_modified(time).expect("a time");
            }
        };
        let at = SystemTime::now() + Duration::from_secs(5);
        set(&outputs("app"), at);
        set(&outputs("near"), at);
        let equal = cargo.run(&sandbox, "work", &["build", "-v"]).code(0);
        assert!(
            equal.stderr.contains("Fresh app"),
            "{cargo:?} {}",
            equal.stderr
        );
        set(&outputs("near"), at + Duration::from_millis(1));
        let newer = cargo.run(&sandbox, "work", &["build", "-v"]).code(0);
        let expected = "Dirty app v0.1.0";
        assert!(
            newer.stderr.contains(expected),
            "{cargo:?} {}",
            newer.stderr
        );
    }
}

/// A registry crate that was compiled against another worktree's crate is compiled again; or, where the worktree's own
/// crate is the older one, taken for fresh, and then it does not fit.
#[test]
fn r1() {
    for cargo in cargos() {
        for second_first in [false, true] {
            let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                [dependencies]\npatched = \"1\"\nreg-on-patched = \"1\"\n\
                [patch.crates-io]\npatched = { path = \"patched\" }\n";
            let files = [
                ("Cargo.toml", manifest),
                (
                    "src/main.rs",
                    "fn main() { println!(\"{} {}\", patched::line(), reg_on_patched::line()) }\n",
                ),
                (
                    "patched/Cargo.toml",
                    "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
                ),
                (
                    "patched/src/lib.rs",
                    "pub fn line() -> String { \"MARK\".to_owned() }\n",
                ),
            ];
            let pair = Pair::new(&files, |_, _| ());
            let sandbox = &pair.sandbox;
            if second_first {
                cargo
                    .run(sandbox, "b/tree", &["build", "-p", "patched"])
                    .code(0);
            }
            cargo.run(sandbox, "a/tree", &["build"]).code(0);
            let from = sandbox.path("a/tree/target");
            for entry in walkdir::WalkDir::new(&from) {
                let entry = entry.expect("readable");
                let path = entry.path().strip_prefix(&from).expect("below");
                let text = path
                    .to_string_lossy()
                    .replace("reg_", "reg-")
                    .replace("on_", "on-");
                let to = sandbox.path("b/tree/target").join(path);
                if !text.contains("reg-on-patched") && !text.contains("reg-leaf") {
                    continue;
                }
                if entry.file_type().is_dir() {
                    fs::create_dir_all(to).expect("a folder");
                } else {
                    fs::create_dir_all(to.parent().expect("a folder")).expect("folders");
                    let cp = Command::new("cp")
                        .arg("-p")
                        .arg(entry.path())
                        .arg(to)
                        .status();
                    assert!(cp.expect("cp").success());
                }
            }
            let built = cargo.run(sandbox, "b/tree", &["run", "-v"]);
            if second_first {
                assert_ne!(built.code, Some(0), "{cargo:?} {}", built.stderr);
                assert!(built.stderr.contains("error[E0460]"), "{}", built.stderr);
            } else {
                assert_eq!(built.stdout, "bbb leaf on bbb\n");
                assert!(
                    built.stderr.contains("Dirty reg-on-patched"),
                    "{}",
                    built.stderr
                );
            }
            assert!(built.stderr.contains("Fresh reg-leaf"), "{}", built.stderr);
        }
    }
}

/// A build that finds everything fresh writes nothing but the list of sources beside each final program, which says
/// what it said, in the same file: no sign of a unit's last use, and one of a program's.
#[test]
fn a_fresh_build_writes_next_to_nothing() {
    for cargo in cargos() {
        let sandbox = Sandbox::new();
        write(&sandbox, "one");
        let folder = sandbox.path("work/target");
        let mut listed = 0;
        for args in [
            &["build", "--all-targets"][..],
            &["check"],
            &["build", "--release"],
        ] {
            cargo.run(&sandbox, "work", args).code(0);
            let mut before = prints(&folder);
            let again = cargo.run(&sandbox, "work", args).code(0).stderr;
            assert!(again.contains("Finished") && !again.contains("Compiling"));
            for (path, now) in prints(&folder) {
                let program = path.extension().is_some_and(|end| end == "d")
                    && fs::symlink_metadata(path.with_extension("")).is_ok();
                let then = before.get_mut(&path).expect("no new file");
                if program && *then != now {
                    assert_eq!((then.0, &then.3), (now.0, &now.3), "{cargo:?} {path:?}");
                    listed += 1;
                    *then = now;
                }
            }
            assert_same(&before, &folder);
        }
        eprintln!("{cargo:?}: {listed} lists of sources were written again");
    }
}
