//! `dedupe`: lets target folders share the storage of files that are the same.
//!
//! [`inspect`] reads which files the folders have in common, [`decide`] says which copy is kept and which becomes a
//! link or a clone, and `relink` replaces each by rename after it has compared the bytes again.

pub(crate) mod action;
pub(crate) mod args;
pub(crate) mod command;
pub(crate) mod decide;
pub(crate) mod inspect;
pub(crate) mod model;
pub(crate) mod plan;
pub(crate) mod relink;
pub(crate) mod relinking;
pub(crate) mod report;
