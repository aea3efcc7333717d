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

pub use audit::audit;
pub use cache::info as script_cache;
pub use doctor::ailments;
pub use doctor::doctor;
pub use hook::hook_status;
pub use list::list;
pub use paths::Paths;
pub use progress::Spinner;
pub use screen::Screen;
pub use store::outcome as store_outcome;
pub use store::status as store;
pub use view::View;
