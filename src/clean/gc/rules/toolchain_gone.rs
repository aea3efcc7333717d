//! Units of compilers that are not installed, and that no worktree asks for.

use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    if !input.options.toolchain_gone || !doubts(input).is_empty() {
        return Vec::new();
    }
    let compilers = input.compilers;
    input.units_that(|unit| {
        let rustc = unit.rustc.filter(|rustc| is_gone(*rustc, input))?;
        let toolchain = compilers.made_by.get(&rustc).cloned();
        Some(CollectReason::ToolchainGone { toolchain })
    })
}

fn is_gone(rustc: u64, input: &RuleInput<'_>) -> bool {
    let asked_for = input.folder.wanted.compilers.as_ref();
    !input.compilers.installed.contains_key(&rustc)
        && asked_for.is_ok_and(|all| !all.contains(&rustc))
}

/// The reasons why compilers that are gone cannot be recognised.
pub(super) fn doubts(input: &RuleInput<'_>) -> Vec<String> {
    if !input.options.toolchain_gone {
        return Vec::new();
    }
    let wanted = input.folder.wanted.compilers.as_ref().err();
    let doubt = input.compilers.unsure.as_ref().or(wanted);
    doubt.cloned().into_iter().collect()
}
