//! Git's output for programs: generated output is read as it was meant.
//!
//! An input is such an output; and what made-up ones say.

#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use arbitrary::{Arbitrary, Unstructured};
use cargo_sharedtarget::git::model::Head;
use cargo_sharedtarget::git::porcelain::{
    Ignored, ListedWorktree, ignored, path_line, paths, worktrees,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = worktrees(input);
    let _ = ignored(input);
    let all = paths(input);
    assert!(all.iter().all(|path| !path.as_os_str().is_empty()));
    let line = [path_line(input).as_os_str().as_bytes(), b"\n"].concat();
    assert!(line == input || line == [input, b"\n"].concat());
    if let Ok(made) = Made::arbitrary(&mut Unstructured::new(input)) {
        listed(&made.worktrees);
        told(&made.ignored);
    }
});

/// A worktree: its folder, what is there, and the reasons of its lock and to prune it.
type Listed = (Vec<u8>, Kind, Option<String>, Option<String>);

/// A path that git ignores: the file with the pattern, the line, the pattern and the path.
type Told = (Vec<u8>, u32, Vec<u8>, Vec<u8>);

/// The answers of git.
#[derive(Arbitrary, Debug)]
struct Made {
    worktrees: Vec<Listed>,
    ignored: Vec<Told>,
}

/// The checkout, and its commit.
#[derive(Arbitrary, Debug)]
enum Kind {
    Bare,
    Detached(u128),
    Branch(u128, String),
}

/// Source: `show_worktree_porcelain` in `builtin/worktree.c` of git.
fn listed(made: &[Listed]) {
    let (mut output, mut expected) = (Vec::new(), Vec::new());
    for (path, kind, locked, prunable) in made {
        let mut say = |parts: &[&[u8]]| {
            output.extend(parts.concat().into_iter().filter(|byte| *byte != 0));
            output.push(0);
        };
        say(&[b"worktree ", path]);
        let mut commit = |number: &u128| {
            let commit = format!("{number:040x}");
            say(&[b"HEAD ", commit.as_bytes()]);
            commit
        };
        let (head, commit) = match kind {
            Kind::Bare => {
                say(&[b"bare"]);
                (Head::Unknown, None)
            }
            Kind::Detached(number) => {
                let commit = commit(number);
                say(&[b"detached"]);
                (Head::Detached(commit.clone()), Some(commit))
            }
            Kind::Branch(number, name) => {
                let commit = commit(number);
                say(&[b"branch refs/heads/", name.as_bytes()]);
                (Head::Branch(name.replace('\0', "")), Some(commit))
            }
        };
        match locked.as_deref() {
            Some("" | "\0") => say(&[b"locked"]),
            Some(why) => say(&[b"locked ", why.as_bytes()]),
            None => {}
        }
        if let Some(why) = prunable {
            say(&[b"prunable ", why.as_bytes()]);
        }
        say(&[]);
        let without = |why: &Option<String>| why.as_ref().map(|why| why.replace('\0', ""));
        expected.push(ListedWorktree {
            path: without_nul(path),
            bare: matches!(kind, Kind::Bare),
            head,
            commit,
            locked: without(locked),
            prunable: without(prunable),
        });
    }
    assert_eq!(worktrees(&output), expected);
}

/// Source: git-check-ignore(1), "OUTPUT".
fn told(made: &[Told]) {
    let (mut output, mut expected, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for (by, line, pattern, path) in made {
        let line = line.to_string();
        for field in [by, line.as_bytes(), pattern, path] {
            output.extend(field.iter().filter(|byte| **byte != 0));
            output.push(0);
        }
        all.extend(path.iter().filter(|byte| **byte != 0));
        all.push(0);
        if pattern.iter().find(|byte| **byte != 0) != Some(&b'!') {
            expected.push(Ignored {
                path: without_nul(path),
                by: without_nul(by),
            });
        }
    }
    assert_eq!(ignored(&output), expected);
    let expected = made.iter().map(|(_, _, _, path)| without_nul(path));
    let expected: Vec<PathBuf> = expected.filter(|path| *path != PathBuf::new()).collect();
    assert_eq!(paths(&all), expected);
}

fn without_nul(path: &[u8]) -> PathBuf {
    let path = path.iter().copied().filter(|byte| *byte != 0);
    PathBuf::from(OsString::from_vec(path.collect()))
}
