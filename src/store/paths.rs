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

    /// The file by which the folder is known to be ours, and in which whoever uses units and whoever deletes some lock
    /// each other out.
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

    /// What there is that was built in these circumstances.
    #[must_use]
    pub(crate) fn circumstances(&self, circumstances: &str) -> PathBuf {
        self.units().join(short(circumstances))
    }

    /// What these circumstances are.
    #[must_use]
    pub(crate) fn built_with(&self, circumstances: &str) -> PathBuf {
        self.circumstances(circumstances).join("built-with.json")
    }

    /// What there is of a package, built in these circumstances.
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

    /// What was built together.
    #[must_use]
    pub(crate) fn set(&self, summary: &str) -> PathBuf {
        self.sets().join(format!("{summary}.json"))
    }

    /// What was built together, by all who build.
    #[must_use]
    pub(crate) fn sets(&self) -> PathBuf {
        self.0.join("sets")
    }

    /// What is known of the hashes of files.
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
/// What a package is called comes from whoever wrote its manifest, and versions from registries: of what Cargo takes for
/// either, nothing leads to another folder.
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
