//! Which branches are merged: as they are, or squashed into one commit.

use std::path::Path;

use anyhow::Result;

use crate::git::{git, run};

/// So many commits of the branch that was merged into are compared with a squashed one.
const COMPARED: &str = "--max-count=500";

/// How the reflog begins what git did for a commit of the branch's own.
///
/// Source: git-reflog(1) and the calls of `update_ref` in the builtins of git.
const OWN_WORK: [&str; 5] = ["commit", "rebase", "cherry-pick", "am:", "revert"];

/// The branch that a branch is merged into, by its short name; `None` if it is merged into none of those that are asked about:
/// the default branch of `origin`, the local one of that name, or `main` and `master`, and the branch that it is set to follow, if
/// that has another name.
///
/// A branch without any commit of its own is not merged, since its work has not begun. That is known from its reflog.
///
/// # Errors
///
/// Git is not there, or does not accept the repository.
pub(crate) fn merged_into(worktree: &Path, branch: &str) -> Result<Option<String>> {
    let own = format!("refs/heads/{branch}");
    if !has_own_work(worktree, &own) {
        return Ok(None);
    }
    for target in targets(worktree, branch)? {
        if is_ancestor(worktree, &own, &target)?
            || is_picked(worktree, &own, &target)?
            || is_squashed(worktree, &own, &target)?
        {
            let short = ["refs/heads/", "refs/remotes/"];
            let short = short.iter().find_map(|start| target.strip_prefix(start));
            return Ok(Some(short.unwrap_or(&target).to_owned()));
        }
    }
    Ok(None)
}

/// Whether git made a commit of the branch's own, as far as its reflog goes back.
fn has_own_work(worktree: &Path, branch: &str) -> bool {
    // Where there is no reflog, git fails.
    let said = lines(worktree, &["log", "--walk-reflogs", "--format=%gs", branch]);
    let said = said.unwrap_or_default();
    let own = |line: &String| OWN_WORK.iter().any(|start| line.starts_with(start));
    said.iter().any(own)
}

/// The branches, in full, that a branch may be merged into.
fn targets(worktree: &Path, branch: &str) -> Result<Vec<String>> {
    let format = "--format=%(refname) %(symref) %(upstream)";
    let asked = [
        "for-each-ref",
        format,
        "refs/remotes/origin/HEAD",
        "refs/heads/main",
        "refs/heads/master",
        &format!("refs/heads/{branch}"),
    ];
    let said = lines(worktree, &asked)?;
    let mut targets = Vec::new();
    let mut upstream = None;
    for line in &said {
        let mut fields = line.split(' ');
        let [name, symref, follows] = [(); 3].map(|()| fields.next().unwrap_or_default());
        match name {
            "refs/remotes/origin/HEAD" => {
                let short = symref.strip_prefix("refs/remotes/origin/");
                targets.push(symref.to_owned());
                targets.extend(short.map(|short| format!("refs/heads/{short}")));
            }
            _ if name == format!("refs/heads/{branch}") => {
                upstream = Some(follows.to_owned()).filter(|name| !name.is_empty());
            }
            name => targets.push(name.to_owned()),
        }
    }
    // Its own copy on a server says no more than that it was pushed.
    targets.extend(upstream.filter(|name| !name.ends_with(&format!("/{branch}"))));
    let own = format!("refs/heads/{branch}");
    let mut known = Vec::new();
    for target in targets {
        let there = lines(worktree, &["for-each-ref", "--format=%(refname)", &target])?;
        if target != own && there.contains(&target) && !known.contains(&target) {
            known.push(target);
        }
    }
    Ok(known)
}

fn is_ancestor(worktree: &Path, branch: &str, target: &str) -> Result<bool> {
    let range = format!("{target}..{branch}");
    let missing = lines(worktree, &["rev-list", "--max-count=1", &range, "--"])?;
    Ok(missing.is_empty())
}

/// Whether each commit of the branch is there again with the same changes, as a rebase or a cherry-pick leaves them.
fn is_picked(worktree: &Path, branch: &str, target: &str) -> Result<bool> {
    let said = lines(worktree, &["cherry", target, branch])?;
    let merges = format!("{target}..{branch}");
    let merges = lines(
        worktree,
        &["rev-list", "--merges", "--max-count=1", &merges, "--"],
    )?;
    Ok(merges.is_empty() && !said.is_empty() && said.iter().all(|line| line.starts_with('-')))
}

/// Whether one commit of the target has the changes of the whole branch.
fn is_squashed(worktree: &Path, branch: &str, target: &str) -> Result<bool> {
    const PLAIN: [&str; 3] = ["--no-ext-diff", "--no-textconv", "--no-color"];
    let base = lines(worktree, &["merge-base", target, branch]);
    // They have none in common.
    let Some(base) = base.ok().and_then(|lines| lines.into_iter().next()) else {
        return Ok(false);
    };
    let mut whole = git(worktree)?;
    whole.arg("diff").args(PLAIN).args([&base, branch, "--"]);
    let whole = patches(worktree, &run(whole, None)?.stdout)?;
    let [whole] = &whole[..] else {
        return Ok(false);
    };
    let mut log = git(worktree)?;
    log.args(["log", "--patch", "--first-parent", "--no-merges", COMPARED])
        .args(PLAIN)
        .args([&format!("{base}..{target}"), "--"]);
    let all = patches(worktree, &run(log, None)?.stdout)?;
    Ok(all.contains(whole))
}

/// The patch ids of a diff or a log (git-patch-id(1)).
fn patches(worktree: &Path, diff: &[u8]) -> Result<Vec<String>> {
    let mut git = git(worktree)?;
    git.args(["patch-id", "--stable"]);
    let said = run(git, Some(diff))?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let ids = said.lines().filter_map(|line| line.split(' ').next());
    Ok(ids.map(str::to_owned).collect())
}

fn lines(worktree: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let mut git = git(worktree)?;
    git.args(arguments);
    let said = run(git, None)?.stdout;
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().map(str::to_owned).collect())
}
