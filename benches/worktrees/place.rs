//! Prints the facts about the machine that a reader of the figures needs.

use std::path::Path;
use std::process::Command;

/// Says how many cores there are, and what filesystem a folder is on.
pub(crate) fn print(folder: &Path) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let filesystem = filesystem(folder).unwrap_or_else(|| "unknown".into());
    println!(
        "{cores} cores; filesystem {filesystem} at `{}`",
        folder.display()
    );
    if filesystem == "tmpfs" {
        println!("note: that is no disk; SHAREDTARGET_BENCH_DIR names another folder");
    }
    load();
}

/// Says how busy the machine is, where that is known.
pub(crate) fn load() {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    if let Some(load) = text.split(' ').next().filter(|load| !load.is_empty()) {
        println!("load {load}, what this benchmark ran in the last minute included");
    }
}

/// The space in KiB that all files take on the filesystem of a folder; `None` if that is unknown.
pub(crate) fn taken(folder: &Path) -> Option<u64> {
    let mut df = Command::new("df");
    let said = df.arg("-Pk").arg(folder).output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let mut words = said.lines().nth(1)?.split_whitespace();
    words.nth(2)?.parse().ok()
}

fn filesystem(folder: &Path) -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mut df = Command::new("df");
    let said = df.arg("-PT").arg(folder).output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let mut words = said.lines().nth(1)?.split_whitespace();
    words.nth(1).map(str::to_owned)
}
