//! Renders surveys, plans and outcomes. Writes to what it is given and reads nothing.

pub mod exit;
pub mod json;
pub(crate) mod paths;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod ui;
pub(crate) mod view;

pub use crate::audit::list_report::list;
pub use crate::audit::report::audit;
pub use crate::doctor::report::{ailments, doctor};
pub use crate::hook::report::hook_status;
pub use crate::script::report::info as script_cache;
pub use crate::store::report::{outcome as store_outcome, status as store};
pub use crate::term::paths::Paths;
pub use crate::term::progress::Spinner;
pub use crate::term::screen::Screen;
pub use crate::term::view::View;
