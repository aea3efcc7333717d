//! Adding to an exclude file: what was there stays, and what is added is there and stands for itself.
//!
//! An input is what the file holds, and paths.

#![no_main]

use cargo_sharedtarget::git::exclude_edit::{add, pattern};
use cargo_sharedtarget_fuzz::UNIT;
use ignore::gitignore::GitignoreBuilder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|byte| char::from(*byte) == UNIT);
    let before = parts.next().unwrap_or_default();
    let paths: Vec<String> = parts
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .filter(|path| is_relative(path))
        .collect();
    let patterns: Vec<String> = paths
        .iter()
        .enumerate()
        .map(|(nth, path)| pattern(path, nth % 2 == 0))
        .collect();
    match add(before, &patterns) {
        None => assert!(patterns.iter().all(|pattern| has(before, pattern))),
        Some(after) => {
            assert!(after.starts_with(before));
            assert!(patterns.iter().all(|pattern| has(&after, pattern)));
            assert_eq!(add(&after, &patterns), None);
        }
    }
    assert!(!patterns.iter().any(|pattern| pattern.contains('\n')));
    for (nth, path) in paths.iter().enumerate() {
        if is_plain(path) {
            stands_for_itself(path, nth % 2 == 0);
        }
    }
});

/// Whether it is a path in a worktree, as this program would name it.
fn is_relative(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\0')
}

/// Whether the crate that looks at patterns here takes this path's as git does: braces are something to it, and it takes
/// one of two backslashes from the end of a folder's.
fn is_plain(path: &str) -> bool {
    let strange = |c: char| matches!(c, '{' | '}') || c != ' ' && c.is_whitespace();
    !path.contains(strange) && !path.ends_with('\\')
}

/// Whether a line is the pattern. Blanks at its end are nothing to git, but for one with a backslash before it.
fn has(file: &[u8], pattern: &str) -> bool {
    let mut lines = file.split(|byte| *byte == b'\n');
    lines.any(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line == pattern.as_bytes() || line.trim_ascii_end() == pattern.as_bytes()
    })
}

fn stands_for_itself(path: &str, folder: bool) {
    let mut builder = GitignoreBuilder::new("");
    let pattern = pattern(path, folder);
    builder.add_line(None, &pattern).expect("a pattern");
    let ignores = builder.build().expect("patterns");
    let ignored = |path: &str, folder| ignores.matched(path, folder).is_ignore();
    assert!(ignored(path, folder), "{pattern:?}");
    assert!(!ignored(&format!("{path}x"), folder), "{pattern:?}");
    assert!(!ignored(&format!("x/{path}"), folder), "{pattern:?}");
}
