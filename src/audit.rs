//! `audit` and `list`: what target folders hold, what of it is stored once, and what no build will miss.
//!
//! [`gather`] reads, [`decide`] (with `shares`, `variants`, `unused`, `findings`) counts, and the reports print a table, JSON
//! or one page of HTML. Nothing is changed.

pub(crate) mod args;
pub(crate) mod command;
pub(crate) mod decide;
pub mod features;
pub(crate) mod findings;
pub(crate) mod gather;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod list_decide;
pub(crate) mod list_json;
pub(crate) mod list_report;
pub(crate) mod listing;
mod markdown;
pub(crate) mod model;
pub(crate) mod report;
pub(crate) mod shares;
pub(crate) mod unused;
pub(crate) mod variants;
