//! The layout from Cargo 1.100, before that on nightly with `-Zbuild-dir-new-layout`: one folder for each unit.
//!
//! `build/<package>/<hash>/` with `fingerprint`, `out` and, of a build script's run, `run`. `incremental` and final
//! products are where they are in the classic layout.

use crate::target::layout::{Part, is_hash};

/// The hash and the package of the unit that a path belongs to; `None` if it is no unit's.
pub(crate) fn unit<'a>(path: &[&'a str]) -> Option<(&'a str, Option<&'a str>)> {
    match path {
        ["build", package, hash, ..] if is_hash(hash) => Some((hash, Some(package))),
        _ => None,
    }
}

/// The part of a path in its unit; `None` if it belongs to no unit.
///
/// The `out` of a build script's run is its `OUT_DIR`, and that of any other unit holds what the compiler
/// wrote: the path alone does not tell which.
pub(crate) fn part(path: &[&str]) -> Option<Part> {
    unit(path)?;
    Some(match path {
        [_, _, _, "fingerprint", ..] => Part::Fingerprint,
        [_, _, _, "out", ..] => Part::Out,
        [_, _, _, "run", name] | [_, _, _, name] => match Part::beside(name) {
            Some(part) => part,
            None if path[3] == "run" => Part::Noted,
            None => Part::Artifact,
        },
        [_, _, _, "run", ..] => Part::Noted,
        _ => Part::Artifact,
    })
}
