//! Keys: hashes of everything that a unit depends on.

use blake3::Hasher;

use crate::cargo::model::LockedPackage;
use crate::store::model::{BuiltWith, STORE_VERSION, StoredUnit};
use crate::target::layout;
use crate::target::layout::Part;

/// Puts texts into a hash so that no two lists of them look the same.
struct Key(Hasher);

impl Key {
    fn new(of: &str) -> Self {
        let mut key = Self(Hasher::new());
        key.add(of);
        key.count(STORE_VERSION.into());
        key
    }

    fn add(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn count(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    fn all<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.count(texts.len() as u64);
        texts.for_each(|text| self.add(text));
    }

    fn package(&mut self, package: &LockedPackage) {
        self.add(&package.name);
        self.add(&package.version);
        self.add(&package.source);
        self.add(package.checksum.as_deref().unwrap_or_default());
    }

    fn end(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// The key of what units were built with.
#[must_use]
pub(crate) fn circumstances_key(with: &BuiltWith) -> String {
    let mut key = Key::new("circumstances");
    key.add(&with.rustc);
    key.add(&with.platform);
    key.add(&with.cargo_home);
    key.all(with.env.keys().map(String::as_str));
    key.all(with.env.values().map(String::as_str));
    key.end()
}

/// The key of a unit: of what it was made from and, since not every compiler makes the same of the same, of what was
/// made. Times do not count, and neither does what Cargo notes of places.
#[must_use]
pub fn unit_key(unit: &StoredUnit) -> String {
    let mut key = Key::new("unit");
    key.add(&unit.circumstances);
    key.package(&unit.package);
    key.add(&unit.sources.to_string_lossy());
    key.add(&unit.profile);
    key.add(&unit.hash);
    key.add(&unit.target);
    key.add(&unit.fingerprint);
    key.add(unit.said.as_deref().unwrap_or_default());
    key.all(unit.features.iter().map(String::as_str));
    key.all(unit.dependencies.iter().map(String::as_str));
    key.count(unit.watched.len() as u64);
    for watched in &unit.watched {
        key.add(&watched.path.to_string_lossy());
        key.add(watched.hash.as_deref().unwrap_or_default());
    }
    for file in unit
        .files
        .iter()
        .filter(|file| made(&unit.profile, &file.path))
    {
        key.add(&file.path);
        key.add(&file.hash);
        key.count(file.executable.into());
    }
    for link in &unit.links {
        key.add(&link.path);
        key.add(&link.to);
    }
    key.end()
}

/// Whether a file is something that a compiler or a build script has made, and not what Cargo or the compiler writes
/// down about that, which names places and times.
#[must_use]
pub(crate) fn made(profile: &str, path: &str) -> bool {
    let Some(inside) = path
        .strip_prefix(profile)
        .and_then(|rest| rest.strip_prefix('/'))
    else {
        return false;
    };
    let parts: Vec<&str> = inside.split('/').collect();
    match layout::part(&parts) {
        Some(Part::Fingerprint | Part::Said | Part::Root | Part::Noted) => false,
        Some(Part::Artifact) if parts.len() <= 3 => !inside.ends_with(".d"),
        Some(Part::Out) if parts.len() == 5 => !inside.ends_with(".d"),
        Some(Part::Artifact | Part::Out | Part::OutDir) | None => true,
    }
}

/// Hash of the build environment and packages of a workspace: workspaces with the same hash need the same units.
#[must_use]
pub(crate) fn summary(circumstances: &str, packages: &[LockedPackage]) -> String {
    let mut sorted: Vec<&LockedPackage> = packages.iter().collect();
    sorted.sort();
    let mut key = Key::new("packages");
    key.add(circumstances);
    key.count(sorted.len() as u64);
    for package in sorted {
        key.package(package);
    }
    key.end()
}

/// Whether a text is a hash as we write them.
#[must_use]
pub(crate) fn is_key(text: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(digit)
}
