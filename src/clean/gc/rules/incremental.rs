//! The compiler's caches that were not used for a given time.

use crate::age::since;
use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::RuleInput;
use crate::clean::model::CollectReason;

pub(super) fn other(input: &RuleInput<'_>, other: &WholeOther<'_>) -> Option<CollectReason> {
    let age = input.options.incremental.filter(|_| other.is_cache())?;
    let newest = other.newest()?;
    (since(newest, input.now) >= age).then_some(CollectReason::Incremental)
}
