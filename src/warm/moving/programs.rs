//! Which entries of a target folder belong to the `target-dir`, where Cargo has a `build-dir` for the rest.
//!
//! Source: the table of contents of both folders in the chapter "Build cache" of the Cargo book.

use std::path::{Path, PathBuf};

use crate::fs::Part;
use crate::markers;
use crate::target::layout;

/// Folders of a profile that hold what programs are made of.
const INTERMEDIATE: [&str; 3] = ["deps", "build", "incremental"];

/// The folder of a profile that holds both.
const EXAMPLES: &str = "examples";

/// Folders at the top of a `build-dir`.
const TOP: [&str; 2] = ["tmp", "build"];

/// Where an entry of a folder goes that was both, if final programs go. `profiles` are its profile folders.
///
/// An entry that Cargo does not make is the user's, and goes where she finds it.
pub(crate) fn goes(path: &Path, profiles: &[PathBuf]) -> Part {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let top = path.iter().next().unwrap_or_default().to_string_lossy();
    let is_profile = |path: &Path| profiles.iter().any(|profile| profile == path);
    let above = path.parent().unwrap_or(path);
    if markers::is_tool_folder(&top) || top == markers::TESTS {
        return Part::Goes;
    }
    if name.starts_with('.') {
        return Part::Stays;
    }
    if is_profile(above) {
        return match &*name {
            name if INTERMEDIATE.contains(&name) => Part::Stays,
            EXAMPLES => Part::Within,
            _ => Part::Goes,
        };
    }
    if above.ends_with(EXAMPLES) && above.parent().is_some_and(is_profile) {
        // What is compiled has a hash in its name, the program that users start has none.
        let stem = name.split('.').next().unwrap_or_default();
        return match layout::split(stem) {
            Some(_) => Part::Stays,
            None => Part::Goes,
        };
    }
    if profiles.iter().any(|profile| profile.starts_with(path)) {
        return Part::Within;
    }
    match above.as_os_str().is_empty() {
        true if TOP.contains(&&*name) || markers::is_top_file(&name) => Part::Stays,
        _ => Part::Goes,
    }
}

/// As [`goes`], for the entries of a folder that is a `target-dir` alone: its own locks and marks are no obstacle.
pub(crate) fn of_target_dir(path: &Path, profiles: &[PathBuf]) -> Part {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match stays(&name) {
        true => Part::Goes,
        false => goes(path, profiles),
    }
}

/// Whether a file of a `target-dir` is nothing to a folder that has one of its own: locks and marks.
pub(crate) fn stays(name: &str) -> bool {
    markers::LOCK_NAMES.contains(&name) || markers::is_top_file(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Part {
        let profiles = ["debug", "x86_64-unknown-linux-gnu/release"].map(PathBuf::from);
        goes(Path::new(path), &profiles)
    }

    #[test]
    fn programs_go_and_what_they_are_made_of_stays() {
        for path in [
            "doc",
            "package",
            "criterion",
            "debug/app",
            "debug/app.d",
            "debug/libown.rlib",
            "debug/examples/show",
            "debug/examples/show.d",
            "x86_64-unknown-linux-gnu/doc",
            "x86_64-unknown-linux-gnu/release/app",
            "nextest",
        ] {
            assert_eq!(of(path), Part::Goes, "{path}");
        }
        for path in [
            "CACHEDIR.TAG",
            ".rustc_info.json",
            "tmp",
            "debug/.cargo-lock",
            "debug/.fingerprint",
            "debug/deps",
            "debug/build",
            "debug/incremental",
            "debug/examples/show-0123456789abcdef",
            "debug/examples/show-0123456789abcdef.d",
        ] {
            assert_eq!(of(path), Part::Stays, "{path}");
        }
        for path in ["debug", "x86_64-unknown-linux-gnu", "debug/examples"] {
            assert_eq!(of(path), Part::Within, "{path}");
        }
    }
}
