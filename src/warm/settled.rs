//! The question whether a folder has all that donors offer, as a hash: as long as it stays the same, so does the answer.

use std::fmt::Write as _;
use std::path::Path;

use crate::fs;
use crate::survey::settled::Warm;
use crate::warm::choose_donor::{Destination, EngineOptions, Requirements};
use crate::warm::decide::{Candidate, Estimate};
use crate::warm::inspect;

/// The record of a folder that was found warm, for today's question; and that question.
pub(super) fn known(
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    rated: &[(Candidate, Estimate)],
    how: EngineOptions<'_>,
) -> Option<(String, Option<Warm>)> {
    let state = how.around.state.as_deref()?;
    let question = question(cold, wants, rated, how)?;
    let known = how.around.settled.get(state, cold.into, &question);
    Some((question, known))
}

/// All that the choice of a donor and of its units depends on; `None` where the folder is not there.
///
/// Of a folder the number of its units counts, and when the last build or deletion changed it. A file that a user deletes
/// or writes to deeper inside is not seen: the folder then counts as warm, and Cargo compiles that unit.
fn question(
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    rated: &[(Candidate, Estimate)],
    how: EngineOptions<'_>,
) -> Option<String> {
    let identity = fs::info(cold.into).ok()??.identity;
    let mut text = String::new();
    let EngineOptions {
        all_units,
        local,
        programs,
        unsettled,
        ..
    } = how;
    let asked = (all_units, local, programs, unsettled);
    let own = (identity, inspect::rate(cold.into, None));
    let lock = fs::state(&cold.workspace.root.join("Cargo.lock"));
    let env = &wants.circumstances;
    let env = (&env.toolchain, &env.said, &env.flags);
    let version = env!("CARGO_PKG_VERSION");
    write!(text, "{version} {asked:?} {own:?} {lock:?} {env:?}").ok()?;
    for (candidate, rating) in rated {
        write!(text, " {candidate:?} {rating:?}").ok()?;
    }
    Some(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// Records that a folder has all that its donor offers.
pub(super) fn settle(
    into: &Path,
    question: String,
    from: &Path,
    units: usize,
    how: EngineOptions<'_>,
) {
    let from = from.to_owned();
    let warm = Warm {
        question,
        from,
        units,
    };
    how.around.settled.add(into, warm);
}
