//! A timer of the system that keeps a shared root small: `setup --schedule`.
//!
//! There is no daemon. systemd, launchd or the Task Scheduler runs `gc --by-settings` once a day or a week, which deletes no
//! more than the hook does by itself. `files` writes the texts that these read (pure, and the same on all systems), `decide`
//! compares them with what is there, `gather` reads, and `action` writes and has the system take notice.

pub(crate) mod action;
pub(crate) mod decide;
pub(crate) mod files;
pub(crate) mod gather;
pub(crate) mod model;
pub(crate) mod report;
