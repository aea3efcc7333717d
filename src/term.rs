//! Renders surveys, plans and outcomes. Writes to what it is given and reads nothing.

mod audit;
mod cache;
mod collect;
mod doctor;
mod hook;
pub mod html;
pub mod human;
pub mod json;
mod list;
mod paths;
mod progress;
mod reasons;
mod relink;
mod screen;
mod store;
mod table;
mod view;
mod warm;

pub use crate::report::audit::audit;
pub use crate::report::cache::info as script_cache;
pub use crate::report::doctor::ailments;
pub use crate::report::doctor::doctor;
pub use crate::report::hook::hook_status;
pub use crate::report::list::list;
pub use crate::report::paths::Paths;
pub use crate::report::progress::Spinner;
pub use crate::report::screen::Screen;
pub use crate::report::store::outcome as store_outcome;
pub use crate::report::store::status as store;
pub use crate::report::view::View;
