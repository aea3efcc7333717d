//! The sections of a WebAssembly module, which is what libraries for WebAssembly are made of.

use object::ReadRef;

use crate::target::artifact::sections::Section;

/// How a module begins: the word and the version, which has been 1 since there are modules.
pub(crate) const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// The sections of a module, which fill it to its end.
///
/// Layout: after the magic bytes, for each section a byte that says its kind, the length of the rest, and the
/// rest; in a section of kind 0 the rest begins with the length of its name, and the name. Source: the binary
/// format in the core specification of WebAssembly.
///
/// # Errors
///
/// Why it is none, as a fragment.
pub(crate) fn sections<'data>(data: impl ReadRef<'data>) -> Result<Vec<Section<'data>>, String> {
    let no = |()| "it is not a module, or ends too early".to_owned();
    let length = data.len().map_err(no)?;
    let mut sections = Vec::new();
    let mut at = MAGIC.len() as u64;
    while at < length {
        let (kind, content) = (data.read_bytes_at(at, 1).map_err(no)?, at + 1);
        let (size, mut begin) = number(data, content).ok_or(()).map_err(no)?;
        let end = begin + size;
        let mut name: &[u8] = &[];
        if kind == [0] {
            let (size, after) = number(data, begin).ok_or(()).map_err(no)?;
            name = data.read_bytes_at(after, size).map_err(no)?;
            begin = after + size;
        }
        if begin > end || end > length {
            return Err(no(()));
        }
        sections.push(Section::new(name, (begin, end - begin)));
        at = end;
    }
    Ok(sections)
}

/// A number of 32 bits in LEB128, and where the next byte is.
pub(crate) fn number<'data>(data: impl ReadRef<'data>, at: u64) -> Option<(u64, u64)> {
    let mut value = 0;
    for nth in 0..5 {
        let byte = *data.read_bytes_at(at + nth, 1).ok()?.first()?;
        value |= u64::from(byte & 0x7f) << (7 * nth);
        if byte & 0x80 == 0 {
            return Some((value, at + nth + 1));
        }
    }
    None
}
