//! In which folder something was compiled.

use memchr::memmem;

use super::SENTINEL;
use super::regions::{self, Kind};

/// Which of these folders stand by themselves in the debug information or the metadata of an artifact, as the folder
/// does in which a compiler ran.
///
/// Debug information ends a text with a zero, metadata with its sentinel. An artifact names the folders of all that
/// was linked into it, and without debug information a program names none.
#[must_use]
pub fn folders_named<'a>(artifact: &[u8], folders: &[&'a str]) -> Vec<&'a str> {
    let common = common_prefix(folders);
    let mut found: Vec<&str> = Vec::new();
    if common.is_empty() {
        return found;
    }
    let finder = memmem::Finder::new(common);
    let regions = regions::of(artifact);
    let named = regions
        .iter()
        .filter(|region| matches!(region.kind, Kind::Debug | Kind::Metadata));
    for region in named {
        let part = &artifact[region.begin..region.end];
        for at in finder.find_iter(part) {
            let text = &part[at..];
            let alone = |folder: &&&str| {
                let rest = text.strip_prefix(folder.as_bytes());
                rest.is_some_and(|rest| matches!(rest.first(), None | Some(&(0 | SENTINEL))))
            };
            if let Some(folder) = folders.iter().find(alone)
                && !found.contains(folder)
            {
                found.push(folder);
            }
        }
    }
    found
}

/// What all folders begin with.
fn common_prefix<'a>(folders: &[&'a str]) -> &'a str {
    let Some((first, others)) = folders.split_first() else {
        return "";
    };
    let mut long = first.len();
    for other in others {
        let same = first.bytes().zip(other.bytes());
        long = long.min(same.take_while(|(one, two)| one == two).count());
    }
    while !first.is_char_boundary(long) {
        long -= 1;
    }
    &first[..long]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_in_metadata() {
        let named = |middle: &[u8]| {
            let metadata = [b"rust\0\0\0\x0a...", middle, b"rust-end-file"].concat();
            let found = folders_named(&metadata, &["/w/a", "/w/ab", "/w"]);
            found.join(" ")
        };
        assert_eq!(named(b"/w/a\xc1"), "/w/a");
        assert_eq!(named(b"/w/ab\0 /w\0 /w/ab\0"), "/w/ab /w");
        assert_eq!(named(b"/w/a/src /w/abc /w/a"), "");
        assert!(folders_named(b"rust\0\0\0\x0a", &[]).is_empty());
    }
}
