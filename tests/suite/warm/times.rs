//! Times that any program can set: a touched file is no proof of when a unit was compiled.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::local::{low, start};
use super::{build, left, units};
use crate::profile;

/// Gives every file below a folder another time, by the one that it has.
fn set_times(folder: &Path, time: impl Fn(SystemTime) -> SystemTime) {
    let files = walkdir::WalkDir::new(folder).into_iter();
    for entry in files.map(|entry| entry.expect("readable")) {
        if entry.file_type().is_file() {
            let modified = entry.metadata().expect("a file").modified();
            let file = File::options().append(true).open(entry.path());
            let set = file
                .expect("a file")
                .set_modified(time(modified.expect("a time")));
            set.expect("set");
        }
    }
}

/// Touches every file below a folder, as `find -exec touch {} +` does.
pub(super) fn touch(folder: &Path) {
    std::thread::sleep(Duration::from_millis(20));
    if !cfg!(unix) {
        return set_times(folder, |_| SystemTime::now());
    }
    let find = std::process::Command::new("find")
        .arg(folder)
        .args(["-type", "f", "-exec", "touch", "{}", "+"])
        .status();
    assert!(find.expect("find").success());
}

/// All files of the donor were touched, after a source had changed: the units look newer than that.
#[test]
fn a_touched_target_folder_gives_nothing_local() {
    let sandbox = start();
    low(&sandbox, "pika", "2");
    sandbox.git("pika", &["commit", "-q", "-a", "-m", "two"]);
    touch(&sandbox.path("pika/target"));
    sandbox.git("beside", &["merge", "-q", "main"]);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), 0, "{answer}");
    let damaged = ("low".to_owned(), "damaged".to_owned());
    assert!(left(&answer).contains(&damaged), "{answer}");
    assert_eq!(build(&sandbox, "beside").1, "high 2\n");
}

/// A copy that was made without times, file after file: artifacts come before fingerprints, or after them.
#[test]
fn a_copy_without_times_gives_nothing_local() {
    let sandbox = start();
    low(&sandbox, "pika", "2");
    sandbox.git("pika", &["commit", "-q", "-a", "-m", "two"]);
    sandbox.git("beside", &["merge", "-q", "main"]);
    let debug = sandbox.path("pika/target/debug");
    let artifacts = profile::artifact_folders(&debug);
    let fingerprints = profile::fingerprints(&debug).into_iter();
    let fingerprints: Vec<_> = fingerprints.map(|(_, folder)| folder).collect();
    for order in [[&artifacts, &fingerprints], [&fingerprints, &artifacts]] {
        for folder in order.into_iter().flatten() {
            touch(folder);
        }
        let answer = sandbox.json("beside", &["warm", "--yes"]);
        assert_eq!(units(&answer), 0, "{order:?}: {answer}");
    }
    assert_eq!(build(&sandbox, "beside").1, "high 2\n");
}

/// The clock was ahead when the donor was built.
#[test]
fn times_ahead_of_the_clock_give_nothing_local() {
    let sandbox = start();
    let hour = Duration::from_secs(3600);
    set_times(&sandbox.path("pika/target"), |time| time + hour);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), 0, "{answer}");
    assert_eq!(build(&sandbox, "beside").1, "high 1\n");
}

/// A copy that keeps the times is as good as what was built.
#[test]
fn a_copy_with_its_times_gives_everything() {
    let sandbox = start();
    crate::registry::copy_all(&sandbox.path("pika/target"), &sandbox.path("copy"));
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    fs::rename(sandbox.path("copy"), sandbox.path("pika/target")).expect("moved");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), 3, "{answer}");
    assert_eq!(build(&sandbox, "beside"), (vec![], "high 1\n".into()));
}
