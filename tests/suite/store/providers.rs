//! Other programs that keep units: the two examples, which do all that there is to do.

use super::*;

/// Has one of the examples keep what `pika` has built, forgets everything else, and warms from it.
#[track_caller]
fn round(program: &[&str]) -> Sandbox {
    let mut sandbox = start();
    sandbox.env("PROVIDER_DIR", sandbox.outside("provider"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers");
    let quoted = |ask: &str| {
        let (last, first) = program.split_last().expect("a program");
        let mut words: Vec<String> = first.iter().map(|word| format!("'{word}'")).collect();
        words.push(format!("'{}'", file.join(last).display()));
        format!("[{}, '{ask}']", words.join(", "))
    };
    settings(&sandbox, &format!("after = {}", quoted("after")));
    let run = harvest(&sandbox, "pika").code(0);
    let run = run.says(&format!("kept {UNITS} units"));
    run.says(&format!("of {UNITS} units"));
    forget(&sandbox);
    settings(&sandbox, &format!("before = {}", quoted("before")));
    let run = sandbox.run("fresh", &["warm", "--yes"]).code(0);
    run.says(&format!("with {UNITS} units"));
    assert_builds(&sandbox, "fresh", &["app"]);
    sandbox
}

/// Nothing is left of the store or of what was built.
fn forget(sandbox: &Sandbox) {
    fs::remove_dir_all(sandbox.outside("store")).expect("removed");
    fresh(sandbox, "fresh");
}

#[test]
fn in_shell() {
    let sandbox = round(&["sh", "provider.sh"]);
    // The provider's files did not change, whatever happened to their hard links.
    let objects = walkdir::WalkDir::new(sandbox.outside("provider/objects"));
    for entry in objects {
        let entry = entry.expect("a readable folder");
        if entry.file_type().is_file() {
            let content = fs::read(entry.path()).expect("a file");
            let hash = blake3::hash(&content).to_hex().to_string();
            assert_eq!(entry.file_name().to_str(), Some(hash.as_str()));
        }
    }
}

#[test]
fn in_python() {
    let there = std::process::Command::new("python3").arg("-V").output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    round(&["python3", "provider.py"]);
}

/// The store's files have become hard links to the provider's, so that both take the space of one.
#[test]
fn what_a_provider_has_is_not_there_twice() {
    use std::os::unix::fs::MetadataExt as _;
    let mut sandbox = start();
    sandbox.env("PROVIDER_DIR", sandbox.outside("provider"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers/provider.sh");
    let line = format!("after = ['sh', '{}', 'after']", file.display());
    settings(&sandbox, &line);
    harvest(&sandbox, "pika").code(0).says("it now shares");
    let mut shared = 0;
    for (_, unit) in stored(&sandbox) {
        for file in unit
            .files
            .iter()
            .filter(|file| file.path.ends_with(".rlib"))
        {
            let theirs = sandbox.outside("provider/objects").join(&file.hash);
            let inode = |path: &Path| fs::metadata(path).expect("there").ino();
            assert_eq!(inode(&object(&sandbox, &file.hash)), inode(&theirs));
            shared += 1;
        }
    }
    assert_eq!(shared, 3);
}

/// A provider that fails to do its task costs one line: the units in the store are kept.
#[test]
fn told_in_vain() {
    let ways = [
        ("cat >/dev/null; echo no luck >&2; exit 3", "no luck"),
        (
            "cat >/dev/null; echo '{\"version\":1}'; exit 3",
            "exit status: 3",
        ),
        ("echo rubbish", "not as expected"),
        ("echo '{\"version\":2}'", "version 2"),
        ("exit 1", "exit status: 1"),
    ];
    for (way, why) in ways {
        let sandbox = start();
        let line = format!("after = ['sh', '-c', '''{way}''']");
        settings(&sandbox, &line);
        let run = harvest(&sandbox, "pika").code(1);
        let lines = run.stdout.lines();
        let told: Vec<&str> = lines.filter(|line| line.starts_with("skipped")).collect();
        assert!(told.len() == 1 && told[0].contains(why), "{way}: {run:?}");
        assert_eq!(stored(&sandbox).len(), UNITS, "{way}");
        fresh(&sandbox, "fresh");
        assert_eq!(warm(&sandbox, "fresh"), UNITS, "{way}");
    }
}

/// Files that a provider claims to have as well are compared: another content, another's file or a link changes
/// nothing.
#[test]
fn what_is_not_the_same_is_not_linked() {
    let sandbox = start();
    let other = sandbox.outside("other");
    fs::write(&other, "other").expect("a file");
    let provider = format!(
        "read -r told; printf '{{\"version\":1,\"relocated\":['; echo \"$told\" | tr ',' '\\n' | \
         sed -n 's|.*\"at\":\"\\([^\"]*\\)\".*|{{\"from\":\"\\1\",\"to\":\"{}\"}},|p' | tr -d '\\n'; \
         echo '{{\"from\":\"/etc/passwd\",\"to\":\"{}\"}}]}}'",
        other.display(),
        other.display()
    );
    let file = sandbox.outside("provider");
    fs::write(&file, provider).expect("a file");
    settings(&sandbox, &format!("after = ['sh', '{}']", file.display()));
    harvest(&sandbox, "pika").code(0);
    for (_, unit) in stored(&sandbox) {
        for file in &unit.files {
            let content = fs::read(object(&sandbox, &file.hash)).expect("an object");
            assert_eq!(blake3::hash(&content).to_hex().as_str(), file.hash);
        }
    }
    fresh(&sandbox, "fresh");
    assert_eq!(warm(&sandbox, "fresh"), UNITS);
    assert_builds(&sandbox, "fresh", &["app"]);
}
