//! `Cargo.lock`: which packages a workspace can use.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, TableLike};

use crate::cargo::model::{StoredPackage, TomlProblem};
use crate::cargo::toml_read;
use crate::target::unit::{Source, Unit};

/// What a `Cargo.lock` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    packages: BTreeMap<String, Vec<Locked>>,
    /// The packages that come from a path, and how many there are of each name.
    local: BTreeMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Locked {
    version: String,
    source: String,
    checksum: Option<String>,
}

impl Lock {
    /// Reads a `Cargo.lock` of any version.
    ///
    /// # Errors
    ///
    /// It is no TOML, or a package has no name or version; with the place.
    pub fn parse(text: &str) -> Result<Self, TomlProblem> {
        let document = Document::parse(text)
            .map_err(|error| toml_read::problem(text, error.span(), error.message().to_owned()))?;
        let mut lock = Self::default();
        let packages = document.get("package").and_then(Item::as_array_of_tables);
        for package in packages.into_iter().flatten() {
            let text_of = |key: &str| {
                let value = package.get(key).and_then(Item::as_str);
                value.map(str::to_owned).ok_or_else(|| {
                    let message = format!("expected a package with a `{key}`");
                    toml_read::problem(text, package.span(), message)
                })
            };
            let (name, version) = (text_of("name")?, text_of("version")?);
            let given = |key| TableLike::get(package, key).and_then(Item::as_str);
            if let Some(source) = given("source") {
                let locked = Locked {
                    version,
                    source: source.to_owned(),
                    checksum: given("checksum").map(str::to_owned),
                };
                lock.packages.entry(name).or_default().push(locked);
            } else {
                *lock.local.entry(name).or_default() += 1;
            }
        }
        // Until 2017 the package of the workspace stood apart, and Cargo still reads that.
        let root = document.get("root").and_then(Item::as_table_like);
        if let Some(name) = root.and_then(|root| root.get("name")?.as_str()) {
            *lock.local.entry(name.to_owned()).or_default() += 1;
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
        self.local.get(package) == Some(&1)
    }

    /// Whether a unit is of a package in it. The unit of a git package has no version, but the beginning of its
    /// commit.
    #[must_use]
    pub(crate) fn covers(&self, unit: &Unit) -> bool {
        self.locked(unit).is_some()
    }

    /// Which package in it a unit is of: of a registry or a git repository.
    #[must_use]
    pub(crate) fn package_of(&self, unit: &Unit) -> Option<StoredPackage> {
        let name = unit.package.as_deref()?;
        match unit.source {
            Source::Registry { .. } | Source::Git { .. } => Some(self.locked(unit)?.named(name)),
            Source::Directory | Source::Local | Source::Unknown => None,
        }
    }

    /// The packages in it that do not come from a path, sorted.
    #[must_use]
    pub(crate) fn third_party(&self) -> Vec<StoredPackage> {
        let all = self.packages.iter();
        let mut all: Vec<StoredPackage> = all
            .flat_map(|(name, locked)| locked.iter().map(|locked| locked.named(name)))
            .collect();
        all.sort();
        all
    }

    /// Whether a package is in it, with this source and checksum.
    #[must_use]
    pub(crate) fn has(&self, package: &StoredPackage) -> bool {
        let mut locked = self.packages.get(&package.name).into_iter().flatten();
        locked.any(|locked| locked.named(&package.name) == *package)
    }

    fn locked(&self, unit: &Unit) -> Option<&Locked> {
        let package = unit.package.as_deref().unwrap_or_default();
        let mut locked = self.packages.get(package).into_iter().flatten();
        let version = |locked: &Locked| unit.version.as_ref() == Some(&locked.version);
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

impl Locked {
    fn named(&self, name: &str) -> StoredPackage {
        StoredPackage {
            name: name.to_owned(),
            version: self.version.clone(),
            source: self.source.clone(),
            checksum: self.checksum.clone(),
        }
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
        let problem = Lock::parse("version = 4\n[[package]]\nname = 1\n").expect_err("no name");
        assert_eq!((problem.line, problem.column), (2, 1), "{problem:?}");
        assert!(problem.message.contains("`name`"));
        let problem = Lock::parse("a = [\n<<<<<<<").expect_err("no TOML");
        assert_eq!(problem.line, 2);
        assert_eq!(Lock::parse("").expect("empty"), Lock::default());
    }
}
