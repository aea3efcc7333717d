//! How much of the longest tests runs.

/// The purpose of a run of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Amount {
    /// `cargo test` by hand: two processors need a few minutes for it.
    Usual,
    /// `.ci/run`, which sets `SHAREDTARGET_TEST_MORE=1`.
    More,
    /// Everything, with `SHAREDTARGET_TEST_FULL=1`: hours.
    Full,
}

/// Returns how much was asked for.
pub(crate) fn amount() -> Amount {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| value == "1");
    match () {
        () if is_set("SHAREDTARGET_TEST_FULL") => Amount::Full,
        () if is_set("SHAREDTARGET_TEST_MORE") => Amount::More,
        () => Amount::Usual,
    }
}

/// Whether this run goes without the longest tests, and says so. `.ci/run` has them all.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn without_longest() -> bool {
    let without = amount() == Amount::Usual;
    if without {
        eprintln!("skipped: SHAREDTARGET_TEST_MORE=1 runs it");
    }
    without
}
