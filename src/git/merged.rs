//! Which branches are merged: as they are, or squashed into one commit.

use std::path::Path;

use anyhow::Result;

use crate::git::{changes, git, run};

/// So many commits of the branch that was merged into are compared with a squashed one.
const COMPARED: &str = "--max-count=500";

/// How the reflog begins what git did for a commit of the branch's own.
///
/// Source: git-reflog(1) and the calls of `update_ref` in the builtins of git.
const OWN_WORK: [&str; 4] = ["commit", "cherry-pick", "am:", "revert"];

/// So many entries of the reflog are looked at.
const REFLOG: &str = "--max-count=50";

/// A diff as git makes it by itself, all of it: no program of the repository's shows it, and no setting leaves something out.
const PLAIN: [&str; 8] = [
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    "--full-index",
    "--binary",
    "--submodule=short",
    "--ignore-submodules=none",
];

/// The branch that a branch is merged into, by its short name; `None` if it is merged into none of those that are asked about:
/// the default branch of `origin`, the local one of that name, or `main` and `master`, and the local branch that it is set to
/// follow.
///
/// A branch without any commit of its own is not merged, since its work has not begun; that is known from its reflog. Nor is a
/// default branch, or one in whose worktree something is not committed.
///
/// # Errors
///
/// Git is not there, or does not accept the repository.
pub(crate) fn merged_into(worktree: &Path, branch: &str) -> Result<Option<String>> {
    let own = format!("refs/heads/{branch}");
    let Some(targets) = targets(worktree, branch)? else {
        return Ok(None);
    };
    if !has_own_work(worktree, &own)? || !changes(worktree)?.is_empty() {
        return Ok(None);
    }
    for target in targets {
        if is_ancestor(worktree, &own, &target)? || is_there_again(worktree, &own, &target) {
            let short = ["refs/heads/", "refs/remotes/"];
            let short = short.iter().find_map(|start| target.strip_prefix(start));
            return Ok(Some(short.unwrap_or(&target).to_owned()));
        }
    }
    Ok(None)
}

/// Whether the branch still has a commit that was made on it, as far as its reflog goes back.
fn has_own_work(worktree: &Path, branch: &str) -> Result<bool> {
    let asked = [
        "log",
        "--walk-reflogs",
        "--no-show-signature",
        REFLOG,
        "--format=%H %gs",
        branch,
        "--",
    ];
    // Where there is no reflog, git fails.
    let said = lines(worktree, &asked).unwrap_or_default();
    for line in &said {
        let (commit, what) = line.split_once(' ').unwrap_or((line, ""));
        let is_own = OWN_WORK.iter().any(|start| what.starts_with(start));
        // A rebase of nothing ends at the commit that it was to be put on.
        let onto = what.rsplit_once(" onto ").map(|(_, onto)| onto);
        let is_moved =
            what.starts_with("rebase") && onto.is_some_and(|onto| !commit.starts_with(onto));
        if (is_own || is_moved) && is_ancestor(worktree, commit, branch)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The branches, in full, that a branch may be merged into; `None` if it is a default branch itself.
fn targets(worktree: &Path, branch: &str) -> Result<Option<Vec<String>>> {
    let own = format!("refs/heads/{branch}");
    let format = "--format=%(refname) %(symref) %(upstream)";
    let asked = [
        "for-each-ref",
        format,
        "refs/remotes/origin/HEAD",
        "refs/heads/main",
        "refs/heads/master",
        &own,
    ];
    let (mut targets, mut upstream) = (Vec::new(), None);
    for line in &lines(worktree, &asked)? {
        let mut fields = line.split(' ');
        let [name, symref, follows] = [(); 3].map(|()| fields.next().unwrap_or_default());
        match name {
            "refs/remotes/origin/HEAD" => {
                let short = symref.strip_prefix("refs/remotes/origin/");
                targets.push(symref.to_owned());
                targets.extend(short.map(|short| format!("refs/heads/{short}")));
            }
            // A branch on a server says no more than that it was pushed, whatever its name there.
            name if name == own => upstream = Some(follows.to_owned()),
            name => targets.push(name.to_owned()),
        }
    }
    let is_default = targets.contains(&own) || matches!(branch, "main" | "master");
    if is_default {
        return Ok(None);
    }
    targets.extend(upstream.filter(|name| name.starts_with("refs/heads/")));
    let mut known = Vec::new();
    for target in targets {
        let there = lines(worktree, &["for-each-ref", "--format=%(refname)", &target])?;
        if target != own && there.contains(&target) && !known.contains(&target) {
            known.push(target);
        }
    }
    Ok(Some(known))
}

fn is_ancestor(worktree: &Path, commit: &str, target: &str) -> Result<bool> {
    let range = format!("{target}..{commit}");
    let missing = lines(worktree, &["rev-list", "--max-count=1", &range, "--"])?;
    Ok(missing.is_empty())
}

/// Whether each commit of the branch is there again with the same changes, as a rebase or a cherry-pick leaves them, or one
/// commit has the changes of all. Where git cannot tell, they are not.
fn is_there_again(worktree: &Path, branch: &str, target: &str) -> bool {
    let base = lines(worktree, &["merge-base", target, branch]);
    // They have none in common.
    let Some(base) = base.ok().and_then(|lines| lines.into_iter().next()) else {
        return false;
    };
    let patches_of = |arguments: &[&str]| {
        let mut git = git(worktree).ok()?;
        git.args(arguments).args(PLAIN);
        patches(worktree, &run(git, None).ok()?.stdout)
    };
    let log = |end: &str, more: &str| {
        let range = format!("{base}..{end}");
        let format = "--format=commit %H";
        patches_of(&[
            "log",
            "--patch",
            "--no-show-signature",
            format,
            COMPARED,
            more,
            &range,
        ])
    };
    let whole = patches_of(&["diff", &base, branch]);
    let (Some(all), Some(whole)) = (log(target, "--first-parent"), whole) else {
        return false;
    };
    let is_squashed = matches!(&whole[..], [whole] if all.contains(whole));
    let merges = format!("{base}..{branch}");
    let merges = lines(
        worktree,
        &["rev-list", "--merges", "--max-count=1", &merges, "--"],
    );
    let each = log(branch, "--topo-order").unwrap_or_default();
    let is_picked = merges.is_ok_and(|merges| merges.is_empty())
        && !each.is_empty()
        && each.iter().all(|one| all.contains(one));
    is_squashed || is_picked
}

/// The patch ids of a diff or a log, in which each character counts (git-patch-id(1), of git 2.39 and later).
fn patches(worktree: &Path, diff: &[u8]) -> Option<Vec<String>> {
    let mut git = git(worktree).ok()?;
    git.args(["patch-id", "--verbatim"]);
    let output = run(git, Some(diff)).ok()?;
    let said = output.status.success().then_some(output.stdout)?;
    let said = String::from_utf8_lossy(&said).into_owned();
    let ids = said.lines().filter_map(|line| line.split(' ').next());
    Some(ids.map(str::to_owned).collect())
}

fn lines(worktree: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let mut git = git(worktree)?;
    git.args(arguments);
    let said = run(git, None)?.stdout;
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().map(str::to_owned).collect())
}
