//! Which linker made an ELF file.

use std::io::{Read, Seek};

use object::{ReadCache, ReadRef};

use crate::target::artifact::sections;

/// The most that is read of a section with names; compilers and linkers write some dozens of bytes each.
const MOST: u64 = 64 << 10;

/// A linker that names itself in the files that it makes. GNU ld (`ld.bfd`) does not.
///
/// If there is a file already where the output goes, all of these make a new file for a shared library. (For a
/// program, Wild, and mold from version 2, write into the file that is there, and so through all of its links.) The
/// test `linkers::a_linker_that_names_itself_replaces_what_is_linked` runs those that are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linker {
    Lld,
    Gold,
    Mold,
    Wild,
}

/// The linker that made an ELF file, by the names in its section `.comment`. `None` if there is none of those that are
/// known, or several: an object file that another linker made before may have brought its name along.
pub(crate) fn linker_name<R: Read + Seek>(reader: R) -> Option<Linker> {
    let cache = ReadCache::new(reader);
    let data = &cache;
    if data.read_bytes_at(0, 4).ok()? != b"\x7fELF" {
        return None;
    }
    let sections = sections::sections(data).ok()?;
    let named = |name: &[u8]| sections.iter().find(|section| section.name == name);
    let mut found = Vec::new();
    if named(b".note.gnu.gold-version").is_some() {
        found.push(Linker::Gold);
    }
    if let Some(comment) = named(b".comment") {
        let (at, length) = comment.range;
        let text = data.read_bytes_at(at, length.min(MOST)).ok()?;
        found.extend(text.split(|byte| *byte == 0).filter_map(|name| match name {
            _ if name.starts_with(b"Linker: LLD ") => Some(Linker::Lld),
            _ if name.starts_with(b"Linker: Wild ") => Some(Linker::Wild),
            _ if name.starts_with(b"mold ") => Some(Linker::Mold),
            _ => None,
        }));
    }
    match found[..] {
        [linker] => Some(linker),
        _ => None,
    }
}
