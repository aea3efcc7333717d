//! `dedupe`: lets target folders share the storage of files that are the same.
//!
//! [`inspect`] reads what the folders have in common, [`decide`] says which copy stays and which becomes a link or a clone,
//! and `relink` replaces each by rename after it has compared the bytes again.

pub(crate) mod action;
pub mod command;
pub mod decide;
pub mod inspect;
pub(crate) mod model;
pub mod plan;
pub(crate) mod relink;
pub(crate) mod relinking;
pub(crate) mod report;
