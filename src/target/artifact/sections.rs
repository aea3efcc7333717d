//! The walk through an artifact: from an archive to the files in it, and from each of them to its sections.

use object::read::archive::ArchiveFile;
use object::{File, Object as _, ObjectSection as _, ReadRef};

use crate::target::artifact::symbols::{self, Range};
use crate::target::artifact::{DYLIB_METADATA, METADATA_SECTION, inside, no_object, starts, wasm};
use crate::text::failure;

/// A file in an artifact.
#[derive(Clone, Copy)]
pub(crate) struct Member<'data> {
    /// The name; `None` if the artifact is no archive but this file.
    pub(crate) name: Option<&'data [u8]>,
    pub(crate) range: Range,
}

/// The files in an artifact of this length: of an archive its members up to one that cannot be read, else the artifact.
pub(crate) fn files<'data>(
    artifact: impl ReadRef<'data>,
    length: u64,
) -> impl Iterator<Item = Member<'data>> {
    let archive = ArchiveFile::parse(artifact).ok();
    let archive = archive.filter(|archive| !archive.is_thin());
    let (name, range) = (None, (0, length));
    let alone = archive.is_none().then_some(Member { name, range });
    let members = archive.map(|archive| members(&archive, length));
    let members = members.into_iter().flatten().map_while(Result::ok);
    members.chain(alone)
}

/// The members of an archive of this length; of one that does not lie in it, why, as a fragment.
pub(crate) fn members<'data, R: ReadRef<'data>>(
    archive: &ArchiveFile<'data, R>,
    length: u64,
) -> impl Iterator<Item = Result<Member<'data>, String>> + use<'data, R> {
    archive.members().map(move |member| {
        let member = member.map_err(no_archive)?;
        let (name, range) = (Some(member.name()), member.file_range());
        inside(length, range).map(|()| Member { name, range })
    })
}

pub(crate) fn no_archive(error: object::Error) -> String {
    format!("it is not an archive: {}", failure::words(&error))
}

/// A section that has a place in its file.
pub(crate) struct Section<'data> {
    /// The name; in WebAssembly most have none.
    pub(crate) name: &'data [u8],
    pub(crate) range: Range,
    /// Mach-O has it in the segment of debug information.
    pub(crate) in_dwarf: bool,
}

impl<'data> Section<'data> {
    pub(crate) fn new(name: &'data [u8], range: Range) -> Self {
        let in_dwarf = false;
        Self {
            name,
            range,
            in_dwarf,
        }
    }

    /// Whether rustc puts metadata into it.
    pub(crate) fn is_metadata(&self) -> bool {
        self.name == METADATA_SECTION || self.name == DYLIB_METADATA
    }
}

/// The sections of an object file, linked or not. The names of its symbols, which in Mach-O and COFF are in none, come last
/// and under the name that such a section has in ELF.
///
/// # Errors
///
/// It is no object file, as a fragment.
pub(crate) fn sections<'data>(file: impl ReadRef<'data>) -> Result<Vec<Section<'data>>, String> {
    if starts(file, 0, wasm::MAGIC) {
        return wasm::sections(file);
    }
    let object = File::parse(file).map_err(no_object)?;
    let sections = object.sections().filter_map(|section| {
        let segment = section.segment_name_bytes().ok().flatten();
        Some(Section {
            in_dwarf: segment == Some(b"__DWARF"),
            ..Section::new(section.name_bytes().ok()?, section.file_range()?)
        })
    });
    let names = symbols::places(file, &object).unwrap_or_default();
    let names = names.into_iter();
    Ok(sections
        .chain(names.map(|range| Section::new(b".symtab", range)))
        .collect())
}
