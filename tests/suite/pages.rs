//! Completions and manual pages.

use crate::sandbox::Sandbox;

#[test]
fn each_shell_has_its_script() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.run("", &["completions", shell]).code(0).stdout;
        for word in ["onboard", "allow-unsafe-sharing", "older-than"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let run = sandbox.run("", &["completions", "bash"]).code(0);
    sandbox.write("script", &run.stdout);
    if cfg!(unix) {
        // What bash makes of it, where the words after `dedupe` are asked for.
        let ask = "source ./script; COMP_WORDS=(cargo-sharedtarget ded); COMP_CWORD=1; \
            _cargo__sharedtarget cargo-sharedtarget ded cargo-sharedtarget; echo ${COMPREPLY[@]}";
        let said = sandbox.command("bash", "", &["-c", ask]).code(0).stdout;
        assert_eq!(said, "dedupe\n");
    }
    sandbox.run("", &["completions", "no-shell"]).code(2);
}

#[test]
fn each_command_has_its_page() {
    let sandbox = Sandbox::new();
    sandbox.run("", &["man", "pages"]).code(0);
    let help = sandbox.run("", &["--help"]).code(0).stdout;
    let commands = help.split("Commands:").nth(1).expect("commands");
    let names = commands.lines().skip(1).take_while(|line| !line.is_empty());
    // What a long description goes on with is indented further.
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let page = sandbox.read(&format!("pages/cargo-sharedtarget-{name}.1"));
        assert!(page.contains("SYNOPSIS"), "{name}");
    }
    assert!(sandbox.exists("pages/cargo-sharedtarget-cache-clean.1"));
    assert!(
        !sandbox.exists("pages/cargo-sharedtarget-man.1"),
        "it is for those who package us"
    );
}
