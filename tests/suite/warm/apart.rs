//! Local code is no worktree's but its own, whatever other programs do to one of them.

use std::fs;
use std::path::Path;

use super::local::{low, start};
use super::{OUTPUT, build, compile};
use crate::profile;
use crate::sandbox::Sandbox;

/// The libraries and their metadata in a worktree, by name, each with its inode.
#[cfg(unix)]
fn libraries(sandbox: &Sandbox, folder: &str) -> std::collections::BTreeMap<String, u64> {
    use std::os::unix::fs::MetadataExt as _;
    let files = profile::artifacts(&sandbox.path(&format!("{folder}/target/debug")));
    let all = files.into_iter().map(|path| {
        let inode = fs::metadata(&path).expect("a file").ino();
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), inode)
    });
    all.filter(|(name, _)| [".rlib", ".rmeta"].iter().any(|end| name.ends_with(end)))
        .collect()
}

/// A local unit, or one that was compiled with a local unit, is a file of each worktree's own, by warming as by
/// `dedupe`; a unit from a registry may be one file.
#[cfg(unix)]
#[test]
fn no_local_library_is_one_file_in_two_worktrees() {
    let assert_apart = |sandbox: &Sandbox| {
        let (here, there) = (libraries(sandbox, "beside"), libraries(sandbox, "pika"));
        for crate_name in ["patched", "over", "low", "high"] {
            let prefix = format!("lib{crate_name}-");
            for (name, inode) in here.iter().filter(|(name, _)| name.starts_with(&prefix)) {
                assert_ne!(there.get(name), Some(inode), "{name}");
            }
        }
        (here, there)
    };
    let sandbox = start();
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    assert_eq!(assert_apart(&sandbox).0.len(), 4, "low and high");

    // `over` is of a registry, and was compiled with a local package.
    let sandbox = super::start();
    compile(&sandbox, "pika");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let (here, there) = assert_apart(&sandbox);
    if answer["outcome"]["done"][0]["warmed"]["method"] == "links" {
        let leaf = |(name, _): &(&String, &u64)| name.starts_with("libleaf-");
        assert_eq!(here.iter().find(leaf), there.iter().find(leaf));
    }
    assert_eq!(build(&sandbox, "beside").1, OUTPUT);
    sandbox.run("", &["dedupe", "--yes"]).code(0);
    assert_apart(&sandbox);
}

/// A user's script copies the target folder of another worktree over the one that was warmed, as `cp -r` does: into
/// the files that are there.
#[test]
fn what_is_copied_over_a_warm_folder_reaches_no_other_worktree() {
    fn copy_over(from: &Path, into: &Path) {
        for entry in walkdir::WalkDir::new(from) {
            let entry = entry.expect("readable");
            let to = into.join(entry.path().strip_prefix(from).expect("inside"));
            match entry.file_type().is_dir() {
                true => fs::create_dir_all(to).expect("a folder"),
                false => {
                    let bytes = fs::read(entry.path()).expect("readable");
                    fs::write(to, bytes).expect("written");
                }
            }
        }
    }
    let sandbox = start();
    sandbox.worktree("pika", "third");
    low(&sandbox, "third", "3");
    assert_eq!(build(&sandbox, "third").1, "high 3\n");
    let donor = sandbox.path("pika").display().to_string();
    sandbox
        .run("beside", &["warm", "--yes", "--from", &donor])
        .code(0);
    copy_over(
        &sandbox.path("third/target"),
        &sandbox.path("beside/target"),
    );
    sandbox.write(
        "pika/app/src/main.rs",
        "fn main() { println!(\"{}!\", high::it()) }\n",
    );
    assert_eq!(build(&sandbox, "pika").1, "high 1!\n");
}

/// The times of a donor's files are set, and nothing that was taken from it looks newer for that.
#[test]
fn what_is_touched_in_a_donor_hides_nothing_in_another_worktree() {
    let sandbox = start();
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    assert_eq!(build(&sandbox, "beside").1, "high 1\n");
    low(&sandbox, "beside", "2");
    sandbox.cargo("beside", &["build", "-q", "--offline", "-p", "low"]);
    super::times::touch(&sandbox.path("pika/target"));
    assert_eq!(build(&sandbox, "beside").1, "high 2\n");
}

/// Under one hash may be another commit of a package from git, so that it is no worktree's but its own: a program that
/// copies a folder over another one would put the one commit in the place of the other.
#[cfg(unix)]
#[test]
fn no_package_from_git_is_one_file_in_two_worktrees() {
    use std::os::unix::fs::MetadataExt as _;
    let sandbox = super::start();
    sandbox.package("dep", "gdep", "dep");
    sandbox.write("dep/src/lib.rs", "pub fn it() {}\n");
    sandbox.write(
        "dep/build.rs",
        "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n",
    );
    sandbox.commit_all("dep");
    let manifest = sandbox.read("pika/Cargo.toml");
    let git = format!(
        "[dependencies]\ngdep = {{ git = \"file://{}\" }}",
        sandbox.path("dep").display()
    );
    sandbox.write("pika/Cargo.toml", &manifest.replace("[dependencies]", &git));
    let build = ["build", "-q", "--config", "net.offline=false"];
    sandbox.command("cargo", "pika", &build).code(0);
    sandbox.commit_all("pika");
    sandbox.git("beside", &["reset", "-q", "--hard", "main"]);
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    sandbox.run("", &["dedupe", "--yes"]).code(0);
    let mut files = 0;
    for entry in walkdir::WalkDir::new(sandbox.path("beside/target/debug")) {
        let entry = entry.expect("readable");
        let path = entry.path().display().to_string();
        // Its name is that of a folder, or a part of the name of a folder or file.
        if !entry.file_type().is_file() || !path.contains("gdep") {
            continue;
        }
        let own = entry.metadata().expect("a file").ino();
        let donor = sandbox.path("pika/target").join(
            entry
                .path()
                .strip_prefix(sandbox.path("beside/target"))
                .expect("inside"),
        );
        let theirs = fs::metadata(donor).ok().map(|file| file.ino());
        assert_ne!(theirs, Some(own), "{path}");
        files += 1;
    }
    assert!(files >= 6, "{files}");
}
