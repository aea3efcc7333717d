//! `clean` deletes target folders, `gc` deletes units inside of them.
//!
//! Both answer one question, of a folder or of a unit: will a build miss it? All that a folder is used by is looked at
//! ([`look`], [`folder_use`]), also workspaces that the roots do not hold (`unknown_users`); the deciding files (`decide`,
//! `deletable`, `stale`, `orphans`, `gc`) are pure and give [`crate::plan`] an action for each folder, or the reason why it is kept.
//! `delete_folders` and `delete_units` look at everything again before they touch it.

pub(crate) mod action;
pub(crate) mod args;
pub(crate) mod command;
pub(crate) mod compilers;
pub(crate) mod decide;
pub(crate) mod deletable;
pub(crate) mod delete_folders;
pub(crate) mod delete_litter;
pub(crate) mod delete_units;
pub(crate) mod folder_use;
pub(crate) mod gc;
pub(crate) mod gc_command;
pub(crate) mod litter;
pub(crate) mod look;
mod markdown;
pub(crate) mod model;
pub(crate) mod orphan_record;
pub(crate) mod orphans;
pub(crate) mod report;
pub(crate) mod stale;
pub(crate) mod unknown_users;
