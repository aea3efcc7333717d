//! Filesystems that clone files, that only link them, and donors on another one.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::faults::harness::{run, superuser, works};
use crate::faults::space::Small;

/// A filesystem in a file; unmounted when dropped.
pub(super) struct Image(pub(super) PathBuf);

impl Image {
    /// `None`, with a printed line, where it cannot be made or mounted.
    pub(super) fn mount(at: PathBuf, make: &[&str]) -> Option<Self> {
        let image = at.with_extension("image");
        let file = fs::File::create(&image).expect("a file");
        file.set_len(512 << 20).expect("a length");
        let (program, args) = make.split_first().expect("a program");
        let (path, mounted) = (image.display().to_string(), at.display().to_string());
        fs::create_dir_all(&at).expect("a folder");
        let made = superuser() && works(program, &[args, &[path.as_str()]].concat());
        if made && works("mount", &["-o", "loop", &path, &mounted]) {
            return Some(Self(at));
        }
        eprintln!("skipped: no filesystem of {program} can be mounted here");
        None
    }

    /// Bytes that are in use.
    pub(super) fn used(&self) -> u64 {
        assert!(works("sync", &["-f", &self.0.display().to_string()]));
        let df = Command::new("df")
            .args(["-B1", "--output=used"])
            .arg(&self.0)
            .output();
        let df = String::from_utf8(df.expect("df").stdout).expect("text");
        df.lines()
            .nth(1)
            .expect("a line")
            .trim()
            .parse()
            .expect("a number")
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn is_linkable(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "rlib" || end == "rmeta")
}

/// It lies deeper than locks and tags.
fn is_unit(path: &Path) -> bool {
    path.components().count() > 2
}

/// Warms on a filesystem that was made so, and says by which method, with the units in `taken` and how much more
/// space is in use.
fn on(make: &[&str], method: &str) {
    let mut disk = None;
    let prepared = |sandbox: &Sandbox| disk = Image::mount(sandbox.path("disk"), make);
    let sandbox = start_in("disk/", "little", prepared);
    let Some(disk) = disk else {
        return;
    };
    let before = disk.used();
    let answer = warm(&sandbox, "disk/beside", &[]);
    let warmed = &answer["outcome"]["done"][0]["warmed"];
    assert_eq!(
        (units(&answer), &warmed["method"]),
        (5, &method.into()),
        "{answer}"
    );
    let more = disk.used().saturating_sub(before);
    let target = sandbox.path("disk/beside/target");
    let all: Vec<(PathBuf, fs::Metadata)> = files(&target)
        .into_iter()
        .map(|path| (path.clone(), path.metadata().expect("there")))
        .collect();
    let length: u64 = all.iter().map(|(_, file)| file.len()).sum();
    if method == "clones" {
        assert!(all.iter().all(|(_, file)| file.nlink() == 1));
        assert!(more < length / 4, "{more} more for {length}");
        assert_eq!(warmed["copied"], 0, "{answer}");
    } else {
        for (path, file) in all.iter().filter(|(path, _)| is_linkable(path)) {
            assert_eq!(file.nlink(), 2, "{}", path.display());
        }
    }
    let donor = sandbox.tree("disk/pika");
    assert_eq!(build(&sandbox, "disk/beside", "little"), ["app"]);
    assert!(sandbox.tree("disk/pika") == donor);
}

#[test]
fn xfs_clones() {
    on(&["mkfs.xfs", "-q", "-m", "reflink=1"], "clones");
}

#[test]
fn xfs_without_clones_links() {
    on(&["mkfs.xfs", "-q", "-m", "reflink=0"], "links");
}

#[test]
fn btrfs_clones() {
    on(&["mkfs.btrfs", "-q"], "clones");
}

#[test]
fn ext4_links() {
    on(&["mkfs.ext4", "-q", "-F"], "links");
}

/// Subvolumes of btrfs are devices of their own, and clone from one to the other.
#[test]
fn btrfs_clones_between_subvolumes() {
    let mut disk = None;
    let sandbox = start_in("", "little", |sandbox| {
        disk = Image::mount(sandbox.path("disk"), &["mkfs.btrfs", "-q"]);
    });
    let Some(disk) = disk else {
        return;
    };
    for name in ["one", "two"] {
        let path = disk.0.join(name).display().to_string();
        if !works("btrfs", &["subvolume", "create", &path]) {
            eprintln!("skipped: there is no btrfs program");
            return;
        }
    }
    copy_all(&sandbox.path("pika/target"), &disk.0.join("one/donor"));
    sandbox.worktree("pika", "disk/two/beside");
    let donor = disk.0.join("one/donor").display().to_string();
    let answer = warm(&sandbox, "disk/two/beside", &["--from", &donor]);
    assert_eq!(
        answer["outcome"]["done"][0]["warmed"]["method"], "clones",
        "{answer}"
    );
    assert_eq!(build(&sandbox, "disk/two/beside", "little"), ["app"]);
}

/// From another filesystem everything is copied, with its times.
#[test]
fn a_donor_on_another_filesystem() {
    if Small::elsewhere("warm::filesystems::a_donor_on_another_filesystem") {
        return;
    }
    let mut small = None;
    let sandbox = start_in("", "little", |sandbox| {
        small = Small::mount(sandbox.path("small"));
    });
    if small.is_none() {
        return;
    }
    copy_all(&sandbox.path("pika/target"), &sandbox.path("small/donor"));
    let donor = sandbox.path("small/donor");
    let answer = warm(
        &sandbox,
        "beside",
        &["--from", &donor.display().to_string()],
    );
    let warmed = &answer["outcome"]["done"][0]["warmed"];
    assert_eq!(
        (units(&answer), &warmed["method"]),
        (5, &"copies".into()),
        "{answer}"
    );
    assert_eq!(warmed["shared"], 0);
    let target = sandbox.path("beside/target");
    for path in files(&target) {
        let original = donor.join(path.strip_prefix(&target).expect("inside"));
        // Locks and the tag are its own.
        if let (true, Ok(original)) = (
            path.strip_prefix(&target).is_ok_and(is_unit),
            original.metadata(),
        ) {
            let copy = path.metadata().expect("there");
            assert_eq!(
                copy.modified().ok(),
                original.modified().ok(),
                "{}",
                path.display()
            );
            assert_eq!(copy.mode(), original.mode(), "{}", path.display());
        }
    }
    drop(small);
    assert_eq!(build(&sandbox, "beside", "little"), ["app"]);
}

/// Blocks that a clone elsewhere has as well do not become free, and the report does not claim it.
#[test]
fn blocks_that_a_clone_elsewhere_has_are_freed_only_up_to() {
    for make in [&["mkfs.xfs", "-q"], &["mkfs.btrfs", "-q"]] {
        let sandbox = Sandbox::new();
        let Some(disk) = Image::mount(sandbox.path("disk"), make) else {
            continue;
        };
        sandbox.package("disk/app", "app", "hello");
        sandbox.cargo("disk/app", &["build", "-q", "--offline"]);
        let there = disk.0.join("there");
        fs::write(&there, vec![7; 4 << 20]).expect("a file");
        let here = sandbox.path("disk/app/target/debug/deps/libhere-0123456789abcdef.rlib");
        let (from, to) = (there.display().to_string(), here.display().to_string());
        assert!(works("cp", &["--reflink=always", &from, &to]), "{make:?}");
        let before = disk.used();
        let ended =
            run(sandbox.program("disk/app", &["clean", "--all", "--yes", "--format", "json"]));
        let start = ended.said.find('{').expect("a document");
        let document: serde_json::Value =
            serde_json::from_str(&ended.said[start..]).expect("a document");
        let freed = &document["outcome"]["freed"];
        let (all, shared) = (freed["on_disk"].as_u64(), freed["shared"].as_u64());
        assert_eq!(shared, Some(4 << 20), "{make:?}: {freed}");
        let own = all.expect("a number") - shared.expect("a number");
        let truth = before.saturating_sub(disk.used());
        assert!(
            truth.abs_diff(own) < 2 << 20,
            "{make:?}: {own} by our count, {truth} by the filesystem"
        );
    }
}
