//! With few files that a process may have open, nothing is left out.

use crate::sandbox::{Run, Sandbox};

/// So many folders, each with a workspace and a target folder.
const FOLDERS: usize = 100;

fn forest() -> Sandbox {
    let sandbox = Sandbox::new();
    for at in 0..FOLDERS {
        let folder = format!("p{at}");
        sandbox.package(&folder, &folder, "hello");
        sandbox.target(&format!("{folder}/target"));
        for unit in 0..8 {
            let name = format!("debug/.fingerprint/dep-00000000000000{at:03x}{unit:x}");
            sandbox.write(
                &format!("{folder}/target/{name}/lib-dep"),
                "0123456789abcdef",
            );
            sandbox.write(
                &format!("{folder}/target/debug/build/s-{unit:016x}/out/a/b"),
                "made",
            );
        }
    }
    sandbox
}

/// The answer with many threads, and so many open files at most.
fn limited(sandbox: &Sandbox, args: &[&str], files: u32) -> Run {
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    let script = format!("ulimit -n {files} && exec '{program}' \"$@\"");
    let mut all = vec!["-c", &script, "sh"];
    all.extend(args);
    let mut command = sandbox.prepared("bash", "", &all);
    command.env("RAYON_NUM_THREADS", "64");
    Run::from(command.output().expect("bash"))
}

#[test]
fn nothing_is_left_out() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = forest();
    // In an audit, Cargo and the compiler are asked about each, and all threads wait for pipes.
    for (args, files) in [
        (&["list", "--format", "json"][..], 64),
        (&["clean", "--all", "-n", "--format", "json"], 64),
        (&["audit", "--format", "json"], 256),
    ] {
        let free = sandbox.run("", args).code(0);
        let run = limited(&sandbox, args, files).code(0);
        assert!(
            run.stdout == free.stdout,
            "{args:?} with {files} files: {}",
            run.stderr
        );
    }
    limited(&sandbox, &["clean", "--all", "--yes"], 64).code(0);
    let left = (0..FOLDERS).filter(|at| sandbox.exists(&format!("p{at}/target")));
    assert_eq!(left.count(), 0);
}
