//! In what circumstances a workspace is built, as far as third-party crates can tell.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config_chain;
use crate::fs;
use crate::model::Surroundings;
use crate::survey::configs;

/// The circumstances of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What its configuration says under `[env]`.
    pub env: BTreeMap<String, String>,
    /// Its `rust-toolchain.toml` or `rust-toolchain`, of which rustup takes the nearest one above.
    pub toolchain: Option<Vec<u8>>,
}

impl Circumstances {
    /// Reads those of a workspace.
    #[must_use]
    pub fn of(workspace: &Path, around: &Surroundings) -> Self {
        let mut files = BTreeMap::new();
        configs::read_above(std::iter::once(workspace), &mut files);
        configs::read_folder(&around.cargo_home, &mut files);
        let mut toolchains = workspace.ancestors().flat_map(|above| {
            ["rust-toolchain", "rust-toolchain.toml"].map(|name| above.join(name))
        });
        Self {
            env: config_chain::env(workspace, &files, around),
            toolchain: toolchains.find_map(|path| fs::read(&path).ok().flatten()),
        }
    }

    /// The variables that others, if they are known, do not have at the same value.
    #[must_use]
    pub fn differing(&self, others: Option<&Self>) -> Vec<String> {
        let none = BTreeMap::new();
        let others = others.map_or(&none, |others| &others.env);
        let names = self.env.keys().chain(others.keys());
        let mut differing: Vec<String> = names
            .filter(|name| self.env.get(*name) != others.get(*name))
            .cloned()
            .collect();
        differing.sort();
        differing.dedup();
        differing
    }
}
