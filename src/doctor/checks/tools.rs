//! Finds problems of the programs that everything depends on, and of the variables that a shell gives them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cargo::model::missing_toolchain;
use crate::cargo::{config_chain, config_edit, wrapper_script};
use crate::doctor::model::{Diagnosis, DiagnosisKind, DoctorFacts, Severity, Tool, WrapperFacts};
use crate::survey::model::{CargoAnswer, Survey};
use crate::text::shell;

/// Problems of the programs that everything depends on.
pub(crate) fn tools(survey: &Survey, facts: &DoctorFacts) -> Vec<Diagnosis> {
    let toolchains = facts.toolchains.iter().map(|toolchain| Tool {
        name: match &toolchain.name {
            Some(name) => format!("cargo +{name}"),
            None => "cargo".into(),
        },
        version: toolchain.cargo.clone(),
        problem: toolchain.problem.clone(),
    });
    let all: Vec<Tool> = facts.tools.iter().cloned().chain(toolchains).collect();
    let broken = all.iter().filter_map(|tool| {
        let why = tool.problem.as_ref()?;
        if missing_toolchain(why).is_some() {
            return None;
        }
        Some(Diagnosis {
            severity: Severity::Broken,
            kind: DiagnosisKind::Tool,
            paths: Vec::new(),
            what: format!("`{}` cannot be run: {why}", tool.name),
            why: "without its answers, nothing is done".into(),
            fix: format!("install `{}`, or put it on the PATH", tool.name),
            automatic: None,
        })
    });
    let old: Vec<PathBuf> = survey
        .workspaces
        .iter()
        .filter(|workspace| {
            matches!(
                workspace.cargo,
                CargoAnswer::Said {
                    knows_build_dir: false,
                    ..
                }
            )
        })
        .map(|workspace| workspace.root.clone())
        .collect();
    let old = (!old.is_empty()).then(|| Diagnosis {
        severity: Severity::Waste,
        kind: DiagnosisKind::OldCargo,
        what: match old.len() {
            1 => "1 workspace is built by a Cargo before 1.91".to_owned(),
            many => format!("{many} workspaces are built by a Cargo before 1.91"),
        },
        paths: old,
        why: "it does not support `build.build-dir`, which keeps a new worktree out of another worktree's folder \
            until it is set up".into(),
        fix: "rustup update".into(),
        automatic: None,
    });
    let missing = missing(survey, &all);
    broken.chain(missing).chain(old).collect()
}

/// The toolchains that are asked for and not installed, each with the workspaces that ask for it as far as these are known.
fn missing(survey: &Survey, tools: &[Tool]) -> Vec<Diagnosis> {
    let mut missing: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for tool in tools {
        if let Some(name) = tool.problem.as_deref().and_then(missing_toolchain) {
            missing.entry(name).or_default();
        }
    }
    for workspace in &survey.workspaces {
        if let CargoAnswer::Refused { message, .. } = &workspace.cargo
            && let Some(name) = missing_toolchain(message)
        {
            missing
                .entry(name)
                .or_default()
                .push(workspace.root.clone());
        }
    }
    let diagnosis = |(name, paths): (&str, Vec<PathBuf>)| {
        Diagnosis {
        severity: Severity::Broken,
        kind: DiagnosisKind::Toolchain,
        paths,
        what: format!("the toolchain `{name}` is not installed"),
        why: "a `rust-toolchain.toml` or rustup selects it, so Cargo does not start there, and nothing is done \
            there".into(),
        fix: format!("rustup toolchain install {}", shell::word(Path::new(name))),
        automatic: None,
    }
    };
    missing.into_iter().map(diagnosis).collect()
}

/// Problems of the programs that run in place of the compiler.
pub(crate) fn wrappers(survey: &Survey, facts: &DoctorFacts) -> Vec<Diagnosis> {
    let mut each: Vec<Diagnosis> = Vec::new();
    for one in facts.wrappers.iter().filter_map(wrapper) {
        // One problem for each worktree would say no more.
        match each.iter_mut().find(|known| known.what == one.what) {
            Some(known) => known.paths.extend(one.paths),
            None => each.push(one),
        }
    }
    let beaten = facts.wrappers.iter().filter_map(|one| {
        let variable = one.variable.as_ref()?;
        let mut workspaces = survey.workspaces.iter();
        let named = |root| config_chain::wrapper(root, &survey.configs, &survey.surroundings);
        let (other, file) = workspaces
            .find_map(|workspace| named(&workspace.root).filter(|(other, _)| *other != one.program))?;
        Some(Diagnosis {
            severity: Severity::Waste,
            kind: DiagnosisKind::EnvOverride,
            paths: vec![file.to_owned()],
            what: format!(
                "`{variable}` is set to `{}`, and `{}` names `{other}`",
                one.program,
                file.display()
            ),
            why: "the variable beats the configuration, so this shell and an editor compile through different \
                programs".into(),
            fix: format!("unset {variable}"),
            automatic: None,
        })
    });
    each.into_iter().chain(beaten).collect()
}

fn wrapper(one: &WrapperFacts) -> Option<Diagnosis> {
    let program = &one.program;
    let out = match (&one.variable, &one.config) {
        (Some(variable), _) => format!("unset {variable}"),
        (None, Some(_)) if wrapper_script::is_ours(program) => "cargo sharedtarget undo".into(),
        (None, Some(file)) => format!("remove `rustc-wrapper` from `{}`", file.display()),
        (None, None) => return None,
    };
    let diagnosis = |severity, what: String, why: &str, fix: String| {
        Some(Diagnosis {
            severity,
            kind: DiagnosisKind::Wrapper,
            paths: one.config.iter().cloned().collect(),
            what,
            why: why.into(),
            fix,
            automatic: None,
        })
    };
    if let Some(problem) = &one.problem {
        return diagnosis(
            Severity::Broken,
            format!("`{program}` cannot run the compiler: {problem}"),
            "Cargo runs it for every compilation, so every build fails",
            match wrapper_script::is_ours(program) {
                true => out,
                false => format!("{out}, or install `{program}`"),
            },
        );
    }
    if let Some(why) = &one.not_asked {
        return diagnosis(
            Severity::Hint,
            format!("`{program}` was not run to learn its version, because {why}"),
            "a file of the repository names it, or contains it; a build here runs it",
            format!("keep it if you know what it does; otherwise {out}"),
        );
    }
    match config_edit::known_wrapper(program) {
        None => diagnosis(
            Severity::Hint,
            format!("`{program}` runs in place of the compiler, and is unknown"),
            "it may change the compiler or its output: so `gc` takes no compiler for removed, and worktrees with \
                 different wrappers do not share local crates",
            format!("keep it if you know what it does; otherwise {out}"),
        ),
        // Source: the README of sccache, on incremental compilation.
        Some("sccache") if one.incremental => diagnosis(
            Severity::Hint,
            "sccache does not cache your own crates, because Cargo compiles them incrementally".into(),
            "third-party crates are shared without it; it helps with crates that differ between worktrees",
            "set `incremental = false` under `[profile.dev]` of your configuration; keep it if you edit more \
                 often than you switch".into(),
        ),
        Some(_) => None,
    }
}

/// Variables of this shell by which it builds apart from others.
pub(crate) fn variables(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let told = facts.variables.iter().filter_map(|(name, value)| {
        let key = match name.as_str() {
            _ if value.is_empty() => return None,
            // These have a check of their own.
            "RUSTC_WRAPPER" | "CARGO_BUILD_RUSTC_WRAPPER" => return None,
            // These variables do not change the artifacts.
            "CARGO_BUILD_JOBS" | "CARGO_INCREMENTAL" | "CARGO_BUILD_INCREMENTAL" => return None,
            "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" => "rustflags".to_owned(),
            "RUSTC" => "rustc".to_owned(),
            "RUSTC_WORKSPACE_WRAPPER" => "rustc-workspace-wrapper".to_owned(),
            name => name.strip_prefix("CARGO_BUILD_")?.to_lowercase().replace('_', "-"),
        };
        // The character between Cargo's flags is not printable.
        let value = value.replace('\u{1f}', " ");
        Some(Diagnosis {
            severity: Severity::Waste,
            kind: DiagnosisKind::EnvOverride,
            paths: Vec::new(),
            what: format!("`{name}` is set to `{value}`"),
            why: format!("it beats `build.{key}` in every configuration, so this shell compiles units of its own \
                and shares none with an editor or another shell"),
            fix: format!("unset {}; if you want it, write `{key}` under `[build]` of a configuration", shell::word(Path::new(name))),
            automatic: None,
        })
    });
    told.collect()
}
