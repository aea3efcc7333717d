//! Files that rustc has left behind.

use crate::clean::folder_use::usage_of;
use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::RuleInput;
use crate::clean::model::{CollectReason, CollectedOther};
use crate::target::layout;
use crate::target::unit::{Group, Unit};
use crate::target::unit_file::{Sharing, UnitFile};

/// Of killed compilers, beside all units.
pub(super) fn other(input: &RuleInput<'_>, other: &WholeOther<'_>) -> Option<CollectReason> {
    let is_leaked = input.options.unfinished && *other.group == Group::Leaked;
    is_leaked.then_some(CollectReason::Leaked)
}

/// Of earlier builds, beside the files of a unit.
pub(crate) fn files(unit: &Unit) -> impl Iterator<Item = &UnitFile> {
    unit.leaked.iter().filter(|file| {
        layout::in_profile(&file.path, &unit.id.profile, |path| {
            layout::is_of_a_unit(path, file.sharing == Sharing::Folder, file.in_out_dir())
        })
    })
}

/// The same as they are collected where the unit is kept.
pub(crate) fn beside(unit: &Unit) -> Vec<CollectedOther> {
    let collected = files(unit).map(|file| CollectedOther {
        path: file.path.clone(),
        profile: unit.id.profile.clone(),
        why: CollectReason::Leaked,
        on_disk: usage_of([file]).on_disk,
        files: vec![file.clone()],
    });
    collected.collect()
}
