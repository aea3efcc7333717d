//! Units whose build did not come to its end.

use crate::target::layout;
use crate::target::unit::Unit;

/// Whether a build script has written something. One error empties the fingerprints of all that is to be made anew, and
/// what a script finds in its folder when it is run again may save it most of its work.
pub(super) fn has_run(unit: &Unit) -> bool {
    let mut files = unit.files.iter();
    files.any(|file| layout::in_profile(&file.path, &unit.id.profile, layout::is_of_a_run))
}
