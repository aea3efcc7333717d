//! The files above two worktrees, where a relative path may lead, and those that other tools put into their target folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use jiff::Timestamp;

use crate::fs::{Source, SourceKind};
use crate::plan::left::LeftReason;
use crate::warm::sources::{Ask, unknown};
use crate::{fs, markers};

/// With more in a folder, nothing of it is compared.
const MANY: usize = 2_000;

/// Something in one of the folders that one of the worktrees lies in.
struct Entry {
    name: String,
    /// How many folders up from the top of its worktree it lies.
    up: usize,
    /// It is that for the donor's worktree.
    there: Option<PathBuf>,
    /// It is that for the destination's.
    here: Option<PathBuf>,
}

/// Whether no source names a path above both worktrees that does not exist. A script or a macro may have found a file there
/// while Cargo built the donor, and nothing shows a deletion since: `git worktree add` changes the time of the folder
/// above.
///
/// A path counts from each of the bases and from the folder of the source. A name that is put together of parts cannot be
/// seen.
pub(crate) fn none_missing(
    ask: Ask<'_>,
    top: &Path,
    code: &BTreeSet<PathBuf>,
    bases: &[PathBuf],
) -> Result<(), LeftReason> {
    for source in code {
        let missing = fs::with_content(source, |bytes| missing(ask, top, source, bases, bytes));
        if let Some(path) = missing.flatten() {
            let path = path.display();
            return Err(unknown(&format!(
                "`{path}` above the worktree may have existed then"
            )));
        }
    }
    Ok(())
}

/// Whether what lies in the folders above both worktrees, and is named in one of the `texts` (of programs and of sources),
/// is the same and has been since a moment.
///
/// Of folders those count that a source names before a `/`, or anything after as many `../` as lead there: names such as
/// `src` stand in every program.
pub(crate) fn same(
    ask: Ask<'_>,
    top: &Path,
    at: Timestamp,
    begin: Timestamp,
    texts: &[PathBuf],
) -> Result<(), LeftReason> {
    let mut entries = entries(ask.from_worktree, top);
    entries.extend(in_target_folders(ask.from_worktree, top));
    let is_folder = |entry: &Entry| {
        let mut paths = [&entry.there, &entry.here].into_iter().flatten();
        paths.any(|path| fs::is_folder_behind(path))
    };
    let search = |of_sources: bool| {
        AhoCorasick::new(entries.iter().map(|entry| match is_folder(entry) {
            false => entry.name.clone(),
            true if of_sources => format!("{}/", entry.name),
            true => format!("{}{}", "../".repeat(entry.up), entry.name),
        }))
        .map_err(|_| unknown("the folders above its worktree have too many entries"))
    };
    let (in_programs, in_sources) = (search(false)?, search(true)?);
    let holders = [ask.from_worktree, top].into_iter();
    let holders = holders.flat_map(|top| top.ancestors().skip(1));
    let holders = holders.filter_map(|holder| Some(holder.file_name()?.as_encoded_bytes()));
    let holders: BTreeSet<&[u8]> = holders.collect();
    let mut named: BTreeSet<usize> = BTreeSet::new();
    for text in texts {
        let is_source = text.extension().is_some_and(|end| end == "rs");
        let found = fs::with_content(text, |bytes| {
            let found = in_programs.find_overlapping_iter(bytes);
            let mut found: BTreeSet<usize> = found.map(|one| one.pattern().as_usize()).collect();
            if is_source {
                let named = in_sources.find_overlapping_iter(bytes);
                let named = named.filter(|one| {
                    let is_file = |entry: &Entry| !is_folder(entry);
                    let entry = entries.get(one.pattern().as_usize());
                    entry.is_none_or(is_file) || begins_a_path(bytes, one.start(), &holders)
                });
                found.extend(named.map(|one| one.pattern().as_usize()));
            }
            found
        });
        named.extend(found.ok_or_else(|| unknown("its inputs cannot be read"))?);
    }
    for entry in named.into_iter().filter_map(|at| entries.get(at)) {
        unchanged(entry, at, begin)?;
    }
    Ok(())
}

/// Whether a name in a source may be that of a folder above the worktree: alone, after `../`, after folders that the
/// worktree lies in, in an absolute path, or after anything that code fills in. It is none as the end of a longer name, nor
/// behind other names, as in `https://example.com/owner/name/`.
fn begins_a_path(bytes: &[u8], at: usize, holders: &BTreeSet<&[u8]>) -> bool {
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte) || !byte.is_ascii();
    // A name of a folder may have anything in it, such as spaces, but for what ends the text.
    let is_text = |byte: &u8| !b"\"'`\r\n".contains(byte);
    let leads_there = |path: &[u8]| {
        let mut parts = path.split(|byte| *byte == b'/');
        let is_absolute = path.starts_with(b"/") && !path.starts_with(b"//");
        is_absolute
            || parts.clone().any(|part| part == b"..")
            || parts.all(|part| matches!(part, b"" | b".") || holders.contains(part))
    };
    let (before, path) = ending(&bytes[..at], is_part);
    let filled_in = before.last().is_some_and(|byte| b"${}%~".contains(byte));
    filled_in || leads_there(path) || leads_there(ending(&bytes[..at], is_text).1)
}

/// Splits off the longest end of bytes of a kind.
fn ending(bytes: &[u8], is_of_kind: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let length = bytes
        .iter()
        .rev()
        .take_while(|byte| is_of_kind(byte))
        .count();
    bytes.split_at(bytes.len() - length)
}

/// A path that a source names, that leads above the top of the worktree, and that is nowhere.
fn missing(
    ask: Ask<'_>,
    top: &Path,
    text: &Path,
    bases: &[PathBuf],
    bytes: &[u8],
) -> Option<PathBuf> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    let bases = bases.iter().map(PathBuf::as_path).chain(text.parent());
    let bases: Vec<&Path> = bases.collect();
    let mut after = 0;
    for at in memchr::memmem::find_iter(bytes, b"../") {
        if at < after {
            continue;
        }
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
        let line = bytes[line..].split(|byte| *byte == b'\n').next();
        let line = line.unwrap_or_default().trim_ascii_start();
        // Links in documentation lead everywhere.
        if line.starts_with(b"//") && !line.contains(&b'"') {
            continue;
        }
        let before = bytes[..at].iter().rev().take_while(|byte| is_part(byte));
        let start = at - before.count();
        after = at + bytes[at..].iter().take_while(|byte| is_part(byte)).count();
        let Ok(token) = std::str::from_utf8(&bytes[start..after]) else {
            continue;
        };
        // After a folder that the code puts before it, it begins with a slash.
        let token = token.trim_start_matches('/');
        for base in &bases {
            let Some(path) = above(base, token, top) else {
                continue;
            };
            let there = base.strip_prefix(top).ok();
            let there = there
                .and_then(|base| above(&ask.from_worktree.join(base), token, ask.from_worktree));
            if !fs::exists(&path) && !there.is_some_and(|there| fs::exists(&there)) {
                return Some(path);
            }
        }
    }
    None
}

/// Where a relative path leads, if that is outside of a worktree.
fn above(base: &Path, path: &str, top: &Path) -> Option<PathBuf> {
    let mut full = base.to_owned();
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => drop(full.pop()),
            part => full.push(part),
        }
    }
    (!full.starts_with(top)).then_some(full)
}

/// The files in the worktrees' target folders that Cargo did not make: other tools put some there, and scripts read them.
fn in_target_folders(from: &Path, top: &Path) -> Vec<Entry> {
    let foreign = |top: &Path| markers::read(&fs::shape(&top.join("target"))).foreign;
    let names: BTreeSet<String> = foreign(from).into_iter().chain(foreign(top)).collect();
    let at = |top: &Path, name: &str| {
        Some(top.join("target").join(name)).filter(|path| fs::exists(path))
    };
    let entry = |name: String| Entry {
        there: at(from, &name),
        here: at(top, &name),
        up: 0,
        name,
    };
    names.into_iter().map(entry).collect()
}

/// Everything directly in the folders above both, but for those that lead to one of the worktrees.
fn entries(from: &Path, top: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (mut there, mut here) = (from.ancestors().skip(1), top.ancestors().skip(1));
    for up in 1.. {
        let (one, two) = (there.next(), here.next());
        if one.is_none() && two.is_none() {
            break;
        }
        let listed = |folder: Option<&Path>| {
            let names = folder.and_then(|folder| fs::names(folder).ok());
            names.unwrap_or_default()
        };
        let names: BTreeSet<String> = listed(one).into_iter().chain(listed(two)).collect();
        for name in names {
            let at = |folder: Option<&Path>| {
                let path = folder?.join(&name);
                let leads = from.starts_with(&path) || top.starts_with(&path);
                (!leads && fs::exists(&path)).then_some(path)
            };
            let (there, here) = (at(one), at(two));
            if there.is_some() || here.is_some() {
                entries.push(Entry {
                    name,
                    up,
                    there,
                    here,
                });
            }
        }
    }
    entries
}

fn unchanged(entry: &Entry, at: Timestamp, begin: Timestamp) -> Result<(), LeftReason> {
    let some = entry.there.as_ref().or(entry.here.as_ref());
    let file = some.cloned().unwrap_or_default();
    let differs = LeftReason::SourceDiffers { file: file.clone() };
    let (Some(there), Some(here)) = (&entry.there, &entry.here) else {
        return Err(differs);
    };
    let (one, two) = (Source::at(there), Source::at(here));
    let is_folder = fs::is_folder_behind(there);
    if there != here && (is_folder || !one.is_same(there, &two, here)) {
        return Err(differs);
    }
    let newest = |source: &Source| source.newest.filter(|_| source.what != SourceKind::Other);
    let older =
        |path: &Path| newest(&Source::at(path)).is_some_and(|newest| newest < at && newest < begin);
    let all = match is_folder {
        true => fs::everything_in(there, MANY),
        false => Some(vec![there.clone()]),
    };
    match all.is_some_and(|all| all.iter().all(|path| older(path))) && newest(&two) < Some(begin) {
        true => Ok(()),
        false => Err(LeftReason::SourceNewer { file }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_a_path() {
        let begins = |text: &str| {
            let at = text.find("code/").expect("the name");
            begins_a_path(text.as_bytes(), at, &BTreeSet::from([b"me".as_slice()]))
        };
        for text in [
            "code/",
            "\"code/x\"",
            "\"../code/x\"",
            "\"./code/x\"",
            "\"/code/x\"",
            "\"/home/me/code/x\"",
            "\"me/code/x\"",
            "\"/home/me and you/code/x\"",
            "\"../some one/code/x\"",
            "\"cfg/../../code/x\"",
            "format!(\"{parent}/code/x\")",
            "format!(\"{parent}code/x\")",
            "\"$HOME/code/x\"",
            "\"${HOME}/me/code/x\"",
            "\"~/code/x\"",
            "\"%HOME%/code/x\"",
            "\"..\\\\code/x\"",
        ] {
            assert!(begins(text), "{text}");
        }
        for text in [
            "/// See https://example.com/owner/code/issues",
            "\"https://example.com/owner/code/issues\"",
            "\"example.com/code/x\"",
            "unicode/",
            "my-code/",
            "src/code/x",
        ] {
            assert!(!begins(text), "{text}");
        }
    }
}
