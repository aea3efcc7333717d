//! Each rule: what goes, and what Cargo compiles afterwards.

use super::*;

/// Units that were just built are all needed, in every command that built them.
#[test]
fn by_default_nothing_goes_that_a_build_asks_for() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        layout.build_all(&sandbox, "pika");
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(gone(&answer), [], "{answer:#}");
        assert_eq!(layout.stale(&sandbox, "pika"), [""; 0]);
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
    }
}

/// A package that no `Cargo.lock` names is deleted, with its dependents.
#[test]
fn what_no_lock_names_goes() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        sandbox.git("pika", &["checkout", "-q", "."]);
        layout.build_all(&sandbox, "pika");
        sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
        sandbox.write("pika/src/main.rs", main_of(false));
        layout.build_all(&sandbox, "pika");
        let answer = gc(&sandbox, "pika", &[]);
        let expected = [("app", "made_with_unreferenced"), ("extra", "unreferenced")];
        assert_eq!(
            gone(&answer),
            expected.map(|(name, why)| (name.into(), why.into()))
        );
        assert_eq!(
            layout.stale(&sandbox, "pika"),
            [""; 0],
            "nothing else was needed"
        );
        assert_eq!(
            layout.output(&sandbox, "pika"),
            "leaf 1.0.0, scripted, helped\n"
        );
        sandbox.git("pika", &["checkout", "-q", "."]);
        let compiled = layout.compiles(&sandbox, "pika", &["build"]);
        assert_eq!(compiled, ["app", "extra"], "and only that was gone");
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
    }
}

/// Units that were compiled with an older version of a package are deleted with it.
#[test]
fn what_was_made_with_an_older_version_goes() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        sandbox.git("pika", &["checkout", "-q", "."]);
        layout.build_all(&sandbox, "pika");
        sandbox.cargo(
            "pika",
            &["update", "--offline", "leaf", "--precise", "1.1.0"],
        );
        layout.build_all(&sandbox, "pika");
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(packages(&answer), ["app", "extra", "leaf"]);
        assert_eq!(layout.stale(&sandbox, "pika"), [""; 0]);
        assert_eq!(
            layout.output(&sandbox, "pika"),
            OUTPUT.replace("1.0.0", "1.1.0")
        );
        sandbox.git("pika", &["checkout", "-q", "."]);
        let compiled = layout.compiles(&sandbox, "pika", &["build"]);
        assert_eq!(compiled, ["app", "extra", "leaf"]);
    }
}

/// Of two sets of features the one that was built last stays, with all that it needs.
#[test]
fn what_is_superseded_goes_if_it_is_asked_for() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        layout.compiles(&sandbox, "pika", &["build", "--features", "loud"]);
        std::thread::sleep(std::time::Duration::from_millis(20));
        layout.compiles(&sandbox, "pika", &["build"]);
        assert_eq!(
            gone(&gc(&sandbox, "pika", &[])),
            [],
            "it is not sure that nobody asks for it"
        );
        let answer = gc(&sandbox, "pika", &["--superseded"]);
        assert_eq!(gone(&answer), [("app".into(), "superseded".into())]);
        assert_eq!(layout.compiles(&sandbox, "pika", &["build"]), [""; 0]);
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
        let compiled = layout.compiles(&sandbox, "pika", &["build", "--features", "loud"]);
        assert_eq!(compiled, ["app"]);
        sandbox.git("pika", &["clean", "-fdxq"]);
    }
}

/// Age counts from the last use, and no dependency of a newer unit is deleted.
#[test]
fn what_is_old_goes_unless_something_newer_needs_it() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        layout.build_all(&sandbox, "pika");
        age(&sandbox.path("pika/target/debug"), 40);
        let answer = gc(&sandbox, "pika", &["--older-than", "50d"]);
        assert_eq!(gone(&answer), []);
        // Cargo finds the program older than its sources, and makes it anew: with libraries that are 40 days old.
        assert_eq!(
            layout.compiles(&sandbox, "pika", &["build"]),
            ["app", "helper"]
        );
        let answer = gc(&sandbox, "pika", &["--older-than", "30d"]);
        // The tests and the checked units are old, and no build has used them.
        assert_eq!(
            packages(&answer),
            ["app", "extra", "helper", "leaf", "scripted"]
        );
        assert_eq!(layout.compiles(&sandbox, "pika", &["build"]), [""; 0]);
        assert_eq!(
            layout.compiles(&sandbox, "pika", &["build", "--release"]),
            [""; 0]
        );
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
        let compiled = layout.compiles(&sandbox, "pika", &["check"]);
        assert_eq!(compiled, ["app", "extra", "helper", "leaf", "scripted"]);
        sandbox.git("pika", &["clean", "-fdxq"]);
    }
}

/// A profile alone: everything in it, and nothing of another one.
#[test]
fn a_profile_goes_whole() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        layout.build_all(&sandbox, "pika");
        sandbox.write("pika/target/release/notes.d/mine", "x");
        gc(&sandbox, "pika", &["--profile", "release"]);
        assert!(
            sandbox.exists("pika/target/release/notes.d/mine"),
            "that is not Cargo's"
        );
        assert!(!sandbox.exists("pika/target/release/app"));
        for args in &EVERYTHING[..3] {
            assert_eq!(layout.compiles(&sandbox, "pika", args), [""; 0], "{args:?}");
        }
        let compiled = layout.compiles(&sandbox, "pika", &["build", "--release"]);
        assert_eq!(compiled, ["app", "extra", "helper", "leaf", "scripted"]);
        let said = sandbox
            .run("pika", &["gc", "-n", "--profile", "dev"])
            .code(0);
        assert!(
            said.said().contains("the profile is selected"),
            "as Cargo calls it"
        );
        sandbox.git("pika", &["clean", "-fdxq"]);
    }
}

/// The compiler's caches: of a crate that is gone by default, of all if they are asked for. Nothing is compiled for it.
#[test]
fn incremental_data_go() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        layout.build_all(&sandbox, "pika");
        let caches = || {
            let folder = sandbox.path("pika/target/debug/incremental");
            let entries = std::fs::read_dir(folder).expect("a folder");
            let names = entries.map(|entry| entry.expect("an entry").file_name());
            let mut names: Vec<String> = names
                .filter_map(|name| Some(name.to_str()?.rsplit_once('-')?.0.to_owned()))
                .collect();
            names.sort();
            names.dedup();
            names
        };
        sandbox.git("pika", &["mv", "helper", "aide"]);
        let renamed = sandbox
            .read("pika/aide/Cargo.toml")
            .replace("helper", "aide");
        sandbox.write("pika/aide/Cargo.toml", &renamed);
        let app = sandbox.read("pika/Cargo.toml");
        sandbox.write(
            "pika/Cargo.toml",
            &app.replace(
                "helper = { path = \"helper\"",
                "helper = { package = \"aide\", path = \"aide\"",
            ),
        );
        layout.build_all(&sandbox, "pika");
        assert_eq!(caches(), ["aide", "app", "helper", "it"]);
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(
            packages(&answer),
            ["app", "helper"],
            "they are in no lock, or made with it"
        );
        assert_eq!(caches(), ["aide", "app", "it"]);
        assert_eq!(layout.stale(&sandbox, "pika"), [""; 0]);
        gc(&sandbox, "pika", &["--incremental=1d"]);
        assert_eq!(caches(), ["aide", "app", "it"], "they are new");
        gc(&sandbox, "pika", &["--incremental"]);
        assert_eq!(caches(), [""; 0]);
        assert_eq!(layout.stale(&sandbox, "pika"), [""; 0]);
        assert_eq!(layout.output(&sandbox, "pika"), OUTPUT);
        sandbox.git("pika", &["reset", "-q", "--hard"]);
        sandbox.git("pika", &["clean", "-fdxq"]);
    }
}

/// The units of a toolchain go when it is not installed any more.
#[test]
fn what_a_compiler_that_is_gone_has_made_goes() {
    let mut sandbox = start();
    let Some([other, _]) = new_layout(&sandbox) else {
        return;
    };
    let plain = Layout(None);
    sandbox.cargo("pika", &[other, "build", "--offline"]);
    plain.compiles(&sandbox, "pika", &["build"]);
    assert_eq!(
        gone(&gc(&sandbox, "pika", &["--toolchain-gone"])),
        [],
        "both are installed"
    );
    // A rustup that has one toolchain.
    let real = sandbox.command("rustup", "pika", &["show", "home"]).stdout;
    let real = PathBuf::from(real.trim());
    let active = sandbox
        .command("rustup", "pika", &["show", "active-toolchain"])
        .stdout;
    let active = active.split(' ').next().expect("a name").trim().to_owned();
    let home = sandbox.outside("rustup");
    std::fs::create_dir_all(home.join("toolchains")).expect("folders");
    let link = home.join("toolchains").join(&active);
    std::os::unix::fs::symlink(real.join("toolchains").join(&active), link).expect("a link");
    std::fs::copy(real.join("settings.toml"), home.join("settings.toml")).expect("settings");
    sandbox.env("RUSTUP_HOME", &home);
    sandbox.write(
        "pika/rust-toolchain.toml",
        "[toolchain]\nchannel = \"1.70.0\"\n",
    );
    let answer = gc(&sandbox, "pika", &[]);
    assert_eq!(
        gone(&answer),
        [],
        "a toolchain is asked for that is not there"
    );
    let kept = answer["plan"]["kept"][0]["reason"]["doubts"].to_string();
    assert!(kept.contains("1.70.0"), "{kept}");
    std::fs::remove_file(sandbox.path("pika/rust-toolchain.toml")).expect("removed");
    let answer = gc(&sandbox, "pika", &[]);
    let names = gone(&answer);
    assert!(
        names.iter().all(|(_, why)| why == "toolchain_gone"),
        "{names:?}"
    );
    assert_eq!(
        packages(&answer),
        ["app", "extra", "helper", "leaf", "scripted"]
    );
    assert_eq!(plain.compiles(&sandbox, "pika", &["build"]), [""; 0]);
    assert_eq!(plain.output(&sandbox, "pika"), OUTPUT);
}

/// Two workspaces that share a folder each have a package of the same name: neither supersedes the other.
#[test]
fn a_namesake_supersedes_nothing() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.write("many/.cargo/config.toml", "[build]\ntarget-dir = \"all\"\n");
    let manifest = |version: &str| {
        format!(
            "[package]\nname = \"same\"\nversion = \"{version}\"\nedition = \"2021\"\n[workspace]\n"
        )
    };
    for (folder, version) in [("many/one", "0.1.0"), ("many/two", "0.2.0")] {
        sandbox.write(&format!("{folder}/Cargo.toml"), &manifest(version));
        sandbox.write(&format!("{folder}/src/main.rs"), "fn main() {}\n");
        plain.compiles(&sandbox, folder, &["build"]);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let answer = sandbox.json("many", &["gc", "--yes", "--superseded"]);
    assert_eq!(gone(&answer), []);
    for folder in ["many/one", "many/two"] {
        assert_eq!(plain.compiles(&sandbox, folder, &["build"]), [""; 0]);
    }
}

/// A program that no build makes any more stays at the top, and finds there what it looks for.
#[test]
fn a_program_that_stays_still_runs() {
    let sandbox = start();
    let plain = Layout(None);
    let build = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{out}/said\"), \"said\").unwrap();\n}\n";
    sandbox.write("pika/helper/build.rs", build);
    let lib = "pub fn it() -> String { std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/said\")).unwrap() }\n";
    sandbox.write("pika/helper/src/lib.rs", lib);
    plain.compiles(&sandbox, "pika", &["build"]);
    let renamed = manifest(&[]).replace("\"app\"", "\"new\"");
    let renamed = renamed.replace("helper = { path = \"helper\" }", "");
    sandbox.write("pika/Cargo.toml", &renamed);
    sandbox.write("pika/src/main.rs", "fn main() {}\n");
    sandbox.write("pika/tests/it.rs", "");
    std::fs::remove_dir_all(sandbox.path("pika/helper")).expect("removed");
    plain.compiles(&sandbox, "pika", &["build"]);
    assert!(packages(&gc(&sandbox, "pika", &[])).contains(&"extra".to_owned()));
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), [], "nor is it forgotten");
    let program = sandbox.path("pika/target/debug/app");
    let output = Command::new(program).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

/// A profile goes with what has no hash in its name, by all its names.
#[test]
fn a_library_without_a_hash_goes_with_its_profile() {
    let sandbox = start();
    let plain = Layout(None);
    let helper = sandbox.read("pika/helper/Cargo.toml");
    let types = format!("{helper}[lib]\ncrate-type = [\"rlib\", \"staticlib\", \"cdylib\"]\n");
    sandbox.write("pika/helper/Cargo.toml", &types);
    plain.compiles(&sandbox, "pika", &["build", "--release", "-p", "helper"]);
    plain.compiles(&sandbox, "pika", &["build"]);
    assert!(sandbox.exists("pika/target/release/libhelper.a"));
    gc(&sandbox, "pika", &["--profile", "release"]);
    for name in [
        "libhelper.a",
        "libhelper.so",
        "libhelper.rlib",
        "libhelper.d",
    ] {
        assert!(
            !sandbox.exists(&format!("pika/target/release/{name}")),
            "{name}"
        );
    }
    assert_eq!(plain.compiles(&sandbox, "pika", &["build"]), [""; 0]);
    assert_eq!(plain.output(&sandbox, "pika"), OUTPUT);
}

/// Programs lie apart from the units that they were linked from.
#[test]
fn what_runs_is_kept_if_it_lies_in_another_folder() {
    let sandbox = Sandbox::new();
    let build = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{out}/said\"), \"said\").unwrap();\n}\n";
    let main = "fn main() {\n    let read = || std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/said\")).unwrap();\n    \
         read();\n    std::io::stdin().read_line(&mut String::new()).unwrap();\n    read();\n}\n";
    for name in ["app", "stays"] {
        sandbox.package(&format!("pika/{name}"), name, "");
        sandbox.write(&format!("pika/{name}/build.rs"), build);
        sandbox.write(&format!("pika/{name}/src/main.rs"), main);
    }
    let members = |members: &str| {
        let text = format!("[workspace]\nresolver = \"2\"\nmembers = [{members}]\n");
        sandbox.write("pika/Cargo.toml", &text);
    };
    members("\"app\", \"stays\"");
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"made\"\nbuild-dir = \"units\"\n",
    );
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    let program = sandbox.path("pika/made/debug/app");
    let runs = || {
        let output = Command::new(&program)
            .stdin(std::process::Stdio::null())
            .output();
        output.expect("it starts").status.success()
    };
    let units = sandbox.path("pika/units");

    // A running program keeps all units that it was linked from.
    let mut running = Command::new(&program)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let before = du(&units);
    sandbox.run("pika", &["gc", "--older-than", "0s", "--yes"]);
    assert_eq!(du(&units), before);
    drop(running.stdin.take());
    assert!(running.wait().expect("it ends").success());

    // One that no build makes any more finds what it looks for.
    members("\"stays\"");
    std::fs::remove_dir_all(sandbox.path("pika/app")).expect("removed");
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.run("pika", &["gc", "--yes"]).code(0);
    assert!(runs());
    std::fs::remove_file(&program).expect("removed");
    let answer = sandbox.json("pika", &["gc", "--yes"]);
    assert_eq!(packages(&answer), ["app"]);
    assert_eq!(plain.compiles(&sandbox, "pika", &["build"]), [""; 0]);
}
