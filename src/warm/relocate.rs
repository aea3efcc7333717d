//! Notes of where something lies, in the text files that a build script has made: they follow when it is copied.
//!
//! A C library leaves `.pc` files and the like in its `OUT_DIR`, which say where that is, and tells its folder to the
//! build scripts of its dependents (`DEP_…`), which read them. Cargo itself does the same with what a script said.

use memchr::{memchr, memmem};

/// The text with the names of folders replaced; `None` if it names none of them, or is no text.
///
/// A name counts only as a whole: `/a/target` does not stand in `/a/target-2`. On Windows also as it is written with
/// the other slash, and with two backslashes.
#[must_use]
pub(crate) fn relocate(text: &[u8], from: &[String], to: &str) -> Option<Vec<u8>> {
    if memchr(0, text).is_some() {
        return None;
    }
    let mut changed: Option<Vec<u8>> = None;
    // If one name begins with another one, the longer name is meant.
    let mut names: Vec<&String> = from.iter().filter(|name| *name != to).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        for (from, to) in forms(name).into_iter().zip(forms(to)) {
            let now = changed.as_deref().unwrap_or(text);
            if let Some(new) = replace(now, from.as_bytes(), to.as_bytes()) {
                changed = Some(new);
            }
        }
    }
    changed
}

/// A longer file is no note of a place.
pub(crate) const LONGEST: u64 = 4 << 20;

/// Whether a file may be such a note, by its name: no library and no object, in which paths are those of sources, and
/// no Rust code, which is compiled anew if it names a place.
#[must_use]
pub(crate) fn may_be_note(name: &str) -> bool {
    const OTHERS: [&str; 9] = ["a", "o", "so", "lib", "obj", "dll", "dylib", "pdb", "rs"];
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    !OTHERS.contains(&end)
}

/// Whether a text tells of a folder in a way that [`relocate`] would not follow: it has the end of the folder's path,
/// `inside`, and before that not one of the names; with a space that has a backslash before it, for one.
#[must_use]
pub(crate) fn names_otherwise(text: &[u8], names: &[String], inside: &str) -> bool {
    let known: Vec<String> = names.iter().flat_map(|name| forms(name)).collect();
    forms(inside).iter().any(|inside| {
        memmem::find_iter(text, inside.as_bytes()).any(|at| {
            let before = &text[..at];
            let before = before.strip_suffix(b"\\").or(before.strip_suffix(b"/"));
            let before = before.map(|before| before.strip_suffix(b"\\").unwrap_or(before));
            !before.is_some_and(|before| known.iter().any(|name| before.ends_with(name.as_bytes())))
        })
    })
}

fn forms(path: &str) -> Vec<String> {
    let mut forms = vec![path.to_owned()];
    if path.contains('\\') {
        forms.push(path.replace('\\', "/"));
        forms.push(path.replace('\\', "\\\\"));
    }
    forms
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut new = Vec::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = memmem::find(rest, from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        new.extend_from_slice(before);
        let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+~".contains(byte);
        let whole = !after.first().is_some_and(goes_on);
        new.extend_from_slice(if whole { to } else { from });
        found |= whole;
        rest = after;
    }
    new.extend_from_slice(rest);
    found.then_some(new)
}

/// An output without the folder that it was printed in: the same script prints the same in every folder.
#[must_use]
pub(crate) fn without_place(said: &[u8], place: &[u8]) -> Vec<u8> {
    let mut rest = said;
    let mut left = Vec::with_capacity(said.len());
    while let Some(at) = memchr::memmem::find(rest, place).filter(|_| !place.is_empty()) {
        left.extend_from_slice(&rest[..at]);
        rest = &rest[at + place.len()..];
    }
    left.extend_from_slice(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_relocated(text: &str, expected: Option<&str>) {
        let from = ["/a/target".to_owned(), "/a/target/build/old".to_owned()];
        let new = relocate(text.as_bytes(), &from, "/b/t");
        let new = new.map(|new| String::from_utf8(new).expect("text"));
        assert_eq!(new.as_deref(), expected, "{text}");
    }

    #[test]
    fn names_of_folders_follow() {
        assert_relocated("prefix=/a/target/x/out\n", Some("prefix=/b/t/x/out\n"));
        assert_relocated("/a/target:/a/target", Some("/b/t:/b/t"));
        assert_relocated("/a/target/build/old/x", Some("/b/t/x"));
        assert_relocated("/a/target-2/x and /a/targets", None);
        assert_relocated("nothing", None);
        assert_relocated("/a/target/x\0", None);
    }

    #[test]
    fn what_would_not_follow_is_noticed() {
        let names = ["/a b/target".to_owned()];
        let inside = "debug/build/x-0/out";
        let otherwise = |text: &str| names_otherwise(text.as_bytes(), &names, inside);
        assert!(!otherwise("prefix=/a b/target/debug/build/x-0/out/lib"));
        assert!(otherwise("prefix=/a\\ b/target/debug/build/x-0/out/lib"));
        assert!(otherwise("/elsewhere/debug/build/x-0/out"));
        assert!(!otherwise("/elsewhere/debug/build/y-0/out"));
        assert!(may_be_note("x.pc") && may_be_note("Makefile") && !may_be_note("libx.a"));
    }

    #[test]
    fn a_folder_of_the_same_name_stays() {
        let same = ["/b/t".to_owned()];
        assert_eq!(relocate(b"/b/t/x", &same, "/b/t"), None);
    }

    #[test]
    fn windows_writes_paths_in_several_ways() {
        let from = ["C:\\a\\b".to_owned()];
        let text = br#"C:\a\b\x C:/a/b/x "C:\\a\\b\\x""#;
        let new = relocate(text, &from, "D:\\t").expect("changed");
        let expected = br#"D:\t\x D:/t/x "D:\\t\\x""#;
        assert_eq!(new, expected);
    }

    #[test]
    fn a_place_is_taken_out() {
        assert_eq!(without_place(b"a/o/b/o", b"/o"), b"a/b");
        assert_eq!(without_place(b"a", b""), b"a");
    }
}
