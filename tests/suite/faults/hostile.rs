//! Trees that were made to have something precious deleted: links that lead out, special files, odd names, tags that
//! lie, repositories and manifests inside, files that git tracks or that cannot be changed, and mounts.
//!
//! `CARGO_SHAREDTARGET_HOSTILE_TREES` says how many, and `CARGO_SHAREDTARGET_HOSTILE_TREES_SEED` which one is the first: each
//! has a number that makes it again.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::faults::harness::{run, superuser, works};
use crate::sandbox::Sandbox;

/// Numbers from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("small") % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

const NAMES: [&str; 8] = [
    "mine",
    "with space",
    "-rf",
    "new\nline",
    "esc\u{1b}]0;x\u{7}",
    "\u{202e}txt",
    "a-0123456789abcdef",
    ".git-not",
];

const PLACES: [&str; 12] = [
    "",
    "debug",
    "debug/deps",
    "debug/deps/a-0123456789abcdef.o",
    "debug/build",
    "debug/build/a-0123456789abcdef",
    "debug/build/a-0123456789abcdef/out/deep",
    "debug/.fingerprint/a-0123456789abcdef",
    "debug/incremental/app-0ahsy9a9455j1",
    "debug/incremental/inner-1",
    "debug/examples",
    "doc/app",
];

/// Mounts in a tree, which end when this is dropped.
#[derive(Default)]
struct Mounts(Vec<PathBuf>);

impl Drop for Mounts {
    fn drop(&mut self) {
        for at in &self.0 {
            works("umount", &["-l", "--", &at.display().to_string()]);
        }
    }
}

/// Puts something into a target folder. Answers the files that must stay wherever they are.
fn put(sandbox: &Sandbox, target: &str, dice: &mut Dice, mounts: &mut Mounts) -> Vec<PathBuf> {
    let place = dice.one(&PLACES);
    let name = dice.one(&NAMES);
    let at = sandbox.path(target).join(place).join(name);
    let Some(above) = at.parent() else {
        return Vec::new();
    };
    // An earlier one may have put a file or a link where this one wants a folder.
    if fs::create_dir_all(above).is_err() || fs::symlink_metadata(&at).is_ok() {
        return Vec::new();
    }
    let leads_out = !above.starts_with(sandbox.path(target))
        || fs::canonicalize(above).is_ok_and(|real| !real.starts_with(sandbox.path(target)));
    if leads_out {
        return Vec::new();
    }
    match dice.roll(10) {
        0 => symlink(sandbox.path("outside"), &at).expect("a link"),
        1 => symlink(sandbox.path("outside/precious"), &at).expect("a link"),
        2 => assert!(works("mkfifo", &["--", &at.display().to_string()])),
        3 => drop(std::os::unix::net::UnixListener::bind(&at)),
        4 => {
            fs::create_dir_all(at.join(".git")).expect("a folder");
            fs::write(at.join(".git/HEAD"), "precious").expect("a file");
            fs::write(at.join("file"), "precious").expect("a file");
            return vec![at.join(".git/HEAD"), at.join("file")];
        }
        5 if !place.contains("out") && place != "doc/app" => {
            fs::create_dir_all(at.join("src")).expect("a folder");
            fs::write(at.join("Cargo.toml"), "precious").expect("a file");
            fs::write(at.join("src/lib.rs"), "precious").expect("a file");
            return vec![at.join("Cargo.toml"), at.join("src/lib.rs")];
        }
        6 => {
            fs::create_dir(&at).expect("a folder");
            symlink(
                sandbox.path("outside/CACHEDIR.TAG"),
                at.join("CACHEDIR.TAG"),
            )
            .expect("a link");
        }
        7 => {
            fs::create_dir(&at).expect("a folder");
            fs::write(at.join("file"), "precious").expect("a file");
            let file = at.join("file").display().to_string();
            let top = target.split('/').next().unwrap_or_default();
            let add = ["--literal-pathspecs", "add", "-f", "--", &file];
            sandbox.git(top, &add);
            return vec![at.join("file")];
        }
        8 if superuser() => {
            fs::create_dir(&at).expect("a folder");
            let from = sandbox.path("outside").display().to_string();
            // Not in every container.
            if works("mount", &["--bind", "--", &from, &at.display().to_string()]) {
                mounts.0.push(at.clone());
                return vec![at.join("precious")];
            }
        }
        _ => {
            fs::create_dir(&at).expect("a folder");
            fs::write(at.join("file"), "nothing").expect("a file");
            let path = at.display().to_string();
            match dice.roll(3) {
                0 => assert!(works("chmod", &["0555", "--", &path])),
                // Not every filesystem can.
                1 => drop(works("chattr", &["+i", "--", &path])),
                _ => {}
            }
        }
    }
    Vec::new()
}

/// A world of two worktrees whose target folders were tampered with.
fn tree(seed: u64) -> (Sandbox, Vec<PathBuf>, Mounts) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut mounts = Mounts::default();
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.write("outside/precious", "precious");
    sandbox.write(
        "outside/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\nprecious",
    );
    let mut precious = vec![
        sandbox.path("outside/precious"),
        sandbox.path("outside/CACHEDIR.TAG"),
    ];
    for target in ["pika/target", "beside/target"] {
        sandbox.write(
            &format!("{target}/CACHEDIR.TAG"),
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        );
        for file in [
            ".cargo-lock",
            "deps/app-0123456789abcdef.d",
            ".fingerprint/app-0123456789abcdef/bin-app",
        ] {
            sandbox.write(&format!("{target}/debug/{file}"), "");
        }
        for _ in 0..1 + dice.roll(3) {
            precious.extend(put(&sandbox, target, &mut dice, &mut mounts));
        }
        if dice.roll(4) == 0 {
            // A false tag, in a folder of the user's.
            let tag = "Signature: 8a477f597d28d172789f06886806bc55\n";
            let of = target.replace("target", "thesis/target");
            sandbox.write(&format!("{of}/CACHEDIR.TAG"), tag);
            sandbox.write(&format!("{of}/chapter"), "precious");
            precious.push(sandbox.path(&format!("{of}/chapter")));
        }
    }
    (sandbox, precious, mounts)
}

/// Everything there is, without what is in git's own folders.
fn all(sandbox: &Sandbox) -> BTreeSet<PathBuf> {
    walkdir::WalkDir::new(sandbox.path(""))
        .into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| {
            ["pika", "beside"]
                .iter()
                .all(|top| !path.starts_with(sandbox.path(top).join(".git")))
        })
        .collect()
}

/// The paths that the plan deletes, as absolute ones.
fn planned(document: &serde_json::Value) -> Vec<PathBuf> {
    let actions = document["plan"]["actions"].as_array();
    let mut paths = Vec::new();
    for action in actions.into_iter().flatten() {
        let folder = Path::new(action["path"].as_str().unwrap_or_default());
        match action["action"].as_str() {
            Some("delete_folder" | "finish_trash") => paths.push(folder.to_owned()),
            Some("collect") => {
                for other in action["others"].as_array().into_iter().flatten() {
                    paths.push(folder.join(other["path"].as_str().expect("a path")));
                }
                for unit in action["units"].as_array().into_iter().flatten() {
                    // By its hash, which stands in every path of a unit.
                    let hash = unit["id"]["hash"].as_str().expect("a hash");
                    let of_unit = walkdir::WalkDir::new(folder)
                        .into_iter()
                        .filter_map(Result::ok)
                        .filter(|entry| entry.file_name().to_string_lossy().contains(hash));
                    paths.extend(of_unit.map(walkdir::DirEntry::into_path));
                }
            }
            _ => {}
        }
    }
    paths
}

fn check(seed: u64) -> usize {
    // The mounts go first, and the sandbox after them.
    let (sandbox, precious, mounts) = tree(seed);
    let again = format!(
        "CARGO_SHAREDTARGET_HOSTILE_TREES=1 CARGO_SHAREDTARGET_HOSTILE_TREES_SEED={seed} makes it again"
    );
    let mut deleted = 0;
    for args in [
        &["gc", "--incremental=0d"][..],
        &["gc", "--profile", "debug"],
        &["clean", "--all"],
        &["setup"],
    ] {
        let seen =
            run(sandbox.program("pika", &[args, &["--dry-run", "--format", "json"]].concat()));
        let start = seen.said.find('{').unwrap_or(seen.said.len());
        let document: serde_json::Value = serde_json::Deserializer::from_str(&seen.said[start..])
            .into_iter()
            .next()
            .and_then(Result::ok)
            .unwrap_or_default();
        let going = planned(&document);
        let before = all(&sandbox);
        run(sandbox.program("pika", &[args, &["--yes"]].concat()));
        let after = all(&sandbox);
        for path in before.difference(&after) {
            assert!(
                going.iter().any(|planned| path.starts_with(planned)),
                "tree {seed} ({again}): {args:?} deleted `{}`, which the plan did not show: {going:?}",
                path.display()
            );
            deleted += 1;
        }
        for path in &precious {
            let content = fs::read_to_string(path).unwrap_or_default();
            assert!(
                content.contains("precious"),
                "tree {seed} ({again}): {args:?} took `{}`",
                path.display()
            );
        }
    }
    drop(mounts);
    // So that the sandbox can go.
    let root = sandbox.path("").display().to_string();
    let _ = works("chattr", &["-R", "-f", "-i", &root]);
    deleted
}

#[test]
fn nothing_precious_goes_and_nothing_that_the_plan_did_not_show() {
    let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
    let trees = number("CARGO_SHAREDTARGET_HOSTILE_TREES").unwrap_or(4);
    let first = number("CARGO_SHAREDTARGET_HOSTILE_TREES_SEED").unwrap_or(1);
    let deleted: usize = (first..first + trees).map(check).sum();
    eprintln!("{trees} trees, {deleted} entries deleted");
    // One tree alone may have nothing to delete.
    assert!(deleted > 0 || trees == 1, "not one entry was deleted");
}
