//! Who may write to a remote store, and several who do so at a time.

use std::process::{Command, Stdio};

use crate::faults::harness::Stopped;
use crate::remote::machines::{EXTRA, Machine, OUTPUT, OWN, UNITS, folder, moved, nothing, opened};
use crate::remote::servers::{Redis, S3};
use crate::sandbox::Run;

/// How many units would be fetched.
fn offered(machine: &Machine, at: &str) -> usize {
    let document = machine.run(at, &["store", "pull", "--dry-run", "--format", "json"]);
    let document = document.code(0).json();
    let units = document["plan"]["actions"][0]["units"].as_array();
    units.map_or(0, Vec::len)
}

/// Two with the same `Cargo.lock` who have built different things, and one with another `Cargo.lock`, all at once.
fn all_at_once(settings: &str, env: &[(&str, String)]) {
    let built = [("main", "main"), ("main", "release"), ("extra", "extra")];
    let machines = built.map(|(branch, store)| {
        let machine = Machine::new(settings, env).has_built(store);
        machine.checkout(branch, "pika");
        machine
    });
    let begun = machines.each_ref().map(|machine| {
        let arguments = ["store", "push", "--yes"];
        let mut program = machine.sandbox.program("pika", &arguments);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().expect("our program")
    });
    for (child, machine) in begun.into_iter().zip(&machines) {
        let output = child.wait_with_output().expect("its end");
        machine.heard(Run::from(output)).code(0);
    }
    let last = Machine::new(settings, env);
    last.checkout("main", "main");
    last.checkout("extra", "extra");
    assert_eq!(offered(&last, "main"), 2 * UNITS);
    assert_eq!(offered(&last, "extra"), UNITS + 1);
    for machine in &machines {
        nothing(&machine.does("pika", &["store", "push"], 0));
    }
}

/// The units that they have put there are of use.
fn all_is_there(settings: &str, env: &[(&str, String)]) {
    let last = Machine::new(settings, env);
    last.checkout("main", "main");
    last.checkout("extra", "extra");
    last.does("main", &["store", "pull"], 0);
    last.gets_all("main", OUTPUT);
    let (all, output) = last.build("main", &["--release"]);
    assert_eq!(
        (all, output.as_str()),
        (OWN.map(str::to_owned).to_vec(), OUTPUT)
    );
    last.does("extra", &["store", "pull"], 0);
    last.gets_all("extra", EXTRA);
}

#[test]
fn several_push_to_redis() {
    for round in 0..2 {
        let Some(redis) = Redis::start() else { return };
        all_at_once(&redis.settings(), &Redis::env());
        if round == 0 {
            all_is_there(&redis.settings(), &Redis::env());
        }
    }
}

#[test]
fn several_push_to_s3() {
    let Some(s3) = S3::start() else { return };
    all_at_once(&s3.settings(), &S3::env());
    all_is_there(&s3.settings(), &S3::env());
}

/// A run that is killed when all units are there, but not the set that names them: the next run writes the set.
#[test]
fn what_was_built_together_is_told_of_later() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = folder(dir.path());
    let machine = Machine::new(&settings, &[]).has_built("main");
    machine.checkout("main", "pika");
    let push = machine.sandbox.program("pika", &["store", "push", "--yes"]);
    Stopped::at(push, &format!("pushed#{UNITS}")).kill();
    let sets = || opened(&settings).list("v1/sets/").expect("a list").len();
    assert_eq!(sets(), 0);
    machine.does("pika", &["store", "push"], 0);
    assert_eq!(sets(), 1);
    nothing(&machine.does("pika", &["store", "push"], 0));
}

/// Where not all lists could be written, "push again" is to be of use.
#[test]
fn lists_are_written_later() {
    let Some(redis) = Redis::start() else { return };
    let (settings, env) = (redis.settings(), Redis::env());
    let machine = Machine::new(&settings, &env).has_built("main");
    machine.checkout("main", "pika");
    let cli = |words: &[&str]| {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &redis.port().to_string()]).args(words);
        let output = command.envs(Redis::env()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    machine.does("pika", &["store", "push"], 0);
    let Some(keys) = cli(&["KEYS", "*/leaf-1.0.0"]) else {
        println!("skipped: there is no `redis-cli`");
        return;
    };
    let list = keys.trim();
    assert!(list.contains("lists/"), "{list}");
    // That list can neither be read nor added to.
    cli(&["FLUSHALL"]);
    cli(&["RPUSH", list, "something"]);
    let document = machine.does("pika", &["store", "push"], 1);
    let left = document["outcome"]["done"][0]["moved"]["left"].to_string();
    assert!(left.contains("push again"), "{left}");
    cli(&["DEL", list]);
    // The lists of the others have been written.
    let again = moved(&machine.does("pika", &["store", "push"], 0));
    assert_eq!(again, (1, UNITS - 1));
    nothing(&machine.does("pika", &["store", "push"], 0));
    assert_eq!(cli(&["TYPE", list]).as_deref(), Some("string\n"));
}

#[test]
fn servers_that_build_for_all_only_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = folder(dir.path());
    let ci = [("CI", "true".to_owned())];
    let machine = Machine::new(&settings, &ci).has_built("main");
    machine.checkout("main", "pika");
    let run = machine.run("pika", &["store", "push", "--yes"]).code(2);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    let why =
        "the variable CI is set, so the remote store is read-only; --write uploads all the same";
    assert!(run.stderr.contains(why), "{}", run.stderr);
    assert_eq!(opened(&settings).list("v1/").expect("a list"), []);
    let pushed = machine.does("pika", &["store", "push", "--write"], 0);
    assert_eq!(moved(&pushed), (UNITS, 0));
    // A machine that only reads may read.
    let reader = Machine::new(&settings, &ci);
    reader.checkout("main", "pika");
    assert_eq!(
        moved(&reader.does("pika", &["store", "pull"], 0)),
        (UNITS, 0)
    );
}

/// Without the right key there is one line and no secret, whatever the question.
#[test]
fn without_the_key() {
    let Some(s3) = S3::start().filter(|s3| s3.verifies) else {
        println!("skipped: no S3 server that looks at who asks");
        return;
    };
    let Some(redis) = Redis::start() else { return };
    let mut wrong = S3::env();
    wrong[0].1 = "wrong-name".into();
    let mut half = S3::env();
    half.remove(0);
    let mut other = S3::env();
    other[1].1 = "wrong-key".into();
    let no_password = [("REDISCLI_AUTH", "wrong-password".to_owned())];
    for (settings, env, word) in [
        (s3.settings(), Vec::new(), "credential"),
        (s3.settings(), half, "credential"),
        (s3.settings(), wrong, "access denied"),
        (s3.settings(), other, "access denied"),
        (redis.settings(), Vec::new(), "NOAUTH"),
        (redis.settings(), no_password.to_vec(), "WRONGPASS"),
    ] {
        let settings = format!("[store]\npull = true\n{settings}");
        let machine = Machine::new(&settings, &env).has_built("main");
        machine.checkout("main", "pika");
        let run = machine.run("pika", &["store", "push", "--yes"]).code(101);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.said());
        assert!(
            run.stderr.starts_with("error: ") && run.stderr.contains(word),
            "{}",
            run.said()
        );
        machine.empty_store();
        for args in [
            &["store", "pull", "--yes"][..],
            &["warm", "--yes", "--verbose"],
        ] {
            let said = machine.run("pika", args).code(0).said();
            let lines: Vec<&str> = said
                .lines()
                .filter(|line| line.contains("warning"))
                .collect();
            assert!(lines.len() == 1 && lines[0].contains(word), "{said}");
        }
    }
}
