//! Whether units tell of a workspace that is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use memchr::memmem;

use crate::cargo::lockfile::Lock;
use crate::clean::unknown_users::{MOST, package_of};
use crate::fs;
use crate::survey::model::{Survey, Workspace};
use crate::target::dep_info::RustcDepInfo;
use crate::target::unit::{Inventory, Source, Unit, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// The reason, as a fragment, to think that unknown workspaces build into a folder: it has units of a package that
/// none of the known workspaces names. Units of such a package have to show that they were made in a known workspace,
/// or that their sources are gone. Units without a final product show it like that: the tests of a library, and
/// everything in a folder for intermediate artifacts alone.
///
/// Metadata say in which folder the compiler worked: rustc makes the paths of the crate's own sources in them
/// absolute (`encode_source_map` in `compiler/rustc_metadata/src/rmeta/encoder.rs`). A linked artifact has paths of
/// its dependencies as well, and counts only where a package has no metadata. A program that was only checked shows
/// nothing.
pub(crate) fn by_units(
    inventory: &Inventory,
    users: &[&Workspace],
    locks: &[Lock],
    survey: &Survey,
) -> Option<String> {
    let mut packages: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in &inventory.units {
        let package = unit.package.as_deref().unwrap_or_default();
        let named = |lock: &Lock| lock.names_local(package) || lock.names(package);
        if unit.source == Source::Local && !locks.iter().any(named) {
            packages.entry(package).or_default().push(unit);
        }
    }
    let users_roots = users.iter().map(|user| user.root.as_path());
    let users_dirs = users
        .iter()
        .flat_map(|user| [user.dirs.target_dir.as_path(), &user.dirs.build_dir]);
    let others = survey.workspaces.iter().map(|other| other.root.as_path());
    let others = others.filter(|root| !users.iter().any(|user| user.root == *root));
    let known = Known {
        own: users_roots.collect(),
        not: users_dirs
            .chain(others)
            .chain([inventory.folder.as_path()])
            .collect(),
    };
    let (package, _) = packages
        .into_iter()
        .find(|(_, units)| !known.explains(units, inventory))?;
    Some(format!(
        "it has units of `{package}`, which no workspace known to build into it contains"
    ))
}

/// Where the known workspaces are.
struct Known<'a> {
    own: Vec<&'a Path>,
    /// Places, maybe in those, that say nothing of them: target folders, and workspaces that build elsewhere.
    not: Vec<&'a Path>,
}

impl Known<'_> {
    /// Returns whether the units of a package show that they are of a known workspace, or of one that is gone.
    fn explains(&self, units: &[&Unit], inventory: &Inventory) -> bool {
        let folder = inventory.folder.as_path();
        let is_script =
            |unit: &Unit| matches!(unit.kind, UnitKind::BuildScript | UnitKind::BuildScriptRun);
        // No build makes build scripts alone: they are left of a deleted package.
        if units.iter().all(|unit| is_script(unit)) {
            return true;
        }
        let files = || units.iter().flat_map(|unit| &unit.files);
        let real = || files().filter(|file| matches!(file.sharing, Sharing::Link | Sharing::Copy));
        // The metadata of a program are empty, because nothing is compiled with it.
        let with_end = |end: &str| -> Vec<&UnitFile> {
            let has = |file: &&UnitFile| file.path.extension().is_some_and(|one| one == end);
            real()
                .filter(has)
                .filter(|file| file.length.0 > 0)
                .collect()
        };
        let metadata = [with_end("rmeta"), with_end("rlib")];
        if let Some(files) = metadata.iter().find(|files| !files.is_empty()) {
            // There may be another package of that name.
            return files.iter().all(|file| {
                let path = folder.join(&file.path);
                fs::with_content(&path, |bytes| self.explain(&sources(bytes))) == Some(true)
            });
        }
        let names = units.iter().flat_map(|unit| &unit.targets);
        let names: BTreeSet<&str> = names
            .filter_map(|name| Some(name.split_once('-')?.1))
            .collect();
        let others = inventory.others.iter().map(|other| &other.file.path);
        let mut lists = others.filter(|path| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            path.extension().is_some_and(|end| end == "d")
                && stem.is_some_and(|stem| names.contains(stem))
        });
        let mut linked = real().filter(|file| file.path.extension().is_none_or(|end| end == "exe"));
        lists.any(|list| self.explain(&listed(&folder.join(list))))
            || linked.any(|file| {
                let path = folder.join(&file.path);
                fs::with_content(&path, |bytes| self.is_named(bytes)) == Some(true)
            })
    }

    /// Whether sources lie in one of the workspaces, or are gone.
    fn explain(&self, sources: &[String]) -> bool {
        let is_there = |path: &Path| fs::exists(path) && package_of(path).is_some();
        let mut paths = sources.iter().map(Path::new);
        paths.clone().any(|path| self.is_own(path)) || (!sources.is_empty() && !paths.any(is_there))
    }

    fn is_own(&self, path: &Path) -> bool {
        let own = self.own.iter().filter(|root| path.starts_with(root));
        let nearest = own.map(|root| root.as_os_str().len()).max();
        let mut not = self.not.iter();
        nearest.is_some_and(|nearest| {
            !not.any(|other| other.as_os_str().len() > nearest && path.starts_with(other))
        })
    }

    /// Whether a program names one of the workspaces as the folder that the compiler worked in.
    fn is_named(&self, program: &[u8]) -> bool {
        let mut roots = self.own.iter().filter_map(|root| root.to_str());
        roots.any(|root| {
            let mut hits = memmem::find_iter(program, root.as_bytes());
            hits.any(|at| program.get(at + root.len()) == Some(&0))
        })
    }
}

/// The sources of a final product, by the list beside it.
fn listed(list: &Path) -> Vec<String> {
    let bytes = fs::read_start(list, MOST)
        .ok()
        .flatten()
        .unwrap_or_default();
    let sources = RustcDepInfo::parse(&String::from_utf8_lossy(&bytes)).sources;
    let absolute = sources
        .into_iter()
        .filter(|source| Path::new(source).is_absolute());
    absolute.collect()
}

/// The absolute paths of Rust sources that stand in metadata.
fn sources(metadata: &[u8]) -> Vec<String> {
    const LONGEST: usize = 4096;
    const END: &[u8] = b".rs";
    let mut found: Vec<String> = Vec::new();
    for at in memmem::find_iter(metadata, END) {
        let begin = at.saturating_sub(LONGEST);
        let text = &metadata[begin..at + END.len()];
        // A text stands between its length and a byte that no text has.
        let begin = text.iter().rposition(|byte| *byte < b' ' || *byte == 0xc1);
        let text = &text[begin.map_or(0, |at| at + 1)..];
        let Ok(text) = std::str::from_utf8(text) else {
            continue;
        };
        found.extend(absolute(text).map(str::to_owned));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The absolute path that a text is, maybe behind a letter that is its length.
fn absolute(text: &str) -> Option<&str> {
    let is_absolute = |path: &str| path.starts_with('/') || path.get(1..3) == Some(":\\");
    let length = text.bytes().next().map(usize::from);
    match text.get(1..) {
        Some(rest) if length == Some(rest.len()) && is_absolute(rest) => Some(rest),
        _ => is_absolute(text).then_some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_by_their_ends() {
        let long = format!("/home/{}/lib.rs", "b".repeat(34));
        assert_eq!(
            long.len(),
            usize::from(b'/'),
            "its length looks like a part of it"
        );
        let texts = [
            "\u{12}/home/a/src/lib.rs",
            "\u{b}src/main.rs",
            &format!("/{long}"),
            "A/b.rs",
        ];
        let metadata = texts.join("\u{1}");
        assert_eq!(sources(metadata.as_bytes()), ["/home/a/src/lib.rs", &*long]);
        let windows = b"\x14C:\\a\\src\\lib.rs\xc1";
        assert_eq!(sources(windows), ["C:\\a\\src\\lib.rs"]);
        assert_eq!(sources(b""), [""; 0]);
    }

    #[test]
    fn what_lies_in_a_workspace_is_its_own() {
        let known = Known {
            own: vec![Path::new("/w"), Path::new("/w/target/inner")],
            not: vec![Path::new("/w/target"), Path::new("/w/other")],
        };
        let own = |path: &str| known.is_own(Path::new(path));
        assert!(own("/w/src/lib.rs") && own("/w/target/inner/src/lib.rs"));
        assert!(
            !own("/w/target/debug/build/x.rs") && !own("/w/other/src/lib.rs") && !own("/v/x.rs")
        );
        assert!(known.is_named(b"a/w\0b") && !known.is_named(b"a/w/b"));
    }
}
