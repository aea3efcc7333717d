//! The flags that configurations give to the compiler.
//!
//! Cargo joins the arrays of all configurations that count, those of the nearest last, so that a worktree inside another
//! one that tracks such an array has it twice. The flags are in a unit's hash: no build of the one uses a unit of the other.
//! Source: the reference of Cargo, Configuration, Hierarchical structure; seen with 1.95 and 1.100.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, Value};

/// Flags by what they are for: `build`, or the name of a target.
pub(crate) type Flags = BTreeMap<String, Vec<String>>;

/// The flags for everything that no target's own flags are for.
pub(crate) const BUILD: &str = "build";

/// The flags that one configuration sets as an array, and those that it sets as a text. A text that is not valid TOML
/// sets none.
fn written(text: &str) -> (Flags, Flags) {
    let (mut arrays, mut texts) = (Flags::new(), Flags::new());
    let Ok(document) = Document::parse(text) else {
        return (arrays, texts);
    };
    let build = document.get(BUILD).map(|item| (BUILD, item));
    let targets = document.get("target").and_then(Item::as_table_like);
    let targets = targets.into_iter().flat_map(|targets| targets.iter());
    for (name, item) in build.into_iter().chain(targets) {
        let flags = item
            .as_table_like()
            .and_then(|table| table.get("rustflags"));
        match flags.and_then(Item::as_value) {
            Some(Value::Array(all)) => {
                let all = all.iter().filter_map(Value::as_str);
                arrays.insert(name.to_owned(), all.map(str::to_owned).collect());
            }
            Some(Value::String(all)) => {
                let all = all.value().split_whitespace();
                texts.insert(name.to_owned(), all.map(str::to_owned).collect());
            }
            _ => {}
        }
    }
    (arrays, texts)
}

/// The flags of a workspace whose configurations say these texts, the nearest first.
pub(crate) fn joined<'a>(texts: impl DoubleEndedIterator<Item = &'a str>) -> Flags {
    let mut all = Flags::new();
    for (arrays, texts) in texts.rev().map(written) {
        for (name, flags) in arrays {
            all.entry(name).or_default().extend(flags);
        }
        all.extend(texts);
    }
    all.retain(|_, flags| !flags.is_empty());
    all
}

/// Returns whether two configurations set an array of flags for the same.
pub(crate) fn are_joined(one: &str, other: &str) -> bool {
    let (one, other) = (written(one).0, written(other).0);
    one.iter().any(|(name, flags)| {
        !flags.is_empty() && other.get(name).is_some_and(|all| !all.is_empty())
    })
}

/// Returns whether a unit with these flags was compiled with those that its own workspace asks for, `there`, and would be
/// compiled with others by one that asks for `here`.
///
/// If the unit has no flags, that is only known where nothing was compiled for a target by its name: then units that
/// run on this machine have none either.
pub(crate) fn differ(unit: &[String], there: &Flags, here: &Flags, by_target: bool) -> bool {
    let is_of = |all: &Flags| match unit.is_empty() {
        true => !all.contains_key(BUILD),
        false => all.values().any(|flags| flags == unit),
    };
    is_of(there) && !is_of(here) && !(unit.is_empty() && by_target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(texts: &[&str]) -> Flags {
        joined(texts.iter().copied())
    }

    fn unit(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|&flag| flag.to_owned()).collect()
    }

    #[test]
    fn arrays_are_joined_and_the_nearest_text_counts() {
        let one = "[build]\nrustflags = ['a', 'b']\n[target.x]\nrustflags = ['c']";
        let two = "build.rustflags = ['d']\ntarget.'cfg(unix)'.rustflags = 'e f'";
        let all = flags(&[one, two]);
        assert_eq!(all[BUILD], ["d", "a", "b"]);
        assert_eq!(all["x"], ["c"]);
        assert_eq!(all["cfg(unix)"], ["e", "f"]);
        let nearest = flags(&["build.rustflags = 'n'", "build.rustflags = 'f'"]);
        assert_eq!(nearest[BUILD], ["n"]);
        assert_eq!(
            flags(&["[", "build.rustflags = []", "build.jobs = 1"]),
            Flags::new()
        );
        assert!(are_joined(one, two) && are_joined(one, one));
        assert!(!are_joined(one, "build.rustflags = 'x'") && !are_joined(one, ""));
    }

    #[test]
    fn a_unit_is_asked_for_by_its_flags() {
        let [none, once, twice] = [
            flags(&[]),
            flags(&["build.rustflags = ['a']"]),
            flags(&["build.rustflags = ['a', 'a']"]),
        ];
        for (there, made, here, expected) in [
            (&once, &["a"][..], &twice, true),
            (&twice, &["a", "a"], &once, true),
            (&once, &["a"], &once, false),
            (&once, &["a"], &none, true),
            (&none, &[], &once, true),
            // By a variable in a shell, which another build may have as well; and a run of a build script.
            (&once, &["b"], &twice, false),
            (&once, &[], &twice, false),
        ] {
            let made = unit(made);
            assert_eq!(
                differ(&made, there, here, false),
                expected,
                "{made:?} {here:?}"
            );
        }
        assert!(!differ(&[], &none, &once, true), "it may run on the host");
    }
}
