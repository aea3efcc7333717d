//! The door to git: no other room runs it.
//!
//! git starts nothing of the repository's: no file system monitor, no hooks, no filters, no embedded bare repository.
//! [`porcelain`] reads its answers, [`exclude_edit`] edits `info/exclude` with all else kept, and `sources` says
//! which files of a package Cargo would take for its sources.

#![expect(clippy::disallowed_methods, reason = "this module is the door")]

pub mod exclude_edit;
pub(crate) mod git_file;
pub(crate) mod jj;
pub(crate) mod merged;
pub mod model;
pub mod porcelain;
pub(crate) mod sources;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::git::porcelain::{Ignored, ListedWorktree};
use crate::git::sources::Listing;
use crate::process::Started;
use crate::text::failure::Hint as _;
use crate::{fs, process};

/// Lists the worktrees of a repository, given by its common git directory. The first is the main one, or the
/// repository itself if that is bare.
///
/// # Errors
///
/// Git is not there, or does not accept the repository.
pub(crate) fn worktrees(common_dir: &Path) -> Result<Vec<ListedWorktree>> {
    let mut git = git(common_dir.parent().unwrap_or(common_dir))?;
    git.arg("--git-dir")
        .arg(common_dir)
        .args(["worktree", "list", "--porcelain", "-z"]);
    let output = run(git, None)?;
    let all = porcelain::worktrees(&output.stdout);
    if all.is_empty() {
        bail!("git lists no worktree for `{}`", common_dir.display());
    }
    Ok(all)
}

/// Which of the paths in a worktree git tracks, or tracks something in.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn tracked(worktree: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    // Below the shortest limit that systems have for arguments.
    for chunk in paths.chunks(100) {
        let mut git = git(worktree)?;
        git.args(["--literal-pathspecs", "ls-files", "-z", "--"])
            .args(chunk);
        found.extend(
            porcelain::paths(&run(git, None)?.stdout)
                .into_iter()
                .map(|path| worktree.join(path)),
        );
    }
    Ok(found)
}

/// The first path in a folder that git tracks in a worktree, be it the folder itself: a submodule has no more than its
/// name there. `None` if there is none. Case does not count where filesystems do not heed it.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn first_tracked(worktree: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    let exact = !cfg!(any(windows, target_os = "macos"));
    let mut pathspec = OsString::from(match exact {
        true => ":(literal)",
        false => ":(icase,literal)",
    });
    pathspec.push(folder);
    let mut git = git(worktree)?;
    git.args(["ls-files", "-z", "--"]).arg(pathspec);
    let paths = porcelain::paths(&run(git, None)?.stdout);
    Ok(paths.into_iter().next().map(|path| worktree.join(path)))
}

/// The first path in a folder that git tracks in any repository around the place where the folder really lies, so that no
/// link, submodule or nested repository hides it. `None` if there is none.
///
/// # Errors
///
/// The folder is not there, or git does not answer for one of the repositories.
pub(crate) fn tracked_around(folder: &Path) -> Result<Option<PathBuf>> {
    let real = fs::canonical(folder)?;
    for top in real.ancestors().filter(|above| is_top(above)) {
        if let Some(path) = first_tracked(top, &real)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The first path that git tracks in a repository whose top is a folder; `None` if the folder is no top, or nothing is.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn tracked_at(top: &Path) -> Result<Option<PathBuf>> {
    match is_top(top) {
        true => first_tracked(top, top),
        false => Ok(None),
    }
}

/// Whether a commit that git can still reach from a worktree, be it by the log of a reference, or the index, has something
/// at a path.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn was_there(worktree: &Path, path: &Path) -> Result<bool> {
    if first_tracked(worktree, path)?.is_some() {
        return Ok(true);
    }
    let mut git = git(worktree)?;
    git.args(["--literal-pathspecs", "rev-list", "--all", "--reflog"])
        .args(["--full-history", "--max-count=1", "--"])
        .arg(path);
    Ok(!run(git, None)?.stdout.is_empty())
}

/// The content that a file in a worktree has in the commit that is checked out.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree; the commit has no such file, or there is no commit yet.
pub(crate) fn committed(worktree: &Path, path: &Path) -> Result<Vec<u8>> {
    let inside = path.strip_prefix(worktree)?;
    let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
    let mut git = git(worktree)?;
    git.args(["cat-file", "blob"]);
    git.arg(format!("HEAD:{}", names.join("/")));
    Ok(run(git, None)?.stdout)
}

/// Whether a worktree has submodules (gitmodules(5)).
pub(crate) fn has_submodules(worktree: &Path) -> bool {
    fs::exists(&worktree.join(".gitmodules"))
}

/// Whether a folder is the top of a worktree, as git sees it: an empty `.git` folder is none.
fn is_top(folder: &Path) -> bool {
    let git = folder.join(".git");
    match fs::is_folder(&git) {
        true => fs::exists(&git.join("HEAD")),
        false => fs::exists(&git),
    }
}

/// The files of a worktree as git knows them, relative to its top.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn listing(worktree: &Path) -> Result<Listing> {
    let list = |which: &[&str]| {
        let mut git = git(worktree)?;
        git.args(["ls-files", "-z", "--exclude-standard"])
            .args(which);
        Ok(porcelain::paths(&run(git, None)?.stdout))
    };
    let (files, ignored) = rayon::join(
        || list(&["--cached", "--others"]),
        || list(&["--others", "--ignored", "--directory"]),
    );
    let (files, ignored): (Result<_>, Result<_>) = (files, ignored);
    Ok(Listing::of(files?, ignored?))
}

/// Where texts stand in the files of a worktree that git tracks and a pathspec matches: each file, once for each time, with the
/// text.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn holding(
    worktree: &Path,
    texts: &[&str],
    pathspec: &str,
) -> Result<Vec<(PathBuf, String)>> {
    let mut git = git(worktree)?;
    git.args(["grep", "-z", "-I", "--only-matching", "--no-color"])
        .args(["--fixed-strings", "--no-textconv", "--no-line-number"])
        .args(["--no-column", "--no-recurse-submodules"]);
    for text in texts {
        git.args(["-e", text]);
    }
    git.args(["--", pathspec]);
    // It exits 1 where nothing is found.
    let found = porcelain::found(&run(git, Some(b""))?.stdout);
    let found = found.into_iter();
    Ok(found
        .map(|(path, text)| (worktree.join(path), text))
        .collect())
}

/// Which of these commits have one of these paths, by their order.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn having(worktree: &Path, commits: &[String], paths: &[String]) -> Result<Vec<bool>> {
    let mut git = git(worktree)?;
    git.args(["cat-file", "--batch-check"]);
    let mut input = Vec::new();
    for commit in commits {
        for path in paths {
            input.extend(format!("{commit}:{path}\n").bytes());
        }
    }
    let output = run(git, Some(&input))?.stdout;
    let lines: Vec<bool> = output
        .split(|&byte| byte == b'\n')
        .map(|line| !line.is_empty() && !line.ends_with(b" missing"))
        .collect();
    let each = lines.chunks(paths.len().max(1)).take(commits.len());
    Ok(each.map(|found| found.contains(&true)).collect())
}

/// The files of a worktree that are not as they are in its commit, relative to its top, and those that git does not
/// know yet.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn changes(worktree: &Path) -> Result<Vec<PathBuf>> {
    let mut git = git(worktree)?;
    git.args(["status", "--porcelain", "-z", "--no-renames"])
        .args(["--untracked-files=all", "--ignore-submodules=all"]);
    Ok(porcelain::changes(&run(git, None)?.stdout))
}

/// Which of the paths in a worktree git ignores, each with the file that says so. A folder is given with a `/` at
/// its end.
///
/// # Errors
///
/// Git is not there, or does not accept the worktree.
pub(crate) fn ignored(worktree: &Path, paths: &[String]) -> Result<Vec<Ignored>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut git = git(worktree)?;
    git.args(["check-ignore", "--verbose", "-z", "--stdin"]);
    let input: Vec<u8> = paths
        .iter()
        .flat_map(|path| path.bytes().chain([0]))
        .collect();
    // It exits 1 where nothing is ignored.
    Ok(porcelain::ignored(&run(git, Some(&input))?.stdout))
}

/// The answer of `git --version`.
///
/// # Errors
///
/// Git is not there.
pub(crate) fn version() -> Result<String> {
    let mut git = git(Path::new("."))?;
    git.arg("--version");
    Ok(String::from_utf8_lossy(&run(git, None)?.stdout).into_owned())
}

/// The common git directory of the repository that a folder lies in, be it in a worktree or in the repository.
///
/// # Errors
///
/// Git is not there, or the folder is in no repository that it accepts.
pub(crate) fn common_dir(folder: &Path) -> Result<PathBuf> {
    rev_parse(folder, &["--git-common-dir"])
}

/// The `post-checkout` of a repository, where `core.hooksPath` does not lead elsewhere.
#[must_use]
pub(crate) fn hook_file(common_dir: &Path) -> PathBuf {
    common_dir.join("hooks").join("post-checkout")
}

/// The folder that git takes hooks from, wherever `core.hooksPath` leads. A relative one counts from the top of the
/// worktree, or from the given folder if that is in none.
///
/// # Errors
///
/// Git is not there, or the folder is in no repository that it accepts.
pub(crate) fn hooks(folder: &Path) -> Result<PathBuf> {
    answered(plain(folder)?, folder, &["--git-path", "hooks"])
}

/// Whether a folder lies in a worktree, and not in a repository itself.
///
/// # Errors
///
/// Git is not there, or the folder is in no repository that it accepts.
pub(crate) fn in_worktree(folder: &Path) -> Result<bool> {
    if repository(folder).is_some() {
        // Git would get the place of that repository, and would then take every folder for a worktree of it.
        return Ok(false);
    }
    let mut git = git(folder)?;
    git.args(["rev-parse", "--is-inside-work-tree"]);
    Ok(run(git, None)?.stdout.starts_with(b"true"))
}

/// A path that git answers with, which may be relative to the folder that it is asked in.
fn rev_parse(folder: &Path, question: &[&str]) -> Result<PathBuf> {
    answered(git(folder)?, folder, question)
}

fn answered(mut git: Command, folder: &Path, question: &[&str]) -> Result<PathBuf> {
    git.arg("rev-parse").args(question);
    Ok(folder.join(porcelain::path_line(&run(git, None)?.stdout)))
}

/// Settings that git gets in each call, so that it runs nothing that a repository names: no monitor and no hook. They
/// also keep git from using a bare repository that the call does not name, which may be a folder of a clone. A git
/// that does not know a key passes it over.
const QUIET: [&str; 10] = [
    "core.fsmonitor=false",
    "core.pager=cat",
    "safe.bareRepository=explicit",
    // Each of these makes a log or a diff show signatures, or the content of submodules, by the submodule's own
    // settings.
    "log.showSignature=false",
    "diff.submodule=short",
    "submodule.recurse=false",
    "gpg.program=/dev/null",
    "gpg.openpgp.program=/dev/null",
    "gpg.ssh.program=/dev/null",
    "gpg.x509.program=/dev/null",
];

/// Where no hooks are.
const NO_HOOKS: &str = "core.hooksPath=/dev/null";

/// Git in a folder, as it looks at things: it runs no program that a repository names.
fn git(dir: &Path) -> Result<Command> {
    let mut git = plain(dir)?;
    git.args(["-c", NO_HOOKS]);
    Ok(git)
}

/// The repository that a folder is, or lies in where it is the `.git` of a worktree. Any other bare repository above
/// a folder may have come with a clone, and does not count.
fn repository(dir: &Path) -> Option<&Path> {
    let named = |folder: &&Path| *folder == dir || folder.iter().any(|part| part == ".git");
    dir.ancestors()
        .take_while(named)
        .find(|folder| is_repository(folder))
}

/// Whether a folder is a repository itself, as git tells it.
fn is_repository(folder: &Path) -> bool {
    let is_file = |name: &str| {
        let info = fs::info(&folder.join(name)).ok().flatten();
        info.is_some_and(|info| !info.is_dir)
    };
    !fs::exists(&folder.join(".git"))
        && is_file("HEAD")
        && ["objects", "refs"]
            .iter()
            .all(|name| fs::is_folder(&folder.join(name)))
}

/// The same, with hooks where they are, for a question that runs none; and without the variables by which a hook or an
/// alias would point git to another repository.
fn plain(dir: &Path) -> Result<Command> {
    let mut git = Command::new(process::git().hint("install git, or put it on the PATH")?);
    git.env("PATH", process::absolute_path());
    git.arg("-C").arg(dir).arg("--no-pager");
    for setting in QUIET {
        git.args(["-c", setting]);
    }
    if let Some(repository) = repository(dir) {
        git.arg("--git-dir").arg(repository);
    }
    let local = [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_EXTERNAL_DIFF",
    ];
    for variable in local {
        git.env_remove(variable);
    }
    // Its messages are shown, so they should be the ones that people can look up; and it takes no locks.
    git.env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Git would fetch the objects that a partial clone lacks, by a program that its repository may name.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null());
    Ok(git)
}

/// Runs git and takes its output. Exit code 1 is an answer of some commands, anything above it an error.
fn run(mut git: Command, input: Option<&[u8]>) -> Result<Output> {
    const FAILED: &str = "failed to run git";
    let output = match input {
        None => process::output(&mut git).context(FAILED)?,
        Some(input) => {
            git.stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let started = Started::new(&git);
            let child = git.spawn().inspect_err(|error| started.ended(Err(error)));
            let mut child = child.context(FAILED)?;
            let mut stdin = child.stdin.take().context("git has no standard input")?;
            let output = std::thread::scope(|scope| {
                // Written from the side: git answers while it reads, and a full pipe would stop both.
                scope.spawn(move || {
                    let _ = stdin.write_all(input);
                });
                child.wait_with_output()
            });
            started.ended(output.as_ref().map(|output| output.status));
            output.context("failed to read git's answer")?
        }
    };
    if output.status.success() || (input.is_some() && output.status.code() == Some(1)) {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message");
    bail!("git says: {}", line.trim_start_matches("fatal: "))
}
