//! The README and what it leads to say what the program says, and lead somewhere.

mod examples;

use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

pub(crate) const START: &str = "<!-- help:start -->";
pub(crate) const END: &str = "<!-- help:end -->";

const COMMANDS: [&str; 13] = [
    "setup",
    "list",
    "clean",
    "audit",
    "why",
    "gc",
    "dedupe",
    "onboard",
    "warm",
    "doctor",
    "undo",
    "run",
    "completions",
];

const GROUPS: [&str; 13] = [
    "hook",
    "hook install",
    "hook uninstall",
    "hook status",
    "cache",
    "cache info",
    "cache clean",
    "store",
    "store harvest",
    "store pull",
    "store push",
    "store status",
    "store clean",
];

fn file(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .replace("\r\n", "\n")
}

/// The help of every command, as it stands in `docs/commands.md`. `UPDATE_README=1` writes it there.
#[test]
fn help_is_in_the_docs() {
    let sandbox = Sandbox::new();
    let mut expected = String::new();
    for command in [""].into_iter().chain(COMMANDS).chain(GROUPS) {
        let args: Vec<&str> = command
            .split(' ')
            .chain(["--help"])
            .filter(|arg| !arg.is_empty())
            .collect();
        let help = sandbox.run("", &args).code(0).stdout;
        let title = format!("cargo sharedtarget {command}");
        let help = help.replace(".exe", "");
        assert!(
            help.contains("\nExamples:\n") || ["hook", "cache", "store"].contains(&command),
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
    let path = file("docs/commands.md");
    let page = read(&path);
    let (before, rest) = page.split_once(START).expect("a mark");
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

/// Every command that the program has stands in the README's table, and in the lists here.
#[test]
fn the_table_names_every_command() {
    let readme = read(&file("README.md"));
    let rows: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let help = Sandbox::new().run("", &["--help"]).code(0).stdout;
    let (_, list) = help.split_once("Commands:\n").expect("a list");
    let (list, _) = list.split_once("\n\n").expect("its end");
    // A description that goes on in the next line is further to the right.
    let lines = list.lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split(' ').next());
    for name in names.filter(|name| *name != "help") {
        let starts = [format!("| `{name}`"), format!("| `{name} ")];
        let is_there = |row: &&str| starts.iter().any(|start| row.starts_with(start));
        assert!(rows.iter().any(is_there), "no row for `{name}`");
        let known = COMMANDS.contains(&name) || GROUPS.contains(&name);
        assert!(known, "the help of `{name}` is nowhere");
    }
}

/// Every link from page to page, and to a heading, leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for target in links(&prose(&text)) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = match path {
                "" => page.clone(),
                path => page.parent().expect("a folder").join(path),
            };
            let from = page.display();
            assert!(to.exists(), "{from}: nothing at `{target}`");
            let led = anchor.is_empty() || anchors(&read(&to)).contains(&anchor.to_owned());
            assert!(led, "{from}: no heading for `{target}`");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} links are too few to be all");
}

/// The pages at the top and in `docs`.
pub(crate) fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs"].map(|folder| std::fs::read_dir(file(folder)).expect("a folder"));
    let all = folders.into_iter().flatten();
    let all = all.map(|entry| entry.expect("an entry").path());
    let pages = all.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.collect()
}

/// A text without its blocks of code.
fn prose(text: &str) -> String {
    let parts = text.split("\n```").step_by(2);
    parts.collect::<Vec<_>>().join("\n")
}

/// The places on this disk that links in Markdown lead to.
fn links(text: &str) -> Vec<&str> {
    let starts = text.split("](").skip(1);
    let targets = starts.filter_map(|rest| rest.split([')', ' ']).next());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The anchors of all headings, as those who show Markdown make them.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

/// The commands that are told to agents are ones that the program takes, and the text stays one that they read as a whole.
#[test]
fn what_agents_are_told_exists() {
    let sandbox = Sandbox::new();
    let skill = read(&file("skills/cargo-sharedtarget/SKILL.md"));
    assert!(skill.lines().count() <= 30, "{}", skill.lines().count());
    assert!(skill.starts_with("---\nname: cargo-sharedtarget\ndescription: "));
    let mut seen = 0;
    for text in [skill, read(&file("docs/agents.md"))] {
        let told = text
            .split('`')
            .filter(|part| part.contains("cargo sharedtarget "));
        let commands = told.filter_map(|part| part.split("cargo sharedtarget ").nth(1));
        for command in commands {
            // It would be refused before its help is shown.
            let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
            sandbox.run("", &words).code(0);
            seen += 1;
        }
    }
    assert!(seen > 8, "{seen} commands are too few to be all");
}
