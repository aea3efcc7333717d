//! How units lie in a remote store: immutable objects, each under a name that says what is in it.
//!
//! A unit is two objects: a pack, which is the contents of its files one behind the other, and a description. The
//! name of the pack is made of the hashes of these contents, so that each writer of this name writes the same bytes.
//! A third kind is the set of units that were built together, with the descriptions of all of them, so that one look
//! is enough for a workspace whose packages were built before.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::cargo::model::LockedPackage;
use crate::fs::model::StoredFile;
use crate::store::model::{STORE_VERSION, StoredUnit};
use crate::store::paths::{folder_of, short};
use crate::text::failure;

/// Units with a description each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Descriptions {
    pub(crate) version: u32,
    pub(crate) units: Vec<StoredUnit>,
}

impl Descriptions {
    /// Descriptions of these units, without the places of their files.
    #[must_use]
    pub(crate) fn of(units: impl IntoIterator<Item = StoredUnit>) -> Self {
        let plain = |mut unit: StoredUnit| {
            unit.files.iter_mut().for_each(|file| file.at = None);
            unit
        };
        Self {
            version: STORE_VERSION,
            units: units.into_iter().map(plain).collect(),
        }
    }

    /// Reads descriptions.
    ///
    /// # Errors
    ///
    /// They are none, or of another version; for a person.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|error| {
            format!("expected descriptions of units: {}", failure::words(&error))
        })?;
        match read.version {
            STORE_VERSION => Ok(read),
            version => Err(format!(
                "it has version {version}; this program supports version {STORE_VERSION}"
            )),
        }
    }
}

/// The contents in a pack, each once.
fn contents(unit: &StoredUnit) -> Vec<&StoredFile> {
    let mut seen = HashSet::new();
    let files = unit.files.iter();
    files.filter(|file| seen.insert(&file.hash)).collect()
}

/// The name of the pack with the contents of a unit's files.
#[must_use]
pub fn pack_name(unit: &StoredUnit) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in contents(unit) {
        hasher.update(file.hash.as_bytes());
    }
    let name = hasher.finalize().to_hex();
    format!("v{STORE_VERSION}/packs/{}/{name}", &name[..2])
}

/// Puts a pack together; `read` gives the content of a file.
///
/// # Errors
///
/// As `read` does.
pub(crate) fn pack<E>(
    unit: &StoredUnit,
    mut read: impl FnMut(&StoredFile) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let mut all = Vec::new();
    for file in contents(unit) {
        all.extend(read(file)?);
    }
    Ok(all)
}

/// How many bytes a pack has.
#[must_use]
pub(crate) fn pack_length(unit: &StoredUnit) -> u64 {
    let lengths = contents(unit).into_iter().map(|file| file.length);
    lengths.fold(0, u64::saturating_add)
}

/// Takes a pack apart: each content, and the file that it is of. The caller must check the contents.
///
/// # Errors
///
/// It has another length than its contents have together.
pub(crate) fn unpack<'a>(
    unit: &'a StoredUnit,
    pack: &'a [u8],
) -> Result<Vec<(&'a StoredFile, &'a [u8])>, String> {
    let wrong = || "the length of its pack differs from that of its files".to_owned();
    let mut rest = pack;
    let mut all = Vec::new();
    for file in contents(unit) {
        let length = usize::try_from(file.length).map_err(|_| wrong())?;
        let (content, behind) = rest.split_at_checked(length).ok_or_else(wrong)?;
        all.push((file, content));
        rest = behind;
    }
    match rest.is_empty() {
        true => Ok(all),
        false => Err(wrong()),
    }
}

/// Where descriptions of a package's units lie.
#[must_use]
pub(crate) fn package_folder(circumstances: &str, package: &LockedPackage) -> String {
    let (with, package) = (short(circumstances), folder_of(package));
    format!("v{STORE_VERSION}/units/{with}/{package}/")
}

/// The name of a unit's description.
#[must_use]
pub(crate) fn unit_name(unit: &StoredUnit) -> String {
    let folder = package_folder(&unit.circumstances, &unit.package);
    format!("{folder}{}", unit.key)
}

/// Where a store that cannot list has all descriptions of a package.
#[must_use]
pub(crate) fn package_list(circumstances: &str, package: &LockedPackage) -> String {
    let (with, package) = (short(circumstances), folder_of(package));
    format!("v{STORE_VERSION}/lists/{with}/{package}")
}

/// Where what was built together lies.
#[must_use]
pub(crate) fn set_folder(summary: &str) -> String {
    format!("v{STORE_VERSION}/sets/{summary}/")
}

/// The name of what was built together.
#[must_use]
pub(crate) fn set_name(summary: &str, units: &[StoredUnit]) -> String {
    let mut keys: Vec<&str> = units.iter().map(|unit| unit.key.as_str()).collect();
    keys.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for key in keys {
        hasher.update(key.as_bytes());
    }
    let folder = set_folder(summary);
    format!("{folder}{}", &hasher.finalize().to_hex()[..32])
}

/// Where a store that cannot list has what was built together.
#[must_use]
pub(crate) fn set_list(summary: &str) -> String {
    format!("v{STORE_VERSION}/lists/{summary}")
}

/// The kind of an object, by its name: `packs`, `units`, `sets` or `lists`; empty if it is none of ours.
#[must_use]
pub(crate) fn kind(name: &str) -> &str {
    let inside = name.strip_prefix(&everything()).unwrap_or_default();
    let kind = inside.split('/').next().unwrap_or_default();
    match kind {
        "packs" | "units" | "sets" | "lists" => kind,
        _ => "",
    }
}

/// Everything of this version.
#[must_use]
pub(crate) fn everything() -> String {
    format!("v{STORE_VERSION}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(contents: &[&[u8]]) -> StoredUnit {
        let file = |(at, content): (usize, &&[u8])| StoredFile {
            path: format!("debug/deps/{at}"),
            hash: blake3::hash(content).to_hex().to_string(),
            length: content.len() as u64,
            modified: 0,
            executable: false,
            at: None,
        };
        StoredUnit {
            key: "k".into(),
            circumstances: "c".into(),
            package: LockedPackage {
                name: "a".into(),
                version: "1.0.0+x/..".into(),
                source: String::new(),
                checksum: None,
            },
            sources: "/s".into(),
            profile: "debug".into(),
            hash: String::new(),
            target: String::new(),
            features: Vec::new(),
            fingerprint: String::new(),
            said: None,
            dependencies: Vec::new(),
            watched: Vec::new(),
            files: contents.iter().enumerate().map(file).collect(),
            folders: Vec::new(),
            links: Vec::new(),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let all: [&[u8]; 4] = [b"one", b"", b"one", b"two!"];
        let unit = unit(&all);
        let mut at = [0, 1, 3].into_iter();
        let packed = pack(&unit, |_| {
            Ok::<_, ()>(all[at.next().expect("once each")].to_vec())
        });
        let packed = packed.expect("packed");
        assert_eq!(packed, b"onetwo!");
        assert_eq!(pack_length(&unit), 7);
        let unpacked = unpack(&unit, &packed).expect("unpacked");
        let unpacked: Vec<&[u8]> = unpacked.into_iter().map(|(_, content)| content).collect();
        assert_eq!(unpacked, [b"one".as_slice(), b"", b"two!"]);
        assert!(unpack(&unit, b"onetwo").is_err() && unpack(&unit, b"onetwo!!").is_err());
    }

    #[test]
    fn names_say_what_is_in_them() {
        let (one, two) = (unit(&[b"1", b"2"]), unit(&[b"2", b"1"]));
        assert_ne!(pack_name(&one), pack_name(&two));
        assert_eq!(unit_name(&one), "v1/units/unknown/a-1.0.0+x_../k");
        assert!(set_name("s", std::slice::from_ref(&one)).starts_with("v1/sets/s/"));
        let read = Descriptions::read(br#"{"version":2,"units":[]}"#);
        assert!(read.expect_err("another version").contains("version 2"));
        assert_eq!(kind(&pack_name(&one)), "packs");
        assert_eq!(kind(&unit_name(&one)), "units");
        assert_eq!([kind("v1/other/a"), kind("packs/a"), kind("")], [""; 3]);
        let json = serde_json::to_vec(&Descriptions::of([one.clone()])).expect("JSON");
        assert_eq!(Descriptions::read(&json).expect("read").units, [one]);
    }
}
