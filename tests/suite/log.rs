//! The log: `-vv` and `CARGO_SHAREDTARGET_LOG` say on stderr what was asked, decided and done, and no secret.

use crate::sandbox::{Run, Sandbox};

/// Two worktrees of one repository; the first one is built.
fn worktrees() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["topic"]);
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    sandbox
}

/// Fails unless each of these parts is in a line of the log, and the lines come in this order.
#[track_caller]
fn in_order(run: &Run, parts: &[&[&str]]) {
    let mut lines = run.stderr.lines();
    for part in parts {
        let found = lines.any(|line| part.iter().all(|one| line.contains(one)));
        assert!(found, "no {part:?} in its place in:\n{}", run.stderr);
    }
}

#[test]
fn setup_is_logged() {
    let sandbox = worktrees();
    let run = sandbox
        .run(
            "",
            &["setup", "--yes", "--quiet", "--shared-root", "shared"],
        )
        .code(0);
    assert_eq!(run.stderr, "", "no log without the flag");
    sandbox
        .run("", &["undo", "--yes", "--shared-root", "shared"])
        .code(0);

    let plain = sandbox.run("", &["setup", "--yes", "-v", "--shared-root", "shared"]);
    let logged = |line: &str| line.contains(" sharedtarget::");
    assert!(!plain.stderr.lines().any(logged), "{}", plain.stderr);
    sandbox
        .run("", &["undo", "--yes", "--shared-root", "shared"])
        .code(0);

    let run = sandbox
        .run("", &["setup", "--yes", "-vv", "--shared-root", "shared"])
        .code(0);
    assert!(!run.stdout.lines().any(logged), "{}", run.stdout);
    in_order(
        &run,
        &[
            &["0.0", "INFO", "asked", "\"setup\", \"--yes\", \"-vv\""],
            &["looks", "roots=[", "shared_root=Some("],
            &["program starts", "git\"", "\"worktree\", \"list\""],
            &["program ended", "code=Some(0)", "took="],
            &["found", "repositories=1", "workspaces=2", "took="],
            &["settings", "max_size=None"],
            &["workspace {", "topic"],
            &["decided command=\"setup\""],
            &["plans {", "\"action\":\"write_config\"", "topic"],
            &["lock of the shared root", "Ok(())"],
            &["begins kind=\"write_config\"", "topic/.cargo/config.toml"],
            &[
                "done kind=\"write_config\"",
                "topic/.cargo/config.toml",
                "took=",
            ],
            &["ends exit=Done"],
        ],
    );
}

#[test]
fn warm_is_logged() {
    let sandbox = worktrees();
    let warm = |log: &str, more: &[&str]| {
        let mut all = vec!["warm", "--yes", "--format", "json", "-n"];
        all.extend(more);
        let mut program = sandbox.program("topic", &all);
        Run::from(
            program
                .env("CARGO_SHAREDTARGET_LOG", log)
                .output()
                .expect("our program"),
        )
    };
    let silent = warm("", &[]).code(0);
    assert_eq!(silent.stderr, "");
    let debug = warm("debug", &[]).code(0);
    assert_eq!(debug.stdout, silent.stdout, "JSON is as without a log");
    let into = ["into=\"", "topic/target\""];
    in_order(
        &debug,
        &[
            &["asked", "\"warm\""],
            &["lock taken", "pika/target/debug/"],
            &[
                "candidate",
                into[0],
                into[1],
                "pika/target",
                "relation=Family",
            ],
            &[
                "donor inspected",
                into[0],
                into[1],
                "pika/target",
                "units=",
                "left=",
            ],
            &["decided command=\"warm\"", "dry_run=true"],
        ],
    );
    assert!(!debug.stderr.contains("TRACE"), "{}", debug.stderr);
    // Why a unit is left.
    let trace = warm("info,sharedtarget::plan=trace", &["--no-local"]).code(0);
    in_order(
        &trace,
        &[
            &["decided"],
            &[
                "TRACE",
                "keeps, left: {",
                "\"package\":\"app\"",
                "\"reason\":",
            ],
        ],
    );
    assert!(!trace.stderr.contains("program starts"), "{}", trace.stderr);
}

#[test]
fn gc_is_logged() {
    let sandbox = worktrees();
    let run = sandbox
        .run("", &["gc", "--dry-run", "--incremental", "-vv"])
        .code(0);
    in_order(
        &run,
        &[
            &["asked", "\"gc\""],
            &["folder {", "pika/target"],
            &["decided command=\"gc\"", "dry_run=true"],
            &["plans {", "pika/target"],
            &["ends exit=Done"],
        ],
    );
}

#[test]
fn a_filter_that_is_none_is_a_mistake() {
    let sandbox = Sandbox::new();
    for wrong in ["debgu", "sharedtarget=loud", "hyper=trace"] {
        let mut program = sandbox.program("", &["list"]);
        let run = program.env("CARGO_SHAREDTARGET_LOG", wrong).output();
        let run = Run::from(run.expect("our program")).code(2);
        let said = format!("{}\n", run.stderr);
        assert!(
            said.contains("CARGO_SHAREDTARGET_LOG: expected `error`"),
            "{said}"
        );
        assert_eq!(run.stdout, "");
    }
    // Cargo's variable stands for the flag given once.
    for (value, code) in [("true", 0), ("false", 0), ("maybe", 2)] {
        let mut program = sandbox.program("", &["list"]);
        let run = program.env("CARGO_TERM_VERBOSE", value).output();
        let run = Run::from(run.expect("our program")).code(code);
        assert!(!run.stderr.contains("sharedtarget::"), "{}", run.stderr);
    }
}

/// Keys, passwords in addresses, values of variables, arguments of providers and scripts.
#[test]
fn no_secret_is_in_a_log() {
    const SECRET: &str = "tulip_of_the_night";
    let mut sandbox = worktrees();
    for variable in [
        "REDISCLI_AUTH",
        "CARGO_SHAREDTARGET_WEBDAV_PASSWORD",
        "CARGO_SHAREDTARGET_WEBDAV_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "RUSTFLAGS",
        "CARGO_REGISTRY_TOKEN",
    ] {
        sandbox.env(variable, format!("--cfg {SECRET}"));
    }
    sandbox.env("CARGO_SHAREDTARGET_LOG", "trace");
    let address = format!("http://me:{SECRET}@127.0.0.1:1/?key={SECRET}");
    let settings = sandbox.outside("home/.config/cargo-sharedtarget/sharedtarget.toml");
    std::fs::create_dir_all(settings.parent().expect("a folder")).expect("folders");
    let text = format!(
        "[store]\npull = true\nbefore = [\"false\", \"--token\", \"{SECRET}\"]\n\
         [store.remote]\ntype = \"webdav\"\nendpoint = \"http://127.0.0.1:1\"\nusername = \"me\"\n"
    );
    std::fs::write(settings, text).expect("settings");
    sandbox.write("script.rs", "fn main() {}\n");
    // A package that no worktree has, so that the store is asked.
    let lock = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"tp\"]\n\n\
                [[package]]\nname = \"tp\"\nversion = \"1.0.0\"\n\
                source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    sandbox.write("topic/Cargo.lock", lock);
    let (mut private, mut asked, mut requests) = (0, 0, 0);
    for (folder, args) in [
        ("", &["setup", "--yes", "--shared-root", "shared"][..]),
        ("topic", &["warm", "--yes"]),
        ("topic", &["onboard", "--yes"]),
        ("topic", &["store", "pull", "--yes"]),
        ("topic", &["store", "status", "--remote"]),
        ("", &["doctor"]),
        ("", &["gc", "-n"]),
        ("", &["list", "--exclude", &address]),
        ("", &["run", "script.rs", "--password", SECRET]),
    ] {
        let run = sandbox.run(folder, args);
        assert!(
            run.stderr.contains(" INFO sharedtarget::cli::log: asked"),
            "{args:?}: {run:?}"
        );
        assert!(!run.stderr.contains(SECRET), "{args:?}: {}", run.stderr);
        if args[0] == "warm" {
            private += run.stderr.matches("arguments=[2 private]").count();
        }
        asked += run.stderr.matches("private=2").count();
        requests += run.stderr.matches("remote::engine: request").count();
    }
    assert!(private > 0, "no provider was asked");
    assert_eq!(
        requests > 0,
        cfg!(feature = "remote"),
        "no server was asked"
    );
    assert_eq!(asked, 1, "the script has two arguments");
}
