//! The layout from Cargo 1.100, before that on nightly with `-Zbuild-dir-new-layout`: one folder for each unit.
//!
//! `build/<package>/<hash>/` with `fingerprint`, `out` and, of a build script's run, `run`. `incremental` and final
//! products are where they are in the classic layout.

use super::{Owner, Part, is_hash};

/// Whose a path is; `None` if it is no unit's.
///
/// The `out` of a build script's run is its `OUT_DIR`, and that of any other unit holds what the compiler
/// wrote: the path alone does not tell which.
pub(super) fn owner(path: &[&str]) -> Option<Owner> {
    let ["build", package, hash, rest @ ..] = path else {
        return None;
    };
    let part = match rest {
        ["fingerprint", ..] => Part::Fingerprint,
        ["run", ..] => Part::Run,
        _ => Part::Artifact,
    };
    is_hash(hash).then(|| Owner::Unit {
        hash: (*hash).to_owned(),
        package: Some((*package).to_owned()),
        part,
    })
}
