//! How long something takes, and how much of it programs compute.

use std::ops::Add;
use std::time::Instant;

use anyhow::Result;

/// Clock ticks in a second, as Linux counts them in `/proc`.
const TICKS: f64 = 100.0;

/// The time and space of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    /// Seconds on the clock.
    pub(crate) seconds: f64,
    /// Seconds that the programs which were run, and those that they ran, had a processor; not a number where that is
    /// unknown. A machine that is busy with other things changes this less.
    pub(crate) processor: f64,
}

impl Cost {
    /// Runs something, and programs with it, one after another or all of them here.
    pub(crate) fn of<T>(work: impl FnOnce() -> Result<T>) -> Result<(Self, T)> {
        let (start, before) = (Instant::now(), processor());
        let done = work()?;
        let cost = Self {
            seconds: start.elapsed().as_secs_f64(),
            processor: processor() - before,
        };
        Ok((cost, done))
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            processor: self.processor + other.processor,
        }
    }
}

/// The seconds of all programs that this one has run so far, and that have ended.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, a name in parentheses, may hold spaces. The 16th and the 17th are the times.
    let (_, fields) = text.rsplit_once(')').unwrap_or_default();
    let mut fields = fields.split_whitespace().skip(13);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok());
    match (ticks(), ticks()) {
        (Some(user), Some(system)) => (user + system) / TICKS,
        _ => f64::NAN,
    }
}
