//! Units that one machine has built, another need not build.

use std::fs;
use std::time::{Duration, Instant};

use crate::registry::Registry;
use crate::remote::machines::{
    EXTRA, MANY, Machine, OUTPUT, OWN, UNITS, moved, nothing, other_toolchain, publish, workspace,
};
use crate::remote::servers::{Redis, S3, free_port};
use crate::sandbox::Sandbox;

/// Everything on one machine, then everything on another, which has the same paths and nothing else.
fn all_the_way(settings: &str, env: &[(&str, String)]) {
    let sandbox = Sandbox::new();
    let root = sandbox.outside("");
    publish(&Registry::new(&root));
    workspace(&sandbox, "pika");
    let a = Machine::of(sandbox, root.join("a/code/pika"), settings, env);
    assert_eq!(a.build("pika", &[]).1, OUTPUT);
    let run = a
        .run("pika", &["store", "push", "--yes", "--format", "json"])
        .code(0);
    assert_eq!(
        run.json()["plan"]["actions"],
        serde_json::json!([]),
        "nothing was harvested"
    );
    a.run("pika", &["store", "harvest", "--yes"]).code(0);
    let pushed = a.does("pika", &["store", "push"], 0);
    assert_eq!(moved(&pushed), (UNITS, 0));
    nothing(&a.does("pika", &["store", "push"], 0));

    // Another machine: what is at these paths is new.
    fs::create_dir(root.join("a")).expect("a folder");
    for name in ["home", "cargo-home", "code", "store"] {
        fs::rename(root.join(name), root.join("a").join(name)).expect("moved");
        if name != "store" {
            fs::create_dir(root.join(name)).expect("a folder");
        }
    }
    let config = "cargo-home/config.toml";
    fs::copy(root.join("a").join(config), root.join(config)).expect("copied");
    let b = a;
    b.settings(settings);
    b.checkout("main", "elsewhere/deep/pika");
    let at = "elsewhere/deep/pika";
    let pulled = b.does(at, &["store", "pull"], 0);
    assert_eq!(moved(&pulled), (UNITS, 0));
    nothing(&b.does(at, &["store", "pull"], 0));
    b.gets_all(at, OUTPUT);
    // A machine that has fetched it has nothing to give.
    nothing(&b.does(at, &["store", "push"], 0));
}

#[test]
fn all_the_way_through_redis() {
    let Some(redis) = Redis::start() else { return };
    all_the_way(&redis.settings(), &Redis::env());
}

#[test]
fn all_the_way_through_s3() {
    let Some(s3) = S3::start() else { return };
    all_the_way(&s3.settings(), &S3::env());
}

#[test]
fn onboarding_does_it_all() {
    let Some(redis) = Redis::start() else { return };
    let (settings, env) = (redis.settings(), Redis::env());
    let a = Machine::new(&settings, &env).has_built("main");
    a.checkout("main", "pika");
    a.does("pika", &["store", "push"], 0);
    let b = Machine::new(&format!("[store]\npull = true\n{settings}"), &env);
    b.checkout("main", "new");
    // To look is not to fetch.
    b.run("new", &["onboard", "--dry-run"]).code(0);
    assert!(!b.store().exists());
    b.run("new", &["onboard", "--yes"])
        .code(0)
        .says("fetched 6 units");
    let (all, output) = b.build("new", &[]);
    assert_eq!(
        (all, output.as_str()),
        (OWN.map(str::to_owned).to_vec(), OUTPUT)
    );
    // So does the other command.
    b.empty_store();
    b.checkout("main", "newer");
    b.run("newer", &["warm", "--yes", "--quiet"]).code(0);
    assert_eq!(b.build("newer", &[]).0, OWN);
}

#[test]
fn without_a_network_everything_is_built() {
    for (text, env) in [
        (
            format!(
                "[store.remote]\ntype = \"redis\"\nendpoint = \"redis://127.0.0.1:{}\"\n",
                free_port()
            ),
            Redis::env(),
        ),
        (
            format!(
                "[store.remote]\ntype = \"s3\"\nbucket = \"b\"\nregion = \"r\"\nendpoint = \"http://127.0.0.1:{}\"\n",
                free_port()
            ),
            S3::env(),
        ),
    ] {
        let machine = Machine::new(&format!("[store]\npull = true\n{text}"), &env);
        machine.checkout("main", "pika");
        for quiet in [&["--quiet"][..], &[]] {
            let begun = Instant::now();
            let run = machine
                .run("pika", &[&["onboard", "--yes"], quiet].concat())
                .code(0);
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{:?}",
                begun.elapsed()
            );
            let said = run.said();
            let lines = said.lines().filter(|line| line.starts_with("warning"));
            let lines: Vec<&str> = lines.collect();
            assert!(
                lines.len() == 1 && lines[0].contains("the store was not used"),
                "{said}"
            );
            assert!(lines[0].contains("refused"), "{said}");
        }
        if text.contains("redis") {
            assert_eq!(machine.build("pika", &[]).1, OUTPUT);
        }
        let pulled = machine.does("pika", &["store", "pull"], 0);
        let warnings = pulled["plan"]["warnings"].as_array().expect("a list");
        assert_eq!(warnings.len(), 1, "{pulled:#}");
    }
}

/// A worktree with another `Cargo.lock` gets what it has in common with others.
fn shares_packages(settings: &str, env: &[(&str, String)]) {
    let a = Machine::new(settings, env).has_built("main");
    a.checkout("main", "pika");
    a.does("pika", &["store", "push"], 0);
    let b = Machine::new(settings, env);
    b.checkout("extra", "other");
    assert_eq!(moved(&b.does("other", &["store", "pull"], 0)), (UNITS, 0));
    let (all, output) = b.warm("other");
    assert_eq!(
        (all, output.as_str()),
        (["app", "extra", "part"].map(str::to_owned).to_vec(), EXTRA)
    );
    // A machine gives the units that it has built itself to the others.
    b.run("other", &["store", "harvest", "--yes"]).code(0);
    let (sent, present) = moved(&b.does("other", &["store", "push"], 0));
    assert!(sent > 0 && sent + present == UNITS + 1, "{sent} {present}");
    let c = Machine::new(settings, env);
    c.checkout("extra", "other");
    assert_eq!(
        moved(&c.does("other", &["store", "pull"], 0)),
        (UNITS + 1, 0)
    );
    c.gets_all("other", EXTRA);
    // With more packages the set is another one: none is fetched, though the store has some of the units.
    c.checkout("many", "more");
    nothing(&c.does("more", &["store", "pull"], 0));
    assert_eq!(c.warm("more").0.len(), MANY + OWN.len());
}

#[test]
fn packages_are_shared_through_redis() {
    let Some(redis) = Redis::start() else { return };
    shares_packages(&redis.settings(), &Redis::env());
}

#[test]
fn packages_are_shared_through_s3() {
    let Some(s3) = S3::start() else { return };
    shares_packages(&s3.settings(), &S3::env());
}

#[test]
fn each_compiler_gets_its_own() {
    let Some(other) = other_toolchain() else {
        println!("skipped: there is no other toolchain");
        return;
    };
    let Some(redis) = Redis::start() else { return };
    let (settings, env) = (redis.settings(), Redis::env());
    let usual = Machine::new(&settings, &env).has_built("main");
    usual.checkout("main", "pika");
    let pushed = usual.does("pika", &["store", "push"], 0);
    assert_eq!(moved(&pushed), (UNITS, 0));
    let with = |machine: &Machine, at: &str| {
        let text = format!("[toolchain]\nchannel = \"{other}\"\n");
        machine
            .sandbox
            .write(&format!("{at}/rust-toolchain.toml"), &text);
        machine
            .sandbox
            .write(&format!("{at}/.git/info/exclude"), "rust-toolchain.toml\n");
    };
    let newer = Machine::new(&settings, &env);
    newer.checkout("main", "pika");
    with(&newer, "pika");
    nothing(&newer.does("pika", &["store", "pull"], 0));
    let (all, output) = newer.build("pika", &[]);
    assert_eq!((all.len(), output.as_str()), (UNITS, OUTPUT), "{all:?}");
    newer.run("pika", &["store", "harvest", "--yes"]).code(0);
    let pushed = newer.does("pika", &["store", "push"], 0);
    assert_eq!(moved(&pushed), (UNITS, 0));
    // One machine with both has both in its store, and takes the right ones.
    let both = Machine::new(&settings, &env);
    for at in ["usual", "newer"] {
        both.checkout("main", at);
        if at == "newer" {
            with(&both, at);
        }
        assert_eq!(moved(&both.does(at, &["store", "pull"], 0)), (UNITS, 0));
        both.gets_all(at, OUTPUT);
    }
}
