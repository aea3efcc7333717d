//! Finds the libraries that a build script has Cargo link and that are not its own: libraries of the system, which
//! another machine may lack.

use std::path::{Path, PathBuf};

/// The libraries and folders that a script has named for linking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    /// The names of libraries that lie in none of the script's own folders.
    pub(crate) libraries: Vec<String>,
    /// The folders that are searched for them and are not the script's own, in their order.
    pub(crate) folders: Vec<PathBuf>,
}

/// Reads what a script has said; `out_dir` is its own folder.
///
/// Source: the book of Cargo, "Outputs of the Build Script".
#[must_use]
pub(crate) fn linked(said: &str, out_dir: &Path) -> Linked {
    let mut linked = Linked::default();
    let mut own = false;
    for line in said.lines() {
        let word = line.strip_prefix("cargo::").or(line.strip_prefix("cargo:"));
        let Some((key, value)) = word.and_then(|word| word.split_once('=')) else {
            continue;
        };
        let value = value.trim();
        match key {
            "rustc-link-search" => folder(value, out_dir, &mut linked, &mut own),
            "rustc-link-lib" => library(value, &mut linked),
            "rustc-flags" => flags(value, out_dir, &mut linked, &mut own),
            _ => {}
        }
    }
    if own {
        // The output does not tell which of them the script has made: those that are found elsewhere count.
        linked.libraries.sort();
        linked.libraries.dedup();
    }
    linked
}

fn folder(value: &str, out_dir: &Path, linked: &mut Linked, own: &mut bool) {
    const KINDS: [&str; 5] = ["dependency", "crate", "native", "framework", "all"];
    let path = match value.split_once('=') {
        Some((kind, path)) if KINDS.contains(&kind) => path,
        _ => value,
    };
    match Path::new(path) {
        path if path.starts_with(out_dir) => *own = true,
        path => linked.folders.push(path.to_owned()),
    }
}

fn library(value: &str, linked: &mut Linked) {
    let (kind, name) = value.split_once('=').unwrap_or(("", value));
    // A framework is a part of the system, which the platform stands for.
    if kind.starts_with("framework") {
        return;
    }
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    linked.libraries.push(name.to_owned());
}

/// The older form of both: `-l foo -L bar`, or without the blanks.
fn flags(value: &str, out_dir: &Path, linked: &mut Linked, own: &mut bool) {
    let mut words = value.split_whitespace();
    while let Some(word) = words.next() {
        let (flag, rest) = word.split_at_checked(2).unwrap_or((word, ""));
        let argument = match rest {
            "" => words.next().unwrap_or_default(),
            rest => rest,
        };
        match flag {
            "-l" => library(argument, linked),
            "-L" => folder(argument, out_dir, linked, own),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked() {
        let said = "cargo:rustc-link-search=native=/out/lib\ncargo::rustc-link-lib=static=z\n\
                    cargo:rustc-link-lib=framework=Security\ncargo:rustc-flags=-l ssl -L/usr/lib/x -lcrypto\n\
                    cargo:rustc-link-search=/opt\nnothing\ncargo:rustc-link-lib=static:+whole=a:b\n";
        let found = linked(said, Path::new("/out"));
        assert_eq!(found.libraries, ["a", "crypto", "ssl", "z"]);
        assert_eq!(found.folders, [Path::new("/usr/lib/x"), Path::new("/opt")]);
        assert_eq!(
            linked("cargo:rerun-if-changed=x", Path::new("/o")),
            Linked::default()
        );
    }
}
