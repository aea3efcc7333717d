//! An error of `cargo metadata --no-deps` about a workspace, by all that Cargo may have read below its folder.
//!
//! Cargo does not say which files it had read when it failed. So everything in the folder counts: the names of all files,
//! and the content of manifests. A question about dependencies is none of these, since its error may come from a registry.

use std::path::{Path, PathBuf};

use toml::Value;

use crate::cargo::answers::inputs::known_kind;
use crate::cargo::answers::{ROOT, bytes, is_plain, names_a_place, table};
use crate::fs;
use crate::fs::Target;

/// So many files and folders are looked at. A workspace with more of them is asked about in each worktree.
const MOST: usize = 400;

/// The state of all that Cargo may read below a workspace's folder. `None` where it may read something elsewhere: by a link,
/// or by a path in a manifest; or where there is too much.
pub(super) fn state(root: &Path, options: &[&str]) -> Option<String> {
    if options != ["--no-deps"] || !is_plain(root) {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    let mut folders = vec![PathBuf::new()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let mut names = fs::names_exactly(&root.join(&folder)).ok()?;
        names.sort();
        seen += names.len();
        if seen > MOST {
            return None;
        }
        // Cargo reads nothing of it for this question, and it is another one in each worktree.
        for name in names.into_iter().filter(|name| name != ".git") {
            let below = folder.join(&name);
            let path = root.join(&below);
            let kind = known_kind(&path)?;
            if kind.is_link {
                return None;
            }
            hasher.update(format!("{below:?} {kind:?}\0").as_bytes());
            if kind.target == Target::Folder {
                folders.push(below);
            } else if name == "Cargo.toml" {
                let text = bytes(&path)??;
                if leads_out(&text, &folder) {
                    return None;
                }
                hasher.update(blake3::hash(&text).as_bytes());
            }
        }
    }
    Some(hasher.finalize().to_hex()[..32].to_owned())
}

/// Whether a manifest in this folder, relative to its workspace's, may name something outside of that, or cannot be read.
fn leads_out(manifest: &[u8], folder: &Path) -> bool {
    let deep = folder.components().count();
    table(manifest).is_none_or(|table| {
        let value = Value::Table(table);
        names_a_place(&value) || is_any_outside(&value, deep)
    })
}

/// Whether a text leads out of the workspace, as a path from a folder that is so deep in it.
fn is_any_outside(value: &Value, deep: usize) -> bool {
    match value {
        Value::String(text) => is_outside(text, deep),
        Value::Array(all) => all.iter().any(|value| is_any_outside(value, deep)),
        Value::Table(table) => table.values().any(|value| is_any_outside(value, deep)),
        _ => false,
    }
}

fn is_outside(path: &str, mut deep: usize) -> bool {
    // Windows takes both separators.
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if deep == 0 => return true,
            ".." => deep -= 1,
            _ => deep += 1,
        }
    }
    false
}

/// An error with [`ROOT`] for the workspace's folder; `None` if it names a place in one of the folders around that.
pub(super) fn relative(said: &str, root: &Path) -> Option<String> {
    if said.contains(ROOT) {
        return None;
    }
    let mut parts = said.split(root.to_str()?);
    let mut out = parts.next()?.to_owned();
    for part in parts {
        // Else it is a folder beside it, whose name begins so.
        if part.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            return None;
        }
        out.push(ROOT);
        out.push_str(part);
    }
    // A file above may be another one in each worktree. The first of all folders is in each path.
    let mut above = root.ancestors().skip(1);
    let names_one = above.any(|above| {
        let is_first = above.parent().is_none();
        !is_first && above.to_str().is_none_or(|above| out.contains(above))
    });
    (!names_one).then_some(out)
}
