//! Progress of long work. The worker counts, and a display may show it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::size::Bytes;

/// Counters that a worker moves and a display reads.
#[derive(Debug, Default)]
pub struct Progress {
    stage: Mutex<&'static str>,
    entries: AtomicU64,
    bytes: AtomicU64,
    /// How many entries there will be; 0 if that is not known.
    total: AtomicU64,
}

impl Progress {
    /// Begins a stage of the work, from zero.
    pub(crate) fn stage(&self, name: &'static str) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = name;
        self.entries.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
    }

    /// Says how many entries the stage has.
    pub(crate) fn expect(&self, entries: u64) {
        self.total.store(entries, Ordering::Relaxed);
    }

    /// How many entries the stage has, if that is known.
    pub(crate) fn total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|total| *total > 0)
    }

    /// Counts entries and the space that they take, or took.
    pub(crate) fn add(&self, entries: u64, bytes: Bytes) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes.0, Ordering::Relaxed);
    }

    /// The stage, and what was counted in it.
    #[must_use]
    pub(crate) fn now(&self) -> (&'static str, u64, Bytes) {
        let stage = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        (
            stage,
            self.entries.load(Ordering::Relaxed),
            Bytes(self.bytes.load(Ordering::Relaxed)),
        )
    }
}
