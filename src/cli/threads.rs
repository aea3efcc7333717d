//! The threads by which folders are walked.

use std::sync::mpsc;

use rayon::{ThreadBuilder, ThreadPoolBuilder};

use crate::process;

/// The stack of a thread, in bytes: walks enter folders by recursion, and folders may be nested a thousand deep.
const STACK: usize = 64 << 20;

/// The stack, in bytes, for which rather fewer threads are made.
const SMALL: usize = 8 << 20;

/// The least stack, in bytes: as the standard library gives each thread.
const LEAST: usize = 2 << 20;

/// Makes as many threads as rayon would, but with files enough for each, and stacks that a limit of memory allows.
pub(super) fn make() {
    // A pool that failed once is never made again, and all work that comes to it panics: so the threads are there before.
    let (many, stack) = fitting(wanted(), process::memory_left());
    let mut waiting: Vec<mpsc::Sender<ThreadBuilder>> = (0..many)
        .map_while(|_| {
            let (sender, work) = mpsc::channel::<ThreadBuilder>();
            let thread = std::thread::Builder::new().stack_size(stack);
            let thread = thread.spawn(move || work.into_iter().for_each(ThreadBuilder::run));
            thread.is_ok().then_some(sender)
        })
        .collect();
    let pool = ThreadPoolBuilder::new();
    let _ = match waiting.len() {
        // The present thread does all the work.
        0 => pool.num_threads(1).use_current_thread().build_global(),
        many => pool
            .num_threads(many)
            .spawn_handler(|thread| {
                let sent = waiting.pop().and_then(|one| one.send(thread).ok());
                sent.ok_or_else(|| std::io::Error::other("its thread has ended"))
            })
            .build_global(),
    };
}

/// How many threads there would be without a limit of memory.
#[expect(clippy::disallowed_methods, reason = "this module is the edge")]
fn wanted() -> usize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    let asked = asked.filter(|many| *many > 0).or_else(|| {
        let processors = std::thread::available_parallelism().ok()?;
        Some(processors.get())
    });
    asked.unwrap_or(1).min(process::threads_with_files())
}

/// How many threads to make, and the bytes of each one's stack, so that all stacks take a quarter of the memory that is
/// left: a stack counts as a whole, however little of it is used.
fn fitting(wanted: usize, left: Option<u64>) -> (usize, usize) {
    let Some(left) = left else {
        return (wanted, STACK);
    };
    let stacks = usize::try_from(left / 4).unwrap_or(usize::MAX);
    let many = (stacks / SMALL).clamp(1, wanted.max(1));
    (many, (stacks / many).clamp(LEAST, STACK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_take_a_quarter_of_what_is_left() {
        let mib = |many: u64| Some(many << 20);
        assert_eq!(fitting(8, None), (8, STACK));
        assert_eq!(fitting(2, mib(4096)), (2, STACK));
        assert_eq!(fitting(64, mib(4096)), (64, 16 << 20));
        assert_eq!(fitting(64, mib(256)), (8, SMALL));
        assert_eq!(fitting(2, mib(40)), (1, 10 << 20));
        assert_eq!(fitting(2, mib(12)), (1, 3 << 20));
        assert_eq!(fitting(2, mib(0)), (1, LEAST));
    }
}
