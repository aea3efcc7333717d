//! Several at once, and those that do not come to an end.

use super::*;

/// Two harvests of two target folders, and one that warms meanwhile.
#[test]
fn two_at_once() {
    let sandbox = start();
    copy_all(&sandbox.path("pika"), &sandbox.path("other"));
    sandbox.git("", &["clone", "-q", "../origin", "meanwhile"]);
    let start = |folder: &str, args: &[&str]| {
        let mut program = sandbox.program(folder, args);
        program.arg("--quiet").spawn().expect("our program")
    };
    let all = [
        start("pika", &["store", "harvest", "--yes"]),
        start("other", &["store", "harvest", "--yes"]),
        start("meanwhile", &["warm", "--yes"]),
    ];
    for mut one in all {
        assert!(one.wait().expect("our program").success());
    }
    // It is right, however many units it got that were there already.
    assert_eq!(build(&sandbox, "meanwhile").1, OUTPUT);
    assert_eq!(stored(&sandbox).len(), UNITS);
    fresh(&sandbox, "fresh");
    assert_eq!(warm(&sandbox, "fresh"), UNITS);
    assert_builds(&sandbox, "fresh", &["app"]);
}

/// Killed after each of its units: what is there is whole, and the next one brings the rest.
#[test]
fn a_harvest_that_is_killed() {
    if crate::amount::without_longest() {
        return;
    }
    for nth in 1..=UNITS {
        let sandbox = start();
        let mut program = sandbox.program("pika", &["store", "harvest", "--yes"]);
        let mut child = program
            .env(
                "CARGO_SHAREDTARGET_TEST_PAUSE_AT",
                format!("harvested#{nth}"),
            )
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("our program");
        let said = child.stderr.take().expect("its standard error");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(said));
        assert!(lines.any(|line| line.expect("text") == "paused at harvested"));
        child.kill().expect("killed");
        child.wait().expect("gone");
        copy_all(&sandbox.path("pika"), &sandbox.outside("pika"));
        assert_eq!(stored(&sandbox).len(), nth);
        fresh(&sandbox, "fresh");
        assert_eq!(warm(&sandbox, "fresh"), nth);
        assert_eq!(build(&sandbox, "fresh").1, OUTPUT);
        copy_all(&sandbox.outside("pika"), &sandbox.path("pika"));
        harvest(&sandbox, "pika").code(0);
        fresh(&sandbox, "again");
        assert_eq!(warm(&sandbox, "again"), UNITS);
        assert_builds(&sandbox, "again", &["app"]);
    }
}
