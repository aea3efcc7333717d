//! Which program a name stands for: never a relative one, and none out of a worktree.

pub(crate) mod config;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path, PathBuf};

pub(crate) use crate::process::lookup::config::runs_to_resolve;

/// Why a name stands for no program that may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It depends on the working directory.
    Relative(String),
    /// It lies in a worktree, and so it may have come with a clone.
    Inside(String, PathBuf),
    /// A file of a worktree names it by its path, and the name stands for another one on the `PATH`, or for none.
    NotOnPath(PathBuf),
    /// There is none by that name.
    Missing(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative(name) => write!(
                to,
                "`{name}` is a relative path, whose meaning depends on the current folder; use a name on the PATH \
                     or an absolute path"
            ),
            Self::Inside(name, top) => write!(
                to,
                "`{name}` is inside `{}`, and we run no program of a worktree; move it elsewhere",
                top.display()
            ),
            Self::NotOnPath(program) => write!(
                to,
                "a file of a worktree names `{}`, which is not the program of that name on the PATH",
                program.display()
            ),
            Self::Missing(name) => write!(to, "there is no `{name}` on the PATH"),
        }
    }
}

impl std::error::Error for Refused {}

/// Finds the program that a name stands for: an absolute path stands for itself, and a name without a separator for the
/// first program by that name in a folder of the `PATH`. Relative folders of the `PATH`, and those for which `top_of` knows
/// a worktree, are passed over.
///
/// # Errors
///
/// It is relative, lies in a worktree, or is not there.
pub(crate) fn find(
    name: &str,
    path: &OsStr,
    top_of: &dyn Fn(&Path) -> Option<PathBuf>,
    is_program: &dyn Fn(&Path) -> bool,
) -> Result<PathBuf, Refused> {
    let named = Path::new(name);
    let inside = |program: &Path| top_of(&plain(program));
    if named.is_absolute() {
        return match inside(named) {
            Some(top) => Err(Refused::Inside(name.to_owned(), top)),
            None => Ok(named.to_owned()),
        };
    }
    if !is_bare(named) {
        return Err(Refused::Relative(name.to_owned()));
    }
    let mut refused = None;
    for folder in std::env::split_paths(path).filter(|folder| folder.is_absolute()) {
        let mut program = folder.join(named);
        if !is_program(&program) {
            program
                .as_mut_os_string()
                .push(std::env::consts::EXE_SUFFIX);
            if std::env::consts::EXE_SUFFIX.is_empty() || !is_program(&program) {
                continue;
            }
        }
        match inside(&program) {
            None => return Ok(program),
            Some(top) => refused = Some(Refused::Inside(name.to_owned(), top)),
        }
    }
    Err(refused.unwrap_or_else(|| Refused::Missing(name.to_owned())))
}

/// Whether this is a name without any separator.
fn is_bare(named: &Path) -> bool {
    let mut parts = named.components();
    // `./x` and `x/` are paths; comparing whole strings tells them from `x`.
    matches!(parts.next(), Some(Component::Normal(one)) if one == named.as_os_str())
        && parts.next().is_none()
}

/// A path without `.` and `..`, as it is written.
#[must_use]
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut all = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                all.pop();
            }
            part => all.push(part),
        }
    }
    all
}

/// Whether a `rust-toolchain.toml`, or the older `rust-toolchain`, names the folder of a toolchain, and not one that rustup
/// has installed. Doubt means yes.
#[must_use]
pub(crate) fn names_toolchain_by_path(text: &str) -> bool {
    let is_path = |name: &str| name.contains(['/', '\\']);
    match toml_edit::Document::parse(text) {
        Err(_) => is_path(text),
        Ok(document) => {
            let table = document
                .get("toolchain")
                .and_then(|item| item.as_table_like());
            table.is_some_and(|table| {
                let channel = table.get("channel").and_then(|item| item.as_str());
                table.contains_key("path") || channel.is_some_and(is_path)
            })
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn found(name: &str, path: &str) -> Result<PathBuf, Refused> {
        let there = ["/usr/bin/tool", "/clone/bin/tool", "bin/tool", "/bin/other"];
        let top = |path: &Path| path.starts_with("/clone").then(|| "/clone".into());
        find(name, OsStr::new(path), &top, &|path| {
            there.iter().any(|one| path == Path::new(one))
        })
    }

    #[test]
    fn toolchains_by_path_are_told() {
        for by_path in [
            "[toolchain]\npath = \"/x\"",
            "toolchain.path = \"x\"",
            "[toolchain]\nchannel = \"/proc/self/cwd/x\"",
            "/x/y\n",
            "toolchain = { path = \"x\" }",
        ] {
            assert!(names_toolchain_by_path(by_path), "{by_path}");
        }
        for by_name in [
            "stable\n",
            "[toolchain]\nchannel = \"1.95\"\ncomponents = [\"a/b\"]",
            "",
        ] {
            assert!(!names_toolchain_by_path(by_name), "{by_name}");
        }
    }

    #[test]
    fn no_program_is_relative_or_out_of_a_worktree() {
        let usual = Ok(PathBuf::from("/usr/bin/tool"));
        assert_eq!(found("tool", "/usr/bin"), usual);
        assert_eq!(found("tool", ":.:bin:/clone/bin:/usr/bin"), usual);
        assert_eq!(found("/usr/bin/tool", ""), usual);
        let inside = |name: &str| Err(Refused::Inside(name.into(), "/clone".into()));
        assert_eq!(found("tool", "/bin:/clone/bin"), inside("tool"));
        for name in ["/clone/x", "/usr/../clone/x", "/./clone/x"] {
            assert_eq!(found(name, "/usr/bin"), inside(name));
        }
        for name in ["./tool", "bin/tool", "../tool", "tool/", ""] {
            assert_eq!(
                found(name, "/usr/bin"),
                Err(Refused::Relative(name.into())),
                "{name}"
            );
        }
        let missing = Err(Refused::Missing("tool".into()));
        assert_eq!(found("tool", "/bin:"), missing);
    }
}
