//! Finds the paths that are compiled into an artifact, as far as they matter in the artifact's new place.
//!
//! A program that was compiled with `env!("OUT_DIR")` opens files in that folder, which may be gone when the program
//! runs in another worktree. So a unit is shared only if every path of its first home in it is no more than a name:
//! in debug information, or the path of a source file, which panics print and no program opens.
//!
//! A part that is not understood is reported. The unit is then compiled anew, which is slow and never wrong.

pub(crate) mod bitcode;
pub(crate) mod origin;
pub(crate) mod regions;
#[cfg(test)]
pub(crate) mod tests;

use memchr::{memchr, memmem};

use crate::target::artifact::paths::bitcode::Searcher;
pub(crate) use crate::target::artifact::paths::origin::compiled_in;
use crate::target::artifact::paths::regions::{Kind, Region};

/// The byte after every text in metadata except texts in constants; UTF-8 does not have it.
///
/// Source: `STR_SENTINEL` in `compiler/rustc_serialize/src/opaque.rs` of rustc.
const SENTINEL: u8 = 0xc1;

/// The first path below a root that stands in an artifact and is more than a name.
///
/// `roots` are folders, such as the build folder and the worktree that the artifact was made in. `sources` are the
/// sources of the unit as rustc's `.d` file names them; only absolute ones count. The meaning of a path depends on
/// where it stands:
///
/// - in debug information and among the names of symbols, a name;
/// - in metadata, a name if it is exactly that of a source, as in the list of sources, or the working folder
///   between the two names of a source there, as rustc 1.95 and 1.97 write them and 1.89 does not; the second name
///   of a source with a relative path has that folder before it;
/// - in code, constants and bitcode, a name if it is that of a source that ends in `.rs` (the places of panics,
///   and `file!()`), and in code if the text ends after it. A file that was included with `include_bytes!` is a
///   source too, but its path never comes there by itself;
/// - in the code of a library in another language that is bundled with the unit, a name if nothing `is_there` in the
///   donor either: such libraries keep the folder that they would be installed in (OpenSSL that of its engines);
/// - anywhere else it is reported.
///
/// That `.rs` file may still be opened when the program runs, if the unit includes it and keeps its path as well.
/// The two look the same. And in what was linked, a text of less than 16 bytes may be part of the instructions.
///
/// Roots are looked for as they are given, and on Windows with either slash: a folder that also goes by another
/// name, through a link, must be given by that name too.
#[must_use]
pub fn foreign_path(
    artifact: &[u8],
    roots: &[&str],
    sources: &[String],
    is_there: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let forms = forms(roots);
    let mut hits: Vec<usize> = Vec::new();
    for form in &forms {
        hits.extend(memmem::find_iter(artifact, form.as_bytes()));
    }
    if hits.is_empty() && !has_bitcode(artifact) {
        return None;
    }
    hits.sort_unstable();
    let regions = regions::of(artifact);
    for hit in hits {
        let explained = match regions::at(&regions, hit) {
            None => false,
            Some(region) => match region.kind {
                Kind::Debug => true,
                Kind::Metadata => is_in_list(
                    &artifact[region.begin..region.end],
                    hit - region.begin,
                    sources,
                ),
                Kind::Native => is_of_nothing(&artifact[hit..region.end], is_there),
                Kind::Code => is_place(&artifact[hit..region.end], sources),
                // Looked at below, with all that does not begin with a byte.
                Kind::Bitcode => true,
            },
        };
        if !explained {
            return Some(shown(artifact[hit..].iter().copied()));
        }
    }
    let searchers: Vec<Searcher> = forms
        .iter()
        .map(|form| Searcher::new(form.as_bytes()))
        .collect();
    let bitcode = regions.iter().filter(|region| region.kind == Kind::Bitcode);
    bitcode
        .flat_map(|&Region { begin, end, .. }| {
            searchers
                .iter()
                .flat_map(move |searcher| searcher.search(&artifact[begin..end]))
        })
        .find(|found| {
            let mut code = sources.iter().filter(|source| is_code(source));
            !code.any(|source| found.is(source))
        })
        .map(|found| shown(found.text()))
}

/// Whether [`foreign_path`] finds nothing in an artifact for any root at or below a folder, since the folder stands nowhere in
/// it.
#[must_use]
pub(crate) fn is_free_of(artifact: &[u8], folder: &str) -> bool {
    !names_root(artifact, &[folder]) && !has_bitcode(artifact)
}

/// Bitcode may have a text at any bit.
fn has_bitcode(artifact: &[u8]) -> bool {
    let mut magics = crate::target::artifact::BITCODE.iter();
    magics.any(|magic| memmem::find(artifact, magic).is_some())
}

/// Whether something that is no text names a root, and there is something at one of the paths that begin there.
#[must_use]
pub(crate) fn names_something(
    bytes: &[u8],
    roots: &[&str],
    is_there: &dyn Fn(&str) -> bool,
) -> bool {
    forms(roots).iter().any(|form| {
        let mut hits = memmem::find_iter(bytes, form.as_bytes());
        hits.any(|hit| !is_of_nothing(&bytes[hit..], is_there))
    })
}

/// Returns whether a text of another language, which a null byte ends, is a path at which nothing is. A text that the
/// program may extend at run time begins with a folder that is there.
fn is_of_nothing(text: &[u8], is_there: &dyn Fn(&str) -> bool) -> bool {
    const LONGEST: usize = 4096;
    let Some(end) = memchr(0, &text[..text.len().min(LONGEST)]) else {
        return false;
    };
    let Ok(whole) = std::str::from_utf8(&text[..end]) else {
        return false;
    };
    let path = whole.split(['"', '\'', ':', ';', ',', ' ', '\n']);
    let first = path.into_iter().next().unwrap_or_default();
    !is_there(whole) && !is_there(first)
}

/// A variable that was compiled in, names a root, and was not used to include a source: its value is kept.
///
/// `env` is what rustc's `.d` file says of the variables of the unit. This finds what [`foreign_path`] cannot: a
/// path that was cut in pieces, written in another encoding or calculated with.
#[must_use]
pub fn foreign_variable<'a>(
    env: &'a [(String, Option<String>)],
    roots: &[&str],
    sources: &[String],
) -> Option<&'a str> {
    env.iter().find_map(|(name, value)| {
        let value = value.as_deref()?;
        let included = sources.iter().any(|source| source.starts_with(value));
        (!included && names_root(value.as_bytes(), roots)).then_some(name.as_str())
    })
}

/// Whether a text names a root: what a build script said, or a source that it made.
#[must_use]
pub fn names_root(text: &[u8], roots: &[&str]) -> bool {
    let forms = forms(roots);
    forms
        .iter()
        .any(|form| memmem::find(text, form.as_bytes()).is_some())
}

/// How roots may be written: on Windows with either slash, with two backslashes as in a literal, and with a small
/// or a capital letter for the drive.
fn forms(roots: &[&str]) -> Vec<String> {
    let mut forms = Vec::new();
    for root in roots {
        let root = root.strip_prefix(r"\\?\").unwrap_or(root);
        if !is_windows(root) {
            forms.push(root.trim_end_matches('/').to_owned());
            continue;
        }
        let plain = root.replace('\\', "/");
        let plain = plain.trim_end_matches('/');
        for separator in ["/", "\\", r"\\"] {
            let form = plain.replace('/', separator);
            // The name of another machine has no letter there, so that both are the same.
            if let Some((drive, rest)) = form.split_at_checked(1) {
                forms.push(drive.to_ascii_lowercase() + rest);
                forms.push(drive.to_ascii_uppercase() + rest);
            }
        }
    }
    forms.retain(|form| !form.is_empty());
    forms.sort();
    forms.dedup();
    forms
}

/// Whether a path begins with a drive, or with the name of another machine.
fn is_windows(path: &str) -> bool {
    path.starts_with(r"\\") || matches!(path.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z', b':', ..])
}

/// Whether a path stands at the beginning of these bytes.
fn stands(bytes: &[u8], path: &str) -> bool {
    let windows = is_windows(path);
    let same = |(nth, (has, wants)): (usize, (&u8, u8))| {
        let separators = windows && b"/\\".contains(has) && b"/\\".contains(&wants);
        *has == wants || separators || (windows && nth == 0 && has.eq_ignore_ascii_case(&wants))
    };
    bytes.len() >= path.len() && bytes.iter().zip(path.bytes()).enumerate().all(same)
}

fn is_code(source: &str) -> bool {
    source.ends_with(".rs")
}

/// Whether this is the path of a source that a panic tells: it ends with a zero, or with the section.
///
/// LLVM puts each text into a section of its own, and rustc has written a zero after these since 1.89 at the latest. If
/// neither is there, the path may go on.
fn is_place(code: &[u8], sources: &[String]) -> bool {
    let mut sources = sources.iter().filter(|source| is_code(source));
    sources.any(|source| stands(code, source) && matches!(code.get(source.len()), None | Some(0)))
}

/// Whether the path at `at` in metadata is in the list of sources, where before a text stands its length, and after
/// it the sentinel. After a text in a constant is none, and in a literal there are quotes within.
fn is_in_list(metadata: &[u8], at: usize, sources: &[String]) -> bool {
    let Some(long) = memchr(SENTINEL, &metadata[at..]) else {
        return false;
    };
    let (before, rest) = metadata.split_at(at);
    let (text, rest) = rest.split_at(long);
    let Some(before) = before.strip_suffix(&*number(long)) else {
        return false;
    };
    sources.iter().any(|source| {
        let is = |text: &[u8]| text.len() == source.len() && stands(text, source);
        // The source, the working folder, and the source again, now with that folder if it had none.
        let between = || {
            let source_before = before
                .strip_suffix(&[SENTINEL])
                .and_then(|before| before.get(before.len().checked_sub(source.len())?..));
            let again = |whole: &[u8]| {
                let inside = whole
                    .strip_prefix(text)
                    .and_then(|rest| rest.strip_prefix(b"/").or(rest.strip_prefix(b"\\")));
                is(whole) || inside.is_some_and(is)
            };
            source_before.is_some_and(is) && text_at(&rest[1..]).is_some_and(again)
        };
        is(text) || between()
    })
}

/// The text that begins here in metadata: its length, the text, and the sentinel.
fn text_at(metadata: &[u8]) -> Option<&[u8]> {
    const LONGEST: usize = 4096;
    let end = memchr(SENTINEL, &metadata[..metadata.len().min(LONGEST)])?;
    // A length has one byte or two.
    (1..=2).find_map(|digits| {
        let (before, text) = metadata[..end].split_at_checked(digits)?;
        (*number(text.len()) == *before).then_some(text)
    })
}

/// A number in LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f).to_le_bytes()[0];
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A path as far as it can be one, to be shown.
fn shown(text: impl Iterator<Item = u8>) -> String {
    let ends = |byte: &u8| *byte < b' ' || b"\"\x7f\xc1".contains(byte);
    let bytes: Vec<u8> = text.take_while(|byte| !ends(byte)).take(200).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
