//! Providers that lie, fail, stall or talk nonsense: a rebuild and one line, and never another's file or a wrong build.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use cargo_sharedtarget::fs::model::StoredFile;
use cargo_sharedtarget::store::model::{Offered, Offers, STORE_VERSION, Stays, Take};
use cargo_sharedtarget::store::unit_key;

use super::*;

/// A clone in which nothing was built, an empty store, and a provider's units of the same packages.
struct Stage {
    sandbox: Sandbox,
    offers: Offers,
}

impl Stage {
    fn new() -> Self {
        let sandbox = start();
        harvest(&sandbox, "pika").code(0);
        let units = stored(&sandbox).into_iter().map(|(_, unit)| unit);
        let mut units: Vec<StoredUnit> = units.collect();
        let theirs = sandbox.outside("theirs");
        fs::create_dir(&theirs).expect("a folder");
        for file in units.iter_mut().flat_map(|unit| &mut unit.files) {
            let at = theirs.join(&file.hash);
            if !at.exists() {
                copy_all(&object(&sandbox, &file.hash), &at);
            }
            file.at = Some(at);
        }
        fs::remove_dir_all(sandbox.outside("store")).expect("removed");
        fresh(&sandbox, "fresh");
        fs::write(sandbox.outside("precious"), "precious").expect("a file");
        let offers = Offers {
            version: STORE_VERSION,
            units: units
                .into_iter()
                .map(|unit| Offered {
                    stays: Stays::Kept,
                    take: Take::Link,
                    unit,
                })
                .collect(),
        };
        Self { sandbox, offers }
    }

    /// The unit that is the library of `leaf`.
    fn leaf(&mut self) -> &mut StoredUnit {
        let mut units = self.offers.units.iter_mut();
        let found = units.find(|offered| offered.unit.package.name == "leaf");
        &mut found.expect("leaf").unit
    }

    /// Its file whose path ends so.
    fn file(&mut self, end: &str) -> &mut StoredFile {
        let mut files = self.leaf().files.iter_mut();
        files.find(|file| file.path.ends_with(end)).expect(end)
    }

    /// Signs the changed description of `leaf` with a new key, and makes its dependents depend on that key.
    fn sign(&mut self) {
        let leaf = self.leaf();
        let old = std::mem::take(&mut leaf.key);
        leaf.key = unit_key(leaf);
        let new = leaf.key.clone();
        for Offered { unit, .. } in &mut self.offers.units {
            if unit.dependencies.contains(&old) {
                unit.dependencies.retain(|key| *key != old);
                unit.dependencies.push(new.clone());
                unit.dependencies.sort();
                unit.key = unit_key(unit);
            }
        }
    }

    /// A provider that does this after it has read what it is asked. In `$answer` is what it has.
    fn provider(&self, does: &str) -> PathBuf {
        let answer = self.sandbox.outside("answer");
        let json = serde_json::to_string(&self.offers).expect("JSON");
        fs::write(&answer, json + "\n").expect("an answer");
        let theirs = self.sandbox.outside("theirs");
        let program = self.sandbox.outside("wicked");
        let text = format!(
            "#!/bin/sh\nanswer='{}'\ntheirs='{}'\nread -r asked\n{does}\n",
            answer.display(),
            theirs.display()
        );
        fs::write(&program, text).expect("a script");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        program
    }

    /// Warms with a provider that does this. One line names it, and says why it was of no use; what is built is right
    /// all the same, and compiles these besides the workspace's own.
    #[track_caller]
    fn assert_costs(&self, does: &str, why: &str, compiles: &[&str]) {
        let program = self.provider(does);
        self.assert_costs_with(&program, why, compiles);
    }

    #[track_caller]
    fn assert_costs_with(&self, program: &Path, why: &str, compiles: &[&str]) {
        let sandbox = &self.sandbox;
        let line = format!("before = ['{}']", program.display());
        settings(sandbox, &line);
        let outside = || {
            let mut tree = sandbox.tree("");
            tree.retain(|path, _| !path.starts_with("fresh/target"));
            tree
        };
        let (before, passwd) = (outside(), fs::read("/etc/passwd").expect("a file"));
        let run = sandbox.run("fresh", &["warm", "--yes"]).code(0);
        let lines = run.said();
        let name = program.display().to_string();
        let lines: Vec<&str> = lines.lines().filter(|line| line.contains(&name)).collect();
        assert_eq!(lines.len(), 1, "{run:?}");
        assert!(lines[0].contains(why), "no `{why}` in {lines:?}");
        assert!(outside() == before, "something outside was touched");
        assert_eq!(fs::read("/etc/passwd").expect("a file"), passwd);
        let precious = fs::read(sandbox.outside("precious")).expect("a file");
        assert_eq!(precious, b"precious");
        let mut names = vec!["app"];
        names.extend(compiles);
        assert_builds(sandbox, "fresh", &names);
    }
}

const ALL: [&str; 4] = ["leaf", "macs", "made", "top"];

const ANSWERS: &str = "cat \"$answer\"; cat >/dev/null";

/// With nothing wrong, there is nothing to say: so what these tests change is what is wrong.
#[test]
fn one_that_does_as_it_should() {
    let stage = Stage::new();
    let program = stage.provider(ANSWERS);
    let line = format!("before = ['{}']", program.display());
    settings(&stage.sandbox, &line);
    let run = stage.sandbox.run("fresh", &["onboard", "--yes"]).code(0);
    assert!(!run.said().contains("wicked"), "{run:?}");
    assert_builds(&stage.sandbox, "fresh", &["app"]);
}

/// A preview asks it, and makes nothing.
#[test]
fn a_preview_makes_no_store() {
    let stage = Stage::new();
    let program = stage.provider(ANSWERS);
    let line = format!("before = ['{}']", program.display());
    settings(&stage.sandbox, &line);
    let before = stage.sandbox.tree("");
    let run = stage.sandbox.run("fresh", &["warm", "-n"]).code(0);
    run.says("Warm 1 target folder");
    assert!(stage.sandbox.tree("") == before);
    assert!(!stage.sandbox.outside("store").exists());
}

/// A file that is not what the description says is as good as none; whatever does not need it is taken.
#[test]
fn files_that_are_something_else() {
    const WRONG: &str = "has unexpected content";
    let mut stage = Stage::new();
    // The text that Cargo notes is no part of the key, so the key is right all the same.
    stage.file("lib-leaf").hash = "0".repeat(64);
    stage.assert_costs(ANSWERS, WRONG, &["leaf", "top"]);

    let mut stage = Stage::new();
    stage.file(".rlib").hash = "0".repeat(64);
    stage.sign();
    stage.assert_costs(ANSWERS, WRONG, &["leaf", "top"]);

    // The same length, and the same time.
    let mut stage = Stage::new();
    let at = stage.file(".rlib").at.clone().expect("a place");
    let modified = fs::metadata(&at).and_then(|metadata| metadata.modified());
    let mut content = fs::read(&at).expect("a file");
    content[100] ^= 1;
    fs::write(&at, content).expect("written");
    let file = fs::File::options().write(true).open(&at).expect("a file");
    file.set_modified(modified.expect("a time"))
        .expect("a time");
    stage.assert_costs(ANSWERS, WRONG, &["leaf", "top"]);

    let mut stage = Stage::new();
    stage.file(".rlib").length += 1;
    stage.assert_costs(ANSWERS, WRONG, &["leaf", "top"]);
}

/// No file comes to lie where another's lies, or outside.
#[test]
fn paths_that_lead_elsewhere() {
    for path in [
        "debug/deps/../../../../precious",
        "/tmp/precious",
        "debug/./deps/x",
        "debug/deps/libother-0123456789abcdef.rlib",
    ] {
        let mut stage = Stage::new();
        stage.file(".rlib").path = path.into();
        stage.sign();
        stage.assert_costs(ANSWERS, "is not one of its files", &ALL);
    }
    let mut stage = Stage::new();
    stage
        .leaf()
        .folders
        .push("debug/.fingerprint/../../..".into());
    stage.assert_costs(ANSWERS, "is not one of its folders", &ALL);
}

/// A link may lead to anything by the time that it is followed.
#[test]
fn files_that_are_links() {
    let mut stage = Stage::new();
    let at = stage.file(".rlib").at.clone().expect("a place");
    let moved = stage.sandbox.outside("moved");
    fs::rename(&at, &moved).expect("moved");
    std::os::unix::fs::symlink(&moved, &at).expect("a link");
    stage.assert_costs(ANSWERS, "expected a file", &["leaf", "top"]);
}

/// With the right hash and the right time, beside the files that a unit needs: a file of the system's never gets a
/// hard link, through which it might be written to one day.
#[test]
fn a_file_of_the_system() {
    let passwd = fs::metadata("/etc/passwd").expect("a file");
    let content = fs::read("/etc/passwd").expect("a file");
    let mut stage = Stage::new();
    let leaf = stage.leaf();
    let path = format!("debug/deps/libmore-{}.rmeta", leaf.hash);
    leaf.files.push(StoredFile {
        path: path.clone(),
        hash: blake3::hash(&content).to_hex().to_string(),
        length: passwd.len(),
        modified: passwd.mtime() * 1_000_000_000 + passwd.mtime_nsec(),
        executable: false,
        at: Some("/etc/passwd".into()),
    });
    stage.sign();
    let program = stage.provider(ANSWERS);
    let line = format!("before = ['{}']", program.display());
    settings(&stage.sandbox, &line);
    stage.sandbox.run("fresh", &["warm", "--yes"]).code(0);
    if let Ok(taken) = fs::symlink_metadata(stage.sandbox.path(&format!("fresh/target/{path}"))) {
        assert!((taken.dev(), taken.ino()) != (passwd.dev(), passwd.ino()));
    }
    let after = fs::metadata("/etc/passwd").expect("a file");
    assert_eq!(
        (after.nlink(), after.mode()),
        (passwd.nlink(), passwd.mode())
    );
    assert_eq!(fs::read("/etc/passwd").expect("a file"), content);
    assert_eq!(build(&stage.sandbox, "fresh").1, OUTPUT);
}

/// Descriptions that are false as a whole.
#[test]
fn descriptions_that_are_wrong() {
    let mut stage = Stage::new();
    stage.leaf().features.push("more".into());
    stage.assert_costs(ANSWERS, "its key does not match its description", &ALL);

    // Of another compiler, with a key that is right for that.
    let mut stage = Stage::new();
    stage.leaf().circumstances = "0".repeat(64);
    stage.sign();
    stage.assert_costs(ANSWERS, "another environment", &ALL);

    let mut stage = Stage::new();
    stage.offers.version = 2;
    stage.assert_costs(ANSWERS, "version 2", &ALL);
}

/// One that does anything but answer.
#[test]
fn nonsense() {
    if crate::amount::without_longest() {
        return;
    }
    let stage = Stage::new();
    let ways = [
        ("yes", "not as expected"),
        ("yes | tr -d '\\n'", ""),
        ("exit 1", "exit status: 1"),
        ("echo no luck >&2; exit 1", "no luck"),
        ("printf '{'", "not as expected"),
        ("echo '<html>'", "not as expected"),
        ("exec >&-; cat >/dev/null", "not as expected"),
        ("kill -9 $$", "signal: 9"),
    ];
    for (does, why) in ways {
        stage.assert_costs(does, why, &ALL);
        fs::remove_dir_all(stage.sandbox.path("fresh/target")).expect("removed");
    }
    stage.assert_costs_with(Path::new("/no/such/program"), "failed to run", &ALL);
    fs::remove_dir_all(stage.sandbox.path("fresh/target")).expect("removed");
    let program = stage.provider(ANSWERS);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).expect("no program");
    stage.assert_costs_with(&program, "failed to run", &ALL);
}

/// A provider that hangs is not waited for long, nor are the processes that it has started.
#[test]
fn one_that_hangs() {
    if crate::amount::without_longest() {
        return;
    }
    let stage = Stage::new();
    let begun = std::time::Instant::now();
    stage.assert_costs(
        "sleep 600 & sleep 600",
        "did not answer within 10 seconds",
        &ALL,
    );
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// The output of a provider that fails afterwards is examined like any other: it is taken, or nothing is.
#[test]
fn one_that_fails_in_the_end() {
    let stage = Stage::new();
    let program = stage.provider("cat \"$answer\"; exit 1");
    let line = format!("before = ['{}']", program.display());
    settings(&stage.sandbox, &line);
    stage.sandbox.run("fresh", &["warm", "--yes"]).code(0);
    let (names, output) = build(&stage.sandbox, "fresh");
    assert_eq!(output, OUTPUT);
    assert!(
        names.len() == 1 || names.len() == 1 + ALL.len(),
        "{names:?}"
    );
}

/// Its files go while they are copied.
#[test]
fn one_that_dies_too_early() {
    let mut stage = Stage::new();
    for offered in &mut stage.offers.units {
        (offered.stays, offered.take) = (Stays::UntilExit, Take::Copy);
    }
    let does = "rm -f \"$theirs\"/*[0-7]; cat \"$answer\"";
    let program = stage.provider(does);
    let line = format!("before = ['{}']", program.display());
    settings(&stage.sandbox, &line);
    let run = stage.sandbox.run("fresh", &["warm", "--yes"]).code(0);
    run.says("wicked");
    assert_eq!(build(&stage.sandbox, "fresh").1, OUTPUT);
    fs::remove_dir_all(stage.sandbox.path("fresh/target")).expect("removed");
    stage.provider("cat \"$answer\"; rm -rf \"$theirs\"");
    stage.sandbox.run("fresh", &["warm", "--yes"]).code(0);
    assert_builds_right(&stage.sandbox);
}

#[track_caller]
fn assert_builds_right(sandbox: &Sandbox) {
    assert_eq!(build(sandbox, "fresh").1, OUTPUT);
    assert_eq!(build(sandbox, "fresh").0, Vec::<String>::new());
}

/// Others could have written what is in it: nothing of it is used, and nothing is put there.
#[test]
fn a_store_that_others_can_write_to_is_refused() {
    let sandbox = start();
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    let store = sandbox.outside("store");
    fs::create_dir(&store).expect("a folder");
    set(&store, 0o777);
    let run = harvest(&sandbox, "pika").code(1);
    run.says("every user may write to");
    assert_eq!(fs::read_dir(&store).expect("a folder").count(), 0);
    set(&store, 0o755);
    harvest(&sandbox, "pika").code(0);
    fresh(&sandbox, "fresh");
    for part in ["store", "store/units", "store/objects"] {
        let part = sandbox.outside(part);
        set(&part, 0o777);
        let answer = sandbox.json("fresh", &["warm", "--yes"]);
        let said = answer.to_string();
        assert!(said.contains("every user may write to"), "{said}");
        assert_eq!(answer["plan"]["actions"].as_array().map(Vec::len), Some(0));
        let run = sandbox.run("fresh", &["store", "status"]).code(0);
        run.says("chmod -R go-w");
        set(&part, 0o755);
    }
    assert!(warm(&sandbox, "fresh") > 0);
}
