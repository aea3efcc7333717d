//! Whether what the compiler wrote is all there.
//!
//! An artifact that was cut off, emptied or overwritten makes every build fail that gets it, so none is shared before
//! its headers were read. The headers say how long the rest must be, and only they are read: a changed byte in the
//! middle is not found.

pub mod abilities;
pub mod compiler_name;
pub mod debug_info;
pub(crate) mod linker_name;
pub mod paths;
pub(crate) mod sections;
pub(crate) mod symbols;
pub(crate) mod wasm;

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use object::elf::{FileHeader32, FileHeader64};
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{
    Endianness, File, FileKind, LittleEndian, Object as _, ObjectSection as _, ObjectSegment as _,
    ReadCache, ReadRef,
};

use crate::target::artifact::sections::{Member, no_archive};
use crate::target::artifact::symbols::Range;
use crate::text::failure;

/// How metadata begins: the word and the version of the format, which was 10 in rustc 1.89, 1.95 and 1.97.
///
/// Source: `METADATA_HEADER` in `compiler/rustc_metadata/src/rmeta/mod.rs` of rustc. The last four of its eight bytes
/// are left out here: a new version of the format is no damage.
pub(crate) const METADATA: &[u8] = b"rust";

/// How metadata ends, in full ones and in the stubs that `-Zembed-metadata=no` puts into libraries.
///
/// Source: `MAGIC_END_BYTES` in `compiler/rustc_serialize/src/opaque.rs` of rustc; seen with 1.89, 1.95 and 1.97.
const METADATA_END: &[u8] = b"rust-end-file";

/// The section of an object file that has metadata in it. So it is wrapped in a library, on most platforms.
///
/// Source: `create_wrapper_file` in `compiler/rustc_codegen_ssa/src/back/metadata.rs` of rustc.
pub(crate) const METADATA_SECTION: &[u8] = b".rmeta";

/// The section with the names of a library's object files, which rustc 1.100 puts beside the metadata.
pub(crate) const OBJECT_NAMES_SECTION: &[u8] = b".rmeta-link";

/// The member of a library that has its metadata.
pub(crate) const METADATA_MEMBER: &[u8] = b"lib.rmeta";

/// The section in which dynamic libraries have their metadata, not compressed since rustc 1.89 at the latest.
pub(crate) const DYLIB_METADATA: &[u8] = b".rustc";

/// How bitcode of LLVM begins, plain and wrapped. With link-time optimization a library has it for object files.
pub(crate) const BITCODE: [&[u8]; 2] = [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"];

/// Whether an artifact is whole, as far as its headers tell; else why not, as a fragment.
///
/// Known by their names are metadata (`.rmeta`), libraries (`.rlib`; `.a` and `.lib` without the metadata), dynamic
/// libraries (`.so`, `.dylib`, `.dll`), object files (`.o`, `.obj`, `.dwo`) and programs (`.exe`, `.wasm`, or no dot
/// in the name). Any other file is refused.
///
/// A reader of a file should be buffered: most reads are of a few bytes.
///
/// The metadata of a program that was only checked is empty (rustc writes it so). It is refused all the same: an
/// empty file looks like one that was emptied.
///
/// # Errors
///
/// The reason why the artifact may not be whole, which includes that it cannot be read.
pub fn whole<R: Read + Seek>(name: &str, reader: R) -> Result<(), String> {
    let cache = ReadCache::new(reader);
    let length = ReadRef::len(&cache).map_err(|()| "it cannot be read".to_owned())?;
    if length == 0 {
        return Err("it is empty".to_owned());
    }
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("rmeta") => metadata(cache.range(0, length)),
        Some("rlib") => archive(&cache, true),
        Some("a" | "lib") => archive(&cache, false),
        None | Some("so" | "dylib" | "dll" | "exe" | "wasm" | "o" | "obj" | "dwo") => {
            object(cache.range(0, length)).map(drop)
        }
        Some(_) => Err("it does not have the name of an artifact".to_owned()),
    }
}

/// Metadata: both ends, and the place of its table of contents, which is the number after the header.
fn metadata<'data>(data: impl ReadRef<'data>) -> Result<(), String> {
    let length = length(data)?;
    let end = METADATA_END.len() as u64;
    let starts = starts(data, 0, METADATA);
    let ends = length
        .checked_sub(end)
        .is_some_and(|at| data.read_bytes_at(at, end) == Ok(METADATA_END));
    let root = data.read_bytes_at(8, 8).ok().and_then(|root| {
        let root = u64::from_le_bytes(root.try_into().ok()?);
        Some(root >= 16 && root < length)
    });
    if starts && ends && root == Some(true) {
        Ok(())
    } else {
        Err("its metadata is incomplete".to_owned())
    }
}

/// A library: all members lie inside it and are what they should be, and all that its index names are there.
///
/// Without the index, a file that ends exactly after a member would pass for a shorter library.
fn archive<R: Read + Seek>(cache: &ReadCache<R>, with_metadata: bool) -> Result<(), String> {
    let length = length(cache)?;
    let archive = ArchiveFile::parse(cache).map_err(no_archive)?;
    if archive.is_thin() {
        return Err("its members lie outside it".to_owned());
    }
    let mut has_metadata = false;
    for member in sections::members(&archive, length) {
        let Member { name, range } = member?;
        let name = name.unwrap_or_default();
        let data = cache.range(range.0, range.1);
        let checked = if name == METADATA_MEMBER {
            has_metadata = true;
            wrapped_metadata(cache, range)
        } else if BITCODE.iter().any(|magic| starts(data, 0, magic)) {
            Ok(())
        } else if FileKind::parse(data).is_ok()
            || starts(data, 0, wasm::MAGIC)
            || [&b".o"[..], b".obj"].iter().any(|end| name.ends_with(end))
        {
            object(data).map(drop)
        } else {
            Ok(())
        };
        checked.map_err(|why| format!("`{}` in it: {why}", String::from_utf8_lossy(name)))?;
    }
    if with_metadata && !has_metadata {
        return Err("it has no metadata".to_owned());
    }
    let mut named = BTreeSet::new();
    for symbol in archive.symbols().map_err(no_archive)?.into_iter().flatten() {
        named.insert(symbol.map_err(no_archive)?.offset().0);
    }
    match named.last() {
        Some(&last) if last >= length => Err("members of it are missing".to_owned()),
        _ => Ok(()),
    }
}

/// The metadata in a library, plain or in a section of an object file.
fn wrapped_metadata<R: Read + Seek>(
    cache: &ReadCache<R>,
    (offset, size): Range,
) -> Result<(), String> {
    let data = cache.range(offset, size);
    if starts(data, 0, METADATA) {
        return metadata(data);
    }
    object(data)?;
    let sections = sections::sections(data)?;
    let mut sections = sections.iter();
    let section = sections.find(|section| section.name == METADATA_SECTION);
    let (at, long) = section.ok_or("it has no metadata")?.range;
    metadata(cache.range(offset + at, long))
}

/// An object file, linked or not: everything that its headers name lies inside it.
fn object<'data>(data: impl ReadRef<'data>) -> Result<(), String> {
    if starts(data, 0, wasm::MAGIC) {
        return wasm::sections(data).map(drop);
    }
    let length = length(data)?;
    match FileKind::parse(data).map_err(no_object)? {
        FileKind::Elf32 => return elf::<FileHeader32<Endianness>, _>(data, length),
        FileKind::Elf64 => return elf::<FileHeader64<Endianness>, _>(data, length),
        _ => {}
    }
    let file = File::parse(data).map_err(no_object)?;
    let sections = file.sections().filter_map(|section| section.file_range());
    let segments = file.segments().map(|segment| segment.file_range());
    let names = symbols::places(data, &file)?;
    let mut all = sections.chain(segments).chain(names).chain(padded(&file));
    all.try_for_each(|place| inside(length, place))
}

/// Checks an ELF file without its symbols and the names of its sections, which are many and say nothing of its
/// length. A library may hold hundreds of ELF files.
fn elf<'data, H: FileHeader<Endian = Endianness>, R: ReadRef<'data>>(
    data: R,
    length: u64,
) -> Result<(), String> {
    let header = H::parse(data).map_err(no_object)?;
    let endian = header.endian().map_err(no_object)?;
    for segment in header.program_headers(endian, data).map_err(no_object)? {
        inside(length, segment.file_range(endian))?;
    }
    let sections = header.section_headers(endian, data).map_err(no_object)?;
    let mut places = sections
        .iter()
        .filter_map(|section| section.file_range(endian));
    places.try_for_each(|place| inside(length, place))
}

fn no_object(error: object::Error) -> String {
    format!("it is not an object file: {}", failure::words(&error))
}

/// The sections of a linked file for Windows with their padding, which is mapped with them.
fn padded<'data, R: ReadRef<'data>>(file: &File<'data, R>) -> Vec<Range> {
    let table = match file {
        File::Pe32(file) => file.section_table(),
        File::Pe64(file) => file.section_table(),
        _ => return Vec::new(),
    };
    let place = |section: &object::pe::ImageSectionHeader| {
        let [at, size] = [section.pointer_to_raw_data, section.size_of_raw_data]
            .map(|word| word.get(LittleEndian).into());
        (at, size)
    };
    table.iter().map(place).collect()
}

fn inside(length: u64, (at, size): Range) -> Result<(), String> {
    match at.checked_add(size) {
        Some(end) if end <= length => Ok(()),
        _ => Err("it ends too early".to_owned()),
    }
}

fn starts<'data>(data: impl ReadRef<'data>, at: u64, magic: &[u8]) -> bool {
    data.read_bytes_at(at, magic.len() as u64) == Ok(magic)
}

fn length<'data>(data: impl ReadRef<'data>) -> Result<u64, String> {
    data.len().map_err(|()| "it cannot be read".to_owned())
}
