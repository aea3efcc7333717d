//! Looks at the files of tools that make worktrees.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum as _;

use crate::fs;
use crate::fs::Looking;
use crate::fs::model::{FoundProgram, Problem};
use crate::git::jj;
use crate::hook::inspect::below;
use crate::hook::tools::forms::CONDUCTOR_JSON;
use crate::hook::tools::model::ToolSite;
use crate::plan::tool_state::Tool;
use crate::text::failure::Hint as _;

/// The files of some tools, and what could not be looked at.
#[derive(Debug, Default)]
pub(crate) struct ToolSites {
    pub(crate) sites: Vec<ToolSite>,
    pub(crate) problems: Vec<Problem>,
}

/// Looks at the files of these tools, or of all, in the worktrees that these folders lie in. Of a folder in no worktree those
/// below it count that have a package.
///
/// # Errors
///
/// One of them is no folder, or there is no worktree around it, nor one with a package below it.
pub(crate) fn tools(paths: &[PathBuf], tools: &[Tool], looking: &Looking) -> Result<ToolSites> {
    const NAME_ONE: &str = "change to a worktree of the repository, or name one";
    let mut found = ToolSites::default();
    let mut tops: Vec<PathBuf> = Vec::new();
    for path in paths {
        let path = fs::canonical(&fs::folder(path).hint(NAME_ONE)?)?;
        let mut above = path.ancestors();
        let is_top = |at: &&Path| {
            [".git", jj::FOLDER]
                .iter()
                .any(|name| fs::exists(&at.join(name)))
        };
        let all = match above.find(is_top) {
            Some(top) => BTreeSet::from([top.to_owned()]),
            None => below(&path, looking, &mut found.problems),
        };
        if all.is_empty() {
            return Err(anyhow::anyhow!(
                "expected a folder in a worktree, or one with worktrees of packages: `{}`",
                path.display()
            ))
            .hint(NAME_ONE);
        }
        tops.extend(all);
    }
    let mut seen = BTreeSet::new();
    tops.retain(|top| seen.insert(top.clone()));
    let asked = match tools {
        [] => Tool::value_variants(),
        some => some,
    };
    for worktree in tops {
        found
            .sites
            .extend(asked.iter().map(|tool| site(*tool, &worktree)));
    }
    Ok(found)
}

fn site(tool: Tool, worktree: &Path) -> ToolSite {
    let inside = match tool {
        Tool::Claude => ".claude/settings.json",
        Tool::Codex => ".codex/environments/environment.toml",
        Tool::Cursor => ".cursor/worktrees.json",
        Tool::Conductor => conductor(worktree),
        Tool::Worktrunk => ".config/wt.toml",
        Tool::Vscode => ".vscode/tasks.json",
        Tool::Zed => ".zed/tasks.json",
        Tool::Jj => {
            return ToolSite {
                tool,
                worktree: worktree.to_owned(),
                file: worktree.to_owned(),
                found: FoundProgram::Nothing,
            };
        }
    };
    let file = worktree.join(inside);
    ToolSite {
        tool,
        worktree: worktree.to_owned(),
        found: found(worktree, &file),
        file,
    }
}

/// The file that Conductor reads: the older one only where there is no newer one.
fn conductor(worktree: &Path) -> &'static str {
    const SETTINGS: &str = ".conductor/settings.toml";
    let older = fs::exists(&worktree.join(CONDUCTOR_JSON));
    match older && !fs::exists(&worktree.join(SETTINGS)) {
        true => CONDUCTOR_JSON,
        false => SETTINGS,
    }
}

/// The older file of Conductor in these worktrees, where the newer one has come later: Conductor passes it over.
pub(crate) fn passed_over(sites: &[ToolSite]) -> Vec<ToolSite> {
    let of_conductor = sites
        .iter()
        .filter(|site| site.tool == Tool::Conductor && !site.file.ends_with(CONDUCTOR_JSON));
    let older = of_conductor.map(|site| {
        let file = site.worktree.join(CONDUCTOR_JSON);
        ToolSite {
            found: found(&site.worktree, &file),
            file,
            ..site.clone()
        }
    });
    older.collect()
}

/// A file, unless a link leads to it: its folder may be another repository's.
fn found(worktree: &Path, file: &Path) -> FoundProgram {
    let between = file.ancestors().skip(1);
    let between = between.take_while(|folder| *folder != worktree);
    for folder in between {
        if let Ok(Some(info)) = fs::info(folder)
            && info.is_symlink
        {
            return FoundProgram::Link(fs::link_target(folder));
        }
    }
    fs::program(file)
}
