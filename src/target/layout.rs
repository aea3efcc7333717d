//! Which file in a target folder belongs to which unit, by nothing but its path.
//!
//! Cargo has two layouts, classic and new, and one folder may hold both: Cargo does not clear one away
//! when it begins the other.

pub(crate) mod classic;
pub(crate) mod new;
pub(crate) mod shape;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::markers;
pub(crate) use crate::target::layout::shape::{is_of_a_unit, is_of_the_compiler};
use crate::target::unit::Group;
use crate::target::unit_file::{Role, Sharing};

/// The empty file that Cargo writes before it starts a compiler or a build script.
pub(crate) const STAMP: &str = "invoked.timestamp";

/// Whose a path in a profile folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A unit's.
    Unit {
        /// The unit's hash.
        hash: String,
        /// The package's name, if it is in the path.
        package: Option<String>,
        /// Its part in the unit.
        part: Part,
    },
    /// No unit.
    None(Group),
}

/// The part of a file in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is the fingerprint folder, or lies in it.
    Fingerprint,
    /// The compiler wrote it, or it is a folder in which such files lie.
    Artifact,
    /// In the new layout, the unit's `out`, or something in it: what a build script wrote, or what the compiler did.
    Out,
    /// It is an `OUT_DIR`, or lies in one.
    OutDir,
    /// The output of a build script.
    Said,
    /// Where the `OUT_DIR` was when the script ran.
    Root,
    /// Cargo wrote down something else of a build script's run.
    Noted,
}

impl Part {
    /// The file's role in the unit, which is a build script's `run` or anything else.
    #[must_use]
    pub(crate) fn role(self, run: bool) -> Role {
        match self {
            Self::Fingerprint => Role::Fingerprint,
            Self::Out if run => Role::OutDir,
            Self::Artifact | Self::Out => Role::Made,
            Self::OutDir => Role::OutDir,
            Self::Said => Role::Said,
            Self::Root => Role::Root,
            Self::Noted => Role::Noted,
        }
    }

    /// The part of a file beside the `OUT_DIR` of a run, by its name.
    fn beside(name: &str) -> Option<Self> {
        Some(match name {
            "output" | "stdout" => Self::Said,
            "root-output" => Self::Root,
            "stderr" | STAMP => Self::Noted,
            _ => return None,
        })
    }
}

/// How a Cargo lays out target folders by default, by what it says of its version: `cargo 1.95.0 (…)`.
///
/// Source: the release notes of Cargo 1.100; a test holds it for the toolchains that are installed.
#[must_use]
pub(crate) fn of_cargo(version: &str) -> Option<DiskLayout> {
    let number = version.split(' ').nth(1)?;
    let mut parts = number.split(['.', '-']).map(str::parse::<u32>);
    let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some(match (major, minor) >= (1, 100) {
        true => DiskLayout::New,
        false => DiskLayout::Classic,
    })
}

/// Whose a path is. `path` is relative to a profile folder, in its components, and not empty.
///
/// A path that fits neither layout belongs to no unit.
#[must_use]
pub fn owner(path: &[&str], folder: bool) -> Owner {
    let unit = new::unit(path).or_else(|| classic::unit(path));
    if let (Some((hash, package)), Some(part)) = (unit, part(path)) {
        return Owner::Unit {
            hash: hash.to_owned(),
            package: package.map(str::to_owned),
            part,
        };
    }
    let group = match path {
        ["incremental", of, ..] => Group::Incremental {
            name: of.rsplit_once('-').map_or(*of, |(name, _)| name).to_owned(),
        },
        ["deps", name] if folder && shape::is_metadata_folder(name) => Group::Leaked,
        ["deps", name, shape::METADATA] if shape::is_metadata_folder(name) => Group::Leaked,
        ["deps", of_link @ ..] if shape::is_of_a_link(of_link, folder) => Group::Leaked,
        _ if folder => Group::Folder,
        ["deps", ..] => Group::Unhashed,
        [name] if markers::LOCK_NAMES.contains(name) => Group::Cargo,
        [_] | ["examples", _] => Group::Final,
        _ => Group::Foreign,
    };
    Owner::None(group)
}

/// The purpose of a path outside all profile folders. `path` is relative to the target folder.
#[must_use]
pub fn outside(path: &[&str], folder: bool) -> Group {
    match path {
        ["doc", ..] | [_, "doc", ..] => Group::Doc,
        [name] | [_, name] if !folder && markers::is_top_file(name) => Group::Cargo,
        _ if folder => Group::Folder,
        _ => Group::Foreign,
    }
}

/// How a file may be shared, by its name and by what it is to its unit.
///
/// rustc writes `.rlib` and `.rmeta` beside their place and renames them; everything else it, the linker, Cargo
/// or a build script may open and truncate, which would reach through a hard link. The exceptions among programs are in
/// [`linked`](crate::target::linked).
#[must_use]
pub(crate) fn sharing(name: &str, part: Part) -> Sharing {
    let linkable = [".rlib", ".rmeta"].iter().any(|end| name.ends_with(end));
    if linkable && matches!(part, Part::Artifact | Part::Out) {
        Sharing::Link
    } else {
        Sharing::Copy
    }
}

/// Whether this is the hash of a unit.
fn is_hash(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The places where Cargo may have put what a build script printed, by its `OUT_DIR`: beside it, and since 1.100 in a folder
/// of the run.
///
/// Source: builds with 1.95 and 1.100; held by the test of scripts with a package by its path, which .ci/run plays with both.
#[must_use]
pub(crate) fn outputs(out_dir: &Path) -> [PathBuf; 2] {
    let unit = out_dir.parent().unwrap_or(out_dir);
    [unit.join("output"), unit.join("run").join("stdout")]
}

/// How many components of a unit's path name what is moved into place as a whole: a file in a folder of all units,
/// or a folder that is the unit's own. `None` if it is such a folder of all units itself.
///
/// `path` is relative to a profile folder, and a unit's.
#[must_use]
pub(crate) fn entry(path: &[&str]) -> Option<usize> {
    let depth = match path {
        ["build", _, hash, ..] if is_hash(hash) => 3,
        _ => 2,
    };
    (path.len() >= depth).then_some(depth)
}

/// The origin of a file that is left of an otherwise unknown unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// Cargo or the compiler wrote it, by its name.
    Known,
    /// A program, or anything else without an end to its name.
    Program,
    /// Another program may have written it.
    Foreign,
}

/// Tells by its path who wrote something that has the hash of a unit. `path` is relative to a profile folder.
#[must_use]
pub(crate) fn leftover(path: &[&str]) -> Leftover {
    const ENDS: [&str; 20] = [
        "a", "d", "dll", "dwo", "dwp", "dylib", "exe", "exp", "js", "lib", "ll", "mir", "o", "pdb",
        "rlib", "rmeta", "s", "so", "wasm", "bc",
    ];
    const IN_A_FOLDER: [&str; 8] = [
        "fingerprint",
        STAMP,
        "out",
        "output",
        "root-output",
        "run",
        "stderr",
        "stdout",
    ];
    let of_script =
        |name: &str| name.starts_with("build-script-") || name.starts_with("build_script_");
    match path {
        ["build", _, hash] if is_hash(hash) => Leftover::Known,
        ["build", _, hash, name, ..] if is_hash(hash) => known(IN_A_FOLDER.contains(name)),
        ["build", _] => Leftover::Known,
        ["build", _, name, ..] => known(IN_A_FOLDER.contains(name) || of_script(name)),
        ["deps" | "examples", name, ..] => match name.rsplit_once('.') {
            None => Leftover::Program,
            Some((_, end)) => known(ENDS.contains(&end) || name.ends_with(".dSYM")),
        },
        _ => Leftover::Foreign,
    }
}

fn known(known: bool) -> Leftover {
    match known {
        true => Leftover::Known,
        false => Leftover::Foreign,
    }
}

/// Whether Cargo looks at the time of a file when it asks whether what depends on the unit is older.
///
/// It does for files that the compiler made, without the `.d` file, and for Cargo's notes of a build script's run.
/// Source: `outputs` and `check_filesystem` in Cargo's `src/cargo/core/compiler/fingerprint/mod.rs`.
#[must_use]
pub(crate) fn is_output(path: &[&str], run: bool) -> bool {
    let list = path.last().is_some_and(|name| name.ends_with(".d"));
    match part(path) {
        Some(Part::Said) => run,
        Some(Part::Root | Part::Noted) => run && matches!(path, [_, _, _, "run", _]),
        Some(Part::Out) => !run && !list && path.len() == 5,
        Some(Part::Artifact) => {
            !run && !list && matches!(path, ["deps" | "examples", _] | ["build", _, _])
        }
        Some(Part::Fingerprint | Part::OutDir) | None => false,
    }
}

/// The part of a path in its unit; `None` if it belongs to no unit. `path` is relative to a profile folder.
#[must_use]
pub(crate) fn part(path: &[&str]) -> Option<Part> {
    new::part(path).or_else(|| classic::part(path))
}

/// Asks something about a path in a target folder, by its components in the profile folder.
pub(crate) fn in_profile<T>(path: &Path, profile: &str, ask: impl FnOnce(&[&str]) -> T) -> T {
    let depth = profile.split('/').count();
    let parts: Vec<Cow<'_, str>> = path
        .iter()
        .skip(depth)
        .map(OsStr::to_string_lossy)
        .collect();
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    ask(&parts)
}

/// How many components of a path name the fingerprint folder of its unit; `None` if it does not lie in that.
#[must_use]
pub(crate) fn fingerprint_folder(path: &[&str]) -> Option<usize> {
    match path {
        [".fingerprint", _, ..] => Some(2),
        ["build", _, hash, "fingerprint", ..] if is_hash(hash) => Some(4),
        _ => None,
    }
}

/// Whether a file in a fingerprint folder is the hash of a target, which Cargo reads in every build with that target, fresh
/// or not. Beside it lie its explanation, its list of sources, messages of the compiler, and the time of the compilation's
/// begin, whose names are other ones.
///
/// Source: `_compare_old_fingerprint` in Cargo's `src/cargo/core/compiler/fingerprint/mod.rs`.
#[must_use]
pub(crate) fn is_fingerprint_hash(name: &str) -> bool {
    let beside = ["dep-", "output-"];
    !name.contains('.') && !beside.iter().any(|begin| name.starts_with(begin))
}

/// Whether a unit is the run of a build script that has written something, or has been run to its end, by one of its
/// paths.
#[must_use]
pub(crate) fn is_of_a_run(path: &[&str]) -> bool {
    match part(path) {
        Some(Part::Said) => true,
        Some(Part::Root | Part::Noted) => matches!(path, [_, _, _, "run", ..]),
        Some(Part::OutDir) => path.len() > 3,
        Some(Part::Fingerprint | Part::Artifact | Part::Out) | None => false,
    }
}

/// Splits `<name>-<hash>`.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('-')
        .filter(|(name, hash)| !name.is_empty() && is_hash(hash))
}

/// How Cargo lays out a target folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum DiskLayout {
    /// With `deps` and `.fingerprint`.
    Classic,
    /// With a folder for each unit.
    New,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_version_of_cargo() {
        for (version, layout) in [
            (
                "cargo 1.95.0 (f2d3ce0bd 2026-03-21)",
                Some(DiskLayout::Classic),
            ),
            (
                "cargo 1.97.0-nightly (4d1f98451 2026-05-15)",
                Some(DiskLayout::Classic),
            ),
            (
                "cargo 1.100.0-beta.1 (0 2026-11-01)\n",
                Some(DiskLayout::New),
            ),
            ("cargo 2.0.0", Some(DiskLayout::New)),
            ("cargo", None),
            ("cargo next", None),
        ] {
            assert_eq!(of_cargo(version), layout, "{version}");
        }
    }

    const HASH: &str = "0123456789abcdef";

    fn of(path: &str) -> Owner {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        owner(&parts, path.ends_with('/'))
    }

    #[track_caller]
    fn assert_unit(path: &str, package: Option<&str>, part: Part) {
        let expected = Owner::Unit {
            hash: HASH.into(),
            package: package.map(Into::into),
            part,
        };
        assert_eq!(of(&path.replace('#', HASH)), expected, "{path}");
    }

    #[test]
    fn classic_paths() {
        assert_unit(".fingerprint/a-b-#/", Some("a-b"), Part::Fingerprint);
        assert_unit(".fingerprint/a-#/lib-a.json", Some("a"), Part::Fingerprint);
        for name in [
            "a-#",
            "liba-#.rlib",
            "a-#.d",
            "a-#.a.1f-cgu.0.rcgu.o",
            "a-#.exe",
        ] {
            assert_unit(&format!("deps/{name}"), None, Part::Artifact);
        }
        assert_unit("deps/a-#.dSYM/Contents/x", None, Part::Artifact);
        assert_unit("examples/e-#.d", None, Part::Artifact);
        assert_unit("build/a-#/build-script-build", Some("a"), Part::Artifact);
        assert_unit("build/a-#/out/src/x.rlib", Some("a"), Part::OutDir);
        assert_unit("build/a-#/out/run/output", Some("a"), Part::OutDir);
        assert_unit("build/a-#/out/fingerprint/x", Some("a"), Part::OutDir);
        assert_unit("build/a-#/output", Some("a"), Part::Said);
        assert_unit("build/a-#/root-output", Some("a"), Part::Root);
        assert_unit("build/out-#/stderr", Some("out"), Part::Noted);
    }

    #[test]
    fn new_paths() {
        assert_unit("build/a-b/#/", Some("a-b"), Part::Artifact);
        assert_unit("build/a/#/fingerprint/lib-a", Some("a"), Part::Fingerprint);
        assert_unit("build/a/#/out/liba.rlib", Some("a"), Part::Out);
        assert_unit("build/a/#/run/stdout", Some("a"), Part::Said);
        assert_unit("build/a/#/run/root-output", Some("a"), Part::Root);
        // A package may be named like any of these folders.
        for name in ["out", "run", "build", "deps", "fingerprint", "incremental"] {
            let said = format!("build/{name}/#/run/stdout");
            assert_unit(&said, Some(name), Part::Said);
            let print = format!("build/{name}/#/fingerprint/lib-{name}");
            assert_unit(&print, Some(name), Part::Fingerprint);
            let out = format!("build/{name}/#/out/run/stdout");
            assert_unit(&out, Some(name), Part::Out);
        }
        // A package may well be named like a classic folder.
        let odd = format!("a-{}", "f".repeat(16));
        assert_unit(&format!("build/{odd}/#/out/x"), Some(&odd), Part::Out);
    }

    #[test]
    fn what_belongs_to_no_unit() {
        let group = |path: &str| match of(path) {
            Owner::None(group) => group,
            unit @ Owner::Unit { .. } => panic!("{path}: {unit:?}"),
        };
        let incremental = Group::Incremental {
            name: "my_app".into(),
        };
        assert_eq!(
            group("incremental/my_app-1gi6kz9kpg1fx/s-x/a.o"),
            incremental
        );
        assert_eq!(group("deps/libc.so"), Group::Unhashed);
        assert_eq!(group("deps/liba-0123456789ABCDEF.rlib"), Group::Unhashed);
        assert_eq!(group("deps/rmetaXYZ/full.rmeta"), Group::Unhashed);
        assert_eq!(group("examples/ex"), Group::Final);
        assert_eq!(group("libapp.rlib"), Group::Final);
        assert_eq!(group(".cargo-lock"), Group::Cargo);
        assert_eq!(group("deps/"), Group::Folder);
        assert_eq!(group("build/a/"), Group::Folder);
        assert_eq!(group("mine/x"), Group::Foreign);
        assert_eq!(group("build/a-0123/out/x"), Group::Foreign);
        assert_eq!(outside(&["CACHEDIR.TAG"], false), Group::Cargo);
        assert_eq!(outside(&["doc", "a", "b.html"], false), Group::Doc);
        assert_eq!(outside(&["tmp", "x"], false), Group::Foreign);
    }

    #[test]
    fn what_is_moved_as_a_whole() {
        let entry = |path: &str| entry(&path.split('/').collect::<Vec<_>>());
        assert_eq!(entry("deps/liba-0123456789abcdef.rlib"), Some(2));
        assert_eq!(entry(".fingerprint/a-0123456789abcdef/lib-a"), Some(2));
        assert_eq!(entry("build/a-0123456789abcdef/out/b/c"), Some(2));
        assert_eq!(entry("build/a/0123456789abcdef/out/b"), Some(3));
        assert_eq!(entry("build/a/0123456789abcdef"), Some(3));
        assert_eq!(entry("deps"), None);
    }

    #[test]
    fn outputs_are_what_dependents_wait_for() {
        let output = |path: &str, run| is_output(&path.split('/').collect::<Vec<_>>(), run);
        for path in [
            "deps/liba-0123456789abcdef.rlib",
            "build/a-0123456789abcdef/build-script-build",
            "build/a/0123456789abcdef/out/liba.rlib",
        ] {
            assert!(output(path, false) && !output(path, true), "{path}");
        }
        assert!(output("build/a-0123456789abcdef/output", true));
        assert!(output("build/a/0123456789abcdef/run/stdout", true));
        for path in [
            "deps/a-0123456789abcdef.d",
            ".fingerprint/a-0123456789abcdef/lib-a",
            "build/a/0123456789abcdef/fingerprint/lib-a",
            "build/a-0123456789abcdef/out/x.rlib",
        ] {
            assert!(!output(path, false), "{path}");
        }
        for path in ["out/x", "out/run/stdout", "out/fingerprint/lib-a"] {
            assert!(
                !output(&format!("build/a-0123456789abcdef/{path}"), true),
                "{path}"
            );
        }
    }

    #[test]
    fn only_what_the_compiler_renames_into_place_is_linkable() {
        assert_eq!(sharing("liba.rmeta", Part::Artifact), Sharing::Link);
        assert_eq!(sharing("liba.rlib", Part::Artifact), Sharing::Link);
        assert_eq!(sharing("liba.rlib", Part::OutDir), Sharing::Copy);
        assert_eq!(sharing("liba.so", Part::Artifact), Sharing::Copy);
    }
}
