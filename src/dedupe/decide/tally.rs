//! Counts what comes free.

use std::collections::HashMap;

use crate::dedupe::model::Space;
use crate::size::Bytes;

/// Counts names that go, for the plan as for what is done.
#[derive(Debug, Default)]
pub(crate) struct Tally(HashMap<usize, u64>);

impl Tally {
    /// Counts that a name of some storage went, and says what came free with it: nothing unless it was the last.
    pub(crate) fn freed(&mut self, space: Space) -> Option<Bytes> {
        let gone = self.0.entry(space.number).or_default();
        *gone += 1;
        (*gone == space.names).then_some(space.on_disk)
    }
}
