//! Ratios, and how they are printed.

use super::cost::Cost;

/// The same thing measured in several rounds, each time beside what it is compared with.
pub(crate) struct Series {
    name: String,
    rounds: Vec<(Cost, Cost)>,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rounds: Vec::new(),
        }
    }

    /// Takes down what it took in a round, and what it is compared with. Both are printed as well: a run is long,
    /// and may be stopped.
    pub(crate) fn note(&mut self, mine: Cost, to: Cost) {
        self.rounds.push((mine, to));
        println!(
            "round {}: {:<34} {:>7.3} [{:.2} s / {:.2} s]",
            self.rounds.len(),
            self.name,
            mine.seconds / to.seconds,
            mine.seconds,
            to.seconds
        );
    }

    /// Prints the ratio in the middle and both ends, by the clock and by the time that processors took, and in
    /// brackets the seconds in the middle.
    pub(crate) fn print(&self) {
        let processor = sorted(
            self.rounds
                .iter()
                .map(|(mine, to)| mine.processor / to.processor),
        );
        let seconds = sorted(self.rounds.iter().map(|(mine, _)| mine.seconds));
        println!(
            "{:<34} {} [{:.2} s], processor time {}",
            self.name,
            ends(&self.ratios()),
            median(&seconds),
            ends(&processor)
        );
    }

    /// Says whether the ratio in the middle is low enough.
    pub(crate) fn print_bar(&self, limit: f64) {
        print_bar(&self.name, median(&self.ratios()), limit);
    }

    fn ratios(&self) -> Vec<f64> {
        let ratios = self
            .rounds
            .iter()
            .map(|(mine, to)| mine.seconds / to.seconds);
        sorted(ratios)
    }
}

/// The middle of sorted ratios, and both ends.
fn ends(ratios: &[f64]) -> String {
    match (ratios.first(), ratios.last()) {
        (Some(low), Some(high)) if !low.is_nan() => {
            format!("{:>7.3} ({low:.3} … {high:.3})", median(ratios))
        }
        _ => "unknown".into(),
    }
}

/// Says whether a bar is met.
pub(crate) fn print_bar(what: &str, is: f64, limit: f64) {
    let verdict = if is <= limit { "met   " } else { "MISSED" };
    println!("{verdict}  {what}: {is:.3}, to be at most {limit:.3}");
}

/// A number of KiB for people.
pub(crate) fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{} MiB", kibibytes / 1024, kibibytes % 1024 * 10 / 1024)
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The one in the middle.
pub(crate) fn median_of(numbers: &[f64]) -> f64 {
    median(&sorted(numbers.iter().copied()))
}

/// The one in the middle of sorted numbers, or between the two there.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.len() % 2) {
        (None, _) => f64::NAN,
        (Some(middle), 1) => *middle,
        (Some(above), _) => f64::midpoint(sorted[half - 1], *above),
    }
}
