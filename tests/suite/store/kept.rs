//! Units that are kept, and units that are not, because their inputs could not be told later.

use super::*;

/// A repository `pika` with one package of a registry, built.
fn with(registry: &Registry, sandbox: &Sandbox, says: &str, files: &[(&str, &str)]) {
    let run = script(says, "pub const MADE: &str = \"made\";");
    let mut all = vec![("build.rs", run.as_str()), ("src/lib.rs", MADE)];
    all.extend(files);
    registry.publish(("made", "1.0.0"), &[], "", &all);
    app(sandbox, "pika", "made = \"1\"", "made::MADE");
    build(sandbox, "pika");
    publish_repository(sandbox, "pika");
}

/// How many units are kept, and the packages of those that are not, each with its reason.
fn plan(sandbox: &Sandbox) -> (usize, Vec<(String, String)>) {
    let answer = sandbox.json("pika", &["store", "harvest", "--yes"]);
    let action = match answer["plan"]["actions"]
        .as_array()
        .and_then(|all| all.first())
    {
        Some(action) => action,
        None => &answer["plan"]["kept"][0]["reason"],
    };
    let left = action["left"].as_array().expect("a list");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let left = left
        .iter()
        .map(|unit| (text(&unit["package"]), unit.to_string()))
        .collect();
    (stored(sandbox).len(), left)
}

#[track_caller]
fn assert_left(left: &[(String, String)], package: &str, why: &str) {
    let found = left
        .iter()
        .any(|(name, reason)| name == package && reason.contains(why));
    assert!(found, "no `{why}` for {package} in {left:?}");
}

const NOTHING: &str = "cargo::rerun-if-changed=build.rs";

/// A unit that was built with a local package belongs to that package.
#[test]
fn what_depends_on_a_local_package() {
    let (sandbox, registry) = alone();
    registry.publish(("low", "1.0.0"), &[], "", &[("src/lib.rs", "")]);
    let text = "pub const MADE: &str = \"made\";\n";
    registry.publish(("over", "1.0.0"), &["low"], "", &[("src/lib.rs", text)]);
    let on = "over = \"1\"\n[patch.crates-io]\nlow = { path = \"low\" }";
    app(&sandbox, "pika", on, "over::MADE");
    let manifest = "[package]\nname = \"low\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    sandbox.write("pika/low/Cargo.toml", manifest);
    sandbox.write("pika/low/src/lib.rs", "");
    build(&sandbox, "pika");
    publish_repository(&sandbox, "pika");
    let (units, left) = plan(&sandbox);
    assert_eq!(units, 0);
    assert_left(&left, "over", "depends_on");
}

/// A unit's input is unknown if a source has changed since Cargo unpacked it.
#[test]
fn what_was_built_of_changed_sources() {
    let (sandbox, registry) = alone();
    with(&registry, &sandbox, NOTHING, &[]);
    let sources = sandbox.outside("own/cargo-home/registry/src");
    let all = walkdir::WalkDir::new(sources).into_iter();
    let file = all
        .filter_map(Result::ok)
        .find(|entry| entry.path().ends_with("src/lib.rs"));
    let file = fs::File::options()
        .append(true)
        .open(file.expect("a source").path());
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    file.and_then(|file| file.set_modified(later))
        .expect("touched");
    let (units, left) = plan(&sandbox);
    assert_eq!(units, 0, "{left:?}");
    assert_left(&left, "made", "has changed since Cargo unpacked it");
}

/// A file that a script watches outside of its package is an input of its output.
#[test]
fn what_a_script_has_looked_at() {
    let (sandbox, registry) = alone();
    let outside = sandbox.outside("watched");
    fs::write(&outside, "one").expect("a file");
    let says = format!("cargo::rerun-if-changed={}", outside.display());
    with(&registry, &sandbox, &says, &[]);
    assert_eq!(plan(&sandbox).0, 3);
    fs::write(&outside, "two").expect("changed");
    fresh(&sandbox, "other");
    let run = sandbox.run("other", &["warm", "--yes"]).code(0);
    let run = run.says("which differs here");
    run.says("with 1 unit");
    assert_eq!(build(&sandbox, "other").0, ["app", "made"]);
    // Newer than what was made, but the same.
    fs::write(&outside, "one").expect("changed");
    fresh(&sandbox, "same");
    assert_eq!(warm(&sandbox, "same"), 3);
    assert_eq!(
        build(&sandbox, "same"),
        (vec!["app".into()], "made; hello\n".into())
    );
    assert_eq!(build(&sandbox, "same").0, Vec::<String>::new());
    fs::remove_file(&outside).expect("removed");
    fresh(&sandbox, "gone");
    assert_eq!(warm(&sandbox, "gone"), 1);
}

/// If that file has changed since the script ran, it is unknown what the script saw.
#[test]
fn what_has_changed_since_a_script_looked() {
    let (sandbox, registry) = alone();
    let outside = sandbox.outside("watched");
    fs::write(&outside, "one").expect("a file");
    let says = format!("cargo::rerun-if-changed={}", outside.display());
    with(&registry, &sandbox, &says, &[]);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let file = fs::File::options().append(true).open(&outside);
    file.and_then(|file| file.set_modified(later))
        .expect("touched");
    let (units, left) = plan(&sandbox);
    assert_eq!(units, 1, "the script itself");
    assert_left(&left, "made", "has changed since it was inspected");
}

/// A library that is not found cannot be compared.
#[test]
fn a_library_that_is_not_here() {
    let (sandbox, registry) = alone();
    let says = "cargo::rustc-link-lib=dylib=nowhere-at-all";
    let run = script(says, "pub const MADE: &str = \"made\";");
    let files = [("build.rs", run.as_str()), ("src/lib.rs", MADE)];
    registry.publish(("made", "1.0.0"), &[], "", &files);
    app(&sandbox, "pika", "made = \"1\"", "made::MADE");
    // A library need not be found before a program is linked.
    sandbox.cargo("pika", &["check", "-v"]);
    publish_repository(&sandbox, "pika");
    let (units, left) = plan(&sandbox);
    assert_eq!(units, 1, "the script itself");
    assert_left(&left, "made", "which is missing here");
}

/// Units of another compiler are not described as this one's.
#[test]
fn what_another_compiler_has_made() {
    let (sandbox, registry) = alone();
    let real = sandbox.command("rustc", "", &["-vV"]).stdout;
    let other = real.replace("commit-date: 2", "commit-date: 1");
    let rustc = sandbox.outside("rustc");
    let text = format!(
        "#!/bin/sh\n[ \"$*\" != -vV ] || {{ printf '%s' '{other}'; exit; }}\nexec rustc \"$@\"\n"
    );
    fs::write(&rustc, text).expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&rustc, mode).expect("a program");
    let config = format!("[build]\nrustc = '{}'\n", rustc.display());
    sandbox.write("pika/.cargo/config.toml", &config);
    with(&registry, &sandbox, NOTHING, &[]);
    fs::remove_dir_all(sandbox.path("pika/.cargo")).expect("removed");
    let (units, left) = plan(&sandbox);
    assert_eq!(units, 0, "{left:?}");
    assert_left(&left, "made", "other_compiler");
}

/// Units for this very processor would not run on another one.
#[test]
fn what_is_made_for_this_processor() {
    let mut sandbox = start();
    sandbox.env("RUSTFLAGS", "-Ctarget-cpu=native");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    assert_eq!(build(&sandbox, "pika").1, OUTPUT);
    harvest(&sandbox, "pika").code(0);
    let kept = stored(&sandbox);
    assert!(
        kept.iter().all(|(_, unit)| unit.package.name != "top"),
        "{kept:?}"
    );
}

/// Files that the compiler has read besides the package count as well: the unit is taken only while they are the
/// same.
#[test]
fn what_the_compiler_has_read() {
    let (sandbox, registry) = alone();
    let outside = sandbox.outside("outside.txt");
    fs::write(&outside, "leaf").expect("a file");
    let path = outside.display().to_string();
    let text = format!("pub fn it() -> &'static str {{ include_str!(\"{path}\") }}\n");
    registry.publish(("top", "1.0.0"), &[], "", &[("src/lib.rs", &text)]);
    app(&sandbox, "pika", "top = \"1\"", "top::it()");
    assert_eq!(build(&sandbox, "pika").1, "leaf; hello\n");
    publish_repository(&sandbox, "pika");
    harvest(&sandbox, "pika").code(0);
    assert_eq!(stored(&sandbox).len(), 1);
    fresh(&sandbox, "same");
    assert_eq!(warm(&sandbox, "same"), 1);
    // Another one, and older than the unit: Cargo would not see that.
    fs::write(&outside, "twig").expect("a file");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(100_000);
    let file = fs::File::options()
        .write(true)
        .open(&outside)
        .expect("open");
    file.set_modified(old).expect("older");
    fresh(&sandbox, "other");
    sandbox
        .run("other", &["warm", "--yes"])
        .code(0)
        .says("differs here");
    assert_eq!(build(&sandbox, "other").1, "twig; hello\n");
}

/// Nothing comes to be from the future, where no change of today would be seen.
#[test]
fn what_is_from_the_future() {
    let (sandbox, registry) = alone();
    let outside = sandbox.outside("outside.txt");
    fs::write(&outside, "same").expect("a file");
    let watches = format!("cargo::rerun-if-changed={}", outside.display());
    let run = script(&watches, "pub const MADE: &str = \"made\";");
    let files = [("build.rs", run.as_str()), ("src/lib.rs", MADE)];
    registry.publish(("made", "1.0.0"), &[], "", &files);
    app(&sandbox, "pika", "made = \"1\"", "made::MADE");
    build(&sandbox, "pika");
    publish_repository(&sandbox, "pika");
    harvest(&sandbox, "pika").code(0);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1_000_000);
    let file = fs::File::options()
        .write(true)
        .open(&outside)
        .expect("open");
    file.set_modified(later).expect("newer");
    fresh(&sandbox, "other");
    sandbox
        .run("other", &["warm", "--yes"])
        .code(0)
        .says("in the future");
}

/// A package that was changed here is compiled as it is, though the store has it as it came.
#[test]
fn what_was_changed_here() {
    let (sandbox, registry) = alone();
    let text = "pub fn it() -> &'static str { \"leaf\" }\n";
    registry.publish(("top", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
    app(&sandbox, "pika", "top = \"1\"", "top::it()");
    build(&sandbox, "pika");
    publish_repository(&sandbox, "pika");
    harvest(&sandbox, "pika").code(0);
    let all = stored(&sandbox);
    assert_eq!(all.len(), 1);
    let source = all[0].1.sources.join("src/lib.rs");
    fs::write(&source, text.replace("leaf", "twig")).expect("changed");
    fresh(&sandbox, "other");
    sandbox
        .run("other", &["warm", "--yes"])
        .code(0)
        .says("has changed since Cargo unpacked it");
    assert_eq!(build(&sandbox, "other").1, "twig; hello\n");
}

/// Files that a full disk or a kill left in the store are counted, and deleted by the next harvest or clean.
#[test]
fn what_was_left_half_way_goes() {
    let sandbox = start();
    harvest(&sandbox, "pika");
    let (file, unit) = stored(&sandbox).into_iter().next().expect("a unit");
    let object = object(&sandbox, &unit.files[0].hash);
    let left = [
        object.with_file_name(".tmp-sharedtarget-Ab12Cd"),
        file.with_file_name(".tmp-sharedtarget-Ef34Gh"),
    ];
    let litter = || {
        for path in &left {
            std::fs::write(path, vec![1; 1 << 20]).expect("a file");
        }
    };
    let size = || {
        let answer = sandbox.json("", &["store", "status"]);
        let contents = answer.to_string();
        let at = contents.find("\"on_disk\":").expect("a size");
        let digits = contents[at + 10..].split(|c: char| !c.is_ascii_digit());
        let size = digits.into_iter().next().expect("digits").parse::<u64>();
        size.expect("a number")
    };
    let before = size();
    litter();
    assert!(size() >= before + (2 << 20), "it is counted");
    sandbox
        .run("", &["store", "clean", "--max-size", "1TB", "--yes"])
        .code(0);
    assert!(left.iter().all(|path| !path.exists()), "clean removes it");
    assert_eq!(size(), before);

    litter();
    harvest(&sandbox, "pika");
    assert!(left.iter().all(|path| !path.exists()), "harvest removes it");
}
