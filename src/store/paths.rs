//! Where things lie in a store: the same names in the local one and in a remote one.

use std::path::{Path, PathBuf};

use crate::cargo::model::LockedPackage;
use crate::store::is_key;
use crate::store::model::StoredUnit;

/// The folder of a local store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorePaths(PathBuf);

impl StorePaths {
    /// A folder.
    #[must_use]
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder itself.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// The file that marks the folder as ours. Runs that use units and runs that delete some lock each other out by
    /// it.
    #[must_use]
    pub(crate) fn mark(&self) -> PathBuf {
        self.0.join(".sharedtarget-store")
    }

    /// The folders in it, as far as they are always called the same.
    #[must_use]
    pub(crate) fn parts(&self) -> Vec<PathBuf> {
        vec![self.objects(), self.units(), self.sets()]
    }

    /// The contents of files, under their hashes.
    #[must_use]
    pub(crate) fn objects(&self) -> PathBuf {
        self.0.join("objects")
    }

    /// The content of this hash.
    #[must_use]
    pub(crate) fn object(&self, hash: &str) -> PathBuf {
        let (folder, name) = hash.split_at_checked(2).unwrap_or(("", hash));
        self.objects().join(folder).join(name)
    }

    /// The descriptions of units.
    #[must_use]
    pub(crate) fn units(&self) -> PathBuf {
        self.0.join("units")
    }

    /// The folder of the units that were built in this build environment.
    #[must_use]
    pub(crate) fn circumstances(&self, circumstances: &str) -> PathBuf {
        self.units().join(short(circumstances))
    }

    /// The file that describes this build environment.
    #[must_use]
    pub(crate) fn built_with(&self, circumstances: &str) -> PathBuf {
        self.circumstances(circumstances).join("built-with.json")
    }

    /// The folder of a package's units that were built in this build environment.
    #[must_use]
    pub(crate) fn package(&self, circumstances: &str, package: &LockedPackage) -> PathBuf {
        self.circumstances(circumstances).join(folder_of(package))
    }

    /// The description of a unit.
    #[must_use]
    pub(crate) fn unit(&self, unit: &StoredUnit) -> PathBuf {
        self.package(&unit.circumstances, &unit.package)
            .join(format!("{}.json", unit.key))
    }

    /// The file of the set of units that were built together.
    #[must_use]
    pub(crate) fn set(&self, summary: &str) -> PathBuf {
        self.sets().join(format!("{summary}.json"))
    }

    /// The folder of all sets of units that were built together.
    #[must_use]
    pub(crate) fn sets(&self) -> PathBuf {
        self.0.join("sets")
    }

    /// The file of the known hashes of files.
    #[must_use]
    pub(crate) fn hashes(&self) -> PathBuf {
        self.0.join("hashes.json")
    }

    /// Where units are put together for a target folder.
    #[must_use]
    pub(crate) fn assembled(&self) -> PathBuf {
        self.0.join("assembled")
    }
}

/// The name of a package's folder.
///
/// The name comes from the author of its manifest, and the version from a registry: of the names and versions that
/// Cargo accepts, none leads to another folder.
pub(crate) fn folder_of(package: &LockedPackage) -> String {
    let plain = |text: &str| {
        text.chars()
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '+' => c,
                '.' => '.',
                _ => '_',
            })
            .collect::<String>()
    };
    format!("{}-{}", plain(&package.name), plain(&package.version))
}

/// The beginning of a hash, which is enough among the few that one store has of its kind.
pub(crate) fn short(hash: &str) -> &str {
    match is_key(hash) {
        true => &hash[..32],
        false => "unknown",
    }
}
