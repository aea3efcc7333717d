//! Sharing what is the same, on filesystems that clone.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::filesystems::Image;
use super::*;
use crate::faults::harness::Stopped;

/// The facts about the files below a folder that Cargo and users can see.
fn seen(folder: &Path) -> BTreeMap<PathBuf, (std::time::SystemTime, u32, u64, Vec<u8>)> {
    let see = |path: PathBuf| {
        let file = path.metadata().expect("there");
        let modified = file.modified().expect("a time");
        let content = fs::read(&path).expect("readable");
        (path, (modified, file.mode(), file.nlink(), content))
    };
    let cargos = |path: &PathBuf| !path.to_string_lossy().contains(".cargo-");
    files(folder).into_iter().filter(cargos).map(see).collect()
}

/// Two worktrees that were built on their own, on a filesystem that was made by this command: every large file that
/// is the same is cloned, also those that must not be linked, and no visible fact changes.
fn on(make: &[&str]) {
    let mut disk = None;
    let prepared = |sandbox: &Sandbox| disk = Image::mount(sandbox.path("disk"), make);
    let sandbox = start_in("disk/", "large", prepared);
    let Some(disk) = disk else {
        return;
    };
    build(&sandbox, "disk/beside", "large");
    let target = sandbox.path("disk/beside/target");
    let both = || (seen(&sandbox.path("disk/pika/target")), seen(&target));
    let before = (both(), disk.used());
    let answer = sandbox.json("disk", &["dedupe", "--yes"]);
    let action = &answer["plan"]["actions"][0];
    assert_eq!(action["method"], "clones", "{answer}");
    let outcome = &answer["outcome"];
    assert_eq!(
        outcome["done"][0]["relinked"]["left"],
        serde_json::json!([])
    );
    assert!(both() == before.0, "it is unknown whether");
    let freed = outcome["freed"]["on_disk"].as_u64().expect("a number");
    assert_eq!(answer["plan"]["freeable"], freed);
    // The filesystem keeps books of what is shared, which takes some room.
    let less = before.1.saturating_sub(disk.used());
    assert!(
        less > freed / 10 * 9 && less < freed / 10 * 11,
        "said {freed}, and it is {less}"
    );
    let said = sandbox.run("disk", &["dedupe"]).code(0).said();
    assert!(said.contains("nothing to do"), "{said}");
    for folder in ["disk/pika", "disk/beside"] {
        assert_eq!(build(&sandbox, folder, "large"), [""; 0], "{folder}");
    }
    sandbox.write("disk/beside/src/main.rs", "fn main() {}\n");
    let pika = sandbox.tree("disk/pika");
    sandbox.cargo("disk/beside", &["build", "-q"]);
    assert!(sandbox.tree("disk/pika") == pika);
}

#[test]
fn xfs_clones() {
    on(&["mkfs.xfs", "-q", "-m", "reflink=1"]);
}

#[test]
fn btrfs_clones() {
    on(&["mkfs.btrfs", "-q"]);
}

/// Whenever it is killed, no build compiles anything, and the next run does the rest.
#[test]
fn killed() {
    let sandbox = start("large");
    build(&sandbox, "beside", "large");
    let program = || sandbox.program("", &["dedupe", "--yes"]);
    for point in [
        "relink-staged",
        "relinked#1",
        "relinked-file#3",
        "relinked#3",
    ] {
        Stopped::at(program(), point).kill();
        for folder in ["pika", "beside"] {
            assert_eq!(
                build(&sandbox, folder, "large"),
                [""; 0],
                "{point}: {folder}"
            );
        }
    }
    sandbox.run("", &["dedupe", "--yes"]).code(0);
    assert!(!sandbox.exists("beside/target/.sharedtarget-warm"));
    let said = sandbox.run("", &["dedupe"]).code(0).said();
    assert!(said.contains("nothing to do"), "{said}");
    for folder in ["pika", "beside"] {
        assert_eq!(build(&sandbox, folder, "large"), [""; 0], "{folder}");
    }
}
