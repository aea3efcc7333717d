//! Units whose build did not come to its end.

use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;
use crate::target::layout;
use crate::target::unit::{Unit, UnitKind};

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    if !input.options.unfinished {
        return Vec::new();
    }
    input.units_that(|unit| {
        let covered = unit.unfinished && !has_run(unit);
        debug_assert!(!covered || matches!(unit.kind, UnitKind::Unknown { .. }));
        covered.then_some(CollectReason::Unfinished)
    })
}

/// Whether a build script has written something. One error empties the fingerprints of all that is to be made anew, and
/// what a script finds in its folder when it is run again may save it most of its work.
fn has_run(unit: &Unit) -> bool {
    let mut files = unit.files.iter();
    files.any(|file| layout::in_profile(&file.path, &unit.id.profile, layout::is_of_a_run))
}
