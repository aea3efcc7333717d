//! Adds lines to a git exclude file.

use std::path::{Path, PathBuf};

/// The exclude file of a repository, given by its common git directory; it counts in all worktrees
/// (gitrepository-layout(5)).
#[must_use]
pub(crate) fn file(common_dir: &Path) -> PathBuf {
    common_dir.join("info").join("exclude")
}

/// The comment above our lines.
const HEADING: &str = "# added by cargo-sharedtarget; `cargo sharedtarget undo` takes it out";

/// Adds the patterns that are not there yet, keeping every byte that is; `None` if there is nothing to add.
#[must_use]
pub fn add(before: &[u8], patterns: &[String]) -> Option<Vec<u8>> {
    let has = |wanted: &str| {
        let lines = before.split(|&b| b == b'\n');
        let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        // Blanks at the end are nothing to git, but for one with a backslash before it.
        lines.any(|line| [line, line.trim_ascii_end()].contains(&wanted.as_bytes()))
    };
    let missing: Vec<&String> = patterns.iter().filter(|pattern| !has(pattern)).collect();
    if missing.is_empty() {
        return None;
    }
    let eol: &[u8] = if before.windows(2).any(|pair| pair == b"\r\n") {
        b"\r\n"
    } else {
        b"\n"
    };
    let mut after = before.to_vec();
    if !after.is_empty() && !after.ends_with(b"\n") {
        after.extend(eol);
    }
    let heading = (!has(HEADING)).then_some(HEADING);
    for line in heading
        .into_iter()
        .chain(missing.iter().map(|pattern| pattern.as_str()))
    {
        after.extend(line.as_bytes());
        after.extend(eol);
    }
    Some(after)
}

/// The pattern that ignores exactly this path, given relative to the top of a worktree with `/` between. For a line end
/// in it any character may stand.
#[must_use]
pub fn pattern(relative: &str, folder: bool) -> String {
    let mut pattern = String::from("/");
    for c in relative.chars() {
        match c {
            '*' | '?' | '[' | '\\' => pattern.extend(['\\', c]),
            // No pattern in a file of lines stands for a line end alone.
            '\n' => pattern.push('?'),
            // At the end of a line it would be a part of the line's end.
            '\r' => pattern.push_str("[\r]"),
            _ => pattern.push(c),
        }
    }
    if pattern.ends_with(' ') {
        pattern.pop();
        pattern.push_str("\\ ");
    }
    if folder {
        pattern.push('/');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_once_and_keeps_the_rest() {
        let patterns = [
            "/.cargo/config.toml".to_owned(),
            "/.shared-target/".to_owned(),
        ];
        let once = add(b"# mine\n*.swp", &patterns).expect("something to add");
        let text = String::from_utf8(once.clone()).expect("text");
        assert_eq!(
            text,
            format!("# mine\n*.swp\n{HEADING}\n/.cargo/config.toml\n/.shared-target/\n")
        );
        assert_eq!(add(&once, &patterns), None);
        assert_eq!(
            add(b"/.cargo/config.toml\r\n/.shared-target/\r\n", &patterns),
            None
        );
        assert!(add(b"", &[]).is_none());
    }

    #[test]
    fn patterns_mean_themselves() {
        assert_eq!(pattern("a[1]/b*?", true), "/a\\[1]/b\\*\\?/");
        assert_eq!(pattern("#x ", false), "/#x\\ ");
    }

    #[test]
    fn a_blank_at_the_end_is_a_part_of_it() {
        let patterns = [pattern("a ", false)];
        for before in ["", "#\r\n"] {
            let once = add(before.as_bytes(), &patterns).expect("something to add");
            assert_eq!(add(&once, &patterns), None);
        }
        let once = add(b"", &patterns).expect("something to add");
        let other = [pattern("a", false)];
        assert!(add(&once, &other).is_some());
        assert_eq!(add(b"/a  \r\n", &other), None);
    }

    #[test]
    fn a_line_end_in_a_name_ends_no_pattern() {
        // Else the second line would ignore everything.
        let patterns = [pattern("a\n*/b", true), pattern("c\r", false)];
        let lines = format!("{HEADING}\n/a?\\*/b/\n/c[\r]\n");
        assert_eq!(add(b"", &patterns), Some(lines.into_bytes()));
    }
}
