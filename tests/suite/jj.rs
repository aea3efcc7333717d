//! A workspace of Jujutsu is a worktree of its repository, though git does not know it. Made by hand: jj is not needed.

use std::fs;

use crate::sandbox::Sandbox;

/// A repository with a `.jj` beside its `.git`, and `/ws` ignored.
fn colocated() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "main");
    sandbox.write("pika/.gitignore", "target\n/ws\n.jj\n");
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.cargo("pika", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("pika");
    fs::create_dir_all(sandbox.path("pika/.jj/repo")).expect("folders");
    sandbox
}

/// Makes a workspace by `jj workspace add`, at a path of the same package that prints something else.
fn workspace(sandbox: &Sandbox, at: &str, first: &str, says: &str) {
    sandbox.package(at, "app", says);
    fs::copy(
        sandbox.path("pika/Cargo.lock"),
        sandbox.path(&format!("{at}/Cargo.lock")),
    )
    .expect("copied");
    sandbox.write(&format!("{at}/.jj/repo"), first);
}

fn kinds(sandbox: &Sandbox) -> Vec<String> {
    let json = sandbox.json("pika", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").iter();
    all.map(|one| one["kind"].as_str().expect("a kind").to_owned())
        .collect()
}

#[test]
fn one_that_lies_inside_and_in_an_ignored_folder() {
    let sandbox = colocated();
    sandbox.run("pika", &["--yes", "--no-hook"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "main\n");
    workspace(&sandbox, "pika/ws/feature", "../../../.jj/repo", "feature");
    assert!(
        kinds(&sandbox).contains(&"inherited".into()),
        "{:?}",
        kinds(&sandbox)
    );
    let answer = sandbox.json("pika/ws/feature", &["onboard", "--yes"]);
    assert!(
        sandbox.exists("pika/ws/feature/.cargo/config.toml"),
        "{answer}"
    );
    assert_eq!(sandbox.cargo_run("pika/ws/feature"), "feature\n");
    assert!(sandbox.exists("pika/.shared-target/pika/feature/debug/app"));
    assert_eq!(sandbox.cargo_run("pika"), "main\n");
    assert!(!kinds(&sandbox).contains(&"inherited".into()));
    // Jujutsu heeds the repository's exclude file.
    assert!(
        sandbox
            .read("pika/.git/info/exclude")
            .contains("/.cargo/config.toml")
    );
    let list = sandbox.json("pika", &["list", "--no-size"]);
    let worktrees = sandbox.paths(&list["repositories"][0]["worktrees"], "path");
    assert_eq!(worktrees, ["pika", "pika/ws/feature"]);
}

/// The guard is for those that are not set up, and `setup` of the main one sets up what is there.
#[test]
fn setup_counts_it_as_a_worktree_inside() {
    let sandbox = colocated();
    workspace(&sandbox, "pika/ws/feature", "../../../.jj/repo", "feature");
    sandbox.run("pika", &["--yes", "--no-hook"]).code(0);
    assert!(
        sandbox
            .read("pika/.cargo/config.toml")
            .contains("{workspace-path-hash}")
    );
    assert!(sandbox.exists("pika/ws/feature/.cargo/config.toml"));
    assert_eq!(sandbox.cargo_run("pika"), "main\n");
    workspace(&sandbox, "pika/ws/later", "../../../.jj/repo", "later");
    assert_eq!(sandbox.cargo_run("pika/ws/later"), "later\n");
    assert_eq!(sandbox.cargo_run("pika/ws/feature"), "feature\n");
}

/// Third-party units are shared, local ones are not: git does not know the files.
#[test]
fn it_is_warmed_with_what_is_not_local() {
    let sandbox = colocated();
    let third = sandbox
        .path("third")
        .display()
        .to_string()
        .replace('\\', "/");
    sandbox.write(
        "third/Cargo.toml",
        "[package]\nname = \"third\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("third/src/lib.rs", "pub fn f() {}\n");
    sandbox.commit_all("third");
    let needs = format!("[dependencies]\nthird = {{ git = \"file://{third}\" }}\n");
    let manifest = format!("{}{needs}", sandbox.read("pika/Cargo.toml"));
    sandbox.write("pika/Cargo.toml", &manifest);
    sandbox.cargo("pika", &["build", "-q"]);
    workspace(&sandbox, "beside", "../../pika/.jj/repo", "main");
    sandbox.write("beside/Cargo.toml", &manifest);
    sandbox.run("beside", &["onboard", "--yes"]).code(0);
    let built = sandbox.cargo("beside", &["build", "--offline"]);
    assert!(
        !built.said().contains("Compiling third"),
        "{}",
        built.said()
    );
    assert!(built.said().contains("Compiling app"), "{}", built.said());
}

/// From version 0.46 on, jj makes a worktree of git for a workspace beside a `.git`. It has no commit at first, so git runs no
/// hook, and jj puts the files there.
#[test]
fn one_that_git_knows_shares_its_own_packages() {
    let sandbox = colocated();
    sandbox.run("pika", &["--yes", "--no-hook"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "main\n");
    let orphan = ["worktree", "add", "-q", "--orphan", "-b", "jj", "../topic"];
    if sandbox.command("git", "pika", &orphan).code != Some(0) {
        return eprintln!("skipped: this git makes no orphan worktrees");
    }
    sandbox.write("topic/.jj/repo", "../../pika/.jj/repo");
    sandbox.git("topic", &["checkout", "-q", "--detach", "main"]);
    sandbox.run("topic", &["onboard", "--yes"]).code(0);
    let built = sandbox.cargo("topic", &["build", "--offline"]);
    assert!(!built.said().contains("Compiling"), "{}", built.said());
    let list = sandbox.json("pika", &["list", "--no-size"]);
    let worktrees = sandbox.paths(&list["repositories"][0]["worktrees"], "path");
    assert_eq!(worktrees, ["pika", "topic"]);
}

/// The git repository lies in the `.jj`, as jj makes it without `.git` beside it.
#[test]
fn without_git_beside_it() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "main");
    sandbox.cargo("pika", &["generate-lockfile", "--offline"]);
    sandbox.git("", &["init", "-q", "--bare", "pika/.jj/repo/store/git"]);
    sandbox.write("pika/.jj/repo/store/git_target", "git");
    workspace(&sandbox, "pika/ws/inside", "../../../.jj/repo", "inside");
    workspace(&sandbox, "beside", "../../pika/.jj/repo", "beside");
    sandbox.run("pika", &["--yes"]).code(0);
    let list = sandbox.json("", &["list", "--no-size"]);
    let repositories = list["repositories"].as_array().expect("repositories");
    assert_eq!(repositories.len(), 1);
    assert_eq!(repositories[0]["name"], "pika");
    let worktrees = sandbox.paths(&repositories[0]["worktrees"], "path");
    assert_eq!(worktrees, ["beside", "pika", "pika/ws/inside"]);
    sandbox.run("beside", &["onboard", "--yes"]).code(0);
    for (folder, says) in [
        ("pika", "main\n"),
        ("pika/ws/inside", "inside\n"),
        ("beside", "beside\n"),
    ] {
        assert_eq!(sandbox.cargo_run(folder), says);
        assert!(
            sandbox.exists(&format!("{folder}/.cargo/config.toml")),
            "{folder}"
        );
        assert!(!sandbox.exists(&format!("{folder}/target")), "{folder}");
    }
    assert!(!sandbox.exists("pika/.jj/repo/store/git/hooks/post-checkout"));
    // Nothing in the first workspace leads to those that lie elsewhere.
    sandbox.run("", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("beside/.cargo") && !sandbox.exists("pika/.cargo"));
}
