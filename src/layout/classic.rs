//! The layout up to Cargo 1.99: one folder for each kind of file, with the units side by side.
//!
//! `.fingerprint/<package>-<hash>/`, `deps/<crate>-<hash>…`, `examples/<crate>-<hash>…`, `build/<package>-<hash>/`.

use super::{Owner, Part, split};

/// Whose a path is; `None` if it is no unit's.
pub(super) fn owner(path: &[&str]) -> Option<Owner> {
    let unit = |(package, hash): (&str, &str), part| Owner::Unit {
        hash: hash.to_owned(),
        package: Some(package.to_owned()),
        part,
    };
    match path {
        [".fingerprint", of, ..] => split(of).map(|of| unit(of, Part::Fingerprint)),
        ["build", of, rest @ ..] => split(of).map(|of| unit(of, part(rest))),
        ["deps" | "examples", name, ..] => {
            let stem = name.split('.').next().unwrap_or(name);
            split(stem).map(|(_, hash)| Owner::Unit {
                hash: hash.to_owned(),
                package: None,
                part: Part::Artifact,
            })
        }
        _ => None,
    }
}

/// Of a folder in `build`: the program of a build script, or what one did.
fn part(rest: &[&str]) -> Part {
    const OF_A_RUN: [&str; 5] = [
        "out",
        "output",
        "root-output",
        "stderr",
        "invoked.timestamp",
    ];
    match rest {
        [name, ..] if OF_A_RUN.contains(name) => Part::Run,
        _ => Part::Artifact,
    }
}
