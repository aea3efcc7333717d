//! What the parts of an artifact are.

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

use crate::target::artifact::{BITCODE, DYLIB_METADATA, METADATA, METADATA_SECTION, symbols, wasm};

/// A part of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
}

/// What a part of an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What rustc tells the compilation of other crates.
    Metadata,
    /// What only debuggers read, and names of symbols, which nobody opens as files.
    Debug,
    /// Code and constants.
    Code,
    /// The same, of a member of an archive that rustc did not compile: it comes from a library in another language.
    Native,
    /// Code and constants, and the rest too, that are not compiled to the end.
    Bitcode,
}

/// The parts of an artifact, in order. What is not understood is in none.
pub(crate) fn of(artifact: &[u8]) -> Vec<Region> {
    let mut regions = Vec::new();
    add(artifact, 0, Part::Whole, &mut regions);
    regions.sort_by_key(|region| region.begin);
    regions
}

/// The part that a byte is in.
pub(crate) fn at(regions: &[Region], byte: usize) -> Option<Region> {
    let before = regions.partition_point(|region| region.begin <= byte);
    let region = *regions.get(before.checked_sub(1)?)?;
    (byte < region.end).then_some(region)
}

/// What a file is to the artifact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// A member of an archive, made by rustc.
    Member,
    /// Any other member.
    Native,
}

/// How the names of the members end that rustc makes of Rust code.
///
/// Source: `RUST_CGU_EXT` and `OutputFilenames::temp_path` in `compiler/rustc_session/src/config.rs` of rustc.
const CODEGEN_UNIT: &[u8] = b".rcgu.o";

/// Adds the parts of a file that begins at `base` in the artifact.
fn add(data: &[u8], base: usize, part: Part, regions: &mut Vec<Region>) {
    let mut push = |begin: u64, size: u64, kind| {
        let kind = match (kind, part) {
            (Kind::Code, Part::Native) => Kind::Native,
            (kind, _) => kind,
        };
        let range = usize::try_from(begin).ok().zip(usize::try_from(size).ok());
        let end = range.and_then(|(begin, size)| begin.checked_add(size));
        if let (Some((begin, size)), Some(end)) = (range, end)
            && size > 0
            && end <= data.len()
        {
            regions.push(Region {
                begin: base + begin,
                end: base + end,
                kind,
            });
        }
    };
    let all = data.len() as u64;
    if data.starts_with(METADATA) {
        push(0, all, Kind::Metadata);
    } else if BITCODE.iter().any(|magic| data.starts_with(magic)) {
        push(0, all, Kind::Bitcode);
    } else if data.starts_with(wasm::MAGIC) {
        for (name, (begin, size)) in wasm::sections(data).unwrap_or_default() {
            push(begin, size, kind(name, b""));
        }
    } else if let Ok(file) = object::File::parse(data) {
        for section in file.sections() {
            let segment = section.segment_name_bytes().ok().flatten();
            if let (Ok(name), Some((begin, size))) = (section.name_bytes(), section.file_range()) {
                push(begin, size, kind(name, segment.unwrap_or_default()));
            }
        }
        for (begin, size) in symbols::places(data, &file).unwrap_or_default() {
            push(begin, size, Kind::Debug);
        }
    } else if let (Part::Whole, Ok(archive)) = (part, ArchiveFile::parse(data)) {
        for member in archive.members().map_while(Result::ok) {
            let (begin, _) = member.file_range();
            if let (Ok(data), Ok(begin)) = (member.data(data), usize::try_from(begin)) {
                let part = match member.name().ends_with(CODEGEN_UNIT) {
                    true => Part::Member,
                    false => Part::Native,
                };
                add(data, base + begin, part, regions);
            }
        }
    }
}

/// What a section is, by its name and in Mach-O that of its segment.
fn kind(name: &[u8], segment: &[u8]) -> Kind {
    // First, because in Mach-O the segment of metadata is that of debug information.
    if name == METADATA_SECTION || name == DYLIB_METADATA {
        Kind::Metadata
    } else if segment == b"__DWARF"
        || [&b".debug_"[..], b".debug$", b".zdebug_"]
            .iter()
            .any(|begin| name.starts_with(begin))
        || [&b".strtab"[..], b".symtab", b".stab", b".stabstr"].contains(&name)
    {
        Kind::Debug
    } else if [&b".llvmbc"[..], b"__bitcode"].contains(&name) {
        Kind::Bitcode
    } else {
        Kind::Code
    }
}
