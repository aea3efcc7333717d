//! When a program that was kept is the one that a build would make.

use std::path::Path;

use crate::fs::model::FileState;
use crate::script::model::CachedProgram;

/// Everything that decides what a build of a script gives, but for the files that only the compiler finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The script, without links: what it includes is relative to it, and the compiler puts its name into programs.
    pub(crate) script: &'a Path,
    pub(crate) text: &'a [u8],
    /// How it is asked for: profile, features and the like, each with its name.
    pub(crate) options: &'a [String],
    pub(crate) compiler: &'a str,
    /// The variables that Cargo goes by.
    pub(crate) variables: &'a [(String, String)],
    /// The configuration that Cargo reads.
    pub(crate) config: &'a [u8],
}

/// So that what an older version of this program kept, by other rules, is not used.
const RULES: &str = "sharedtarget script 2";

/// A name for the answer: 32 hexadecimal digits.
#[must_use]
pub(crate) fn key(question: &Question<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    // With its length before it, nothing can pass for the end of what is before it and the beginning of what follows.
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(RULES.as_bytes());
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(question.script.as_os_str().as_encoded_bytes());
    add(question.text);
    add(question.compiler.as_bytes());
    add(question.config);
    add(&question.options.len().to_le_bytes());
    for option in question.options {
        add(option.as_bytes());
    }
    for (name, value) in question.variables {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The name that is a script's own for as long as it lies there: 16 hexadecimal digits.
#[must_use]
pub(crate) fn id(script: &Path) -> String {
    blake3::hash(script.as_os_str().as_encoded_bytes()).to_hex()[..16].to_owned()
}

/// Whether a variable decides what Cargo builds. Those that say only where, or how it looks, do not.
#[must_use]
pub(crate) fn decides(variable: &str) -> bool {
    const OTHERS: [&str; 4] = [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_JOBS",
    ];
    const BEGIN: [&str; 4] = [
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "CARGO_UNSTABLE_",
    ];
    const NAMED: [&str; 7] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        // They may do anything with what they are given.
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_INCREMENTAL",
        "RUSTC_BOOTSTRAP",
    ];
    !OTHERS.contains(&variable)
        && (NAMED.contains(&variable) || BEGIN.iter().any(|begin| variable.starts_with(begin)))
}

/// Whether a variable is one that Cargo sets for the compiler, whatever the shell has: who calls us by Cargo has some of
/// them too, of another package.
///
/// Source: the reference of Cargo, Environment Variables, "Environment variables Cargo sets for crates".
#[must_use]
pub(crate) fn is_cargos(variable: &str) -> bool {
    const NAMED: [&str; 10] = [
        "CARGO",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "CARGO_RUSTC_CURRENT_DIR",
        "OUT_DIR",
    ];
    const BEGIN: [&str; 4] = [
        "CARGO_PKG_",
        "CARGO_BIN_EXE_",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
    ];
    NAMED.contains(&variable) || BEGIN.iter().any(|begin| variable.starts_with(begin))
}

/// Why a program that was kept is not what a build would give now, as a fragment; nothing if it is.
///
/// A file whose state is unchanged is the same: a written file gets another time. Any other file is compared by its
/// content. If a file changed while it was compiled, its old content may be in the program.
pub(crate) fn stale(
    cached: &CachedProgram,
    state: impl Fn(&Path) -> Option<FileState>,
    hash: impl Fn(&Path) -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    for (name, was) in &cached.variables {
        if variable(name) != *was {
            return Some(format!("the variable `{name}` has changed"));
        }
    }
    let changed = cached.watched.iter().find(|watched| {
        let same = || {
            state(&watched.path) == watched.state
                || hash(&watched.path).as_ref() == Some(&watched.hash)
        };
        !watched.settled || !same()
    });
    changed.map(|watched| format!("`{}` has changed", watched.path.display()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::script::model::Watched;
    use crate::size::Bytes;

    fn question() -> Question<'static> {
        Question {
            script: Path::new("/a.rs"),
            text: b"text",
            options: &[],
            compiler: "rustc 1",
            variables: &[],
            config: b"",
        }
    }

    #[test]
    fn whatever_differs_has_another_key() {
        let (one, two) = (["a".to_owned(), "b".to_owned()], ["ab".to_owned()]);
        let variables = [("RUSTFLAGS".to_owned(), "x".to_owned())];
        let others = [
            question(),
            Question {
                script: Path::new("/b.rs"),
                ..question()
            },
            Question {
                text: b"texts",
                ..question()
            },
            Question {
                options: &one,
                ..question()
            },
            Question {
                options: &two,
                ..question()
            },
            Question {
                compiler: "rustc 2",
                ..question()
            },
            Question {
                config: b"x",
                ..question()
            },
            Question {
                variables: &variables,
                ..question()
            },
        ];
        let keys: std::collections::BTreeSet<String> = others.iter().map(key).collect();
        assert_eq!(keys.len(), others.len());
        assert_eq!(key(&question()), key(&question()));
        assert_ne!(id(Path::new("/x/a.rs")), id(Path::new("/y/a.rs")));
    }

    #[test]
    fn variables_that_decide() {
        for name in [
            "RUSTFLAGS",
            "CARGO_PROFILE_DEV_DEBUG",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_X_LINKER",
            "RUSTC_WRAPPER",
        ] {
            assert!(decides(name), "{name}");
        }
        for (name, cargos) in [
            ("CARGO_PKG_NAME", true),
            ("OUT_DIR", true),
            ("CARGO_MINE", false),
            ("CARGOTOOL", false),
            ("DEBUG", false),
        ] {
            assert_eq!(is_cargos(name), cargos, "{name}");
        }
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_TERM_COLOR",
            "CARGO",
            "PATH",
        ] {
            assert!(!decides(name), "{name}");
        }
    }

    fn file(second: i64) -> FileState {
        FileState {
            length: Bytes(1),
            inode: 1,
            modified: Timestamp::from_second(second).ok(),
            changed: None,
        }
    }

    #[test]
    fn a_file_that_looks_the_same_is_not_read() {
        let cached = |state: Option<FileState>, settled: bool| CachedProgram {
            script: "/a.rs".into(),
            program: "a".into(),
            state: file(0),
            made: Timestamp::UNIX_EPOCH,
            watched: vec![Watched {
                path: "/b.rs".into(),
                state,
                hash: "h".into(),
                settled,
            }],
            variables: vec![("A".into(), None), ("B".into(), Some("b".into()))],
            libraries: Vec::new(),
        };
        let none = |_: &Path| None;
        let gone = |_: &Path| None;
        let same = |name: &str| (name == "B").then(|| "b".to_owned());
        let hash = |hash: &'static str| move |_: &Path| Some(hash.to_owned());
        let now = |second: i64| move |_: &Path| Some(file(second));
        let known = cached(Some(file(1)), true);
        assert_eq!(stale(&known, now(1), none, same), None);
        assert_eq!(stale(&known, now(2), hash("h"), same), None, "touched");
        assert!(stale(&known, now(2), hash("g"), same).is_some());
        assert!(stale(&known, gone, none, same).is_some(), "it is gone");
        let absent = cached(None, true);
        assert_eq!(stale(&absent, gone, none, same), None);
        assert!(stale(&absent, now(1), hash("g"), same).is_some(), "it came");
        let doubtful = cached(Some(file(1)), false);
        assert!(
            stale(&doubtful, now(1), hash("h"), same).is_some(),
            "it changed meanwhile"
        );
        let said = stale(&known, now(1), none, |_: &str| Some("b".into()));
        assert!(said.is_some_and(|said| said.contains("`A`")));
        assert!(stale(&known, now(1), none, |_: &str| None).is_some());
    }
}
