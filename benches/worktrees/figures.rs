//! Ratios, and how they are printed.

/// The same thing measured in several rounds, each time beside what it is compared with.
pub(crate) struct Series {
    name: String,
    rounds: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rounds: Vec::new(),
        }
    }

    /// Takes down the seconds of a round, and the seconds that they are compared with. They are printed as well:
    /// a run is long, and may be stopped.
    pub(crate) fn note(&mut self, mine: f64, to: f64) {
        self.rounds.push((mine, to));
        println!(
            "round {}: {:<44} {:>8.3} [{mine:.2} s / {to:.2} s]",
            self.rounds.len(),
            self.name,
            mine / to
        );
    }

    /// Prints the ratio in the middle and both ends, and in brackets the seconds in the middle.
    pub(crate) fn print(&self) {
        let ratios = sorted(self.rounds.iter().map(|(mine, to)| mine / to));
        let seconds = sorted(self.rounds.iter().map(|(mine, _)| *mine));
        let (Some(low), Some(high)) = (ratios.first(), ratios.last()) else {
            return;
        };
        println!(
            "{:<48} {:>7.3} ({low:.3} … {high:.3}) [{:.2} s]",
            self.name,
            median(&ratios),
            median(&seconds)
        );
    }

    /// Says whether the ratio in the middle is low enough.
    pub(crate) fn print_bar(&self, limit: f64) {
        let ratios = sorted(self.rounds.iter().map(|(mine, to)| mine / to));
        print_bar(&self.name, median(&ratios), limit);
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

/// The one in the middle of sorted numbers, or between the two there.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.len() % 2) {
        (None, _) => f64::NAN,
        (Some(middle), 1) => *middle,
        (Some(above), _) => f64::midpoint(sorted[half - 1], *above),
    }
}
