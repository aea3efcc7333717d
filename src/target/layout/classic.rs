//! The layout up to Cargo 1.99: one folder for each kind of file, with the units side by side.
//!
//! `.fingerprint/<package>-<hash>/`, `deps/<crate>-<hash>…`, `examples/<crate>-<hash>…`, `build/<package>-<hash>/`.

use crate::target::layout::{Part, split};

/// The hash and the package of the unit that a path belongs to; `None` if it is no unit's.
pub(crate) fn unit<'a>(path: &[&'a str]) -> Option<(&'a str, Option<&'a str>)> {
    match path {
        [".fingerprint" | "build", of, ..] => {
            split(of).map(|(package, hash)| (hash, Some(package)))
        }
        ["deps" | "examples", name, ..] => {
            let stem = name.split('.').next().unwrap_or(name);
            split(stem).map(|(_, hash)| (hash, None))
        }
        _ => None,
    }
}

/// The part of a path in its unit; `None` if it belongs to no unit.
pub(crate) fn part(path: &[&str]) -> Option<Part> {
    unit(path)?;
    Some(match path {
        [".fingerprint", ..] => Part::Fingerprint,
        // The program of a build script, or what one did.
        ["build", _, "out", ..] => Part::OutDir,
        ["build", _, name] => Part::beside(name).unwrap_or(Part::Artifact),
        _ => Part::Artifact,
    })
}
