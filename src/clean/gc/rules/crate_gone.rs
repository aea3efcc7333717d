//! The compiler's caches of crates that no workspace has any more.

use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::RuleInput;
use crate::clean::model::CollectReason;
use crate::target::unit::Group;

pub(super) fn other(input: &RuleInput<'_>, other: &WholeOther<'_>) -> Option<CollectReason> {
    let Group::Incremental { name } = other.group else {
        return None;
    };
    let known = input.folder.wanted.crates.as_ref();
    let gone = known.is_ok_and(|crates| !crates.contains(name));
    (gone && input.options.crate_gone).then_some(CollectReason::CrateGone)
}

/// The reasons why crates that are gone cannot be recognised.
pub(super) fn doubts(input: &RuleInput<'_>) -> Vec<String> {
    let crates = input.folder.wanted.crates.as_ref();
    let doubt = crates.err().filter(|_| input.options.crate_gone);
    doubt.cloned().into_iter().collect()
}
