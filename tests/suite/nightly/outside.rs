//! From Cargo 1.101 on dep-info names a file that lies outside of its package by where it lies in the workspace: base 2,
//! which the nightly of August does not have yet; before, by an absolute path.

use super::*;

/// A workspace below the repository's top, whose library includes a file beside all packages and one above the workspace.
fn workspace() -> Option<Sandbox> {
    let sandbox = sandbox("")?;
    let manifest = "[package]\nname = \"low\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    sandbox.write("pika/work/low/Cargo.toml", manifest);
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
        [dependencies]\nlow.path = \"low\"\n[workspace]\nmembers = [\"low\"]\n";
    sandbox.write("pika/work/Cargo.toml", manifest);
    let main = "fn main() { print!(\"{}\", low::it()) }\n";
    sandbox.write("pika/work/src/main.rs", main);
    let text = "pub fn it() -> &'static str {\n    concat!(include_str!(\"../../shared.txt\"), \
                include_str!(\"../../../above.txt\"))\n}\n";
    sandbox.write("pika/work/low/src/lib.rs", text);
    sandbox.write("pika/work/shared.txt", "shared 1\n");
    sandbox.write("pika/above.txt", "above 1\n");
    sandbox.commit_all("pika");
    assert_eq!(build(&sandbox, "pika/work").1, "shared 1\nabove 1\n");
    sandbox.worktree("pika", "beside");
    Some(sandbox)
}

#[test]
fn a_file_of_the_workspace_is_compared() {
    let Some(sandbox) = workspace() else { return };
    let infos = files(&sandbox, "pika/work", "dep-lib-low");
    let info = fs::read(&infos[0]).expect("readable");
    let name = [&[2, 10, 0, 0, 0], &b"shared.txt"[..]].concat();
    assert!(
        info.windows(name.len()).any(|part| part == name),
        "{info:?}"
    );
    sandbox.run("beside/work", &["warm", "--yes"]).code(0);
    let said = "shared 1\nabove 1\n";
    assert_eq!(build(&sandbox, "beside/work"), (vec![], said.into()));
    // Cargo sees it change.
    sandbox.write("beside/work/shared.txt", "shared 2\n");
    assert_eq!(build(&sandbox, "beside/work").1, "shared 2\nabove 1\n");
}

#[test]
fn another_file_of_the_workspace_is_another_unit() {
    for (file, said) in [
        ("work/shared.txt", "changed\nabove 1\n"),
        ("above.txt", "shared 1\nchanged\n"),
    ] {
        let Some(sandbox) = workspace() else { return };
        sandbox.write(&format!("beside/{file}"), "changed\n");
        let ran = sandbox.run("beside/work", &["warm", "--yes", "-v"]);
        let (_, name) = file.rsplit_once('/').unwrap_or(("", file));
        assert!(ran.said().contains(name), "{ran:?}");
        let built = build(&sandbox, "beside/work");
        let compiled = ["app", "low"].map(str::to_owned).to_vec();
        assert_eq!(built, (compiled, said.into()), "{ran:?}");
    }
}
