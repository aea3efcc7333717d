//! The names of a worktree that another one does not have, and whether something speaks of them.

use std::path::Path;

use memchr::memmem;

/// The names that distinguish a place from another one: the folders on the way to it that the two do not share.
///
/// A build script may name a database or a port after them.
#[must_use]
pub(crate) fn own_names(place: &Path, other: &Path) -> Vec<String> {
    let parts = |path: &Path| -> Vec<String> {
        let names = path.iter().map(|part| part.to_string_lossy().into_owned());
        names.collect()
    };
    let (mut place, mut other) = (parts(place), parts(other));
    while place.len() > 1 && other.len() > 1 && place.last() == other.last() {
        place.pop();
        other.pop();
    }
    // A place nested in the other one has another last name all the same.
    let last = place.last().filter(|last| Some(*last) != other.last());
    let last = last.cloned();
    let same = place.iter().zip(&other).take_while(|(one, two)| one == two);
    let mut names = place.split_off(same.count());
    names.extend(last.filter(|last| !names.contains(last)));
    names
}

/// Whether a text or data speaks of a name, in whatever way its words are joined and in capital or small letters:
/// `feature-x` as `db_feature_x` or `FEATURE.X`. A short name counts only as a word of its own; a very short one only as it
/// is written, and in data not at all, where it would be found by chance.
#[must_use]
pub(crate) fn speaks_of(bytes: &[u8], name: &str) -> bool {
    const LONG: usize = 6;
    const SHORT: usize = 3;
    let length = name.chars().filter(|char| char.is_alphanumeric()).count();
    let as_compared = |bytes: &[u8]| match length < SHORT {
        true => bytes.to_owned(),
        false => bytes.to_ascii_lowercase(),
    };
    let name = String::from_utf8_lossy(&as_compared(name.as_bytes())).into_owned();
    let words = name.split(|char: char| !char.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let data = memchr::memchr(0, bytes).is_some();
    let Some((first, rest)) = words.split_first().filter(|_| !data || length >= SHORT) else {
        return false;
    };
    let bytes = as_compared(bytes);
    let in_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    let begins = memmem::find_iter(&bytes, first.as_bytes());
    let mut whole = begins
        .filter(|at| length >= LONG || !in_word(at.checked_sub(1).and_then(|at| bytes.get(at))));
    whole.any(|at| {
        let mut end = at + first.len();
        for word in rest {
            if bytes
                .get(end)
                .is_some_and(|byte| !byte.is_ascii_alphanumeric())
            {
                end += 1;
            }
            match bytes
                .get(end..)
                .is_some_and(|rest| rest.starts_with(word.as_bytes()))
            {
                true => end += word.len(),
                false => return false,
            }
        }
        length >= LONG || !in_word(bytes.get(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_two_places_apart() {
        let names = |one: &str, two: &str| own_names(Path::new(one), Path::new(two));
        assert_eq!(names("/w/app", "/w/feature-x"), ["app"]);
        assert_eq!(names("/w/a/app", "/w/b/app"), ["a"]);
        assert_eq!(names("/w/a/app/sub", "/w/b/app/sub"), ["a"]);
        assert_eq!(names("/w/app", "/v/x/two"), ["w", "app"]);
        assert_eq!(names("/w/app", "/w/app/.worktrees/x"), ["app"]);
        assert_eq!(names("/w/app/.worktrees/x", "/w/app"), [".worktrees", "x"]);
        assert_eq!(names("/w/app", "/w/app"), [""; 0]);
    }

    #[test]
    fn names_in_what_was_made() {
        for text in [
            "db_feature_x",
            "FEATURE-X;",
            "DbFeatureX",
            "a feature.x b",
            "\0\u{1}feature-x\0",
        ] {
            assert!(speaks_of(text.as_bytes(), "feature-x"), "{text}");
        }
        for text in ["", "feature", "feature two x", "featurey"] {
            assert!(!speaks_of(text.as_bytes(), "feature-x"), "{text}");
        }
        assert!(speaks_of(b"db_r", "r") && !speaks_of(b"R", "r"));
        assert!(!speaks_of(b"for", "r") && !speaks_of(b"\0r\0", "r"));
        assert!(speaks_of(b"\0two2\0two\0", "two") && !speaks_of(b"network", "two"));
        assert!(!speaks_of(b"anything", "") && !speaks_of(b"a - b", "-"));
    }
}
