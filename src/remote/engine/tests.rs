use std::net::TcpListener;
use std::path::Path;

use super::*;

fn opened(words: &[(&str, &str)]) -> Result<Remote> {
    let pairs = words
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    open(&pairs.collect(), &Secrets::default())
}

fn folder(root: &Path) -> Remote {
    opened(&[("type", "fs"), ("root", root.to_str().expect("Unicode"))]).expect("a store")
}

fn keys(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|listed| listed.key.as_str()).collect()
}

/// A store at a local port, where a test server may listen.
fn at(port: u16, kind: &str) -> Remote {
    let web = format!("http://user:tulip@127.0.0.1:{port}");
    let redis = format!("127.0.0.1:{port}");
    match kind {
        "redis" => opened(&[("type", "redis"), ("endpoint", &redis)]),
        _ => opened(&[("type", "webdav"), ("endpoint", &web)]),
    }
    .expect("a store")
}

#[test]
fn a_folder_keeps_objects() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("new");
    let words = [("type", "fs"), ("root", root.to_str().expect("Unicode"))];
    let missing = opened(&words).map(|_| ()).expect_err("nobody makes it");
    let hint = failure::hint(missing.as_ref()).unwrap_or_default();
    assert!(hint.contains("create it"), "{missing}");
    fs::create_folder(&root).expect("a folder");
    let remote = folder(&root);
    assert!(remote.name().contains("new") && remote.lists());
    assert_eq!(remote.get("v1/a/b").expect("an answer"), None);
    assert!(!remote.has("v1/a/b").expect("an answer"));
    assert_eq!(remote.list("v1/").expect("a list"), []);
    remote.put("v1/a/b", b"one".to_vec()).expect("put");
    remote.put("v1/a/b", b"one".to_vec()).expect("put again");
    remote.put("v1/ab/c", vec![7; 100_000]).expect("put");
    remote.put("v2/empty", Vec::new()).expect("put");
    assert_eq!(
        remote.get("v1/a/b").expect("an answer"),
        Some(b"one".to_vec())
    );
    assert_eq!(remote.get("v2/empty").expect("an answer"), Some(Vec::new()));
    assert!(remote.has("v1/ab/c").expect("an answer"));
    let all = remote.list("v1/").expect("a list");
    assert_eq!(keys(&all), ["v1/a/b", "v1/ab/c"]);
    assert_eq!((all[0].length, all[1].length), (3, 100_000));
    assert!(all[0].modified.is_some());
    assert_eq!(keys(&remote.list("v1/a/").expect("a list")), ["v1/a/b"]);
    remote.delete("v1/a/b").expect("deleted");
    remote.delete("v1/a/b").expect("deleted before");
    assert_eq!(
        keys(&remote.list("").expect("a list")),
        ["v1/ab/c", "v2/empty"]
    );
}

#[test]
fn what_is_not_whole_is_not_listed() {
    let dir = tempfile::tempdir().expect("a folder");
    let remote = folder(dir.path());
    remote.put("v1/a", b"one".to_vec()).expect("put");
    let aside = dir.path().join(ASIDE);
    crate::fs::create_folder(&aside).expect("a folder");
    crate::fs::replace(&aside.join("half"), b"ha").expect("a file");
    assert_eq!(keys(&remote.list("").expect("a list")), ["v1/a"]);
}

#[test]
fn two_write_one_object() {
    let dir = tempfile::tempdir().expect("a folder");
    let remote = folder(dir.path());
    let content = vec![3; 300_000];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| remote.put("v1/a", content.clone()).expect("put"));
        }
    });
    assert_eq!(remote.get("v1/a").expect("an answer"), Some(content));
}

#[test]
fn where_nobody_listens_nobody_asks_again() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    for kind in ["webdav", "redis"] {
        let remote = at(port, kind);
        let begun = Instant::now();
        let first = format!("{:#}", remote.get("v1/a").expect_err("nobody"));
        assert!(begun.elapsed() < Duration::from_secs(5), "{kind}");
        let begun = Instant::now();
        for _ in 0..1000 {
            let error = format!("{:#}", remote.has("v1/a").expect_err("nobody"));
            assert!(error.contains("no longer queried"), "{error}");
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "{kind}");
        assert!(first.contains("refused"), "{first}");
        assert!(!first.contains("tulip") && !first.contains('\n'), "{first}");
        assert!(remote.off().is_some());
    }
}

#[test]
fn whoever_hangs_costs_one_wait() {
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    for kind in ["webdav", "redis"] {
        let mut remote = at(port, kind);
        remote.waits.first = Duration::from_millis(300);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| remote.get("v1/a").expect_err("nobody"));
            }
        });
        assert!(remote.put("v1/a", vec![1]).is_err());
        assert!(begun.elapsed() < Duration::from_secs(3), "{kind}");
        let why = remote.off().expect("off");
        assert!(why.contains("did not answer"), "{why}");
    }
    // It has answered once.
    let mut remote = at(port, "webdav");
    remote.reached.get_or_init(|| ());
    remote.waits.other = Duration::from_millis(300);
    remote.parts = in_parts(&remote.whole, remote.waits.other);
    assert!(remote.get("v1/a").is_err() && remote.off().is_some());
}

#[test]
fn settings_that_engines_refuse() {
    let error = opened(&[("type", "webdav"), ("endpoint", "no address?tulip")]);
    let error = format!("{:#}", error.expect_err("no address"));
    assert!(
        error.contains("not valid") && !error.contains('\n'),
        "{error}"
    );
    let error = opened(&[("type", "redis"), ("endpoint", "127.0.0.1:1"), ("db", "x")]);
    assert!(error.is_err());
}
