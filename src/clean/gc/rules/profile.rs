//! Everything in a profile folder, where that was asked for without another rule.

use std::ffi::OsStr;

use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;
use crate::target::unit::Group;
use crate::target::unit_file::{Sharing, UnitFile};

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    if !input.options.is_profile_alone() {
        return Vec::new();
    }
    input.units_that(|_| Some(CollectReason::Profile))
}

pub(super) fn other(input: &RuleInput<'_>, other: &WholeOther<'_>) -> Option<CollectReason> {
    let covered = match other.group {
        Group::Incremental { .. } | Group::Leaked => true,
        Group::Unhashed => other.files.iter().all(|file| is_artifact(file)),
        _ => false,
    };
    (covered && input.options.is_profile_alone()).then_some(CollectReason::Profile)
}

/// Returns whether a file without a hash in its name is one that the compiler writes, by its extension. A file
/// without an extension may be the user's, and a file in a folder that the compiler does not make is not the
/// compiler's: a library in a repository is no artifact.
fn is_artifact(file: &UnitFile) -> bool {
    const ENDS: [&str; 13] = [
        "d", "so", "dylib", "dll", "a", "lib", "exp", "pdb", "exe", "wasm", "js", "rlib", "rmeta",
    ];
    let names = file.path.iter().map(OsStr::to_string_lossy);
    let names: Vec<_> = names.skip_while(|name| name != "deps").collect();
    let above = names.len() == 2;
    let end = file.path.extension().and_then(OsStr::to_str);
    above && file.sharing != Sharing::Special && end.is_some_and(|end| ENDS.contains(&end))
}
