//! Shows on a terminal how far long work has come.

use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::progress::Progress;

/// Work that takes less time than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(100);

/// A line on standard error that moves until this is dropped, and then is gone.
pub(crate) struct Spinner {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spinner {
    /// Starts to show progress, unless `visible` is false.
    #[must_use]
    pub(crate) fn start(progress: Arc<Progress>, visible: bool) -> Self {
        if !visible {
            return Self {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let (stage, entries, bytes) = progress.now();
                let counted = match (entries, bytes.0, progress.total()) {
                    (entries, _, Some(total)) => format!(" {entries} of {total}"),
                    (0, _, None) => String::new(),
                    (entries, 0, None) => format!(" {entries}"),
                    (entries, _, None) => format!(" {entries} files, {bytes}"),
                };
                bar.set_message(format!("{stage}{counted}"));
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
