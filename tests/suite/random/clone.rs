//! The clone that nothing of ours ever touches, and what the programs say in it.

use std::collections::BTreeMap;
use std::fs;

use crate::random::build::{self, Command, Seen};
use crate::random::edit;
use crate::random::generate::Plan;
use crate::sandbox::Sandbox;

const CLONE: &str = "../clone/tree";
/// After so many builds, everything in it is compiled anew.
const ANEW: usize = 16;

/// The contents of all files of a worktree.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

/// Reads a worktree, without what is built in it.
pub(crate) fn contents(sandbox: &Sandbox, folder: &str) -> Contents {
    let root = sandbox.path(folder);
    let paths = edit::paths(&root).into_iter();
    paths
        .map(|path| {
            let content = fs::read(root.join(&path)).expect("a file");
            (path, content)
        })
        .collect()
}

/// The clone.
#[derive(Default)]
pub(crate) struct Untouched {
    known: BTreeMap<(Contents, Command), Seen>,
    builds: usize,
}

impl Untouched {
    /// Makes it.
    pub(crate) fn make(sandbox: &Sandbox, repository: &str) -> Self {
        sandbox.git("", &["clone", "-q", repository, CLONE]);
        Self::default()
    }

    /// The result of a command there when the files are these.
    pub(crate) fn expect(
        &mut self,
        sandbox: &Sandbox,
        plan: &Plan,
        files: &Contents,
        command: &Command,
    ) -> Seen {
        let key = (files.clone(), command.clone());
        if let Some(seen) = self.known.get(&key) {
            return seen.clone();
        }
        self.builds += 1;
        if self.builds.is_multiple_of(ANEW) {
            drop(fs::remove_dir_all(sandbox.path(CLONE).join("target")));
        }
        synchronise(sandbox, plan, files);
        let seen = build::build(sandbox, CLONE, command).see(sandbox, CLONE);
        self.known.insert(key, seen.clone());
        seen
    }
}

/// Writes what differs, deletes what is too much, and leaves the rest alone.
fn synchronise(sandbox: &Sandbox, plan: &Plan, files: &Contents) {
    let there = contents(sandbox, CLONE);
    let root = sandbox.path(CLONE);
    for path in there.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(root.join(path)).expect("deleted");
    }
    for (path, content) in files {
        if there.get(path) != Some(content) {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
    }
    // Changes that Cargo cannot know of are made known to it: here it must be right.
    for (file, reader) in plan.untold() {
        if there.get(&file) != files.get(&file) && files.contains_key(&reader) {
            edit::touch(&root.join(reader));
        }
    }
}
