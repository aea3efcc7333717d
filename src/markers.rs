//! Tells Cargo's folders from others by what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// How the content of a `CACHEDIR.TAG` begins (Cache Directory Tagging Specification).
pub(crate) const TAG_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The content of a tag file of ours.
#[must_use]
pub(crate) fn tag_file() -> Vec<u8> {
    [
        TAG_SIGNATURE,
        b"\n# This file is a cache directory tag created by cargo-sharedtarget.\n",
        b"# For information about cache directory tags see https://bford.info/cachedir/\n",
    ]
    .concat()
}

/// The file that marks a unit as put into a target folder by us; it lies with the unit's fingerprint, where Cargo
/// looks at nothing that it does not know.
pub(crate) const CARRIED: &str = "sharedtarget-carried";

/// The content of such a mark: for which workspace the sources were compared and when, and what Cargo dates the unit by.
#[must_use]
pub(crate) fn carried(workspace: &Path, dated: Timestamp, looked_at: Timestamp) -> String {
    let (dated, looked_at) = (dated.as_nanosecond(), looked_at.as_nanosecond());
    format!("{dated} {looked_at} {}\n", workspace.display())
}

/// The time in a mark at which the sources were compared. `None` if the mark names another workspace or another time:
/// the folder was copied, or the unit was compiled since.
#[must_use]
pub(crate) fn carried_at(mark: &[u8], workspace: &Path, dated: Timestamp) -> Option<Timestamp> {
    let text = std::str::from_utf8(mark).ok()?;
    let looked_at = text.split(' ').nth(1)?.parse().ok()?;
    let looked_at = Timestamp::from_nanosecond(looked_at).ok()?;
    (text == carried(workspace, dated, looked_at)).then_some(looked_at)
}

/// The name of the tag file.
pub(crate) const TAG_NAME: &str = "CACHEDIR.TAG";

/// The file that Cargo keeps compiler information in, at the top of a build folder.
pub(crate) const RUSTC_INFO: &str = ".rustc_info.json";

/// The lock files of a profile folder: `.cargo-lock` in all versions, the others from Cargo 1.96.
pub(crate) const LOCK_NAMES: [&str; 3] = [".cargo-lock", BUILD_LOCK, ".cargo-artifact-lock"];

/// The lock file that a build holds for as long as it changes units.
pub(crate) const BUILD_LOCK: &str = ".cargo-build-lock";

/// The lock files that keep others from changing units.
pub(crate) const UNIT_LOCKS: [&str; 2] = [".cargo-lock", BUILD_LOCK];

/// The lock file in a unit's folder in the new layout, made by builds with `-Zfine-grain-locking`.
pub(crate) const UNIT_LOCK: &str = ".lock";

/// The folder in a target folder in which we put units together before Cargo may see them.
pub(crate) const STAGE: &str = ".sharedtarget-warm";

/// The file in it that is its lock and its mark.
pub(crate) const STAGE_LOCK: &str = "lock";

/// The content of that file.
pub(crate) const STAGE_MARK: &[u8] = b"cargo-sharedtarget puts units together here\n";

/// How the names begin that we rename a folder to before we delete it.
pub(crate) const TRASH_PREFIX: &str = ".sharedtarget-trash-";

/// The file by which git ignores the folder that it is in.
pub(crate) const GITIGNORE: &str = ".gitignore";

/// The content of [`GITIGNORE`] in a folder that we are about to delete: it hides the rest of the folder, and is our
/// mark.
pub const TRASH_MARK: &[u8] = b"# cargo-sharedtarget is deleting this folder\n*\n";

/// The end of the name of an owner file.
pub(crate) const OWNER_SUFFIX: &str = ".sharedtarget.json";

/// The folder in a shared root that makes it one, with our own records.
pub(crate) const SHARED_ROOT_MARK: &str = ".sharedtarget";

/// The file in it that holds the token of the shared root, which the user's state holds too.
pub(crate) const ROOT_TOKEN: &str = "token";

/// The empty file in the folder that marks a shared root whose time is that of the last look at the age of everything.
pub(crate) const SWEPT: &str = "swept";

/// Where a shared root keeps what Cargo addresses by `{workspace-path-hash}`.
pub(crate) const BUILD_FOLDER: &str = "build";

/// Files of Cargo's at the top of a target folder. The last three are droppings of file managers and ours.
const TOP_FILES: [&str; 9] = [
    TAG_NAME,
    RUSTC_INFO,
    ".rustdoc_fingerprint.json",
    ".future-incompat-report.json",
    ".cargo-lock",
    ".package-cache",
    ".DS_Store",
    "Thumbs.db",
    GITIGNORE,
];

/// Folders of Cargo's at the top of a target folder, besides profiles and triples.
const TOP_FOLDERS: [&str; 7] = [
    WASM_BUILD,
    "doc",
    "package",
    "tmp",
    "cargo-timings",
    ".cargo-artifacts",
    STAGE,
];

/// Where trybuild makes packages in a target folder, and builds them.
pub(crate) const TESTS: &str = "tests";
pub(crate) const TRYBUILD: &str = "trybuild";

/// Where build scripts of Substrate make packages, beside the profile or in it, and build them.
pub(crate) const WASM_BUILD: &str = "wbuild";

/// Folders that well-known tools make there, and make again: each a target folder in itself, or scratch.
const TOOL_FOLDERS: [&str; 6] = [
    "rust-analyzer",
    "flycheck0",
    "nextest",
    "miri",
    "llvm-cov-target",
    "semver-checks",
];

/// Whether Cargo makes a file of this name at the top of a target folder.
#[must_use]
pub(crate) fn is_top_file(name: &str) -> bool {
    TOP_FILES.contains(&name)
}

/// Whether a tool, and not Cargo, makes a folder of this name in a target folder.
#[must_use]
pub(crate) fn is_tool_folder(name: &str) -> bool {
    TOOL_FOLDERS.contains(&name)
}

/// The folder that only a profile folder holds, besides lock files. `deps`, `build` and `examples` are common names.
pub(crate) const FINGERPRINTS: &str = ".fingerprint";

/// The names in a folder, and in the folders in it; empty below the depth that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Names of everything that is not a folder.
    pub(crate) files: Vec<String>,
    /// The folders by name; `None` where a name leads elsewhere (a symbolic link).
    pub(crate) folders: BTreeMap<String, Option<Shape>>,
}

/// The facts about a folder that its shape shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Something that only Cargo makes is there.
    pub(crate) cargo: bool,
    /// Entries that Cargo does not make.
    pub(crate) foreign: Vec<String>,
    pub(crate) profiles: Vec<PathBuf>,
}

/// Reads the top levels of what may be a target folder. Wants a shape three levels deep.
#[must_use]
pub(crate) fn read(shape: &Shape) -> Reading {
    let mut reading = Reading {
        cargo: shape.files.iter().any(|name| name == RUSTC_INFO),
        ..Reading::default()
    };
    for name in &shape.files {
        let lock = LOCK_NAMES.contains(&name.as_str());
        if !lock && !TOP_FILES.contains(&name.as_str()) {
            reading.foreign.push(name.clone());
        }
    }
    for (name, inner) in &shape.folders {
        let Some(inner) = inner else {
            reading.foreign.push(name.clone());
            continue;
        };
        // A target folder in itself, with locks of its own.
        let in_itself = match trybuild(name, inner) {
            Some(inner) => Some((Path::new(name).join(TRYBUILD), inner)),
            None => TOOL_FOLDERS
                .contains(&name.as_str())
                .then(|| (name.into(), inner)),
        };
        let tool = in_itself.is_some();
        let profiles = match in_itself {
            Some((at, inner)) => {
                let profiles = read(inner).profiles.into_iter();
                profiles.map(|profile| at.join(profile)).collect()
            }
            None => profiles_in(Path::new(name), inner),
        };
        if profiles.is_empty() && !tool && !TOP_FOLDERS.contains(&name.as_str()) {
            reading.foreign.push(name.clone());
        }
        reading.cargo |= !profiles.is_empty() && !tool;
        reading.profiles.extend(profiles);
    }
    reading.foreign.sort();
    reading
}

/// The folder of trybuild's, in which it makes a package for each crate that it tests, and builds these.
///
/// Source: `path!(target_dir / "tests" / "trybuild")` in trybuild's `run.rs`.
fn trybuild<'a>(name: &str, inner: &'a Shape) -> Option<&'a Shape> {
    let alone = inner.files.is_empty() && inner.folders.len() == 1;
    let inner = inner.folders.get(TRYBUILD)?.as_ref();
    inner.filter(|_| alone && name == TESTS)
}

/// The folder itself if it is a profile, or the profiles in it if it is a triple and holds nothing else.
fn profiles_in(name: &Path, shape: &Shape) -> Vec<PathBuf> {
    if is_profile(shape) {
        return vec![name.to_owned()];
    }
    let only_files_of_cargo = shape
        .files
        .iter()
        .all(|file| TOP_FILES.contains(&file.as_str()));
    let inner: Vec<PathBuf> = shape
        .folders
        .iter()
        .filter(|(_, inner)| inner.as_ref().is_some_and(is_profile))
        .map(|(inner, _)| name.join(inner))
        .collect();
    let others = shape
        .folders
        .keys()
        .filter(|key| !matches!(key.as_str(), "doc" | "tmp" | "package"))
        .count();
    if only_files_of_cargo && others == inner.len() {
        inner
    } else {
        Vec::new()
    }
}

/// Whether the names in a folder are those of a profile folder.
#[must_use]
pub(crate) fn is_profile(shape: &Shape) -> bool {
    let locked = |name: &String| LOCK_NAMES.contains(&name.as_str());
    shape.folders.contains_key(FINGERPRINTS) || shape.files.iter().any(locked)
}

/// The name of the folder that Cargo looks for above a workspace.
pub(crate) const CARGO_FOLDER: &str = ".cargo";

/// The name of the shared root, unless the user names one.
pub(crate) const DEFAULT_ROOT: &str = ".shared-target";

/// The name of the folder in a workspace that Cargo builds into unless a configuration names another one.
pub(crate) const TARGET: &str = "target";

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a shape from paths; those that end in `/` are folders.
    fn shape(paths: &[&str]) -> Shape {
        let mut root = Shape::default();
        for path in paths {
            let mut at = &mut root;
            let mut parts = path.split('/').peekable();
            while let Some(part) = parts.next() {
                match (part, parts.peek()) {
                    ("", _) => {}
                    (file, None) => at.files.push(file.into()),
                    (folder, Some(_)) => {
                        at = at
                            .folders
                            .entry(folder.into())
                            .or_default()
                            .get_or_insert_default();
                    }
                }
            }
        }
        root
    }

    #[test]
    fn both_layouts_and_triples() {
        let reading = read(&shape(&[
            ".rustc_info.json",
            "CACHEDIR.TAG",
            "debug/.fingerprint/",
            "my-profile/.cargo-lock",
            "wasm32-unknown-unknown/release/.fingerprint/",
            "wasm32-unknown-unknown/doc/",
            "miri/x86_64/debug/.cargo-lock",
            "doc/index.html",
            "tmp/",
        ]));
        assert!(reading.cargo);
        assert_eq!(reading.foreign, Vec::<String>::new());
        let profiles = [
            "debug",
            "miri/x86_64/debug",
            "my-profile",
            "wasm32-unknown-unknown/release",
        ];
        let profiles = profiles.map(PathBuf::from);
        assert_eq!(reading.profiles, profiles);
    }

    #[test]
    fn what_cargo_does_not_make_is_named() {
        let reading = read(&shape(&[
            "CACHEDIR.TAG",
            "notes.txt",
            "criterion/report/",
            "debug/.fingerprint/",
            "x86/deps.txt",
            "webapp/deps/a.c",
        ]));
        assert!(reading.cargo);
        assert_eq!(reading.foreign, ["criterion", "notes.txt", "webapp", "x86"]);
        let reading = read(&shape(&[
            "wasm32-unknown-unknown/release/.fingerprint/",
            "wasm32-unknown-unknown/mine/",
        ]));
        assert_eq!(
            reading.foreign,
            ["wasm32-unknown-unknown"],
            "a triple holds profiles and nothing else"
        );
    }

    #[test]
    fn packages_that_are_tested_are_made_again() {
        let reading = read(&shape(&[
            "CACHEDIR.TAG",
            "debug/.fingerprint/",
            "tests/trybuild/debug/.cargo-lock",
            "tests/trybuild/app/Cargo.toml",
            "wbuild/rt/Cargo.toml",
        ]));
        assert_eq!(reading.foreign, Vec::<String>::new());
        let profiles = ["debug", "tests/trybuild/debug"];
        assert_eq!(reading.profiles, profiles.map(PathBuf::from));
        let reading = read(&shape(&[
            "debug/.fingerprint/",
            "tests/trybuild/",
            "tests/a.rs",
        ]));
        assert_eq!(reading.foreign, ["tests"]);
    }

    #[test]
    fn links_are_foreign_even_with_a_known_name() {
        let mut linked = shape(&["CACHEDIR.TAG"]);
        linked.folders.insert("debug".into(), None);
        assert_eq!(read(&linked).foreign, ["debug"]);
    }

    #[test]
    fn an_empty_folder_is_no_sign_of_cargo() {
        assert_eq!(read(&Shape::default()), Reading::default());
        assert!(
            !read(&shape(&["doc/", "tmp/"])).cargo,
            "a website has these too"
        );
    }
}
