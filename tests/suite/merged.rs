//! `clean --merged`: what worktrees of merged branches have built.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// `app`, with a worktree for each of these branches, all built.
fn built(branches: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("app", "app", "1");
    sandbox.write("app/.gitignore", "target\n");
    sandbox.commit_all("app");
    sandbox.git("app", &["branch", "-M", "main"]);
    for branch in branches {
        let at = sandbox.path(branch).display().to_string();
        sandbox.git("app", &["worktree", "add", "-q", "-b", branch, &at]);
        sandbox.cargo(branch, &["build", "--offline"]);
    }
    sandbox.cargo("app", &["build", "--offline"]);
    sandbox
}

fn commit(sandbox: &Sandbox, branch: &str, file: &str) {
    sandbox.write(&format!("{branch}/{file}"), file);
    sandbox.git(branch, &["add", "."]);
    sandbox.git(branch, &["commit", "-q", "-m", file]);
}

/// The worktrees whose folders go, with the branch that theirs is merged into, sorted.
fn going(sandbox: &Sandbox) -> Vec<(String, String)> {
    let answer = sandbox.json("", &["clean", "--merged", "--dry-run"]);
    let actions = answer["plan"]["actions"].as_array().expect("actions");
    let one = |action: &Value| {
        let into = action["why"]["into"].as_str()?.to_owned();
        let path = action["path"].as_str()?.to_owned();
        let worktree = path.rsplit('/').nth(1)?.to_owned();
        Some((worktree, into))
    };
    let mut found: Vec<_> = actions.iter().filter_map(one).collect();
    assert_eq!(found.len(), actions.len(), "{answer}");
    found.sort();
    found
}

fn into_main(branches: &[&str]) -> Vec<(String, String)> {
    let both = |branch: &&str| ((*branch).to_owned(), "main".to_owned());
    branches.iter().map(both).collect()
}

/// By a merge, a fast-forward, a rebase and a squash. A branch that has not begun is not merged, nor is one with something left.
#[test]
fn each_way_of_merging() {
    let all = [
        "begun", "forward", "fresh", "merge", "more", "pick", "squash",
    ];
    let sandbox = built(&all);
    // Programs that a repository names to show a diff or to check a signature are not run.
    let evil = sandbox.path("evil").display().to_string();
    for key in [
        "diff.external",
        "gpg.program",
        "core.pager",
        "diff.x.textconv",
    ] {
        sandbox.git("app", &["config", key, &evil]);
    }
    sandbox.git("app", &["config", "log.showSignature", "true"]);
    sandbox.git("app", &["config", "format.pretty", "%G?"]);
    for branch in all.iter().filter(|branch| **branch != "fresh") {
        commit(&sandbox, branch, &format!("{branch}-1"));
    }
    for branch in ["more", "squash"] {
        commit(&sandbox, branch, &format!("{branch}-2"));
    }
    assert_eq!(going(&sandbox), []);
    sandbox.git("app", &["merge", "-q", "--ff-only", "forward"]);
    sandbox.git("app", &["merge", "-q", "--no-ff", "-m", "Merge", "merge"]);
    sandbox.git("app", &["cherry-pick", "pick", "more~1"]);
    sandbox.git("app", &["merge", "-q", "--squash", "squash"]);
    sandbox.git("app", &["commit", "-q", "-m", "Squashed"]);
    let merged = ["forward", "merge", "pick", "squash"];
    assert_eq!(going(&sandbox), into_main(&merged));

    sandbox
        .run("", &["clean", "--dry-run"])
        .code(0)
        .says("in use");
    sandbox
        .run("", &["clean", "--merged", "--yes"])
        .code(0)
        .says("merged");
    for branch in all {
        let stays = !merged.contains(&branch);
        assert_eq!(
            sandbox.exists(&format!("{branch}/target")),
            stays,
            "{branch}"
        );
        assert!(sandbox.exists(&format!("{branch}/Cargo.toml")), "{branch}");
    }
    assert!(sandbox.exists("app/target"), "the main worktree");
}

/// The default branch is that of `origin`. A branch that follows its own copy there is not merged by having been pushed.
#[test]
fn the_default_branch_of_origin() {
    let sandbox = built(&["pushed", "done"]);
    sandbox.git("app", &["init", "-q", "--bare", "../server"]);
    sandbox.git("app", &["branch", "-M", "trunk"]);
    sandbox.git("app", &["remote", "add", "origin", "../server"]);
    for branch in ["pushed", "done"] {
        commit(&sandbox, branch, branch);
    }
    sandbox.git("app", &["push", "-q", "origin", "done:trunk"]);
    sandbox.git("pushed", &["push", "-q", "-u", "origin", "pushed"]);
    sandbox.git("app", &["remote", "set-head", "origin", "trunk"]);
    let done = ("done".to_owned(), "origin/trunk".to_owned());
    assert_eq!(going(&sandbox), [done]);
}

/// A rebase of nothing, a commit that was taken back, and changes that are not committed.
#[test]
fn work_that_is_not_there_yet_or_not_all_there() {
    let sandbox = built(&["back", "dirty", "done", "young"]);
    commit(&sandbox, "app", "news");
    sandbox.git("young", &["rebase", "-q", "main"]);
    commit(&sandbox, "back", "back");
    sandbox.git("back", &["reset", "-q", "--soft", "HEAD~1"]);
    for branch in ["dirty", "done"] {
        commit(&sandbox, branch, branch);
        sandbox.git("app", &["merge", "-q", "--no-ff", "-m", branch, branch]);
    }
    sandbox.write("dirty/src/main.rs", "fn main() {}\n");
    assert_eq!(going(&sandbox), into_main(&["done"]));
    // The default branch is none that is merged, wherever it is checked out.
    sandbox.git("app", &["checkout", "-q", "-b", "aside"]);
    let at = sandbox.path("main").display().to_string();
    sandbox.git("app", &["worktree", "add", "-q", &at, "main"]);
    sandbox.cargo("main", &["build", "--offline"]);
    assert_eq!(going(&sandbox), into_main(&["done"]));
}

/// A folder that a configuration of the user's names: it stays, and the warning says why.
#[test]
fn a_folder_that_a_configuration_names() {
    let sandbox = built(&["mine"]);
    let config = "[build]\ntarget-dir = \"elsewhere\"\n";
    sandbox.write("mine/.cargo/config.toml", config);
    sandbox.write("app/.git/info/exclude", "elsewhere\n");
    commit(&sandbox, "mine", "more");
    sandbox.git("app", &["merge", "-q", "--ff-only", "mine"]);
    sandbox.cargo("mine", &["build", "--offline"]);
    let run = sandbox.run("", &["clean", "--merged", "--yes"]).code(0);
    let folder = sandbox.path("mine/elsewhere");
    assert!(folder.is_dir());
    let said = run.said().replace('\n', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("though `mine` is merged"), "{said}");
    assert!(said.contains("because a configuration names it"), "{said}");
}
