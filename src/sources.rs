//! Which files of a worktree may have gone into a unit of a local package.
//!
//! Cargo knows the files that the compiler told it of. A macro or a build script may read others and say nothing, so
//! that all files of the package count, and those that lie beside all packages.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use memchr::memmem;

use crate::model::UnitKind;

/// The files of a worktree as git knows them, relative to its top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Tracked ones, and others that it does not ignore.
    pub files: BTreeSet<PathBuf>,
    /// Ignored ones, but for those in ignored folders.
    pub ignored: BTreeSet<PathBuf>,
    /// Folders that are ignored as a whole.
    pub ignored_folders: BTreeSet<PathBuf>,
    /// Folders with a repository of their own, or other worktrees.
    pub repositories: BTreeSet<PathBuf>,
}

impl Listing {
    /// Makes one of git's two lists; in that of what is ignored, a folder has a `/` at its end.
    #[must_use]
    pub fn of(files: Vec<PathBuf>, ignored: Vec<PathBuf>) -> Self {
        let is_folder = |path: &PathBuf| path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let (ignored_folders, ignored): (Vec<_>, Vec<_>) = ignored.into_iter().partition(is_folder);
        let plain = |all: Vec<PathBuf>| {
            let all = all.into_iter();
            all.map(|path| path.components().collect()).collect()
        };
        // Git lists a folder as one if it has a repository of its own, or is another worktree.
        let (repositories, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_folder);
        Self {
            repositories: plain(repositories),
            files: plain(files),
            ignored: plain(ignored),
            ignored_folders: plain(ignored_folders),
        }
    }
}

/// The folders of a workspace's packages, relative to the top of the worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// The workspace's own folder.
    pub workspace: PathBuf,
    /// Those of its members.
    pub members: BTreeSet<PathBuf>,
}

impl Packages {
    /// The package that a file belongs to: of those that it lies in, the innermost.
    #[must_use]
    pub fn owner(&self, file: &Path) -> Option<&Path> {
        let mut above = file.ancestors().skip(1);
        above.find_map(|folder| self.members.get(folder).map(PathBuf::as_path))
    }

    /// Whether a file counts for every package: it lies in the workspace and in no package, or in the one at the top
    /// but not where only that one looks. Not Rust code, which cannot be read without being named, and not what
    /// Cargo reads itself.
    #[must_use]
    pub fn is_everybodys(&self, file: &Path) -> bool {
        let Ok(inside) = file.strip_prefix(&self.workspace) else {
            return false;
        };
        let of_another = self
            .owner(file)
            .is_some_and(|owner| owner != self.workspace);
        !of_another && !in_target_folders(inside) && !is_rust(file) && !is_cargos(file) && {
            let own = inside.starts_with("src") && self.members.contains(&self.workspace);
            !own && !is_documentation(inside)
        }
    }
}

/// Whether a file of the package, of which the compiler said nothing for a unit of this kind, may have gone into that
/// all the same. `inside` is relative to the package.
///
/// Not what is only for people, nor Rust code `of_another` unit; and what lies beside tests only went into these.
#[must_use]
pub fn may_be_read(inside: &Path, kind: &UnitKind, of_another: bool) -> bool {
    let of_tests = matches!(kind, UnitKind::Test | UnitKind::Bench | UnitKind::Example);
    let code = is_rust(inside) && (of_another || in_target_folders(inside));
    !code && !is_documentation(inside) && (of_tests || !in_target_folders(inside))
}

/// Whether a file is for people or for the programs that they develop with, by its name. Whoever compiles one in names
/// it to the compiler.
#[must_use]
pub fn is_documentation(inside: &Path) -> bool {
    const BEGINNINGS: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "CHANGELOG"];
    let name = inside.file_name().unwrap_or_default().to_string_lossy();
    is_for_tools(inside)
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || [".md", ".adoc"].iter().any(|end| name.ends_with(end))
}

/// Whether a file is only for programs that people develop with: for git, for editors, for checks on a server.
///
/// Nothing that is compiled could make use of it, so that it may even differ.
#[must_use]
pub fn is_for_tools(inside: &Path) -> bool {
    const FOLDERS: [&str; 6] = [
        ".circleci",
        ".github",
        ".gitlab",
        ".idea",
        ".vscode",
        ".zed",
    ];
    const NAMES: [&str; 13] = [
        ".editorconfig",
        ".git-blame-ignore-revs",
        ".gitattributes",
        ".gitignore",
        ".gitlab-ci.yml",
        ".gitmodules",
        ".mailmap",
        ".pre-commit-config.yaml",
        ".rustfmt.toml",
        "deny.toml",
        "renovate.json",
        "rustfmt.toml",
        "typos.toml",
    ];
    let first = inside.components().next();
    let first = first.map(|part| part.as_os_str().to_string_lossy());
    let name = inside.file_name().unwrap_or_default().to_string_lossy();
    let at_top = inside.components().count() == 1;
    first.is_some_and(|first| FOLDERS.contains(&&*first))
        || (NAMES.contains(&&*name) && (at_top || name.starts_with(".git")))
}

/// Whether a build script, by its code, asks for what no list of files tells; what that is.
///
/// A worktree at another commit, or of another branch, would get another answer.
#[must_use]
pub fn asks_for_more(code: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 8] = [
        ("git", "git"),
        ("git2", "git"),
        ("gix", "git"),
        ("vergen", "git"),
        ("vergen_gitcl", "git"),
        ("shadow_rs", "git"),
        ("built", "git"),
        ("Cargo.lock", "`Cargo.lock`"),
    ];
    WORDS
        .iter()
        .find_map(|(word, what)| has_word(code, word).then_some(*what))
}

/// Whether a build script, by the texts in its program, asks git by way of some library.
#[must_use]
pub fn program_asks_git(program: &[u8]) -> bool {
    const TEXTS: [&str; 12] = [
        ".git/",
        "--format=%",
        "--git-dir",
        "--porcelain",
        "--show-toplevel",
        "describe",
        "for-each-ref",
        "libgit2",
        "rev-list",
        "rev-parse",
        "symbolic-ref",
        "VERGEN_",
    ];
    TEXTS
        .iter()
        .any(|text| memmem::find(program, text.as_bytes()).is_some())
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// A path without `.` and `..`; `None` if it leads out of where it starts.
#[must_use]
pub fn normalized(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

/// What Cargo's conventions set apart for tests, benchmarks and examples.
fn in_target_folders(inside: &Path) -> bool {
    ["tests", "benches", "examples"]
        .iter()
        .any(|folder| inside.starts_with(folder))
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "rs")
}

/// Cargo reads it, and what matters of it is compared by what it says.
pub(crate) fn is_cargos(file: &Path) -> bool {
    file.file_name()
        .is_some_and(|name| name == "Cargo.toml" || name == "Cargo.lock")
}

/// Whether an ignored folder of this name is there whatever a build does.
#[must_use]
pub fn is_folder_of_tools(name: &str) -> bool {
    const NAMES: [&str; 5] = ["__pycache__", "coverage", "logs", "node_modules", "venv"];
    name.starts_with('.') || NAMES.contains(&name)
}

/// Whether an ignored file of this name is what programs leave behind in any folder.
#[must_use]
pub fn is_litter(file: &Path) -> bool {
    const ENDS: [&str; 7] = ["log", "orig", "profraw", "rej", "swo", "swp", "tmp"];
    let noisy = |end: &std::ffi::OsStr| ENDS.iter().any(|noise| end == *noise);
    let name = file.file_name().unwrap_or_default();
    file.extension().is_some_and(noisy) || name == ".envrc" || name == "perf.data"
}

/// What systems leave in any folder.
pub(crate) fn is_noise(path: &Path) -> bool {
    const NAMES: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];
    path.file_name()
        .is_some_and(|name| NAMES.iter().any(|noise| name == *noise))
}

/// Whether a file is a configuration of Cargo, of which only what it says of compiling matters.
#[must_use]
pub fn is_configuration(path: &Path) -> bool {
    path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(workspace: &str, members: &[&str]) -> Packages {
        Packages {
            workspace: workspace.into(),
            members: members.iter().map(PathBuf::from).collect(),
        }
    }

    #[test]
    fn the_innermost_package_owns() {
        let all = packages("", &["", "crates/a", "crates/a/macros"]);
        let owner = |file: &str| all.owner(Path::new(file)).map(Path::to_owned);
        assert_eq!(owner("src/lib.rs"), Some("".into()));
        assert_eq!(owner("crates/x"), Some("".into()));
        assert_eq!(owner("crates/a/src/lib.rs"), Some("crates/a".into()));
        assert_eq!(owner("crates/a/macros/x"), Some("crates/a/macros".into()));
        assert_eq!(packages("", &["a"]).owner(Path::new("b/x")), None);
    }

    #[test]
    fn what_lies_beside_all_packages_counts_for_all() {
        let is = |file: &str, workspace: &str, members: &[&str]| {
            packages(workspace, members).is_everybodys(Path::new(file))
        };
        for workspace in ["", "rust"] {
            let file = |name: &str| Path::new(workspace).join(name).display().to_string();
            let member = file("a");
            let members = [member.as_str()];
            assert!(is(&file(".sqlx/query.json"), workspace, &members));
            assert!(is(&file("memory.x"), workspace, &members));
            assert!(!is(&file("a/memory.x"), workspace, &members));
            assert!(!is(&file("README.md"), workspace, &members));
            assert!(!is(&file(".github/x.yml"), workspace, &members));
            assert!(!is(&file("x.rs"), workspace, &members));
            assert!(!is(&file("Cargo.lock"), workspace, &members));
        }
        assert!(!is("site/index.html", "rust", &["rust/a"]));
        assert!(is("memory.x", "", &["", "a"]));
        assert!(!is("src/x.txt", "", &["", "a"]));
        assert!(is("src/x.txt", "", &["a"]));
        assert!(!is("tests/x.txt", "", &["", "a"]));
    }

    #[test]
    fn what_nobody_named_may_have_been_read() {
        let read = |path: &str, kind| may_be_read(Path::new(path), &kind, true);
        assert!(read("x.sql", UnitKind::Library));
        assert!(read("Cargo.toml", UnitKind::Library));
        assert!(!read("src/x.rs", UnitKind::Library));
        assert!(!read("README.md", UnitKind::Library));
        assert!(!read("tests/x.sql", UnitKind::Library));
        assert!(read("tests/x.sql", UnitKind::Test));
        assert!(!read(".github/workflows/x.yml", UnitKind::Library));
        let unknown = |path: &str| may_be_read(Path::new(path), &UnitKind::Library, false);
        assert!(unknown("src/x.rs") && !unknown("tests/x.rs"));
        assert!(is_folder_of_tools(".git") && is_folder_of_tools("logs"));
        assert!(!is_folder_of_tools("dist"));
        assert!(is_litter(Path::new("a/x.log")) && !is_litter(Path::new(".env")));
        assert!(is_for_tools(Path::new(".gitignore")) && !is_for_tools(Path::new("README.md")));
    }

    #[test]
    fn scripts_that_ask_git() {
        assert_eq!(asks_for_more("Command::new(\"git\")"), Some("git"));
        assert_eq!(asks_for_more("rerun-if-changed=.git/HEAD"), Some("git"));
        assert_eq!(asks_for_more("use vergen::x;"), Some("git"));
        assert_eq!(asks_for_more("https://github.com/digit"), None);
        assert_eq!(asks_for_more("fn main() {}"), None);
        assert!(asks_for_more("read(\"Cargo.lock\")").is_some());
    }

    #[test]
    fn lists_of_git() {
        let paths = |all: &[&str]| all.iter().map(PathBuf::from).collect();
        let listing = Listing::of(
            paths(&["src/lib.rs", ".worktrees/x/"]),
            paths(&["target/", ".env"]),
        );
        assert_eq!(listing.files, BTreeSet::from(["src/lib.rs".into()]));
        assert_eq!(listing.ignored, BTreeSet::from([".env".into()]));
        assert_eq!(listing.ignored_folders, BTreeSet::from(["target".into()]));
    }

    #[test]
    fn what_is_there_anyway() {
        for path in [".DS_Store", "a/.DS_Store"] {
            assert!(is_noise(Path::new(path)), "{path}");
        }
        assert!(is_configuration(Path::new("a/.cargo/config.toml")));
        assert!(!is_configuration(Path::new("a/cargo/config.toml")));
    }

    #[test]
    fn paths_without_dots() {
        let plain = |path: &str| normalized(Path::new(path));
        assert_eq!(plain("a/src/../../b/./x"), Some("b/x".into()));
        assert_eq!(plain("a/../../x"), None);
        assert_eq!(plain("/x"), None);
    }
}
