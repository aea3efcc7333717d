//! Remote stores on real servers, and what happens when one is not as it should be.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests run real programs, and say which are not there"
)]

#[cfg(unix)]
mod age;
#[cfg(unix)]
mod machines;
mod servers;
#[cfg(unix)]
mod sharers;
#[cfg(unix)]
mod trouble;
#[cfg(unix)]
mod two_machines;

use std::process::Command;
use std::time::{Duration, Instant};

use cargo_sharedtarget::remote::secrets::Secrets;
use cargo_sharedtarget::remote::{self, Remote};
use cargo_sharedtarget::survey::settings;
use servers::{Redis, S3};

/// The variable by which a test knows that it runs in a process of its own.
const ALONE: &str = "CARGO_SHAREDTARGET_TEST_ALONE";

/// Longer than a run may wait for a server that is not there.
const LONG: Duration = Duration::from_secs(12);

/// Engines read the environment themselves, which cannot be changed in a process with threads: so the test runs once
/// more, in a process of its own. `true` there.
fn alone(test: &str, env: &[(&str, String)]) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("our own program");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]);
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .env(ALONE, "1")
        .envs(env.iter().map(|(name, value)| (*name, value)))
        .output()
        .expect("our own program");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains("1 passed"), "there is no test `{test}`");
    false
}

fn opened(text: &str, env: &[(&str, String)]) -> Remote {
    let settings = settings::parse(text).expect("settings").store.remote;
    let said = env.iter().find(|(name, _)| *name == "REDISCLI_AUTH");
    let secrets = Secrets {
        redis_password: said.map(|(_, password)| password.clone()),
        ..Secrets::default()
    };
    remote::open(&settings.expect("a remote store"), &secrets).expect("a store")
}

fn in_words<T: std::fmt::Debug>(answer: anyhow::Result<T>) -> String {
    let words = format!("{:#}", answer.expect_err("an error"));
    assert!(!words.contains('\n'), "{words}");
    for secret in [S3::KEY, S3::SECRET, Redis::PASSWORD, "Signature=", "wrong-"] {
        assert!(!words.contains(secret), "{words}");
    }
    words
}

/// The abilities of every store.
fn keeps_objects(remote: &Remote) {
    let key = "v1/units/00ff/some-crate-1.0.0+x/0123";
    assert_eq!(remote.get(key).expect("an answer"), None);
    assert!(!remote.has(key).expect("an answer"));
    remote.delete(key).expect("nothing to delete");
    let content: Vec<u8> = (0..3_000_000_u32)
        .map(|n| n.wrapping_mul(40503).to_le_bytes()[2])
        .collect();
    remote.put(key, content.clone()).expect("put");
    remote.put(key, content.clone()).expect("put again");
    assert!(remote.has(key).expect("an answer"));
    assert_eq!(remote.get(key).expect("an answer").as_ref(), Some(&content));
    remote.put("v1/empty", Vec::new()).expect("put");
    assert_eq!(remote.get("v1/empty").expect("an answer"), Some(Vec::new()));
    // Several write one object, others read it: it is there as a whole, or not at all.
    let other = "v1/units/00ff/other-1.0.0/4567";
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..5 {
                    remote.put(other, content.clone()).expect("put");
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..10 {
                if let Some(found) = remote.get(other).expect("an answer") {
                    assert!(found == content, "{} bytes", found.len());
                }
            }
        });
    });
    remote.delete(other).expect("deleted");
    assert!(!remote.has(other).expect("an answer"));
    assert_eq!(remote.off(), None);
}

/// One that is gone in the middle of a run costs one wait.
fn gives_up(remote: &Remote, stop: impl FnOnce()) {
    remote.put("v1/a", b"one".to_vec()).expect("put");
    stop();
    let begun = Instant::now();
    in_words(remote.get("v1/a"));
    for _ in 0..3 {
        in_words(remote.has("v1/a"));
    }
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert!(remote.off().is_some());
    let begun = Instant::now();
    for _ in 0..1000 {
        in_words(remote.put("v1/b", vec![1]));
    }
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn redis_keeps_objects() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let remote = opened(&redis.settings(), &Redis::env());
    keeps_objects(&remote);
    assert!(!remote.lists());
    assert!(in_words(remote.list("v1/")).contains("cannot list"));
    gives_up(&remote, || redis.stop());
}

#[test]
fn redis_knows_its_password() {
    let Some(redis) = Redis::start() else {
        return;
    };
    let remote = opened(
        &redis.settings(),
        &[("REDISCLI_AUTH", "wrong-password".into())],
    );
    let begun = Instant::now();
    let words = in_words(remote.get("v1/a"));
    assert!(words.contains("WRONGPASS"), "{words}");
    for _ in 0..3 {
        in_words(remote.put("v1/a", vec![1]));
    }
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(remote.off().is_some());
}

#[test]
fn s3_keeps_objects() {
    if !alone("remote::s3_keeps_objects", &S3::env()) {
        return;
    }
    let Some(mut s3) = S3::start() else {
        return;
    };
    let remote = opened(&s3.settings(), &[]);
    keeps_objects(&remote);
    assert!(remote.lists());
    remote.put("v1/units/01/a", b"one".to_vec()).expect("put");
    remote.put("v1/units/02/a", b"three".to_vec()).expect("put");
    let listed = remote.list("v1/units/0").expect("a list");
    let keys: Vec<(&str, u64)> = listed
        .iter()
        .map(|listed| (listed.key.as_str(), listed.length))
        .collect();
    let whole = "v1/units/00ff/some-crate-1.0.0+x/0123";
    assert_eq!(
        keys,
        [
            (whole, 3_000_000),
            ("v1/units/01/a", 3),
            ("v1/units/02/a", 5)
        ]
    );
    assert!(listed.iter().all(|listed| listed.modified.is_some()));
    assert_eq!(remote.list("v1/units/01/").expect("a list").len(), 1);
    assert_eq!(remote.list("v2/").expect("a list"), []);
    gives_up(&remote, || s3.stop());
}

#[test]
fn s3_knows_its_keys() {
    let mut env = S3::env();
    env[1].1 = "wrong-key".into();
    if !alone("remote::s3_knows_its_keys", &env) {
        return;
    }
    let Some(s3) = S3::start().filter(|s3| s3.verifies) else {
        println!("skipped: no S3 server that looks at who asks");
        return;
    };
    let remote = opened(&s3.settings(), &[]);
    let begun = Instant::now();
    let words = in_words(remote.get("v1/a"));
    assert!(words.contains("access denied"), "{words}");
    for _ in 0..3 {
        in_words(remote.put("v1/a", vec![1]));
    }
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert!(remote.off().is_some());
}

#[test]
fn nobody_has_keys() {
    if !alone("remote::nobody_has_keys", &[("HOME", "/nowhere".into())]) {
        return;
    }
    let Some(s3) = S3::start().filter(|s3| s3.verifies) else {
        println!("skipped: no S3 server that looks at who asks");
        return;
    };
    let remote = opened(&s3.settings(), &[]);
    let begun = Instant::now();
    assert!(in_words(remote.get("v1/a")).contains("credential"));
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
}

/// Without any the client of HTTP would panic.
#[test]
#[cfg(target_os = "linux")]
fn a_machine_without_certificates() {
    let nothing = "/dev/null".to_owned();
    let env = [
        ("SSL_CERT_FILE", nothing.clone()),
        ("SSL_CERT_DIR", nothing),
    ];
    if !alone("remote::a_machine_without_certificates", &env) {
        return;
    }
    let text = "[store.remote]\ntype = \"s3\"\nbucket = \"b\"\nregion = \"r\"\n";
    let settings = settings::parse(text).expect("settings").store.remote;
    let opened = remote::open(&settings.expect("a remote store"), &Secrets::default());
    assert!(in_words(opened).contains("ca-certificates"));
}
