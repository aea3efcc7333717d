//! A worktree's builds beside those that Cargo alone would have made, and one from nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Play, Wrong};
use crate::random::worlds::plan::{Ask, At};
use crate::random::worlds::seen::{Seen, build, difference};

/// A worktree's folders for what is built, and where they are kept as Cargo alone would have them.
pub(super) type Twin = (Vec<PathBuf>, Vec<PathBuf>);

impl Play<'_> {
    /// Puts folders elsewhere; where there is none, none is put.
    pub(super) fn put(&self, from: &[PathBuf], to: &[PathBuf]) {
        for (from, to) in from.iter().zip(to) {
            if from.exists() {
                fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
                fs::rename(from, to).expect("renamed");
            }
        }
    }

    /// A name for something beside everything.
    pub(super) fn aside(&mut self) -> PathBuf {
        self.aside += 1;
        let folder = self.sandbox.outside("aside");
        fs::create_dir_all(&folder).expect("a folder");
        folder.join(self.aside.to_string())
    }

    pub(super) fn asides(&mut self, folders: &[PathBuf]) -> Vec<PathBuf> {
        folders.iter().map(|_| self.aside()).collect()
    }

    pub(super) fn copy(&self, from: &Path, to: &Path, how: &str) {
        let [from, to] = [from, to].map(|path| path.display().to_string());
        let mut copy = self.sandbox.prepared("cp", "", &[how, &from, &to]);
        assert!(copy.status().expect("cp").success(), "a copy");
    }

    /// Keeps the target folder as it is before something of ours.
    pub(super) fn twin(&mut self, at: At) {
        let targets = self.targets(at);
        let tree = &self.trees[&at];
        if tree.ours || tree.twin.is_some() || !targets.iter().any(|target| target.exists()) {
            return;
        }
        let twin = self.asides(&targets);
        for (target, twin) in targets.iter().zip(&twin) {
            if target.exists() {
                self.copy(target, twin, "-a");
            }
        }
        self.trees.get_mut(&at).expect("a tree").twin = Some((targets, twin));
    }

    pub(super) fn twins(&mut self) {
        for at in self.trees.keys().copied().collect::<Vec<_>>() {
            self.twin(at);
        }
    }

    /// Builds, and compares that with a build from nothing at the same place, and with what Cargo alone would have.
    pub(super) fn compare(&mut self, at: At, ask: Ask) -> Result<(), Wrong> {
        self.twin(at);
        let workspace = self.workspace(at);
        let targets = self.targets(at);
        let made = self.sandbox.path(&workspace).join("made");
        let ours = build(&self.sandbox, &workspace, ask, None);
        self.count.compared += 1;
        self.count.fresh += ours.fresh;
        self.count.compiled += ours.compiled;
        let kept = self.asides(&targets);
        self.put(&targets, &kept);
        let tree = self.trees.get_mut(&at).expect("a tree");
        if let Some(moved) = tree.twin.take_if(|(places, _)| *places != targets) {
            tree.before = Some(moved);
        }
        let (twin, before) = (tree.twin.clone(), tree.before.clone());
        let mut alone: Vec<Seen> = Vec::new();
        for (places, twin) in twin.iter().chain(&before) {
            // They may have been left there.
            let rest = self.asides(places);
            self.put(places, &rest);
            self.put(twin, places);
            let elsewhere = (*places != targets).then_some(places.as_slice());
            alone.push(build(&self.sandbox, &workspace, ask, elsewhere));
            self.put(places, twin);
            self.put(&rest, places);
        }
        // It may be there since another build.
        drop(fs::remove_dir_all(&made));
        let cold = build(&self.sandbox, &workspace, ask, None);
        if twin.is_none() {
            let twin = self.asides(&targets);
            self.put(&targets, &twin);
            let tree = self.trees.get_mut(&at).expect("a tree");
            tree.twin = Some((targets.clone(), twin));
        }
        for target in &targets {
            drop(fs::remove_dir_all(target));
        }
        self.put(&kept, &targets);
        if !cold.ok {
            self.count.failing += 1;
        }
        let mut right: Vec<&Seen> = vec![&cold];
        right.extend(&alone);
        match difference(&ours, &right) {
            None => Ok(()),
            Some(text) => Err(Wrong {
                differs: true,
                text,
            }),
        }
    }
}
