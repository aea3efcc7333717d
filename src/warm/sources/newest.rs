//! Which file of a package is the newest, as Cargo writes it down for a build script that says nothing of what it
//! watches.
//!
//! Source: `last_modified_file` and `list_files` in `src/cargo/sources/path.rs` of Cargo. The result is believed only
//! if the same calculation for the donor gives what Cargo wrote there, and a wrong answer costs one run of the
//! script, since Cargo compares it with its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use jiff::Timestamp;
use toml::{Table, Value};

use crate::cargo::toml_read;
use crate::fs;
use crate::git::sources::Listing;

/// The text that Cargo would write for the package in `folder` of the worktree at `top`; `None` for a package whose
/// files Cargo does not list by git.
pub(crate) fn of_package(top: &Path, folder: &Path, listing: &Listing) -> Option<String> {
    let root = top.join(folder);
    let excluded = excluded(top, &root)?;
    let files: Vec<&Path> = listing
        .files
        .range(folder.to_owned()..)
        .map_while(|file| file.strip_prefix(folder).ok())
        .collect();
    let is_manifest = |file: &&&Path| file.file_name().is_some_and(|name| name == "Cargo.toml");
    let nested: BTreeSet<&Path> = files
        .iter()
        .filter(is_manifest)
        .filter_map(|file| {
            file.parent()
                .filter(|folder| !folder.as_os_str().is_empty())
        })
        .collect();
    let counts = |file: &Path| {
        let always = [Path::new("Cargo.toml"), Path::new("Cargo.lock")].contains(&file);
        let in_nested = file.ancestors().skip(1).any(|above| nested.contains(above));
        let matched = || {
            excluded
                .matched_path_or_any_parents(file, false)
                .is_ignore()
        };
        !in_nested && !file.starts_with("target") && (always || !matched())
    };
    let mut newest: Option<Timestamp> = None;
    let mut named: BTreeSet<PathBuf> = BTreeSet::new();
    for file in files.into_iter().filter(|file| counts(file)) {
        let path = root.join(file);
        if !fs::exists(&path) {
            continue;
        }
        // A link that leads nowhere is as old as can be.
        let modified = fs::modified_behind(&path).unwrap_or_default();
        if Some(modified) > newest {
            newest = Some(modified);
            named.clear();
        }
        if Some(modified) == newest {
            named.insert(file.to_owned());
        }
    }
    let name = match named.len() {
        1 => named.pop_first(),
        _ => fs::first_listed(&root, &named),
    };
    Some(text(newest?, &name?))
}

fn text(modified: Timestamp, file: &Path) -> String {
    // Windows counts from another year.
    let epoch: i64 = if cfg!(windows) { 11_644_473_600 } else { 0 };
    let seconds = modified.as_second() + epoch;
    let nanoseconds = modified.subsec_nanosecond();
    format!("{seconds}.{nanoseconds:09}s ({})", file.display())
}

/// The patterns of the manifest's `exclude`; `None` if there is an `include`, by which Cargo does not ask git.
fn excluded(top: &Path, root: &Path) -> Option<Gitignore> {
    let include = patterns(top, root, "include")?;
    if !include.is_empty() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(root);
    for pattern in patterns(top, root, "exclude")? {
        builder.add_line(None, &pattern).ok()?;
    }
    builder.build().ok()
}

/// The patterns under a key of a package, which may take them over from its workspace.
fn patterns(top: &Path, root: &Path, key: &str) -> Option<Vec<String>> {
    let package = manifest(root)?;
    let own = package.get("package")?.as_table()?.get(key);
    let strings = |value: &Value| -> Option<Vec<String>> {
        let all = value.as_array()?.iter();
        all.map(|one| one.as_str().map(str::to_owned)).collect()
    };
    match own {
        None => Some(Vec::new()),
        Some(Value::Table(table)) if table.get("workspace") == Some(&Value::Boolean(true)) => {
            let above = root.ancestors().take_while(|above| above.starts_with(top));
            let mut workspaces = above.filter_map(|above| manifest(above)?.remove("workspace"));
            strings(workspaces.next()?.get("package")?.get(key)?)
        }
        Some(value) => strings(value),
    }
}

fn manifest(folder: &Path) -> Option<Table> {
    let text = fs::read(&folder.join("Cargo.toml")).ok()??;
    toml_read::read(std::str::from_utf8(&text).ok()?).ok()
}
