//! Which compiler made an artifact.

use std::io::{Read, Seek};

use object::{ReadCache, ReadRef};

use crate::target::artifact::{METADATA, METADATA_MEMBER, sections, starts, wasm};

/// The longest name that is taken for one; those of releases have 34 bytes, and distributions add their own.
const LONGEST: u64 = 256;

/// The compiler that made metadata, a library or a dynamic library, by the name that `rustc --version` says, such as
/// `rustc 1.95.0 (59807616e 2026-04-14)`. `None` if there are no metadata in it, or their format is not one of those
/// seen with 1.95, 1.97 and 1.100.
///
/// Source: `METADATA_HEADER` in `compiler/rustc_metadata/src/rmeta/mod.rs` of rustc, and `encode_metadata` in
/// `encoder.rs` beside it, which writes the name "in a predictable location", for compilers that know no more of the
/// metadata than that.
pub fn compiler_name<R: Read + Seek>(reader: R) -> Option<String> {
    let cache = ReadCache::new(reader);
    let length = ReadRef::len(&cache).ok()?;
    let mut files = sections::files(&cache, length);
    let file = files.find(|file| file.name.is_none_or(|name| name == METADATA_MEMBER))?;
    let data = cache.range(file.range.0, file.range.1);
    if starts(data, 0, METADATA) {
        return in_metadata(data, 0);
    }
    let sections = sections::sections(data).ok()?;
    let section = sections.iter().find(|section| section.is_metadata())?;
    in_metadata(data, section.range.0)
}

/// After the word and version of the format, eight bytes, come numbers of eight bytes that are no matter here (the place of
/// the table of contents alone in version 10, four of them in version 11, which is that of rustc 1.100), and then the length
/// of the name and the name. In a dynamic library the length of the metadata stands before, after the same word and version.
fn in_metadata<'data>(data: impl ReadRef<'data>, at: u64) -> Option<String> {
    const EIGHT: u64 = 8;
    if !starts(data, at, METADATA) {
        return None;
    }
    let again = at.checked_add(2 * EIGHT)?;
    let at = match starts(data, again, METADATA) {
        true => again,
        false => at,
    };
    let version = data.read_bytes_at(at.checked_add(4)?, 4).ok()?;
    let numbers = match version {
        [0, 0, 0, 10] => 1,
        [0, 0, 0, 11] => 4,
        _ => return None,
    };
    let at = at.checked_add(EIGHT * (1 + numbers))?;
    let (long, at) = wasm::number(data, at)?;
    let name = data.read_bytes_at(at, long.min(LONGEST + 1)).ok()?;
    let name = std::str::from_utf8(name).ok()?;
    let is_name = long <= LONGEST && name.starts_with("rustc ") && !name.contains(char::is_control);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn metadata(before: usize, name: &str, long: u8) -> Vec<u8> {
        let header = b"rust\0\0\0\x0a\x40\0\0\0\0\0\0\0".repeat(before);
        [&header[..], &[long], name.as_bytes(), b"\xc1..."].concat()
    }

    fn name(bytes: &[u8]) -> Option<String> {
        compiler_name(Cursor::new(bytes))
    }

    #[test]
    fn the_name_stands_at_the_beginning() {
        let said = "rustc 1.95.0 (59807616e 2026-04-14)";
        assert_eq!(name(&metadata(1, said, 35)).as_deref(), Some(said));
        assert_eq!(name(&metadata(2, said, 35)).as_deref(), Some(said));
        let newer = [&b"rust\0\0\0\x0b"[..], &[7; 32], &[35], said.as_bytes()].concat();
        assert_eq!(name(&newer).as_deref(), Some(said));
        let module = |content: &[u8]| {
            let section = [&[6][..], b".rmeta", content].concat();
            let long = u8::try_from(section.len()).expect("short");
            [wasm::MAGIC, &[0, long], &section].concat()
        };
        let found = name(&module(&metadata(1, said, 35)));
        assert_eq!(found.as_deref(), Some(said));
    }

    #[test]
    fn what_is_no_name() {
        for (text, long) in [("rustc 1", 100), ("clang 1", 7), ("rustc\n1", 7), ("", 0)] {
            assert_eq!(name(&metadata(1, text, long)), None, "{text}");
        }
        let whole = metadata(1, "rustc 1", 7);
        assert_eq!(name(&whole).as_deref(), Some("rustc 1"));
        for length in 0..24 {
            assert_eq!(name(&whole[..length]), None, "{length}");
        }
        for garbage in [&b""[..], b"!<arch>\n", b"\x7fELF\x02\x01\x01\0", b"rust"] {
            assert_eq!(name(garbage), None);
        }
    }
}
