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
    sandbox.run("", &["completions", "no-shell"]).code(2);
}

/// The words that the user types, and the completion of the last one by real shells.
#[cfg(unix)]
const TYPED: [(&str, &str); 7] = [
    ("cargo-sharedtarget ded", "dedupe"),
    ("cargo-sharedtarget dedupe --insi", "--inside-root-only"),
    ("cargo-sharedtarget cache cle", "clean"),
    ("cargo-sharedtarget cache clean --max", "--max-size"),
    ("cargo sharedtarget ded", "dedupe"),
    ("cargo sharedtarget dedupe --insi", "--inside-root-only"),
    ("cargo sharedtarget cache clean --max", "--max-size"),
];

/// The same with a toolchain. In zsh Cargo's own script takes that word away.
#[cfg(unix)]
const TYPED_WITH_TOOLCHAIN: [(&str, &str); 2] = [
    ("cargo +beta sharedtarget ded", "dedupe"),
    ("cargo +beta sharedtarget cache clean --max", "--max-size"),
];

/// bash, as it calls the function that is registered for the first word; and Cargo's own script goes on for other words.
#[cfg(unix)]
#[test]
fn bash_completes_every_word() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("", &["completions", "bash"]).code(0);
    sandbox.write("script", &run.stdout);
    let begin = "_of_cargo() { COMPREPLY=(\"of-cargo-$2\"); }; complete -F _of_cargo cargo; source ./script; \
        typed() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); \
        local all=$(complete -p \"$1\"); all=${all##*-F }; \
        ${all%% *} \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; echo \"${COMPREPLY[@]}\"; }; ";
    for (typed, completed) in TYPED.into_iter().chain(TYPED_WITH_TOOLCHAIN) {
        let ask = format!("{begin} typed {typed}");
        let said = sandbox.command("bash", "", &["-c", &ask]).code(0).stdout;
        assert_eq!(said, format!("{completed}\n"), "{typed}");
    }
    let ask = format!("{begin} typed cargo bui");
    let said = sandbox.command("bash", "", &["-c", &ask]).code(0).stdout;
    assert_eq!(said, "of-cargo-bui\n");
}

#[cfg(unix)]
#[test]
fn fish_completes_every_word() {
    let sandbox = Sandbox::new();
    if !has_shell("fish") {
        return;
    }
    let run = sandbox.run("", &["completions", "fish"]).code(0);
    sandbox.write("script.fish", &run.stdout);
    for (typed, completed) in TYPED.into_iter().chain(TYPED_WITH_TOOLCHAIN) {
        let ask = format!("source script.fish; complete -C '{typed}'");
        let said = sandbox
            .command("fish", "", &["--no-config", "-c", &ask])
            .code(0)
            .stdout;
        let words = said.lines().filter_map(|line| line.split('\t').next());
        assert_eq!(words.collect::<Vec<_>>(), [completed], "{typed}");
    }
}

/// zsh completes only at a terminal. Cargo's own script calls a function of our script's name, as that of the toolchain does.
#[cfg(unix)]
#[test]
fn zsh_completes_every_word() {
    let sandbox = Sandbox::new();
    if !has_shell("zsh") {
        return;
    }
    let run = sandbox.run("", &["completions", "zsh"]).code(0);
    sandbox.write("functions/_cargo-sharedtarget", &run.stdout);
    let of_cargo = "#compdef cargo\n_arguments -C '1: :(build)' '*::arg:->args'\n\
        [[ $state == args ]] && _call_function ret _cargo-${words[1]}\n";
    sandbox.write("functions/_cargo", of_cargo);
    let ask = "zmodload zsh/zpty; zpty z env TERM=dumb zsh -f -i; \
        zpty -w z 'PS1=; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D -u; setopt no_beep; \
        print rea''dy'; \
        while zpty -r z line; do [[ $line == *ready* ]] && break; done; \
        zpty -w -n z \"$1\"$'\\t'$'\\C-A'\"print -r -- '\"$'\\C-E'\"'; exit\"$'\\n'; \
        while zpty -r z line; do print -r -- \"$line\"; done";
    sandbox.write("ask.zsh", ask);
    for (typed, completed) in TYPED {
        let said = sandbox.command("zsh", "", &["-f", "ask.zsh", typed]).stdout;
        let before = typed.rsplit_once(' ').map_or("", |(before, _)| before);
        let whole = format!("{before} {completed}");
        let mut lines = said.lines().map(str::trim_end);
        assert!(lines.any(|line| line == whole), "{typed}: {said}");
    }
}

/// Whether a shell is installed here.
#[cfg(unix)]
fn has_shell(name: &str) -> bool {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search).any(|folder| folder.join(name).is_file());
    if !found {
        eprintln!("skipped: there is no {name} here");
    }
    found
}

#[test]
fn each_command_has_its_page() {
    let sandbox = Sandbox::new();
    sandbox.run("", &["man", "pages"]).code(0);
    let help = sandbox.run("", &["--help"]).code(0).stdout;
    let commands = help.split("Commands:").nth(1).expect("commands");
    let names = commands.lines().skip(1).take_while(|line| !line.is_empty());
    // The further lines of a long description are indented more.
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
