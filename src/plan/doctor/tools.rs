//! What is wrong with the programs that everything depends on, and with what a shell says to them.

use std::path::PathBuf;

use crate::model::{Ailment, AilmentKind, CargoAnswer, DoctorFacts, Severity, Survey};

/// What is wrong with the programs that everything depends on.
pub(super) fn tools(survey: &Survey, facts: &DoctorFacts) -> Vec<Ailment> {
    let broken = facts.tools.iter().filter_map(|tool| {
        let why = tool.problem.as_ref()?;
        Some(Ailment {
            severity: Severity::Broken,
            kind: AilmentKind::Tool,
            paths: Vec::new(),
            what: format!("`{}` cannot be run: {why}", tool.name),
            why: "what it is asked for is not known, and so nothing is done".into(),
            mend: format!("install `{}`, or put it on the PATH", tool.name),
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
    let old = (!old.is_empty()).then(|| Ailment {
        severity: Severity::Waste,
        kind: AilmentKind::OldCargo,
        what: format!("{} workspaces are built by a Cargo before 1.91", old.len()),
        paths: old,
        why: "it does not know `build.build-dir`, by which a worktree that nobody has set up yet does not build into its neighbour's folder".into(),
        mend: "rustup update".into(),
    });
    broken.chain(old).collect()
}
