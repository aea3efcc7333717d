//! What a doctor asks besides what a survey finds.

use std::path::{Path, PathBuf};

use crate::cargo;
use crate::fs;
use crate::git;
use crate::model::{AnalyzerSetting, DoctorFacts, PlaceFacts, Survey, Tool};
use crate::plan;

/// Gathers what the machine says. `program` is where we are, as the hook names it.
#[must_use]
pub fn facts(survey: &Survey, program: Option<&Path>) -> DoctorFacts {
    // One that no path leads to is said by the survey already.
    let repositories = survey
        .repositories
        .iter()
        .map(|repository| repository.common_dir.clone());
    let sites = repositories
        .filter_map(|path| super::hooks(&[path]).ok())
        .flatten();
    let sites: Vec<_> = sites.collect();
    DoctorFacts {
        tools: tools(),
        place: place(survey),
        hooks: plan::hook_status(&sites, program),
        analyzers: analyzers(survey),
    }
}

fn tools() -> Vec<Tool> {
    let told = |name: String, answer: anyhow::Result<String>| match answer {
        Ok(said) => Tool {
            name,
            version: said.lines().next().map(str::to_owned),
            problem: None,
        },
        Err(error) => Tool {
            name,
            version: None,
            problem: Some(format!("{error:#}")),
        },
    };
    let mut all = vec![
        told("git".into(), git::version()),
        told("cargo".into(), cargo::version(None)),
    ];
    // Where there is no rustup, there is one toolchain.
    for toolchain in cargo::toolchains().unwrap_or_default() {
        let version = cargo::version(Some(&toolchain));
        all.push(told(format!("cargo +{toolchain}"), version));
    }
    all
}

/// The filesystem of the shared root, or of the first root where there is none yet.
fn place(survey: &Survey) -> Option<PlaceFacts> {
    let wanted = match survey.shared_root.exists {
        true => Some(&survey.shared_root.path),
        false => survey.roots.first(),
    };
    let path = wanted?.clone();
    // A file that is there: of ours, or one that a workspace has.
    let file = [path.join("CACHEDIR.TAG")].into_iter().chain(
        survey
            .workspaces
            .iter()
            .map(|workspace| workspace.root.join("Cargo.toml")),
    );
    let file = file.into_iter().find(|file| fs::exists(file));
    Some(PlaceFacts {
        network: fs::network(&path).map(str::to_owned),
        available: fs::available(&path).ok()?,
        total: fs::total(&path).ok()?,
        clones: file.map(|file| fs::clones_here(&file)),
        path,
    })
}

/// Files in which editors have settings for rust-analyzer, below the top of a worktree.
const SETTINGS: [&str; 2] = [".vscode/settings.json", "rust-analyzer.toml"];

fn analyzers(survey: &Survey) -> Vec<AnalyzerSetting> {
    let tops = survey
        .repositories
        .iter()
        .flat_map(|repository| &repository.worktrees);
    let tops = tops
        .filter(|worktree| worktree.present)
        .map(|worktree| worktree.path.clone());
    let roots = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.root.clone());
    let places: std::collections::BTreeSet<PathBuf> = tops.chain(roots).collect();
    let files = places
        .iter()
        .flat_map(|top| SETTINGS.map(|name| top.join(name)));
    let settings = files.filter_map(|file| {
        let text = fs::read_start(&file, 1 << 20).ok()??;
        let folder = crate::editor_settings::target_folder(&String::from_utf8_lossy(&text))?;
        Some(AnalyzerSetting { file, folder })
    });
    settings.collect()
}
