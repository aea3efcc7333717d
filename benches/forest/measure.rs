//! Runs programs and compares how long they take.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// One of those that are compared.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    seconds: Vec<f64>,
    /// In KiB, where it is known.
    pub(crate) peak: Option<u64>,
}

impl Contender {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            seconds: Vec::new(),
            peak: None,
        }
    }

    /// Takes down a time, and prints it: a run is long, and may be stopped.
    pub(crate) fn note(&mut self, round: usize, seconds: f64) {
        println!("round {round}: {:<34} {seconds:>9.3} s", self.name);
        self.seconds.push(seconds);
    }

    /// In each round our time by theirs, sorted. Only times of one round are compared, since the machine may
    /// be busier in another.
    pub(crate) fn ratios(&self, to: &Self) -> Vec<f64> {
        let pairs = self.seconds.iter().zip(&to.seconds);
        let mut ratios: Vec<f64> = pairs.map(|(mine, theirs)| mine / theirs).collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }
}

/// The one in the middle of sorted numbers, or between the two there.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.len() % 2) {
        (None, _) => f64::NAN,
        (Some(middle), 1) => *middle,
        (Some(above), _) => f64::midpoint(sorted[half - 1], *above),
    }
}

/// Prints a table of medians, as ratios to the first.
pub(crate) fn print_table(contenders: &[Contender]) {
    let Some(first) = contenders.first() else {
        return;
    };
    println!(
        "{:<34} {:>8} {:>15} {:>9} {:>9}",
        "",
        format!("/ {}", first.name.split(' ').next().unwrap_or_default()),
        "(from … to)",
        "seconds",
        "peak MiB"
    );
    for contender in contenders {
        let ratios = contender.ratios(first);
        let (low, high) = (ratios.first().copied(), ratios.last().copied());
        let mut seconds = contender.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let peak = contender.peak.map_or("?".to_owned(), mebibytes);
        println!(
            "{:<34} {:>8.3} {:>15} {:>9.3} {:>9}",
            contender.name,
            median(&ratios),
            format!(
                "({:.3} … {:.3})",
                low.unwrap_or(f64::NAN),
                high.unwrap_or(f64::NAN)
            ),
            median(&seconds),
            peak
        );
    }
}

/// Says whether a bar is met.
pub(crate) fn print_bar(what: &str, is: f64, limit: f64) {
    let verdict = if is <= limit { "met   " } else { "MISSED" };
    println!("{verdict}  {what}: {is:.3}, to be at most {limit:.3}");
}

/// Says how busy the machine is, where that is known. Threads side by side gain nothing where others have all cores,
/// and a program with one thread loses nothing where one core is free.
pub(crate) fn print_load() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    if let Some(load) = text.split(' ').next().filter(|load| !load.is_empty()) {
        println!("{cores} cores, load {load}, the benchmark's own 1 to {cores} included");
    }
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{}", kibibytes / 1024, kibibytes % 1024 * 10 / 1024)
}

/// Runs a command, which is not to fail, and says how long it took.
pub(crate) fn time(command: &mut Command) -> Result<f64> {
    let failed = || "failed to run a program that is compared";
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(failed)?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        println!("note: {command:?} ended with {status}");
    }
    Ok(seconds)
}

/// Runs a command and says how much memory it took at its peak, in KiB. By GNU `time`, else, where there is
/// `/proc`, by asking again and again.
pub(crate) fn peak(command: &Command) -> Result<Option<u64>> {
    let time = Path::new("/usr/bin/time");
    if cfg!(target_os = "linux") && time.exists() {
        let report = tempfile::NamedTempFile::new()?;
        let mut timed = Command::new(time);
        timed.args(["-f", "%M", "-o"]).arg(report.path());
        timed.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => timed.env(name, value),
                None => timed.env_remove(name),
            };
        }
        self::time(&mut timed)?;
        let text = std::fs::read_to_string(report.path())?;
        return Ok(text
            .lines()
            .last()
            .and_then(|line| line.trim().parse().ok()));
    }
    let mut child = clone(command).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait()?.is_none() {
        peak = peak.max(
            std::fs::read_to_string(&status)
                .ok()
                .as_deref()
                .and_then(high_water),
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(peak)
}

fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn clone(command: &Command) -> Command {
    let mut same = Command::new(command.get_program());
    same.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => same.env(name, value),
            None => same.env_remove(name),
        };
    }
    same.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    same
}
