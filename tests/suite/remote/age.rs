//! The content of a remote store, and the deletion of its old objects.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::remote::machines::{Machine, UNITS, folder};
use crate::remote::servers::Redis;

#[test]
fn what_is_old_goes() {
    let dir = tempfile::tempdir().expect("a folder");
    let machine = Machine::new(&folder(dir.path()), &[]).has_built("main");
    machine.checkout("main", "pika");
    machine.does("pika", &["store", "push"], 0);
    let holds = || {
        let status = machine.run("pika", &["store", "status", "--remote", "--format", "json"]);
        let parts = status.code(0).json()["in_remote"].clone();
        let parts = parts.as_array().expect("a list").clone();
        let count = |part: &serde_json::Value| {
            let kind = part["kind"].as_str().expect("a text").to_owned();
            (kind, part["objects"].as_u64().expect("a number"))
        };
        parts.iter().map(count).collect::<Vec<_>>()
    };
    let units = UNITS as u64;
    let all = [("packs", units), ("sets", 1), ("units", units)];
    let all = all.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(holds(), all);
    // Without an age nothing of others goes.
    machine
        .run("pika", &["store", "clean", "--remote", "--yes"])
        .code(2);
    let clean = ["store", "clean", "--remote", "--older-than", "7d"];
    let document = machine.does("pika", &clean, 0);
    assert_eq!(document["plan"]["actions"], serde_json::json!([]));
    let foreign = dir.path().join("v1/mine.txt");
    fs::write(&foreign, "mine").expect("a file");
    let old = SystemTime::now() - Duration::from_secs(10 * 24 * 3600);
    for entry in walkdir::WalkDir::new(dir.path()) {
        let entry = entry.expect("an entry");
        if entry.file_type().is_file() {
            let file = File::options()
                .write(true)
                .open(entry.path())
                .expect("open");
            file.set_modified(old).expect("older");
        }
    }
    let preview = [&clean[..], &["--dry-run"]].concat();
    let preview = machine.run("pika", &preview).code(0).said();
    assert!(preview.contains("Delete 13 objects"), "{preview}");
    assert_eq!(holds(), all);
    let document = machine.does("pika", &clean, 0);
    assert_eq!(
        document["outcome"]["done"][0]["moved"]["units"],
        2 * units + 1
    );
    assert_eq!(holds(), []);
    assert!(foreign.is_file());
}

#[test]
fn where_nobody_can_list() {
    let Some(redis) = Redis::start() else { return };
    let machine = Machine::new(&redis.settings(), &Redis::env());
    machine.checkout("main", "pika");
    let run = machine
        .run("pika", &["store", "status", "--remote"])
        .code(101);
    assert!(run.stderr.contains("cannot list"), "{}", run.stderr);
}
