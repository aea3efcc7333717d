//! Warm worktrees share what they have compiled alike.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::{OUTPUT, app, build, compile, forget_keeps, start};
use crate::facts::items;
use crate::profile;
use crate::sandbox::Sandbox;

/// The libraries and their metadata in a worktree's own target folder, with their inode and number of links.
fn libraries(sandbox: &Sandbox, folder: &str) -> Vec<(PathBuf, u64, u64)> {
    let mut files = profile::artifacts(&sandbox.path(&format!("{folder}/target/debug")));
    files.retain(|path| {
        path.extension()
            .is_some_and(|end| end == "rlib" || end == "rmeta")
    });
    let files = files.into_iter().map(|path| {
        let metadata = fs::metadata(&path).expect("a file");
        let name = path.file_name().expect("a name").into();
        (name, metadata.ino(), metadata.nlink())
    });
    let mut all: Vec<_> = files.collect();
    all.sort();
    all
}

fn is_shared(sandbox: &Sandbox, library: &str) -> bool {
    let find = |folder| {
        let all = libraries(sandbox, folder).into_iter();
        let mut all = all.filter(|(name, ..)| name.to_string_lossy().starts_with(library));
        all.next().map(|(_, inode, _)| inode)
    };
    find("pika").is_some() && find("pika") == find("beside")
}

/// Two worktrees that were built on their own share the crates that came out the same, nothing is compiled because
/// of it, and each one's own code goes on working.
#[test]
fn what_is_the_same_is_shared_and_nothing_is_compiled() {
    let sandbox = start();
    forget_keeps(&sandbox, "pika");
    compile(&sandbox, "pika");
    compile(&sandbox, "beside");
    let args = ["--layout", "in-place", "--relink"];
    let before = libraries(&sandbox, "beside");
    sandbox
        .run("pika", &[&args[..], &["-n"]].concat())
        .code(0)
        .says("Share identical files");
    assert_eq!(libraries(&sandbox, "beside"), before);
    let answer = sandbox.json("pika", &[&args[..], &["--yes"]].concat());
    let mut done = items(&answer["outcome"]["done"]);
    let relinked = done.find(|done| done["what"] == "relink");
    let freed = &relinked.expect("it was done")["freed"]["on_disk"];
    assert!(freed.as_u64().is_some_and(|bytes| bytes > 0), "{answer}");
    assert!(is_shared(&sandbox, "libleaf-"));
    assert!(!is_shared(&sandbox, "libpatched-"), "that is local");
    for folder in ["pika", "beside"] {
        assert_eq!(compile(&sandbox, folder), [""; 0], "{folder}");
    }
    app(&sandbox, "beside", "changed");
    let (compiled, output) = build(&sandbox, "beside");
    assert!(!compiled.contains(&"leaf".to_owned()), "{compiled:?}");
    assert_eq!(output, OUTPUT.replace("hello", "changed"));
    assert_eq!(build(&sandbox, "pika").1, OUTPUT);
    sandbox
        .run("pika", &[&args[..], &["--yes"]].concat())
        .code(0)
        .says("nothing to do");
}

/// A library that is not the same stays, though it has the same name.
#[test]
fn what_differs_stays() {
    let sandbox = start();
    compile(&sandbox, "beside");
    let path = profile::artifact(&sandbox.path("beside/target/debug"), "libleaf-", ".rlib");
    let mut bytes = fs::read(&path).expect("readable");
    let modified = fs::metadata(&path)
        .expect("there")
        .modified()
        .expect("a time");
    *bytes.last_mut().expect("content") ^= 1;
    fs::write(&path, bytes).expect("written");
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(modified).expect("a time");
    let args = ["--layout", "in-place", "--relink", "--yes"];
    sandbox.run("pika", &args).code(0);
    assert!(!is_shared(&sandbox, "libleaf-"));
}
