//! Where the things of scripts lie in the cache folder.

use std::path::{Path, PathBuf};

/// The cache folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(PathBuf);

/// The name of what is known about a kept program, beside it.
pub const ENTRY: &str = "entry.json";

/// The name of the empty file whose time is that of a program's last run, beside it.
pub const LAST_RUN: &str = "last-run";

impl Places {
    /// A cache folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The programs that were kept, a folder for each.
    #[must_use]
    pub fn bins(&self) -> PathBuf {
        self.0.join("bins")
    }

    /// The target folder of all scripts.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.0.join("target")
    }

    /// The packages that scripts are built as, a folder for each.
    #[must_use]
    pub fn packages(&self) -> PathBuf {
        self.0.join("packages")
    }

    /// What is known of compilers, so that they need not be asked before each run.
    #[must_use]
    pub fn compilers(&self) -> PathBuf {
        self.0.join("compilers")
    }

    /// The folder of a kept program.
    #[must_use]
    pub fn kept(&self, key: &str) -> PathBuf {
        self.bins().join(key)
    }
}
