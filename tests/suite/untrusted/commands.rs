//! Commands that are suggested, and that there is no way around what keeps the terminal safe.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_sharedtarget::text::is_unsafe;

use super::harmless;
use crate::sandbox::Sandbox;

/// A folder that runs something where a shell reads it in another way than as one word.
const TRAPS: [&str; 6] = [
    "$(touch ran)",
    "`touch ran`",
    "a'; touch ran; '",
    "a\"; touch ran; \"$(touch ran)",
    "a\n touch ran #\u{1b}'$(touch ran)\\",
    "-x & touch ran | touch ran > ran",
];

/// The commands that `doctor` offers to copy, run by each shell that is there.
#[test]
fn suggested_commands_are_safe_to_paste() {
    if crate::amount::without_longest() {
        return;
    }
    for trap in TRAPS {
        let sandbox = Sandbox::new();
        let (repository, tree) = (format!("repo {trap}"), format!("tree {trap}"));
        sandbox.package(&repository, "app", "hello");
        let at = sandbox.path("elsewhere").display().to_string();
        sandbox.write(
            &format!("{repository}/.cargo/config.toml"),
            &format!("[build]\ntarget-dir = \"{at}\"\n"),
        );
        sandbox.commit_all(&repository);
        let path = sandbox.path(&tree).display().to_string();
        sandbox.git(&repository, &["worktree", "add", "-q", "-b", "b", &path]);
        let run = sandbox.run("", &["doctor"]);
        harmless(trap, &run);
        let mends = run
            .stdout
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("fix: "));
        let commands: Vec<&str> = mends
            .filter(|line| line.starts_with("git ") || line.starts_with("cargo "))
            .collect();
        let ours = |command: &&&str| command.starts_with("cargo sharedtarget hook install ");
        let gits = |command: &&&str| command.contains(" rm --cached ");
        assert_eq!(commands.iter().filter(ours).count(), 1, "{}", run.stdout);
        assert!(
            commands.iter().any(|command| gits(&command)),
            "{}",
            run.stdout
        );
        // Programs in the place of git and Cargo print the arguments that they get, a word a line.
        sandbox.write("bin/git", "#!/bin/sh\nprintf '<%s>' \"$@\"\n");
        sandbox.write("bin/cargo", "#!/bin/sh\nprintf '<%s>' \"$@\"\n");
        for program in ["git", "cargo"] {
            executable(&sandbox.path(&format!("bin/{program}")));
        }
        for shell in ["sh", "bash", "dash", "zsh"] {
            for command in &commands {
                let mut program = Command::new(shell);
                program.args(["-c", command]).current_dir(sandbox.path(""));
                let path = std::env::var_os("PATH").unwrap_or_default();
                let mut all = vec![sandbox.path("bin")];
                all.extend(std::env::split_paths(&path));
                let Ok(output) = program
                    .env("PATH", std::env::join_paths(all).unwrap())
                    .output()
                else {
                    continue;
                };
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(output.status.success(), "{shell}: {command}: {output:?}");
                // Of a shell that does not know `$'…'` nothing but safety is asked.
                let whole = shell == "bash" || shell == "zsh" || !command.contains("$'");
                let at = sandbox.path(&repository).display().to_string();
                if whole && gits(&command) {
                    let meant = format!("<-C><{at}/.cargo><rm><--cached><config.toml>");
                    let other =
                        format!("<-C><{path}/.cargo>", path = sandbox.path(&tree).display());
                    assert!(
                        said.contains(&meant) || said.contains(&other),
                        "{shell}: {command}: {said}"
                    );
                }
                if whole && ours(&command) {
                    assert!(
                        said.ends_with(&format!("<install><{at}>")),
                        "{shell}: {command}: {said}"
                    );
                }
            }
        }
        let ran = walkdir::WalkDir::new(sandbox.path(""))
            .into_iter()
            .filter_map(Result::ok);
        let ran: Vec<_> = ran.filter(|entry| entry.file_name() == "ran").collect();
        assert!(ran.is_empty(), "{trap}: {ran:?}");
    }
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// A hook that does not find us says how to take it out; where its place cannot be shown, without naming it.
#[test]
fn the_hook_quotes_its_own_name() {
    let mut sandbox = Sandbox::new();
    for (trap, named) in TRAPS.iter().zip([true, true, true, true, false, true]) {
        // By a name with a line end in it, the hook does not find its repository, and is silent.
        let trap = trap.replace('\n', ";");
        let repository = format!("repo {trap}");
        sandbox.repository(&repository, &[]);
        sandbox
            .run(&repository, &["hook", "install", "--yes"])
            .code(0);
        let hook = sandbox.path(&format!("{repository}/.git/hooks/post-checkout"));
        // Where we were when it was written must not be there.
        let script = fs::read_to_string(&hook).unwrap();
        let script: Vec<&str> = script
            .lines()
            .filter(|line| !line.starts_with("st_installed="))
            .collect();
        fs::write(&hook, script.join("\n") + "\n").unwrap();
        let at = sandbox.path(&format!("tree {trap}")).display().to_string();
        sandbox.env("PATH", "/usr/bin:/bin");
        let run = sandbox.command(
            "git",
            &repository,
            &["worktree", "add", "-q", "-b", "b", &at],
        );
        let said = run.stderr.split("to take its hook out: ").nth(1);
        let command = said.unwrap_or_else(|| panic!("{run:?}")).trim_end();
        assert_eq!(command.starts_with("rm '"), named, "{command}");
        assert!(
            !command.contains(|c| c != '\n' && is_unsafe(c)),
            "{command:?}"
        );
        if named {
            let run = sandbox.command("sh", &repository, &["-c", command]).code(0);
            assert_eq!(run.said(), "");
            assert!(!hook.exists(), "{command}");
        }
        assert!(!sandbox.exists(&format!("{repository}/ran")), "{command}");
        assert!(!sandbox.exists("ran"));
    }
}

/// There is one way to the terminal, and no module goes around it: each other place that opens a stream is named
/// here, with what keeps it harmless.
#[test]
fn one_way_to_the_terminal() {
    let known = [
        // The way itself.
        ("term/ui.rs", "io::stdout()", 1),
        ("term/ui.rs", "io::stderr()", 1),
        // Names of our own, in tests.
        ("fs/checkpoint.rs", "io::stderr()", 1),
        // Messages of the compiler, which go through `text::coloured`.
        ("cargo/build.rs", "anstream::stderr()", 1),
        // A path: shown to a terminal, and as it is for programs.
        ("cli/run.rs", "io::stdout()", 1),
        // Made from our own arguments.
        ("cli/pages.rs", "io::stdout()", 1),
        // Messages of the command line's reader, where nothing in them is unsafe.
        ("cli/mistakes.rs", "error.print()", 1),
        // Four fixed words.
        ("cli/rust_script.rs", "io::stdout()", 1),
        // In an example.
        ("script/args.rs", "println!", 1),
        // In what is compiled around an expression.
        ("script/body/expression.rs", "println!", 2),
        ("script/body/expression.rs", "io::stderr()", 1),
    ];
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<(String, &str, usize)> = Vec::new();
    let (mut looked_at, mut reported) = (0, 0);
    for entry in walkdir::WalkDir::new(&sources) {
        let entry = entry.unwrap();
        let of_tests = entry.path().ends_with("tests.rs");
        if of_tests || entry.path().extension().is_none_or(|end| end != "rs") {
            continue;
        }
        looked_at += 1;
        let inside = entry
            .path()
            .strip_prefix(&sources)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let source = fs::read_to_string(entry.path()).unwrap();
        let code = source
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        // To ask what a stream is, writes nothing.
        let lines = lines
            .filter(|line| !line.contains("is_terminal()") && !line.contains("terminal_size_of("));
        let code: String = lines.collect::<Vec<_>>().join("\n");
        for way in [
            "io::stdout()",
            "io::stderr()",
            "anstream::stdout()",
            "anstream::stderr()",
            "error.print()",
            "print!",
            "println!",
            "eprint!",
            "dbg!",
            "/dev/tty",
            "/dev/std",
        ] {
            let count = code.matches(way).count();
            if count > 0 {
                found.push((inside.clone(), way, count));
            }
        }
        // Paths in reports are shown by the one function.
        let name = inside.rsplit('/').next().unwrap_or_default();
        let reports = [
            "report.rs",
            "list_report.rs",
            "reasons.rs",
            "left.rs",
            "hook_state.rs",
            "html.rs",
        ];
        let reports = inside.starts_with("term/") || reports.contains(&name);
        reported += usize::from(reports);
        let raw = reports && code.contains(".display()");
        assert!(!raw, "{inside} writes a path as it is");
        // Escapes come from the styles and links of the screen alone.
        let escapes = code.contains("\\u{1b}") || code.contains("\\x1b");
        let may = ["term/screen.rs", "text.rs"].contains(&&*inside);
        assert!(may || !escapes, "{inside} has escapes of its own");
    }
    let known: BTreeSet<_> = known
        .map(|(file, way, count)| (file.to_owned(), way, count))
        .into();
    let found: BTreeSet<_> = found.into_iter().collect();
    assert_eq!(found, known);
    assert!(looked_at > 150, "only {looked_at} sources were found");
    assert!(reported > 15, "only {reported} reports were found");
}
