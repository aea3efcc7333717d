//! Named points in a run at which a test can stop the program.

/// In debug builds, waits at the named point if the environment asks for it, so that a test can change the
/// world or kill the program exactly there.
///
/// `CARGO_SHAREDTARGET_TEST_PAUSE_AT=name` stops whenever the point is reached, `name#3` only the third time. A
/// line on standard input lets the program go on.
pub(crate) fn checkpoint(name: &str) {
    #[cfg(debug_assertions)]
    wait(name);
    let _ = name;
}

#[cfg(debug_assertions)]
fn wait(name: &str) {
    use std::io::Write as _;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static ASKED: LazyLock<Option<(String, usize)>> = LazyLock::new(|| {
        let asked = std::env::var("CARGO_SHAREDTARGET_TEST_PAUSE_AT").ok()?;
        Some(match asked.split_once('#') {
            Some((name, time)) => (name.to_owned(), time.parse().ok()?),
            None => (asked, 0),
        })
    });
    static REACHED: AtomicUsize = AtomicUsize::new(0);

    let Some((asked, time)) = &*ASKED else { return };
    if asked != name {
        return;
    }
    let reached = REACHED.fetch_add(1, Ordering::SeqCst) + 1;
    if *time != 0 && *time != reached {
        return;
    }
    let _ = writeln!(std::io::stderr(), "paused at {name}");
    // A closed stdin does not let the run continue.
    while !matches!(std::io::stdin().read_line(&mut String::new()), Ok(1..)) {
        std::thread::park();
    }
}
