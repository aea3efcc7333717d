//! From the first look at some worktrees to the last command.

use super::Book;
use crate::registry::Registry;

/// Publishes a library that has a build script.
fn publish(registry: &Registry, version: &str) {
    let script = "fn main() { println!(\"cargo::rerun-if-changed=build.rs\"); }\n";
    let library = "pub fn says() -> &'static str { \"leaf\" }\n";
    let files = [("build.rs", script), ("src/lib.rs", library)];
    registry.publish(("leaf", version), &[], "", &files);
}

/// A repository `pika` with two worktrees and a workspace inside the first, a package that is in none, and a script.
///
/// Their programs differ clearly in size, since some outputs are sorted by that.
fn write(book: &Book) {
    let sandbox = &book.sandbox;
    let program = |folder: &str, name: &str, more: &str, ballast: usize| {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}[dependencies]\nleaf = \"1\"\n"
        );
        sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
        sandbox.write(&format!("{folder}/src/ballast"), &"x".repeat(ballast));
        sandbox.write(&format!("{folder}/src/main.rs"), &main_file("is built"));
    };
    program("pika", "app", "", 1_000_000);
    sandbox.cargo("pika", &["generate-lockfile", "--offline"]);
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    program("pika/inner", "inner", "[workspace]\n", 3_000_000);
    sandbox.package("lone", "lone", "alone");
    sandbox.package("lone/template", "template", "a template");
    let script = "#!/usr/bin/env -S cargo sharedtarget run\n---\n[dependencies]\nleaf = \"1\"\n---\n\
                  fn main() { println!(\"a script, with {}\", leaf::says()); }\n";
    sandbox.write("hello.rs", script);
}

fn main_file(word: &str) -> String {
    format!(
        "static BALLAST: &[u8] = include_bytes!(\"ballast\");\n\
         fn main() {{ println!(\"{word}: {{}} {{}}\", leaf::says(), BALLAST[std::env::args().count()]); }}\n"
    )
}

/// The data of a page; the rest of it is the same for all.
fn data(page: &str) -> String {
    let begin = "<script type=\"application/json\" id=\"audit\">";
    let (_, data) = page.split_once(begin).expect("the data");
    let (data, _) = data.split_once("</script>").expect("its end");
    let data: serde_json::Value = serde_json::from_str(data).expect("a document");
    serde_json::to_string_pretty(&data).expect("text")
}

#[test]
fn all_commands() {
    let Some((book, registry)) = Book::new("story") else {
        return;
    };
    publish(&registry, "1.0.0");
    write(&book);
    let sandbox = &book.sandbox;
    let build = |folder: &str| sandbox.cargo(folder, &["build", "-q"]);
    let delete = |folder: &str| std::fs::remove_dir_all(sandbox.path(folder)).expect("deleted");

    // Before: nothing was built, then one worktree was.
    book.says("list-unbuilt", "", &["list"]);
    for folder in ["pika", "pika/inner", "lone"] {
        build(folder);
    }
    book.says("list", "", &["list"]);
    book.says("list-verbose", "", &["list", "--verbose"]);
    book.says("list-no-size", "pika", &["list", "--no-size"]);
    book.says("list-json", "", &["list", "--format", "json"]);
    book.says("doctor", "", &["doctor"]);
    book.says("doctor-json", "", &["doctor", "--format", "json"]);
    book.says("doctor-fix-preview", "", &["doctor", "--fix", "--dry-run"]);

    // Setup.
    book.says("setup-not-confirmed", "", &["setup", "--reclaim-all"]);
    book.says("setup-preview", "", &["setup", "--dry-run"]);
    book.says("setup-preview-verbose", "", &["setup", "-n", "-v"]);
    book.says("setup-preview-quiet", "", &["setup", "-n", "-q"]);
    book.says(
        "setup-layout",
        "",
        &["setup", "-n", "--layout", "build-dir", "--config-at", "."],
    );
    book.says("setup-flat", "", &["setup", "-n", "--layout", "flat"]);
    book.says(
        "setup-in-place",
        "",
        &["setup", "-n", "--layout", "in-place"],
    );
    // Its place would have a hash in it that is sorted.
    delete("lone/template");
    let json = ["--format", "json"];
    book.says("setup-json", "", &[&["setup", "-n"], &json[..]].concat());
    book.says("setup", "", &["setup", "--yes", "--max-size", "20GB"]);
    book.says("setup-again", "", &["setup", "--yes"]);
    book.says("no-command", "", &[]);
    book.says("setup-again-verbose", "", &["setup", "--yes", "--verbose"]);
    book.says("setup-again-quiet", "", &["setup", "--yes", "--quiet"]);
    book.says("list-after-setup", "", &["list"]);
    book.says("doctor-after-setup", "", &["doctor"]);

    // The hook, and a worktree that it sets up.
    book.says("hook-status-none", "pika", &["hook", "status"]);
    book.says("hook-install-preview", "pika", &["hook", "install", "-n"]);
    book.says(
        "hook-install-json",
        "pika",
        &["hook", "install", "-n", "--format", "json"],
    );
    book.says("hook-install", "pika", &["hook", "install", "--yes"]);
    book.says("hook-install-again", "pika", &["hook", "install"]);
    book.says("hook-status", "pika", &["hook", "status"]);
    book.says(
        "hook-status-json",
        "pika",
        &["hook", "status", "--format", "json"],
    );
    let tools = ["--for", "cursor,worktrunk,jj"];
    let hook = |command: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        [&["hook", command], &tools[..], more].concat()
    };
    book.says("tools-install-preview", "pika", &hook("install", &["-n"]));
    book.says(
        "tools-install-json",
        "pika",
        &hook("install", &["-n", "--format", "json"]),
    );
    book.says("tools-install", "pika", &hook("install", &[]));
    book.says("tools-install-again", "pika", &hook("install", &[]));
    book.says("tools-status", "pika", &hook("status", &[]));
    book.says("tools-status-all", "pika", &["hook", "status"]);
    book.says(
        "tools-status-json",
        "pika",
        &hook("status", &["--format", "json"]),
    );
    book.says("tools-uninstall", "pika", &hook("uninstall", &[]));
    let add = ["worktree", "add", "-q", "-b", "hooked", "../hooked"];
    let run = sandbox.command("git", "pika", &add);
    book.heard(
        "hook-runs",
        "pika$ git worktree add -q -b hooked ../hooked",
        &run,
    );
    book.says(
        "hook-uninstall-preview",
        "pika",
        &["hook", "uninstall", "-n"],
    );
    book.says("hook-uninstall", "pika", &["hook", "uninstall"]);
    book.says("hook-uninstall-again", "pika", &["hook", "uninstall"]);

    // A worktree without it.
    sandbox.worktree("pika", "third");
    book.says("onboard-preview", "third", &["onboard", "-n"]);
    book.says("onboard-preview-verbose", "third", &["onboard", "-n", "-v"]);
    book.says(
        "onboard-preview-json",
        "third",
        &["onboard", "-n", "--format", "json"],
    );
    book.says("onboard", "third", &["onboard"]);
    book.says("onboard-again", "third", &["onboard"]);
    sandbox.worktree("pika", "fourth");
    book.says("onboard-quiet", "fourth", &["onboard", "-q", "--yes"]);
    book.says(
        "onboard-in-place",
        "fourth",
        &["onboard", "-n", "--layout", "in-place"],
    );

    // Warm.
    sandbox.write("third/src/main.rs", &main_file("third"));
    build("third");
    book.says("why", "third", &["why"]);
    book.says("why-package", "third", &["why", "app"]);
    book.says("why-json", "third", &["why", "--format", "json"]);
    book.says("why-put-here", "third", &["why", "leaf@1.0"]);
    sandbox.worktree("pika", "fifth");
    let warm = |name: &str, more: &[&str]| book.says(name, "fifth", &[&["warm"], more].concat());
    warm("warm-preview", &["-n"]);
    warm("warm-verbose", &["-n", "-v", "--from", "../beside"]);
    warm("warm-json", &["-n", "--format", "json"]);
    warm("warm-no-local", &["-n", "--no-local"]);
    warm("warm", &[]);
    warm("warm-again", &[]);
    warm("warm-quiet", &["--quiet"]);

    // Audit.
    sandbox.write("pika/src/main.rs", &main_file("again"));
    sandbox.cargo("pika", &["build", "-q", "--release"]);
    sandbox.cargo("pika", &["check", "-q"]);
    build("pika");
    book.says("audit", "", &["audit"]);
    book.says("audit-verbose", "", &["audit", "-v"]);
    book.says("audit-top", "", &["audit", "--top", "1"]);
    book.says("audit-check", "", &["audit", "--check", "--quiet"]);
    book.says(
        "audit-max-size",
        "pika",
        &["audit", "--max-size", "1KB", "--quiet"],
    );
    book.says("audit-json", "", &["audit", "--format", "json"]);
    let page = sandbox.run("", &["audit", "--format", "html"]).code(0);
    book.holds("audit-html.json", &book.redactor.json(&data(&page.stdout)));

    // Dedupe.
    book.says("dedupe-preview", "", &["dedupe", "-n"]);
    book.says("dedupe-verbose", "", &["dedupe", "-n", "-v"]);
    book.says("dedupe-json", "", &["dedupe", "-n", "--format", "json"]);
    book.says("dedupe", "", &["dedupe"]);
    book.says("dedupe-again", "", &["dedupe"]);
    book.says("dedupe-quiet", "", &["dedupe", "-q"]);

    // The store.
    book.says("store-status-empty", "pika", &["store", "status"]);
    book.says("store-clean-empty", "pika", &["store", "clean", "--yes"]);
    book.says("store-harvest-preview", "pika", &["store", "harvest", "-n"]);
    book.says(
        "store-harvest-verbose",
        "pika",
        &["store", "harvest", "-n", "-v"],
    );
    book.says(
        "store-harvest-json",
        "pika",
        &["store", "harvest", "-n", "--format", "json"],
    );
    book.says("store-harvest", "pika", &["store", "harvest", "--yes"]);
    book.says(
        "store-harvest-again",
        "pika",
        &["store", "harvest", "--yes"],
    );
    book.says("store-status", "pika", &["store", "status"]);
    book.says("store-status-verbose", "pika", &["store", "status", "-v"]);
    book.says(
        "store-status-json",
        "pika",
        &["store", "status", "--format", "json"],
    );
    book.says(
        "store-status-remote",
        "pika",
        &["store", "status", "--remote"],
    );
    book.says("store-pull", "pika", &["store", "pull"]);
    book.says("store-push", "pika", &["store", "push"]);
    book.says(
        "store-clean-remote",
        "pika",
        &["store", "clean", "--remote", "--older-than", "30d"],
    );

    // Gc, with a package that has a newer version.
    publish(&registry, "1.0.1");
    sandbox.cargo("pika/inner", &["update", "-q"]);
    build("pika/inner");
    book.says("gc-incremental", "pika", &["gc", "-n", "--incremental"]);
    book.says("gc-preview", "", &["gc", "-n"]);
    book.says("gc-verbose", "", &["gc", "-n", "-v"]);
    book.says("gc-profile", "pika", &["gc", "-n", "--profile", "release"]);
    book.says("gc-older", "pika", &["gc", "-n", "--older-than", "30d"]);
    book.says("gc-max-size", "", &["gc", "-n", "--max-size", "1B"]);
    book.says(
        "gc-json",
        "",
        &["gc", "-n", "--superseded", "--format", "json"],
    );
    book.says("gc-not-confirmed", "pika", &["gc", "--profile", "release"]);
    book.says("gc", "pika", &["gc", "--yes", "--profile", "release"]);
    book.says(
        "gc-again",
        "pika",
        &["gc", "--yes", "--profile", "release", "-q"],
    );

    // Clean.
    sandbox.git("pika", &["worktree", "remove", "--force", "../third"]);
    build("lone");
    sandbox.cargo("lone", &["build", "-q", "--target-dir", "target"]);
    book.says("list-left-behind", "", &["list", "-v"]);
    book.says("clean-preview", "", &["clean", "-n"]);
    book.says("clean-verbose", "", &["clean", "-n", "-v"]);
    book.says("clean-orphaned", "", &["clean", "-n", "--orphaned"]);
    // Nothing of it was used for long.
    let old = [
        "-exec",
        "touch",
        "-a",
        "-m",
        "-h",
        "-d",
        "100 days ago",
        "{}",
        "+",
    ];
    let folders = [".", "../.shared-target/lone"];
    sandbox
        .command("find", "lone", &[&folders[..], &old].concat())
        .code(0);
    book.says("clean-idle", "lone", &["clean", "-n", "--idle", "30d"]);
    book.says("clean-all", "", &["clean", "-n", "--all"]);
    book.says("clean-json", "", &["clean", "-n", "--format", "json"]);
    book.says("clean-not-confirmed", "", &["clean"]);
    book.says("clean", "", &["clean", "--yes"]);
    book.says("clean-again", "", &["clean", "--yes"]);
    book.says("clean-quiet", "", &["clean", "--yes", "--quiet"]);

    // Scripts.
    book.says("cache-info-empty", "", &["cache", "info"]);
    book.says("run", "", &["run", "hello.rs"]);
    book.says("run-again", "", &["run", "hello.rs"]);
    book.says("run-verbose", "", &["run", "--verbose", "hello.rs"]);
    book.says("run-force", "", &["run", "--force", "--quiet", "hello.rs"]);
    book.says("run-build-only", "", &["run", "--build-only", "hello.rs"]);
    book.says("run-package-dir", "", &["run", "--package-dir", "hello.rs"]);
    book.says("cache-info", "", &["cache", "info"]);
    book.says(
        "cache-info-json",
        "",
        &["cache", "info", "--format", "json"],
    );
    book.says("cache-clean-preview", "", &["cache", "clean", "-n"]);
    book.says(
        "cache-clean-json",
        "",
        &["cache", "clean", "-n", "--format", "json"],
    );
    book.says("cache-clean-bins", "", &["cache", "clean", "bins", "--yes"]);
    book.says(
        "cache-clean-old",
        "",
        &["cache", "clean", "--older-than", "30d"],
    );
    book.says("cache-clean", "", &["cache", "clean", "--yes"]);
    book.says("cache-clean-again", "", &["cache", "clean", "--yes"]);

    // The end.
    book.says("store-clean-preview", "pika", &["store", "clean", "-n"]);
    book.says(
        "store-clean-json",
        "pika",
        &["store", "clean", "-n", "--format", "json"],
    );
    book.says("store-clean", "pika", &["store", "clean", "--yes"]);
    book.says("undo-preview", "", &["undo", "-n"]);
    book.says("undo-verbose", "", &["undo", "-n", "-v"]);
    book.says("undo-json", "", &["undo", "-n", "--format", "json"]);
    book.says("undo", "", &["undo"]);
    book.says("undo-again", "", &["undo"]);
    book.says("undo-quiet", "", &["undo", "--quiet"]);
    outcomes(&book);
    book.close();
}

/// The outcomes as programs read them.
fn outcomes(book: &Book) {
    let does = |name: &str, folder: &str, args: &[&str]| {
        book.says(
            name,
            folder,
            &[args, &["--yes", "--format", "json"]].concat(),
        );
    };
    // Two of the files that it plans to write differ in a hash alone.
    let setup = ["setup", "--max-age", "90d", "--yes", "--format", "json"];
    let setup = book
        .redactor
        .json(&book.sandbox.run("pika", &setup).code(0).stdout);
    book.holds("setup-done.json", &super::redact::sorted(&setup, "actions"));
    does("hook-install-done", "pika", &["hook", "install"]);
    does("hook-uninstall-done", "pika", &["hook", "uninstall"]);
    book.sandbox.worktree("pika", "sixth");
    does("onboard-done", "sixth", &["onboard"]);
    book.sandbox.worktree("pika", "seventh");
    does("warm-done", "seventh", &["warm"]);
    does("gc-done", "seventh", &["gc", "--profile", "dev"]);
    does("dedupe-done", "seventh", &["dedupe"]);
    does("store-harvest-done", "sixth", &["store", "harvest"]);
    does("store-clean-done", "sixth", &["store", "clean"]);
    book.sandbox.run("", &["run", "hello.rs"]).code(0);
    does("cache-clean-done", "", &["cache", "clean"]);
    does("doctor-fix-done", "pika", &["doctor", "--fix"]);
    does("clean-done", "", &["clean", "--all"]);
    does("undo-done", "pika", &["undo"]);
}
