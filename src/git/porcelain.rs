//! Reads what git prints for programs.

use std::path::PathBuf;

use crate::git::model::Head;

/// One entry of `git worktree list --porcelain -z`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedWorktree {
    /// Its folder, or the repository itself if that is bare.
    pub path: PathBuf,
    /// It is a bare repository and no working tree.
    pub bare: bool,
    /// Its checkout.
    pub head: Head,
    /// The commit of that, in full.
    pub commit: Option<String>,
    /// The reason of its lock, which may be empty.
    pub locked: Option<String>,
    /// The reason to prune it.
    pub prunable: Option<String>,
}

/// Reads `git worktree list --porcelain -z`: attributes end with NUL, entries with an empty attribute.
///
/// Unknown attributes are passed over, since git may add some.
#[must_use]
pub fn worktrees(output: &[u8]) -> Vec<ListedWorktree> {
    let mut all: Vec<ListedWorktree> = Vec::new();
    for attribute in output.split(|&byte| byte == 0) {
        let (key, value) = match attribute.iter().position(|&byte| byte == b' ') {
            Some(at) => (&attribute[..at], &attribute[at + 1..]),
            None => (attribute, &[][..]),
        };
        let text = || String::from_utf8_lossy(value).into_owned();
        if key == b"worktree" {
            all.push(ListedWorktree {
                path: path(value),
                bare: false,
                head: Head::Unknown,
                commit: None,
                locked: None,
                prunable: None,
            });
            continue;
        }
        let Some(current) = all.last_mut() else {
            continue;
        };
        match key {
            b"bare" => current.bare = true,
            b"HEAD" => {
                current.commit = Some(text());
                current.head = Head::Detached(text());
            }
            b"branch" => {
                let name = text();
                // Once: a branch may have a name that begins like this.
                let name = name.strip_prefix("refs/heads/").unwrap_or(&name);
                current.head = Head::Branch(name.to_owned());
            }
            b"locked" => current.locked = Some(text()),
            b"prunable" => current.prunable = Some(text()),
            _ => {}
        }
    }
    all
}

/// Reads `git status --porcelain -z --no-renames`: two letters, a space and the path.
#[must_use]
pub(crate) fn changes(output: &[u8]) -> Vec<PathBuf> {
    let entries = output.split(|&byte| byte == 0);
    entries
        .filter_map(|entry| entry.get(3..))
        .map(path)
        .collect()
}

/// Reads the log of a reference: each commit that it led to, and when, in seconds, oldest first.
#[must_use]
pub(crate) fn log(text: &str) -> Vec<(String, i64)> {
    let entry = |line: &str| {
        let head = line.split('\t').next()?;
        let commit = head.split(' ').nth(1)?;
        let time = head.rsplit(' ').nth(1)?;
        Some((commit.to_owned(), time.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

/// A path that git ignores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The path, as it was given.
    pub path: PathBuf,
    /// The file with the pattern, relative to the worktree where it lies in it.
    pub by: PathBuf,
}

/// Reads `git check-ignore --verbose -z`: four fields for each path, source, line, pattern and path. A pattern
/// with a `!` in front is one that keeps it.
#[must_use]
pub fn ignored(output: &[u8]) -> Vec<Ignored> {
    let fields: Vec<&[u8]> = output.split(|&byte| byte == 0).collect();
    fields
        .chunks_exact(4)
        .filter(|record| !record[2].starts_with(b"!"))
        .map(|record| Ignored {
            path: path(record[3]),
            by: path(record[0]),
        })
        .collect()
}

/// Splits a NUL-separated list of paths.
#[must_use]
pub fn paths(output: &[u8]) -> Vec<PathBuf> {
    output
        .split(|&byte| byte == 0)
        .filter(|bytes| !bytes.is_empty())
        .map(path)
        .collect()
}

/// The output of `git grep -z --only-matching`: the path, and the text that was found.
#[must_use]
pub(crate) fn found(output: &[u8]) -> Vec<(PathBuf, String)> {
    let lines = output.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| {
            let at = line.iter().position(|byte| *byte == 0)?;
            let text = String::from_utf8_lossy(&line[at + 1..]).into_owned();
            Some((path(&line[..at]), text))
        })
        .collect()
}

/// The path in a line of output. It may hold line ends itself.
#[must_use]
pub fn path_line(output: &[u8]) -> PathBuf {
    path(output.strip_suffix(b"\n").unwrap_or(output))
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_and_by_which_file() {
        let output = b".gitignore\x001\0*.toml\0a.toml\0.gitignore\x002\0!b\0b\0";
        let expected = Ignored {
            path: "a.toml".into(),
            by: ".gitignore".into(),
        };
        assert_eq!(ignored(output), [expected]);
        assert!(ignored(b"").is_empty());
    }

    #[test]
    fn every_kind_of_entry() {
        let output = b"worktree /r.git\0bare\0\0worktree /a b\nc\0HEAD 12ab\0branch refs/heads/x/y\0\0\
            worktree /d\0HEAD 34cd\0detached\0locked on a stick\0\0worktree /g\0HEAD 56\0branch refs/heads/g\0locked\0\
            prunable gitdir file points to non-existent location\0\0";
        let all = worktrees(output);
        assert_eq!(all.len(), 4);
        assert!(all[0].bare);
        assert_eq!(all[1].path, PathBuf::from("/a b\nc"));
        assert_eq!(all[1].head, Head::Branch("x/y".into()));
        assert_eq!(all[1].commit.as_deref(), Some("12ab"));
        assert_eq!(all[2].head, Head::Detached("34cd".into()));
        assert_eq!(all[2].locked.as_deref(), Some("on a stick"));
        assert_eq!(all[3].locked.as_deref(), Some(""));
        assert!(
            all[3]
                .prunable
                .as_deref()
                .is_some_and(|why| why.starts_with("gitdir"))
        );
        assert!(worktrees(b"").is_empty());
    }

    #[test]
    fn a_branch_may_be_named_as_its_folder_is() {
        let all = worktrees(b"worktree /r\0HEAD 12\0branch refs/heads/refs/heads/x\0\0");
        assert_eq!(all[0].head, Head::Branch("refs/heads/x".into()));
    }
}
