//! The README says what the program says.

use crate::sandbox::Sandbox;

const START: &str = "<!-- help:start -->";
const END: &str = "<!-- help:end -->";

/// The help of every command, as it stands in the README. `UPDATE_README=1` writes it there.
#[test]
fn help_is_in_the_readme() {
    let sandbox = Sandbox::new();
    let mut expected = String::new();
    let commands = [
        "",
        "setup",
        "list",
        "clean",
        "audit",
        "gc",
        "dedupe",
        "onboard",
        "warm",
        "doctor",
        "undo",
        "run",
        "completions",
    ];
    let groups = [
        "hook",
        "hook install",
        "hook uninstall",
        "hook status",
        "cache",
        "cache info",
        "cache clean",
    ];
    for command in commands.into_iter().chain(groups) {
        let args: Vec<&str> = command
            .split(' ')
            .chain(["--help"])
            .filter(|arg| !arg.is_empty())
            .collect();
        let help = sandbox.run("", &args).code(0).stdout;
        let title = format!("cargo sharedtarget {command}");
        let help = help.replace(".exe", "");
        assert!(
            help.contains("\nExamples:\n") || ["hook", "cache"].contains(&command),
            "no examples: {command}"
        );
        expected += &format!(
            "<details><summary><code>{} --help</code></summary>\n\n```text\n{}\n```\n\n</details>\n\n",
            title.trim_end(),
            help.lines()
                .map(str::trim_end)
                .collect::<Vec<_>>()
                .join("\n")
                .trim_end()
        );
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path)
        .expect("the README")
        .replace("\r\n", "\n");
    let (before, rest) = readme.split_once(START).expect("a mark");
    let (found, after) = rest.split_once(END).expect("a mark");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{START}\n\n{expected}{END}{after}"))
            .expect("written");
    } else {
        assert_eq!(
            found.trim(),
            expected.trim(),
            "set UPDATE_README=1 to renew it"
        );
    }
}
