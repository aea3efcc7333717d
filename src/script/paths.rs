//! Where the things of scripts lie in the cache folder.

use std::path::{Path, PathBuf};

/// The cache folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptCachePaths(PathBuf);

/// The name of what is known about a kept program, beside it.
pub(crate) const ENTRY: &str = "entry.json";

/// The name of the empty file whose time is that of a program's last run, beside it.
pub(crate) const LAST_RUN: &str = "last-run";

/// The hint where the cache folder cannot be used.
pub(crate) const ELSEWHERE: &str = "CARGO_SHAREDTARGET_CACHE_DIR can name another folder";

impl ScriptCachePaths {
    /// A cache folder.
    #[must_use]
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder itself.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// The programs that were kept, a folder for each.
    #[must_use]
    pub(crate) fn bins(&self) -> PathBuf {
        self.0.join("bins")
    }

    /// The target folder of all scripts.
    #[must_use]
    pub(crate) fn target(&self) -> PathBuf {
        self.0.join("target")
    }

    /// The packages that scripts are built as, a folder for each.
    #[must_use]
    pub(crate) fn packages(&self) -> PathBuf {
        self.0.join("packages")
    }

    /// The folder of records about compilers, so that these need not be asked before each run.
    #[must_use]
    pub(crate) fn compilers(&self) -> PathBuf {
        self.0.join("compilers")
    }

    /// The file that marks the folder as ours. Runs that build and runs that delete lock each other out by it. It is
    /// the first thing that is made.
    #[must_use]
    pub(crate) fn mark(&self) -> PathBuf {
        self.0.join(".sharedtarget-scripts")
    }

    /// The folders in it, and its mark.
    #[must_use]
    pub(crate) fn parts(&self) -> [PathBuf; 5] {
        [
            self.bins(),
            self.target(),
            self.packages(),
            self.compilers(),
            self.mark(),
        ]
    }

    /// Whether a name is that of a kept program.
    #[must_use]
    pub(crate) fn is_key(name: &str) -> bool {
        name.len() == 32 && is_hex(name)
    }

    /// Whether a name may be that of a package.
    #[must_use]
    pub(crate) fn is_package(name: &str) -> bool {
        let id = name.rsplit_once('-').map(|(_, id)| id);
        id.is_some_and(|id| id.len() == 16 && is_hex(id))
    }

    /// Whether a name is that of something that a run which was killed has left.
    #[must_use]
    pub(crate) fn is_left(name: &str) -> bool {
        name.starts_with(NEW) || name.starts_with(OLD)
    }

    /// The folder of a kept program.
    #[must_use]
    pub(crate) fn kept(&self, key: &str) -> PathBuf {
        self.bins().join(key)
    }
}

/// How the name of a folder begins that is not in its place yet, …
pub(crate) const NEW: &str = ".new-";

/// … and of one that is being deleted.
pub(crate) const OLD: &str = ".old-";

/// The path that stands for a script without a place: it has none, but paths in it are relative to a folder.
#[must_use]
pub(crate) fn input(folder: &Path, text: &[u8]) -> PathBuf {
    folder.join(format!("{INPUT}{}.rs", blake3::hash(text).to_hex()))
}

/// Whether a path is such a one.
#[must_use]
pub(crate) fn is_input(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hash = name
        .strip_prefix(INPUT)
        .and_then(|rest| rest.strip_suffix(".rs"));
    hash.is_some_and(|hash| hash.len() == 64 && is_hex(hash))
}

const INPUT: &str = "stdin-";

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours() {
        assert!(ScriptCachePaths::is_key("0123456789abcdef0123456789abcdef"));
        assert!(
            !ScriptCachePaths::is_key("0123456789abcdef") && !ScriptCachePaths::is_key("photos")
        );
        assert!(!ScriptCachePaths::is_key(
            "0123456789ABCDEF0123456789ABCDEF"
        ));
        assert!(ScriptCachePaths::is_package("a-b-0123456789abcdef"));
        assert!(
            !ScriptCachePaths::is_package("web")
                && !ScriptCachePaths::is_package("a-b")
                && !ScriptCachePaths::is_package("0123456789abcdef")
        );
        let input = input(Path::new("/w"), b"text");
        assert!(is_input(&input) && input.starts_with("/w"));
        assert!(!is_input(Path::new("/w/stdin-a.rs")));
        assert!(
            ScriptCachePaths::is_left(".new-x")
                && ScriptCachePaths::is_left(".old-x")
                && !ScriptCachePaths::is_left("new")
        );
    }
}
