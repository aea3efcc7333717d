//! Other programs at work in the same place.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::faults::harness::{Stopped, difference, load, run, save, trash, works};
use crate::sandbox::Sandbox;

fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    for worktree in ["pika", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox
}

/// The same, with one deletion after the other and that of `beside/target` first: while one has stopped, no other
/// is at work.
fn built_in_order() -> Sandbox {
    let mut sandbox = built();
    sandbox.write("beside/target/debug/large", &"x".repeat(1 << 20));
    sandbox.env("RAYON_NUM_THREADS", "1");
    sandbox
}

#[test]
fn the_second_of_two_setups_says_that_another_is_at_work() {
    let sandbox = built();
    for point in ["locked", "config-written#1", "renamed#1"] {
        save(&sandbox, "start");
        let first = Stopped::at(sandbox.program("pika", &["--yes"]), point);
        // Later, other threads of the first may be at work while one has stopped.
        let before = (point == "locked").then(|| sandbox.tree(""));
        run(sandbox.program("pika", &["--yes"]))
            .code(101)
            .says("another cargo-sharedtarget is working");
        if let Some(before) = before {
            let after = sandbox.tree("");
            assert_eq!(difference(&before, &after), Vec::<&PathBuf>::new());
        }
        first.go_on().code(0);
        for worktree in ["pika", "beside"] {
            assert!(!sandbox.exists(&format!("{worktree}/target")), "{point}");
            assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        }
        load(&sandbox, "start");
    }
}

/// A plan may be as old as the user takes to say yes.
#[test]
fn a_plan_that_another_run_has_carried_out_meanwhile_is_not() {
    let sandbox = built();
    let slow = Stopped::at(sandbox.program("pika", &["--yes"]), "planned");
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in ["pika", "beside"] {
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
    }
    let before = sandbox.tree("");
    slow.go_on().code(101).says("run this again");
    assert_eq!(
        difference(&before, &sandbox.tree("")),
        Vec::<&PathBuf>::new()
    );
    sandbox.run("pika", &["--yes"]).code(0);
}

/// Both would call their folder `pika/pika`.
#[test]
fn two_repositories_of_one_name_at_once_get_two_folders() {
    let sandbox = Sandbox::new();
    for folder in ["one/pika", "two/pika"] {
        sandbox.repository(folder, &[]);
    }
    let root = sandbox.path("shared").display().to_string();
    let args = ["--yes", "--shared-root", &root];
    let slow = Stopped::at(sandbox.program("one/pika", &args), "planned");
    sandbox.run("two/pika", &args).code(0);
    slow.go_on().code(101).says("run this again");
    sandbox.run("one/pika", &args).code(0);
    let one = sandbox.read("one/pika/.cargo/config.toml");
    let two = sandbox.read("two/pika/.cargo/config.toml");
    assert_ne!(one, two);
}

#[test]
fn a_configuration_changed_since_the_plan_stays_and_so_does_its_folder() {
    let sandbox = built();
    sandbox.write("beside/notes", "");
    let stopped = Stopped::at(sandbox.program("pika", &["--yes"]), "planned");
    let mine = "[net]\noffline = true\n";
    sandbox.write("beside/.cargo/config.toml", mine);
    stopped
        .go_on()
        .code(1)
        .says("skipped ../beside/.cargo/config.toml: it has changed since planning; run again");
    assert_eq!(sandbox.read("beside/.cargo/config.toml"), mine);
    assert!(sandbox.exists("beside/target/debug/app"));
    assert!(!sandbox.exists("pika/target"), "the rest is done");
}

#[test]
fn a_configuration_folder_that_became_a_link_is_not_followed() {
    let sandbox = built();
    let stopped = Stopped::at(sandbox.program("pika", &["--yes"]), "planned");
    fs::create_dir(sandbox.path("elsewhere")).expect("a folder");
    symlink(sandbox.path("elsewhere"), sandbox.path("beside/.cargo")).expect("a link");
    stopped.go_on().code(1).says("symbolic link");
    assert!(!sandbox.exists("elsewhere/config.toml"));
    assert!(sandbox.exists("beside/target/debug/app"));
}

#[test]
fn a_folder_replaced_since_the_plan_stays() {
    let sandbox = built_in_order();
    save(&sandbox, "start");
    // Before and after it was looked at again.
    for point in ["written", "marked"] {
        load(&sandbox, "start");
        let stopped = Stopped::at(sandbox.program("pika", &["--yes"]), point);
        let target = sandbox.path("beside/target");
        // Another inode for sure, since the old one is still there.
        fs::rename(&target, sandbox.path("old")).expect("renamed");
        sandbox.write(
            "beside/target/CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        );
        sandbox.write("beside/target/debug/.cargo-lock", "");
        sandbox.write("beside/target/debug/precious", "x");
        let before = sandbox.tree("beside/target");
        stopped
            .go_on()
            .code(1)
            .says("another folder has replaced the planned one");
        assert_eq!(sandbox.tree("beside/target"), before, "{point}");
        assert_eq!(trash(&sandbox.tree("")), Vec::<&PathBuf>::new(), "{point}");
        assert!(!sandbox.exists("pika/target"));
    }
}

#[test]
fn a_folder_replaced_by_a_link_stays_and_its_destination_is_not_touched() {
    let sandbox = built_in_order();
    save(&sandbox, "start");
    for point in ["written", "marked"] {
        load(&sandbox, "start");
        let stopped = Stopped::at(sandbox.program("pika", &["--yes"]), point);
        let target = sandbox.path("beside/target");
        fs::rename(&target, sandbox.path("old")).expect("renamed");
        sandbox.write("old/.gitignore", "mine\n");
        let before = sandbox.tree("old");
        symlink(sandbox.path("old"), &target).expect("a link");
        stopped
            .go_on()
            .code(1)
            .says("another folder has replaced the planned one");
        assert_eq!(sandbox.tree("old"), before, "{point}");
        assert_eq!(
            fs::read_link(&target).expect("still a link"),
            sandbox.path("old"),
            "{point}"
        );
        assert_eq!(trash(&sandbox.tree("")), Vec::<&PathBuf>::new(), "{point}");
    }
}

#[test]
fn something_put_into_a_folder_since_the_plan_keeps_it() {
    let sandbox = built();
    let stopped = Stopped::at(sandbox.program("pika", &["--yes"]), "planned");
    sandbox.write("beside/target/thesis/chapter-1.md", "precious");
    stopped.go_on().code(1).says("thesis");
    assert!(sandbox.exists("beside/target/thesis/chapter-1.md"));
    assert!(sandbox.exists("beside/target/debug/app"));
    assert!(!sandbox.exists("pika/target"));
}

/// A build of Cargo's that goes on for as long as we want.
struct Building(Option<Child>, PathBuf);

impl Building {
    /// Adds a build script that says that it runs, and waits to be let go.
    fn prepare(sandbox: &Sandbox, folder: &str) {
        let gate = sandbox.outside("gate");
        if !gate.exists() {
            assert!(works("mkfifo", &[&gate.display().to_string()]));
        }
        let started = sandbox.outside("started");
        if !started.exists() {
            assert!(works("mkfifo", &[&started.display().to_string()]));
        }
        sandbox.write(
            &format!("{folder}/build.rs"),
            &format!(
                "fn main() {{
                    println!(\"cargo::rerun-if-env-changed=WAIT\");
                    if std::env::var_os(\"WAIT\").is_some() {{
                        std::fs::write({started:?}, \"x\").unwrap();
                        std::fs::read({gate:?}).unwrap();
                    }}
                }}"
            ),
        );
    }

    /// Starts it, and comes back when the build script runs.
    fn start(sandbox: &Sandbox, folder: &str, toolchain: Option<&str>) -> Self {
        let mut cargo = sandbox.prepared("cargo", folder, &[]);
        cargo.args(toolchain).args(["build", "-q", "--offline"]);
        let child = cargo
            .env("WAIT", "1")
            .stdout(Stdio::null())
            .spawn()
            .expect("cargo");
        // Reading a pipe waits for a writer.
        fs::read(sandbox.outside("started")).expect("a pipe");
        Self(Some(child), sandbox.outside("gate"))
    }

    /// Lets the build script go, and says whether the build succeeded.
    fn finish(mut self) -> bool {
        fs::write(&self.1, "x").expect("a pipe");
        let mut child = self.0.take().expect("not finished yet");
        child.wait().expect("its end").success()
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // The build script ends when its pipe does.
            let _ = fs::write(&self.1, "x");
            let _ = child.wait();
        }
    }
}

/// The toolchains that are there: up to 1.95 Cargo takes one lock, from 1.96 on others.
fn toolchains() -> Vec<Option<&'static str>> {
    let mut all = vec![None];
    for toolchain in ["+1.95.0", "+nightly"] {
        if works("cargo", &[toolchain, "--version"]) {
            all.push(Some(toolchain));
        } else {
            eprintln!("skipped: there is no cargo {toolchain}");
        }
    }
    all
}

#[test]
fn a_folder_with_a_running_build_is_kept_and_the_build_succeeds() {
    if crate::amount::without_longest() {
        return;
    }
    for toolchain in toolchains() {
        for point in ["", "planned", "written"] {
            let sandbox = Sandbox::new();
            sandbox.package("pika", "app", "hello");
            Building::prepare(&sandbox, "pika");
            sandbox.commit_all("pika");
            sandbox.worktree("pika", "beside");
            for worktree in ["pika", "beside"] {
                let mut cargo = sandbox.prepared("cargo", worktree, &[]);
                cargo.args(toolchain).args(["build", "-q", "--offline"]);
                run(cargo).code(0);
            }
            let program = sandbox.program("pika", &["--yes"]);
            let (ended, building) = if point.is_empty() {
                let building = Building::start(&sandbox, "beside", toolchain);
                (run(program), building)
            } else {
                let stopped = Stopped::at(program, point);
                // It began before its configuration was written, and builds where that said.
                let mut building = None;
                if point == "planned" {
                    building = Some(Building::start(&sandbox, "beside", toolchain));
                } else {
                    fs::rename(sandbox.path("beside/.cargo"), sandbox.path("beside/.aside"))
                        .expect("renamed");
                    let started = Building::start(&sandbox, "beside", toolchain);
                    fs::rename(sandbox.path("beside/.aside"), sandbox.path("beside/.cargo"))
                        .expect("renamed");
                    building.replace(started);
                }
                (stopped.go_on(), building.expect("started"))
            };
            // Known beforehand it is kept; found out only then, it is skipped.
            ended
                .code(i32::from(!point.is_empty()))
                .says("a build is running in it");
            assert!(sandbox.exists("beside/target/debug"), "{toolchain:?}");
            assert!(!sandbox.exists("pika/target"), "{toolchain:?}");
            assert!(building.finish(), "{toolchain:?} {point}");

            sandbox.run("pika", &["--yes"]).code(0);
            assert!(!sandbox.exists("beside/target"), "{toolchain:?} {point}");
        }
    }
}

#[test]
fn a_clean_keeps_a_folder_with_a_running_build_too() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    Building::prepare(&sandbox, "pika");
    sandbox.commit_all("pika");
    sandbox.run("pika", &["--yes"]).code(0);
    for toolchain in toolchains() {
        sandbox.cargo("pika", &["build", "-q", "--offline"]);
        let building = Building::start(&sandbox, "pika", toolchain);
        run(sandbox.program("pika", &["clean", "--all", "--yes"])).says("a build is running in it");
        assert!(building.finish(), "{toolchain:?}");
        run(sandbox.program("pika", &["clean", "--all", "--yes"])).code(0);
        assert!(!sandbox.exists("pika/.shared-target/pika/pika"));
    }
}
