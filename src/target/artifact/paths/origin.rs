//! Finds the folder in which an artifact was compiled.

use std::collections::BTreeSet;

use gimli::{Dwarf, EndianSlice, RunTimeEndian, SectionId};
use memchr::memmem;
use object::{Object, ObjectSection};

use crate::target::artifact::paths::regions::Kind;
use crate::target::artifact::paths::{SENTINEL, is_windows, number, regions};

/// The folders that a compiler ran in when it compiled a source of this name, which is relative to them, into an
/// artifact; none if nothing tells.
///
/// In metadata, a source has its whole path. Sources of other crates may stand there as well, so that there may be
/// more than one folder. A linked artifact has no metadata; for each piece of code with debug information it has the
/// name of the source (`src/main.rs/@/…`) and the folder: rustc 1.89 to 1.97 do it like that.
#[must_use]
pub(crate) fn compiled_in(artifact: &[u8], source: &str) -> BTreeSet<String> {
    let regions = regions::of(artifact);
    let mut metadata = regions
        .iter()
        .filter(|region| region.kind == Kind::Metadata)
        .peekable();
    if metadata.peek().is_some() {
        let parts = metadata.map(|region| &artifact[region.begin..region.end]);
        return parts.flat_map(|part| in_metadata(part, source)).collect();
    }
    in_debug_information(artifact, source).unwrap_or_default()
}

/// The folders of all whole paths that end with a name: before each stands its length, after it the sentinel.
fn in_metadata(metadata: &[u8], name: &str) -> BTreeSet<String> {
    let ends = ["/", "\\"].map(|separator| format!("{separator}{name}"));
    let mut found = BTreeSet::new();
    for end in &ends {
        for at in memmem::find_iter(metadata, end.as_bytes()) {
            let after = at + end.len();
            if metadata.get(after) == Some(&SENTINEL)
                && let Some(begin) = begin(metadata, at, after)
                && let Ok(folder) = std::str::from_utf8(&metadata[begin..at])
            {
                found.insert(folder.to_owned());
            }
        }
    }
    found
}

/// Where an absolute path begins whose folder ends at `at`, and which ends at `end`: the first place from which it is one, and
/// has its length before it. A later one may have that by chance, where the name of a folder ends in a character whose code
/// is the length of the rest.
fn begin(metadata: &[u8], at: usize, end: usize) -> Option<usize> {
    const LONGEST: usize = 4096;
    let is_text = |bytes: &[u8]| {
        std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control))
    };
    (at.saturating_sub(LONGEST)..=at).find(|begin| {
        let path = &metadata[*begin..end];
        let absolute = path.starts_with(b"/")
            || std::str::from_utf8(&metadata[*begin..at]).is_ok_and(is_windows);
        absolute && metadata[..*begin].ends_with(&number(path.len())) && is_text(path)
    })
}

fn in_debug_information(artifact: &[u8], source: &str) -> Option<BTreeSet<String>> {
    let file = object::File::parse(artifact).ok()?;
    let endian = match file.is_little_endian() {
        true => RunTimeEndian::Little,
        false => RunTimeEndian::Big,
    };
    let section = |id: SectionId| -> Result<_, gimli::Error> {
        let section = file.section_by_name(id.name());
        let data = section.and_then(|section| section.data().ok());
        Ok(EndianSlice::new(data.unwrap_or_default(), endian))
    };
    let dwarf = Dwarf::load(section).ok()?;
    let mut found = BTreeSet::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(unit) = dwarf.unit(header) else {
            continue;
        };
        let text = |text: Option<EndianSlice<'_, RunTimeEndian>>| {
            text.map(|text| String::from_utf8_lossy(text.slice()).into_owned())
        };
        if let (Some(name), Some(folder)) = (text(unit.name), text(unit.comp_dir)) {
            let rest = name.strip_prefix(source);
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/@/")) {
                found.insert(folder);
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_paths_in_metadata() {
        let text = |text: &str| [&number(text.len())[..], text.as_bytes(), &[SENTINEL]].concat();
        let found = |texts: &[&str]| {
            let texts: Vec<u8> = texts.iter().flat_map(|part| text(part)).collect();
            let metadata = [b"rust\0\0\0\x0a...", &texts[..], b"rust-end-file"].concat();
            let found = compiled_in(&metadata, "src/lib.rs");
            found.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(&["src/lib.rs", "/w/a", "/w/a/src/lib.rs"]), "/w/a");
        assert_eq!(found(&["/w/a/src/lib.rs", "/b/src/lib.rs"]), "/b /w/a");
        let long = format!("/{}", "x".repeat(300));
        assert_eq!(found(&[&format!("{long}/src/lib.rs")]), long);
        // `2` is 50, and so many bytes follow it.
        let chance = format!("/w/ct2/{}", "x".repeat(50 - "//src/lib.rs".len()));
        assert_eq!(
            found(&["/w/a/src/lib.rs", &format!("{chance}/src/lib.rs")]),
            format!("/w/a {chance}")
        );
        assert_eq!(found(&["C:\\w\\src/lib.rs"]), "C:\\w");
        assert_eq!(found(&["C:\\w/src/lib.rs"]), "C:\\w");
        assert_eq!(found(&["src/lib.rs", "w/src/lib.rs", "/w/src/lib.rsx"]), "");
        assert!(compiled_in(b"nothing", "src/lib.rs").is_empty());
    }
}
