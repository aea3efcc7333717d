//! Counts what comes free.

use std::collections::HashMap;

use crate::dedupe::model::Space;
use crate::size::Bytes;

/// Counts links that are deleted, for the plan as for the run.
#[derive(Debug, Default)]
pub(crate) struct Tally(HashMap<usize, u64>);

impl Tally {
    /// Counts that a link to some storage was deleted, and returns the space that this frees: nothing unless it was
    /// the last link.
    pub(crate) fn freed(&mut self, space: Space) -> Option<Bytes> {
        let gone = self.0.entry(space.number).or_default();
        *gone += 1;
        (*gone == space.names).then_some(space.on_disk)
    }
}
