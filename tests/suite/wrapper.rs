//! `setup --rustc-wrapper`: compiler caches beside shared target folders.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::registry::compiled;
use crate::sandbox::Sandbox;

/// A program in the home of the sandbox.
fn program(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    let path = sandbox.outside("home").join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("a program");
    path
}

/// One that writes down what it is called for, and passes that on.
fn passing(sandbox: &Sandbox, name: &str) -> PathBuf {
    let log = sandbox.outside("home/calls");
    let text = format!("echo \"$2 $3 $4\" >> '{}'\nexec \"$@\"", log.display());
    program(sandbox, name, &text)
}

fn calls(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.outside("home/calls")).unwrap_or_default()
}

fn says(sandbox: &Sandbox, folder: &str) -> String {
    sandbox.read(&format!("{folder}/.cargo/config.toml"))
}

#[test]
fn every_worktree_gets_it_and_later_ones_too() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &["beside"]);
    let wrapper = passing(&sandbox, "kache");
    let path = wrapper.display().to_string();
    let setup = ["setup", "--yes", "--rustc-wrapper", &path];
    let planned = sandbox
        .run("repo", &["setup", "-n", "--rustc-wrapper", &path])
        .code(0);
    assert!(
        planned.stdout.contains("rustc wrapper:"),
        "{}",
        planned.stdout
    );
    assert!(!sandbox.exists("repo/.cargo"));
    sandbox.run("repo", &setup).code(0);
    let line = format!("rustc-wrapper = \"{path}\"\n");
    for folder in ["repo", "beside"] {
        assert!(
            says(&sandbox, folder).contains(&line),
            "{}",
            says(&sandbox, folder)
        );
    }
    assert_eq!(own_settings(&sandbox), Some(line.clone()));
    assert!(!sandbox.exists("repo/.shared-target/sharedtarget.toml"));
    sandbox.run("repo", &setup).code(0).says("nothing to do");
    sandbox
        .run("repo", &["setup", "--yes"])
        .code(0)
        .says("nothing to do");
    sandbox.cargo("repo", &["build", "--offline"]);
    assert!(
        calls(&sandbox).contains("--crate-name app"),
        "{}",
        calls(&sandbox)
    );

    sandbox.worktree("repo", "later");
    sandbox.run("later", &["onboard", "--yes"]).code(0);
    assert!(says(&sandbox, "later").contains(&line));
    // One that is gone breaks every build that it is named for.
    std::fs::remove_file(&wrapper).expect("removed");
    sandbox.worktree("repo", "last");
    sandbox
        .run("last", &["onboard", "--yes"])
        .code(0)
        .says("because it does not run");
    assert!(!says(&sandbox, "last").contains("rustc-wrapper"));
    sandbox.cargo("last", &["build", "--offline"]);
    sandbox.run("repo", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("repo/.cargo") && !sandbox.exists("later/.cargo"));
    assert_eq!(own_settings(&sandbox), None);
}

/// The settings beside the record of the only shared root, in the user's state folder.
fn own_settings(sandbox: &Sandbox) -> Option<String> {
    let roots = sandbox.outside("home/.local/state/cargo-sharedtarget/roots");
    let mut roots = std::fs::read_dir(roots).expect("records");
    let root = roots.next().expect("a record").expect("a folder").path();
    assert!(roots.next().is_none(), "one shared root");
    std::fs::read_to_string(root.join("sharedtarget.toml")).ok()
}

/// One above all of them has it for all.
#[test]
fn in_one_configuration_above() {
    let sandbox = Sandbox::new();
    sandbox.repository("all/repo", &["all/beside"]);
    let path = passing(&sandbox, "sccache").display().to_string();
    let args = [
        "setup",
        "--yes",
        "--rustc-wrapper",
        &path,
        "--config-at",
        ".",
    ];
    for layout in ["in-place", "build-dir", "isolated"] {
        sandbox
            .run("all", &[&args[..], &["--layout", layout]].concat())
            .code(0);
        let above = says(&sandbox, "all");
        assert!(
            above.contains(&format!("rustc-wrapper = \"{path}\"")),
            "{layout}: {above}"
        );
        assert_eq!(
            above.contains("build-dir"),
            layout == "build-dir",
            "{above}"
        );
        for folder in ["all/repo", "all/beside"] {
            let own = sandbox.exists(&format!("{folder}/.cargo/config.toml"));
            assert_eq!(own, layout == "isolated", "{folder} in {layout}");
            assert!(!own || !says(&sandbox, folder).contains("rustc-wrapper"));
        }
        sandbox.cargo("all/beside", &["build", "--offline"]);
        assert!(calls(&sandbox).contains("--crate-name app"), "{layout}");
        std::fs::remove_file(sandbox.outside("home/calls")).expect("calls");
        sandbox.run("all", &["undo", "--yes"]).code(0);
        assert!(!sandbox.exists("all/.cargo"), "{layout}");
    }
}

#[test]
fn what_does_not_run_is_written_nowhere() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let before = sandbox.tree("repo");
    let liar = program(&sandbox, "liar", "echo 'rustc 9.9.9'")
        .display()
        .to_string();
    let fails = program(&sandbox, "fails", "echo no >&2; exit 1")
        .display()
        .to_string();
    for (wrapper, why) in [
        (liar.as_str(), "does not pass `rustc -vV` to"),
        (fails.as_str(), "cannot run the compiler: no"),
        ("no-such-wrapper", "there is no program `no-such-wrapper`"),
        ("/no/such/wrapper", "there is no program `/no/such/wrapper`"),
    ] {
        let run = sandbox
            .run("repo", &["setup", "--yes", "--rustc-wrapper", wrapper])
            .code(101);
        assert!(run.stderr.contains(why), "{wrapper}: {}", run.stderr);
        assert_eq!(sandbox.tree("repo"), before, "{wrapper}");
    }
}

/// Another one that the user has set stays, unless it is to be replaced.
#[test]
fn the_users_own_stays() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let own = passing(&sandbox, "own").display().to_string();
    let ours = passing(&sandbox, "sccache").display().to_string();
    let text = format!("[build]\nrustc-wrapper = '{own}' # mine\n");
    sandbox.write("repo/.cargo/config.toml", &text);
    let args = ["setup", "--yes", "--rustc-wrapper", &ours];
    sandbox
        .run("repo", &args)
        .code(0)
        .says("rustc-wrapper is set to");
    assert!(
        says(&sandbox, "repo").starts_with(&text),
        "{}",
        says(&sandbox, "repo")
    );
    sandbox
        .run("repo", &[&args[..], &["--replace"]].concat())
        .code(0);
    let replaced = format!("[build]\nrustc-wrapper = '{ours}' # mine\n");
    assert!(says(&sandbox, "repo").starts_with(&replaced));
    sandbox.run("repo", &["undo", "--yes"]).code(0);
    assert_eq!(says(&sandbox, "repo"), text);
}

/// So does one further out.
#[test]
fn the_users_own_above_stays() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let own = passing(&sandbox, "own").display().to_string();
    let ours = passing(&sandbox, "sccache").display().to_string();
    let text = format!("[build]\nrustc-wrapper = '{own}'\n");
    std::fs::write(sandbox.outside("cargo-home/config.toml"), text).expect("written");
    let args = ["setup", "--yes", "--rustc-wrapper", &ours];
    sandbox
        .run("repo", &args)
        .code(0)
        .says("rustc-wrapper is set to");
    assert!(!says(&sandbox, "repo").contains("rustc-wrapper"));
    sandbox
        .run("repo", &[&args[..], &["--replace"]].concat())
        .code(0);
    assert!(says(&sandbox, "repo").contains(&ours));
}

/// One that never answers, or never stops, is given up.
#[test]
fn programs_that_do_not_end() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let floods = program(&sandbox, "floods", "exec yes")
        .display()
        .to_string();
    sandbox
        .run("repo", &["setup", "--yes", "--rustc-wrapper", &floods])
        .code(101);
    let odd = sandbox.outside("home/a\nb");
    std::fs::create_dir(&odd).expect("a folder");
    let odd = odd.join("w");
    std::fs::copy(&floods, &odd).expect("a copy");
    let run = sandbox.run(
        "repo",
        &["setup", "--rustc-wrapper", &odd.display().to_string()],
    );
    assert!(run.code(101).stderr.contains("without control characters"));
    assert!(!sandbox.exists("repo/.cargo"));
}

/// A server that ends with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A Redis server on a port of its own, where the machine has one.
fn redis(sandbox: &Sandbox) -> Option<(Server, u16)> {
    let port = free_port();
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string()])
        .current_dir(sandbox.outside("home"))
        .stdout(Stdio::null())
        .spawn()
        .ok()?;
    let server = Server(child);
    let there = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    let waited = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        there()
    });
    waited.then_some((server, port))
}

/// Stops the server that sccache leaves running.
struct Stop<'a>(&'a Sandbox);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        let _ = self.0.command("sccache", "", &["--stop-server"]);
    }
}

/// A real sccache with a real server behind it: what differs between worktrees comes from there, and what is the same is
/// shared as ever.
#[test]
fn a_real_compiler_cache() {
    let mut sandbox = Sandbox::new();
    if Command::new("sccache").arg("--version").output().is_err() {
        return println!("skipped: no sccache");
    }
    let server = redis(&sandbox);
    match &server {
        Some((_, port)) => sandbox.env("SCCACHE_REDIS_ENDPOINT", format!("tcp://127.0.0.1:{port}")),
        None => {
            println!("sccache keeps its files itself: no redis-server");
            sandbox.env("SCCACHE_DIR", sandbox.outside("home/sccache"));
        }
    }
    sandbox.env("SCCACHE_SERVER_PORT", free_port().to_string());
    sandbox.env("CARGO_INCREMENTAL", "0");
    let sandbox = sandbox;
    let _stop = Stop(&sandbox);
    sandbox.repository("repo", &[]);
    sandbox.write("repo/src/lib.rs", "pub fn it() {}\n");
    sandbox.commit_all("repo");
    sandbox
        .run("repo", &["setup", "--yes", "--rustc-wrapper", "sccache"])
        .code(0);
    sandbox.cargo("repo", &["build", "--offline"]);
    sandbox.worktree("repo", "beside");
    sandbox.run("beside", &["onboard", "--yes"]).code(0);
    assert!(says(&sandbox, "beside").contains("/sccache\""));
    let run = sandbox.cargo("beside", &["build", "-v", "--offline"]);
    assert_eq!(
        compiled(&run.stderr),
        [""; 0],
        "a wrapper that is known makes no difference"
    );

    let hits = || {
        let stats = sandbox.command("sccache", "", &["--show-stats", "--stats-format=json"]);
        let stats = &stats.json()["stats"];
        let sum = |counts: &serde_json::Value| -> u64 {
            let each = counts["counts"].as_object().expect("counts").values();
            each.filter_map(serde_json::Value::as_u64).sum()
        };
        (sum(&stats["cache_hits"]), stats["cache_writes"].as_u64())
    };
    let (before, writes) = hits();
    assert!(writes > Some(0), "the library was put there");
    std::fs::remove_dir_all(sandbox.path("repo/.shared-target/repo/main")).expect("removed");
    std::fs::remove_dir_all(sandbox.path("repo/.shared-target/build")).expect("removed");
    sandbox.cargo("repo", &["build", "--offline"]);
    assert!(hits().0 > before, "what was built once comes from there");
    assert_eq!(sandbox.cargo_run("beside"), "hello\n");
}
