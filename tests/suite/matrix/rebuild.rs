//! The donor's files do not change, whatever a warmed worktree builds again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::matrix::available;
use crate::matrix::commands::OnDisk;
use crate::matrix::drift::Pair;
use crate::sandbox::{Sandbox, chosen_toolchain};

/// The identity of a file: its inode, its mtime, and its content.
pub(crate) type Print = (u64, i64, i64, Vec<u8>);

/// Every file of a folder but locks.
pub(crate) fn prints(folder: &Path) -> BTreeMap<PathBuf, Print> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let files = entries.map(|entry| entry.expect("readable"));
    let files = files.filter(|entry| {
        entry.file_type().is_file() && !entry.file_name().to_string_lossy().ends_with("-lock")
    });
    files
        .map(|entry| {
            let data = entry.metadata().expect("there");
            let text = fs::read(entry.path()).expect("readable");
            let print = (data.ino(), data.mtime(), data.mtime_nsec(), text);
            (entry.into_path(), print)
        })
        .collect()
}

/// Fails unless nothing came, went or changed.
#[track_caller]
pub(crate) fn assert_same(before: &BTreeMap<PathBuf, Print>, folder: &Path) {
    let after = prints(folder);
    let differ = changed(before, &after);
    assert!(differ.is_empty(), "changed: {differ:?}");
}

/// The files that came, went or changed.
pub(crate) fn changed<'a>(
    before: &'a BTreeMap<PathBuf, Print>,
    after: &'a BTreeMap<PathBuf, Print>,
) -> Vec<&'a Path> {
    let names = before.keys().chain(after.keys());
    let differ = names.filter(|path| before.get(*path) != after.get(*path));
    differ.map(PathBuf::as_path).collect()
}

/// A linker that writes into the file that is there, as some do; gives its path.
pub(crate) fn linker_in_place(sandbox: &Sandbox) -> String {
    let script = "#!/bin/sh\n\
         previous= out=\n\
         for word in \"$@\"; do [ \"$previous\" = -o ] && out=$word; previous=$word; done\n\
         if [ -e \"$out\" ]; then\n\
         cc \"$@\" -o \"$out.tmp-link\" && cat \"$out.tmp-link\" > \"$out\" && rm \"$out.tmp-link\"\n\
         else exec cc \"$@\"; fi\n";
    sandbox.write("linker", script);
    let path = sandbox.path("linker");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    path.display().to_string()
}

/// Has Cargo take none of the units of a folder for fresh.
pub(crate) fn spoil(build: &Path) -> usize {
    let mut spoiled = 0;
    for entry in walkdir::WalkDir::new(build) {
        let path = entry.expect("readable").into_path();
        let parent = path
            .parent()
            .and_then(Path::parent)
            .and_then(Path::file_name);
        let above = path.parent().and_then(Path::file_name);
        if parent.is_none_or(|name| name != ".fingerprint")
            && above.is_none_or(|name| name != "fingerprint")
        {
            continue;
        }
        if fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() == 16) {
            fs::write(&path, "0123456789abcdef").expect("a fingerprint");
            spoiled += 1;
        }
    }
    spoiled
}

fn the_donor_stays(on_disk: OnDisk) {
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n\
        reg-mid = \"1\"\nreg-sys-top = \"1\"\nreg-gen = \"1\"\nreg-mac = \"1\"\n\
        from-git = { git = \"file://GIT\" }\n";
    let main = "fn main() { println!(\"MARK {} {} {} {}\", reg_mid::line(), reg_sys_top::line(), \
        reg_gen::line(), reg_mac::expand!()); }\n";
    let pair = Pair::new(
        &[("Cargo.toml", manifest), ("src/main.rs", main)],
        |_, _| (),
    );
    let sandbox = &pair.sandbox;
    let linker = linker_in_place(sandbox);
    let config = format!("[target.'cfg(unix)']\nlinker = \"{linker}\"\n");
    sandbox.write(".cargo/config.toml", &config);
    let args: &[&str] = match on_disk {
        _ if chosen_toolchain().is_some() => &["run", "-v"],
        OnDisk::Classic => &["run", "-v"],
        OnDisk::New => &["+nightly", "run", "-v", "-Zbuild-dir-new-layout"],
    };
    let donor = sandbox.cargo("a/tree", args).stdout;
    let folder = sandbox.path("a/tree/target");
    let before = prints(&folder);
    sandbox.run("b/tree", &["warm", "--yes"]).code(0);
    assert_same(&before, &folder);
    let mut linked = 0;
    for path in before.keys() {
        let extension = path.extension().and_then(|end| end.to_str());
        let library = matches!(extension, Some("rlib" | "rmeta"));
        if library && !path.to_string_lossy().contains("incremental") {
            linked += 1;
            let names = fs::metadata(path).expect("there").nlink();
            // Under one hash may be another commit of a package from git.
            let from_git = path.to_string_lossy().contains("from_git");
            let expected = if from_git { 1 } else { 2 };
            assert_eq!(names, expected, "{}", path.display());
        }
    }
    assert!(linked >= 12, "{linked}");
    let second = sandbox.cargo("b/tree", args);
    assert!(second.stderr.contains("Fresh reg-mid"), "{}", second.stderr);
    assert_same(&before, &folder);
    assert!(spoil(&sandbox.path("b/tree/target")) > 8);
    let again = sandbox.cargo("b/tree", args);
    for name in [
        "reg-leaf", "reg-mid", "reg-sys", "reg-gen", "reg-mac", "from-git",
    ] {
        assert!(
            again.stderr.contains(&format!("Dirty {name}")),
            "{}",
            again.stderr
        );
    }
    assert_eq!(second.stdout, again.stdout);
    assert_eq!(donor.replace("aaa", "bbb"), again.stdout);
    assert_same(&before, &folder);
    sandbox.cargo("b/tree", &["clean"]);
    assert_same(&before, &folder);
}

/// Everything that a warmed worktree has is compiled again over what it has, by a linker that does the worst.
#[test]
fn the_donor_stays_as_it_was() {
    if available(OnDisk::Classic) {
        the_donor_stays(OnDisk::Classic);
    }
}

#[test]
fn the_donor_stays_as_it_was_in_the_new_layout() {
    if available(OnDisk::New) {
        the_donor_stays(OnDisk::New);
    }
}
