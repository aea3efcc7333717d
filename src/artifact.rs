//! Whether what the compiler wrote is all there.
//!
//! A file that was cut off, emptied or overwritten makes the build of whoever gets it fail, so none is given
//! away before its headers were read. They say how long the rest must be, and only they are read: what a byte in
//! the middle should have been, nobody can say.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use object::read::archive::ArchiveFile;
use object::{LittleEndian, Object, ObjectSection, ObjectSegment, ReadCache, ReadRef};

use crate::{object_names, wasm};

/// How metadata begins: the word and the version of the format, which was 10 in rustc 1.89, 1.95 and 1.97.
///
/// Source: `METADATA_HEADER` in `compiler/rustc_metadata/src/rmeta/mod.rs` of rustc. Of the eight bytes the last
/// four are left out here: a new version of the format is no damage.
pub(crate) const METADATA: &[u8] = b"rust";

/// How metadata ends, in full ones and in the stubs that `-Zembed-metadata=no` puts into libraries.
///
/// Source: `MetadataBlob::new` in `compiler/rustc_metadata/src/rmeta/decoder.rs` of rustc, since 1.77.
const METADATA_END: &[u8] = b"rust-end-file";

/// The section of an object file that has metadata in it. So it is wrapped in a library, on most platforms.
///
/// Source: `create_wrapper_file` in `compiler/rustc_codegen_ssa/src/back/metadata.rs` of rustc.
pub(crate) const METADATA_SECTION: &[u8] = b".rmeta";

/// The member of a library that has its metadata.
const METADATA_MEMBER: &[u8] = b"lib.rmeta";

/// How bitcode of LLVM begins, plain and wrapped. With link-time optimization a library has it for object files.
pub(crate) const BITCODE: [&[u8]; 2] = [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"];

/// Whether an artifact is whole, as far as its headers tell; else why not, as a fragment.
///
/// Known by their names are metadata (`.rmeta`), libraries (`.rlib`; `.a` and `.lib` without the metadata), dynamic
/// libraries (`.so`, `.dylib`, `.dll`), object files (`.o`, `.obj`, `.dwo`) and programs (`.exe`, `.wasm`, or no
/// dot in the name). Of others nobody can say that they are whole.
///
/// The metadata of a program that was only checked is empty (rustc writes it so). It is refused all the same: an
/// empty file cannot be told from one that was emptied.
///
/// # Errors
///
/// Why the artifact cannot be said to be whole, which includes that it cannot be read.
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
            object(cache.range(0, length))
        }
        Some(_) => Err("its name is not that of an artifact".to_owned()),
    }
}

/// Metadata: both ends, and the place of its table of contents, which is the number after the header.
fn metadata<'data>(data: impl ReadRef<'data>) -> Result<(), String> {
    let length = length(data)?;
    let end = METADATA_END.len() as u64;
    let starts = data.read_bytes_at(0, 4).is_ok_and(|has| has == METADATA);
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
        Err("its metadata is not whole".to_owned())
    }
}

/// A library: all members lie inside it and are what they should be, and all that its index names are there.
///
/// Without the index, a file that ends exactly after a member would pass for a shorter library.
fn archive<R: Read + Seek>(cache: &ReadCache<R>, with_metadata: bool) -> Result<(), String> {
    let length = length(cache)?;
    let no = |error: object::Error| format!("it is no archive: {error}");
    let archive = ArchiveFile::parse(cache).map_err(no)?;
    if archive.is_thin() {
        return Err("its members lie outside it".to_owned());
    }
    let mut has_metadata = false;
    for member in archive.members() {
        let member = member.map_err(no)?;
        let name = member.name();
        let (offset, size) = member.file_range();
        inside(length, Some((offset, size)))?;
        let data = cache.range(offset, size);
        let checked = if name == METADATA_MEMBER {
            has_metadata = true;
            wrapped_metadata(cache, offset, size)
        } else if BITCODE.iter().any(|magic| starts(data, magic)) {
            Ok(())
        } else if object::FileKind::parse(data).is_ok()
            || starts(data, wasm::MAGIC)
            || [&b".o"[..], b".obj"].iter().any(|end| name.ends_with(end))
        {
            object(data)
        } else {
            Ok(())
        };
        checked.map_err(|why| format!("`{}` in it: {why}", String::from_utf8_lossy(name)))?;
    }
    if with_metadata && !has_metadata {
        return Err("it has no metadata".to_owned());
    }
    let mut named = BTreeSet::new();
    for symbol in archive.symbols().map_err(no)?.into_iter().flatten() {
        named.insert(symbol.map_err(no)?.offset().0);
    }
    match named.last() {
        Some(&last) if last >= length => Err("members of it are missing".to_owned()),
        _ => Ok(()),
    }
}

/// The metadata in a library, plain or in an object file.
fn wrapped_metadata<R: Read + Seek>(
    cache: &ReadCache<R>,
    offset: u64,
    size: u64,
) -> Result<(), String> {
    let data = cache.range(offset, size);
    if starts(data, METADATA) {
        return metadata(data);
    }
    object(data)?;
    let section = if starts(data, wasm::MAGIC) {
        let sections = wasm::sections(data).ok();
        sections.and_then(|all| {
            let mut all = all.into_iter();
            all.find_map(|(name, range)| (name == METADATA_SECTION).then_some(range))
        })
    } else {
        object::File::parse(data).ok().and_then(|file| {
            let mut all = file.sections();
            let found = all.find(|section| section.name_bytes() == Ok(METADATA_SECTION))?;
            found.file_range()
        })
    };
    let (at, long) = section.ok_or("it has no metadata")?;
    metadata(cache.range(offset + at, long))
}

/// An object file, linked or not: everything that its headers name lies inside it.
fn object<'data>(data: impl ReadRef<'data>) -> Result<(), String> {
    if starts(data, wasm::MAGIC) {
        return wasm::sections(data).map(drop);
    }
    let length = length(data)?;
    let file = object::File::parse(data).map_err(|error| format!("it is no object: {error}"))?;
    for section in file.sections() {
        inside(length, section.file_range())?;
    }
    for segment in file.segments() {
        inside(length, Some(segment.file_range()))?;
    }
    for place in object_names::places(data, &file)? {
        inside(length, Some(place))?;
    }
    let padded = match &file {
        object::File::Pe32(file) => file.section_table(),
        object::File::Pe64(file) => file.section_table(),
        _ => return Ok(()),
    };
    // The padding of a section is mapped with it.
    for section in padded.iter() {
        let [at, size] = [section.pointer_to_raw_data, section.size_of_raw_data]
            .map(|word| word.get(LittleEndian).into());
        inside(length, Some((at, size)))?;
    }
    Ok(())
}

fn inside(length: u64, range: Option<(u64, u64)>) -> Result<(), String> {
    match range.map(|(at, size)| at.checked_add(size)) {
        None => Ok(()),
        Some(Some(end)) if end <= length => Ok(()),
        Some(_) => Err("it ends too early".to_owned()),
    }
}

fn starts<'data>(data: impl ReadRef<'data>, magic: &[u8]) -> bool {
    data.read_bytes_at(0, magic.len() as u64) == Ok(magic)
}

fn length<'data>(data: impl ReadRef<'data>) -> Result<u64, String> {
    data.len().map_err(|()| "it cannot be read".to_owned())
}
