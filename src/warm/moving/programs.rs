//! The entries of a target folder that belong to the `build-dir`, where Cargo has one beside the `target-dir`.
//!
//! Source: the table of contents of both folders in the chapter "Build cache" of the Cargo book.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::fs;
use crate::fs::Part;
use crate::markers;
use crate::target::layout;

/// Entries of a profile that belong to the `build-dir`.
const INTERMEDIATE: [&str; 4] = ["deps", "build", "incremental", markers::FINGERPRINTS];

/// The folder of a profile that has entries of both.
const EXAMPLES: &str = "examples";

/// Entries at the top that belong to the `build-dir`.
const TOP: [&str; 4] = [
    "tmp",
    "build",
    markers::RUSTC_INFO,
    ".rustdoc_fingerprint.json",
];

/// Returns whether an entry of a folder that was both is an intermediate, which goes to the `build-dir`. `profiles` are the
/// profile folders. All other entries stay, among them those that Cargo does not make.
pub(crate) fn goes(path: &Path, profiles: &[PathBuf]) -> Part {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let top = path.iter().next().unwrap_or_default().to_string_lossy();
    let is_profile = |path: &Path| profiles.iter().any(|profile| profile == path);
    let above = path.parent().unwrap_or(path);
    if markers::is_tool_folder(&top) || top == markers::TESTS {
        return Part::Stays;
    }
    if is_profile(above) {
        return match &*name {
            name if INTERMEDIATE.contains(&name) => Part::Goes,
            EXAMPLES => Part::Within,
            _ => Part::Stays,
        };
    }
    if above.ends_with(EXAMPLES) && above.parent().is_some_and(is_profile) {
        // A compiled example has a hash in its name, the program that users start has none.
        let stem = name.split('.').next().unwrap_or_default();
        return match layout::split(stem) {
            Some(_) => Part::Goes,
            None => Part::Stays,
        };
    }
    if profiles.iter().any(|profile| profile.starts_with(path)) {
        return Part::Within;
    }
    match above.as_os_str().is_empty() && TOP.contains(&&*name) {
        true => Part::Goes,
        false => Part::Stays,
    }
}

/// Returns an intermediate in a folder that should hold final programs alone.
///
/// # Errors
///
/// A folder cannot be read.
pub(crate) fn unit_in(folder: &Path) -> Result<Option<PathBuf>> {
    let profiles = markers::read(&fs::shape(folder)).profiles;
    let found = fs::first_that_goes(folder, &|path| goes(path, &profiles))?;
    Ok(found.map(|path| folder.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Part {
        let profiles = ["debug", "x86_64-unknown-linux-gnu/release"].map(PathBuf::from);
        goes(Path::new(path), &profiles)
    }

    #[test]
    fn intermediates_go_and_all_else_stays() {
        for path in [
            "doc",
            "package",
            "criterion",
            "CACHEDIR.TAG",
            "debug/app",
            "debug/app.d",
            "debug/.env",
            "debug/.cargo-lock",
            "debug/libown.rlib",
            "debug/examples/show",
            "debug/examples/show.d",
            "x86_64-unknown-linux-gnu/doc",
            "x86_64-unknown-linux-gnu/release/app",
            "nextest",
        ] {
            assert_eq!(of(path), Part::Stays, "{path}");
        }
        for path in [
            ".rustc_info.json",
            "tmp",
            "debug/.fingerprint",
            "debug/deps",
            "debug/build",
            "debug/incremental",
            "debug/examples/show-0123456789abcdef",
            "debug/examples/show-0123456789abcdef.d",
        ] {
            assert_eq!(of(path), Part::Goes, "{path}");
        }
        for path in ["debug", "x86_64-unknown-linux-gnu", "debug/examples"] {
            assert_eq!(of(path), Part::Within, "{path}");
        }
    }
}
