//! Tells the kinds of the parts of an artifact.

use crate::target::artifact::sections::Section;
use crate::target::artifact::symbols::Range;
use crate::target::artifact::{BITCODE, METADATA, inside, sections};

/// A part of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
}

/// The kind of a part of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Metadata that rustc reads when it compiles other crates.
    Metadata,
    /// Data that only debuggers read, and names of symbols: no program opens them as files.
    Debug,
    /// Code and constants.
    Code,
    /// The same, of a member of an archive that rustc did not compile: it comes from a library in another language.
    Native,
    /// Code and constants, and the rest too, that are not compiled to the end.
    Bitcode,
}

/// The parts of an artifact, in order. Bytes that are not understood are in none.
pub(crate) fn of(artifact: &[u8]) -> Vec<Region> {
    let mut regions = Vec::new();
    for file in sections::files(artifact, artifact.len() as u64) {
        let (base, length) = file.range;
        let data = &artifact[base as usize..(base + length) as usize];
        let native = file.name.is_some_and(|name| !name.ends_with(CODEGEN_UNIT));
        for (kind, (begin, size)) in parts(data) {
            if size > 0 && inside(length, (begin, size)).is_ok() {
                regions.push(Region {
                    begin: (base + begin) as usize,
                    end: (base + begin + size) as usize,
                    kind: match kind {
                        Kind::Code if native => Kind::Native,
                        kind => kind,
                    },
                });
            }
        }
    }
    regions.sort_by_key(|region| region.begin);
    regions
}

/// The part that a byte is in.
pub(crate) fn at(regions: &[Region], byte: usize) -> Option<Region> {
    let before = regions.partition_point(|region| region.begin <= byte);
    let region = *regions.get(before.checked_sub(1)?)?;
    (byte < region.end).then_some(region)
}

/// How the names of the members end that rustc makes of Rust code.
///
/// Source: `RUST_CGU_EXT` and `OutputFilenames::temp_path` in `compiler/rustc_session/src/config.rs` of rustc.
const CODEGEN_UNIT: &[u8] = b".rcgu.o";

/// The parts of a file, each with its place.
fn parts(file: &[u8]) -> Vec<(Kind, Range)> {
    let all = (0, file.len() as u64);
    if file.starts_with(METADATA) {
        return vec![(Kind::Metadata, all)];
    }
    if BITCODE.iter().any(|magic| file.starts_with(magic)) {
        return vec![(Kind::Bitcode, all)];
    }
    let sections = sections::sections(file).unwrap_or_default();
    let parts = sections
        .iter()
        .map(|section| (kind(section), section.range));
    parts.collect()
}

/// The kind of a section, by its name and in Mach-O also by the name of its segment.
fn kind(section: &Section<'_>) -> Kind {
    let name = section.name;
    // First, because in Mach-O the segment of metadata is that of debug information.
    if section.is_metadata() {
        Kind::Metadata
    } else if section.in_dwarf
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
