//! How much of an artifact is debug information.
//!
//! Only headers are read, and the names of sections: of a library some hundredths.

use std::io::{Read, Seek};
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader as _};
use object::{
    Endianness, File, FileKind, Object as _, ObjectSection as _, ReadCache, ReadRef, elf,
};

use crate::size::Bytes;
use crate::target::artifact::sections::Section;
use crate::target::artifact::{METADATA_SECTION, OBJECT_NAMES_SECTION, sections, starts, wasm};

/// The bytes of an artifact's file that are debug information: sections, their relocations in unlinked objects, and
/// the headers of both. Compressed sections count with their compressed length.
///
/// Savings of each setting of `debug`, as seen with rustc 1.95 and 1.97 on Linux:
///
/// - `none` saves all of it, and a little more: names of symbols, and in what is not optimized the code that puts
///   variables where debuggers find them.
/// - `line-tables-only` saves at most [`other`](Self::other): of the rest it keeps which function code was inlined
///   from, which was 25 to 30 percent of all of it in small libraries.
///
/// In a program about 4 MB are the standard library's. They stay with `line-tables-only`, and with `none` for some
/// packages only. Where no package of a build has any debug information, Cargo strips them.
///
/// Source of the stripping: pull request 13257 of Cargo (1.77); not for MSVC, by 13630.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DebugInfo {
    /// The tables of lines, which `debug = "line-tables-only"` keeps.
    pub line_tables: Bytes,
    /// All the rest.
    pub other: Bytes,
}

impl DebugInfo {
    /// All of it.
    #[must_use]
    pub fn total(self) -> Bytes {
        self.line_tables + self.other
    }

    fn add(&mut self, part: Part, bytes: u64) {
        let sum = match part {
            Part::LineTables => &mut self.line_tables,
            Part::Other => &mut self.other,
        };
        sum.0 = sum.0.saturating_add(bytes);
    }

    /// Adds a section and what it takes elsewhere, unless it lies outside a file of this length.
    fn add_section(&mut self, part: Part, (at, size): (u64, u64), elsewhere: u64, length: u64) {
        if at.checked_add(size).is_some_and(|end| end <= length) {
            self.add(part, size + elsewhere);
        }
    }
}

impl Add for DebugInfo {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            line_tables: self.line_tables + other.line_tables,
            other: self.other + other.other,
        }
    }
}

impl AddAssign for DebugInfo {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for DebugInfo {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

/// The kind of a section of debug information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    LineTables,
    Other,
}

/// How much of a file is debug information, by its headers.
///
/// Libraries with all their members, programs, dynamic libraries and object files are read, of Linux and other
/// systems with ELF, Apple's systems, Windows and WebAssembly. Files for debuggers alone (`.dwo`, `.dwp`), known by
/// `name`, are debug information as a whole. Files of any other kind have none, and the unreadable rest of a damaged
/// file does not count.
///
/// Not told are `.pdb` files of Windows, which are there without debug information too, and bitcode, which libraries
/// have for object files with link-time optimization.
///
/// Nothing is won by a buffer: there are some eight reads for each member of a library, and they are far apart.
pub fn sections<R: Read + Seek>(name: &str, reader: R) -> DebugInfo {
    let cache = ReadCache::new(reader);
    let mut found = DebugInfo::default();
    let Ok(length) = ReadRef::len(&cache) else {
        return found;
    };
    for member in sections::files(&cache, length) {
        let name = member.name.unwrap_or(name.as_bytes());
        let (offset, size) = member.range;
        file(name, cache.range(offset, size), &mut found);
    }
    found
}

/// A file, which may be a member of a library.
fn file<'data>(name: &[u8], data: impl ReadRef<'data>, found: &mut DebugInfo) {
    let Ok(length) = data.len() else {
        return;
    };
    if starts(data, 0, wasm::MAGIC) {
        for Section { name, range, .. } in wasm::sections(data).unwrap_or_default() {
            let name = name.strip_prefix(b"reloc.").unwrap_or(name);
            if let Some(part) = part(name) {
                found.add(part, range.1);
            }
        }
        return;
    }
    let Ok(kind) = FileKind::parse(data) else {
        return;
    };
    if [&b".dwo"[..], b".dwp"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        found.add(Part::Other, length);
        return;
    }
    match kind {
        FileKind::Elf32 => in_elf::<FileHeader32<Endianness>, _>(data, found).unwrap_or_default(),
        FileKind::Elf64 => in_elf::<FileHeader64<Endianness>, _>(data, found).unwrap_or_default(),
        _ => in_others(data, found).unwrap_or_default(),
    }
}

/// An ELF file. There may be hundreds in a library, with a section for each function, so that reading each section's
/// name would take most of the time.
fn in_elf<'data, H: FileHeader<Endian = Endianness>, R: ReadRef<'data>>(
    data: R,
    found: &mut DebugInfo,
) -> Option<()> {
    let length = data.len().ok()?;
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.section_headers(endian, data).ok()?;
    let names = header.shstrndx(endian, data).ok()?;
    let names = sections.get(usize::try_from(names).ok()?)?;
    let names = Names::new(data, names.file_range(endian)?);
    // Debug information is not mapped when the program runs. A script for debuggers is mapped; in linked files, which
    // have few sections, it is found too.
    let linked = header.e_type(endian) != elf::ET_REL;
    let parts: Vec<Option<Part>> = sections
        .iter()
        .map(|section| {
            let candidate = match section.sh_type(endian) {
                elf::SHT_PROGBITS | elf::SHT_MIPS_DWARF => {
                    linked || !section.sh_flags(endian).contains(elf::SHF_ALLOC)
                }
                _ => false,
            };
            candidate
                .then(|| names.beginning(section.sh_name(endian)))?
                .and_then(part)
        })
        .collect();
    for (section, own) in sections.iter().zip(&parts) {
        let part = match section.sh_type(endian) {
            elf::SHT_RELA | elf::SHT_REL => {
                let of = usize::try_from(section.sh_info(endian)).ok();
                of.and_then(|of| *parts.get(of)?)
            }
            _ => *own,
        };
        if let (Some(part), Some(range)) = (part, section.file_range(endian)) {
            found.add_section(part, range, size_of::<H::SectionHeader>() as u64, length);
        }
    }
    Some(())
}

/// The names of the sections of an ELF file.
struct Names<R> {
    data: R,
    at: u64,
    size: u64,
}

impl<'data, R: ReadRef<'data>> Names<R> {
    /// As much of a name as tells what it is.
    const BEGINNING: u64 = 16;

    /// So much is read at once: the names of symbols stand between those of sections.
    const AT_ONCE: u64 = 1 << 16;

    fn new(data: R, (at, size): (u64, u64)) -> Self {
        Self { data, at, size }
    }

    fn beginning(&self, offset: u32) -> Option<&'data [u8]> {
        let offset = u64::from(offset);
        let rest = self.size.checked_sub(offset)?.min(Self::BEGINNING);
        if self.size > Self::AT_ONCE {
            return self
                .data
                .read_bytes_at(self.at.checked_add(offset)?, rest)
                .ok();
        }
        let all = self.data.read_bytes_at(self.at, self.size).ok()?;
        all.get(usize::try_from(offset).ok()?..)?
            .get(..usize::try_from(rest).ok()?)
    }
}

/// A file of another format.
fn in_others<'data>(data: impl ReadRef<'data>, found: &mut DebugInfo) -> Option<()> {
    let length = data.len().ok()?;
    let file = File::parse(data).ok()?;
    // How long the header of a section is, and a relocation.
    let (header, relocation) = match file {
        File::MachO32(_) => (68, 8),
        File::MachO64(_) => (80, 8),
        _ => (40, 10),
    };
    for section in file.sections() {
        let segment = section.segment_name_bytes().ok().flatten();
        let Ok(name) = section.name_bytes() else {
            continue;
        };
        // Metadata are in the segment of debug information.
        let is_rustc = [METADATA_SECTION, OBJECT_NAMES_SECTION].contains(&name);
        let in_segment = segment == Some(b"__DWARF") && !is_rustc;
        let part = part(name).or(in_segment.then_some(Part::Other));
        if let (Some(part), Some(range)) = (part, section.file_range()) {
            let relocations = section.relocations().count() as u64;
            found.add_section(part, range, header + relocation * relocations, length);
        }
    }
    Some(())
}

/// The kind of a section, by the beginning of its name; `None` if it is no debug information.
///
/// On Windows `.debug$S` has the tables of lines and much else.
fn part(name: &[u8]) -> Option<Part> {
    let begins = [
        &b".debug_"[..],
        b".zdebug_",
        b"__debug_",
        b"__zdebug_",
        b".debug$",
        b".gdb_index",
    ];
    let rest = begins.iter().find_map(|begin| name.strip_prefix(*begin))?;
    Some(match rest.starts_with(b"line") {
        true => Part::LineTables,
        false => Part::Other,
    })
}
