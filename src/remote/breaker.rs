//! When a remote store is given up.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives a store up for the rest of the run, so that a server which hangs costs one wait and not thousands.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Failures since something went well.
    failures: AtomicU32,
    why: OnceLock<String>,
}

/// How many failures in a row are too many, be they as quick as they like: a password that is wrong stays wrong.
const MANY: u32 = 3;

impl Breaker {
    /// The reason why the store is not asked any more.
    pub(crate) fn off(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    /// Gives the store up, since no server answers. The first reason is kept.
    pub(crate) fn give_up(&self, why: &str) {
        let _ = self.why.set(why.to_owned());
    }

    /// An answer came, and it was no.
    pub(crate) fn failed(&self, why: &str) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= MANY {
            self.give_up(why);
        }
    }

    /// Something went well.
    pub(crate) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_failures_are_forgiven() {
        let breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed("one");
            breaker.failed("two");
            breaker.succeeded();
        }
        assert_eq!(breaker.off(), None);
        breaker.failed("one");
        breaker.failed("two");
        breaker.failed("three");
        breaker.succeeded();
        breaker.give_up("four");
        assert_eq!(breaker.off(), Some("three"));
    }
}
