//! `--unused-since`, as a CI job uses it: restore a cache, note the begin, build, delete what was not used.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use super::*;

/// An application whose features ask for a package each, and whose tests need one more.
fn featured() -> Sandbox {
    let sandbox = start();
    sandbox.write(
        "pika/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n[features]\n\
         a = [\"dep:extra\"]\nb = [\"dep:scripted\"]\n[dependencies]\nhelper = { path = \"helper\" }\nleaf = \"1\"\n\
         extra = { version = \"1\", optional = true }\nscripted = { version = \"1\", optional = true }\n",
    );
    sandbox.write(
        "pika/src/main.rs",
        "fn main() {\n    print!(\"{} {}\", leaf::it(), helper::it());\n    #[cfg(feature = \"a\")] print!(\" {}\", extra::it());\n    \
         #[cfg(feature = \"b\")] print!(\" {}\", scripted::it());\n    println!();\n}\n",
    );
    sandbox.commit_all("pika");
    sandbox
}

/// Makes everything look as a later job finds it: built a while ago, and the target folder unpacked from an archive.
fn restore(sandbox: &Sandbox) {
    save(sandbox);
    load(sandbox);
}

/// Puts the target folder into an archive, once it was built a while ago.
fn save(sandbox: &Sandbox) {
    // The coarsest clock of a filesystem counts in two seconds, and a begin may be given in whole ones.
    wait(3100);
    tar(sandbox, &["--posix", "-cf", "../cache.tar", "target"]);
}

/// Unpacks the archive in the place of the target folder.
fn load(sandbox: &Sandbox) {
    std::fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    tar(sandbox, &["-xf", "../cache.tar"]);
}

fn wait(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds));
}

/// The entries of the target folder. None is read: that would look like a use.
fn listed(sandbox: &Sandbox) -> BTreeSet<PathBuf> {
    let all = walkdir::WalkDir::new(sandbox.path("pika/target")).into_iter();
    all.map(|entry| entry.expect("an entry").into_path())
        .collect()
}

fn tar(sandbox: &Sandbox, args: &[&str]) {
    sandbox.command("tar", "pika", args).code(0);
}

/// Notes the begin of a job.
fn begin(sandbox: &Sandbox) {
    sandbox.write("begin", "");
    wait(50);
}

const SINCE: [&str; 2] = ["--unused-since", "@../begin"];

/// Whether the filesystem of a sandbox writes down what is read; says so if not.
fn notes_reads(sandbox: &Sandbox) -> bool {
    let path = sandbox.path("probe");
    let accessed = || std::fs::metadata(&path).and_then(|metadata| metadata.accessed());
    sandbox.write("probe", "x");
    let before = accessed().expect("a time");
    wait(50);
    std::fs::read(&path).expect("read");
    let noted = accessed().expect("a time") > before;
    if !noted {
        eprintln!("skipped: this filesystem does not write down what is read");
    }
    noted
}

/// The texts of why folders stay.
fn doubts(answer: &Value) -> String {
    let kept = answer["plan"]["kept"].as_array().expect("kept").iter();
    let doubts = kept.map(|kept| kept["reason"]["doubts"].to_string());
    doubts.collect()
}

/// The units that one job built and the next one did not use go, and nothing else.
#[test]
fn what_a_job_did_not_use_goes() {
    let sandbox = featured();
    if !notes_reads(&sandbox) {
        return;
    }
    for layout in Layout::all(&sandbox) {
        let _ = std::fs::remove_dir_all(sandbox.path("pika/target"));
        layout.compiles(&sandbox, "pika", &["build", "--features", "a"]);
        layout.compiles(&sandbox, "pika", &["build", "--features", "b"]);
        restore(&sandbox);
        begin(&sandbox);
        let b = ["build", "--features", "b"];
        assert_eq!(layout.compiles(&sandbox, "pika", &b), [""; 0]);
        let before = listed(&sandbox);
        let preview = [&["gc", "-n"][..], &SINCE].concat();
        sandbox
            .run("pika", &preview)
            .code(0)
            .says("not used since START");
        assert_eq!(listed(&sandbox), before, "a preview changes nothing");
        // Nor does it count as a use.
        let answer = gc(&sandbox, "pika", &SINCE);
        let expected = [("app", "unused"), ("extra", "unused")];
        let expected = expected.map(|(name, why)| (name.into(), why.into()));
        assert_eq!(gone(&answer), expected, "{answer:#}");
        let kept = &answer["plan"]["actions"][0]["kept"];
        let kept = kept.as_array().expect("kept").iter();
        for unit in kept {
            assert_eq!(unit["reason"], "used", "{unit}");
            assert_eq!(
                unit["source"]["source"]
                    .as_str()
                    .or(unit["source"].as_str()),
                Some("read")
            );
        }
        assert_eq!(layout.compiles(&sandbox, "pika", &b), [""; 0]);
        let again = gc(&sandbox, "pika", &SINCE);
        assert_eq!(gone(&again), [], "{again:#}");
        let a = ["build", "--features", "a"];
        assert_eq!(layout.compiles(&sandbox, "pika", &a), ["app", "extra"]);
    }
}

/// Units that the job compiled are kept like those that it found fresh, and each kind of command marks the units that
/// it needs.
#[test]
fn each_command_marks_what_it_needs() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = featured();
    if !notes_reads(&sandbox) {
        return;
    }
    let commands: [&[&str]; 5] = [
        &["test", "--no-run"],
        &["check", "--tests"],
        &["clippy"],
        &["doc"],
        &["build", "--release"],
    ];
    for layout in Layout::all(&sandbox) {
        let _ = std::fs::remove_dir_all(sandbox.path("pika/target"));
        for command in commands {
            layout.compiles(&sandbox, "pika", command);
        }
        save(&sandbox);
        for used in commands {
            load(&sandbox);
            begin(&sandbox);
            layout.compiles(&sandbox, "pika", used);
            let added = ["check", "--features", "b"];
            layout.compiles(&sandbox, "pika", &added);
            let answer = gc(&sandbox, "pika", &SINCE);
            assert!(!gone(&answer).is_empty(), "{used:?}: {answer:#}");
            for command in [used, &added] {
                let stale = layout.compiles(&sandbox, "pika", command);
                assert_eq!(stale, [""; 0], "after {used:?}");
            }
        }
    }
}

/// Each form of a moment means the same, and nothing else is one.
#[test]
fn the_begin_of_a_job_is_given_in_several_ways() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = featured();
    if !notes_reads(&sandbox) {
        return;
    }
    sandbox.cargo("pika", &["build", "--offline", "--features", "a"]);
    sandbox.cargo("pika", &["build", "--offline", "--features", "b"]);
    wait(3100);
    let date = |format: &str| sandbox.command("date", "", &["-u", format]).stdout;
    let too_early = date("+%s.%N");
    restore(&sandbox);
    begin(&sandbox);
    let (seconds, text) = (date("+%s"), date("+%Y-%m-%dT%H:%M:%SZ"));
    sandbox.cargo("pika", &["build", "--offline", "--features", "b"]);
    let asked = |since: &str| {
        let args = ["gc", "-n", "--unused-since", since];
        sandbox.json("pika", &args)
    };
    for since in ["@../begin", seconds.trim(), text.trim()] {
        assert_eq!(packages(&asked(since)), ["app", "extra"], "{since}");
    }
    for since in ["", "soon", "5 Nov", "1 month", "1764513626123"] {
        let run = sandbox.run("pika", &["gc", "--unused-since", since]);
        run.code(2).says("`date +%s`").says("`@FILE`");
    }
    let run = sandbox.run("pika", &["gc", "--unused-since", "@1764513626"]);
    run.code(101)
        .says("expected a file: `1764513626`")
        .says("without the `@`");
    assert_eq!(gone(&asked("1h")), [], "all was made since");
    let early = asked(too_early.trim());
    assert_eq!(gone(&early), [], "all was restored since: {early:#}");
    assert!(doubts(&early).contains("changed after START"), "{early:#}");
    let late = asked("2999-01-01T00:00:00Z");
    assert_eq!(gone(&late), [], "{late:#}");
    assert!(doubts(&late).contains("in the future"), "{late:#}");
    // A job that built nothing since.
    wait(3100);
    begin(&sandbox);
    let idle = asked("@../begin");
    assert_eq!(gone(&idle), [], "{idle:#}");
    assert!(doubts(&idle).contains("no build is known"), "{idle:#}");
}

/// If a program reads the cache between its restoration and the begin, the reads of builds are not written down: used
/// and unused units look alike.
#[test]
fn what_was_read_before_the_begin_stays() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = featured();
    if !notes_reads(&sandbox) {
        return;
    }
    sandbox.cargo("pika", &["build", "--offline", "--features", "a"]);
    sandbox.cargo("pika", &["build", "--offline", "--features", "b"]);
    restore(&sandbox);
    wait(50);
    sandbox
        .command("tar", "pika", &["-cf", "../copy.tar", "target"])
        .code(0);
    wait(3100);
    begin(&sandbox);
    sandbox.write("pika/src/main.rs", "fn main() {}\n");
    sandbox.cargo("pika", &["build", "--offline", "--features", "b"]);
    let answer = gc(&sandbox, "pika", &SINCE);
    assert_eq!(gone(&answer), [], "{answer:#}");
    assert!(doubts(&answer).contains("one read per day"), "{answer:#}");
}

/// A summary for the page of a job says the same as the other formats.
#[test]
fn a_summary_in_markdown() {
    let sandbox = featured();
    if !notes_reads(&sandbox) {
        return;
    }
    sandbox.cargo("pika", &["build", "--offline", "--features", "a"]);
    sandbox.cargo("pika", &["build", "--offline", "--features", "b"]);
    restore(&sandbox);
    let odd = sandbox.path("we|rd`_x");
    std::fs::rename(sandbox.path("pika"), &odd).expect("renamed");
    begin(&sandbox);
    sandbox.cargo("we|rd`_x", &["build", "--offline", "--features", "b"]);
    let args = |more: &[&'static str]| [&["gc", "--format", "markdown"], &SINCE[..], more].concat();
    let plan = sandbox.run("we|rd`_x", &args(&["-n"])).code(0).stdout;
    assert!(plan.contains("| to delete |"), "{plan}");
    let unsure = sandbox.run("we|rd`_x", &args(&[])).code(3).stdout;
    assert_eq!(unsure, plan);
    let run = sandbox.run(
        "",
        &[
            &args(&["--yes"])[..3],
            &["--unused-since", "@begin", "--yes", "we|rd`_x"],
        ]
        .concat(),
    );
    let said = run.code(0).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "### `cargo sharedtarget gc`");
    assert!(lines[2].starts_with("Freed **"), "{said}");
    assert_eq!(lines[4], "| Folder | What | Units | On disk | Why |");
    assert_eq!(lines[5], "| :-- | :-- | --: | --: | :-- |");
    let folder = "| we\\|rd\\`\\_x/target |";
    for line in &lines[6..] {
        assert!(line.starts_with(folder), "{said}");
    }
    let row = |what: &str| lines.iter().any(|line| line.contains(what));
    assert!(
        row("| deleted |") && row("| not used since START |"),
        "{said}"
    );
    assert!(
        row("| kept |") && row("| found fresh since START |"),
        "{said}"
    );
    for command in ["audit", "list"] {
        let run = sandbox.run("we|rd`_x", &[command, "--format", "markdown"]);
        let said = run.code(0).stdout;
        assert!(
            said.starts_with(&format!("### `cargo sharedtarget {command}`\n\n")),
            "{said}"
        );
        assert!(said.contains("| On disk |"), "{said}");
    }
}
