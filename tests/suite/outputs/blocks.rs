//! The fenced blocks of pages, and which of them hold output.

use std::path::{Path, PathBuf};

/// The languages of blocks that hold what a user writes.
const INPUT: &[&str] = &["rust", "sh", "toml", "yaml"];

/// The ends of the part of `docs/commands.md` that `readme::help_is_in_the_docs` compares.
const HELP: [&str; 2] = [crate::readme::START, crate::readme::END];

/// A fenced block of a page.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Path of the page, from the top of the repository.
    pub(super) page: String,
    pub(super) language: String,
    pub(super) text: String,
}

/// A command of a session, and the output that is quoted below it.
pub(super) struct Step {
    /// The empty lines before the command.
    pub(super) gap: String,
    pub(super) command: String,
    pub(super) output: String,
}

impl Block {
    /// Whether the block quotes output: a session with more than commands, or any block that is no input.
    pub(super) fn is_output(&self) -> bool {
        match self.language.as_str() {
            "console" => {
                let outside = !self.text.starts_with("$ ");
                outside || self.steps().iter().any(|step| !step.output.is_empty())
            }
            language => !INPUT.contains(&language),
        }
    }

    /// The commands of a session, each with its output.
    pub(super) fn steps(&self) -> Vec<Step> {
        let (mut steps, mut gap): (Vec<Step>, String) = (Vec::new(), String::new());
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    gap: std::mem::take(&mut gap),
                    command: command.to_owned(),
                    output: String::new(),
                }),
                (None, Some(_)) if line.is_empty() => gap.push('\n'),
                (None, Some(step)) => {
                    let gap = std::mem::take(&mut gap);
                    step.output.push_str(&format!("{gap}{line}\n"));
                }
                (None, None) => {}
            }
        }
        steps
    }
}

/// A block whose end is not read yet.
struct Open {
    indent: String,
    fence: String,
    block: Block,
}

/// The blocks of a page, without those whose text another test compares.
pub(super) fn of_page(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut open, mut in_help): (Option<Open>, bool) = (None, false);
    for line in text.lines() {
        if HELP.contains(&line) {
            in_help = line == HELP[0];
        }
        let shown = line.trim_start();
        let fence = ['`', '~'].into_iter().find_map(|c| {
            let length = shown.chars().take_while(|found| *found == c).count();
            (length >= 3).then(|| shown.split_at(length))
        });
        match (&mut open, fence) {
            (Some(now), Some((end, ""))) if end.starts_with(&now.fence) => {
                let Open { block, .. } = open.take().expect("an open block");
                if !in_help {
                    blocks.push(block);
                }
            }
            (Some(now), _) => {
                let line = line.strip_prefix(&now.indent).unwrap_or(line);
                now.block.text.push_str(&format!("{line}\n"));
            }
            (None, Some((begin, language))) => {
                let block = Block {
                    page: page.to_owned(),
                    language: language.to_owned(),
                    text: String::new(),
                };
                open = Some(Open {
                    indent: line[..line.len() - shown.len()].to_owned(),
                    fence: begin.to_owned(),
                    block,
                });
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block has no end");
    blocks
}

/// The blocks of all pages: at the top, below `docs`, and what agents are told.
pub(super) fn all() -> Vec<Block> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = crate::readme::pages();
    pages.push(top.join("skills/cargo-sharedtarget/SKILL.md"));
    pages.sort();
    let of = |path: &PathBuf| {
        let page = path.strip_prefix(top).expect("a page of ours");
        of_page(&page.display().to_string(), &crate::readme::read(path))
    };
    pages.iter().flat_map(of).collect()
}

#[test]
fn blocks_are_told_apart() {
    let page = "text\n```console\n$ only this    # a remark\n$ and this\n```\n\
                ```console\n$ one\nsaid\n\nmore\n\n$ two\n```\n~~~\nbare\n```\n~~~\n```toml\na = 1\n```\n\
                ````text\n```\nnested\n```\n````\n```console\nno command\n```\n\
                <!-- help:start -->\n```text\nhelp\n```\n<!-- help:end -->\n  ```json\n  {\n    }\n  ```\n";
    let blocks = of_page("page.md", page);
    let found: Vec<(&str, bool)> = blocks
        .iter()
        .map(|block| (block.language.as_str(), block.is_output()))
        .collect();
    let expected = [
        ("console", false),
        ("console", true),
        ("", true),
        ("toml", false),
        ("text", true),
        ("console", true),
        ("json", true),
    ];
    assert_eq!(found, expected);
    assert_eq!(blocks[6].text, "{\n  }\n");
    let steps = blocks[1].steps();
    let steps: Vec<(&str, &str)> = steps
        .iter()
        .map(|step| (step.command.as_str(), step.output.as_str()))
        .collect();
    assert_eq!(steps, [("one", "said\n\nmore\n"), ("two", "")]);
}
