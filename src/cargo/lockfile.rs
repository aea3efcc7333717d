//! `Cargo.lock`: which packages a workspace can use.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cargo::model::{LockedPackage, TomlProblem};
use crate::cargo::toml_read;
use crate::target::unit::{Source, Unit};

/// The packages that a `Cargo.lock` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    packages: BTreeMap<String, Vec<LockedPackage>>,
    /// The packages that come from a path: the versions of each name.
    local: BTreeMap<String, Vec<String>>,
}

/// The keys of the file that matter here.
#[derive(Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<LockEntry>,
    /// Until 2017 the package of the workspace stood apart, and Cargo still reads that.
    root: Option<LockEntry>,
}

/// A package with a `source`, or without one if it comes from a path.
#[derive(Deserialize)]
struct LockEntry {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

impl Lock {
    /// Reads a `Cargo.lock` of any version.
    ///
    /// # Errors
    ///
    /// It is no TOML, or a package has no name or version; with the place.
    pub fn parse(text: &str) -> Result<Self, TomlProblem> {
        let file: LockFile = toml_read::read(text)?;
        let mut lock = Self::default();
        for package in file.package.into_iter().chain(file.root) {
            let (name, version) = (package.name, package.version);
            if let Some(source) = package.source {
                let of_name = lock.packages.entry(name.clone()).or_default();
                of_name.push(LockedPackage {
                    name,
                    version,
                    source,
                    checksum: package.checksum,
                });
            } else {
                lock.local.entry(name).or_default().push(version);
            }
        }
        Ok(lock)
    }

    /// Whether a package of this name, at any version, is in it, and does not come from a path.
    #[must_use]
    pub(crate) fn names(&self, package: &str) -> bool {
        self.packages.contains_key(package)
    }

    /// Whether a package of this name is in it that comes from a path.
    #[must_use]
    pub fn names_local(&self, package: &str) -> bool {
        self.local.contains_key(package)
    }

    /// The names of the packages that come from a path.
    pub fn local(&self) -> impl Iterator<Item = &str> {
        self.local.keys().map(String::as_str)
    }

    /// Whether exactly one package of this name is in it that comes from a path.
    #[must_use]
    pub(crate) fn names_one_local(&self, package: &str) -> bool {
        self.local_version(package).is_some()
    }

    /// The version of the only package of this name in it that comes from a path.
    #[must_use]
    pub(crate) fn local_version(&self, package: &str) -> Option<&str> {
        match self.local.get(package)?.as_slice() {
            [version] => Some(version),
            _ => None,
        }
    }

    /// The names and versions of all packages in it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let third_party = self.packages.values().flatten();
        let third_party = third_party.map(|one| (one.name.as_str(), one.version.as_str()));
        let local = self.local.iter().flat_map(|(name, versions)| {
            let versions = versions.iter();
            versions.map(|version| (name.as_str(), version.as_str()))
        });
        third_party.chain(local)
    }

    /// Whether a unit is of a package in it. The unit of a git package has no version, but the beginning of its
    /// commit.
    #[must_use]
    pub(crate) fn covers(&self, unit: &Unit) -> bool {
        self.locked(unit).is_some()
    }

    /// Which package in it a unit is of: of a registry or a git repository.
    #[must_use]
    pub(crate) fn package_of(&self, unit: &Unit) -> Option<LockedPackage> {
        match unit.source {
            Source::Registry { .. } | Source::Git { .. } => self.locked(unit).cloned(),
            Source::Directory | Source::Local | Source::Unknown => None,
        }
    }

    /// The packages in it that do not come from a path, sorted.
    #[must_use]
    pub(crate) fn third_party(&self) -> Vec<LockedPackage> {
        let mut all: Vec<_> = self.packages.values().flatten().cloned().collect();
        all.sort();
        all
    }

    /// Whether a package is in it, with this source and checksum.
    #[must_use]
    pub(crate) fn has(&self, package: &LockedPackage) -> bool {
        let mut locked = self.packages.get(&package.name).into_iter().flatten();
        locked.any(|locked| locked == package)
    }

    fn locked(&self, unit: &Unit) -> Option<&LockedPackage> {
        let package = unit.package.as_deref().unwrap_or_default();
        let mut locked = self.packages.get(package).into_iter().flatten();
        let version = |locked: &LockedPackage| unit.version.as_ref() == Some(&locked.version);
        locked.find(|locked| match &unit.source {
            Source::Registry { .. } => !locked.source.starts_with("git+") && version(locked),
            Source::Git { revision, .. } => {
                let commit = locked.source.rsplit_once('#').map(|(_, commit)| commit);
                locked.source.starts_with("git+")
                    && commit.is_some_and(|commit| commit.starts_with(revision.as_str()))
            }
            // It stands in for a registry or a repository, and no folder above its sources need be its own.
            Source::Directory => true,
            Source::Local | Source::Unknown => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::unit::UnitKind;

    const LOCK: &str = r#"version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["a", "g"]
[[package]]
name = "a"
version = "1.2.3"
source = "registry+https://example.org/index"
checksum = "00"
[[package]]
name = "a"
version = "2.0.0"
source = "sparse+https://example.org/index/"
[[package]]
name = "g"
version = "0.1.0"
source = "git+file:///g?branch=x#f6d8c71eb664a3015ffb4851813c3350c06eee61"
"#;

    fn unit(package: &str, version: Option<&str>, source: Source) -> Unit {
        Unit {
            package: Some(package.into()),
            version: version.map(Into::into),
            source,
            ..Unit::sample("debug", "a", UnitKind::Library)
        }
    }

    #[test]
    fn a_unit_is_covered_by_name_version_and_kind_of_source() {
        let lock = Lock::parse(LOCK).expect("valid");
        let registry = || Source::Registry {
            registry: "r".into(),
        };
        let git = |revision: &str| Source::Git {
            checkout: "g-0".into(),
            revision: revision.into(),
        };
        for (unit, covered) in [
            (unit("a", Some("1.2.3"), registry()), true),
            (unit("a", Some("2.0.0"), registry()), true),
            (unit("a", Some("2.0.1"), registry()), false),
            (unit("a", None, registry()), false),
            (unit("a", None, Source::Directory), true),
            (unit("a", Some("3.0.0"), Source::Directory), true),
            (unit("b", None, Source::Directory), false),
            (unit("a", None, git("f6d8c71")), false),
            (unit("g", None, git("f6d8c71")), true),
            (unit("g", None, git("f6d8c72")), false),
            (unit("g", Some("0.1.0"), registry()), false),
            (unit("app", Some("0.1.0"), registry()), false),
            (unit("a", Some("1.2.3"), Source::Local), false),
        ] {
            assert_eq!(lock.covers(&unit), covered, "{unit:?}");
        }
        assert!(lock.names("g") && !lock.names("app"));
        assert!(lock.names_local("app") && !lock.names_local("g"));
        assert!(lock.names_one_local("app") && !lock.names_one_local("g"));
    }

    #[test]
    fn the_root_of_an_old_file_is_a_package() {
        let lock = Lock::parse("[root]\nname = \"app\"\nversion = \"0.1.0\"\n").expect("valid");
        assert!(lock.names_one_local("app"));
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_place() {
        let begin = "version = 4\n[[package]]\n";
        for (text, line, column, word) in [
            ("version = '1'\n", 2, 1, "expected a key `name`"),
            ("name = 1\n", 3, 8, "a string, found integer `1`"),
            ("name = 'a'\nversion = '1'\nsource = 2", 5, 10, "string"),
            ("a = [\n<<<<<<<", 4, 8, "`]`"),
        ] {
            let problem = Lock::parse(&format!("{begin}{text}")).expect_err(text);
            let message = &problem.message;
            assert_eq!((problem.line, problem.column), (line, column), "{message}");
            assert!(message.contains(word), "{message}");
        }
        assert_eq!(Lock::parse("").expect("empty"), Lock::default());
    }
}
