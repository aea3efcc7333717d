//! Reads the answers of providers, and tells whether they can be used.

use std::collections::HashSet;
use std::path::{Component, Path};

use crate::store::model::{Offers, STORE_VERSION, StoredUnit, Taken};
use crate::store::{is_key, unit_key};
use crate::target::layout;
use crate::target::layout::Owner;
use crate::text::failure;

/// Reads what a provider has answered to `before`.
///
/// # Errors
///
/// The error in the answer, for a person.
pub(crate) fn offers(answer: &[u8]) -> Result<Offers, String> {
    let offers: Offers = read(answer)?;
    expect_version(offers.version)?;
    if offers.units.len() > MOST_UNITS {
        return Err(format!("it offers more than {MOST_UNITS} units"));
    }
    Ok(offers)
}

/// Reads what a provider has answered to `after`: nothing, or what it has done.
///
/// # Errors
///
/// The error in the answer, for a person.
pub(crate) fn taken(answer: &[u8]) -> Result<Taken, String> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Ok(Taken::default());
    }
    let taken: Taken = read(answer)?;
    expect_version(taken.version)?;
    Ok(taken)
}

/// The most units that a provider may have for one workspace.
pub(crate) const MOST_UNITS: usize = 20_000;

/// The most bytes that a file and a unit may have: no compiler makes more, and a larger claim can only keep us busy.
const MOST_OF_A_FILE: u64 = 2 << 30;
const MOST_OF_A_UNIT: u64 = 4 << 30;

fn read<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T, String> {
    serde_json::from_slice(answer)
        .map_err(|error| format!("its answer is not as expected: {}", failure::words(&error)))
}

fn expect_version(version: u32) -> Result<(), String> {
    if version != STORE_VERSION {
        return Err(format!(
            "it speaks version {version} of the interface; this program speaks version {STORE_VERSION}"
        ));
    }
    Ok(())
}

/// Returns whether a description is one that we could have written for this build environment. Wherever it comes
/// from, each of its files must belong where its unit's files lie, and nowhere else.
///
/// # Errors
///
/// The error in the description, for a person.
pub(crate) fn sound(unit: &StoredUnit, circumstances: &str) -> Result<(), String> {
    let wrong = |what: &str| {
        Err(format!(
            "{} {}: {what}",
            unit.package.name, unit.package.version
        ))
    };
    let texts = [
        &unit.package.name,
        &unit.package.version,
        &unit.package.source,
    ];
    if texts
        .iter()
        .any(|text| text.len() > 1000 || text.contains(char::is_control))
    {
        return Err("a package has an invalid name".into());
    }
    if unit.circumstances != circumstances {
        return wrong("it was built in another environment");
    }
    if !is_key(&unit.key) || unit_key(unit) != unit.key {
        return wrong("its key does not match its description");
    }
    let parts: Vec<&str> = unit.profile.split('/').collect();
    if parts.len() > 2 || !is_inside(&unit.profile) {
        return wrong("its profile is not a folder of a target folder");
    }
    let mut seen = HashSet::new();
    let links = unit.links.iter().map(|link| &link.path);
    let files = unit.files.iter().map(|file| &file.path);
    for path in files.chain(links) {
        if !owns(unit, path, false) || !seen.insert(path) {
            return wrong(&format!("`{path}` is not one of its files"));
        }
    }
    for path in &unit.folders {
        if !owns(unit, path, true) || !seen.insert(path) {
            return wrong(&format!("`{path}` is not one of its folders"));
        }
    }
    if let Some(link) = unit
        .links
        .iter()
        .find(|link| link.to.contains(['/', '\\']) || !is_inside(&link.to))
    {
        return wrong(&format!("`{}` leads out of it", link.path));
    }
    let lengths = unit.files.iter().map(|file| file.length);
    if lengths.clone().any(|length| length > MOST_OF_A_FILE)
        || lengths.fold(0, u64::saturating_add) > MOST_OF_A_UNIT
    {
        return wrong("it is larger than any unit");
    }
    if let Some(file) = unit.files.iter().find(|file| !is_key(&file.hash)) {
        return wrong(&format!("`{}` has no hash", file.path));
    }
    Ok(())
}

/// Whether a path is relative and leads nowhere but down, on every system.
fn is_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|part| !part.is_empty() && part != ".")
        && Path::new(path).components().all(plain)
}

/// Whether a path is one of the unit's, by the layout.
fn owns(unit: &StoredUnit, path: &str, folder: bool) -> bool {
    let inside = path
        .strip_prefix(unit.profile.as_str())
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(inside) = inside.filter(|_| is_inside(path)) else {
        return false;
    };
    let parts: Vec<&str> = inside.split('/').collect();
    layout::entry(&parts).is_some()
        && matches!(layout::owner(&parts, folder), Owner::Unit { hash, .. } if hash == unit.hash)
}
